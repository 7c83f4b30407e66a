//! The address space that users get, index and pool and all: 12, 13, 14, 16, 24, 30.

use std::sync::Arc;

use shuttle::rand::{Rng, thread_rng};

use shuttle::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use crate::lock::Patience;
use crate::mm::Mm;
use crate::model::{explore, spawn};
use crate::pool::Pool;
use crate::space::AddressSpace;

/// The address space of a VMA, and its bounds at the last change: told in two stores, between which
/// another thread may run.
#[derive(Debug)]
struct Payload {
    space: usize,
    start: AtomicUsize,
    end: AtomicUsize,
}

impl Payload {
    fn new(space: usize, start: usize, end: usize) -> Payload {
        Payload { space, start: start.into(), end: end.into() }
    }

    fn get(&self) -> (usize, usize, usize) {
        (self.space, self.start.load(SeqCst), self.end.load(SeqCst))
    }

    fn set(&self, start: usize, end: usize) {
        self.start.store(start, SeqCst);
        self.end.store(end, SeqCst);
    }
}

impl Clone for Payload {
    fn clone(&self) -> Payload {
        let (space, start, end) = self.get();
        Payload::new(space, start, end)
    }
}

/// Addresses 0..4 are mapped for ever, the others come and go.
fn space(number: usize, pool: &Arc<Pool<Payload>>) -> Arc<Mm<Payload>> {
    let mm = Mm::with_pool(pool);
    let mut writer = mm.mmap_write_lock();
    writer.insert(0..4, Payload::new(number, 0, 4)).unwrap();
    writer.insert(4..12, Payload::new(number, 4, 12)).unwrap();
    drop(writer);
    Arc::new(mm)
}

/// Cuts, removes, puts in and joins what is above 4; tells each payload its bounds.
fn change(mm: &Mm<Payload>, number: usize) {
    for _ in 0..3 {
        let start = 4 + thread_rng().gen_range(0..6);
        let mut writer = mm.mmap_write_lock();
        if writer.unmap(start..start + 2).unwrap().is_empty() {
            writer.insert(start..start + 2, Payload::new(number, start, start + 2)).unwrap();
        } else if start > 4
            && let (Some(lower), Some(upper)) = (writer.find(start - 1), writer.find(start + 2))
        {
            let lower_end = start + 1;
            writer.expand(lower, lower.start()..lower_end).unwrap();
            writer.expand(upper, lower_end..upper.end()).unwrap();
            if thread_rng().gen_bool(0.5) {
                writer.merge(lower, upper).unwrap();
            }
        }
        let vmas: Vec<_> = writer.vmas(4..12).collect();
        for vma in vmas {
            writer.payload_mut(vma).unwrap().set(vma.start(), vma.end());
        }
    }
}

fn read(mm: &Mm<Payload>, number: usize) {
    for _ in 0..3 {
        let address = thread_rng().gen_range(0..12);
        if let Some(vma) = mm.lock_vma_under_rcu(address) {
            assert_eq!(vma.get(), (number, vma.start(), vma.end()));
            assert!((vma.start()..vma.end()).contains(&address));
        }
        match mm.lock_next_vma(address, &Patience::forever()).unwrap() {
            Some(vma) => {
                assert_eq!(vma.get(), (number, vma.start(), vma.end()));
                assert!(vma.end() > address && (address >= 4 || vma.start() == 0));
            }
            None => assert!(address >= 4),
        }
        assert_eq!(mm.vma_start_read_unlocked(2).unwrap().get(), (number, 0, 4));
    }
}

/// Two address spaces that share their slots, each with a reader and a writer.
#[test]
fn readers_of_two_address_spaces_get_whole_vmas_of_their_own() {
    explore(|| {
        let pool = Pool::new();
        let spaces = [0, 1].map(|number| space(number, &pool));
        let threads: Vec<_> = (0..4)
            .map(|thread| {
                let (number, mm) = (thread % 2, spaces[thread % 2].clone());
                spawn(move || if thread < 2 { read(&mm, number) } else { change(&mm, number) })
            })
            .collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        drop(spaces);
        assert_eq!(pool.free(), pool.slots());
    });
}
