//! Contexts: code that may run in the middle of other code of the same thread.
//!
//! A signal handler comes between any two instructions, a panic hook at any expression that may
//! panic, an allocator at any allocation, a logger wherever something is logged, a finaliser at any
//! safe point. If such code takes a lock that the code it comes upon holds, the thread waits for
//! itself. The tracker cannot see what code is of which kind; who writes it says so:
//!
//! * [`Context::enter`] where it begins. What it takes inside is *taken in the context*.
//! * [`Context::block`] around code in which it cannot run: the signal is blocked, the hook is off,
//!   nothing is logged. What is held anywhere else is *open to the context*.
//!
//! A lock must not be both, nor may one taken in the context lead, by the learned order, to one
//! that is open to it. This is what Linux checks of interrupts, for contexts of one's own.
//!
//! Code that comes only where it is called, a logger among programmers who never log under the
//! locks it takes, is no context: it takes its locks like any other code, and the usual rules see
//! it.
//!
//! A context is declared once, as a static, and costs nothing until it is entered or blocked.

use std::fmt;
use std::marker::PhantomData;
use std::panic::Location;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use once_cell::race::OnceRef;

use crate::on::context_change;
use crate::on::loss::{self, Loss};
use crate::on::thread;
use crate::on::usage::{ContextId, ContextSet, only};
use crate::wait_type::WaitType;

/// How many contexts a process can have.
const CONTEXTS: usize = ContextSet::BITS as usize;

static NEXT: AtomicUsize = AtomicUsize::new(0);
/// The contexts by id: each is entered once, before its id is given out.
static BY_ID: [OnceRef<'static, Context>; CONTEXTS] = [const { OnceRef::new() }; CONTEXTS];

/// Signal handlers. No lock may be taken in them: what they interrupt may hold it, in this program
/// or in a library under it.
///
/// One context for all of a process's handlers. If they interrupt each other, or if some of them
/// are blocked where others are not, declare a context for each.
pub static SIGNAL: Context = Context::new("signal handler").allowing(WaitType::Free);

/// Code that may come upon other code of its thread.
///
/// A process can have 64 contexts; what more there are is counted as a loss and not tracked.
///
/// ```
/// use lockdep::{Context, WaitType};
///
/// static LOGGER: Context = Context::new("logger");
///
/// fn log(line: &str) {
///     let _inside = LOGGER.enter();
///     // … locks that are taken here must not be held where something is logged …
///     # let _ = line;
/// }
///
/// fn quiet() {
///     let _blocked = LOGGER.block();
///     // … nothing is logged here …
/// }
///
/// /// May interrupt the logger, which cannot interrupt it; and must not wait for others.
/// static TICK: Context = Context::new("tick").excluding(&[&LOGGER]).allowing(WaitType::Blocking);
/// ```
pub struct Context {
    name: &'static str,
    excludes: &'static [&'static Context],
    allows: WaitType,
    /// 0 before the first use, then the id plus 1, or [`OVERFLOW`].
    id: AtomicUsize,
}

/// What [`Context::id`] says of a context that is one too many.
const OVERFLOW: usize = CONTEXTS + 1;

impl Context {
    /// A context of this name. It cannot come upon itself, may come upon all others, and what it
    /// runs may wait in any way.
    #[must_use]
    pub const fn new(name: &'static str) -> Context {
        Context { name, excludes: &[], allows: WaitType::Async, id: AtomicUsize::new(0) }
    }

