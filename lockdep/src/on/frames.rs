//! Which functions of a stack are the user's own.
//!
//! A stack that is taken inside the tracker begins with the tracker and the lock that calls it,
//! ends with the runtime that started the thread, and has the standard library in between wherever
//! it calls back. What is left without these is what a reader knows: the program's own functions
//! and those of the crates it uses.
//!
//! Functions are judged by the crate that defines them, as their names tell it, and by the file:
//! `<app::Job as ToString>::to_string` looks like the user's, but its file is the standard
//! library's. Closures stay with the function they are written in.

use crate::on::report::{Implementation, implementation, is_toolchain, split};
use crate::violation::Frame;

/// Crates of the tracker and of the lock types that feed it.
const TRACKER: [&str; 3] = ["lockdep", "instrumented", "vmalock"];
/// In the names of files that make up a crate in the place of one of the program's. Such a crate's
/// functions are called what the real ones are.
const FACADES: &str = "/instrumented/facade/../src/";
/// What the tracker calls, and may be called back from.
const USED_BY_TRACKER: [&str; 6] =
    ["backtrace", "dashmap", "hashbrown", "once_cell", "parking_lot", "parking_lot_core"];
/// The standard library; `std` is also what the crate in its place is called.
const STANDARD: [&str; 6] = ["std", "core", "alloc", "proc_macro", "test", "__rustc"];
/// Crates that poll tasks. What they call between a thread's own code and a task's is theirs.
const EXECUTORS: [&str; 1] = ["tokio"];
/// In the names of functions through which a task is polled.
const POLLS: &str = "lockdep::on::task::";
/// Functions without a path that start a program or a thread.
const ENTRY: [&str; 9] = [
    "main",
    "_start",
    "__libc_start_main",
    "__libc_start_call_main",
    "start_thread",
    "thread_start",
    "clone",
    "clone3",
    "<unknown>",
];

/// Whose function it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    User,
    Tracker,
    UsedByTracker,
    Standard,
    Runtime,
}

/// The user's own frames of a whole stack, innermost first.
///
/// If none is the user's, all are kept but the tracker's: a stack that says little is better than
/// none.
pub fn trim(mut frames: Vec<Frame>) -> Vec<Frame> {
    frames.drain(..tracker_end(&frames));
    let begin = frames.iter().position(|frame| begins_task(&frame.function));
    let body = &frames[..begin.unwrap_or(frames.len())];
    let polled = body.iter().position(|frame| frame.function.contains(POLLS));
    let polled = polled.unwrap_or(body.len());
    let own = |(index, frame): &(usize, &Frame)| {
        let is_own = matches!(origin(frame), Origin::User | Origin::UsedByTracker);
        is_own && !(*index > polled && is_executors(&frame.function))
    };
    let own: Vec<Frame> =
        body.iter().enumerate().filter(own).map(|(_, frame)| frame.clone()).collect();
    if own.is_empty() {
        frames.retain(|frame| origin(frame) != Origin::Tracker);
        return frames;
    }
    own
}

/// How many frames between the place of a hold and the function that still runs are believed.
const RETURNED: usize = 2;

/// What is certain of the stack under a hold, given the stack of the later acquire.
///
/// A stack is kept once for each chain of locks at one place, so the one kept for a hold may be that
/// of an earlier hold, which came to the same place by another way. The function that still runs
/// when the second lock is wanted settles it: below that function both stacks are one, and the
/// later one is the true one. A kept stack that has no such function near its top came by another
/// way; of it only the place itself is certain.
///
/// Both stacks are trimmed and innermost first.
#[must_use]
pub fn of_hold(mut held: Vec<Frame>, wanted: &[Frame]) -> Vec<Frame> {
    // A function that wants the second lock by the very call that took the first is called anew, as
    // one is that many others take their locks by: it says nothing of how the first came about.
    let calls_anew = |frame: &Frame, at: usize| at == 0 && frame.place == wanted[0].place;
    let running = |frame: &Frame| {
        let is_it = |(at, other): (usize, &Frame)| {
            other.function == frame.function && !calls_anew(frame, at)
        };
        wanted.iter().enumerate().position(is_it)
    };
    let returned = held.iter().take(RETURNED + 1).position(|frame| running(frame).is_some());
    match returned {
        Some(returned) => {
            let callers = running(&held[returned]).map_or(&[][..], |at| &wanted[at + 1..]);
            held.truncate(returned + 1);
            held.extend_from_slice(callers);
        }
        None => held.truncate(1),
    }
    held
}

