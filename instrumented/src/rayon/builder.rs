//! How a pool is to be.
//!
//! The real builder's type cannot be named once it has a function of its own that starts threads, so
//! the settings are kept here until the pool is built.

use std::any::Any;
use std::fmt;
use std::io;
use std::panic::Location;

use super::real::{self, ThreadBuilder, ThreadPoolBuildError};
use super::thread_pool::ThreadPool;

/// Called with a thread's index.
type Handler = Box<dyn Fn(usize) + Send + Sync>;
/// Called with what a job panicked with.
type PanicHandler = Box<dyn Fn(Box<dyn Any + Send>) + Send + Sync>;

/// What a pool is to be, besides who starts its threads.
#[derive(Default)]
struct Settings {
    num_threads: usize,
    #[cfg(not(before = "1.12"))]
    use_current_thread: bool,
    breadth_first: bool,
    stack_size: Option<usize>,
    thread_name: Option<Box<dyn FnMut(usize) -> String>>,
    panic_handler: Option<PanicHandler>,
    start_handler: Option<Handler>,
    exit_handler: Option<Handler>,
}

impl Settings {
    /// The real builder with these settings.
    fn into_real(self) -> real::ThreadPoolBuilder {
        let mut builder = real::ThreadPoolBuilder::new().num_threads(self.num_threads);
        #[cfg(not(before = "1.12"))]
        if self.use_current_thread {
            builder = builder.use_current_thread();
        }
        if self.breadth_first {
            #[allow(deprecated, reason = "whoever set it uses it")]
            {
                builder = builder.breadth_first();
            }
        }
        if let Some(stack_size) = self.stack_size {
            builder = builder.stack_size(stack_size);
        }
        if let Some(thread_name) = self.thread_name {
            builder = builder.thread_name(thread_name);
        }
        if let Some(handler) = self.panic_handler {
            builder = builder.panic_handler(handler);
        }
        if let Some(handler) = self.start_handler {
            builder = builder.start_handler(handler);
        }
        if let Some(handler) = self.exit_handler {
            builder = builder.exit_handler(handler);
        }
        builder
    }
}

/// Who starts the threads of a pool.
pub trait ThreadSpawn {
    /// Builds a pool whose threads are started so.
    #[doc(hidden)]
    fn build(
        self,
        builder: real::ThreadPoolBuilder,
    ) -> Result<real::ThreadPool, ThreadPoolBuildError>;

    /// Builds the global pool, whose threads are started so.
    #[doc(hidden)]
    fn build_global(self, builder: real::ThreadPoolBuilder) -> Result<(), ThreadPoolBuildError>;
}

/// The pool starts them itself.
#[derive(Debug, Default)]
pub struct DefaultSpawn;

/// A function of the program's starts them.
#[derive(Debug)]
pub struct CustomSpawn<F>(F);

impl ThreadSpawn for DefaultSpawn {
    fn build(
        self,
        builder: real::ThreadPoolBuilder,
    ) -> Result<real::ThreadPool, ThreadPoolBuildError> {
        builder.build()
    }

    fn build_global(self, builder: real::ThreadPoolBuilder) -> Result<(), ThreadPoolBuildError> {
        builder.build_global()
    }
}

impl<F: FnMut(ThreadBuilder) -> io::Result<()>> ThreadSpawn for CustomSpawn<F> {
    fn build(
        self,
        builder: real::ThreadPoolBuilder,
    ) -> Result<real::ThreadPool, ThreadPoolBuildError> {
        builder.spawn_handler(self.0).build()
    }

    fn build_global(self, builder: real::ThreadPoolBuilder) -> Result<(), ThreadPoolBuildError> {
        builder.spawn_handler(self.0).build_global()
    }
}

/// Builds a [`ThreadPool`].
pub struct ThreadPoolBuilder<S = DefaultSpawn> {
    settings: Settings,
    spawn: S,
}

impl Default for ThreadPoolBuilder {
    fn default() -> Self {
        ThreadPoolBuilder { settings: Settings::default(), spawn: DefaultSpawn }
    }
}

