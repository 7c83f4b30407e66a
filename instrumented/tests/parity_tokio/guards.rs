//! The functions of the guards.

use std::sync::Arc;

use crate::tokio::sync::{
    MappedMutexGuard, Mutex, MutexGuard, OwnedMappedMutexGuard, OwnedMutexGuard,
    OwnedRwLockMappedWriteGuard, OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock,
    RwLockMappedWriteGuard, RwLockReadGuard, RwLockWriteGuard,
};

fn mutex() -> Arc<Mutex<(u8, u8)>> {
    Arc::new(Mutex::new((1, 2)))
}

fn rwlock() -> Arc<RwLock<(u8, u8)>> {
    Arc::new(RwLock::new((1, 2)))
}

#[test]
fn guards_of_a_mutex_have_all_their_functions() {
    let lock = mutex();
    let guard = || lock.try_lock().unwrap();
    assert!(std::ptr::eq(MutexGuard::mutex(&guard()), &raw const *lock));
    assert_eq!(format!("{:?}", guard()), "(1, 2)");
    let mut part = MutexGuard::map(guard(), |pair| &mut pair.0);
    *part += 1;
    assert_eq!(format!("{part} {part:?}"), "2 2");
    drop(part);
    let part = MutexGuard::try_map(guard(), |pair| Some(&mut pair.1)).unwrap();
    let part = MappedMutexGuard::map(part, |byte| byte);
    let part = MappedMutexGuard::try_map(part, |_| None::<&mut u8>).unwrap_err();
    assert_eq!(*MappedMutexGuard::try_map(part, |byte| Some(byte)).unwrap(), 2);
    assert_eq!(*MutexGuard::try_map(guard(), |_| None::<&mut u8>).unwrap_err(), (2, 2));
    assert!(lock.try_lock().is_ok());
}

#[test]
fn owned_guards_of_a_mutex_have_all_their_functions() {
    let lock = mutex();
    let guard = || Arc::clone(&lock).try_lock_owned().unwrap();
    assert!(Arc::ptr_eq(OwnedMutexGuard::mutex(&guard()), &lock));
    assert_eq!(format!("{:?}", guard()), "(1, 2)");
    let mut part = OwnedMutexGuard::map(guard(), |pair| &mut pair.0);
    *part += 1;
    assert_eq!(format!("{part} {part:?}"), "2 2");
    drop(part);
    let part = OwnedMutexGuard::try_map(guard(), |pair| Some(&mut pair.1)).unwrap();
    let part = OwnedMappedMutexGuard::map(part, |byte| byte);
    let part = OwnedMappedMutexGuard::try_map(part, |_| None::<&mut u8>).unwrap_err();
    assert_eq!(*OwnedMappedMutexGuard::try_map(part, |byte| Some(byte)).unwrap(), 2);
    assert_eq!(*OwnedMutexGuard::try_map(guard(), |_| None::<&mut u8>).unwrap_err(), (2, 2));
    assert!(lock.try_lock().is_ok() && Arc::strong_count(&lock) == 1);
}

#[test]
fn readers_guards_have_all_their_functions() {
    let lock = rwlock();
    let guard = || lock.try_read().unwrap();
    assert_eq!(format!("{:?}", guard()), "(1, 2)");
    let part = RwLockReadGuard::map(guard(), |pair| &pair.0);
    assert_eq!(format!("{part} {part:?}"), "1 1");
    let part = RwLockReadGuard::try_map(part, |_| None::<&u8>).unwrap_err();
    assert_eq!(*RwLockReadGuard::try_map(part, |byte| Some(byte)).unwrap(), 1);
    let guard = || Arc::clone(&lock).try_read_owned().unwrap();
    assert!(Arc::ptr_eq(OwnedRwLockReadGuard::rwlock(&guard()), &lock));
    let part = OwnedRwLockReadGuard::map(guard(), |pair| &pair.0);
    assert_eq!(format!("{part} {part:?}"), "1 1");
    let part = OwnedRwLockReadGuard::try_map(part, |_| None::<&u8>).unwrap_err();
    assert_eq!(*OwnedRwLockReadGuard::try_map(part, |byte| Some(byte)).unwrap(), 1);
    assert!(lock.try_write().is_ok() && Arc::strong_count(&lock) == 1);
}

