//! Whoever has events: one per thread, or one of its own in a test.
//!
//! An async task has none of its own: its polls are events of the thread that runs them, with the
//! async task's held stack in place of the thread's (`poll`).
//!
//! What the task holds is in its [`Stack`], which other threads may read; here is what nobody else
//! needs: whether events count, the keys it knows to be validated, and caches. All of that is in
//! cells of fixed size and zero at the start, so that a task can live in a thread-local that needs
//! no constructor, no destructor and no allocation.
//!
//! The warm path of every event is here: it touches this memory, the stack and the lock's map,
//! nothing shared. It goes by one pointer, which is empty while events do not count.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::ops::Range;
use std::panic::Location;
use std::sync::Arc;

use crate::how::How;
use crate::on::chain::{self, KeyCache};
use crate::on::contexts::Contexts;
use crate::on::directory;
use crate::on::fork;
use crate::on::kinship::Kin;
use crate::on::life;
use crate::on::loss::{self, Loss};
use crate::on::map::{Map, Word};
use crate::on::pass::Course;
use crate::on::pin::Pins;
use crate::on::registry;
use crate::on::stack::{Held, INLINE, Stack};
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
    warm: Cell<Option<&'static Stack>>,
    /// The stack, from the first event that may need it.
    stack: Cell<Option<&'static Stack>>,
    /// An empty stack for the next time that an async task takes the present one away.
    spare: Cell<Option<&'static Stack>>,
    pub(super) known: KeyCache,
    /// Classes of recently met constructors.
    pub(super) classes: [Cell<(u64, u32)>; CLASSES],
    pub(super) next_instance: Cell<u64>,
    pub(super) last_instance: Cell<u64>,
    /// How many allocator locks are held: while there are any the tracker must not allocate.
    own: Cell<u32>,
    /// How many acquires of locks still held were not tracked.
    untracked: Cell<u32>,
    /// In which contexts the task runs.
    contexts: Contexts,
    /// Whether the stack's owner has its name.
    named: Cell<bool>,
    /// The task among those that started it and that it started, once somebody asks.
    kin: RefCell<Option<Kin>>,
    pins: Pins,
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

    /// Whether the task holds a lock that the tracker's own allocations would wait for.
    pub(crate) fn holds_own(&self) -> bool {
        self.own.get() != 0
    }

    /// How many entries the held stack has.
    pub(crate) fn depth(&self) -> usize {
        self.stack.get().map_or(0, Stack::depth)
    }

    /// Notes an acquire that is not tracked, so that its release is expected.
    pub(crate) fn acquired_untracked(&self) {
        self.untracked.set(self.untracked.get().saturating_add(1));
    }

    /// Takes back one [`Task::acquired_untracked`]; false if there is none.
    pub(crate) fn released_untracked(&self) -> bool {
        let untracked = self.untracked.get();
        self.untracked.set(untracked.saturating_sub(1));
        untracked != 0
    }

    /// The warm path of an acquire that is about to block: whether it was seen before and broke
    /// nothing.
    #[inline]
    pub(crate) fn knows(&self, map: &Map, how: How, site: &'static Location<'static>) -> bool {
        let Some(stack) = self.warm.get() else {
            return false;
        };
        let (word, depth) = (map.word(), stack.depth());
        if depth >= INLINE || !word.is_plain() {
            return false;
        }
        let chain = chain::extend(stack.chain_at(depth), word.held(how));
        self.known.has_at_hand(chain::at(chain, site))
    }

    /// The warm path of an acquire that succeeds at once: [`Task::knows`] and [`Task::push`].
    #[inline]
    pub(crate) fn push_known(
        &self,
        word: Word,
        how: How,
        site: &'static Location<'static>,
    ) -> bool {
        let Some(stack) = self.warm.get() else {
            return false;
        };
        let depth = stack.depth();
        if depth >= INLINE || !word.is_plain() {
            return false;
        }
        let entry = word.held(how);
        let chain = chain::extend(stack.chain_at(depth), entry);
        if !self.known.has_at_hand(chain::at(chain, site)) {
            return false;
        }
        stack.put(depth, entry, site, chain);
        true
    }

    /// The warm path of [`Task::push`]; false if it does not apply.
    #[inline]
    pub(crate) fn push_plain(&self, map: &Map, how: How, site: &'static Location<'static>) -> bool {
        let Some(stack) = self.warm.get() else {
            return false;
        };
        let (word, depth) = (map.word(), stack.depth());
        if depth >= INLINE || !word.is_plain() {
            return false;
        }
        let entry = word.held(how);
        stack.put(depth, entry, site, chain::extend(stack.chain_at(depth), entry));
        true
    }

    /// Pushes a lock that was obtained. Allocates nothing, given [`Task::reserve`] before.
    #[cold]
    pub(crate) fn push(&self, map: &Map, how: How, site: &'static Location<'static>) {
        let entry = map.word().held(how);
        // A lock without a class was acquired while nothing could be learned of it.
        if !entry.is_resolved() {
            return self.acquired_untracked();
        }
        if !self.stack.get().is_some_and(Stack::has_room) && (entry.is_own() || self.holds_own()) {
            loss::count(Loss::UnderAllocator);
            return self.acquired_untracked();
        }
        self.reserve().push(entry, site);
        self.own.set(self.own.get() + u32::from(entry.is_own()));
    }

    /// Makes room for one more entry, so that [`Task::push`] need not allocate.
    pub(crate) fn reserve(&self) -> &'static Stack {
        let stack = self.start();
        if !stack.has_room() {
            self.working(|| stack.reserve());
        }
        stack
    }

    /// Pops the lock if it is the newest one: the warm path of a release.
    #[inline]
    pub(crate) fn pop(&self, map: &Map) -> bool {
        match self.warm.get() {
            Some(stack) => stack.pop(map.word()),
            None => false,
        }
    }

    /// Removes the newest entry of this lock, wherever it is; false if it is not held.
    pub(crate) fn remove(&self, lock: u64) -> bool {
        let removed = self.with_stack(|stack| stack.remove(lock)).flatten();
        let own = removed.is_some_and(Word::is_own);
        self.own.set(self.own.get() - u32::from(own));
        removed.is_some()
    }

    /// Changes the newest entry that `f` gives another value for; false if there is none.
    pub(crate) fn change(&self, f: impl Fn(Word) -> Option<Word>) -> bool {
        self.with_stack(|stack| stack.change(f)) == Some(true)
    }

    /// Whether the task holds this lock.
    pub(crate) fn holds(&self, word: Word) -> bool {
        self.stack_or_empty().holds(word.lock())
    }

    /// The pins on what the task holds.
    pub(crate) fn pins(&self) -> &Pins {
        &self.pins
    }

    /// Changes the pins, and with them whether the warm path may be taken.
    pub(crate) fn change_pins<R>(&self, f: impl FnOnce(&Pins) -> R) -> R {
        self.working(|| f(&self.pins))
    }

    /// Takes off what others have released or destroyed, unless the thread may itself be about to.
    /// While an allocator's lock is held nobody is waited for who may allocate.
    pub(crate) fn settle(&self) {
        let Some(stack) = self.stack.get().filter(|stack| stack.has_disowned()) else {
            return;
        };
        if self.state() == State::Working || self.holds_own() {
            return;
        }
        self.working(|| {
            let _pass = fork::pass();
            stack.settle(|lock, entry| match entry {
                Some(entry) => self.own.set(self.own.get() - u32::from(entry.is_own())),
                // The guard that another one dropped was not the one taken for it.
                None => life::settle(lock),
            });
        });
    }

    /// Begins a new chain above what is held; see [`Stack::begin_frame`]. Allocates.
    pub(crate) fn begin_frame(&self, base: u64) {
        let stack = self.reserve();
        self.working(|| stack.begin_frame(base));
    }

    /// Ends what the newest [`Task::begin_frame`] began.
    pub(crate) fn end_frame(&self) {
        self.with_stack(Stack::end_frame);
    }

    /// Has the keys of the innermost frame start from another base; see [`Stack::set_base`].
    pub(crate) fn set_base(&self, base: u64) {
        let stack = self.start();
        self.working(|| stack.set_base(base));
    }

    /// Whether the task, or that of a scope in its place, may hold this lock.
    #[inline]
    pub(crate) fn may_hold(&self, lock: u64) -> bool {
        self.stack.get().is_some_and(|stack| stack.depth() != 0 && stack.holds(lock))
            || self.state() == State::Scoped
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

    /// The held locks, oldest first, of all frames.
    pub(crate) fn held(&self) -> impl DoubleEndedIterator<Item = Held> + use<> {
        self.stack_or_empty().held()
    }

    /// The held locks of the innermost frame, oldest first.
    pub(crate) fn held_in_frame(&self) -> impl DoubleEndedIterator<Item = Held> + use<> {
        self.stack_or_empty().held_in_frame()
    }

    /// What stays held as long as the task waits for a lock, oldest first, of all frames.
    pub(crate) fn held_while_waiting(
        &self,
        wanted: Word,
    ) -> impl DoubleEndedIterator<Item = Held> + use<> {
        self.stack_or_empty().held_while(is_awaited(wanted))
    }

    /// The held locks of the innermost frame, oldest first: those of an async task without those of
    /// whoever polls it.
    pub(crate) fn held_by_itself(&self) -> impl DoubleEndedIterator<Item = Held> + use<> {
        self.stack_or_empty().held_in_frame_while(true)
    }

    /// What an async task holds that is polled now, oldest first.
    pub(crate) fn held_in_poll(&self) -> Vec<Held> {
        self.stack_or_empty().held_in_poll().collect()
    }

    /// Those of the innermost frame.
    pub(crate) fn held_in_frame_while_waiting(
        &self,
        wanted: Word,
    ) -> impl DoubleEndedIterator<Item = Held> + use<> {
        self.stack_or_empty().held_in_frame_while(is_awaited(wanted))
    }

    /// The held locks of one class, oldest first, of all frames.
    pub(crate) fn siblings(&self, class: u32) -> impl DoubleEndedIterator<Item = Held> + use<> {
        self.stack_or_empty().siblings(class)
    }

    /// The newest held locks of one class; see [`Stack::nearest_siblings`].
    pub(crate) fn nearest_siblings(&self, class: u32) -> impl Iterator<Item = Held> + use<> {
        self.stack_or_empty().nearest_siblings(class)
    }

    /// Whether more locks of a class are held than are nearest to one more.
    pub(crate) fn is_crowded(&self, class: u32) -> bool {
        self.stack_or_empty().is_crowded(class)
    }

    /// The keys of an acquire on top of what the innermost frame holds, derived from the entries.
    pub(crate) fn keys(&self, entry: Word, site: &'static Location<'static>) -> Keys {
        let chain = chain::extend(self.stack_or_empty().derived_chain(), entry);
        Keys { chain, witness: chain::at(chain, site) }
    }

    /// The chain key of what is held.
    pub(crate) fn chain_key(&self) -> u64 {
        self.stack_or_empty().derived_chain()
    }

    /// Where the task's stack is.
    pub(crate) fn memory_of_stack(&self) -> Range<usize> {
        let start = std::ptr::from_ref(self.stack_or_empty()).addr();
        start..start + size_of::<Stack>()
    }

    /// The task's stack, or one that stays empty.
    fn stack_or_empty(&self) -> &'static Stack {
        static EMPTY: Stack = Stack::new();
        self.stack.get().unwrap_or(&EMPTY)
    }

    /// Works on the stack, if there is one, in more than one step.
    fn with_stack<R>(&self, work: impl FnOnce(&'static Stack) -> R) -> Option<R> {
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

/// Whether a task gives its thread up while it waits for the lock.
fn is_awaited(wanted: Word) -> bool {
    registry::properties(wanted.class()).traits.is_awaited()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::on::chain;
    use crate::on::map::Tag;
    use crate::on::registry::ClassId;

    fn map(class: u32, instance: u64) -> Map {
        let map = Map::new();
        map.resolve(ClassId::new(class).unwrap(), Tag::REST, instance);
        map
    }

    fn here() -> &'static Location<'static> {
        Location::caller()
    }

    fn push(task: &Task, map: &Map) {
        task.reserve();
        task.push(map, How::EXCLUSIVE, here());
    }

    fn classes(held: impl Iterator<Item = Held>) -> Vec<u32> {
        held.map(|held| held.entry.class()).collect()
    }

    #[test]
    fn a_stack_deeper_than_the_inline_part_keeps_its_order() {
        let task = Task::new("test");
        let maps: Vec<Map> = (1..200).map(|class| map(class, class.into())).collect();
        maps.iter().for_each(|map| push(&task, map));
        assert_eq!(classes(task.held()), (1..200).collect::<Vec<_>>());
        assert_eq!(classes(task.stack_or_empty().observe().into_iter()), classes(task.held()));
        // Every third goes, oldest first; the rest keeps its order and its keys.
        for map in maps.iter().step_by(3) {
            assert!(!task.pop(map) && task.remove(map.word().lock()));
        }
        let rest: Vec<&Map> = maps.iter().filter(|map| map.word().class() % 3 != 1).collect();
        let fresh = Task::new("fresh");
        rest.iter().for_each(|map| push(&fresh, map));
        assert_eq!(task.stack_or_empty().chain(), fresh.stack_or_empty().chain());
        for map in rest.iter().rev() {
            assert!(task.pop(map) || task.remove(map.word().lock()));
        }
        assert_eq!((task.depth(), task.stack_or_empty().chain()), (0, chain::EMPTY));
    }

    #[test]
    fn a_release_below_keeps_the_backtraces_above() {
        let task = Task::new("test");
        let (a, b) = (map(1, 1), map(2, 2));
        let site = here();
        task.push(&a, How::EXCLUSIVE, site);
        let keys = task.keys(b.word().held(How::EXCLUSIVE), site);
        task.push(&b, How::EXCLUSIVE, site);
        assert!(task.remove(a.word().lock()));
        assert_eq!(task.held().next().unwrap().witness, keys.witness);
    }

    #[test]
    fn the_warm_path_does_not_see_a_chain_with_siblings() {
        let task = Task::new("test");
        let (first, second, third) = (map(1, 1), map(1, 2), map(1, 3));
        let site = here();
        task.push(&first, How::EXCLUSIVE, site);
        let entry = second.word().held(How::EXCLUSIVE);
        let keys = task.keys(entry, site);
        task.learn(entry, keys);
        task.learn_pair(keys, task.held().next().unwrap().entry, entry);
        assert!(!task.knows(&second, How::EXCLUSIVE, site));
        assert!(task.knows_slow(entry, keys));
        assert!(!task.knows_slow(third.word().held(How::EXCLUSIVE), keys));
    }

    #[test]
    fn a_frame_starts_a_chain_of_its_own() {
        let task = Task::new("test");
        let (a, b) = (map(1, 1), map(2, 2));
        let key = |task: &Task| task.keys(b.word().held(How::EXCLUSIVE), here()).chain;
        let alone = key(&task);
        push(&task, &a);
        let nested = key(&task);
        task.begin_frame(7);
        let framed = key(&task);
        assert!(framed != nested && framed != alone);
        assert_eq!((classes(task.held()), classes(task.held_in_frame())), (vec![1], vec![]));
        push(&task, &b);
        assert_eq!(task.stack_or_empty().chain(), framed);
        assert_eq!(classes(task.held_in_frame()), [2]);
        assert_eq!(task.siblings(1).count(), 1);
        assert!(task.pop(&b));
        task.set_base(8);
        assert!(![framed, nested, alone].contains(&key(&task)));
        task.set_base(7);
        assert_eq!(key(&task), framed);
        task.end_frame();
        assert_eq!((key(&task), task.depth()), (nested, 1));
        assert!(task.pop(&a));
        assert_eq!(key(&task), alone);
    }

    #[test]
    fn frames_move_with_what_is_released_below_and_leave_what_is_kept() {
        let task = Task::new("test");
        let (a, b, c) = (map(1, 1), map(2, 2), map(3, 3));
        let next = |task: &Task| task.keys(c.word().held(How::EXCLUSIVE), here()).chain;
        push(&task, &a);
        task.begin_frame(1);
        task.begin_frame(2);
        push(&task, &b);
        let key = next(&task);
        assert!(task.remove(a.word().lock()));
        assert_eq!((next(&task), classes(task.held_in_frame())), (key, vec![2]));
        task.end_frame();
        assert_eq!(classes(task.held_in_frame()), [2]);
        task.end_frame();
        let fresh = Task::new("fresh");
        push(&fresh, &b);
        assert_eq!(next(&task), next(&fresh));
        assert!(task.pop(&b));
    }

    #[test]
    fn the_base_of_the_whole_stack_can_change_while_locks_are_held() {
        let task = Task::new("test");
        let (a, b) = (map(1, 1), map(2, 2));
        let next = |task: &Task| task.keys(b.word().held(How::EXCLUSIVE), here()).chain;
        push(&task, &a);
        let before = next(&task);
        task.set_base(5);
        assert_ne!(next(&task), before);
        assert_eq!(task.stack_or_empty().chain(), task.stack_or_empty().derived_chain());
        task.set_base(0);
        assert_eq!(next(&task), before);
    }

    #[test]
    fn a_stack_that_was_given_back_is_empty() {
        let a = map(1, 1);
        let task = Task::new("test");
        task.set_base(3);
        push(&task, &a);
        let stack = task.stack_or_empty();
        task.end();
        assert_eq!((stack.depth(), stack.chain(), stack.held().count()), (0, chain::EMPTY, 0));
    }
}
