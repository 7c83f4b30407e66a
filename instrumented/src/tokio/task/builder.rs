//! What says more of a task before it is spawned; only with tokio's unstable tracing.

use std::future::Future;
use std::io;

use super::join_handle::JoinHandle;
use super::local::LocalSet;
use super::real::task::Builder as RealBuilder;
use super::runtime::Handle;
use super::started::{job, started};

/// [`tokio::task::Builder`](::tokio::task::Builder), whose tasks have held stacks of their own.
#[derive(Debug, Default)]
#[must_use = "builders do nothing unless used to spawn a task"]
pub struct Builder<'a> {
    inner: RealBuilder<'a>,
}

/// The ways to spawn a task, each as the real builder's.
macro_rules! spawns {
    ($($(#[$attribute:meta])* $name:ident<$type:ident, $output:ty>
        ($what:ident $(, $on:ident: $of:ty)?) by $start:ident where { $($bounds:tt)* })*) => {$(
        $(#[$attribute])*
        ///
        /// # Errors
        ///
        /// As the real one.
        #[track_caller]
        pub fn $name<$type>(self, $what: $type $(, $on: $of)?) -> io::Result<JoinHandle<$output>>
        where
            $($bounds)*
        {
            let ($what, started) = $start($what);
            Ok(JoinHandle::of(self.inner.$name($what $(, $on)?)?, started))
        }
    )*};
}

impl<'a> Builder<'a> {
    /// One that says nothing yet.
    pub fn new() -> Self {
        Builder::default()
    }

    /// What the task is called.
    pub fn name(&self, name: &'a str) -> Self {
        Builder { inner: self.inner.name(name) }
    }

    spawns! {
        /// Spawns a task.
        spawn<Fut, Fut::Output>(future) by started
            where { Fut: Future + Send + 'static, Fut::Output: Send + 'static }
        /// Spawns a task on a runtime.
        spawn_on<Fut, Fut::Output>(future, handle: &Handle) by started
            where { Fut: Future + Send + 'static, Fut::Output: Send + 'static }
        /// Spawns a task on the current [`LocalSet`].
        spawn_local<Fut, Fut::Output>(future) by started
            where { Fut: Future + 'static, Fut::Output: 'static }
        /// Spawns a task on a [`LocalSet`].
        spawn_local_on<Fut, Fut::Output>(future, local_set: &LocalSet) by started
            where { Fut: Future + 'static, Fut::Output: 'static }
    }

    /// Calls `function` on a thread that may block.
    ///
    /// # Errors
    ///
    /// As the real one.
    #[track_caller]
    pub fn spawn_blocking<Function, Output>(
        self,
        function: Function,
    ) -> io::Result<JoinHandle<Output>>
    where
        Function: FnOnce() -> Output + Send + 'static,
        Output: Send + 'static,
    {
        let (function, started) = job(function);
        Ok(JoinHandle::of(self.inner.spawn_blocking(function)?, started))
    }

    /// Calls `function` on a thread of a runtime that may block.
    ///
    /// # Errors
    ///
    /// As the real one.
    #[track_caller]
    pub fn spawn_blocking_on<Function, Output>(
        self,
        function: Function,
        handle: &Handle,
    ) -> io::Result<JoinHandle<Output>>
    where
        Function: FnOnce() -> Output + Send + 'static,
        Output: Send + 'static,
    {
        let (function, started) = job(function);
        Ok(JoinHandle::of(self.inner.spawn_blocking_on(function, handle)?, started))
    }
}
