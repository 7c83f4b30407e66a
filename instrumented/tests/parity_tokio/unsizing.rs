//! Unsized payloads, and what drop check and variance allow.

use std::fmt::{Debug, Display};
use std::sync::Arc;

use crate::tokio::sync::{
    MappedMutexGuard, Mutex, MutexGuard, OwnedMutexGuard, OwnedRwLockReadGuard, RwLock,
    RwLockMappedWriteGuard, RwLockReadGuard, RwLockWriteGuard,
};

#[test]
fn a_lock_of_a_type_coerces_to_one_of_its_trait() {
    let mutex: Arc<Mutex<dyn Display + Send>> = Arc::new(Mutex::new(1));
    let guard: OwnedMutexGuard<dyn Display + Send> = Arc::clone(&mutex).try_lock_owned().unwrap();
    assert_eq!(format!("{guard}"), "1");
    drop(guard);
    let lock: Arc<RwLock<dyn Debug + Send + Sync>> = Arc::new(RwLock::new(2));
    let guard: OwnedRwLockReadGuard<dyn Debug + Send + Sync> = lock.try_read_owned().unwrap();
    assert_eq!(format!("{guard:?}"), "2");
    let mut slice: Box<Mutex<[u8]>> = Box::new(Mutex::new([1, 2]));
    slice.get_mut()[0] = 3;
    assert_eq!(format!("{slice:?}"), "Mutex { data: [3, 2] }");
    let part: MappedMutexGuard<'_, u8> = MutexGuard::map(slice.try_lock().unwrap(), |s| &mut s[1]);
    assert_eq!(*part, 2);
}

#[test]
fn a_part_may_be_unsized() {
    let lock = RwLock::new([1, 2, 3]);
    let part: RwLockMappedWriteGuard<'_, [u8]> =
        RwLockWriteGuard::map(lock.try_write().unwrap(), |all| &mut all[1..]);
    assert_eq!(*part, [2, 3]);
}

/// A reader's guard is covariant in its payload.
fn shorter<'short>(
    guard: RwLockReadGuard<'short, &'static str>,
) -> RwLockReadGuard<'short, &'short str> {
    guard
}

/// An owned one is in the part it stands for.
fn shorter_part<'short>(
    guard: OwnedRwLockReadGuard<(), &'static str>,
) -> OwnedRwLockReadGuard<(), &'short str> {
    guard
}

#[test]
fn readers_guards_are_covariant() {
    let lock = RwLock::new("text");
    assert_eq!(*shorter(lock.try_read().unwrap()), "text");
    let lock = Arc::new(RwLock::new(()));
    let part = OwnedRwLockReadGuard::map(lock.try_read_owned().unwrap(), |()| &"part");
    assert_eq!(*shorter_part(part), "part");
}

#[test]
fn a_payload_may_borrow_what_is_dropped_after_its_lock() {
    let text = String::from("text");
    let lock = Mutex::new(&*text);
    assert_eq!(*lock.try_lock().unwrap(), "text");
}
