//! `fork` in a process whose other threads are inside the tracker.

use std::panic::Location;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Barrier};
use std::thread;

use instrumented::sync::{Mutex, RwLock};
use lockdep::{Description, How, Map, Until, event};

use crate::orders::{Pair, name, section};
use crate::records::folder;
use crate::stage::{Played, Scene, scene};
use crate::timing::timed;

const FORKS: usize = 100;
const THREADS: usize = 3;

static SHARED: Pair = Pair::new();
static NUMBERS: AtomicUsize = AtomicUsize::new(0);

pub(crate) fn scenes() -> Vec<Scene> {
    vec![
        scene("a_child_goes_on_while_others_make_edges", || forks(edges, child)),
        scene("a_child_goes_on_while_others_make_classes", || forks(classes, child)),
        scene("a_child_goes_on_while_others_ask", || forks(questions, child)),
        scene("a_child_goes_on_while_others_change_the_hook", || forks(hooks, child)),
        scene("a_child_goes_on_while_others_use_a_tracker_of_their_own", || forks(scopes, child)),
        scene("a_child_goes_on_while_others_find_violations", || forks(violations, child))
            .ends(Played::ended_well),
        scene("a_child_writes_its_own_records", records)
            .with("LOCKDEP_OUT", &folder("fork"))
            .with("LOCKDEP_BACKTRACE", "1"),
        timed("a_child_goes_on_while_others_are_timed", || forks(edges, child))
            .with("LOCKDEP_OUT", &folder("timed forks"))
            .with("LOCKDEP_BACKTRACE", "0"),
        scene("a_child_goes_on_while_others_look_for_deadlocks", observed),
        scene("a_child_forks_again", || forks(edges, || wait(fork(child)))),
        scene("a_child_may_break_a_rule_that_its_parent_learned", breaks).reports(1),
        scene("a_fork_inside_a_hook_goes_on", in_a_hook).ends(Played::ended_well),
        scene("a_fork_does_not_wait_for_threads_that_hold_locks", while_held),
    ]
}

/// Forks again and again while other threads do `work` without end; each child does `child`.
fn forks(work: fn(), child: fn()) {
    static STOP: AtomicBool = AtomicBool::new(false);
    SHARED.forward();
    let threads: Vec<_> = (0..THREADS)
        .map(|_| {
            thread::spawn(move || {
                while !STOP.load(Relaxed) {
                    work();
                }
            })
        })
        .collect();
    for _ in 0..FORKS {
        wait(fork(child));
        edges();
    }
    STOP.store(true, Relaxed);
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

/// A child that does `work` and ends without the rest of the test program.
pub(crate) fn fork(work: impl FnOnce()) -> libc::pid_t {
    // SAFETY: the child of this multi-threaded process does more than it strictly may: it
    // allocates, which the C library allows, and uses the tracker, which is what is tested.
    let pid = unsafe { libc::fork() };
    assert!(pid >= 0, "no fork");
    if pid == 0 {
        // SAFETY: no handler is installed for the alarm; it ends the child.
        unsafe { libc::alarm(30) };
        let status =
            i32::from(std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).is_err());
        // SAFETY: ends the child at once.
        unsafe { libc::_exit(status) };
    }
    pid
}

/// Waits for a child, which must have ended well.
pub(crate) fn wait(pid: libc::pid_t) {
    let mut status = 0;
    // SAFETY: `pid` is a child that nobody has waited for; `status` can be written.
    let ended = unsafe { libc::waitpid(pid, &mut status, 0) };
    assert_eq!((ended, status), (pid, 0), "the child hung or failed");
}

/// All that a child does with its locks: known orders, new ones, new classes, questions.
fn child() {
    SHARED.forward();
    edges();
    let (new, table) = (Mutex::new('c'), RwLock::new("child"));
    let _new = new.lock().unwrap();
    let _table = table.read().unwrap();
    drop(lockdep::held());
    thread::spawn(edges).join().unwrap();
}

/// Makes new classes by name and new edges between them.
fn edges() {
    let number = NUMBERS.fetch_add(2, Relaxed);
    let (outer, inner) = (Map::named(name(number)), Map::named(name(number + 1)));
    section(&outer, || section(&inner, || ()));
}

