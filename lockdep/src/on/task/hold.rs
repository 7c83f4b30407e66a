//! Taking on and giving back what a task holds.
//!
//! The warm path of every event is here: it touches the task's memory, its stack and the lock's map,
//! nothing shared. It goes by one pointer, which is empty while events do not count.

use std::panic::Location;

use crate::how::How;
use crate::on::chain;
use crate::on::fork;
use crate::on::life;
use crate::on::loss::{self, Loss};
use crate::on::map::{Map, Word};
use crate::on::stack::{INLINE, Stack};
use crate::on::task::holder::{State, Task};

impl Task {
    /// Whether the task holds a lock that the tracker's own allocations would wait for.
    pub(crate) fn holds_own(&self) -> bool {
        self.own.get() != 0
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::on::map::Tag;
    use crate::on::registry::ClassId;
    use crate::on::stack::Held;

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
