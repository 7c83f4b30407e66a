//! The same names with tracking off: types of no size and functions that do nothing.

use std::borrow::Cow;
use std::marker::PhantomData;
use std::panic::Location;

use crate::compare::Compare;
use crate::held_locks::HeldLocks;
use crate::how::{Describe, How};
use crate::mode::Mode;
use crate::pin_cookie::PinCookie;
use crate::tracked::Tracked;
use crate::violation::Violation;
use crate::wait_type::{Traits, WaitType};

/// Ties one lock to its class; with tracking off, nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Map;

impl Map {
    /// The map of a new lock.
    #[must_use]
    pub const fn new() -> Map {
        Map
    }

    /// The map of a new lock whose class is made by hand.
    #[must_use]
    pub fn named(_name: &'static str) -> Map {
        Map
    }

    /// The map of a new lock of a class that was made at run time.
    #[must_use]
    pub fn of_class(_class: &DynamicClass) -> Map {
        Map
    }

    /// As [`Map::named`], for a class of which `traits` holds.
    #[must_use]
    pub fn named_with(_name: &'static str, _traits: Traits) -> Map {
        Map
    }
}

/// Code that may come upon other code of its thread; with tracking off, nothing.
#[derive(Clone, Copy, Debug)]
pub struct Context {
    name: &'static str,
}

/// Signal handlers.
pub static SIGNAL: Context = Context::new("signal handler");

impl Context {
    /// A context of this name.
    #[must_use]
    pub const fn new(name: &'static str) -> Context {
        Context { name }
    }

    /// The same context.
    #[must_use]
    pub const fn excluding(self, _others: &'static [&'static Context]) -> Context {
        self
    }

    /// The same context.
    #[must_use]
    pub const fn allowing(self, _most: WaitType) -> Context {
        self
    }

    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Would enter the context until the guard is dropped.
    #[inline(always)]
    pub fn enter(&'static self) -> Inside {
        Inside(PhantomData)
    }

    /// Would say that the context cannot run until the guard is dropped.
    #[inline(always)]
    pub fn block(&'static self) -> Blocked {
        Blocked(PhantomData)
    }

    /// Whether the current thread runs in the context: nobody knows.
    pub fn is_running(&'static self) -> bool {
        false
    }

    /// Whether the context cannot run here: nobody knows.
    pub fn is_blocked(&'static self) -> bool {
        false
    }
}

/// With tracking off, nothing. It has a `drop`, so that `drop(guard)` is no odd thing to write.
#[derive(Debug)]
#[must_use = "the context ends when this is dropped"]
pub struct Inside(PhantomData<*const ()>);

impl Drop for Inside {
    #[inline(always)]
    fn drop(&mut self) {}
}

/// With tracking off, nothing; see [`Inside`].
#[derive(Debug)]
#[must_use = "the context can run again when this is dropped"]
pub struct Blocked(PhantomData<*const ()>);

impl Drop for Blocked {
    #[inline(always)]
    fn drop(&mut self) {}
}

/// A class of locks that is made at run time; with tracking off, nothing.
#[derive(Debug)]
pub struct DynamicClass(());

impl DynamicClass {
    /// A class of its own.
    #[must_use]
    pub fn new(_name: impl Into<Cow<'static, str>>) -> DynamicClass {
        DynamicClass(())
    }
}

impl Drop for DynamicClass {
    fn drop(&mut self) {}
}

/// Which class a lock is to have; with tracking off, nothing.
#[derive(Clone, Copy, Debug)]
pub struct ClassKey(());

impl From<&'static str> for ClassKey {
    fn from(_name: &'static str) -> Self {
        ClassKey(())
    }
}

impl From<&DynamicClass> for ClassKey {
    fn from(_class: &DynamicClass) -> Self {
        ClassKey(())
    }
}

/// The lock; with tracking on, told apart from others that are made at its place.
#[inline(always)]
#[must_use]
pub fn told_apart<L: Tracked>(lock: L) -> L {
    lock
}

/// Would give a lock another class.
#[inline(always)]
pub fn set_class<L: Tracked + ?Sized>(_lock: &L, _class: impl Into<ClassKey>) {}

/// Would exempt a lock from all rules about order.
#[inline(always)]
pub fn set_novalidate<L: Tracked + ?Sized>(_lock: &L) {}

/// Would have the tracker ignore a lock altogether.
#[inline(always)]
pub fn set_notrack<L: Tracked + ?Sized>(_lock: &L) {}

/// Would declare the order among the locks of a class.
#[inline(always)]
pub fn set_cmp_fn<L: Tracked + ?Sized>(_lock: &L, _compare: Compare) {}

