//! What `parking_lot` has besides the types of `lock_api`.

use std::sync::Arc;
use std::sync::mpsc;
use std::thread;

use super::{mutex, now};
use crate::lock_api;
use crate::parking_lot::{
    ArcMutexGuard, ArcReentrantMutexGuard, ArcRwLockReadGuard, ArcRwLockUpgradableReadGuard,
    ArcRwLockWriteGuard, Condvar, FairMutex, FairMutexGuard, MappedFairMutexGuard,
    MappedMutexGuard, MappedRecursiveRwLockReadGuard, MappedRecursiveRwLockWriteGuard,
    MappedReentrantMutexGuard, MappedRwLockReadGuard, MappedRwLockWriteGuard, Mutex, MutexGuard,
    Once, OnceState, RawCondvar, RawFairMutex, RawMutex, RawRwLock, RawRwLockRecursive,
    RawThreadId, RecursiveRwLock, RecursiveRwLockReadGuard, RecursiveRwLockUpgradableReadGuard,
    RecursiveRwLockWriteGuard, ReentrantMutex, ReentrantMutexGuard, RwLock, RwLockReadGuard,
    RwLockUpgradableReadGuard, RwLockWriteGuard, WaitTimeoutResult,
};

/// Two names for one type.
fn same<T>(_: Option<T>, _: Option<T>) {}

#[test]
fn the_types_are_those_of_lock_api_over_its_raw_locks() {
    same(None::<Mutex<u8>>, None::<lock_api::Mutex<RawMutex, u8>>);
    same(None::<FairMutex<u8>>, None::<lock_api::Mutex<RawFairMutex, u8>>);
    same(None::<RwLock<u8>>, None::<lock_api::RwLock<RawRwLock, u8>>);
    same(None::<ReentrantMutex<u8>>, None::<lock_api::ReentrantMutex<RawMutex, RawThreadId, u8>>);
    same(None::<ArcMutexGuard<RawMutex, u8>>, None);
    same(None::<ArcReentrantMutexGuard<RawMutex, RawThreadId, u8>>, None);
    same(None::<ArcRwLockReadGuard<RawRwLock, u8>>, None);
    same(None::<ArcRwLockWriteGuard<RawRwLock, u8>>, None);
    same(None::<ArcRwLockUpgradableReadGuard<RawRwLock, u8>>, None);
}

#[test]
fn the_guards_have_their_names() {
    let (mutex, fair) = (mutex(), FairMutex::new((1, 2)));
    let (re, lock) = (ReentrantMutex::new((1, 2)), RwLock::new((1, 2)));
    let guard: MutexGuard<'_, (u8, u8)> = mutex.lock();
    let _: MappedMutexGuard<'_, u8> = MutexGuard::map(guard, |pair| &mut pair.0);
    let guard: FairMutexGuard<'_, (u8, u8)> = fair.lock();
    let _: MappedFairMutexGuard<'_, u8> = FairMutexGuard::map(guard, |pair| &mut pair.0);
    let guard: ReentrantMutexGuard<'_, (u8, u8)> = re.lock();
    let _: MappedReentrantMutexGuard<'_, u8> = ReentrantMutexGuard::map(guard, |pair| &pair.0);
    let guard: RwLockReadGuard<'_, (u8, u8)> = lock.read();
    let _: MappedRwLockReadGuard<'_, u8> = RwLockReadGuard::map(guard, |pair| &pair.0);
    let guard: RwLockWriteGuard<'_, (u8, u8)> = lock.write();
    let _: MappedRwLockWriteGuard<'_, u8> = RwLockWriteGuard::map(guard, |pair| &mut pair.0);
    let _: RwLockUpgradableReadGuard<'_, (u8, u8)> = lock.upgradable_read();
}

#[test]
fn the_recursive_lock_and_the_condition_variable_are_those_of_lock_api() {
    same(None::<RecursiveRwLock<u8>>, None::<lock_api::RwLock<RawRwLockRecursive, u8>>);
    same(None::<Condvar>, None::<lock_api::Condvar<RawCondvar>>);
    let lock = RecursiveRwLock::new((1, 2));
    let guard: RecursiveRwLockReadGuard<'_, (u8, u8)> = lock.read();
    let _: MappedRecursiveRwLockReadGuard<'_, u8> =
        RecursiveRwLockReadGuard::map(guard, |pair| &pair.0);
    let guard: RecursiveRwLockWriteGuard<'_, (u8, u8)> = lock.write();
    let _: MappedRecursiveRwLockWriteGuard<'_, u8> =
        RecursiveRwLockWriteGuard::map(guard, |pair| &mut pair.0);
    let _: RecursiveRwLockUpgradableReadGuard<'_, (u8, u8)> = lock.upgradable_read();
}

#[test]
fn condvar_has_all_its_functions() {
    static CONSTANT: Condvar = Condvar::new();
    let (duration, instant) = now();
    let mutex = mutex();
    let mut guard = mutex.lock();
    let result: WaitTimeoutResult = Condvar::wait_for(&CONSTANT, &mut guard, duration);
    assert!(result.timed_out());
    assert!(Condvar::wait_until(&CONSTANT, &mut guard, instant).timed_out());
    assert!(Condvar::wait_while_for(&CONSTANT, &mut guard, |_| true, duration).timed_out());
    assert!(Condvar::wait_while_until(&CONSTANT, &mut guard, |_| true, instant).timed_out());
    assert!(!Condvar::wait_while_until(&CONSTANT, &mut guard, |_| false, instant).timed_out());
    let _ = Condvar::raw(&CONSTANT);
    Condvar::wait_while(&CONSTANT, &mut guard, |_| false);
    drop(guard);
    assert_eq!((Condvar::notify_one(&CONSTANT), Condvar::notify_all(&CONSTANT)), (false, 0));
    assert_eq!(format!("{:?}", Condvar::default()), "Condvar { .. }");
    let (send, receive) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut guard = mutex.lock();
            send.send(()).unwrap();
            while guard.0 == 1 {
                Condvar::wait(&CONSTANT, &mut guard);
            }
        });
        receive.recv().unwrap();
        mutex.lock().0 = 2;
        CONSTANT.notify_all();
    });
    assert_eq!(Arc::strong_count(&mutex), 1);
}

#[test]
fn once_has_all_its_functions() {
    static CONSTANT: Once = Once::new();
    assert_eq!(Once::state(&CONSTANT), OnceState::New);
    let panic = std::panic::catch_unwind(|| {
        Once::call_once(&CONSTANT, || std::panic::resume_unwind(Box::new("given up")));
    });
    assert!(panic.is_err() && OnceState::poisoned(CONSTANT.state()));
    Once::call_once_force(&CONSTANT, |state| assert!(state.poisoned()));
    assert!(OnceState::done(CONSTANT.state()));
    Once::call_once(&CONSTANT, || unreachable!("it is done"));
    let done = Once::new_completed();
    Once::wait(&done);
    Once::wait_force(&CONSTANT);
    assert!(Once::is_completed(&done) && OnceState::is_completed(done.state()));
    assert!(!OnceState::is_poisoned(done.state()));
    assert_eq!(format!("{:?}", Once::default()), format!("{:?}", Once::new()));
}
