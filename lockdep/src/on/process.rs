//! The process's tracker, and the way from an event to what the host does about it.
//!
//! The cold paths of `event` go by here. The steps of each: decide by the thread's state
//! whether the event counts; work with the state set to [`State::Working`], so that the tracker's
//! own allocations are not tracked; write the records; and, with no lock held, call the hook and
//! react.

use std::panic::Location;

use once_cell::race::OnceBox;

use crate::how::Describe;
use crate::on::census;
use crate::on::ending;
use crate::on::fork;
use crate::on::found::Met;
use crate::on::hook;
use crate::on::learn::Learned;
use crate::on::life;
use crate::on::loss::{self, Loss};
use crate::on::map::Map;
use crate::on::recorder::Recorder;
use crate::on::registry::{self, ClassId};
use crate::on::report::{Paths, Report};
use crate::on::settings::{Environment, Level, Reaction, Warnings};
use crate::on::stat;
use crate::on::task::{State, Task};
use crate::on::thread;
use crate::on::tracker::Tracker;
use crate::on::watcher;
use crate::severity::Severity;
use crate::violation::{Assertion, Boundary};

/// What the process has one of.
#[derive(Debug)]
pub(crate) struct Process {
    reaction: Reaction,
    warnings: Warnings,
    pub(crate) tracker: Tracker,
    recorder: Option<Recorder>,
}

static PROCESS: OnceBox<Process> = OnceBox::new();

/// The process's tracker; reads the environment the first time.
pub(crate) fn process() -> &'static Process {
    if let Some(process) = PROCESS.get() {
        return process;
    }
    let (environment, unknown) = Environment::read();
    let Environment { reaction, warnings, settings, statistics, signal, hung, out } = environment;
    let folder = out.clone();
    let tracker = Tracker::new(settings);
    let process = Process { reaction, warnings, tracker, recorder: out.map(Recorder::new) };
    // Before anybody can be inside. Twice does no harm.
    fork::prepare();
    ending::prepare(settings.level);
    if reaction != Reaction::Off {
        watcher::prepare(signal, hung);
    }
    // Before anybody's first event goes the warm path.
    if statistics && reaction != Reaction::Off {
        stat::switch_on();
        stat::prepare(folder, settings.backtrace);
    }
    // Two threads may come here at once; only the one whose value stays speaks.
    if PROCESS.set(Box::new(process)).is_ok() {
        for unknown in unknown {
            hook::say(format_args!("lockdep: {unknown}; using the default\n"));
        }
    }
    PROCESS.get().expect("the cell was set above or by another thread")
}

/// Resets the thread's state, after a panic too.
#[derive(Debug)]
pub(crate) struct Resume<'a> {
    task: &'a Task,
    state: State,
}

impl Drop for Resume<'_> {
    fn drop(&mut self) {
        self.task.set_state(self.state);
    }
}

pub(crate) fn enter(task: &Task, state: State) -> Resume<'_> {
    Resume { task, state: task.set_state(state) }
}

/// The state of a thread after its first event.
pub(super) fn start(task: &Task) -> State {
    if task.state() == State::Unstarted {
        task.set_state(State::Working);
        // If the allocator takes a tracked lock, it shows here, before the thread holds one.
        drop(std::hint::black_box(Box::new(0_u64)));
        let state = match process().reaction {
            Reaction::Off => State::Off,
            Reaction::Panic | Reaction::Report | Reaction::Abort => {
                task.start();
                ending::watch();
                State::Active
            }
        };
        task.set_state(state);
    }
    task.state()
}

/// The process is about to end, or to become another program.
#[track_caller]
pub(crate) fn leaves(boundary: Boundary) {
    let site = Location::caller();
    thread::with_task(|task| {
        task.settle();
        let is_order = || process().tracker.settings().level == Level::Order;
        if task.state() == State::Active && !task.holds_own() && is_order() {
            tell_at_the_end(task, |tracker| life::left(tracker, task, boundary, site));
        }
    });
}

/// The current thread ends; false if it still holds a lock, unless this is the `last` word.
pub(crate) fn thread_ended(last: bool) -> bool {
    thread::with_task(|task| {
        task.settle();
        if task.held().next().is_some() {
            if !last {
                return false;
            }
            if task.state() == State::Active && !task.holds_own() {
                tell_at_the_end(task, |tracker| life::ended(tracker, task));
            }
        }
        stat::end_thread();
        task.end();
        census::end_thread();
        true
    })
}

/// Whether the current thread's events count, and where.
pub(crate) fn state() -> State {
    thread::with_task(start)
}

/// A `lockdep_assert_…!` of the current task does not hold.
#[cold]
pub(crate) fn assertion_failed(
    assertion: Assertion,
    map: Option<&Map>,
    site: &'static Location<'static>,
) {
    thread::with_task(|task| match start(task) {
        State::Active if !task.holds_own() => {
            tell(task, |tracker| tracker.assertion_failed(task, assertion, map, site));
        }
        State::Scoped => thread::scoped_assertion_failed(assertion, map, site),
        _ => {}
    });
}