/// Whether the file is one of a crate in the place of one of the program's.
fn is_facade(file: &str) -> bool {
    file.contains(FACADES)
}

/// Whether nobody has trimmed the stack: it still begins inside the tracker.
pub(crate) fn is_whole(frames: &[Frame]) -> bool {
    tracker_end(frames) > 0
}

/// Number of frames at the inner end that belong to the tracker: all up to its last one before the
/// first that is somebody else's.
fn tracker_end(frames: &[Frame]) -> usize {
    let foreign = |frame: &Frame| matches!(origin(frame), Origin::User | Origin::Runtime);
    let top = frames.iter().position(foreign).unwrap_or(frames.len());
    let last = frames[..top].iter().rposition(|frame| origin(frame) == Origin::Tracker);
    last.map_or(0, |last| last + 1)
}

/// Whether the function is where the runtime calls a thread's own code.
fn begins_task(function: &str) -> bool {
    let name = function.rsplit("::").find(|segment| !segment.starts_with('{'));
    let name = name.unwrap_or(function).split('<').next();
    name.is_some_and(|name| name == "__rust_begin_short_backtrace")
}

/// Whether all that the function's name tells of are crates that poll tasks, or below them.
fn is_executors(function: &str) -> bool {
    let mut packages = packages(function).into_iter().filter(|name| !STANDARD.contains(name));
    packages.next().is_some_and(|first| EXECUTORS.contains(&first))
        && packages.all(|package| EXECUTORS.contains(&package))
}

fn origin(frame: &Frame) -> Origin {
    let file = frame.place.as_ref().map(|place| &*place.file);
    if file.is_some_and(is_toolchain) {
        return Origin::Standard;
    }
    if file.is_some_and(is_facade) {
        return Origin::Tracker;
    }
    if is_entry(&frame.function) {
        return Origin::Runtime;
    }
    let mut origin = None;
    for package in packages(&frame.function) {
        let of_package = match package {
            name if TRACKER.contains(&name) => Origin::Tracker,
            name if USED_BY_TRACKER.contains(&name) => Origin::UsedByTracker,
            name if STANDARD.contains(&name) => Origin::Standard,
            // An impl belongs to the crate of its type or of its trait: the user's own, if any is.
            _ => return Origin::User,
        };
        origin = Some(match (origin, of_package) {
            (None | Some(Origin::Standard), other) | (Some(other), _) => other,
        });
    }
    origin.unwrap_or(Origin::User)
}

fn is_entry(function: &str) -> bool {
    let name = function.split('@').next().unwrap_or(function);
    ENTRY.contains(&name) || name.starts_with("__rust_") || name.starts_with("_Unwind_")
}

/// The crates that a function's name tells of: one for a plain path, up to two for an impl, none
/// for a name without path or a type parameter.
fn packages(function: &str) -> Vec<&str> {
    let segments = split(function, "::");
    match implementation(segments[0]) {
        Some(Implementation { self_type, of_trait }) => {
            // The type may be `<T as Trait>::Output` or a path of its own.
            let of_type = packages(self_type).into_iter();
            of_type.chain(of_trait.into_iter().flat_map(packages)).collect()
        }
        None if segments.len() > 1 && is_identifier(segments[0]) => vec![segments[0]],
        None => Vec::new(),
    }
}

