//! A broken rule as data.
//!
//! A violation owns everything that its report says, so that it outlives the process it was found
//! in; the text is made elsewhere (`report`).

use crate::class::Class;
use crate::mode::Mode;
use crate::place::Place;
use crate::severity::Severity;
use crate::wait_type::WaitType;

/// One function on a stack.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "lockdep", derive(serde::Serialize, serde::Deserialize))]
pub struct Frame {
    /// The function's path, demangled, without its hash.
    pub function: String,
    /// Where in it the call below was made; none if the program has no debug information.
    pub place: Option<Place>,
}

/// One moment of a task: where it was when it touched a lock.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "lockdep", derive(serde::Serialize, serde::Deserialize))]
pub struct Point {
    /// The call that took the lock. A wrapper around the lock hides its own caller here; the
    /// frames show it.
    pub place: Place,
    /// The stack, innermost first, trimmed to the user's own frames; empty if no backtrace was
    /// taken.
    pub frames: Vec<Frame>,
}

/// One lock as one task held or wanted it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "lockdep", derive(serde::Serialize, serde::Deserialize))]
pub struct Touch {
    /// The lock's class.
    pub class: Class,
    /// How it was held or wanted.
    pub mode: Mode,
    /// Whether it was taken by a try-lock.
    pub trylock: bool,
    /// Tells locks of one class apart within one process; 0 if it is not known.
    pub instance: u64,
    /// Where.
    pub at: Point,
}

/// One task held a lock while it waited for another: an edge of the graph with its witness.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "lockdep", derive(serde::Serialize, serde::Deserialize))]
pub struct Dependency {
    /// The task: a thread's name, or what stands for it.
    pub task: String,
    /// The lock it held.
    pub held: Touch,
    /// The lock it wanted.
    pub wanted: Touch,
}

/// One task waited for a lock.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "lockdep", derive(serde::Serialize, serde::Deserialize))]
pub struct Waiter {
    /// The task: a thread's name, or what stands for it.
    pub task: String,
    /// The lock it wanted.
    pub wanted: Touch,
}