impl ThreadPoolBuilder {
    /// One for a pool as usual.
    pub fn new() -> Self {
        ThreadPoolBuilder::default()
    }

    /// Builds a pool for the time of `with_pool`, whose threads may borrow what lives longer.
    ///
    /// # Errors
    ///
    /// If the pool's threads cannot be started.
    #[track_caller]
    pub fn build_scoped<W, F, R>(self, wrapper: W, with_pool: F) -> Result<R, ThreadPoolBuildError>
    where
        W: Fn(ThreadBuilder) + Sync,
        F: FnOnce(&ThreadPool) -> R,
    {
        let site = Location::caller();
        self.settings
            .into_real()
            .build_scoped(wrapper, |pool| ThreadPool::with_borrowed(pool, site, with_pool))
    }
}

impl<S: ThreadSpawn> ThreadPoolBuilder<S> {
    /// Builds the pool; the place of this call is its class.
    ///
    /// # Errors
    ///
    /// If the pool's threads cannot be started.
    #[track_caller]
    pub fn build(self) -> Result<ThreadPool, ThreadPoolBuildError> {
        let site = Location::caller();
        let pool = self.spawn.build(self.settings.into_real())?;
        Ok(ThreadPool::owned(pool, site))
    }

    /// Makes the global pool one like this.
    ///
    /// # Errors
    ///
    /// If there is a global pool already, or its threads cannot be started.
    pub fn build_global(self) -> Result<(), ThreadPoolBuildError> {
        self.spawn.build_global(self.settings.into_real())
    }
}

impl<S> ThreadPoolBuilder<S> {
    /// Has `spawn` start the threads.
    pub fn spawn_handler<F>(self, spawn: F) -> ThreadPoolBuilder<CustomSpawn<F>>
    where
        F: FnMut(ThreadBuilder) -> io::Result<()>,
    {
        ThreadPoolBuilder { settings: self.settings, spawn: CustomSpawn(spawn) }
    }

    /// Names the threads.
    pub fn thread_name<F>(mut self, closure: F) -> Self
    where
        F: FnMut(usize) -> String + 'static,
    {
        self.settings.thread_name = Some(Box::new(closure));
        self
    }

    /// How many threads; as many as are useful if 0.
    pub fn num_threads(mut self, num_threads: usize) -> Self {
        self.settings.num_threads = num_threads;
        self
    }

    /// Makes the current thread one of the pool's.
    #[cfg(not(before = "1.12"))]
    pub fn use_current_thread(mut self) -> Self {
        self.settings.use_current_thread = true;
        self
    }

    /// What is done when a spawned job panics.
    pub fn panic_handler<H>(mut self, panic_handler: H) -> Self
    where
        H: Fn(Box<dyn Any + Send>) + Send + Sync + 'static,
    {
        self.settings.panic_handler = Some(Box::new(panic_handler));
        self
    }

    /// The size of the threads' stacks, in bytes.
    pub fn stack_size(mut self, stack_size: usize) -> Self {
        self.settings.stack_size = Some(stack_size);
        self
    }

    /// Has each thread run its newest job last.
    #[deprecated(note = "use `scope_fifo` and `spawn_fifo` for similar effect")]
    pub fn breadth_first(mut self) -> Self {
        self.settings.breadth_first = true;
        self
    }

    /// What each thread does first.
    pub fn start_handler<H>(mut self, start_handler: H) -> Self
    where
        H: Fn(usize) + Send + Sync + 'static,
    {
        self.settings.start_handler = Some(Box::new(start_handler));
        self
    }

    /// What each thread does last.
    pub fn exit_handler<H>(mut self, exit_handler: H) -> Self
    where
        H: Fn(usize) + Send + Sync + 'static,
    {
        self.settings.exit_handler = Some(Box::new(exit_handler));
        self
    }
}

impl<S> fmt::Debug for ThreadPoolBuilder<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ThreadPoolBuilder")
            .field("num_threads", &self.settings.num_threads)
            .field("stack_size", &self.settings.stack_size)
            .finish_non_exhaustive()
    }
}
