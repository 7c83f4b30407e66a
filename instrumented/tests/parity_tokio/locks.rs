//! The functions of the locks.

#![allow(clippy::declare_interior_mutable_const, reason = "constructors are to be constant")]

use std::sync::Arc;

use super::run;
use crate::tokio::sync::{
    AcquireError, Mutex, OnceCell, OwnedSemaphorePermit, RwLock, Semaphore, SemaphorePermit,
    SetError, TryAcquireError, TryLockError,
};

#[test]
fn mutex_has_all_its_functions() {
    const MADE: Mutex<u8> = Mutex::const_new(1);
    assert_eq!(Mutex::into_inner(MADE), 1);
    assert_eq!(*Mutex::get_mut(&mut Mutex::new(2)), 2);
    assert_eq!(*Mutex::<u8>::default().try_lock().unwrap(), 0);
    let mutex = Arc::new(Mutex::from((1, 2)));
    run(async {
        drop(Mutex::lock(&mutex).await);
        drop(Mutex::lock_owned(Arc::clone(&mutex)).await);
    });
    drop(Mutex::blocking_lock(&mutex));
    drop(Mutex::blocking_lock_owned(Arc::clone(&mutex)));
    drop(Mutex::try_lock_owned(Arc::clone(&mutex)).unwrap());
    assert_eq!(format!("{mutex:?}"), "Mutex { data: (1, 2) }");
    let guard = Mutex::try_lock(&mutex).unwrap();
    assert_eq!(format!("{mutex:?}"), "Mutex { data: <locked> }");
    let error: TryLockError = mutex.try_lock().unwrap_err();
    assert_eq!(format!("{error} {error:?}"), "operation would block TryLockError(())");
    assert!(Arc::clone(&mutex).try_lock_owned().is_err());
    drop(guard);
}

#[test]
fn rw_lock_has_all_its_functions() {
    const MADE: RwLock<u8> = RwLock::const_new(1);
    const LIMITED: RwLock<u8> = RwLock::const_with_max_readers(2, 3);
    assert_eq!(RwLock::into_inner(MADE) + RwLock::into_inner(LIMITED), 3);
    assert_eq!(*RwLock::get_mut(&mut RwLock::new(2)), 2);
    assert_eq!(*RwLock::<u8>::default().try_read().unwrap(), 0);
    let lock = Arc::new(RwLock::from((1, 2)));
    run(async {
        drop(RwLock::read(&lock).await);
        drop(RwLock::read_owned(Arc::clone(&lock)).await);
        drop(RwLock::write(&lock).await);
        drop(RwLock::write_owned(Arc::clone(&lock)).await);
    });
    drop(RwLock::blocking_read(&lock));
    drop(RwLock::blocking_write(&lock));
    drop(RwLock::try_read_owned(Arc::clone(&lock)).unwrap());
    drop(RwLock::try_write_owned(Arc::clone(&lock)).unwrap());
    drop(RwLock::try_write(&lock).unwrap());
    assert_eq!(format!("{lock:?}"), "RwLock { data: (1, 2) }");
    let reader = RwLock::try_read(&lock).unwrap();
    assert!(lock.try_read().is_ok() && lock.try_write().is_err());
    assert!(Arc::clone(&lock).try_write_owned().is_err());
    drop(reader);
    let writer = lock.try_write().unwrap();
    assert!(lock.try_read().is_err() && Arc::clone(&lock).try_read_owned().is_err());
    assert_eq!(format!("{lock:?}"), "RwLock { data: <locked> }");
    drop(writer);
    let limited = RwLock::with_max_readers(0, 2);
    let readers = (limited.try_read().unwrap(), limited.try_read().unwrap());
    assert!(limited.try_read().is_err());
    drop(readers);
    let reader = limited.try_write().unwrap().downgrade();
    assert!(limited.try_read().is_ok());
    drop(reader);
    assert!(limited.try_write().is_ok());
}

#[test]
#[should_panic(expected = "a RwLock may not be created with 0 readers")]
fn a_lock_without_readers_is_refused() {
    let _lock = RwLock::with_max_readers(0, 0);
}

#[test]
#[should_panic(expected = "a RwLock may not be created with more than 536870911 readers")]
fn a_lock_with_too_many_readers_is_refused() {
    let _lock = RwLock::with_max_readers(0, u32::MAX);
}

