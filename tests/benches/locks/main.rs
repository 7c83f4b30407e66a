//! What tracking costs, side by side in one run: bare locks of `std`, `parking_lot`, `tracing-mutex`
//! and ours, both around `std`; and, in a second table, ours around `parking_lot`.
//!
//! ```text
//! cargo bench -p tests --bench locks [-- part of a row's name]
//! ```
//!
//! A row about a poll has the same poll without a task in its first column, one about a lock of
//! `tokio` the real one.
//!
//! Everything is warm and uncontended unless the row says otherwise. A number in brackets is for
//! each lock of a nest. Rows without a bare counterpart are what happens once for each new order of
//! two classes; there the column of `tracing-mutex` includes the two locks and unlocks.
//!
//! The table is to be read, not asserted: no test depends on a time.

mod awaited;
mod edges;
mod family;
mod polls;
mod rounds;
mod shapes;
mod table;

use std::env;
use std::process::{Command, ExitCode};

use family::{Family, Instrumented, InstrumentedParkingLot, ParkingLot, Std, TracingMutex};
use table::Target::{self, Both, More, Ratio, Time};

/// How often each family gets its turn.
const ROUNDS: usize = 1_500;
/// The same where a turn starts a thread.
const THREAD_ROUNDS: usize = 400;

/// A shape in four families: the bare one first, ours last.
macro_rules! families {
    ($shape:ident: $($family:ident)*) => {
        [$(shapes::$shape::<$family>()),*]
    };
}

fn main() -> ExitCode {
    // The process's tracker reads its settings from the environment.
    if env::var_os("LOCKDEP").is_none_or(|mode| mode != "report") {
        return run_again_in_report_mode();
    }
    let part = env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
    let wanted = |name: &str| name.contains(&part);
    table::print_head("std", "parking_lot");

    macro_rules! compare {
        ($name:literal, $shape:ident, $nests:literal, $rounds:expr, $target:expr) => {
            if wanted($name) {
                let measured = rounds::measure(
                    &mut families!($shape: Std ParkingLot TracingMutex Instrumented),
                    $rounds,
                );
                table::print_compared($name, &measured, $nests, $target);
            }
        };
    }
    compare!("Mutex, nothing else held", mutex, 1, ROUNDS, Both(1.3, 3.5));
    compare!("RwLock read, nothing else held", read, 1, ROUNDS, Both(1.3, 3.5));
    compare!("RwLock write, nothing else held", write, 1, ROUNDS, Both(1.3, 3.5));
    compare!("nested pair, known order", pair, 2, ROUNDS, Both(1.3, 8.0));
    compare!("depth 8", nest_of_8, 8, ROUNDS, Ratio(1.35));
    compare!("depth 10", nest_of_10, 10, ROUNDS, More(35.0));
    compare!("depth 32", nest_of_32, 32, ROUNDS, More(85.0));
    compare!(
        "nested pair, 2 threads, locks of their own",
        pair_in_two_threads,
        2,
        THREAD_ROUNDS,
        Ratio(1.35)
    );
    compare!("new lock of a known class, nested", newcomer, 2, ROUNDS, Ratio(2.0));
    compare!("the same on the heap", boxed_newcomer, 2, ROUNDS, Target::None);

    compare!("two locks of one class, known order", siblings, 2, ROUNDS, Target::None);

    poll_tasks(wanted);
    await_locks(wanted);
    learn_new_edges(wanted);
    around_parking_lot(wanted);
    if wanted("bytes") {
        let untracked = (bytes::<Std>(), bytes::<ParkingLot>());
        let tracked = (bytes::<TracingMutex>(), bytes::<Instrumented>());
        let families = [untracked.0, untracked.1, tracked.0, tracked.1];
        table::print_bytes("bytes of a Mutex<()>", families, 16);
    }
    ExitCode::SUCCESS
}

