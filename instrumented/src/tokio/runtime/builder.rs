//! What a runtime is built by.

use std::fmt;
use std::io;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

use super::own::Runtime;
use super::real::runtime::Builder as RealBuilder;

/// [`tokio::runtime::Builder`](::tokio::runtime::Builder), which builds tracked runtimes.
pub struct Builder {
    inner: RealBuilder,
}

/// Settings, which are the real builder's.
macro_rules! settings {
    ($($(#[$attribute:meta])* $name:ident($($value:ident: $type:ty)?);)*) => {$(
        $(#[$attribute])*
        #[track_caller]
        pub fn $name(&mut self, $($value: $type)?) -> &mut Self {
            self.inner.$name($($value)?);
            self
        }
    )*};
}

impl Builder {
    /// For a runtime that runs its tasks on the thread that blocks on it.
    #[must_use]
    pub fn new_current_thread() -> Builder {
        Builder { inner: RealBuilder::new_current_thread() }
    }

    /// For a runtime with threads of its own.
    #[cfg(feature = "rt-multi-thread")]
    #[must_use]
    pub fn new_multi_thread() -> Builder {
        Builder { inner: RealBuilder::new_multi_thread() }
    }

    /// Builds the runtime.
    ///
    /// # Errors
    ///
    /// If the system refuses what it needs.
    pub fn build(&mut self) -> io::Result<Runtime> {
        self.inner.build().map(Runtime::of)
    }

    /// Builds a runtime whose tasks stay on its thread.
    ///
    /// # Errors
    ///
    /// If the system refuses what it needs.
    ///
    /// # Panics
    ///
    /// If this is the builder of a runtime with many threads.
    #[cfg(not(before = "1.51"))]
    #[track_caller]
    pub fn build_local(
        &mut self,
        options: super::real::runtime::LocalOptions,
    ) -> io::Result<super::LocalRuntime> {
        self.inner.build_local(options).map(super::LocalRuntime::of)
    }

    settings! {
        /// Turns all drivers on.
        enable_all();
        /// Turns the driver of input and output on.
        #[cfg(any(feature = "net", all(unix, feature = "process"), all(unix, feature = "signal")))]
        enable_io();
        /// Turns the timer on.
        #[cfg(feature = "time")]
        enable_time();
        /// How many threads run tasks.
        worker_threads(val: usize);
        /// How many more threads there may be for what blocks.
        max_blocking_threads(val: usize);
        /// What the threads are called.
        thread_name(val: impl Into<String>);
        /// What the runtime is called.
        #[cfg(not(before = "1.51"))]
        name(val: impl Into<String>);
        /// What each thread is called.
        thread_name_fn(f: impl Fn() -> String + Send + Sync + 'static);
        /// How large a thread's stack is, in bytes.
        thread_stack_size(val: usize);
        /// What each thread does first.
        on_thread_start(f: impl Fn() + Send + Sync + 'static);
        /// What each thread does last.
        on_thread_stop(f: impl Fn() + Send + Sync + 'static);
        /// What a thread does before it goes to sleep.
        #[cfg(not(before = "1.12"))]
        on_thread_park(f: impl Fn() + Send + Sync + 'static);
        /// What a thread does when it wakes.
        #[cfg(not(before = "1.12"))]
        on_thread_unpark(f: impl Fn() + Send + Sync + 'static);
        /// How long an idle thread for what blocks is kept.
        thread_keep_alive(duration: Duration);
        /// After how many polls a thread looks for tasks of others.
        #[cfg(not(before = "1.19"))]
        global_queue_interval(val: u32);
        /// After how many polls a thread looks for events.
        #[cfg(not(before = "1.19"))]
        event_interval(val: u32);
        /// How many events are taken at a time.
        #[cfg(all(
            not(before = "1.24"),
            any(feature = "net", all(unix, feature = "process"), all(unix, feature = "signal"))
        ))]
        max_io_events_per_tick(capacity: usize);
        /// How many events are taken at a time by a thread that has tasks.
        #[cfg(all(
            not(before = "1.54"),
            any(feature = "net", all(unix, feature = "process"), all(unix, feature = "signal"))
        ))]
        max_io_events_per_busy_tick(capacity: usize);
        /// Whether the clock begins at rest.
        #[cfg(all(not(before = "1.6"), feature = "test-util"))]
        start_paused(start_paused: bool);
        /// What is done when a task panics.
        #[cfg(tokio_unstable)]
        unhandled_panic(behavior: super::real::runtime::UnhandledPanic);
        /// Runs tasks in the order in which they were woken.
        #[cfg(tokio_unstable)]
        disable_lifo_slot();
        /// What the choices that are left to chance begin with.
        #[cfg(tokio_unstable)]
        rng_seed(seed: super::real::runtime::RngSeed);
    }
}

impl Deref for Builder {
    type Target = RealBuilder;

    fn deref(&self) -> &RealBuilder {
        &self.inner
    }
}

impl DerefMut for Builder {
    fn deref_mut(&mut self) -> &mut RealBuilder {
        &mut self.inner
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
