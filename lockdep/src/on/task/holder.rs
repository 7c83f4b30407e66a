//! Whoever has events: one per thread, or one of its own in a test.
//!
//! An async task has none of its own: its polls are events of the thread that runs them, with the
//! async task's held stack in place of the thread's (`poll`).
//!
//! What the task holds is in its [`Stack`], which other threads may read; here is what nobody else
//! needs: whether events count, the keys it knows to be validated, and caches. All of that is in
//! cells of fixed size and zero at the start, so that a task can live in a thread-local that needs
//! no constructor, no destructor and no allocation.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use crate::how::How;
use crate::on::chain::{self, KeyCache};
use crate::on::contexts::Contexts;
use crate::on::directory;
use crate::on::kinship::Kin;
use crate::on::map::{Map, Word};
use crate::on::pass::Course;
use crate::on::pin::Pins;
use crate::on::stack::{INLINE, Stack};
use crate::on::stat;
use crate::on::task::branches::Branches;
use crate::on::task::poll::Suspended;
use crate::on::task::waker::WakerKey;
use crate::patience::Patience;

/// How many constructors a task remembers the class of.
pub(super) const CLASSES: usize = 64;

/// How many locks are remembered under which a task did what others wait for.
const MADE_UNDER: usize = 4;

/// Whether a task's events count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum State {
    /// No event yet.
    #[default]
    Unstarted,
    /// Events count.
    Active,
    /// The tracker works for this task: its own allocations must not be tracked.
    Working,
    /// A violation hook runs: what it locks is not tracked.
    Reporting,
    /// The thread's events go to another tracker for a while.
    Scoped,
    /// Tracking is off.
    Off,
}

/// The keys of one acquire.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keys {
    /// Of the chain with the new lock on top.
    pub(crate) chain: u64,
    /// Of that chain taken at this place.
    pub(crate) witness: u64,
}

/// Validated keys and bookkeeping of one task, and the way to its held stack.
///
/// A task belongs to the tracker that judged its first event: the keys it knows mean nothing to
/// another.
pub struct Task {
    state: Cell<State>,
    /// The stack while events count, else none: the only one that the warm path looks at.
    pub(super) warm: Cell<Option<&'static Stack>>,
    /// The stack, from the first event that may need it.
    pub(super) stack: Cell<Option<&'static Stack>>,
    /// An empty stack for the next time that an async task takes the present one away.
    spare: Cell<Option<&'static Stack>>,
    pub(super) known: KeyCache,
    /// Classes of recently met constructors.
    pub(super) classes: [Cell<(u64, u32)>; CLASSES],
    pub(super) next_instance: Cell<u64>,
    pub(super) last_instance: Cell<u64>,
    /// How many allocator locks are held: while there are any the tracker must not allocate.
    pub(super) own: Cell<u32>,
    /// How many acquires of locks still held were not tracked.
    pub(super) untracked: Cell<u32>,
    /// In which contexts the task runs.
    contexts: Contexts,
    /// Whether the stack's owner has its name.
    named: Cell<bool>,
    /// The task among those that started it and that it started, once somebody asks.
    kin: RefCell<Option<Kin>>,
    pub(super) pins: Pins,
    /// What wakes the async task that is polled, if that is known.
    waker: Cell<Option<WakerKey>>,
    branches: Branches,
    /// Of the future that is polled.
    patience: Cell<Patience>,
    course: Cell<Course>,
    /// The oldest locks that were held when the task last did what others wait for.
    made_under: Cell<[u64; MADE_UNDER]>,
    name: Option<&'static str>,
}

impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task")
            .field("name", &self.name)
            .field("state", &self.state.get())
            .field("depth", &self.depth())
            .finish()
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.end();
    }
}

impl Task {
    /// How many locks a task holds without allocating.
    pub(crate) const INLINE: usize = INLINE;

    /// A task of its own, which holds nothing; for use with a tracker of its own.
    #[must_use]
    pub const fn new(name: &'static str) -> Task {
        let mut task = Task::of_thread();
        task.state = Cell::new(State::Active);
        task.name = Some(name);
        task
    }

    /// The task of a thread that has seen no event yet. All zero.
    pub(crate) const fn of_thread() -> Task {
        Task {
            state: Cell::new(State::Unstarted),
            warm: Cell::new(None),
            stack: Cell::new(None),
            spare: Cell::new(None),
            known: KeyCache::new(),
            classes: [const { Cell::new((0, 0)) }; CLASSES],
            next_instance: Cell::new(0),
            last_instance: Cell::new(0),
            own: Cell::new(0),
            untracked: Cell::new(0),
            contexts: Contexts::new(),
            named: Cell::new(false),
            kin: RefCell::new(None),
            pins: Pins::new(),
            waker: Cell::new(None),
            branches: Branches::new(),
            patience: Cell::new(Patience::Endless),
            course: Cell::new(Course::new()),
            made_under: Cell::new([0; MADE_UNDER]),
            name: None,
        }
    }