/// A broken rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "lockdep", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "lockdep", serde(tag = "rule", rename_all = "snake_case"))]
pub enum Violation {
    /// A task wants a lock that it holds itself.
    Recursion(Dependency),
    /// Tasks that run at once can wait for each other in a circle: `cycle[i]` waits for the lock
    /// that `cycle[i + 1]` holds, the last for the first.
    Inversion {
        /// The dependencies, starting at the one that holds the smallest class.
        cycle: Vec<Dependency>,
        /// Index of the dependency that closed the cycle.
        closing: usize,
        /// Writers that wait between a reader that waits and a reader that holds, in the cycle's order.
        writers: Vec<Waiter>,
        /// Whether it was shown that all of them can be where they are at the same time. If not, there
        /// were too many combinations to try, of which those that were tried are kept apart by a lock
        /// that both sides hold.
        proven: bool,
    },
    /// Two or more locks of one class were taken in both orders.
    InstanceInversion {
        /// As in [`Violation::Inversion`]; all classes are equal, the instances differ.
        cycle: Vec<Dependency>,
        /// Index of the dependency that closed the cycle.
        closing: usize,
    },
    /// Two locks of one class were held together with nothing that orders them (reported at level
    /// `order`).
    UnorderedNesting(Dependency),
    /// A task released a lock that it does not hold.
    ReleaseNotHeld {
        /// The task.
        task: String,
        /// The lock's class.
        class: Class,
        /// Where it was released.
        at: Point,
    },
    /// A lock was destroyed or initialised again while it was held (reported at level `order`).
    HeldLockFreed {
        /// The task.
        task: String,
        /// The lock as it was held.
        held: Touch,
        /// Where it was destroyed.
        at: Point,
    },
    /// A task ended while it held a lock: whoever takes it waits for ever.
    EndedHolding {
        /// The task.
        task: String,
        /// The lock as it was held.
        held: Touch,
    },
    /// A lock was held when the process forked, ended or became another program.
    HeldAcross {
        /// What came between.
        boundary: Boundary,
        /// The task that wants the lock in the child, or that ended or replaced the process.
        task: String,
        /// The task that held the lock.
        holder: String,
        /// The lock as it was held.
        held: Touch,
        /// Where the lock is wanted in the child, or the process was ended or replaced.
        at: Point,
    },
    /// Tasks wait for each other, and none will ever go on: this is no matter of what could happen.
    Deadlock {
        /// Each waits for the lock that the next one holds, the last for the first's.
        parties: Vec<Blocked>,
        /// Index of the one that came last.
        closing: usize,
        /// Where such locks were taken in these orders before, as far as that was elsewhere.
        history: Vec<Dependency>,
    },
    /// An async task gave its thread up while it held a lock that blocks threads.
    HeldAcrossAwait {
        /// The task.
        task: String,
        /// Where it was started.
        spawned: Place,
        /// The lock as it was held.
        held: Touch,
    },
    /// A `lockdep_assert_…!` does not hold.
    AssertionFailed {
        /// The task.
        task: String,
        /// What is demanded.
        assertion: Assertion,
        /// The lock's class; none if the assertion is about no lock or about one never taken yet.
        class: Option<Class>,
        /// The context's name; none if the assertion is about no context.
        context: Option<String>,
        /// What the task holds, oldest first.
        held: Vec<Touch>,
        /// Where the assertion stands.
        at: Point,
    },
    /// A task took a lock under a nest lock, which keeps locks of one class in order, but does not
    /// hold the nest lock.
    NestNotHeld {
        /// The task.
        task: String,
        /// The lock it wants.
        wanted: Touch,
        /// The nest lock's class.
        nest: Class,
        /// What the task holds, oldest first.
        held: Vec<Touch>,
    },
    /// Two locks of one class were taken in another order than the class's comparison function
    /// declares.
    DeclaredOrder {
        /// The two locks.
        dependency: Dependency,
        /// The ranks of the one that is held and of the one that is wanted.
        ranks: (u64, u64),
    },
    /// A lock was released under a pin, or a pin was set or taken away wrongly.
    PinBroken {
        /// The task.
        task: String,
        /// The lock's class.
        class: Class,
        /// What is wrong.
        fault: PinFault,
        /// The lock as it is held; none if it is not.
        held: Option<Touch>,
        /// Where.
        at: Point,
    },
    /// A task changed the mode of a hold that it has not, or not in a mode that allows it.
    BadModeChange {
        /// The task.
        task: String,
        /// The lock's class.
        class: Class,
        /// The lock as it is held; none if it is not.
        held: Option<Touch>,
        /// The mode it was to be held in: exclusive for an upgrade, another for a downgrade.
        to: Mode,
        /// Where.
        at: Point,
    },
    /// A lock is taken in a context that may come upon its holder.
    InconsistentState {
        /// The context's name.
        context: String,
        /// How the lock was taken in the context.
        taken: Usage,
        /// How it was held where the context could run.
        open: Usage,
        /// Which of the two was seen last; never a dependency.
        closing: ClosedBy,
    },
    /// A lock taken in a context leads, by the learned order, to one that is held where the context
    /// may run.
    ContextInversion {
        /// The context's name.
        context: String,
        /// How the first lock was taken in the context.
        taken: Usage,
        /// From the lock that is taken in the context to the one that is open to it.
        way: Vec<Dependency>,
        /// How the last lock was held where the context could run.
        open: Usage,
        /// What was seen last.
        closing: ClosedBy,
    },
    /// Something is waited for where that way of waiting is not allowed.
    InvalidWait {
        /// The task.
        task: String,
        /// The lock that is waited for; none for a wait that is for no lock.
        wanted: Option<Touch>,
        /// What waiting for it needs.
        needs: WaitType,
        /// The most that is allowed.
        allowed: WaitType,
        /// What allows no more.
        limit: Limit,
        /// Where.
        at: Point,
    },
    /// Tasks can wait for each other in a circle in which somebody waits for what another one must
    /// do: send, notify, arrive, end.
    WaitCircle {
        /// Each waits for the next, the last for the first. The first one holds a lock and waits.
        parties: Vec<Party>,
    },
    /// A lock that was taken after a thread or task was started is held while its end is waited for.
    JoinUnderLock {
        /// The task.
        task: String,
        /// The lock.
        held: Touch,
        /// The code whose end is waited for.
        code: Class,
        /// Where it is waited for.
        at: Point,
    },
    /// A task waits for what only it could do.
    EndlessWait {
        /// The task.
        task: String,
        /// What it waits for.
        awaited: Awaited,
        /// Where.
        at: Point,
    },
}

