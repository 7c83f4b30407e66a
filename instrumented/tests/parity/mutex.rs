//! What a mutex does.

use std::error::Error;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;

use super::{Named, give_up, panics};
use crate::sync::{Arc, LockResult, Mutex, MutexGuard, PoisonError, TryLockError, TryLockResult};

static COUNT: Mutex<u32> = Mutex::new(0);
static MADE: Mutex<Option<&str>> = made_in_a_constant();
static SLOTS: [Mutex<Vec<u8>>; 3] = [const { Mutex::new(Vec::new()) }; 3];

const fn made_in_a_constant() -> Mutex<Option<&'static str>> {
    Mutex::new(Some("const"))
}

fn poisoned<T>(value: T) -> Mutex<T> {
    let mutex = Mutex::new(value);
    panics(|| {
        let _guard = mutex.lock().unwrap();
        give_up();
    });
    mutex
}

#[test]
fn a_guard_reads_writes_and_unlocks() {
    let mutex = Mutex::new(1);
    *mutex.lock().unwrap() += 1;
    assert_eq!(*mutex.lock().unwrap(), 2);
}

#[test]
fn a_mutex_works_in_a_static_and_in_a_constant() {
    assert_eq!(*MADE.lock().unwrap(), Some("const"));
    *COUNT.lock().unwrap() = 7;
    assert_eq!(*COUNT.lock().unwrap(), 7);
    SLOTS[1].lock().unwrap().push(1);
    assert_eq!(SLOTS.each_ref().map(|slot| slot.lock().unwrap().len()), [0, 1, 0]);
}

#[test]
fn no_increment_of_many_threads_is_lost() {
    let mutex = Arc::new(Mutex::new(0));
    let threads = [(); 4].map(|()| {
        let mutex = Arc::clone(&mutex);
        thread::spawn(move || (0..500).for_each(|_| *mutex.lock().unwrap() += 1))
    });
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(*mutex.lock().unwrap(), 2000);
}

#[test]
fn a_try_lock_of_a_held_mutex_would_block() {
    let mutex = Mutex::new(0);
    let guard = mutex.lock().unwrap();
    assert!(matches!(mutex.try_lock(), Err(TryLockError::WouldBlock)));
    drop(guard);
    *mutex.try_lock().unwrap() = 5;
    assert_eq!(mutex.into_inner().unwrap(), 5);
}

#[test]
fn a_forgotten_guard_leaves_the_mutex_locked() {
    let mutex = Mutex::new(0);
    std::mem::forget(mutex.lock().unwrap());
    assert!(matches!(mutex.try_lock(), Err(TryLockError::WouldBlock)));
}

#[test]
fn a_panicking_holder_poisons() {
    let mutex = poisoned(3);
    assert!(mutex.is_poisoned());
    assert_eq!(**mutex.lock().unwrap_err().get_ref(), 3);
    assert_eq!(*mutex.lock().unwrap_or_else(PoisonError::into_inner), 3);
    match mutex.try_lock() {
        Err(TryLockError::Poisoned(mut error)) => **error.get_mut() += 1,
        other => panic!("not poisoned: {other:?}"),
    }
    let held = mutex.lock().unwrap_err();
    assert!(matches!(mutex.try_lock(), Err(TryLockError::WouldBlock)));
    assert_eq!(*held.into_inner(), 4);
}

#[test]
fn a_panicking_thread_poisons() {
    let mutex = Arc::new(Mutex::new(0));
    let theirs = Arc::clone(&mutex);
    thread::spawn(move || {
        let _guard = theirs.lock().unwrap();
        give_up();
    })
    .join()
    .unwrap_err();
    assert!(mutex.is_poisoned());
}

#[test]
fn cleared_poison_is_gone() {
    let mutex = poisoned(0);
    mutex.clear_poison();
    assert!(!mutex.is_poisoned());
    assert_eq!(*mutex.lock().unwrap(), 0);
}

#[test]
fn a_mutex_locked_and_unlocked_while_unwinding_is_not_poisoned() {
    struct LocksOnDrop<'a>(&'a Mutex<u32>);
    impl Drop for LocksOnDrop<'_> {
        fn drop(&mut self) {
            *self.0.lock().unwrap() += 1;
        }
    }
    let mutex = Mutex::new(0);
    panics(|| {
        let _late = LocksOnDrop(&mutex);
        give_up();
    });
    assert_eq!(*mutex.lock().unwrap(), 1);
}

#[test]
fn an_owner_needs_no_lock() {
    let mut mutex = Mutex::new(String::from("a"));
    mutex.get_mut().unwrap().push('b');
    assert_eq!(mutex.into_inner().unwrap(), "ab");
}