/// Would give a lock its place in the declared order of its class.
#[inline(always)]
pub fn set_rank<L: Tracked + ?Sized>(_lock: &L, _rank: u64) {}

/// Would pin a lock that the current task holds.
#[inline(always)]
#[must_use = "the lock can only be released after it is unpinned with the cookie"]
pub fn pin_lock<L: Tracked + ?Sized>(_lock: &L) -> PinCookie {
    PinCookie::NONE
}

/// Would set a pin again that was taken off.
#[inline(always)]
pub fn repin_lock<L: Tracked + ?Sized>(_lock: &L, _cookie: PinCookie) {}

/// Would take a pin off a lock.
#[inline(always)]
pub fn unpin_lock<L: Tracked + ?Sized>(_lock: &L, _cookie: PinCookie) {}

/// What an instrumented lock calls.
pub mod event {
    use super::{Describe, How, Location, Map, Mode, PhantomData, Tracked, WaitType};
    use crate::until::Until;

    /// The current task waits for a lock as long as this lives.
    #[derive(Debug)]
    #[must_use = "the wait is over when this is dropped"]
    pub struct Waiting {
        // As with tracking on, it belongs to the thread that waits.
        _thread: PhantomData<*const ()>,
    }

    /// The current task is about to wait for `map`'s lock.
    #[inline(always)]
    pub fn waiting(
        _map: &Map,
        _how: How,
        _site: &'static Location<'static>,
        _until: Until,
    ) -> Waiting {
        Waiting { _thread: PhantomData }
    }

    /// The current task is about to wait for `map`'s lock.
    #[inline(always)]
    pub fn before_acquire(
        _map: &Map,
        _how: How,
        _describe: Describe,
        _site: &'static Location<'static>,
    ) {
    }

    /// [`before_acquire`] and [`acquired`] at once.
    #[inline(always)]
    pub fn acquire(_map: &Map, _how: How, _describe: Describe, _site: &'static Location<'static>) {}

    /// The lock that the current task announced by [`acquire`] is not free.
    #[inline(always)]
    pub fn contended(_map: &Map) {}

    /// The lock that the current task announced by [`before_acquire`] is not free.
    #[inline(always)]
    pub fn waits(_map: &Map) {}

    /// The current task is about to try `map`'s lock.
    #[inline(always)]
    pub fn before_try(
        _map: &Map,
        _how: How,
        _describe: Describe,
        _site: &'static Location<'static>,
    ) {
    }

    /// The current task has obtained `map`'s lock.
    #[inline(always)]
    pub fn acquired(_map: &Map, _how: How, _site: &'static Location<'static>) {}

    /// The current task is about to release `map`'s lock.
    #[inline(always)]
    pub fn released(_map: &Map) {}

    /// The current task is about to wait for `map`'s lock under the nest lock `nest`.
    #[inline(always)]
    pub fn before_acquire_nested<N: Tracked + ?Sized>(
        _map: &Map,
        _how: How,
        _nest: &N,
        _describe: Describe,
        _site: &'static Location<'static>,
    ) {
    }
    /// The current task is about to release `map`'s lock, whose guard can be sent.
    #[inline(always)]
    pub fn released_anywhere(_map: &Map) {}

    /// The guards of locks like `map`'s can be sent to another task.
    #[inline(always)]
    pub fn can_be_sent(_map: &Map) {}

    /// The guards of acquires at `site` can be given to a task that is started.
    #[inline(always)]
    pub fn can_be_given(_site: &'static Location<'static>) {}

    /// A task that another one starts; with tracking off, nothing.
    #[derive(Clone, Debug)]
    pub struct Child(());

    impl Child {
        pub(super) const NONE: Child = Child(());

        /// Whether somebody has waited for its end: nobody knows.
        #[must_use]
        pub fn is_joined(&self) -> bool {
            true
        }

        /// Whether it has ended: nobody knows.
        #[must_use]
        pub fn is_over(&self) -> bool {
            true
        }

        #[doc(hidden)]
        #[must_use]
        pub fn code(&self) -> Option<u32> {
            None
        }

        /// Whether it has begun: nobody knows.
        #[must_use]
        pub fn has_begun(&self) -> bool {
            true
        }
    }

    /// The current task runs a job of another one as long as this lives.
    #[derive(Debug)]
    #[must_use = "the code ends when this is dropped"]
    pub struct Running(PhantomData<*const ()>);

    impl Drop for Running {
        #[inline(always)]
        fn drop(&mut self) {}
    }

