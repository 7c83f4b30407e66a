//! [`std::thread`] with its ways to start a thread replaced by ones that say who started whom.
//!
//! Threads and handles do what the real ones do. What is told is the order of start and join: what
//! a thread did before it started another comes before all that the other does, and all of that
//! comes before what follows its join. The tracker's level `observed` goes by it. And what it is to
//! wait for the end of a thread with a lock held that the thread takes. All other names are the real
//! ones.
//!
//! # Tracking
//!
//! Starting and joining a thread each cost some hundred nanoseconds more. All threads that are
//! started at one place with closures of one type run code of one kind. A thread that was started by
//! other means has no known kin, which costs nothing and says nothing.

use std::any::type_name;
use std::cell::Cell;
use std::fmt;
use std::io;
use std::panic::Location;
use std::ptr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lockdep::event::{self, Child};
use lockdep::wait;
use lockdep::{Description, Map};

mod parking;

pub use std::thread::*;

#[allow(deprecated, reason = "the function is deprecated and still there")]
pub use parking::park_timeout_ms;
pub use parking::{Thread, current, park, park_timeout};

/// [`std::thread::spawn`]; says that the current thread starts one.
///
/// # Panics
///
/// As the real one: if the system cannot start a thread.
#[track_caller]
pub fn spawn<F, T>(f: F) -> JoinHandle<T>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    Builder::new().spawn(f).expect("failed to spawn thread")
}

/// What the code of a thread is, for reports.
fn describe<F>() -> Description {
    Description::new("thread", type_name::<F>())
}

/// What a started thread does: `f`, between its first event and its last.
fn life<F: FnOnce() -> T, T>(child: Child, parking: Arc<Map>, f: F) -> impl FnOnce() -> T {
    /// Ends with `f`, after a panic too.
    struct Life(Child);
    impl Drop for Life {
        fn drop(&mut self) {
            event::ended(&self.0);
        }
    }
    move || {
        event::started(&child);
        parking::begin(parking);
        let _life = Life(child);
        f()
    }
}

/// [`std::thread::Builder`], whose threads say who started them.
#[derive(Debug)]
#[must_use = "must eventually spawn the thread"]
pub struct Builder(std::thread::Builder);

impl Builder {
    /// As [`std::thread::Builder::new`].
    #[allow(clippy::new_without_default, reason = "the real one has no default either")]
    pub fn new() -> Builder {
        Builder(std::thread::Builder::new())
    }

    /// As [`std::thread::Builder::name`].
    pub fn name(self, name: String) -> Builder {
        Builder(self.0.name(name))
    }

    /// As [`std::thread::Builder::stack_size`]; in bytes.
    pub fn stack_size(self, size: usize) -> Builder {
        Builder(self.0.stack_size(size))
    }

    /// As [`std::thread::Builder::spawn`]; says that the current thread starts one.
    ///
    /// # Errors
    ///
    /// If the system cannot start a thread.
    ///
    /// # Panics
    ///
    /// If the name contains a zero byte.
    #[track_caller]
    pub fn spawn<F, T>(self, f: F) -> io::Result<JoinHandle<T>>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        let child = event::spawned(describe::<F>, Location::caller());
        let parking = parking::of_child();
        let inner = self.0.spawn(life(child.clone(), Arc::clone(&parking), f))?;
        Ok(JoinHandle::new(inner, child, parking))
    }

    /// As [`std::thread::Builder::spawn_unchecked`]; says that the current thread starts one.
    ///
    /// # Safety
    ///
    /// As the real one: what `f` borrows must live until the thread has ended, and so must what it
    /// returns until it is dropped.
    ///
    /// # Errors
    ///
    /// If the system cannot start a thread.
    ///
    /// # Panics
    ///
    /// If the name contains a zero byte.
    #[track_caller]
    #[allow(unsafe_code, reason = "the real one is unsafe")]
    pub unsafe fn spawn_unchecked<F, T>(self, f: F) -> io::Result<JoinHandle<T>>
    where
        F: FnOnce() -> T + Send,
        T: Send,
    {
        let child = event::spawned(describe::<F>, Location::caller());
        let parking = parking::of_child();
        let life = life(child.clone(), Arc::clone(&parking), f);
        // SAFETY: the caller promises the same of `f`; `life` adds what borrows nothing.
        let inner = unsafe { self.0.spawn_unchecked(life) }?;
        Ok(JoinHandle::new(inner, child, parking))
    }

    /// As [`std::thread::Builder::spawn_scoped`]; says that the current thread starts one.
    ///
    /// # Errors
    ///
    /// If the system cannot start a thread.
    ///
    /// # Panics
    ///
    /// If the name contains a zero byte.
    #[track_caller]
    pub fn spawn_scoped<'scope, F, T>(
        self,
        scope: &'scope Scope<'scope, '_>,
        f: F,
    ) -> io::Result<ScopedJoinHandle<'scope, T>>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        let child = event::spawned(describe::<F>, Location::caller());
        let parking = parking::of_child();
        let life = life(child.clone(), Arc::clone(&parking), f);
        let inner = self.0.spawn_scoped(scope.inner, life)?;
        scope.add(child.clone());
        let thread = Thread::new(inner.thread().clone(), parking, child.clone());
        Ok(ScopedJoinHandle { inner, child, thread })
    }
}

/// [`std::thread::JoinHandle`]; joining says that the thread has ended before what follows.
pub struct JoinHandle<T> {
    inner: std::thread::JoinHandle<T>,
    child: Child,
    thread: Thread,
}

