//! The functions of the guards.

use std::sync::Arc;

use super::{mutex, now, remutex, rwlock};
use crate::lock_api::{
    ArcMutexGuard, ArcReentrantMutexGuard, ArcRwLockReadGuard, ArcRwLockUpgradableReadGuard,
    ArcRwLockWriteGuard, MappedMutexGuard, MappedReentrantMutexGuard, MappedRwLockReadGuard,
    MappedRwLockWriteGuard, MutexGuard, ReentrantMutexGuard, RwLockReadGuard,
    RwLockUpgradableReadGuard, RwLockWriteGuard,
};

#[test]
fn mutex_guard_has_all_its_functions() {
    let lock = mutex();
    let mut guard = lock.lock();
    assert!(std::ptr::eq(MutexGuard::mutex(&guard), &raw const *lock));
    assert!(MutexGuard::unlocked(&mut guard, || lock.try_lock().is_some()));
    assert!(MutexGuard::unlocked_fair(&mut guard, || lock.try_lock().is_some()));
    MutexGuard::bump(&mut guard);
    assert_eq!(format!("{guard:?}"), "(1, 2)");
    MutexGuard::unlock_fair(guard);
    assert!(!lock.is_locked());
    let part = MutexGuard::map(lock.lock(), |pair| &mut pair.0);
    assert_eq!(format!("{part} {part:?}"), "1 1");
    MappedMutexGuard::unlock_fair(part);
    let part = MutexGuard::try_map(lock.lock(), |pair| Some(&mut pair.1)).ok().unwrap();
    let part = MappedMutexGuard::map(part, |byte| byte);
    let part = MappedMutexGuard::try_map(part, |_| None::<&mut u8>).err().unwrap();
    let part = MappedMutexGuard::try_map_or_err(part, |byte| Ok::<_, u8>(byte)).ok().unwrap();
    assert_eq!(*part, 2);
    drop(part);
    let (guard, error) =
        MutexGuard::try_map_or_err(lock.lock(), |_| Err::<&mut u8, _>(3)).err().unwrap();
    assert_eq!((*guard, error), ((1, 2), 3));
    drop(guard);
    assert_eq!(MutexGuard::leak(lock.lock()), &mut (1, 2));
    assert!(lock.is_locked());
}

#[test]
fn arc_mutex_guard_has_all_its_functions() {
    let lock = mutex();
    let mut guard = lock.lock_arc();
    assert!(Arc::ptr_eq(ArcMutexGuard::mutex(&guard), &lock));
    assert!(ArcMutexGuard::unlocked(&mut guard, || lock.try_lock().is_some()));
    assert!(ArcMutexGuard::unlocked_fair(&mut guard, || lock.try_lock().is_some()));
    ArcMutexGuard::bump(&mut guard);
    assert_eq!(*guard, (1, 2));
    ArcMutexGuard::unlock_fair(guard);
    assert!(Arc::ptr_eq(&ArcMutexGuard::into_arc(lock.lock_arc()), &lock));
    assert!(Arc::ptr_eq(&ArcMutexGuard::into_arc_fair(lock.lock_arc()), &lock));
    assert!(!lock.is_locked() && Arc::strong_count(&lock) == 1);
}

#[test]
fn reentrant_mutex_guard_has_all_its_functions() {
    let lock = remutex();
    let mut guard = lock.lock();
    assert!(std::ptr::eq(ReentrantMutexGuard::remutex(&guard), &raw const *lock));
    assert!(ReentrantMutexGuard::unlocked(&mut guard, || lock.try_lock().is_some()));
    assert!(ReentrantMutexGuard::unlocked_fair(&mut guard, || lock.try_lock().is_some()));
    ReentrantMutexGuard::bump(&mut guard);
    assert_eq!(format!("{guard:?}"), "(1, 2)");
    ReentrantMutexGuard::unlock_fair(guard);
    assert!(!lock.is_locked());
    let part = ReentrantMutexGuard::map(lock.lock(), |pair| &pair.0);
    assert_eq!(format!("{part} {part:?}"), "1 1");
    MappedReentrantMutexGuard::unlock_fair(part);
    let part = ReentrantMutexGuard::try_map(lock.lock(), |pair| Some(&pair.1)).ok().unwrap();
    let part = MappedReentrantMutexGuard::map(part, |byte| byte);
    let part = MappedReentrantMutexGuard::try_map(part, |_| None::<&u8>).err().unwrap();
    let part =
        MappedReentrantMutexGuard::try_map_or_err(part, |byte| Ok::<_, u8>(byte)).ok().unwrap();
    assert_eq!(*part, 2);
    drop(part);
    let (guard, error) =
        ReentrantMutexGuard::try_map_or_err(lock.lock(), |_| Err::<&u8, _>(3)).err().unwrap();
    assert_eq!((*guard, error), ((1, 2), 3));
}

