//! Tasks that stay on their thread.

use std::cell::RefCell;
use std::fmt;
use std::future::{Future, poll_fn};
use std::ops::{Deref, DerefMut};
use std::panic::Location;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll};

use lockdep::task::{self as waits, Tracked};

use super::join_handle::JoinHandle;
#[cfg(not(before = "1.21"))]
use super::real::task::LocalEnterGuard;
use super::real::task::{self, LocalSet as RealSet};
#[cfg(not(before = "1.49"))]
use super::runtime::Id;
use super::runtime::Runtime;
use super::started::{Started, started};

/// [`tokio::task::spawn_local`](::tokio::task::spawn_local); the task has a held stack of its own.
///
/// # Panics
///
/// As the real one: if there is no [`LocalSet`].
#[track_caller]
pub fn spawn_local<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    let (future, started) = started(future);
    let handle = task::spawn_local(future);
    let set = PRESENT.try_with(|present| present.borrow().clone());
    if let Some(set) = set.ok().flatten() {
        set.add(&started);
    }
    JoinHandle::of(handle, started)
}

thread_local! {
    /// The tasks of the set that is polled now.
    static PRESENT: RefCell<Option<Fresh>> = const { RefCell::new(None) };
}

/// The tasks of a set that nobody has said to wait for.
#[derive(Clone, Default)]
struct Fresh(Rc<RefCell<Vec<Started>>>);

impl Fresh {
    fn add(&self, started: &Started) {
        let mut tasks = self.0.borrow_mut();
        // So that a set that starts tasks for ever does not keep them all.
        if tasks.len() == tasks.capacity() {
            tasks.retain(|task| !task.is_over());
        }
        tasks.push(started.clone());
    }

    /// The ends of all are awaited.
    fn are_awaited(&self, site: &'static Location<'static>) {
        if !waits::may_await_for_ever() {
            return;
        }
        let mut tasks = std::mem::take(&mut *self.0.borrow_mut());
        tasks.retain(|task| !task.is_over());
        tasks.sort_unstable_by_key(Started::code);
        tasks.dedup_by_key(|task| task.code());
        tasks.iter().for_each(|task| task.is_awaited(site));
    }

    /// The set is polled as long as what is returned lives.
    fn polled(&self) -> Polled {
        let outer = PRESENT.try_with(|present| present.replace(Some(self.clone())));
        Polled { outer: outer.ok().flatten() }
    }
}

/// A set is polled as long as this lives.
struct Polled {
    outer: Option<Fresh>,
}

impl Drop for Polled {
    fn drop(&mut self) {
        let outer = self.outer.take();
        // Without a value the thread ends, and nothing of it is left.
        let _ = PRESENT.try_with(|present| present.replace(outer));
    }
}

/// [`tokio::task::LocalSet`](::tokio::task::LocalSet), whose tasks have held stacks of their own.
///
/// # Tracking
///
/// Who awaits the set waits for all that its tasks do: those that were spawned by it, and by
/// [`spawn_local`] in what it polls.
#[derive(Default)]
pub struct LocalSet {
    inner: RealSet,
    fresh: Fresh,
}

impl LocalSet {
    /// Creates an empty set.
    #[must_use]
    pub fn new() -> LocalSet {
        LocalSet { inner: RealSet::new(), fresh: Fresh::default() }
    }

    /// Makes this the set of the thread as long as what is returned lives.
    #[cfg(not(before = "1.21"))]
    #[must_use]
    pub fn enter(&self) -> LocalEnterGuard {
        self.inner.enter()
    }

    /// What tells the set from others and from runtimes.
    #[cfg(not(before = "1.49"))]
    pub fn id(&self) -> Id {
        self.inner.id()
    }

    /// Spawns a task, which runs when the set is polled.
    #[track_caller]
    pub fn spawn_local<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        let (future, started) = started(future);
        self.fresh.add(&started);
        JoinHandle::of(self.inner.spawn_local(future), started)
    }

    /// Runs `future` on `rt`, and the tasks of the set meanwhile.
    ///
    /// # Panics
    ///
    /// If the thread runs tasks, and if `future` panics.
    #[track_caller]
    pub fn block_on<F: Future>(&self, rt: &Runtime, future: F) -> F::Output {
        let _polled = self.fresh.polled();
        self.inner.block_on(rt, Tracked::root(future))
    }

    /// Runs `future`, as a part of the task that awaits this, and the tasks of the set meanwhile.
    pub async fn run_until<F: Future>(&self, future: F) -> F::Output {
        let mut real = pin!(self.inner.run_until(future));
        poll_fn(|context| {
            let _polled = self.fresh.polled();
            real.as_mut().poll(context)
        })
        .await
    }
}

impl Future for LocalSet {
    type Output = ();

    /// Runs the tasks of the set; ready when there are none left.
    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.fresh.are_awaited(Location::caller());
        let _polled = self.fresh.polled();
        Pin::new(&mut self.inner).poll(cx)
    }
}

impl Deref for LocalSet {
    type Target = RealSet;

    fn deref(&self) -> &RealSet {
        &self.inner
    }
}

impl DerefMut for LocalSet {
    fn deref_mut(&mut self) -> &mut RealSet {
        &mut self.inner
    }
}

impl fmt::Debug for LocalSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}
