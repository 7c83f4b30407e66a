//! Whose poll it is, where nobody says so: by the waker.
//!
//! Async locks know the waker of whoever polls them, and that tells two kinds of parties apart.
//!
//! *Tasks of an executor that does not wrap its polls.* What such a task took under its waker is on
//! the thread's stack only while an async lock is polled under the same waker again; else it is
//! aside. So the order among the async locks of a task is learned, and that of a blocking lock and
//! the async one that is taken under it. That of an async lock and a blocking one under it is not: it
//! would take to know whose poll the blocking lock is taken in.
//!
//! *Branches of one task*, where a combinator gives each its own waker (`FuturesUnordered` does). A
//! branch that waits does not keep the others from going on, so it does not hold what they took.
//! Where a combinator hands the task's waker down (`join!`), its branches have to say what they are:
//! [`Tracked::branch`](crate::task::Tracked::branch).
//!
//! A waker without data may be anybody's and tells nothing.

use std::marker::PhantomData;
use std::panic::Location;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Context, RawWakerVTable};

use dashmap::DashMap;
use once_cell::race::OnceBox;
use rustc_hash::FxBuildHasher;

use crate::how::How;
use crate::on::directory;
use crate::on::map::Map;
use crate::on::process;
use crate::on::task::branches::Hidden;
use crate::on::task::poll::{Kind, Outer, Suspended, Who};
use crate::on::task::{State, Task};
use crate::on::thread;
use crate::patience::Patience;

/// What tasks of executors that do not say so hold between the polls of async locks.
static ASIDE: OnceBox<DashMap<WakerKey, Suspended, FxBuildHasher>> = OnceBox::new();
/// How many there are.
static COUNT: AtomicUsize = AtomicUsize::new(0);
/// At how many it is looked for those that hold nothing any more.
static SWEEP_AT: AtomicUsize = AtomicUsize::new(FIRST_SWEEP);
const FIRST_SWEEP: usize = 64;

/// What tells one waker from another, as long as both live.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WakerKey {
    vtable: &'static RawWakerVTable,
    data: usize,
}

impl WakerKey {
    /// That of the task that is polled; none if its waker may be anybody's.
    #[inline]
    pub(crate) fn of(cx: &Context<'_>) -> Option<WakerKey> {
        let waker = cx.waker();
        let data = waker.data().addr();
        (data != 0).then(|| WakerKey { vtable: waker.vtable(), data })
    }

    fn address(self) -> (usize, usize) {
        (std::ptr::from_ref(self.vtable).addr(), self.data)
    }
}

impl PartialEq for WakerKey {
    fn eq(&self, other: &WakerKey) -> bool {
        self.address() == other.address()
    }
}

impl Eq for WakerKey {}

impl std::hash::Hash for WakerKey {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.address().hash(state);
    }
}

/// An async lock is polled by a task as long as this lives; see [`polled_by`].
#[derive(Debug)]
#[must_use = "the poll ends when this is dropped"]
pub struct Polled {
    whose: Whose,
    /// It belongs to the thread that polls.
    _thread: PhantomData<*const ()>,
}

#[derive(Debug)]
enum Whose {
    /// Of the task that is in place.
    Current,
    /// Of a task that nobody wraps.
    Plain(WakerKey, Suspended, Option<Outer>),
    /// Of a branch of the task that is in place.
    Branch(WakerKey, Hidden),
}

/// An async lock's future is polled: its events until the returned guard is dropped are those of
/// the task, or of the branch of it, that `cx` wakes. To be called first in each poll of such a
/// future.
///
/// A few nanoseconds in the poll of an [`AsyncTask`](crate::task::AsyncTask); for a task that
/// nobody wraps, some hundred when it holds anything.
#[inline]
pub fn polled_by(cx: &Context<'_>) -> Polled {
    let whose = WakerKey::of(cx).and_then(|key| {
        thread::with_current_task(|task| match (task.waker(), task.is_async()) {
            (Some(own), true) if own == key => None,
            (Some(_), true) => begin_branch(task, key),
            (None, true) => None,
            (_, false) => begin_plain(task, key),
        })
    });
    Polled { whose: whose.flatten().unwrap_or(Whose::Current), _thread: PhantomData }
}

