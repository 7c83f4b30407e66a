//! The nodes of an index: those in the tree, and those that were in it and wait to be used again.
//!
//! Type-stable: a node's memory is a node of the same level until the stock is dropped. That is
//! all that a search without a lock stands on.

use std::collections::VecDeque;
use std::ptr::NonNull;

use super::node::{Edge, Entry, Node};
use crate::arena::Arena;

/// How many replaced nodes of a level wait before the first of them is used again.
///
/// A search that is slower than so many changes may meet a node in another's role and miss a range
/// that is there. It then falls back on the mmap lock: a matter of speed alone. A search takes tens
/// of nanoseconds and a change hundreds, so only one that loses its processor is overtaken.
pub(crate) const QUARANTINE: usize = 8;

/// All nodes of one index.
pub(super) struct Stock<const BLOCKS: usize, const BLOCK: usize> {
    all: Arena<Node<BLOCKS, BLOCK>>,
    /// Not in the tree, by level, the longest out of it first.
    idle: Vec<VecDeque<NonNull<Node<BLOCKS, BLOCK>>>>,
    quarantine: usize,
    /// Memory for changes.
    pub(super) scratch: Scratch<BLOCKS, BLOCK>,
}

/// What a change needs on its way: kept, so that a change seldom allocates.
pub(super) struct Scratch<const BLOCKS: usize, const BLOCK: usize> {
    /// From the root to a leaf.
    pub(super) path: Vec<Step<BLOCKS, BLOCK>>,
    /// The entries that a node shall have.
    pub(super) run: Vec<Entry>,
    /// The same for its parent, or for it and its sibling.
    pub(super) other: Vec<Entry>,
    /// Nodes that are out of the tree once the change is published.
    pub(super) replaced: Vec<NonNull<Node<BLOCKS, BLOCK>>>,
}

/// A node on the path of a change.
pub(super) struct Step<const BLOCKS: usize, const BLOCK: usize> {
    pub(super) node: NonNull<Node<BLOCKS, BLOCK>>,
    /// The entry that the path goes through.
    pub(super) at: usize,
    /// No range in the node ends above it: the separator behind the node.
    pub(super) upper: usize,
}

impl<const BLOCKS: usize, const BLOCK: usize> Scratch<BLOCKS, BLOCK> {
    pub(super) const fn new() -> Self {
        Scratch { path: Vec::new(), run: Vec::new(), other: Vec::new(), replaced: Vec::new() }
    }
}

impl<const BLOCKS: usize, const BLOCK: usize> Stock<BLOCKS, BLOCK> {
    pub(super) fn new(quarantine: usize) -> Self {
        Stock { all: Arena::new(1), idle: Vec::new(), quarantine, scratch: Scratch::new() }
    }

    /// A node that is not in the tree, with any entries.
    pub(super) fn node(&mut self, level: usize) -> NonNull<Node<BLOCKS, BLOCK>> {
        if self.idle.len() <= level {
            self.idle.resize_with(level + 1, VecDeque::new);
        }
        let idle = &mut self.idle[level];
        if idle.len() > self.quarantine
            && let Some(node) = idle.pop_front()
        {
            return node;
        }
        self.all.put(Node::new(level))
    }

    /// A node with these entries, to be published.
    pub(super) fn filled(&mut self, level: usize, entries: &[Entry]) -> Edge {
        let node = self.node(level);
        // SAFETY: a node of ours, which are freed when we are dropped and not before.
        unsafe { node.as_ref() }.fill(entries);
        node.cast()
    }

    /// Takes back a node that is not in the tree any more.
    pub(super) fn retire(&mut self, node: NonNull<Node<BLOCKS, BLOCK>>) {
        // SAFETY: a node of ours, which are freed when we are dropped and not before.
        let level = unsafe { node.as_ref() }.level();
        self.idle[level].push_back(node);
    }

    /// How many bytes all nodes take.
    pub(super) fn bytes(&self) -> usize {
        self.all.len() * size_of::<Node<BLOCKS, BLOCK>>()
    }
}