#[test]
fn an_owner_is_told_of_poison() {
    let mut mutex = poisoned(1);
    **mutex.get_mut().unwrap_err().get_mut() += 1;
    assert_eq!(mutex.into_inner().unwrap_err().into_inner(), 2);
}

#[test]
fn the_payload_is_dropped_once() {
    struct Counts<'a>(&'a AtomicUsize);
    impl Drop for Counts<'_> {
        fn drop(&mut self) {
            self.0.fetch_add(1, Relaxed);
        }
    }
    let drops = AtomicUsize::new(0);
    drop(Mutex::new(Counts(&drops)));
    assert_eq!(drops.load(Relaxed), 1);
    let inner = Mutex::new(Counts(&drops)).into_inner().unwrap();
    assert_eq!(drops.load(Relaxed), 1);
    drop(inner);
    assert_eq!(drops.load(Relaxed), 2);
}

#[test]
fn a_mutex_is_made_by_default_and_from_its_payload() {
    assert_eq!(Mutex::<u8>::default().into_inner().unwrap(), 0);
    assert_eq!(Mutex::from(4).into_inner().unwrap(), 4);
    let into: Mutex<&str> = "text".into();
    assert_eq!(into.into_inner().unwrap(), "text");
    let many: Vec<_> = (0..3).map(Mutex::new).collect();
    assert_eq!(many.iter().map(|one| *one.lock().unwrap()).sum::<i32>(), 3);
}

#[test]
fn a_mutex_prints_as_the_real_one_does() {
    let ours = Mutex::new(Named("x"));
    let real = std::sync::Mutex::new(Named("x"));
    assert_eq!(format!("{ours:?}"), r#"Mutex { data: Named("x"), poisoned: false, .. }"#);
    assert_eq!(format!("{ours:#?}"), format!("{real:#?}"));
    let (our_guard, real_guard) = (ours.lock().unwrap(), real.lock().unwrap());
    assert_eq!(format!("{ours:?}"), r#"Mutex { data: "<locked>", poisoned: false, .. }"#);
    assert_eq!(format!("{ours:#?}"), format!("{real:#?}"));
    assert_eq!(format!("{our_guard:?} {our_guard:>3}"), r#"Named("x")   x"#);
    assert_eq!(format!("{our_guard:#?}"), format!("{real_guard:#?}"));
    assert_eq!(
        format!("{:?}", poisoned(Named("y"))),
        r#"Mutex { data: Named("y"), poisoned: true, .. }"#
    );
}

#[test]
fn errors_are_the_real_ones_and_carry_the_guard() {
    fn bump(mutex: &Mutex<u32>) -> Result<u32, PoisonError<MutexGuard<'_, u32>>> {
        let mut guard = mutex.lock()?;
        *guard += 1;
        Ok(*guard)
    }
    fn take(mutex: &Mutex<u32>) -> Result<u32, TryLockError<MutexGuard<'_, u32>>> {
        Ok(*mutex.try_lock()?)
    }
    assert_eq!(bump(&Mutex::new(0)).unwrap(), 1);
    let ours = poisoned(1);
    let real = std::sync::Mutex::new(1);
    panics(|| {
        let _guard = real.lock().unwrap();
        give_up();
    });
    let (our_error, real_error) = (bump(&ours).unwrap_err(), real.lock().unwrap_err());
    assert_eq!(our_error.to_string(), real_error.to_string());
    assert_eq!(format!("{our_error:?}"), format!("{real_error:?}"));
    assert_eq!(take(&ours).unwrap_err().to_string(), real.try_lock().unwrap_err().to_string());
}

#[test]
fn signatures_are_the_real_ones() {
    let _: fn(u8) -> Mutex<u8> = Mutex::new;
    let _: for<'a> fn(&'a Mutex<str>) -> LockResult<MutexGuard<'a, str>> = Mutex::lock;
    let _: for<'a> fn(&'a Mutex<str>) -> TryLockResult<MutexGuard<'a, str>> = Mutex::try_lock;
    let _: fn(&Mutex<str>) -> bool = Mutex::is_poisoned;
    let _: fn(&Mutex<str>) = Mutex::clear_poison;
    let _: fn(Mutex<u8>) -> LockResult<u8> = Mutex::into_inner;
    let _: for<'a> fn(&'a mut Mutex<str>) -> LockResult<&'a mut str> = Mutex::get_mut;
    let _: fn(PoisonError<MutexGuard<'static, u8>>) -> Box<dyn Error> = Into::into;
    let _: fn(u8) -> Mutex<u8> = From::from;
    let _: fn() -> Mutex<u8> = Default::default;
}