    /// The current task is about to start another one.
    #[inline(always)]
    pub fn spawned(_describe: Describe, _site: &'static Location<'static>) -> Child {
        Child(())
    }

    /// The current task runs a job that another one started.
    #[inline(always)]
    pub fn runs(_child: &Child) -> Running {
        Running(PhantomData)
    }

    /// The current task is about to wait for the end of another one.
    #[inline(always)]
    pub fn joins(_child: &Child, _site: &'static Location<'static>) {}

    /// The current task is about to await the end of another one.
    #[inline(always)]
    pub fn awaits(_child: &Child, _site: &'static Location<'static>) {}

    /// The other task is dropped as soon as it awaits anything.
    #[inline(always)]
    pub fn cancelled(_child: &Child) {}

    /// The current task is the one that was started.
    #[inline(always)]
    pub fn started(_child: &Child) {}

    /// The task is about to end.
    #[inline(always)]
    pub fn ended(_child: &Child) {}

    /// Somebody has asked which task this is.
    #[inline(always)]
    pub fn told_apart(_child: &Child) {}

    /// The current task has waited for the end of another one.
    #[inline(always)]
    pub fn joined(_child: &Child) {}

    /// The current process is about to become another program by `exec`.
    #[inline(always)]
    pub fn before_exec() {}

    /// The current task is about to turn its exclusive hold of `map`'s lock into a shared one.
    #[inline(always)]
    pub fn downgraded(_map: &Map) {}

    /// The current task is about to turn its hold of `map`'s lock into one in a weaker mode.
    #[inline(always)]
    pub fn downgraded_to(_map: &Map, _mode: Mode) {}

    /// The current task is about to turn its upgradable hold of `map`'s lock into an exclusive one.
    #[inline(always)]
    pub fn before_upgrade(_map: &Map, _describe: Describe, _site: &'static Location<'static>) {}

    /// The current task has turned its upgradable hold of `map`'s lock into an exclusive one.
    #[inline(always)]
    pub fn upgraded(_map: &Map) {}

    /// The current task is about to wait until nobody holds `map`'s lock any more.
    #[inline(always)]
    pub fn sync(_map: &Map, _describe: Describe, _site: &'static Location<'static>) {}

    /// `map`'s lock is about to be destroyed.
    #[inline(always)]
    pub fn destroyed(_map: &Map) {}

    /// The current task is about to wait for something that is no lock.
    #[inline(always)]
    pub fn before_wait(_needs: WaitType, _site: &'static Location<'static>) {}
}

/// Waiting for what another task must do.
pub mod wait {
    use super::{Describe, Location, Map, PhantomData};

    /// The current task is about to wait until another one does what `map` stands for.
    #[inline(always)]
    pub fn before(_map: &Map, _describe: Describe, _site: &'static Location<'static>) {}

    /// The current task is about to await what `map` stands for.
    #[inline(always)]
    pub fn awaits(_map: &Map, _describe: Describe, _site: &'static Location<'static>) {}

    /// The current task is about to wait until others do any one of the things that these stand for.
    #[inline(always)]
    #[allow(single_use_lifetimes, reason = "one without a name is not stable here")]
    pub fn before_any<'a>(
        _events: impl Iterator<Item = (&'a Map, Describe)> + Clone,
        _site: &'static Location<'static>,
    ) {
    }

    /// The current task does what `map` stands for.
    #[inline(always)]
    pub fn made(_map: &Map, _describe: Describe, _site: &'static Location<'static>) {}

    /// The current task has what it waited for.
    #[inline(always)]
    pub fn over(_site: &'static Location<'static>) {}

    #[doc(hidden)]
    #[inline(always)]
    pub fn before_turn(_: &Map, _turn: u8, _: Describe, _: &'static Location<'static>) {}

    #[doc(hidden)]
    #[inline(always)]
    pub fn awaits_turn(_: &Map, _turn: u8, _: Describe, _: &'static Location<'static>) {}

    #[doc(hidden)]
    #[inline(always)]
    pub fn made_turn(_: &Map, _turn: u8, _: Describe, _: &'static Location<'static>) {}

    /// The current task waits as long as this lives; with tracking off, nothing.
    #[derive(Debug)]
    #[must_use = "the wait is over when this is dropped"]
    pub struct Idle(PhantomData<*const ()>);

    impl Drop for Idle {
        #[inline(always)]
        fn drop(&mut self) {}
    }

    /// Would say that the current task waits without an end of its own.
    #[inline(always)]
    pub fn idle() -> Idle {
        Idle(PhantomData)
    }

