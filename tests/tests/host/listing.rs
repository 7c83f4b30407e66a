//! The list of all held locks: asked for by a call, by a signal, by a wait that takes too long.

use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use instrumented::sync::{Condvar, Mutex, RwLock};
use lockdep::{Mode, Until};

use crate::forking::{fork, wait};
use crate::orders::Pair;
use crate::stage::{Scene, check, scene};

/// Longer than the tracker's own thread takes to look.
const WHILE: Duration = Duration::from_millis(400);

pub(crate) fn scenes() -> Vec<Scene> {
    vec![
        scene("all_held_locks_of_all_threads_are_listed", listed),
        scene("the_list_is_empty_when_nothing_is_held", || {
            Pair::new().forward();
            assert_eq!(lockdep::held_locks().tasks, []);
        }),
        scene("the_list_is_empty_while_tracking_is_off", || {
            let mutex = Mutex::new(0);
            let _guard = mutex.lock().unwrap();
            assert_eq!(lockdep::held_locks().tasks, []);
        })
        .with("LOCKDEP", "off"),
        scene("the_list_is_whole_while_others_take_and_release", while_others_work),
        scene("a_signal_has_the_list_printed", signalled).with("LOCKDEP_SIGNAL", "USR1").ends(
            |played| {
                played.ended_well()?;
                played.says("`holder`")?;
                let lists = played.stderr.matches("hold").count();
                check(lists >= 2, "nothing is held")
            },
        ),
        scene("a_signal_has_the_list_printed_in_a_child_too", || {
            Pair::new().forward();
            wait(fork(signalled));
        })
        .with("LOCKDEP_SIGNAL", "10")
        .ends(|played| {
            played.ended_well()?;
            played.says("`holder`")
        }),
        scene("a_thread_that_waits_too_long_is_reported_once", hangs)
            .with("LOCKDEP_HUNG", "0.1")
            .ends(|played| {
                played.ended_well()?;
                let told = played.stderr.matches("has waited for a lock").count();
                check(told == 1, &format!("told {told} times"))?;
                played.says("`waiter` has waited")?;
                played.says("`holder`")?;
                played.says("waits for `Mutex<u8>`")
            }),
        scene("waits_that_end_are_not_reported", short_waits).with("LOCKDEP_HUNG", "1"),
        scene("a_wait_for_a_notification_has_not_hung", notified).with("LOCKDEP_HUNG", "0.1"),
        scene("a_signal_that_cannot_be_handled_is_said_once", || Pair::new().forward())
            .with("LOCKDEP_SIGNAL", "KILL")
            .ends(|played| {
                played.ended_well()?;
                played.says("LOCKDEP_SIGNAL is `KILL`")
            }),
    ]
}

fn named(name: &str, work: impl FnOnce() + Send + 'static) -> thread::JoinHandle<()> {
    thread::Builder::new().name(name.to_owned()).spawn(work).unwrap()
}

/// A thread `holder` that holds `lock`, and a thread `waiter` that waits for it, during `work`.
fn with_both(work: impl FnOnce()) {
    let lock = Arc::new(Mutex::new(0_u8));
    let (held, done) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
    let holder = {
        let (lock, held, done) = (lock.clone(), held.clone(), done.clone());
        named("holder", move || {
            let _guard = lock.lock().unwrap();
            held.wait();
            done.wait();
        })
    };
    held.wait();
    let waiter = named("waiter", move || drop(lock.lock()));
    thread::sleep(Duration::from_millis(50));
    work();
    done.wait();
    holder.join().unwrap();
    waiter.join().unwrap();
}

fn listed() {
    let table = RwLock::new('a');
    let _read = table.read().unwrap();
    with_both(|| {
        let list = lockdep::held_locks();
        assert_eq!(list.tasks.len(), 3, "{list}");
        let task = |name: &str| list.tasks.iter().find(|task| task.task == name).unwrap();
        let (main, holder, waiter) = (task("main"), task("holder"), task("waiter"));
        assert_eq!((main.held.len(), main.held[0].mode), (1, Mode::Shared));
        assert_eq!((holder.held.len(), &holder.wanted), (1, &None));
        let (wanted, until) = waiter.wanted.as_ref().unwrap();
        assert_eq!((waiter.held.len(), *until), (0, Until::Free));
        assert_eq!(
            (wanted.instance, &wanted.class),
            (holder.held[0].instance, &holder.held[0].class)
        );
        assert_ne!(holder.thread, waiter.thread);
    });
    assert_eq!(lockdep::held_locks().tasks.len(), 1);
}

fn while_others_work() {
    let (kept, pair) = (Mutex::new(0), Pair::new());
    let _kept = kept.lock().unwrap();
    thread::scope(|scope| {
        let work = || (0..20_000).for_each(|_| pair.forward());
        let threads = [(); 3].map(|()| scope.spawn(work));
        while threads.iter().any(|thread| !thread.is_finished()) {
            let list = lockdep::held_locks();
            let main = list.tasks.iter().find(|task| task.task == "main").unwrap();
            assert_eq!((main.held.len(), &main.wanted), (1, &None));
            for task in &list.tasks {
                assert!(task.held.len() <= 2, "{list}");
            }
        }
    });
}

fn signalled() {
    with_both(|| {
        let own = i32::try_from(std::process::id()).expect("a process id is positive");
        // SAFETY: the tracker handles the signal.
        let sent = unsafe { libc::kill(own, libc::SIGUSR1) };
        assert_eq!(sent, 0);
        thread::sleep(WHILE);
    });
}

fn hangs() {
    with_both(|| thread::sleep(WHILE));
}

fn short_waits() {
    let lock = Mutex::new(0);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for _ in 0..100 {
                    let _guard = lock.lock().unwrap();
                    thread::sleep(Duration::from_millis(1));
                }
            });
        }
    });
}

fn notified() {
    let (lock, never) = (Mutex::new(0), Condvar::new());
    let guard = lock.lock().unwrap();
    drop(never.wait_timeout(guard, WHILE));
}