/// The warm path of an async lock's first poll: [`polled_by`], [`wanted`](super::wanted) and
/// `event::acquire` at once. False if it does not apply; then all three are to be asked.
///
/// If it is true and the real future is not ready then, `event::contended` takes the lock off again,
/// and it counts as announced in mode `how`.
#[cfg_attr(any(debug_assertions, feature = "outlined"), inline(never))]
#[cfg_attr(not(any(debug_assertions, feature = "outlined")), inline)]
#[must_use]
pub fn acquires_known(
    cx: &Context<'_>,
    map: &Map,
    how: How,
    site: &'static Location<'static>,
) -> bool {
    let key = WakerKey::of(cx);
    thread::with_task(|task| {
        task.is_polled_by(key)
            && task.patience() != Patience::Timed
            && task.push_known(map.word(), how, site)
    })
}

impl Task {
    /// Whether who polls with this waker is the async task that is in place.
    #[inline]
    fn is_polled_by(&self, key: Option<WakerKey>) -> bool {
        match key {
            Some(key) => self.is_async() && self.waker().is_none_or(|own| own == key),
            None => true,
        }
    }
}

impl Drop for Polled {
    #[inline]
    fn drop(&mut self) {
        match std::mem::replace(&mut self.whose, Whose::Current) {
            Whose::Current => {}
            Whose::Plain(key, suspended, outer) => end_plain(key, suspended, outer),
            Whose::Branch(key, hidden) => {
                thread::with_current_task(|task| task.end_branch(key, hidden));
            }
        }
    }
}

#[cold]
fn begin_branch(task: &Task, key: WakerKey) -> Option<Whose> {
    Some(Whose::Branch(key, task.begin_branch(key)?))
}

#[cold]
fn begin_plain(task: &Task, key: WakerKey) -> Option<Whose> {
    if !matches!(task.state(), State::Active | State::Unstarted) {
        return None;
    }
    let aside = || ASIDE.get()?.remove(&key).map(|(_, suspended)| suspended);
    let mut suspended = None;
    if COUNT.load(Relaxed) != 0 {
        suspended = process::quietly(aside);
    }
    if suspended.is_some() {
        COUNT.fetch_sub(1, Relaxed);
    }
    let mut suspended = suspended.unwrap_or(Suspended::new());
    let who = Who { name: None, kind: Kind::Root, kin: None, waker: None };
    let outer = task.begin_poll(&who, &mut suspended);
    Some(Whose::Plain(key, suspended, outer))
}

#[cold]
fn end_plain(key: WakerKey, mut suspended: Suspended, outer: Option<Outer>) {
    if let Some(outer) = outer {
        thread::with_current_task(|task| {
            task.end_poll(Kind::Root, &mut suspended, outer, false);
        });
    }
    let Some(stack) = suspended.stack else {
        return;
    };
    process::quietly(|| {
        stack.owner.set_name("a task that nobody named".into());
        let aside = ASIDE.get_or_init(Box::default);
        // Two tasks with one waker cannot both be polled; if they are, the later one counts.
        if let Some(lost) = aside.insert(key, suspended) {
            lost.stack.into_iter().for_each(directory::give_back);
        } else if COUNT.fetch_add(1, Relaxed) >= SWEEP_AT.load(Relaxed) {
            sweep(aside);
        }
    });
}

/// Forgets the tasks whose guards were all dropped elsewhere than in a poll of an async lock.
fn sweep(aside: &DashMap<WakerKey, Suspended, FxBuildHasher>) {
    aside.retain(|_, suspended| {
        let is_empty = suspended.stack.is_none_or(|stack| stack.observe().is_empty());
        if is_empty {
            suspended.stack.take().into_iter().for_each(directory::give_back);
            COUNT.fetch_sub(1, Relaxed);
        }
        !is_empty
    });
    SWEEP_AT.store((2 * COUNT.load(Relaxed)).max(FIRST_SWEEP), Relaxed);
}
