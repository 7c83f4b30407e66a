//! What the environment asks for.

use instrumented::sync::Mutex;
use lockdep::LockState;

use crate::orders::Pair;
use crate::stage::{Played, Scene, check, scene};

pub(crate) fn scenes() -> Vec<Scene> {
    vec![
        scene("mode_panic_panics_at_each_violation", || {
            let pair = Pair::new();
            assert!(std::panic::catch_unwind(|| pair.invert()).is_err());
            pair.backward();
        })
        .with("LOCKDEP", "panic")
        .ends(|played| {
            check(played.status.code() == Some(101), "no panic ended the scene")?;
            played.says("panicked")?;
            played.says("lock order inversion")
        }),
        scene("mode_report_prints_each_violation_once_and_goes_on", || {
            let pair = Pair::new();
            pair.invert();
            pair.invert();
        })
        .reports(1),
        scene("mode_abort_prints_and_aborts", || Pair::new().invert())
            .with("LOCKDEP", "abort")
            .ends(|played| {
                played.killed_by(libc::SIGABRT)?;
                played.reports(1)
            }),
        scene("mode_off_tracks_nothing", off).with("LOCKDEP", "off"),
        scene("an_unknown_mode_is_said_in_one_line_and_is_the_default", || Pair::new().invert())
            .with("LOCKDEP", "loud")
            .ends(|played| {
                check(played.status.code() == Some(101), "the default is to panic")?;
                one_line(played, "LOCKDEP is `loud`; it takes panic, report, abort or off")
            }),
        scene("an_unknown_level_is_said_in_one_line", || Pair::new().forward())
            .with("LOCKDEP_LEVEL", "strict")
            .ends(|played| one_line(played, "LOCKDEP_LEVEL is `strict`; it takes order")),
        scene("an_unknown_backtrace_is_said_in_one_line", || {
            let threads: Vec<_> =
                (0..8).map(|_| std::thread::spawn(|| Pair::new().forward())).collect();
            threads.into_iter().for_each(|thread| thread.join().unwrap());
        })
        .with("LOCKDEP_BACKTRACE", "2")
        .ends(|played| one_line(played, "LOCKDEP_BACKTRACE is `2`; it takes 0, 1 or full")),
        scene("every_unknown_value_is_said", || Pair::new().forward())
            .with("LOCKDEP", "x")
            .with("LOCKDEP_LEVEL", "y")
            .with("LOCKDEP_BACKTRACE", "z")
            .ends(|played| {
                played.ended_well()?;
                check(played.stderr.lines().count() == 3, "not one line for each")
            }),
        scene("a_report_has_the_frames_of_both_sides", || Pair::new().invert())
            .with("LOCKDEP_BACKTRACE", "1")
            .ends(|played| {
                played.reports(1)?;
                played.says("Pair::forward")?;
                played.says("Pair::backward")
            }),
    ]
}

fn off() {
    let pair = Pair::new();
    pair.invert();
    let mutex = Mutex::new(0);
    let _guard = mutex.lock().unwrap();
    assert!(lockdep::held().is_empty());
    assert_eq!(lockdep::is_held(&mutex, None), LockState::Unknown);
    lockdep::lockdep_assert_not_held!(&mutex);
    lockdep::lockdep_assert_held!(&pair.first);
    assert!(lockdep::losses().is_empty());
}

fn one_line(played: &Played, words: &str) -> Result<(), String> {
    let lines = played.stderr.lines().filter(|line| line.starts_with("lockdep: "));
    check(lines.count() == 1, "not one line")?;
    played.says(words)
}