/// Judges a violation that is no matter of order.
pub(crate) fn tell(task: &Task, find: impl FnOnce(&Tracker) -> Option<Met>) {
    learn(task, |tracker| find(tracker).into());
}

/// Judges an event that has no warm path, by the tracker that the thread's events go to.
#[cold]
pub(crate) fn judge(find: impl FnOnce(&Tracker, &Task) -> Learned) {
    thread::with_task(|task| match start(task) {
        State::Active if task.holds_own() => {
            loss::count(Loss::UnderAllocator);
        }
        State::Active => learn(task, |tracker| find(tracker, task)),
        State::Scoped => thread::scoped_judge(find),
        State::Unstarted | State::Working | State::Reporting | State::Off => {}
    });
}

pub(super) fn learn(task: &Task, find: impl FnOnce(&Tracker) -> Learned) {
    let met = {
        let _resume = enter(task, State::Working);
        let _pass = fork::pass();
        let process = process();
        let learned = find(&process.tracker);
        process.record(&learned);
        learned.met
    };
    react(task, met, true);
}

/// As [`tell`], where no panic can go anywhere.
pub(crate) fn tell_at_the_end(task: &Task, find: impl FnOnce(&Tracker) -> Vec<Met>) {
    let met = {
        let _resume = enter(task, State::Working);
        let _pass = fork::pass();
        let process = process();
        let learned = Learned { met: find(&process.tracker), ..Learned::default() };
        process.record(&learned);
        learned.met
    };
    react(task, met, false);
}

/// A class goes away: all orders of its locks are forgotten.
#[cold]
pub(crate) fn class_dropped(class: ClassId) {
    quietly_unless_own(|| {
        // First, so that nobody learns of it what would stay.
        registry::drop_dynamic(class);
        process().tracker.forget_class(class);
    });
    thread::scoped_class_dropped(class);
}

/// Does work of the tracker's own, unless the thread holds a lock that this work would wait for.
pub(super) fn quietly_unless_own(work: impl FnOnce()) {
    if !thread::with_task(Task::holds_own) {
        quietly(work);
    }
}

impl Process {
    /// Has the recorder say what was lost since.
    pub(crate) fn say_losses(&self) {
        self.record(&Learned::default());
    }

    pub(super) fn record(&self, learned: &Learned) {
        if let Some(recorder) = &self.recorder {
            recorder.record(learned);
        }
    }
}

/// The work of `Completion::must_run`: the completion's class, if that counts.
#[cold]
pub(crate) fn begin_scope(
    map: &Map,
    describe: Describe,
    site: &'static Location<'static>,
) -> Option<u32> {
    let mut class = None;
    judge(|tracker, task| {
        let mut learned = Learned::default();
        class = tracker.begin_scope(task, map, describe, site, &mut learned);
        learned
    });
    class
}

/// Does work of the tracker's own outside any event.
pub(crate) fn quietly<R>(work: impl FnOnce() -> R) -> R {
    thread::with_task(|task| {
        let _resume = enter(task, State::Working);
        let _pass = fork::pass();
        work()
    })
}

/// Calls the hook with what is new and does what `LOCKDEP` says.
///
/// A hook's panic waits until all that was met is told, and then takes the place of the tracker's.
pub(super) fn react(task: &Task, met: Vec<Met>, may_panic: bool) {
    let mut of_hook = None;
    let mut texts = Vec::new();
    for Met { violation, times, .. } in met {
        let _resume = enter(task, State::Reporting);
        let panicking = !may_panic || std::thread::panicking();
        if times == 1
            && let Err(panic) = hook::call(&violation)
            && !panicking
        {
            of_hook.get_or_insert(panic);
        }
        let process = process();
        let reaction = match (process.reaction, violation.severity(), process.warnings) {
            (Reaction::Off, ..) | (_, Severity::Warning, Warnings::Allow) => Reaction::Off,
            (_, Severity::Warning, Warnings::Warn) => Reaction::Report,
            (Reaction::Panic, ..) if panicking => Reaction::Report,
            (reaction, ..) => reaction,
        };
        // Whoever gathers the records speaks for them, unless they cannot be written.
        let recorded = process.recorder.as_ref().is_some_and(Recorder::is_writing);
        let report = || Report::new(&violation, &Paths::of_process()).to_string();
        match reaction {
            Reaction::Report if times == 1 && !recorded => {
                hook::say(format_args!("{}\n", report()));
            }
            Reaction::Report | Reaction::Off => {}
            Reaction::Panic => texts.push(report()),
            Reaction::Abort => {
                hook::say(format_args!("{}\n", report()));
                std::process::abort()
            }
        }
    }
    if let Some(panic) = of_hook {
        std::panic::resume_unwind(panic);
    }
    if !texts.is_empty() {
        panic!("{}", texts.join("\n"));
    }
}
