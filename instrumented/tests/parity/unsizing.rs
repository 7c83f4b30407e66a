//! Unsized payloads, and what drop check and variance allow.

use std::fmt::{Debug, Display};

use crate::sync::{Arc, Mutex, MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard};

trait Counter: Send + Sync {
    fn next(&mut self) -> u32;
}

struct By(u32, u32);

impl Counter for By {
    fn next(&mut self) -> u32 {
        self.0 += self.1;
        self.0
    }
}

#[test]
fn a_lock_of_a_type_coerces_to_one_of_its_trait() {
    let mutex: Arc<Mutex<dyn Counter>> = Arc::new(Mutex::new(By(0, 2)));
    let clone = Arc::clone(&mutex);
    std::thread::spawn(move || clone.lock().unwrap().next()).join().unwrap();
    assert_eq!(mutex.lock().unwrap().next(), 4);
    let lock: Box<RwLock<dyn Counter>> = Box::new(RwLock::new(By(1, 1)));
    assert_eq!(lock.write().unwrap().next(), 2);
}

#[test]
fn a_lock_of_an_array_coerces_to_one_of_a_slice() {
    let mut mutex: Box<Mutex<[i32]>> = Box::new(Mutex::new([1, 2, 3]));
    mutex.lock().unwrap()[0] = 7;
    mutex.get_mut().unwrap()[1] = 8;
    assert_eq!(*mutex.lock().unwrap(), [7, 8, 3]);
    assert_eq!(format!("{mutex:?}"), "Mutex { data: [7, 8, 3], poisoned: false, .. }");
    let lock: &RwLock<[i32]> = &RwLock::new([1, 2, 3]);
    lock.write().unwrap().reverse();
    assert_eq!(*lock.read().unwrap(), [3, 2, 1]);
    assert_eq!(format!("{lock:?}"), "RwLock { data: [3, 2, 1], poisoned: false, .. }");
}

#[test]
fn guards_of_unsized_payloads_work() {
    let mutex: &Mutex<dyn Debug> = &Mutex::new("text");
    let guard: MutexGuard<'_, dyn Debug> = mutex.try_lock().unwrap();
    assert_eq!(format!("{guard:?}"), "\"text\"");
    let lock: &RwLock<dyn Display> = &RwLock::new("text");
    let writer: RwLockWriteGuard<'_, dyn Display> = lock.write().unwrap();
    let reader: RwLockReadGuard<'_, dyn Display> = RwLockWriteGuard::downgrade(writer);
    assert_eq!(format!("{reader}"), "text");
}

#[test]
#[expect(clippy::needless_late_init, reason = "what is declared first is dropped last")]
fn a_lock_may_outlive_what_its_payload_borrows() {
    let mutex;
    let lock;
    let text = String::from("dropped first");
    mutex = Mutex::new(text.as_str());
    lock = RwLock::new(text.as_str());
    assert_eq!(*mutex.lock().unwrap(), *lock.read().unwrap());
}

#[test]
fn locks_may_refer_to_each_other_in_a_circle() {
    struct Node<'a> {
        next: Mutex<Option<&'a Node<'a>>>,
        back: RwLock<Option<&'a Node<'a>>>,
    }
    let node = || Node { next: Mutex::new(None), back: RwLock::new(None) };
    let (one, two) = (node(), node());
    *one.next.lock().unwrap() = Some(&two);
    *two.back.write().unwrap() = Some(&one);
    *two.next.lock().unwrap() = Some(&one);
    let there = one.next.lock().unwrap().unwrap();
    let back = there.back.read().unwrap().unwrap();
    assert!(std::ptr::eq(back, &one));
}

#[test]
fn a_read_guard_is_covariant_in_its_payload_and_every_guard_in_its_lifetime() {
    static MUTEX: Mutex<u8> = Mutex::new(1);
    static LOCK: RwLock<u8> = RwLock::new(2);
    fn payload<'a>(guard: RwLockReadGuard<'a, &'static str>) -> RwLockReadGuard<'a, &'a str> {
        guard
    }
    fn mutex<'a>(guard: MutexGuard<'static, u8>, _: &'a u8) -> MutexGuard<'a, u8> {
        guard
    }
    fn read<'a>(guard: RwLockReadGuard<'static, u8>, _: &'a u8) -> RwLockReadGuard<'a, u8> {
        guard
    }
    fn write<'a>(guard: RwLockWriteGuard<'static, u8>, _: &'a u8) -> RwLockWriteGuard<'a, u8> {
        guard
    }
    let short = 0;
    assert_eq!(*payload(RwLock::new("static").read().unwrap()), "static");
    assert_eq!(*mutex(MUTEX.lock().unwrap(), &short), 1);
    assert_eq!(*read(LOCK.read().unwrap(), &short), 2);
    assert_eq!(*write(LOCK.write().unwrap(), &short), 2);
}
