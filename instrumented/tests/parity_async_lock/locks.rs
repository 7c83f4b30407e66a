//! All but the reader-writer lock.

use std::sync::Arc;

use super::{elsewhere, is_ready, run};
use crate::async_lock::futures::{Acquire, AcquireArc, BarrierWait, Lock, LockArc};
use crate::async_lock::{
    Barrier, BarrierWaitResult, Mutex, MutexGuard, MutexGuardArc, OnceCell, Semaphore,
    SemaphoreGuard, SemaphoreGuardArc,
};

#[test]
fn the_mutex_has_every_function() {
    static CONSTANT: Mutex<u8> = Mutex::new(1);
    let mut mutex: Mutex<u8> = Mutex::from(2);
    *Mutex::get_mut(&mut mutex) +=
        *CONSTANT.lock_blocking() + *Mutex::<u8>::default().lock_blocking();
    assert_eq!(format!("{mutex:?}"), "Mutex { data: 3 }");
    let guard: MutexGuard<'_, u8> = Mutex::try_lock(&mutex).unwrap();
    assert_eq!(format!("{guard:?} {guard} {mutex:?}"), "3 3 Mutex { data: <locked> }");
    assert!(std::ptr::eq(MutexGuard::source(&guard), &raw const mutex));
    assert!(!elsewhere(|| is_ready(mutex.lock())) && mutex.try_lock().is_none());
    drop(guard);
    assert_eq!(*Mutex::lock_blocking(&mutex), 3);
    assert_eq!(Mutex::into_inner(mutex), 3);

    let mutex: Arc<Mutex<[u8]>> = Arc::new(Mutex::new([1, 2]));
    run(async {
        let lock: Lock<'_, [u8]> = Mutex::lock(&mutex);
        assert_eq!(format!("{lock:?}"), "Lock { .. }");
        lock.await[0] = 2;
        let mut guard: MutexGuardArc<[u8]> = Mutex::lock_arc(&mutex).await;
        guard[1] += 1;
        assert!(Arc::ptr_eq(MutexGuardArc::source(&guard), &mutex));
        assert_eq!(format!("{guard:?}"), "[2, 3]");
        let waiting: LockArc<[u8]> = mutex.lock_arc();
        assert!(!elsewhere(|| is_ready(waiting)) && Mutex::try_lock_arc(&mutex).is_none());
    });
    assert_eq!(format!("{}", Mutex::lock_arc_blocking(&Arc::new(Mutex::new('c')))), "c");
    assert_eq!(Arc::strong_count(&mutex), 1);
}

#[test]
fn the_semaphore_has_every_function() {
    static CONSTANT: Semaphore = Semaphore::new(1);
    drop(CONSTANT.try_acquire().unwrap());
    let semaphore = Arc::new(Semaphore::new(2));
    run(async {
        let one: Acquire<'_> = Semaphore::acquire(&semaphore);
        assert_eq!(format!("{one:?}"), "Acquire { .. }");
        let one: SemaphoreGuard<'_> = one.await;
        let other: AcquireArc = Semaphore::acquire_arc(&semaphore);
        assert_eq!(format!("{other:?}"), "AcquireArc { .. }");
        let other: SemaphoreGuardArc = other.await;
        assert!(format!("{one:?}").starts_with("SemaphoreGuard(Semaphore { count: 0"));
        assert!(format!("{other:?}").starts_with("SemaphoreGuardArc(Some(Semaphore { count: 0"));
        assert!(Semaphore::try_acquire(&semaphore).is_none());
        assert!(Semaphore::try_acquire_arc(&semaphore).is_none() && !is_ready(semaphore.acquire()));
        drop((one, other));
    });
    assert_eq!(Semaphore::available_permits(&semaphore), 2);
    SemaphoreGuard::forget(Semaphore::acquire_blocking(&semaphore));
    SemaphoreGuardArc::forget(Semaphore::acquire_arc_blocking(&semaphore));
    assert_eq!(semaphore.available_permits(), 0);
    Semaphore::add_permits(&semaphore, 3);
    drop(semaphore.try_acquire_arc().unwrap());
    assert_eq!((semaphore.available_permits(), Arc::strong_count(&semaphore)), (3, 1));
    assert!(format!("{semaphore:?}").starts_with("Semaphore { count: 3, event: "));
}

#[test]
fn the_cell_has_every_function() {
    static CONSTANT: OnceCell<u8> = OnceCell::new();
    assert!(CONSTANT.get().is_none() && !OnceCell::is_initialized(&CONSTANT));
    let mut cell = OnceCell::default();
    assert_eq!(format!("{cell:?}"), "OnceCell(<uninitialized>)");
    run(async {
        assert!(!is_ready(OnceCell::wait(&cell)));
        assert_eq!(
            OnceCell::get_or_try_init(&cell, || async { Err("failed") }).await,
            Err("failed")
        );
        assert_eq!(*OnceCell::get_or_init(&cell, || async { 1 }).await, 1);
        assert_eq!(cell.get_or_try_init(|| async { Err(()) }).await, Ok(&1));
        assert_eq!(OnceCell::set(&cell, 2).await, Err(2));
        assert_eq!(*cell.wait().await, 1);
    });
    assert_eq!((OnceCell::get(&cell), *OnceCell::wait_blocking(&cell)), (Some(&1), 1));
    // SAFETY: it is full.
    assert_eq!(*unsafe { OnceCell::get_unchecked(&cell) }, 1);
    assert_eq!(format!("{cell:?}"), "OnceCell(1)");
    *OnceCell::get_mut(&mut cell).unwrap() += 1;
    assert_eq!(OnceCell::take(&mut cell), Some(2));
    assert_eq!(OnceCell::get_or_try_init_blocking(&cell, || Err("failed")), Err("failed"));
    assert_eq!(*OnceCell::get_or_init_blocking(&cell, || 3), 3);
    assert_eq!(OnceCell::set_blocking(&cell, 4), Err(4));
    assert_eq!(OnceCell::try_set(&cell, 4), Err(4));
    assert_eq!((OnceCell::into_inner(cell), OnceCell::from(5).into_inner()), (Some(3), Some(5)));
    assert_eq!(run(CONSTANT.set(6)), Ok(&6));
}

#[test]
fn the_barrier_has_every_function() {
    static CONSTANT: Barrier = Barrier::new(1);
    let alone: BarrierWaitResult = Barrier::wait_blocking(&CONSTANT);
    assert!(BarrierWaitResult::is_leader(&alone) && run(CONSTANT.wait()).clone().is_leader());
    let barrier = Barrier::new(2);
    assert!(format!("{barrier:?}").starts_with("Barrier { n: 2,"));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            let other =
                scope.spawn(|| (0..9).filter(|_| barrier.wait_blocking().is_leader()).count());
            let wait: BarrierWait<'_> = Barrier::wait(&barrier);
            assert_eq!(format!("{wait:?}"), "BarrierWait { .. }");
            let leads = usize::from(run(wait).is_leader());
            let led = (1..9).filter(|_| run(barrier.wait()).is_leader()).count();
            assert_eq!(leads + led + other.join().unwrap(), 9);
        }
    });
}