/// The rows of the first table that have a bare counterpart, around `parking_lot`.
fn around_parking_lot(wanted: impl Fn(&str) -> bool) {
    if !wanted("parking_lot") {
        return;
    }
    println!();
    table::print_head("parking_lot", "std");
    macro_rules! compare {
        ($($name:literal, $shape:ident, $nests:literal, $rounds:expr, $target:expr;)*) => {$(
            let measured = rounds::measure(
                &mut families!($shape: ParkingLot Std TracingMutex InstrumentedParkingLot),
                $rounds,
            );
            table::print_compared(concat!("parking_lot: ", $name), &measured, $nests, $target);
        )*};
    }
    compare! {
        "Mutex", mutex, 1, ROUNDS, Both(1.3, 3.5);
        "RwLock read", read, 1, ROUNDS, Both(1.3, 3.5);
        "RwLock write", write, 1, ROUNDS, Both(1.3, 3.5);
        "nested pair", pair, 2, ROUNDS, Both(1.3, 8.0);
        "depth 8", nest_of_8, 8, ROUNDS, Ratio(1.35);
        "depth 10", nest_of_10, 10, ROUNDS, More(35.0);
        "depth 32", nest_of_32, 32, ROUNDS, More(85.0);
        "pair, 2 threads", pair_in_two_threads, 2, THREAD_ROUNDS, Ratio(1.35);
        "new lock, nested", newcomer, 2, ROUNDS, Ratio(2.0);
    }
}

/// Async tasks: the first column is the same poll without the wrapper.
fn poll_tasks(wanted: impl Fn(&str) -> bool) {
    let row = |name: &str, slice: fn() -> shapes::Slice, target| {
        if wanted(name) {
            let measured = rounds::measure(&mut [polls::bare(), slice()], ROUNDS);
            table::print_beside(name, measured[0], measured[1], target);
        }
    };
    row("poll through the task wrapper", polls::of_task, More(15.0));
    row("poll of a task that holds an async lock", polls::of_holding_task, Target::None);
}

/// The locks of `tokio`: the first column is the real one.
fn await_locks(wanted: impl Fn(&str) -> bool) {
    use awaited::{bare, ours};
    let row = |name: &str, bare: fn() -> shapes::Slice, ours: fn() -> shapes::Slice, target| {
        if wanted(name) {
            let measured = rounds::measure(&mut [bare(), ours()], ROUNDS);
            table::print_beside(name, measured[0], measured[1], target);
        }
    };
    row("tokio: Mutex", bare::mutex, ours::mutex, Both(1.3, 3.5));
    row("tokio: RwLock read", bare::read, ours::read, Both(1.3, 3.5));
    row("tokio: RwLock write", bare::write, ours::write, Both(1.3, 3.5));
    row("tokio: nested pair", bare::pair, ours::pair, Both(1.3, 8.0));
}

fn learn_new_edges(wanted: impl Fn(&str) -> bool) {
    const FEW: u32 = 1_000;
    const MANY: u32 = 10_000;
    let alone = |name: &str, measure: &dyn Fn() -> (Option<f64>, f64), target| {
        if wanted(name) {
            let (tracing, ours) = measure();
            table::print_alone(name, tracing, ours, target);
        }
    };
    let (few, graph) = (edges::random(FEW), edges::through_graph);
    alone("new edge, 1,000 classes, graph alone", &|| (None, graph(&few)), Time(1e3));
    let both =
        || (Some(edges::through_tracing_mutex(FEW, &few)), edges::through_tracker(FEW, &few));
    alone("new edge, 1,000 classes, whole acquire", &both, Time(1e3));
    let traced = || (None, edges::with_backtraces(FEW, &few, 20));
    alone("the same with a backtrace of 20 frames", &traced, Target::None);
    let orders: [(&str, edges::Ordering); 4] = [
        ("new edge, 10,000 classes, random", edges::random),
        ("new edge, 10,000 classes, chains inserted", edges::chains_inserted),
        ("new edge, 10,000 classes, chains doubled", edges::chains_doubled),
        ("new edge, 10,000 classes, joined around", edges::joined_around),
    ];
    for (name, order) in orders {
        alone(name, &|| (None, graph(&order(MANY))), Time(20e3));
    }
}

fn bytes<F: Family>() -> usize {
    size_of::<F::Mutex>()
}

fn run_again_in_report_mode() -> ExitCode {
    let again = env::current_exe().and_then(|bench| {
        Command::new(bench)
            .args(env::args_os().skip(1))
            .env("LOCKDEP", "report")
            .env_remove("LOCKDEP_OUT")
            .status()
    });
    match again {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("locks: cannot run the benches in a process of their own: {error}");
            ExitCode::FAILURE
        }
    }
}
