//! Everything that user code calls exists with the feature and without it, and is called alike.
//! Without it, nothing is evaluated by the macros and nothing comes of the functions.

use std::panic::Location;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll, Waker};

use lockdep::task::{AsyncTask, Tracked, polled_by};
use lockdep::wait::{self, Completion};
use lockdep::{
    ClassKey, Compare, Description, DynamicClass, ENABLED, How, LockState, Map, Mode, PinCookie,
    Until, event, is_held, lock_acquire_exclusive, lock_acquire_shared,
    lock_acquire_shared_recursive, lock_acquire_upgradable, lock_acquired_exclusive,
    lock_acquired_shared, lock_acquired_shared_recursive, lock_acquired_upgradable, lock_downgrade,
    lock_release, lock_sync, lock_try_acquired, lock_upgrade, lock_upgraded, might_lock,
    might_lock_nested, might_lock_read, might_lock_read_recursive,
};

#[test]
fn tasks_are_polled_alike_and_are_their_futures_when_off() {
    const fn is_shared<T: Send + Sync>(_: &T) {}
    fn poll<F: Future>(future: F) -> Option<F::Output> {
        let mut cx = Context::from_waker(Waker::noop());
        drop(polled_by(&cx));
        match std::pin::pin!(future).poll(&mut cx) {
            Poll::Ready(value) => Some(value),
            Poll::Pending => None,
        }
    }
    for mut task in [AsyncTask::new(), AsyncTask::root(), AsyncTask::branch()] {
        is_shared(&task);
        assert_eq!(task.poll(|| Poll::Ready(1)), Poll::Ready(1));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(task.poll_with(&mut cx, |_| Poll::<u8>::Pending).is_pending());
        assert_eq!(task.run(|| 2), 2);
        event::joined(&task.child());
    }
    assert_eq!(poll(Tracked::spawned(async { 3 })), Some(3));
    assert_eq!(poll(Tracked::root(async { 4 })), Some(4));
    assert_eq!(poll(Tracked::branch(std::future::pending::<u8>())), None);
    let what = || Description::new("future", "");
    let future = async { event::joined(&event::spawned(what, Location::caller())) };
    let bare = size_of_val(&future);
    assert_eq!(size_of_val(&Tracked::spawned(future)) == bare, !ENABLED);
    assert_eq!(size_of::<AsyncTask>() == 0, !ENABLED);
}

#[test]
fn the_macros_are_called_alike_and_evaluate_nothing_when_off() {
    let evaluated = AtomicUsize::new(0);
    let map = Map::named("all macros");
    let (nest, seen) = (Map::named("around all macros"), |map| {
        evaluated.fetch_add(1, Relaxed);
        map
    });
    lock_try_acquired!(seen(&nest), exclusive);
    lock_acquire_exclusive!(seen(&map), subclass = 1, nest = &nest);
    lock_acquired_exclusive!(seen(&map), subclass = 1);
    lock_downgrade!(seen(&map), upgradable);
    lock_upgrade!(seen(&map));
    lock_upgraded!(seen(&map));
    lock_downgrade!(seen(&map), shared_recursive);
    lock_release!(seen(&map));
    lock_acquire_shared!(seen(&map), nest = &nest);
    lock_acquired_shared!(seen(&map));
    lock_release!(seen(&map));
    lock_acquire_shared_recursive!(seen(&map), subclass = 2);
    lock_acquired_shared_recursive!(seen(&map), subclass = 2);
    lock_release!(seen(&map));
    lock_acquire_upgradable!(seen(&map));
    lock_acquired_upgradable!(seen(&map));
    lock_downgrade!(seen(&map), shared);
    lock_release!(seen(&map));
    lock_try_acquired!(seen(&map), exclusive, subclass = 3, nest = &nest);
    lock_downgrade!(seen(&map));
    lock_release!(seen(&map));
    lock_try_acquired!(seen(&map), shared, subclass = 3);
    lock_release!(seen(&map));
    lock_try_acquired!(seen(&map), shared_recursive, nest = &nest);
    lock_release!(seen(&map));
    lock_try_acquired!(seen(&map), upgradable);
    lock_release!(seen(&map));
    lock_sync!(seen(&map));
    might_lock!(seen(&map));
    might_lock_nested!(seen(&map), 4);
    might_lock_read!(seen(&map));
    might_lock_read!(seen(&map), 5);
    might_lock_read_recursive!(seen(&map));
    lock_release!(seen(&nest));
    assert_eq!(evaluated.load(Relaxed), if ENABLED { 34 } else { 0 });
}

#[test]
fn the_functions_are_called_alike() {
    let class = DynamicClass::new(String::from("made at run time"));
    let map = Map::of_class(&class);
    lockdep::set_class(&map, "all functions");
    lockdep::set_class(&map, &class);
    lockdep::set_class(&map, ClassKey::from("all functions"));
    let compare: Compare = |held, wanted| held.cmp(&wanted);
    lockdep::set_cmp_fn(&map, compare);
    lockdep::set_rank(&map, 1);
    lock_try_acquired!(&map, exclusive);
    let held = if ENABLED { LockState::Held } else { LockState::Unknown };
    assert_eq!(is_held(&map, Some(Mode::Exclusive)), held);
    let cookie: PinCookie = lockdep::pin_lock(&map);
    lockdep::unpin_lock(&map, cookie);
    lockdep::repin_lock(&map, cookie);
    lockdep::unpin_lock(&map, cookie);
    lock_release!(&map);
    lockdep::set_novalidate(&map);
    lockdep::set_notrack(&map);
    assert_eq!(is_held(&map, None), LockState::Unknown);
    // Locks that nobody tracks are asked like others.
    let real = std::sync::Mutex::new(());
    lockdep::set_class(&real, "a real lock");
    lockdep::set_cmp_fn(&real, compare);
    lockdep::set_rank(&real, 2);
    lockdep::set_novalidate(&real);
    lockdep::set_notrack(&real);
    let cookie = lockdep::pin_lock(&real);
    lockdep::unpin_lock(&real, cookie);
}

#[test]
fn what_tasks_say_of_themselves_is_said_alike() {
    let map = Map::named("said of tasks");
    let site = Location::caller();
    drop(event::waiting(&map, How::EXCLUSIVE, site, Until::FreeOrTimeout));
    let child = event::spawned(|| Description::new("thread", ""), site);
    let of_thread = child.clone();
    let thread = std::thread::spawn(move || {
        event::started(&of_thread);
        event::ended(&of_thread);
    });
    thread.join().unwrap();
    event::joins(&child, site);
    drop(event::runs(&child));
    event::told_apart(&child);
    event::joined(&child);
    lock_acquire_exclusive!(&map);
    lock_acquired_exclusive!(&map);
    event::can_be_sent(&map);
    event::can_be_given(Location::caller());
    let listed = lockdep::held_locks().tasks.iter().map(|task| task.held.len()).sum::<usize>();
    assert!(if ENABLED { listed >= 1 } else { listed == 0 });
    event::before_exec();
    event::released_anywhere(&map);
}

#[test]
fn waits_are_said_alike() {
    static DONE: Completion = Completion::new();
    let map = Map::new();
    let (site, describe) = (Location::caller(), || Description::new("channel", ""));
    wait::made(&map, describe, site);
    wait::before(&map, describe, site);
    wait::over(site);
    let must_run = DONE.must_run();
    DONE.done();
    drop(must_run);
    DONE.wait();
}