#[test]
fn writers_guards_have_all_their_functions() {
    let lock = rwlock();
    let guard = || lock.try_write().unwrap();
    assert_eq!(format!("{:?}", guard()), "(1, 2)");
    let mut part = RwLockWriteGuard::map(guard(), |pair| &mut pair.0);
    *part += 1;
    assert_eq!(format!("{part} {part:?}"), "2 2");
    let part = RwLockMappedWriteGuard::map(part, |byte| byte);
    let part = RwLockMappedWriteGuard::try_map(part, |_| None::<&mut u8>).unwrap_err();
    drop(RwLockMappedWriteGuard::try_map(part, |byte| Some(byte)).unwrap());
    drop(RwLockWriteGuard::try_map(guard(), |pair| Some(&mut pair.1)).unwrap());
    drop(RwLockWriteGuard::try_map(guard(), |_| None::<&mut u8>).unwrap_err());
    drop(RwLockWriteGuard::into_mapped(guard()));
    let reader: RwLockReadGuard<'_, (u8, u8)> = RwLockWriteGuard::downgrade(guard());
    assert!(lock.try_write().is_err() && lock.try_read().is_ok());
    drop(reader);
    assert_eq!(*RwLockWriteGuard::downgrade_map(guard(), |pair| &pair.0), 2);
    assert_eq!(*RwLockWriteGuard::try_downgrade_map(guard(), |pair| Some(&pair.0)).unwrap(), 2);
    drop(RwLockWriteGuard::try_downgrade_map(guard(), |_| None::<&u8>).unwrap_err());
    assert!(lock.try_write().is_ok());
}

#[test]
fn owned_writers_guards_have_all_their_functions() {
    let lock = rwlock();
    let guard = || Arc::clone(&lock).try_write_owned().unwrap();
    assert!(Arc::ptr_eq(OwnedRwLockWriteGuard::rwlock(&guard()), &lock));
    assert_eq!(format!("{:?}", guard()), "(1, 2)");
    let mut part = OwnedRwLockWriteGuard::map(guard(), |pair| &mut pair.0);
    *part += 1;
    assert_eq!(format!("{part} {part:?}"), "2 2");
    assert!(Arc::ptr_eq(OwnedRwLockMappedWriteGuard::rwlock(&part), &lock));
    let part = OwnedRwLockMappedWriteGuard::map(part, |byte| byte);
    let part = OwnedRwLockMappedWriteGuard::try_map(part, |_| None::<&mut u8>).unwrap_err();
    drop(OwnedRwLockMappedWriteGuard::try_map(part, |byte| Some(byte)).unwrap());
    drop(OwnedRwLockWriteGuard::try_map(guard(), |pair| Some(&mut pair.1)).unwrap());
    drop(OwnedRwLockWriteGuard::try_map(guard(), |_| None::<&mut u8>).unwrap_err());
    drop(OwnedRwLockWriteGuard::into_mapped(guard()));
    let reader: OwnedRwLockReadGuard<(u8, u8)> = OwnedRwLockWriteGuard::downgrade(guard());
    assert!(lock.try_write().is_err() && lock.try_read().is_ok());
    drop(reader);
    assert_eq!(*OwnedRwLockWriteGuard::downgrade_map(guard(), |pair| &pair.0), 2);
    let part = OwnedRwLockWriteGuard::try_downgrade_map(guard(), |pair| Some(&pair.0));
    assert_eq!(*part.unwrap(), 2);
    drop(OwnedRwLockWriteGuard::try_downgrade_map(guard(), |_| None::<&u8>).unwrap_err());
    assert!(lock.try_write().is_ok() && Arc::strong_count(&lock) == 1);
}
