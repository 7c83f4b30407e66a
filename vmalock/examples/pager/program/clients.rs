//! The clients: use the memory as if it were there, and check every word.

use std::sync::atomic::{AtomicBool, Ordering};

use super::layout::{PAGES, SNAPSHOTS, VIEWS, WORDS, snapshot_of};
use super::pager::Pager;
use super::random::Random;

/// What a client found.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Checked {
    pub(crate) words: u64,
    pub(crate) wrong: u64,
}

/// Reads views. A word must be of its page and of a snapshot that was shown between a moment
/// before the read and one after.
pub(crate) fn read(pager: &Pager, seed: u64, is_over: &AtomicBool) -> Checked {
    let mut random = Random::new(seed + 100);
    let mut checked = Checked::default();
    while !is_over.load(Ordering::Relaxed) {
        let page = random.below(VIEWS);
        let state = &pager.states[page];
        for word in 0..WORDS {
            let oldest = state.settled.load(Ordering::SeqCst);
            let value = pager.region.word(page, word).load(Ordering::SeqCst);
            let newest = state.announced.load(Ordering::SeqCst);
            let is_shown = |snapshot| (oldest..=newest).any(|view| view % SNAPSHOTS == snapshot);
            checked.words += 1;
            checked.wrong += u64::from(!snapshot_of(value, page, word).is_some_and(is_shown));
        }
    }
    checked
}

/// Counts all words of its own ledgers up, again and again. None may be lost.
pub(crate) fn write(pager: &Pager, at: usize, writers: usize, is_over: &AtomicBool) -> Checked {
    let mut checked = Checked::default();
    for pass in 0.. {
        for page in (VIEWS + at..PAGES).step_by(writers) {
            for word in 0..WORDS {
                let word = pager.region.word(page, word);
                checked.wrong += u64::from(word.load(Ordering::Relaxed) != pass);
                word.store(pass + 1, Ordering::Relaxed);
                checked.words += 1;
            }
        }
        if is_over.load(Ordering::Relaxed) {
            break;
        }
    }
    checked
}
