//! The functions of the three lock types.

#![allow(clippy::declare_interior_mutable_const, reason = "constructors are to be constant")]

use std::mem::forget;
use std::sync::Arc;

use super::{mutex, now, pl, remutex, rwlock};
use crate::lock_api::{
    GetThreadId, MappedRwLockReadGuard, Mutex, RawMutex, RawRwLock, ReentrantMutex, RwLock,
};

/// The function of this guard that has another name than that of all the others.
pub(super) fn or_else<R: RawRwLock>(
    part: MappedRwLockReadGuard<'_, R, u8>,
) -> MappedRwLockReadGuard<'_, R, u8> {
    MappedRwLockReadGuard::try_map_or_else(part, |byte| Ok::<_, u8>(byte)).ok().unwrap()
}

#[test]
fn mutex_has_all_its_functions() {
    const MADE: pl::Mutex<u8> = Mutex::new(1);
    let (duration, instant) = now();
    assert_eq!(Mutex::into_inner(MADE), 1);
    assert_eq!(pl::Mutex::from_raw(pl::RawMutex::INIT, 2_u8).into_inner(), 2);
    assert_eq!(*Mutex::get_mut(&mut pl::Mutex::const_new(pl::RawMutex::INIT, 3)), 3);
    assert_eq!(*pl::Mutex::<u8>::default().lock() + *pl::Mutex::from(1).lock(), 1);
    let mutex = mutex();
    drop(Mutex::lock(&mutex));
    drop(Mutex::try_lock(&mutex).unwrap());
    drop(Mutex::try_lock_for(&mutex, duration).unwrap());
    drop(Mutex::try_lock_until(&mutex, instant).unwrap());
    drop(Mutex::lock_arc(&mutex));
    drop(Mutex::try_lock_arc(&mutex).unwrap());
    drop(Mutex::try_lock_arc_for(&mutex, duration).unwrap());
    drop(Mutex::try_lock_arc_until(&mutex, instant).unwrap());
    forget(mutex.lock());
    assert!(Mutex::is_locked(&mutex));
    // SAFETY: the mutex is held and the guard forgotten, here and below.
    drop(unsafe { Mutex::make_guard_unchecked(&mutex) });
    forget(mutex.lock());
    // SAFETY: as above.
    unsafe { Mutex::force_unlock(&mutex) };
    forget(mutex.lock());
    // SAFETY: as above.
    unsafe { Mutex::force_unlock_fair(&mutex) };
    // SAFETY: nothing is unlocked.
    assert!(!unsafe { Mutex::raw(&mutex) }.is_locked());
    // SAFETY: nobody else has the payload.
    assert_eq!(unsafe { *Mutex::data_ptr(&mutex) }, (1, 2));
    assert_eq!(format!("{mutex:?}"), "Mutex { data: (1, 2) }");
    let _guard = mutex.lock();
    assert_eq!(format!("{mutex:?}"), "Mutex { data: <locked> }");
}

#[test]
fn reentrant_mutex_has_all_its_functions() {
    const MADE: pl::ReentrantMutex<u8> = ReentrantMutex::new(1);
    const RAW: (pl::RawMutex, pl::RawThreadId) = (RawMutex::INIT, GetThreadId::INIT);
    let (duration, instant) = now();
    assert_eq!(ReentrantMutex::into_inner(MADE), 1);
    assert_eq!(pl::ReentrantMutex::from_raw(RAW.0, RAW.1, 2_u8).into_inner(), 2);
    assert_eq!(*ReentrantMutex::get_mut(&mut pl::ReentrantMutex::const_new(RAW.0, RAW.1, 3)), 3);
    assert_eq!(*pl::ReentrantMutex::<u8>::default().lock(), *pl::ReentrantMutex::from(0).lock());
    let mutex = remutex();
    drop(ReentrantMutex::lock(&mutex));
    drop(ReentrantMutex::try_lock(&mutex).unwrap());
    drop(ReentrantMutex::try_lock_for(&mutex, duration).unwrap());
    drop(ReentrantMutex::try_lock_until(&mutex, instant).unwrap());
    drop(ReentrantMutex::lock_arc(&mutex));
    drop(ReentrantMutex::try_lock_arc(&mutex).unwrap());
    drop(ReentrantMutex::try_lock_arc_for(&mutex, duration).unwrap());
    drop(ReentrantMutex::try_lock_arc_until(&mutex, instant).unwrap());
    forget(mutex.lock());
    assert!(
        ReentrantMutex::is_locked(&mutex) && ReentrantMutex::is_owned_by_current_thread(&mutex)
    );
    // SAFETY: the mutex is held and the guard forgotten, here and below.
    drop(unsafe { ReentrantMutex::make_guard_unchecked(&mutex) });
    forget(mutex.lock());
    // SAFETY: as above.
    drop(unsafe { ReentrantMutex::make_arc_guard_unchecked(&mutex) });
    forget(mutex.lock());
    // SAFETY: as above.
    unsafe { ReentrantMutex::force_unlock(&mutex) };
    forget(mutex.lock());
    // SAFETY: as above.
    unsafe { ReentrantMutex::force_unlock_fair(&mutex) };
    // SAFETY: nothing is unlocked.
    assert!(!unsafe { ReentrantMutex::raw(&mutex) }.is_locked());
    // SAFETY: nobody else has the payload.
    assert_eq!(unsafe { *ReentrantMutex::data_ptr(&mutex) }, (1, 2));
    assert_eq!(format!("{mutex:?}"), "ReentrantMutex { data: (1, 2) }");
}