/// What a task waits for that is no lock.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "lockdep", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "lockdep", serde(rename_all = "snake_case"))]
pub enum Awaited {
    /// Something that another task does: a message, room for one, a notification, an arrival.
    Event(Class),
    /// The end of this code: of a thread, of a task, of a job.
    End(Class),
}

impl Awaited {
    /// Of what kind it is.
    pub fn class(&self) -> &Class {
        match self {
            Awaited::Event(class) | Awaited::End(class) => class,
        }
    }
}

/// One of those who can wait for each other in a circle with a wait in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "lockdep", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "lockdep", serde(tag = "party", rename_all = "snake_case"))]
pub enum Party {
    /// Holds a lock and waits for another.
    Holds(Dependency),
    /// Holds a lock and waits for something that is no lock.
    Waits {
        /// The task.
        task: String,
        /// The lock that it holds.
        held: Touch,
        /// What it waits for.
        awaited: Awaited,
        /// Where.
        at: Point,
    },
    /// Is to end a wait and itself waits for the end of other code.
    Joins {
        /// The task.
        task: String,
        /// The code whose end it waits for.
        code: Class,
        /// Where.
        at: Point,
    },
    /// Is to end a wait and wants a lock before.
    Runs {
        /// The task.
        task: String,
        /// The code that it runs, if that is known.
        code: Option<Class>,
        /// Where it ended such a wait; none if the wait is for the end of the code.
        made: Option<Point>,
        /// The lock that it wanted.
        wanted: Touch,
    },
}

impl Party {
    /// The task.
    pub fn task(&self) -> &str {
        match self {
            Party::Holds(dependency) => &dependency.task,
            Party::Waits { task, .. } | Party::Joins { task, .. } | Party::Runs { task, .. } => {
                task
            }
        }
    }

    /// What tells the circle from others: the locks that are held, and what is waited for.
    fn classes(&self) -> Vec<Class> {
        match self {
            Party::Holds(Dependency { held, .. }) => vec![held.class.clone()],
            Party::Waits { held, awaited, .. } => {
                vec![held.class.clone(), awaited.class().clone()]
            }
            Party::Joins { code, .. } => vec![code.clone()],
            Party::Runs { .. } => Vec::new(),
        }
    }
}

/// What is wrong with a pin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "lockdep", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "lockdep", serde(rename_all = "snake_case"))]
pub enum PinFault {
    /// The lock is released under a pin.
    Released,
    /// A lock is pinned that is not held.
    PinOfUnheld,
    /// A pin is taken off a lock that is not held.
    UnpinOfUnheld,
    /// A pin is taken off a lock that has none.
    UnpinOfUnpinned,
    /// A pin is taken off with the cookie of another one.
    WrongCookie,
}

/// How a lock was used by one task in respect of a context.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "lockdep", derive(serde::Serialize, serde::Deserialize))]
pub struct Usage {
    /// The task.
    pub task: String,
    /// The lock, how it was taken and where.
    pub touch: Touch,
    /// Where the context was let in, if the lock was held already then.
    pub opened: Option<Point>,
}

/// What was seen last of the parts of a violation that is about a context.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "lockdep", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "lockdep", serde(rename_all = "snake_case"))]
pub enum ClosedBy {
    /// That the lock is taken in the context.
    Taken,
    /// That the lock is held where the context may run.
    Open,
    /// The dependency of this index.
    Dependency(usize),
}