impl<T> JoinHandle<T> {
    fn new(inner: std::thread::JoinHandle<T>, child: Child, parking: Arc<Map>) -> JoinHandle<T> {
        let thread = Thread::new(inner.thread().clone(), parking, child.clone());
        JoinHandle { inner, child, thread }
    }

    /// As [`std::thread::JoinHandle::thread`].
    #[must_use]
    pub fn thread(&self) -> &Thread {
        &self.thread
    }

    /// As [`std::thread::JoinHandle::join`]; says that the thread was joined.
    ///
    /// # Errors
    ///
    /// If the thread panicked; the error is what it panicked with.
    ///
    /// # Panics
    ///
    /// As the real one, on some systems: if a thread joins itself.
    #[track_caller]
    pub fn join(self) -> Result<T> {
        event::joins(&self.child, Location::caller());
        let idle = wait::idle();
        let result = self.inner.join();
        drop(idle);
        event::joined(&self.child);
        result
    }

    /// As [`std::thread::JoinHandle::is_finished`].
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.inner.is_finished()
    }
}

impl<T> fmt::Debug for JoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

#[cfg(unix)]
impl<T> std::os::unix::thread::JoinHandleExt for JoinHandle<T> {
    fn as_pthread_t(&self) -> std::os::unix::thread::RawPthread {
        std::os::unix::thread::JoinHandleExt::as_pthread_t(&self.inner)
    }

    fn into_pthread_t(self) -> std::os::unix::thread::RawPthread {
        std::os::unix::thread::JoinHandleExt::into_pthread_t(self.inner)
    }
}

/// Runs `f` with a scope whose threads may borrow what lives longer; as [`std::thread::scope`].
/// Returning says that all its threads were joined.
///
/// # Panics
///
/// If `f` panics, or a thread of the scope that was not joined by hand.
#[track_caller]
#[allow(unsafe_code, reason = "a scope's lifetime leaves no room for a value of our own")]
pub fn scope<'env, F, T>(f: F) -> T
where
    F: for<'scope> FnOnce(&'scope Scope<'scope, 'env>) -> T,
{
    /// Owns the scope, and joins what was not joined by hand, after a panic too.
    struct Home(Cell<*mut Scope<'static, 'static>>);
    impl Drop for Home {
        fn drop(&mut self) {
            if !self.0.get().is_null() {
                // SAFETY: the pointer was made from a box and is freed nowhere else; nobody uses it
                // any more, for the real scope and all its threads have ended.
                let scope = unsafe { Box::from_raw(self.0.get()) };
                scope.children().iter().for_each(event::joined);
            }
        }
    }
    let site = Location::caller();
    let home = Home(Cell::new(ptr::null_mut()));
    let idle = Cell::new(None);
    let result = std::thread::scope(|inner| {
        let scope = Box::into_raw(Box::new(Scope { inner, children: Mutex::default() }));
        home.0.set(scope.cast());
        // SAFETY: it is freed after the real scope has ended, and `'scope` with that.
        let scope: &Scope<'_, 'env> = unsafe { &*scope };
        let result = f(scope);
        // Here the real scope waits for those that are left.
        let left = scope.children().clone();
        left.iter().for_each(|child| event::joins(child, site));
        idle.set(Some(wait::idle()));
        result
    });
    drop(idle);
    result
}

/// [`std::thread::Scope`], whose threads say who started them.
pub struct Scope<'scope, 'env> {
    inner: &'scope std::thread::Scope<'scope, 'env>,
    /// The threads of the scope that were not joined when it was last looked at.
    children: Mutex<Vec<Child>>,
}

impl<'scope> Scope<'scope, '_> {
    /// As [`std::thread::Scope::spawn`]; says that the current thread starts one.
    ///
    /// # Panics
    ///
    /// If the system cannot start a thread.
    #[track_caller]
    pub fn spawn<F, T>(&'scope self, f: F) -> ScopedJoinHandle<'scope, T>
    where
        F: FnOnce() -> T + Send + 'scope,
        T: Send + 'scope,
    {
        Builder::new().spawn_scoped(self, f).expect("failed to spawn thread")
    }

    fn children(&self) -> MutexGuard<'_, Vec<Child>> {
        self.children.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, child: Child) {
        let mut children = self.children();
        // So that a scope which starts threads for ever does not keep them all.
        if children.len() == children.capacity() {
            children.retain(|child| !child.is_joined());
        }
        children.push(child);
    }
}

impl fmt::Debug for Scope<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

/// [`std::thread::ScopedJoinHandle`]; joining says that the thread has ended before what follows.
pub struct ScopedJoinHandle<'scope, T> {
    inner: std::thread::ScopedJoinHandle<'scope, T>,
    child: Child,
    thread: Thread,
}

impl<T> ScopedJoinHandle<'_, T> {
    /// As [`std::thread::ScopedJoinHandle::thread`].
    #[must_use]
    pub fn thread(&self) -> &Thread {
        &self.thread
    }

    /// As [`std::thread::ScopedJoinHandle::join`]; says that the thread was joined.
    ///
    /// # Errors
    ///
    /// If the thread panicked; the error is what it panicked with.
    #[track_caller]
    pub fn join(self) -> Result<T> {
        event::joins(&self.child, Location::caller());
        let idle = wait::idle();
        let result = self.inner.join();
        drop(idle);
        event::joined(&self.child);
        result
    }

    /// As [`std::thread::ScopedJoinHandle::is_finished`].
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.inner.is_finished()
    }
}

impl<T> fmt::Debug for ScopedJoinHandle<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScopedJoinHandle").finish_non_exhaustive()
    }
}
