//! What the per-VMA lock costs and what it is worth, side by side in one run.
//!
//! ```text
//! cargo bench -p vmalock [-- part of a row's name]
//! ```
//!
//! Rows are compared with their first line. Times are for one thread, warm and uncontended, unless
//! the row says otherwise. The tables are to be read, not asserted: no test depends on a time.

mod churn;
mod find;
mod memory;
mod padding;
mod pair;
mod rounds;
mod shared;
mod table;
mod writer;

use std::env;

/// A name, and what prints the table under it.
type Row = (&'static str, fn(&str));

fn main() {
    let part = env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
    let rows: [Row; 12] = [
        ("read lock and unlock of one VMA", pair::compare),
        ("find, lock and unlock among 10", find::compare::<10>),
        ("find, lock and unlock among 1,000", find::compare::<1_000>),
        ("find, lock and unlock among 100,000", find::compare::<100_000>),
        ("1 reader, maps and unmaps elsewhere", |name| churn::compare(name, 1, 0)),
        ("2 readers, maps and unmaps elsewhere", |name| churn::compare(name, 2, 0)),
        ("1 reader, changes elsewhere of 5 µs each", |name| churn::compare(name, 1, 5)),
        ("2 readers, changes elsewhere of 5 µs each", |name| churn::compare(name, 2, 5)),
        ("write-lock k of 1,000, release all", writer::compare),
        ("2 threads, one VMA", shared::compare),
        ("2 threads, neighbouring VMAs", padding::compare),
        ("bytes of a VMA", memory::show),
    ];
    for (name, compare) in rows.into_iter().filter(|(name, _)| name.contains(&part)) {
        compare(name);
    }
}
