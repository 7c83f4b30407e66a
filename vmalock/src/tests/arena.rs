//! What stays where it is, and how far apart.

use std::cell::Cell;
use std::collections::HashSet;
use std::thread;

use crate::arena::Arena;
use crate::pool::Pool;
use crate::vma::Vma;

/// Adds its number to a sum when it is dropped.
struct Counted<'a>(usize, &'a Cell<usize>);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.1.set(self.1.get() + self.0);
    }
}

#[test]
fn values_stay_where_they_are_and_are_dropped_once() {
    let len = if cfg!(miri) { 100 } else { 10_000 };
    let sum = Cell::new(0);
    let mut arena = Arena::new(1);
    let places: Vec<_> = (1..=len).map(|number| arena.put(Counted(number, &sum))).collect();
    assert_eq!(arena.len(), len);
    for (at, place) in places.iter().enumerate() {
        // SAFETY: the arena has the value.
        assert_eq!(unsafe { place.as_ref() }.0, at + 1);
    }
    assert_eq!(sum.get(), 0);
    drop(arena);
    assert_eq!(sum.get(), len * (len + 1) / 2);
}

#[test]
fn an_arena_without_values_has_nothing_to_free() {
    let arena = Arena::<u64>::new(128);
    assert_eq!(arena.len(), 0);
}

#[test]
fn values_larger_than_a_chunk_have_one_each() {
    const LARGE: usize = 3 << 20;
    let fill = || {
        let mut arena = Arena::<[u8; LARGE]>::new(128);
        // SAFETY: the value has just been put in.
        let last = [1, 2].map(|byte| unsafe { arena.put([byte; LARGE]).as_ref() }[LARGE - 1]);
        assert_eq!((last, arena.len()), ([1, 2], 2));
    };
    // Such values pass over the stack.
    let thread = thread::Builder::new().stack_size(64 << 20).spawn(fill).expect("a thread more");
    thread.join().expect("the arena holds large values");
}

/// The addresses of so many slots of a pool.
fn slots<T>(pool: &Pool<T>, len: usize) -> Vec<usize> {
    (0..len).map(|_| std::ptr::from_ref(pool.take()).addr()).collect()
}

#[test]
fn no_two_slots_share_a_pair_of_lines() {
    let len = if cfg!(miri) { 100 } else { 40_000 };
    let pool = Pool::<u64>::new();
    let pairs: HashSet<usize> = slots(&pool, len).iter().map(|slot| slot / 128).collect();
    assert_eq!(pairs.len(), len);
    let pool = Pool::<[u64; 8]>::new();
    let pairs: HashSet<usize> = slots(&pool, len).iter().map(|slot| slot / 128).collect();
    assert_eq!((pairs.len(), size_of::<Vma<[u64; 8]>>()), (len, 128));
}

#[test]
fn slots_lie_in_both_halves_of_their_room() {
    let len = 1_000;
    let slots = slots(&Pool::<u32>::new(), len);
    assert!(slots.iter().all(|slot| slot.is_multiple_of(64)));
    let second = slots.iter().filter(|slot| !slot.is_multiple_of(128)).count();
    assert!((400..=600).contains(&second), "{second} of {len}");
    // Among those that begin at multiples of 256, too: no power of two decides the half.
    let even = slots.iter().filter(|slot| **slot % 256 < 128);
    let second = even.filter(|slot| !slot.is_multiple_of(128)).count();
    assert!((150..=350).contains(&second), "{second} of {}", len / 2);
}

#[test]
fn slots_that_were_given_back_are_used_before_new_ones() {
    let pool = Pool::<u64>::new();
    let first = pool.take();
    let second = pool.take();
    assert_eq!((pool.slots(), pool.free()), (2, 0));
    // SAFETY: taken above, never attached, and given back once.
    unsafe { pool.give_back(first) };
    assert_eq!((pool.slots(), pool.free()), (2, 1));
    assert!(std::ptr::eq(pool.take(), first) && !std::ptr::eq(first, second));
    assert_eq!((pool.slots(), pool.free()), (2, 0));
}