/// What allows no other way of waiting.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "lockdep", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "lockdep", serde(rename_all = "snake_case"))]
pub enum Limit {
    /// The context of this name, in which the task runs.
    Context(String),
    /// A lock that the task holds.
    Held(Touch),
}

/// What ends a process, or begins one that has the memory of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "lockdep", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "lockdep", serde(rename_all = "snake_case"))]
pub enum Boundary {
    /// `fork`: the child has the locks as they were, but not the threads that held them.
    Fork,
    /// `exec`: another program takes the process's place (reported at level `order`).
    Exec,
    /// `exit`: what runs at the end may want the lock (reported at level `order`).
    Exit,
}

/// One of the tasks that wait for each other.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "lockdep", derive(serde::Serialize, serde::Deserialize))]
pub struct Blocked {
    /// The task, the lock that keeps the one before it waiting, and the lock that it waits for.
    pub dependency: Dependency,
    /// What else it holds, oldest first.
    pub others: Vec<Touch>,
    /// The writer in front of it, if it waits as a reader among readers.
    pub behind: Option<Waiter>,
}

/// What a `lockdep_assert_…!` demands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "lockdep", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "lockdep", serde(rename_all = "snake_case"))]
pub enum Assertion {
    /// The lock is held.
    Held,
    /// The lock is held exclusively.
    HeldWrite,
    /// The lock is held by a reader.
    HeldRead,
    /// The lock is not held.
    NotHeld,
    /// No lock is held.
    NoneHeld,
    /// The task runs in the context.
    InContext,
    /// The task does not run in the context.
    NotInContext,
    /// The context cannot run.
    ContextBlocked,
    /// The context can run.
    ContextOpen,
}

/// What makes two violations the same one: the rule and the classes, for a rule about modes also
/// those, but neither tasks nor places of acquire nor instances.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signature {
    code: &'static str,
    locks: Vec<(Class, Mode)>,
    /// Where, for a rule that is about a place in the source.
    place: Option<Place>,
    /// For a rule that is about a context.
    context: Option<String>,
}

impl Signature {
    /// That of an inversion along this cycle. Modes do not matter: whatever they are, the order is
    /// mended in the same place.
    pub(crate) fn of_inversion(cycle: &[Dependency]) -> Signature {
        Signature { code: "LD0002", locks: classes(cycle), place: None, context: None }
    }
}