    /// Whether every other task waits: nobody knows.
    #[inline(always)]
    pub fn is_alone() -> bool {
        false
    }

    /// The current task is about to wait for what only it could do itself.
    #[inline(always)]
    pub fn endless(_map: &Map, _describe: Describe, _site: &'static Location<'static>) {}

    /// Something that some code must do and other code waits for; with tracking off, nothing.
    #[derive(Debug)]
    pub struct Completion(());

    impl Completion {
        /// One that nobody waits for.
        #[must_use]
        #[allow(clippy::new_without_default, reason = "as with tracking on")]
        pub const fn new() -> Completion {
            Completion(())
        }

        /// Would say that what runs until the guard is dropped must run for whoever waits.
        #[inline(always)]
        pub fn must_run(&self) -> MustRun<'_> {
            MustRun(PhantomData)
        }

        /// Would say that the current task is about to wait.
        #[inline(always)]
        pub fn wait(&self) {}

        /// Would say that the current task has ended the wait of others.
        #[inline(always)]
        pub fn done(&self) {}
    }

    /// With tracking off, nothing. It has a `drop`, so that `drop(guard)` is no odd thing to write.
    #[derive(Debug)]
    #[must_use = "the code ends when this is dropped"]
    pub struct MustRun<'a>(PhantomData<(&'a Completion, *const ())>);

    impl Drop for MustRun<'_> {
        #[inline(always)]
        fn drop(&mut self) {}
    }
}

/// Async tasks; with tracking off, nothing but their futures.
pub mod task {
    use std::fmt;
    use std::marker::PhantomData;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use super::event::Child;
    use super::{Location, Map};
    use crate::how::{Describe, How};

    pub use crate::patience::Patience;

    /// An async task; with tracking off, nothing.
    #[derive(Debug, Default)]
    pub struct AsyncTask(());

    impl AsyncTask {
        /// A task that the current one starts.
        #[inline(always)]
        #[must_use]
        pub fn new() -> AsyncTask {
            AsyncTask(())
        }

        /// A task that the current one starts.
        #[inline(always)]
        #[must_use]
        pub fn described(_describe: Describe) -> AsyncTask {
            AsyncTask(())
        }

        /// A task that the current thread polls until it is done.
        #[inline(always)]
        #[must_use]
        pub fn root() -> AsyncTask {
            AsyncTask(())
        }

        /// A branch of the current task.
        #[inline(always)]
        #[must_use]
        pub fn branch() -> AsyncTask {
            AsyncTask(())
        }

        /// What stands for the task for whoever waits for its end.
        #[inline(always)]
        #[must_use]
        pub fn child(&self) -> Child {
            Child::NONE
        }

        /// Runs one poll.
        #[inline(always)]
        pub fn poll_with<T>(
            &mut self,
            cx: &mut Context<'_>,
            poll: impl FnOnce(&mut Context<'_>) -> Poll<T>,
        ) -> Poll<T> {
            poll(cx)
        }

        /// Runs one poll.
        #[inline(always)]
        pub fn poll<T>(&mut self, poll: impl FnOnce() -> Poll<T>) -> Poll<T> {
            poll()
        }

        /// Runs code of the task that is no poll.
        #[inline(always)]
        pub fn run<T>(&mut self, work: impl FnOnce() -> T) -> T {
            work()
        }
    }

    /// Whether any async task lives: nobody knows.
    #[inline(always)]
    #[must_use]
    pub fn any_lives() -> bool {
        true
    }

    /// The future that it is made of.
    pub struct Tracked<F>(F);

    impl<F> Tracked<F> {
        /// The future.
        #[inline(always)]
        pub fn spawned(future: F) -> Tracked<F> {
            Tracked(future)
        }

        /// What stands for the task for whoever waits for its end.
        #[inline(always)]
        #[must_use]
        pub fn child(&self) -> Child {
            Child::NONE
        }

        /// The future.
        #[inline(always)]
        pub fn branch(future: F) -> Tracked<F> {
            Tracked(future)
        }

        /// The future.
        #[inline(always)]
        pub fn root(future: F) -> Tracked<F> {
            Tracked(future)
        }
    }

    impl<F: Future> Future for Tracked<F> {
        type Output = F::Output;

        #[inline(always)]
        #[allow(unsafe_code, reason = "pins a field of a pinned value")]
        fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
            // SAFETY: the only field is pinned as the whole is: nothing moves it, there is no
            // `drop`, and `Tracked` is `Unpin` only if `F` is.
            let future = unsafe { self.map_unchecked_mut(|tracked| &mut tracked.0) };
            future.poll(cx)
        }
    }