/// False for what is no path: `fn() -> app::Job`, `dyn app::Run`.
fn is_identifier(segment: &str) -> bool {
    segment.chars().all(|character| character.is_alphanumeric() || character == '_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::Place;

    fn frame(line: &str) -> Frame {
        let (function, file) = match line.split_once(" @ ") {
            Some((function, file)) => (function, Some(file)),
            None => (line, None),
        };
        let place = |file: &str| Place { file: file.to_string().into(), line: 1, column: 0 };
        Frame { function: function.to_string(), place: file.map(place) }
    }

    fn trimmed(stack: &[&str]) -> Vec<String> {
        let frames = trim(stack.iter().map(|line| frame(line)).collect());
        frames.into_iter().map(|frame| frame.function).collect()
    }

    fn is_own(function: &str) -> bool {
        origin(&frame(function)) == Origin::User
    }

    #[test]
    fn a_replaced_crate_is_told_by_its_file() {
        let facade = "lock_api::raw::Core::acquire @ /r/instrumented/facade/../src/lock_api/raw.rs";
        let real = "lock_api::rwlock::RwLock::read @ /registry/lock_api-0.4.14/src/rwlock.rs";
        assert_eq!(trimmed(&["lockdep::on::event::acquire", facade, "app::run"]), ["app::run"]);
        assert_eq!(trimmed(&[real, "app::run"]).len(), 2);
    }

    #[test]
    fn only_the_programs_own_functions_are_left() {
        let stack = [
            "backtrace::backtrace::libunwind::trace",
            "lockdep::trace::capture",
            "dashmap::DashMap<K,V,S>::entry",
            "lockdep::event::before_acquire",
            "instrumented::sync::mutex::Mutex<T>::lock",
            "app::work::{{closure}}",
            "core::iter::traits::iterator::Iterator::for_each::call::{{closure}}",
            "<core::iter::adapters::map::Map<I,F> as core::iter::Iterator>::fold",
            "app::work",
            "app::main",
            "core::ops::function::FnOnce::call_once",
            "std::sys::backtrace::__rust_begin_short_backtrace",
            "std::rt::lang_start::{{closure}}",
            "main",
            "__libc_start_call_main",
        ];
        assert_eq!(trimmed(&stack), ["app::work::{{closure}}", "app::work", "app::main"]);
    }

    #[test]
    fn what_polls_a_task_is_left_out() {
        let stack = [
            "lockdep::event::before_acquire",
            "app::work::{{closure}}",
            "<lockdep::on::task::tracked::Tracked<F> as core::future::future::Future>::poll",
            "<tokio::future::maybe_done::MaybeDone<Fut> as core::future::future::Future>::poll",
            "app::both::{{closure}}",
            "lockdep::on::task::async_task::AsyncTask::poll",
            "tokio::runtime::runtime::Runtime::block_on",
            "app::main",
            "std::sys::backtrace::__rust_begin_short_backtrace",
        ];
        let own = ["app::work::{{closure}}", "app::both::{{closure}}", "app::main"];
        assert_eq!(trimmed(&stack), own);
        // A crate's own work is not what it polls others for.
        let stack = ["lockdep::event::before_acquire", "tokio::runtime::blocking::pool::run"];
        assert_eq!(trimmed(&stack), ["tokio::runtime::blocking::pool::run"]);
    }

    #[test]
    fn the_test_harness_is_left_out() {
        let stack = [
            "lockdep::event::before_acquire",
            "<instrumented::sync::mutex::Mutex<app::State>>::lock",
            "app::tests::it_works",
            "app::tests::it_works::{closure#0}",
            "<app::tests::it_works::{closure#0} as core::ops::function::FnOnce<()>>::call_once \
             @ /rustc/0123/library/core/src/ops/function.rs",
            "test::__rust_begin_short_backtrace::<core::result::Result<(), alloc::string::String>>",
            "test::run_test::{closure#0}",
        ];
        assert_eq!(trimmed(&stack), ["app::tests::it_works", "app::tests::it_works::{closure#0}"]);
    }

    #[test]
    fn a_thread_without_marker_ends_where_the_system_started_it() {
        let stack = ["app::work", "std::thread::Builder::spawn", "start_thread", "clone3"];
        assert_eq!(trimmed(&stack), ["app::work"]);
    }

    #[test]
    fn crates_with_similar_names_are_the_users() {
        for name in [
            "stdx::run",
            "core_affinity::set",
            "instrumented_app::main",
            "lockdep_user::main",
            "<stdx::Queue<T> as core::iter::Iterator>::next",
        ] {
            assert!(is_own(name), "{name}");
        }
    }

    #[test]
    fn an_impl_is_the_users_if_its_type_or_trait_is() {
        for name in [
            "<app::Job as core::fmt::Display>::fmt",
            "<alloc::vec::Vec<T> as app::Extend>::extend_all",
            "<&mut app::Job as core::iter::Iterator>::next",
            "app::_::<impl core::fmt::Debug for app::Job>::fmt",
            "<T as app::Run>::run",
            "my_c_callback",
        ] {
            assert!(is_own(name), "{name}");
        }
        for name in [
            "<alloc::vec::Vec<app::Job> as core::ops::drop::Drop>::drop",
            "core::fmt::num::<impl core::fmt::Display for i32>::fmt",
            "<F as core::ops::function::FnOnce<A>>::call_once",
            "<alloc::boxed::Box<dyn app::Run> as core::ops::function::FnOnce<()>>::call_once",
            "core::str::<impl str>::trim",
            "<fn() -> app::Job as core::ops::function::FnOnce<()>>::call_once",
            "__rustc::rust_begin_unwind",
        ] {
            assert!(!is_own(name), "{name}");
        }
    }

    #[test]
    fn a_blanket_impl_of_the_standard_library_is_known_by_its_file() {
        let name = "<app::Job as alloc::string::ToString>::to_string";
        assert!(!is_own(&format!("{name} @ /rustc/0123/library/alloc/src/string.rs")));
    }

    #[test]
    fn a_lock_that_the_user_wraps_stays() {
        let stack = [
            "lockdep::event::before_acquire",
            "instrumented::sync::mutex::Mutex<T>::lock",
            "parking_lot::mutex::Wrapped::lock",
            "app::main",
        ];
        assert_eq!(trimmed(&stack), ["parking_lot::mutex::Wrapped::lock", "app::main"]);
    }

    #[test]
    fn a_lock_type_that_calls_back_is_left_out() {
        let stack = [
            "instrumented::sync::mutex::Mutex<T>::lock",
            "app::wait::{{closure}}",
            "instrumented::sync::condvar::Condvar::wait_while",
            "app::wait",
        ];
        assert_eq!(trimmed(&stack), ["app::wait::{{closure}}", "app::wait"]);
    }

    #[test]
    fn a_stack_without_own_functions_keeps_all_but_the_tracker() {
        let stack = [
            "lockdep::event::before_acquire",
            "std::io::stdio::print",
            "std::rt::lang_start",
            "main",
        ];
        assert_eq!(trimmed(&stack), ["std::io::stdio::print", "std::rt::lang_start", "main"]);
        assert!(trimmed(&[]).is_empty());
    }

    fn stack(functions: &[(&str, u32)]) -> Vec<Frame> {
        functions
            .iter()
            .map(|&(function, line)| Frame {
                function: function.to_owned(),
                place: Some(Place { file: "a.rs".into(), line, column: 1 }),
            })
            .collect()
    }

    #[test]
    fn a_hold_has_the_callers_of_the_function_that_still_runs() {
        // Kept from a call by `add`; this time `insert` calls `place`.
        let kept = stack(&[("place", 131), ("add", 63), ("main", 13)]);
        let wanted = stack(&[("state", 481), ("place", 132), ("insert", 106), ("main", 18)]);
        let hold = of_hold(kept, &wanted);
        assert_eq!(hold, stack(&[("place", 131), ("insert", 106), ("main", 18)]));
    }

    #[test]
    fn a_function_that_gave_the_guard_back_stays() {
        let kept = stack(&[("state", 481), ("tick", 147), ("main", 15)]);
        let wanted = stack(&[("width", 113), ("tick", 148), ("main", 16)]);
        let hold = of_hold(kept, &wanted);
        assert_eq!(hold, stack(&[("state", 481), ("tick", 147), ("main", 16)]));
    }

    #[test]
    fn a_function_by_which_all_take_their_locks_is_not_the_one_that_runs() {
        let kept = stack(&[("lock", 23), ("poll", 853), ("main", 23)]);
        let wanted = stack(&[("lock", 23), ("notify", 506), ("poll", 874), ("main", 28)]);
        let hold = of_hold(kept, &wanted);
        assert_eq!(hold, stack(&[("lock", 23), ("poll", 853), ("main", 28)]));
    }

    #[test]
    fn a_loop_that_takes_a_lock_each_time_runs() {
        let kept = stack(&[("all", 7), ("main", 23)]);
        let wanted = stack(&[("all", 7), ("main", 24)]);
        assert_eq!(of_hold(kept, &wanted), stack(&[("all", 7), ("main", 23)]));
    }

    #[test]
    fn a_hold_that_came_another_way_keeps_its_place_only() {
        let kept =
            stack(&[("state", 481), ("draw", 315), ("place", 132), ("add", 63), ("main", 1)]);
        let wanted = stack(&[("width", 113), ("tick", 147), ("main", 15)]);
        assert_eq!(of_hold(kept, &wanted), stack(&[("state", 481)]));
    }
}