fn classes() {
    drop(Map::named(name(NUMBERS.fetch_add(1, Relaxed))));
}

fn questions() {
    let map = Map::named("asked");
    section(&map, || (0..1_000).for_each(|_| drop(lockdep::held())));
}

fn hooks() {
    lockdep::set_hook(|_| ());
    lockdep::take_hook();
}

fn scopes() {
    let tracker = Arc::new(lockdep::Tracker::new(lockdep::Settings::default()));
    tracker.run(edges);
}

fn violations() {
    let number = NUMBERS.fetch_add(2, Relaxed);
    let (outer, inner) = (Map::named(name(number)), Map::named(name(number + 1)));
    section(&outer, || section(&inner, || ()));
    section(&inner, || section(&outer, || ()));
}

/// Forks while other threads look at what this one holds and waits for; some of it others have
/// released.
fn observed() {
    static STOP: AtomicBool = AtomicBool::new(false);
    let site = Location::caller();
    let [wanted, never, free] = ["wanted", "never", "free"].map(Map::named);
    let sent: Vec<Map> = (0..60).map(|number| Map::named(name(number))).collect();
    let waiting = |map| event::waiting(map, How::EXCLUSIVE, site, Until::Free);
    let take = |map: &Map| {
        event::acquire(map, How::EXCLUSIVE, || Description::new("lock", ""), site);
        event::can_be_sent(map);
    };
    let ready = Barrier::new(3);
    thread::scope(|scope| {
        scope.spawn(|| {
            take(&wanted);
            ready.wait();
            ready.wait();
            // The others wait for what is held here, and nothing is closed.
            while !STOP.load(Relaxed) {
                drop(waiting(&free));
            }
            event::released(&wanted);
        });
        scope.spawn(|| {
            take(&never);
            ready.wait();
            let _waiting = waiting(&wanted);
            ready.wait();
            while !STOP.load(Relaxed) {
                thread::yield_now();
            }
            event::released(&never);
        });
        sent.iter().for_each(take);
        ready.wait();
        let still_waiting = waiting(&wanted);
        thread::scope(|scope| {
            scope.spawn(|| sent[1..].iter().for_each(event::released_anywhere));
        });
        ready.wait();
        for _ in 0..FORKS {
            wait(fork(|| assert_eq!(lockdep::held().len(), 1)));
        }
        STOP.store(true, Relaxed);
        drop(still_waiting);
        event::released(&sent[0]);
    });
}

/// Each child has a file of its own, and it is whole.
fn records() {
    let folder = folder("fork");
    drop(std::fs::remove_dir_all(&folder));
    forks(edges, child);
    let files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(Result::unwrap).collect();
    assert_eq!(files.len(), FORKS + 1);
    for file in files {
        let text = std::fs::read_to_string(file.path()).unwrap();
        assert!(text.ends_with('\n') && text.contains("\"process\""), "{text}");
        let pid = file.file_name().into_string().unwrap();
        let pid = pid.split('-').next().unwrap().to_owned();
        assert!(text.lines().next().unwrap().contains(&pid), "{text}");
    }
}

fn breaks() {
    SHARED.forward();
    wait(fork(|| SHARED.backward()));
}

/// The thread that forks is in the middle of a report.
fn in_a_hook() {
    SHARED.forward();
    lockdep::set_hook(|_| wait(fork(child)));
    Pair::new().invert();
}

/// Other threads wait for each other with locks held; `fork` needs none of them.
fn while_held() {
    let pair = Arc::new(Pair::new());
    let (ready, is_ready) = std::sync::mpsc::channel();
    let (done, is_done) = std::sync::mpsc::channel::<()>();
    let waiting = Arc::clone(&pair);
    let thread = thread::spawn(move || {
        let _first = waiting.first.lock().unwrap();
        ready.send(()).unwrap();
        is_done.recv().unwrap();
    });
    is_ready.recv().unwrap();
    for _ in 0..FORKS {
        wait(fork(child));
    }
    done.send(()).unwrap();
    thread.join().unwrap();
}
