//! Readers without the mmap lock, while a writer changes what they look for.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, TryRecvError};
use std::thread;

use vmalock::lock::Patience;
use vmalock::{AddressSpace, Mm, Pool};

use crate::random::Random;

/// Where the payload's VMA began and ended when it was last write-locked, and a mark of its address
/// space. The number in the middle is changed in steps that a reader must never see.
#[derive(Clone, Debug)]
struct Mark {
    space: usize,
    start: usize,
    end: usize,
    halves: (u64, u64),
}

const PAGE: usize = 16;
const SPACE: usize = 64 * PAGE;

/// Random changes of one address space. Ranges of even pages' thirds stay for ever.
fn change(mm: &Mm<Mark>, space: usize, seed: u64, rounds: usize) {
    let mut random = Random::new(seed);
    for round in 0..rounds as u64 {
        let page = |random: &mut Random| random.below(SPACE / PAGE / 4) * 4 * PAGE;
        let low = page(&mut random) + PAGE;
        let range = low..low + (1 + random.below(3)) * PAGE;
        let mut writer = mm.mmap_write_lock();
        if random.below(3) == 0 {
            writer.unmap(range.clone()).expect("the range is good");
        } else if writer.vmas(range.clone()).next().is_none() {
            let payload = Mark { space, start: 0, end: 0, halves: (round, round) };
            writer.insert(range.clone(), payload).expect("nothing is there");
        }
        // After a cut the bounds in the neighbours' payloads are out of date.
        let around = low - PAGE..low + 4 * PAGE;
        let touched: Vec<_> = writer.vmas(around).collect();
        for vma in touched {
            let (start, end) = (vma.start(), vma.end());
            let mark = writer.payload_mut(vma).expect("it is attached");
            mark.halves.0 = round;
            (mark.start, mark.end) = (start, end);
            std::hint::spin_loop();
            mark.halves.1 = round;
        }
    }
}

/// Looks addresses up and checks what the lock promises; gives how many it got.
fn read(mm: &Mm<Mark>, space: usize, seed: u64, is_over: &AtomicBool) -> usize {
    let mut random = Random::new(seed);
    let mut got = 0;
    while !is_over.load(Ordering::Relaxed) {
        let address = random.below(SPACE);
        let vma = match random.below(3) {
            0 => mm.lock_vma_under_rcu(address),
            1 => mm.lock_next_vma(address, &Patience::forever()).expect("nobody cancels"),
            _ => mm.vma_start_read_unlocked(address).ok(),
        };
        let Some(vma) = vma else { continue };
        let before = vma.halves;
        assert!(vma.end() > address);
        assert_eq!((vma.space, vma.start, vma.end), (space, vma.start(), vma.end()));
        assert_eq!(before.0, before.1, "a change was seen half done");
        assert_eq!(before, vma.halves, "a change was made under a reader");
        got += 1;
    }
    got
}

/// Four VMAs at the bottom of each group of pages never go.
fn settle(mm: &Mm<Mark>, space: usize) {
    let mut writer = mm.mmap_write_lock();
    for start in (0..SPACE).step_by(4 * PAGE) {
        let end = start + PAGE;
        writer.insert(start..end, Mark { space, start, end, halves: (0, 0) }).expect("it is free");
    }
}

#[test]
fn readers_see_whole_changes_of_the_vma_that_they_asked_for() {
    const ROUNDS: usize = if cfg!(miri) { 60 } else { 20_000 };
    let pool = Pool::new();
    let spaces = [Mm::with_pool(&pool), Mm::with_pool(&pool)];
    spaces.iter().enumerate().for_each(|(at, mm)| settle(mm, at));
    let (is_over, got) = (AtomicBool::new(false), AtomicUsize::new(0));
    let (spaces_of, is_over_of, got_of) = (&spaces, &is_over, &got);
    thread::scope(|scope| {
        for reader in 0..4 {
            let reading = move || {
                let read = read(&spaces_of[reader % 2], reader % 2, reader as u64 + 1, is_over_of);
                got_of.fetch_add(read, Ordering::Relaxed);
            };
            scope.spawn(reading);
        }
        let writers = [0, 1].map(|space| {
            scope.spawn(move || change(&spaces_of[space], space, space as u64 + 9, ROUNDS))
        });
        let ends = writers.map(|writer| writer.join());
        is_over.store(true, Ordering::Relaxed);
        ends.into_iter().for_each(|end| end.expect("a writer panicked"));
    });
    assert!(got.load(Ordering::Relaxed) > 0);
    for mm in &spaces {
        let counts = mm.mm().counters().counts();
        assert_eq!(counts.success, 0, "success is the caller's to count");
        for start in (0..SPACE).step_by(4 * PAGE) {
            assert!(mm.lock_vma_under_rcu(start).is_some());
        }
    }
}

#[test]
fn a_removal_waits_for_the_readers_of_its_range_and_for_no_others() {
    let mm = Mm::new();
    let mut writer = mm.mmap_write_lock();
    writer.insert(0..10, 'a').expect("nothing is there yet");
    writer.insert(10..20, 'b').expect("nothing is there yet");
    drop(writer);
    let reader = mm.lock_vma_under_rcu(0).expect("it was put in");
    let (told, hear) = mpsc::channel();
    thread::scope(|scope| {
        let mm = &mm;
        scope.spawn(move || {
            let mut writer = mm.mmap_write_lock();
            assert_eq!(writer.unmap(10..20).expect("the range is good"), [(10..20, 'b')]);
            told.send("b").expect("the main thread listens");
            assert_eq!(writer.unmap(0..10).expect("the range is good"), [(0..10, 'a')]);
            told.send("a").expect("the main thread listens");
        });
        assert_eq!(hear.recv(), Ok("b"));
        // Once nobody else gets in the writer waits for us, and we still read.
        while mm.lock_vma_under_rcu(0).is_some() {
            thread::yield_now();
        }
        assert_eq!((*reader, hear.try_recv()), ('a', Err(TryRecvError::Empty)));
        drop(reader);
        assert_eq!(hear.recv(), Ok("a"));
    });
    assert!(mm.lock_vma_under_rcu(0).is_none());
}
