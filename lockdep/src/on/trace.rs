//! Stacks: captured cheaply, resolved late.
//!
//! A capture is a list of addresses. Names and lines cost the parsing of debug information and are
//! looked up only for what a report shows.

use std::borrow::Cow;
use std::ffi::c_void;
use std::sync::Arc;
use std::thread;

use crate::on::fork;
use crate::on::frames;
use crate::on::settings::BacktraceStyle;
use crate::on::task::State;
use crate::on::thread::with_task;
use crate::place::Place;
use crate::violation::Frame;

/// How deep a stack is captured.
const MAX_DEPTH: usize = 128;
/// The stack on which names are looked up, in bytes.
const STACK: usize = 2 << 20;

/// The addresses of a stack, innermost first, each within its call.
pub(crate) type Trace = Arc<[usize]>;

/// Captures the current stack.
#[inline(never)]
pub(crate) fn capture() -> Trace {
    let _pass = fork::pass();
    let mut addresses = Vec::with_capacity(32);
    backtrace::trace(|frame| {
        // A return address may be the first byte of another line or function.
        let address = frame.ip().addr().saturating_sub(1);
        addresses.push(address);
        addresses.len() < MAX_DEPTH
    });
    Arc::from(addresses)
}

/// Captures the current stack into `addresses`, as much of it as has room; returns how much that
/// is. Allocates nothing.
#[inline(never)]
pub(crate) fn capture_into(addresses: &mut [usize]) -> usize {
    let _pass = fork::pass();
    let mut length = 0;
    backtrace::trace(|frame| {
        if let Some(slot) = addresses.get_mut(length) {
            *slot = frame.ip().addr().saturating_sub(1);
            length += 1;
        }
        length < addresses.len()
    });
    length
}

/// Looks the frames of a stack up.
pub(crate) fn resolve(trace: &[usize], style: BacktraceStyle) -> Vec<Frame> {
    let _pass = fork::pass();
    match style {
        BacktraceStyle::Off => Vec::new(),
        BacktraceStyle::Short => frames::trim(on_large_stack(|| symbolize(trace))),
        BacktraceStyle::Full => on_large_stack(|| symbolize(trace)),
    }
}

/// Runs `work` in a thread of its own, if there can be one: to parse debug information takes about
/// 100 kB of stack, and the host's thread may not have them.
fn on_large_stack<R: Send>(work: impl Fn() -> R + Sync) -> R {
    thread::scope(|scope| {
        let builder = thread::Builder::new().name("lockdep".to_owned()).stack_size(STACK);
        // What it allocates is the tracker's own.
        let quietly = || {
            with_task(|task| task.set_state(State::Working));
            work()
        };
        let done = builder.spawn_scoped(scope, quietly).ok().and_then(|thread| thread.join().ok());
        done.unwrap_or_else(&work)
    })
}

fn symbolize(trace: &[usize]) -> Vec<Frame> {
    let mut frames = Vec::with_capacity(trace.len());
    for &address in trace {
        backtrace::resolve(std::ptr::without_provenance_mut::<c_void>(address), |symbol| {
            let Some(name) = symbol.name() else {
                return;
            };
            let place = symbol.filename().zip(symbol.lineno()).map(|(file, line)| Place {
                file: Cow::Owned(file.to_string_lossy().into_owned()),
                line,
                column: symbol.colno().unwrap_or(0),
            });
            frames.push(Frame { function: format!("{name:#}"), place });
        });
    }
    frames
}
