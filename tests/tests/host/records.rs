//! A record that cannot be written.

use std::path::PathBuf;

use crate::orders::Pair;
use crate::stage::{Played, Scene, scene};

pub(crate) fn scenes() -> Vec<Scene> {
    vec![
        scene("a_folder_that_cannot_be_made_is_said_once", inversions)
            .with("LOCKDEP_OUT", concat!(env!("CARGO_MANIFEST_PATH"), "/records"))
            .ends(said_once),
        scene("a_folder_that_is_a_device_is_said_once", inversions)
            .with("LOCKDEP_OUT", "/dev/full")
            .ends(said_once),
        scene("a_full_disk_is_said_once", || {
            limit_files(0);
            inversions();
        })
        .with("LOCKDEP_OUT", &folder("full"))
        .ends(said_once),
        scene("a_disk_that_fills_up_is_said_once", || {
            drop(std::fs::remove_dir_all(folder("filling")));
            limit_files(3_000);
            inversions();
        })
        .with("LOCKDEP_OUT", &folder("filling"))
        .ends(|played| {
            played.ended_well()?;
            played.reports(2 - recorded(&folder("filling")))
        }),
        scene("what_is_recorded_is_not_printed", inversions).with("LOCKDEP_OUT", &folder("good")),
        scene("a_panic_is_a_panic_with_records_too", || Pair::new().invert())
            .with("LOCKDEP", "panic")
            .with("LOCKDEP_OUT", &folder("panic"))
            .ends(|played| played.says("panicked")),
    ]
}

/// A folder for records, not made yet the first time.
pub(crate) fn folder(name: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("host").join(name);
    folder.to_str().expect("the target folder's name is text").to_owned()
}

fn inversions() {
    let (one, two) = (Pair::new(), Pair::new());
    one.invert();
    two.invert();
    assert!(lockdep::held().is_empty());
}

/// Nothing was lost: what could not be recorded was printed.
fn said_once(played: &Played) -> Result<(), String> {
    played.ended_well()?;
    let lines = played.stderr.lines().filter(|line| line.contains("cannot write records"));
    crate::stage::check(lines.count() == 1, "not one line")?;
    played.reports(2)
}

/// How many violations were recorded whole.
pub(crate) fn recorded(folder: &str) -> usize {
    let files = std::fs::read_dir(folder).expect("the scene made its folder");
    let texts = files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
    texts
        .map(|text| {
            let lines = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
            lines.filter(|line| line.contains("\"rule\":")).count()
        })
        .sum()
}

/// No file of this process can grow beyond so many bytes; a write says so, as on a full disk.
fn limit_files(bytes: libc::rlim_t) {
    // SAFETY: the signal that comes with the error is to be ignored; no handler runs.
    unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
    let limit = libc::rlimit { rlim_cur: bytes, rlim_max: bytes };
    // SAFETY: `limit` is a whole limit that outlives the call.
    let failed = unsafe { libc::setrlimit(libc::RLIMIT_FSIZE, &limit) };
    assert_eq!(failed, 0, "a limit can be lowered");
}
