//! Changes of the index: one writer, among any number of searches.
//!
//! A change that adds or takes away an entry replaces the leaf; if that gets too full or too empty
//! it replaces its parent too, and so on. It goes up from the leaf with the entries that the
//! replaced node shall have:
//!
//! 1. As many as fit, and not too few: one new node. Publish it in the parent's edge. Done.
//! 2. Too many: two new nodes. The parent shall have one entry more: go on with the parent.
//! 3. Too few: join them with a sibling's, in one new node or two. The parent shall have one entry
//!    less, or another separator: go on with the parent.
//! 4. The root: publish its successor, one level higher, as high, or lower.
//!
//! Only the last step of a change is seen, and it is one store.

use std::mem;
use std::ptr::NonNull;

use super::Index;
use super::node::{Entry, Node};
use super::stock::{Scratch, Step, Stock};

/// Changes an [`Index`]. Ranges are given by their first and their last address.
pub(crate) struct Writer<'a, V, const BLOCKS: usize = 16, const BLOCK: usize = 4> {
    index: &'a Index<V, BLOCKS, BLOCK>,
    stock: &'a mut Stock<BLOCKS, BLOCK>,
}

impl<'a, V, const BLOCKS: usize, const BLOCK: usize> Writer<'a, V, BLOCKS, BLOCK> {
    /// A node with more entries has to be split.
    const MOST: usize = Node::<BLOCKS, BLOCK>::WIDTH;
    /// A node with fewer entries, unless it is the root, is joined with a sibling. A quarter, so
    /// that ranges that come and go at one place do not split and join the same nodes for ever.
    const LEAST: usize = if Self::MOST / 4 > 2 { Self::MOST / 4 } else { 2 };
    /// Two siblings with no more entries than this become one node.
    const JOINT: usize = Self::MOST * 3 / 4;

    pub(super) fn new(
        index: &'a Index<V, BLOCKS, BLOCK>,
        stock: &'a mut Stock<BLOCKS, BLOCK>,
    ) -> Self {
        Writer { index, stock }
    }

    /// Puts in a range. It must overlap none that is in.
    pub(crate) fn insert(&mut self, first: usize, last: usize, value: NonNull<V>) {
        self.change(first, last, |run, at| {
            debug_assert!(run.get(at).is_none_or(|entry| entry.0 > last), "ranges overlap");
            run.insert(at, (last, value.cast()));
            true
        });
    }

    /// Takes out the range that ends with `last`. False if there is none.
    pub(crate) fn remove(&mut self, last: usize) -> bool {
        self.change(last, last, |run, at| {
            let is_there = run.get(at).is_some_and(|entry| entry.0 == last);
            if is_there {
                run.remove(at);
            }
            is_there
        })
    }

    /// Tells that the range which ends with `old_last` now goes from `first` to `last`. It must
    /// still overlap no other. False if there is none.
    ///
    /// In place: searches for other ranges cannot tell.
    pub(crate) fn move_bounds(&mut self, old_last: usize, first: usize, last: usize) -> bool {
        let mut node = self.index.root();
        loop {
            let place = node.search(old_last);
            let at = Node::<BLOCKS, BLOCK>::number(place);
            if node.level() == 0 {
                let is_there = node.key(place) == old_last && node.edge(place).is_some();
                if is_there {
                    node.set_key(at, last);
                }
                return is_there;
            }
            Self::part(node, at, first, last);
            let Some(edge) = node.edge(place) else { return false };
            node = self.index.child(edge);
        }
    }

    /// How many bytes the nodes take, those out of use included.
    pub(crate) fn bytes(&self) -> usize {
        self.stock.bytes()
    }

    /// Moves the separators on both sides of a child so that a range fits between them. There is
    /// no other range in the way.
    fn part(node: &Node<BLOCKS, BLOCK>, at: usize, first: usize, last: usize) {
        let key = |number| node.key(Node::<BLOCKS, BLOCK>::place(number));
        if at > 0 && key(at - 1) >= first {
            node.set_key(at - 1, first - 1);
        }
        if at + 1 < node.len() && key(at) < last {
            node.set_key(at, last);
        }
    }

    /// Gives the entries of the leaf where a range belongs, and the range's place among them, to
    /// `edit`; replaces the leaf if that answers true.
    fn change(
        &mut self,
        first: usize,
        last: usize,
        edit: impl FnOnce(&mut Vec<Entry>, usize) -> bool,
    ) -> bool {
        let mut scratch = mem::replace(&mut self.stock.scratch, Scratch::new());
        self.descend(first, last, &mut scratch);
        let is_changed = edit(&mut scratch.run, scratch.path[scratch.path.len() - 1].at);
        if is_changed {
            self.replace(&mut scratch);
        }
        self.stock.scratch = scratch;
        is_changed
    }