#[test]
fn arc_reentrant_mutex_guard_has_all_its_functions() {
    let lock = remutex();
    let mut guard = lock.lock_arc();
    assert!(Arc::ptr_eq(ArcReentrantMutexGuard::remutex(&guard), &lock));
    assert!(ArcReentrantMutexGuard::unlocked(&mut guard, || lock.try_lock().is_some()));
    assert!(ArcReentrantMutexGuard::unlocked_fair(&mut guard, || lock.try_lock().is_some()));
    ArcReentrantMutexGuard::bump(&mut guard);
    assert_eq!(*guard, (1, 2));
    ArcReentrantMutexGuard::unlock_fair(guard);
    assert!(Arc::ptr_eq(&ArcReentrantMutexGuard::into_arc(lock.lock_arc()), &lock));
    assert!(Arc::ptr_eq(&ArcReentrantMutexGuard::into_arc_fair(lock.lock_arc()), &lock));
    assert!(!lock.is_locked() && Arc::strong_count(&lock) == 1);
}

#[test]
fn rw_lock_read_guard_has_all_its_functions() {
    let lock = rwlock();
    let mut guard = lock.read();
    assert!(std::ptr::eq(RwLockReadGuard::rwlock(&guard), &raw const *lock));
    assert!(RwLockReadGuard::unlocked(&mut guard, || lock.try_read().is_some()));
    assert!(RwLockReadGuard::unlocked_fair(&mut guard, || lock.try_read().is_some()));
    RwLockReadGuard::bump(&mut guard);
    assert_eq!(format!("{guard:?}"), "(1, 2)");
    RwLockReadGuard::unlock_fair(guard);
    assert!(!lock.is_locked());
    let part = RwLockReadGuard::map(lock.read(), |pair| &pair.0);
    assert_eq!(format!("{part} {part:?}"), "1 1");
    MappedRwLockReadGuard::unlock_fair(part);
    let part = RwLockReadGuard::try_map(lock.read(), |pair| Some(&pair.1)).ok().unwrap();
    let part = MappedRwLockReadGuard::map(part, |byte| byte);
    let part = MappedRwLockReadGuard::try_map(part, |_| None::<&u8>).err().unwrap();
    assert_eq!(*super::locks::or_else(part), 2);
    let (guard, error) =
        RwLockReadGuard::try_map_or_err(lock.read(), |_| Err::<&u8, _>(3)).err().unwrap();
    assert_eq!((*guard, error), ((1, 2), 3));
}

#[test]
fn arc_rw_lock_read_guard_has_all_its_functions() {
    let lock = rwlock();
    let mut guard = lock.read_arc();
    assert!(Arc::ptr_eq(ArcRwLockReadGuard::rwlock(&guard), &lock));
    assert!(ArcRwLockReadGuard::unlocked(&mut guard, || lock.try_read().is_some()));
    assert!(ArcRwLockReadGuard::unlocked_fair(&mut guard, || lock.try_read().is_some()));
    ArcRwLockReadGuard::bump(&mut guard);
    assert_eq!(*guard, (1, 2));
    ArcRwLockReadGuard::unlock_fair(guard);
    assert!(Arc::ptr_eq(&ArcRwLockReadGuard::into_arc(lock.read_arc()), &lock));
    assert!(Arc::ptr_eq(&ArcRwLockReadGuard::into_arc_fair(lock.read_arc()), &lock));
    assert!(!lock.is_locked() && Arc::strong_count(&lock) == 1);
}