    impl<F> fmt::Debug for Tracked<F> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.debug_struct("Tracked").finish_non_exhaustive()
        }
    }

    /// With tracking off, nothing. It has a `drop`, so that `drop(guard)` is no odd thing to write.
    #[derive(Debug)]
    #[must_use = "the poll ends when this is dropped"]
    pub struct Polled(PhantomData<*const ()>);

    impl Drop for Polled {
        #[inline(always)]
        fn drop(&mut self) {}
    }

    /// With tracking off, nothing. It has a `drop`, so that `drop(guard)` is no odd thing to write.
    #[derive(Debug)]
    #[must_use = "it counts until this is dropped"]
    pub struct Awaits(PhantomData<*const ()>);

    impl Drop for Awaits {
        #[inline(always)]
        fn drop(&mut self) {}
    }

    /// Says with which patience futures are awaited.
    #[inline(always)]
    pub fn awaits(_patience: Patience) -> Awaits {
        Awaits(PhantomData)
    }

    /// Nobody says how long; [`Patience::Endless`].
    #[inline(always)]
    #[must_use]
    pub fn patience() -> Patience {
        Patience::Endless
    }

    /// Nobody says so; true.
    #[inline(always)]
    #[must_use]
    pub fn may_await_for_ever() -> bool {
        true
    }

    /// How it is wanted: always so.
    #[inline(always)]
    #[must_use]
    pub fn wanted(how: How, _announced: Option<How>) -> How {
        how
    }

    /// Whether there is nothing to ask: nobody asks.
    #[inline(always)]
    #[must_use]
    pub fn acquires_known(
        _cx: &Context<'_>,
        _map: &Map,
        _how: How,
        _site: &'static Location<'static>,
    ) -> bool {
        true
    }

    /// An async lock's future is polled.
    #[inline(always)]
    pub fn polled_by(_cx: &Context<'_>) -> Polled {
        Polled(PhantomData)
    }
}

/// Asking what the current task holds.
pub mod query {
    use crate::mode::Mode;
    use crate::state::LockState;
    use crate::tracked::Tracked;

    pub use crate::held_lock::HeldLock;

    /// What the current task holds: nothing that is known.
    #[must_use]
    pub fn held() -> Vec<HeldLock> {
        Vec::new()
    }

    /// Whether the current task holds `lock`: unknown.
    #[must_use]
    pub fn is_held<L: Tracked + ?Sized>(_lock: &L, _mode: Option<Mode>) -> LockState {
        LockState::Unknown
    }
}

/// Would have `hook` called with every violation; with tracking off there is none.
pub fn set_hook(hook: impl Fn(&Violation) + Send + Sync + 'static) {
    drop(hook);
}

/// Removes the hook.
pub fn take_hook() {}

/// What all tasks hold: nothing that is known.
#[must_use]
pub fn held_locks() -> HeldLocks {
    HeldLocks::default()
}

/// What was lost so far: with tracking off, nothing.
#[must_use]
pub fn losses() -> Vec<String> {
    Vec::new()
}

#[doc(hidden)]
pub use private as __private;

/// What the exported macros expand to calls of. No part of the public API.
#[doc(hidden)]
pub mod private {
    use super::{Context, Describe, How, Map, WaitType};
    use crate::tracked::Tracked;

    pub use crate::violation::Assertion;

    pub fn before_acquire(_map: &Map, _how: How, _describe: Describe) {}

    pub fn acquired(_map: &Map, _how: How, _describe: Describe) {}

    pub fn try_acquired(_map: &Map, _how: How, _describe: Describe) {}

    pub fn assert_lock<L: Tracked + ?Sized>(_lock: &L, _assertion: Assertion) {}

    pub fn assert_none_held() {}

    pub fn might_lock<L: Tracked + ?Sized>(_lock: &L, _how: How) {}

    pub fn before_upgrade(_map: &Map, _describe: Describe) {}

    pub fn sync(_map: &Map, _describe: Describe) {}

    /// The same events under a nest lock.
    pub mod nested {
        use super::super::{Describe, How, Map, Tracked};

        pub fn before_acquire<N: Tracked + ?Sized>(
            _map: &Map,
            _how: How,
            _nest: &N,
            _describe: Describe,
        ) {
        }

        pub fn try_acquired<N: Tracked + ?Sized>(
            _map: &Map,
            _how: How,
            _nest: &N,
            _describe: Describe,
        ) {
        }
    }

    pub fn before_wait(_needs: WaitType) {}

    pub fn assert_context(_context: &'static Context, _assertion: Assertion) {}
}