impl Violation {
    /// The rule's stable code, as `cargo lockdep explain` takes it.
    pub const fn code(&self) -> &'static str {
        match self {
            Violation::Recursion(_) => "LD0001",
            Violation::Inversion { .. } => "LD0002",
            Violation::InstanceInversion { .. } => "LD0003",
            Violation::UnorderedNesting(_) => "LD0004",
            Violation::ReleaseNotHeld { .. } => "LD0005",
            Violation::HeldLockFreed { .. } => "LD0006",
            Violation::AssertionFailed { .. } => "LD0007",
            Violation::NestNotHeld { .. } => "LD0008",
            Violation::DeclaredOrder { .. } => "LD0009",
            Violation::PinBroken { .. } => "LD0010",
            Violation::BadModeChange { .. } => "LD0011",
            Violation::InconsistentState { .. } => "LD0012",
            Violation::ContextInversion { .. } => "LD0013",
            Violation::InvalidWait { .. } => "LD0014",
            Violation::EndedHolding { .. } => "LD0015",
            Violation::HeldAcross { .. } => "LD0016",
            Violation::Deadlock { .. } => "LD0017",
            Violation::HeldAcrossAwait { .. } => "LD0018",
            Violation::WaitCircle { .. } => "LD0019",
            Violation::JoinUnderLock { .. } => "LD0020",
            Violation::EndlessWait { .. } => "LD0021",
        }
    }

    /// How certain it is that this is a fault.
    pub const fn severity(&self) -> Severity {
        match self {
            Violation::WaitCircle { .. } | Violation::JoinUnderLock { .. } => Severity::Warning,
            _ => Severity::Error,
        }
    }

    /// What to compare when repeats are to be dropped.
    pub fn signature(&self) -> Signature {
        let locks = match self {
            Violation::Recursion(dependency) | Violation::UnorderedNesting(dependency) => {
                modes(std::slice::from_ref(dependency))
            }
            Violation::Inversion { cycle, .. } => return Signature::of_inversion(cycle),
            Violation::InstanceInversion { cycle, .. } => classes(cycle),
            Violation::ReleaseNotHeld { class, .. } => vec![(class.clone(), Mode::Exclusive)],
            Violation::HeldLockFreed { held, .. }
            | Violation::EndedHolding { held, .. }
            | Violation::HeldAcrossAwait { held, .. }
            | Violation::HeldAcross { held, .. } => vec![(held.class.clone(), held.mode)],
            Violation::AssertionFailed { class, .. } => {
                class.iter().map(|class| (class.clone(), Mode::Exclusive)).collect()
            }
            Violation::NestNotHeld { wanted, nest, .. } => {
                vec![(wanted.class.clone(), wanted.mode), (nest.clone(), Mode::Exclusive)]
            }
            Violation::DeclaredOrder { dependency, .. } => modes(std::slice::from_ref(dependency)),
            Violation::PinBroken { class, .. } => vec![(class.clone(), Mode::Exclusive)],
            Violation::BadModeChange { class, to, .. } => vec![(class.clone(), *to)],
            Violation::InconsistentState { taken, open, .. }
            | Violation::ContextInversion { taken, open, .. } => {
                [taken, open].map(|usage| (usage.touch.class.clone(), usage.touch.mode)).into()
            }
            Violation::InvalidWait { wanted, limit, .. } => {
                let held = match limit {
                    Limit::Held(held) => Some(held),
                    Limit::Context(_) => None,
                };
                let touches = wanted.iter().chain(held);
                touches.map(|touch| (touch.class.clone(), touch.mode)).collect()
            }
            Violation::Deadlock { parties, .. } => {
                classes(parties.iter().map(|party| &party.dependency))
            }
            Violation::WaitCircle { parties } => {
                let classes = parties.iter().flat_map(Party::classes);
                classes.map(|class| (class, Mode::Exclusive)).collect()
            }
            Violation::JoinUnderLock { held, code, .. } => {
                [&held.class, code].map(|class| (class.clone(), Mode::Exclusive)).into()
            }
            Violation::EndlessWait { awaited, .. } => {
                vec![(awaited.class().clone(), Mode::Exclusive)]
            }
        };
        let place = match self {
            Violation::AssertionFailed { at, .. }
            | Violation::PinBroken { at, .. }
            | Violation::InvalidWait { wanted: None, at, .. }
            | Violation::JoinUnderLock { at, .. }
            | Violation::EndlessWait { at, .. } => Some(at.place.clone()),
            Violation::HeldAcrossAwait { held, .. } => Some(held.at.place.clone()),
            _ => None,
        };
        let context = match self {
            Violation::InconsistentState { context, .. }
            | Violation::ContextInversion { context, .. }
            | Violation::InvalidWait { limit: Limit::Context(context), .. } => {
                Some(context.clone())
            }
            Violation::AssertionFailed { context, .. } => context.clone(),
            _ => None,
        };
        Signature { code: self.code(), locks, place, context }
    }
}

/// The classes and modes along a cycle.
fn modes(cycle: &[Dependency]) -> Vec<(Class, Mode)> {
    cycle
        .iter()
        .flat_map(|dependency| [&dependency.held, &dependency.wanted])
        .map(|touch| (touch.class.clone(), touch.mode))
        .collect()
}

/// The classes along a cycle.
fn classes<'a, I: IntoIterator<Item = &'a Dependency>>(cycle: I) -> Vec<(Class, Mode)> {
    let class = |dependency: &Dependency| (dependency.held.class.clone(), Mode::Exclusive);
    cycle.into_iter().map(class).collect()
}