#[test]
fn rw_lock_write_guard_has_all_its_functions() {
    let lock = rwlock();
    let mut guard = lock.write();
    assert!(std::ptr::eq(RwLockWriteGuard::rwlock(&guard), &raw const *lock));
    assert!(RwLockWriteGuard::unlocked(&mut guard, || lock.try_write().is_some()));
    assert!(RwLockWriteGuard::unlocked_fair(&mut guard, || lock.try_write().is_some()));
    RwLockWriteGuard::bump(&mut guard);
    assert_eq!(format!("{guard:?}"), "(1, 2)");
    RwLockWriteGuard::unlock_fair(guard);
    assert!(!lock.is_locked());
    let part = RwLockWriteGuard::map(lock.write(), |pair| &mut pair.0);
    assert_eq!(format!("{part} {part:?}"), "1 1");
    MappedRwLockWriteGuard::unlock_fair(part);
    let part = RwLockWriteGuard::try_map(lock.write(), |pair| Some(&mut pair.1)).ok().unwrap();
    let part = MappedRwLockWriteGuard::map(part, |byte| byte);
    let part = MappedRwLockWriteGuard::try_map(part, |_| None::<&mut u8>).err().unwrap();
    let part = MappedRwLockWriteGuard::try_map_or_err(part, |byte| Ok::<_, u8>(byte)).ok().unwrap();
    assert_eq!(*part, 2);
    drop(part);
    let (guard, error) =
        RwLockWriteGuard::try_map_or_err(lock.write(), |_| Err::<&mut u8, _>(3)).err().unwrap();
    assert_eq!((*guard, error), ((1, 2), 3));
}

#[test]
fn arc_rw_lock_write_guard_has_all_its_functions() {
    let lock = rwlock();
    let mut guard = lock.write_arc();
    assert!(Arc::ptr_eq(ArcRwLockWriteGuard::rwlock(&guard), &lock));
    assert!(ArcRwLockWriteGuard::unlocked(&mut guard, || lock.try_write().is_some()));
    assert!(ArcRwLockWriteGuard::unlocked_fair(&mut guard, || lock.try_write().is_some()));
    ArcRwLockWriteGuard::bump(&mut guard);
    assert_eq!(*guard, (1, 2));
    ArcRwLockWriteGuard::unlock_fair(guard);
    assert!(Arc::ptr_eq(&ArcRwLockWriteGuard::into_arc(lock.write_arc()), &lock));
    assert!(Arc::ptr_eq(&ArcRwLockWriteGuard::into_arc_fair(lock.write_arc()), &lock));
    assert!(!lock.is_locked() && Arc::strong_count(&lock) == 1);
}

#[test]
fn rw_lock_upgradable_read_guard_has_all_its_functions() {
    let lock = rwlock();
    let mut guard = lock.upgradable_read();
    assert!(std::ptr::eq(RwLockUpgradableReadGuard::rwlock(&guard), &raw const *lock));
    assert!(RwLockUpgradableReadGuard::unlocked(&mut guard, || lock
        .try_upgradable_read()
        .is_some()));
    assert!(RwLockUpgradableReadGuard::unlocked_fair(&mut guard, || lock
        .try_upgradable_read()
        .is_some()));
    RwLockUpgradableReadGuard::bump(&mut guard);
    assert_eq!(format!("{guard:?}"), "(1, 2)");
    RwLockUpgradableReadGuard::unlock_fair(guard);
    assert!(!lock.is_locked());
}