#[test]
fn rwlock_can_be_taken_in_all_ways() {
    let (duration, instant) = now();
    let lock = rwlock();
    drop(RwLock::read(&lock));
    drop(RwLock::write(&lock));
    drop(RwLock::try_read(&lock).unwrap());
    drop(RwLock::try_write(&lock).unwrap());
    drop(RwLock::try_read_for(&lock, duration).unwrap());
    drop(RwLock::try_read_until(&lock, instant).unwrap());
    drop(RwLock::try_write_for(&lock, duration).unwrap());
    drop(RwLock::try_write_until(&lock, instant).unwrap());
    drop(RwLock::read_recursive(&lock));
    drop(RwLock::try_read_recursive(&lock).unwrap());
    drop(RwLock::try_read_recursive_for(&lock, duration).unwrap());
    drop(RwLock::try_read_recursive_until(&lock, instant).unwrap());
    drop(RwLock::upgradable_read(&lock));
    drop(RwLock::try_upgradable_read(&lock).unwrap());
    drop(RwLock::try_upgradable_read_for(&lock, duration).unwrap());
    drop(RwLock::try_upgradable_read_until(&lock, instant).unwrap());
    drop(RwLock::read_arc(&lock));
    drop(RwLock::write_arc(&lock));
    drop(RwLock::try_read_arc(&lock).unwrap());
    drop(RwLock::try_write_arc(&lock).unwrap());
    drop(RwLock::try_read_arc_for(&lock, duration).unwrap());
    drop(RwLock::try_read_arc_until(&lock, instant).unwrap());
    drop(RwLock::try_write_arc_for(&lock, duration).unwrap());
    drop(RwLock::try_write_arc_until(&lock, instant).unwrap());
    drop(RwLock::read_arc_recursive(&lock));
    drop(RwLock::try_read_recursive_arc(&lock).unwrap());
    drop(RwLock::try_read_arc_recursive_for(&lock, duration).unwrap());
    drop(RwLock::try_read_arc_recursive_until(&lock, instant).unwrap());
    drop(RwLock::upgradable_read_arc(&lock));
    drop(RwLock::try_upgradable_read_arc(&lock).unwrap());
    drop(RwLock::try_upgradable_read_arc_for(&lock, duration).unwrap());
    drop(RwLock::try_upgradable_read_arc_until(&lock, instant).unwrap());
    assert!(!RwLock::is_locked(&lock));
}

#[test]
#[allow(clippy::multiple_unsafe_ops_per_block, reason = "all of them for the one reason")]
fn rwlock_has_all_its_other_functions() {
    const MADE: pl::RwLock<u8> = RwLock::new(1);
    assert_eq!(RwLock::into_inner(MADE), 1);
    assert_eq!(pl::RwLock::from_raw(pl::RawRwLock::INIT, 2_u8).into_inner(), 2);
    assert_eq!(*RwLock::get_mut(&mut pl::RwLock::const_new(pl::RawRwLock::INIT, 3)), 3);
    assert_eq!(*pl::RwLock::<u8>::default().read(), *pl::RwLock::from(0).read());
    let lock = rwlock();
    // SAFETY: here and below, the lock is held that way and the guard forgotten.
    unsafe {
        forget(lock.read());
        drop(RwLock::make_read_guard_unchecked(&lock));
        forget(lock.read());
        drop(RwLock::make_arc_read_guard_unchecked(&lock));
        forget(lock.write());
        drop(RwLock::make_write_guard_unchecked(&lock));
        forget(lock.write());
        drop(RwLock::make_arc_write_guard_unchecked(&lock));
        forget(lock.upgradable_read());
        drop(RwLock::make_upgradable_guard_unchecked(&lock));
        forget(lock.upgradable_read());
        drop(RwLock::make_upgradable_arc_guard_unchecked(&lock));
        forget(lock.read());
        RwLock::force_unlock_read(&lock);
        forget(lock.read());
        RwLock::force_unlock_read_fair(&lock);
        forget(lock.write());
        assert!(RwLock::is_locked_exclusive(&lock));
        RwLock::force_unlock_write(&lock);
        forget(lock.write());
        RwLock::force_unlock_write_fair(&lock);
        assert!(!RwLock::raw(&lock).is_locked());
        assert_eq!(*RwLock::data_ptr(&lock), (1, 2));
    }
    assert_eq!(format!("{lock:?}"), "RwLock { data: (1, 2) }");
    assert_eq!(Arc::strong_count(&lock), 1);
}
