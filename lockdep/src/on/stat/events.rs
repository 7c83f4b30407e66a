//! The switch, and the events of a thread whose locks are timed.

use std::panic::Location;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};

use parking_lot::{Mutex, MutexGuard};

use crate::how::How;
use crate::on::map::Word;
use crate::on::process;
use crate::on::stat::shard::{self, Shard, Spare};
use crate::on::stat::table::Table;
use crate::on::stat::{clock, output};
use crate::on::task::Task;

static ON: AtomicBool = AtomicBool::new(false);
/// How many forks lie between the first process and this one.
static GENERATION: AtomicU32 = AtomicU32::new(0);
/// Entered only where allocating is allowed, so that who waits for it holds no allocator's lock.
static TABLE: Mutex<Table> = Mutex::new(Table::new());

/// Whether holds are timed.
#[inline]
pub(crate) fn is_on() -> bool {
    ON.load(Relaxed)
}

/// From now on holds are timed. Allocates.
pub(crate) fn switch_on() {
    clock::now();
    ON.store(true, Relaxed);
}

pub(super) fn generation() -> u32 {
    GENERATION.load(Relaxed)
}

/// This process is a child of `fork`: what its parent counted is not its own.
pub(crate) fn reset_in_child() {
    GENERATION.fetch_add(1, Relaxed);
}

/// The table of this process.
pub(super) fn table() -> MutexGuard<'static, Table> {
    let mut table = TABLE.lock();
    table.begin(generation());
    table
}

/// [`table`], for somebody who cannot wait for ever.
pub(super) fn table_soon() -> Option<MutexGuard<'static, Table>> {
    let mut table = TABLE.try_lock_for(output::AT_EXIT)?;
    table.begin(generation());
    Some(table)
}

/// The task is about to take a lock: the last moment at which memory can be made.
pub(crate) fn before(task: &Task, entry: Word) {
    if !is_on() || !entry.is_resolved() || task.holds_own() {
        return;
    }
    let node = entry.node();
    let known = shard::mine().and_then(|shard| {
        let look = |inner: &mut shard::Inner| (inner.has_room(node), inner.is_full(), inner.latest);
        shard.with(look)
    });
    match known {
        Some((true, false, latest)) if !output::is_due(latest) => {}
        _ => process::quietly(|| prepare(node)),
    }
}

/// Counts what ended, makes room, writes if it is time.
fn prepare(node: crate::on::registry::Node) {
    let Some(shard) = shard::mine().or_else(shard::take) else {
        return;
    };
    if shard.with(|inner| inner.is_full()) == Some(true) {
        shard.count(&mut table(), None, &mut Spare::new());
    }
    let latest = shard.with(|inner| {
        if !inner.has_room(node) {
            inner.make_room(node);
        }
        inner.latest
    });
    if latest.is_some_and(output::is_due) {
        output::write_now();
    }
}

/// The task has obtained a lock.
pub(crate) fn acquired(entry: Word, site: &'static Location<'static>) {
    if is_on() && entry.is_resolved() {
        let now = clock::now();
        shard::mine().map(|shard| shard.with(|inner| inner.begin(entry, site, now)));
    }
}

/// The task must wait for a lock that counted as obtained.
pub(crate) fn contended(lock: u64) {
    if is_on() {
        let now = clock::now();
        shard::mine().map(|shard| shard.with(|inner| inner.take_back(lock, now)));
    }
}

/// The task must wait for a lock that it only announced.
pub(crate) fn waits(lock: u64) {
    if is_on() {
        let now = clock::now();
        shard::mine().map(|shard| shard.with(|inner| inner.wait(lock, now)));
    }
}

/// The task is about to release a lock.
pub(crate) fn closed(task: &Task, lock: u64) {
    if !is_on() {
        return;
    }
    let now = clock::now();
    let may_unwind = !task.holds_own();
    let mine = shard::mine();
    let closed = match mine {
        None => Some(false),
        Some(shard) => shard.with(|inner| inner.release(lock, now, may_unwind)),
    };
    // A guard may have been given to this thread.
    if closed == Some(false) && may_unwind {
        let is_other = |shard: &&&Shard| mine.is_none_or(|mine| !std::ptr::eq(mine, **shard));
        process::quietly(|| {
            shard::all().iter().filter(is_other).any(|shard| shard.end_other(lock, now))
        });
    }
}

/// A lock is destroyed: whoever held it never releases it.
pub(crate) fn forgotten(lock: u64) {
    if is_on() {
        shard::mine().map(|shard| shard.with(|inner| inner.forget(lock)));
    }
}

/// The task holds a lock otherwise from now on.
pub(crate) fn downgraded(word: Word) {
    if is_on() {
        let entry = word.held(How::SHARED);
        let now = clock::now();
        shard::mine().map(|shard| shard.with(|inner| inner.turn(entry.lock(), entry, now)));
    }
}

/// Counts what all threads have ended so far; with `now`, what they hold counts as ended then.
pub(super) fn collect(table: &mut Table, now: Option<u64>) {
    let mut spare = Spare::new();
    for shard in shard::all() {
        shard.count(table, now, &mut spare);
    }
}

/// The thread is at its end: what it still holds it never releases.
pub(crate) fn end_thread() {
    let Some(shard) = shard::leave() else {
        return;
    };
    process::quietly(|| shard.count(&mut table(), Some(clock::now()), &mut Spare::new()));
    shard.give_back();
}