    /// The name given to [`Task::new`].
    pub(crate) fn name(&self) -> Option<&'static str> {
        self.name
    }

    pub(crate) fn state(&self) -> State {
        self.state.get()
    }

    /// Sets the state and returns the one before.
    pub(crate) fn set_state(&self, state: State) -> State {
        // Statistics need every event.
        let is_warm = state == State::Active && self.pins.is_empty() && !stat::is_on();
        self.warm.set(if is_warm { self.stack.get() } else { None });
        self.state.replace(state)
    }

    /// Gives the task a stack, if it has none. Allocates.
    pub(crate) fn start(&self) -> &'static Stack {
        if let Some(stack) = self.stack.get() {
            return stack;
        }
        let state = self.set_state(State::Working);
        let stack = directory::take(self.name);
        self.stack.set(Some(stack));
        self.set_state(state);
        stack
    }

    /// Gives the stack back. An event that comes after all starts the task anew.
    pub(crate) fn end(&self) {
        self.set_state(State::Working);
        [&self.stack, &self.spare]
            .into_iter()
            .filter_map(Cell::take)
            .for_each(directory::give_back);
        self.end_kin();
        drop(self.course.take());
        self.named.set(false);
        self.own.set(0);
        self.contexts.clear();
        self.pins.clear_all();
        self.set_state(State::Unstarted);
    }

    /// Has the task go on with another stack, and returns the one before.
    ///
    /// A signal handler that comes meanwhile finds either stack, and leaves it as it was.
    pub(super) fn replace_stack(&self, stack: &'static Stack) -> Option<&'static Stack> {
        self.warm.set(None);
        let before = self.stack.replace(Some(stack));
        self.set_state(self.state());
        before
    }

    /// A stack that is empty and nobody's but this thread's. Allocates if there is no spare one.
    pub(super) fn empty_stack(&self) -> &'static Stack {
        self.spare.take().unwrap_or_else(|| self.working(|| directory::take(self.name)))
    }

    /// Keeps an empty stack for [`Task::empty_stack`].
    pub(super) fn set_spare(&self, stack: &'static Stack) {
        if let Some(surplus) = self.spare.replace(Some(stack)) {
            self.working(|| directory::give_back(surplus));
        }
    }

    /// Has the name be asked for again: the stack is another one.
    pub(super) fn forget_name(&self) {
        self.named.set(false);
    }

    /// How many acquires of locks still held were not tracked.
    #[inline]
    pub(super) fn untracked(&self) -> u32 {
        self.untracked.get()
    }

    /// The stack, if it is empty and may serve an async task as it is.
    #[inline]
    pub(super) fn stack_to_share(&self, suspended: &Suspended) -> Option<&'static Stack> {
        let stack = self.warm.get().filter(|stack| stack.depth() == 0)?;
        let is_plain = suspended.is_empty() && self.untracked.get() == 0;
        (is_plain && self.contexts.is_plain()).then_some(stack)
    }

    /// Whether the stack that [`Task::stack_to_share`] gave can stay as it is.
    #[inline]
    pub(super) fn is_shared_still(&self, stack: &'static Stack) -> bool {
        let is_warm = self.warm.get().is_some_and(|warm| std::ptr::eq(warm, stack));
        is_warm && stack.depth() == 0 && self.untracked.get() == 0
    }

    #[inline]
    pub(super) fn waker(&self) -> Option<WakerKey> {
        self.waker.get()
    }

    /// How long the future that is polled may have to wait.
    #[inline]
    pub(super) fn patience(&self) -> Patience {
        self.patience.get()
    }

    #[inline]
    pub(super) fn set_patience(&self, patience: Patience) {
        self.patience.set(patience);
    }

    /// What was taken in branches of the async task that is polled.
    pub(super) fn branches(&self) -> &Branches {
        &self.branches
    }

    /// Whether an async task is polled now.
    #[inline]
    pub(crate) fn is_async(&self) -> bool {
        self.stack.get().is_some_and(|stack| stack.owner.async_task().is_some())
    }

    #[inline]
    pub(super) fn set_waker(&self, waker: Option<WakerKey>) {
        self.waker.set(waker);
    }

    #[inline]
    pub(super) fn set_untracked(&self, untracked: u32) {
        self.untracked.set(untracked);
    }

    /// The task among its kin; `make` says what it is if nobody has said so.
    pub(crate) fn kin_or(&self, make: impl FnOnce() -> Kin) -> Kin {
        self.working(|| self.kin.borrow_mut().get_or_insert_with(make).clone())
    }

    /// Says what the task is among its kin.
    pub(crate) fn set_kin(&self, kin: Kin) {
        let before = self.working(|| self.kin.replace(Some(kin)));
        drop(before);
    }

    pub(crate) fn take_kin(&self) -> Option<Kin> {
        self.kin.take()
    }

    /// Works on what is known of the task's way. Nothing that `work` does may be an event that counts,
    /// if it allocates.
    pub(crate) fn with_course<R>(&self, work: impl FnOnce(&mut Course) -> R) -> R {
        let mut course = self.course.take();
        let result = work(&mut course);
        self.course.set(course);
        result
    }

    /// Notes under which locks the task does what others wait for.
    #[inline]
    pub(crate) fn note_made(&self) {
        let mut locks = [0; MADE_UNDER];
        if self.depth() != 0 {
            let held = self.held_in_frame().map(|held| held.entry.lock());
            locks.iter_mut().zip(held).for_each(|(slot, lock)| *slot = lock);
        }
        self.made_under.set(locks);
    }

    /// Whether the lock, which is held, was so when the task last did what others wait for.
    pub(crate) fn has_made_under(&self, entry: Word) -> bool {
        self.made_under.get().contains(&entry.lock())
    }

    /// Goes on as another task; returns what is known of the way so far.
    #[inline]
    pub(crate) fn change_course(&self, course: Course) -> Course {
        self.course.replace(course)
    }

    /// Whether a wait was seen before and broke nothing, with what is held now.
    pub(crate) fn has_waited(&self, map: &Map, how: How, site: &'static Location<'static>) -> bool {
        let word = map.word();
        self.state() == State::Active
            && word.is_resolved()
            && self.known.contains(self.wait_key(word.held(how), site))
    }

    /// Whether a wait for any one of these was seen before and broke nothing, with what is held now.
    pub(crate) fn has_waited_for_any(
        &self,
        words: impl Iterator<Item = Word> + Clone,
        site: &'static Location<'static>,
    ) -> bool {
        self.state() == State::Active
            && words.clone().all(|word| word.is_resolved())
            && self
                .known
                .contains(self.choice_key(words.map(|word| word.held(How::EXCLUSIVE)), site))
    }

    /// The key of a wait for any one of these.
    pub(crate) fn choice_key(
        &self,
        events: impl Iterator<Item = Word>,
        site: &'static Location<'static>,
    ) -> u64 {
        events.fold(self.chain_key(), |key, event| chain::of_event(key, event, site))
    }

    /// The key of a wait for something that is no lock.
    pub(crate) fn wait_key(&self, event: Word, site: &'static Location<'static>) -> u64 {
        chain::of_event(self.chain_key(), event, site)
    }

    /// Forgets which keys are validated.
    pub(crate) fn forget_keys(&self) {
        self.known.clear();
    }

    /// Says what the task is called, for whoever lists what is held. Asks `name` once.
    pub(crate) fn set_name(&self, name: impl FnOnce() -> Arc<str>) {
        if !self.named.replace(true)
            && let Some(stack) = self.stack.get()
        {
            stack.owner.set_name(name());
        }
    }

    /// The task's stack, from the first event that may need it.
    pub(crate) fn stack(&self) -> Option<&'static Stack> {
        self.stack.get()
    }

    /// The pins on what the task holds.
    pub(crate) fn pins(&self) -> &Pins {
        &self.pins
    }

    /// Changes the pins, and with them whether the warm path may be taken.
    pub(crate) fn change_pins<R>(&self, f: impl FnOnce(&Pins) -> R) -> R {
        self.working(|| f(&self.pins))
    }

    /// In which contexts the task runs, and which cannot run upon it.
    pub(crate) fn contexts(&self) -> &Contexts {
        &self.contexts
    }

    /// Whether nothing here forbids any way of waiting.
    #[inline]
    pub(crate) fn may_wait_freely(&self) -> bool {
        self.state() == State::Active && self.depth() == 0 && self.contexts.is_plain()
    }

    /// Whether locks are held whose acquire was not tracked.
    pub(crate) fn has_untracked(&self) -> bool {
        self.untracked.get() != 0
    }

    /// Works on the stack, if there is one, in more than one step.
    pub(super) fn with_stack<R>(&self, work: impl FnOnce(&'static Stack) -> R) -> Option<R> {
        let stack = self.stack.get()?;
        Some(self.working(|| work(stack)))
    }

    pub(in crate::on) fn working<R>(&self, work: impl FnOnce() -> R) -> R {
        let state = self.set_state(State::Working);
        let result = work();
        self.set_state(state);
        result
    }
}