#[test]
fn arc_rw_lock_upgradable_read_guard_has_all_its_functions() {
    let lock = rwlock();
    let mut guard = lock.upgradable_read_arc();
    assert!(Arc::ptr_eq(ArcRwLockUpgradableReadGuard::rwlock(&guard), &lock));
    assert!(ArcRwLockUpgradableReadGuard::unlocked(&mut guard, || lock
        .try_upgradable_read()
        .is_some()));
    assert!(ArcRwLockUpgradableReadGuard::unlocked_fair(&mut guard, || lock
        .try_upgradable_read()
        .is_some()));
    ArcRwLockUpgradableReadGuard::bump(&mut guard);
    assert_eq!(*guard, (1, 2));
    ArcRwLockUpgradableReadGuard::unlock_fair(guard);
    assert!(Arc::ptr_eq(
        &ArcRwLockUpgradableReadGuard::into_arc(lock.upgradable_read_arc()),
        &lock
    ));
    assert!(Arc::ptr_eq(
        &ArcRwLockUpgradableReadGuard::into_arc_fair(lock.upgradable_read_arc()),
        &lock
    ));
    assert!(!lock.is_locked() && Arc::strong_count(&lock) == 1);
}

#[test]
fn guards_change_their_side() {
    let (duration, instant) = now();
    let lock = rwlock();
    let reader: RwLockReadGuard<'_, _, _> = RwLockWriteGuard::downgrade(lock.write());
    drop(reader);
    let reader = RwLockUpgradableReadGuard::downgrade(RwLockWriteGuard::downgrade_to_upgradable(
        lock.write(),
    ));
    drop(reader);
    let upgradable = || lock.upgradable_read();
    drop(RwLockUpgradableReadGuard::upgrade(upgradable()));
    drop(RwLockUpgradableReadGuard::try_upgrade(upgradable()).ok().unwrap());
    drop(RwLockUpgradableReadGuard::try_upgrade_for(upgradable(), duration).ok().unwrap());
    drop(RwLockUpgradableReadGuard::try_upgrade_until(upgradable(), instant).ok().unwrap());
    let mut guard = upgradable();
    RwLockUpgradableReadGuard::with_upgraded(&mut guard, |pair| pair.0 += 1);
    RwLockUpgradableReadGuard::try_with_upgraded(&mut guard, |pair| pair.0 += 1).unwrap();
    RwLockUpgradableReadGuard::try_with_upgraded_for(&mut guard, duration, |pair| pair.0 += 1)
        .unwrap();
    RwLockUpgradableReadGuard::try_with_upgraded_until(&mut guard, instant, |pair| pair.0 += 1)
        .unwrap();
    assert_eq!(guard.0, 5);
    let _reader = lock.try_read().unwrap();
    let guard = RwLockUpgradableReadGuard::try_upgrade(guard).err().unwrap();
    assert_eq!(*guard, (5, 2));
}

#[test]
fn guards_of_counted_locks_change_their_side() {
    let (duration, instant) = now();
    let lock = rwlock();
    let reader: ArcRwLockReadGuard<_, _> = ArcRwLockWriteGuard::downgrade(lock.write_arc());
    drop(reader);
    let reader = ArcRwLockUpgradableReadGuard::downgrade(
        ArcRwLockWriteGuard::downgrade_to_upgradable(lock.write_arc()),
    );
    drop(reader);
    let upgradable = || lock.upgradable_read_arc();
    drop(ArcRwLockUpgradableReadGuard::upgrade(upgradable()));
    drop(ArcRwLockUpgradableReadGuard::try_upgrade(upgradable()).ok().unwrap());
    drop(ArcRwLockUpgradableReadGuard::try_upgrade_for(upgradable(), duration).ok().unwrap());
    drop(ArcRwLockUpgradableReadGuard::try_upgrade_until(upgradable(), instant).ok().unwrap());
    let mut guard = upgradable();
    ArcRwLockUpgradableReadGuard::with_upgraded(&mut guard, |pair| pair.0 += 1);
    ArcRwLockUpgradableReadGuard::try_with_upgraded(&mut guard, |pair| pair.0 += 1).unwrap();
    ArcRwLockUpgradableReadGuard::try_with_upgraded_for(&mut guard, duration, |pair| pair.0 += 1)
        .unwrap();
    ArcRwLockUpgradableReadGuard::try_with_upgraded_until(&mut guard, instant, |pair| pair.0 += 1)
        .unwrap();
    assert_eq!(guard.0, 5);
    let _reader = lock.try_read().unwrap();
    let guard = ArcRwLockUpgradableReadGuard::try_upgrade(guard).err().unwrap();
    assert_eq!(*guard, (5, 2));
}