#[test]
fn semaphore_has_all_its_functions() {
    const MADE: Semaphore = Semaphore::const_new(1);
    let made = MADE;
    assert_eq!(Semaphore::available_permits(&made), 1);
    let semaphore = Arc::new(Semaphore::new(4));
    let counted = || Arc::clone(&semaphore);
    run(async {
        let _: SemaphorePermit<'_> = Semaphore::acquire(&semaphore).await.unwrap();
        drop(Semaphore::acquire_many(&semaphore, 2).await.unwrap());
        let _: OwnedSemaphorePermit = Semaphore::acquire_owned(counted()).await.unwrap();
        drop(Semaphore::acquire_many_owned(counted(), 2).await.unwrap());
    });
    drop(Semaphore::try_acquire(&semaphore).unwrap());
    drop(Semaphore::try_acquire_many(&semaphore, 2).unwrap());
    drop(Semaphore::try_acquire_owned(counted()).unwrap());
    drop(Semaphore::try_acquire_many_owned(counted(), 2).unwrap());
    drop(Semaphore::blocking_acquire(&semaphore).unwrap());
    drop(Semaphore::blocking_acquire_many(&semaphore, 0).unwrap());
    drop(Semaphore::blocking_acquire_owned(counted()).unwrap());
    drop(Semaphore::blocking_acquire_many_owned(counted(), 2).unwrap());
    assert_eq!(Semaphore::forget_permits(&semaphore, 3), 3);
    Semaphore::add_permits(&semaphore, 1);
    assert_eq!(semaphore.available_permits(), 2);
    let error = semaphore.try_acquire_many(3).unwrap_err();
    assert_eq!(error.to_string(), "no permits available");
    assert_eq!(error, TryAcquireError::NoPermits);
    assert_eq!(format!("{made:?}"), "Semaphore { ll_sem: Semaphore { permits: 1 } }");
    let held = semaphore.try_acquire().unwrap();
    assert!(format!("{held:?}").starts_with("SemaphorePermit { sem: Semaphore {"), "{held:?}");
    assert!(!Semaphore::is_closed(&semaphore));
    Semaphore::close(&semaphore);
    assert!(semaphore.is_closed());
    let error: AcquireError = semaphore.blocking_acquire().unwrap_err();
    assert_eq!(error.to_string(), "semaphore closed");
    assert_eq!(semaphore.try_acquire_many(0).unwrap_err(), TryAcquireError::Closed);
    assert!(semaphore.blocking_acquire_many(0).is_err());
    assert_eq!(Semaphore::MAX_PERMITS, usize::MAX >> 3);
}

#[test]
#[should_panic]
fn a_semaphore_with_too_many_permits_is_refused() {
    let _semaphore = Semaphore::new(Semaphore::MAX_PERMITS + 1);
}

#[test]
fn permits_have_all_their_functions() {
    let semaphore = Arc::new(Semaphore::new(6));
    let mut permit = semaphore.try_acquire_many(3).unwrap();
    let part = SemaphorePermit::split(&mut permit, 1).unwrap();
    assert!(SemaphorePermit::split(&mut permit, 3).is_none());
    assert_eq!((SemaphorePermit::num_permits(&permit), part.num_permits()), (2, 1));
    SemaphorePermit::merge(&mut permit, part);
    assert!(std::ptr::eq(SemaphorePermit::semaphore(&permit), &raw const *semaphore));
    SemaphorePermit::forget(permit);
    assert_eq!(semaphore.available_permits(), 3);
    let mut permit = Arc::clone(&semaphore).try_acquire_many_owned(3).unwrap();
    let part = OwnedSemaphorePermit::split(&mut permit, 1).unwrap();
    assert!(OwnedSemaphorePermit::split(&mut permit, 3).is_none());
    assert_eq!((OwnedSemaphorePermit::num_permits(&permit), part.num_permits()), (2, 1));
    OwnedSemaphorePermit::merge(&mut permit, part);
    assert!(Arc::ptr_eq(OwnedSemaphorePermit::semaphore(&permit), &semaphore));
    assert!(format!("{permit:?}").starts_with("OwnedSemaphorePermit { sem: Semaphore {"));
    OwnedSemaphorePermit::forget(permit);
    assert_eq!((semaphore.available_permits(), Arc::strong_count(&semaphore)), (0, 1));
}

#[test]
#[should_panic(expected = "merging permits from different semaphore instances")]
fn permits_of_two_semaphores_do_not_merge() {
    let semaphores = (Semaphore::new(1), Semaphore::new(1));
    let mut permit = semaphores.0.try_acquire().unwrap();
    permit.merge(semaphores.1.try_acquire().unwrap());
}

#[test]
fn once_cell_has_all_its_functions() {
    const EMPTY: OnceCell<u8> = OnceCell::const_new();
    const FULL: OnceCell<u8> = OnceCell::const_new_with(1);
    assert_eq!((OnceCell::into_inner(EMPTY), OnceCell::into_inner(FULL)), (None, Some(1)));
    let mut cell = OnceCell::new();
    run(async {
        let error = OnceCell::get_or_try_init(&cell, || async { Err(3) }).await.unwrap_err();
        assert_eq!((error, OnceCell::initialized(&cell)), (3, false));
        assert_eq!(OnceCell::get_or_init(&cell, || async { 4 }).await, &4);
        assert_eq!(cell.get_or_try_init(|| async { Err(3) }).await.unwrap(), &4);
    });
    assert_eq!(OnceCell::get(&cell), Some(&4));
    assert_eq!(OnceCell::get_mut(&mut cell), Some(&mut 4));
    let error: SetError<u8> = OnceCell::set(&cell, 5).unwrap_err();
    assert!(error.is_already_init_err() && !error.is_initializing_err());
    assert_eq!(format!("{cell:?}"), "OnceCell { value: Some(4) }");
    assert_eq!(
        (cell.clone(), OnceCell::default()),
        (OnceCell::from(4), OnceCell::new_with(None::<u8>))
    );
    assert_eq!((OnceCell::take(&mut cell), cell.get()), (Some(4), None));
}