    /// The same context, while which runs none of `others` can.
    #[must_use]
    pub const fn excluding(self, others: &'static [&'static Context]) -> Context {
        let id = AtomicUsize::new(0);
        Context { name: self.name, excludes: others, allows: self.allows, id }
    }

    /// The same context, in which waiting is allowed up to `most`.
    #[must_use]
    pub const fn allowing(self, most: WaitType) -> Context {
        let id = AtomicUsize::new(0);
        Context { name: self.name, excludes: self.excludes, allows: most, id }
    }

    /// What reports call it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The most that may be waited for in it.
    pub(crate) const fn allows(&self) -> WaitType {
        self.allows
    }

    /// Enters the context until the guard is dropped: the current thread runs its code now.
    ///
    /// What the thread holds belongs to the code the context came upon: it gives no dependency to
    /// what is taken inside, and [`held`](crate::held) and the assertions do not see it.
    ///
    /// If the context was said to be blocked here, that was wrong, and all locks that the thread
    /// holds count as open to it. Guards of one thread end in the opposite order of their
    /// beginning.
    ///
    /// # Panics
    ///
    /// With the report, if the context comes upon locks that it takes, `LOCKDEP` is `panic` and the
    /// thread is not panicking.
    #[track_caller]
    pub fn enter(&'static self) -> Inside {
        let site = Location::caller();
        let counts = context_change::enter_context(self, site);
        Inside { context: counts.then_some(self), site, unsend: PhantomData }
    }

    /// Says that the context cannot run in the current thread until the guard is dropped, and every
    /// other such guard with it. Making it so is up to the caller.
    #[track_caller]
    pub fn block(&'static self) -> Blocked {
        let counts = context_change::block_context(self);
        let site = Location::caller();
        Blocked { context: counts.then_some(self), site, unsend: PhantomData }
    }

    /// Whether the current thread runs in the context, at any depth; false while nobody can say.
    pub fn is_running(&'static self) -> bool {
        let id = self.id();
        thread::with_current_task(|task| id.is_some_and(|id| task.contexts().is_running(id)))
            .unwrap_or(false)
    }

    /// Whether the context cannot run here: it is blocked, runs already, or one runs that excludes
    /// it. False while nobody can say.
    pub fn is_blocked(&'static self) -> bool {
        let id = self.id();
        let shuts = |shut: ContextSet| id.is_some_and(|id| shut & only(id) != 0);
        thread::with_current_task(|task| shuts(task.contexts().situation().shut)).unwrap_or(false)
    }

    /// The context's number, given at its first use; none if there are too many.
    pub(crate) fn id(&'static self) -> Option<ContextId> {
        match self.id.load(Relaxed) {
            0 => self.register(),
            OVERFLOW => None,
            id => Some((id - 1) as ContextId),
        }
    }

    #[cold]
    fn register(&'static self) -> Option<ContextId> {
        let new = NEXT.fetch_add(1, Relaxed);
        let id = match BY_ID.get(new) {
            Some(slot) => {
                let _ = slot.set(self);
                new + 1
            }
            None => {
                NEXT.store(CONTEXTS, Relaxed);
                loss::count(Loss::Contexts);
                OVERFLOW
            }
        };
        // Two threads may come here at once; the id of the second is then nobody's.
        let id = match self.id.compare_exchange(0, id, Relaxed, Relaxed) {
            Ok(_) => id,
            Err(first) => first,
        };
        (id != OVERFLOW).then(|| (id - 1) as ContextId)
    }

    /// The contexts that cannot run while this one does.
    pub(crate) fn shuts(&'static self) -> ContextSet {
        let all = self.excludes.iter().copied().chain([self]);
        all.filter_map(Context::id).fold(0, |set, id| set | only(id))
    }
}

/// Whether the process has any context.
pub(crate) fn is_any() -> bool {
    NEXT.load(Relaxed) != 0
}

/// The context of an id that was given out.
pub(crate) fn by_id(id: ContextId) -> Option<&'static Context> {
    BY_ID[usize::from(id)].get()
}

/// The name of a context.
pub(crate) fn name(id: ContextId) -> &'static str {
    by_id(id).map_or("", Context::name)
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What it excludes may exclude it.
        let excludes: Vec<_> = self.excludes.iter().map(|other| other.name).collect();
        f.debug_struct("Context")
            .field("name", &self.name)
            .field("excludes", &excludes)
            .field("allows", &self.allows)
            .finish_non_exhaustive()
    }
}

/// While this lives the current thread runs in a context; see [`Context::enter`].
#[must_use = "the context ends when this is dropped"]
pub struct Inside {
    /// None if the tracker was not to be told.
    context: Option<&'static Context>,
    site: &'static Location<'static>,
    unsend: PhantomData<*const ()>,
}

impl Drop for Inside {
    fn drop(&mut self) {
        if let Some(context) = self.context {
            context_change::leave_context(context, self.site);
        }
    }
}

impl fmt::Debug for Inside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inside").field("context", &self.context).finish()
    }
}

/// While this lives a context cannot run in the current thread; see [`Context::block`].
#[must_use = "the context can run again when this is dropped"]
pub struct Blocked {
    context: Option<&'static Context>,
    site: &'static Location<'static>,
    unsend: PhantomData<*const ()>,
}

impl Drop for Blocked {
    /// # Panics
    ///
    /// With the report, if the context may now come upon a lock that it takes, `LOCKDEP` is `panic`
    /// and the thread is not panicking.
    fn drop(&mut self) {
        if let Some(context) = self.context {
            context_change::unblock_context(context, self.site);
        }
    }
}

impl fmt::Debug for Blocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blocked").field("context", &self.context).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_context_has_one_id_and_shuts_out_itself_and_what_it_excludes() {
        static LOW: Context = Context::new("low").excluding(&[&HIGH]);
        static HIGH: Context = Context::new("high").excluding(&[&LOW]).allowing(WaitType::Spin);
        let (low, high) = (LOW.id().unwrap(), HIGH.id().unwrap());
        assert_eq!((LOW.id(), name(low)), (Some(low), "low"));
        assert_ne!(low, high);
        assert_eq!(HIGH.shuts(), only(low) | only(high));
        assert_eq!(HIGH.allows(), WaitType::Spin);
        assert!(format!("{HIGH:?}").contains("low"));
    }
}