    /// Fills the path to the leaf where a range belongs, and the run with its entries.
    fn descend(&self, first: usize, last: usize, scratch: &mut Scratch<BLOCKS, BLOCK>) {
        scratch.path.clear();
        let mut node = self.index.root();
        let mut upper = usize::MAX;
        for _ in 0..node.level() {
            let place = node.search(last);
            let at = Node::<BLOCKS, BLOCK>::number(place);
            Self::part(node, at, first, last);
            scratch.path.push(Step { node: NonNull::from(node), at, upper });
            if at + 1 < node.len() {
                upper = node.key(place);
            }
            let edge = node.edge(place).expect("an inner node has a child at every place");
            node = self.index.child(edge);
        }
        scratch.run.clear();
        node.append_to(&mut scratch.run, upper);
        let at = scratch.run.partition_point(|entry| entry.0 < last);
        scratch.path.push(Step { node: NonNull::from(node), at, upper });
    }

    /// Replaces the node at the end of the path by one, or more, with the entries of the run.
    fn replace(&mut self, scratch: &mut Scratch<BLOCKS, BLOCK>) {
        let mut level = 0;
        while let Some(step) = scratch.path.pop() {
            scratch.replaced.push(step.node);
            let len = scratch.run.len();
            let Some(parent) = scratch.path.last() else {
                self.replace_root(level, &scratch.run);
                break;
            };
            if (Self::LEAST..=Self::MOST).contains(&len) {
                let node = self.stock.filled(level, &scratch.run);
                self.node(parent.node).set_edge(parent.at, node);
                break;
            }
            let (at, upper) = (parent.at, parent.upper);
            scratch.other.clear();
            self.node(parent.node).append_to(&mut scratch.other, upper);
            if len > Self::MOST {
                // The entry that made it too many, or the second of the two that did.
                let newest = step.at + usize::from(level > 0);
                self.split(level, newest, at, scratch);
            } else {
                self.join(level, at, scratch);
            }
            mem::swap(&mut scratch.run, &mut scratch.other);
            level += 1;
        }
        for node in scratch.replaced.drain(..) {
            self.stock.retire(node);
        }
    }

    /// Step 2: the run becomes two nodes in place of the parent's entry `at`.
    fn split(
        &mut self,
        level: usize,
        newest: usize,
        at: usize,
        scratch: &mut Scratch<BLOCKS, BLOCK>,
    ) {
        let len = scratch.run.len();
        // Ranges that come in ascending order fill their nodes.
        let cut = if newest + 1 == len { len - Self::LEAST } else { len / 2 };
        let (left, right) = scratch.run.split_at(cut);
        let left = (left[cut - 1].0, self.stock.filled(level, left));
        let right = (scratch.other[at].0, self.stock.filled(level, right));
        scratch.other[at] = left;
        scratch.other.insert(at + 1, right);
    }

    /// Step 3: the run and a sibling become one node, or two, in place of both entries.
    fn join(&mut self, level: usize, at: usize, scratch: &mut Scratch<BLOCKS, BLOCK>) {
        let parent = &mut scratch.other;
        let is_first = at == 0;
        let (upper, sibling) = parent[if is_first { 1 } else { at - 1 }];
        let sibling = self.index.child(sibling);
        scratch.replaced.push(NonNull::from(sibling));
        if is_first {
            sibling.append_to(&mut scratch.run, upper);
        } else {
            let right = mem::take(&mut scratch.run);
            sibling.append_to(&mut scratch.run, upper);
            scratch.run.extend(right);
        }
        let left_at = if is_first { 0 } else { at - 1 };
        if scratch.run.len() <= Self::JOINT {
            parent[left_at + 1].1 = self.stock.filled(level, &scratch.run);
            parent.remove(left_at);
        } else {
            let (left, right) = scratch.run.split_at(scratch.run.len() / 2);
            parent[left_at] = (left[left.len() - 1].0, self.stock.filled(level, left));
            parent[left_at + 1].1 = self.stock.filled(level, right);
        }
    }

    /// Step 4: `run` is what the root shall have.
    fn replace_root(&mut self, level: usize, run: &[Entry]) {
        let root = if run.len() > Self::MOST {
            let (left, right) = run.split_at(run.len() / 2);
            let separator = left[left.len() - 1].0;
            let left = self.stock.filled(level, left);
            let right = self.stock.filled(level, right);
            self.stock.filled(level + 1, &[(separator, left), (usize::MAX, right)])
        } else if level > 0 && run.len() == 1 {
            run[0].1
        } else {
            self.stock.filled(level, run)
        };
        self.index.set_root(root);
    }

    fn node(&self, node: NonNull<Node<BLOCKS, BLOCK>>) -> &'a Node<BLOCKS, BLOCK> {
        // SAFETY: the path holds nodes of the index, which frees none while it lives, and `'a` is a
        // borrow of it.
        unsafe { node.as_ref() }
    }
}
