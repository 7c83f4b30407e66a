//! The index: from an address to the slot of the range that covers it, read without a lock.
//!
//! A B+ tree of ranges that do not overlap. Any number of threads search while one thread, who
//! holds the mmap lock for writing, changes it. A search loads atomics and nothing else: it takes
//! no lock, announces itself nowhere, never waits, and ends after as many steps as the tree has
//! levels.
//!
//! # What a search may answer
//!
//! While no writer is at work, the truth. While one is: for a range that the writer leaves alone,
//! the truth, unless the search was overtaken by so many changes that a node under it was used
//! again (see below); then anything: no slot, or any slot that was ever put in. So the answer is
//! a hint that the VMA's own lock confirms, by the bounds in the slot. Every answer is a slot that
//! was put in: the index never makes one up, and never touches a node's memory after it was given
//! back, because nodes are given back when the index is dropped and not before.
//!
//! # How
//!
//! * A leaf holds, for each range in order, its *last* address and its slot. The search is for the
//!   first entry whose last address is not below the one that is looked for; whether the range
//!   begins early enough is seen in the slot.
//! * An inner node holds its children and, between each two, a *separator*: every range in the
//!   left child ends at or below it, every range in the right one begins above it. So a range never
//!   straddles a separator, and the search never has to look into a second leaf.
//! * A change of the set builds new nodes and publishes them by one store of an edge or the root.
//!   Readers see the tree before or after, never between. Two changes are made in place, because
//!   one store makes them and no other range can tell: a separator moves within the gap that it
//!   lies in, and a range moves its last address.
//! * A node that was replaced goes to the end of a queue and is used again after those before it,
//!   for the same level. So an edge always leads to a node of the level below, whatever else has
//!   become of that node, and a leaf's edge always to a slot.
//!
//! # Costs
//!
//! A node has 64 entries in 16 blocks, each one cache line; its first two lines tell which block, in
//! four steps. So a level is three lines and seven comparisons, without a branch that could be
//! guessed wrong, and 100,000 ranges have three levels.
//!
//! Among so many a search mostly waits for memory: for the leaf, then for the slot. A processor has
//! as many searches under way as their instructions fit into it, so what counts is how few these are:
//! with nodes of 32 entries, four levels and a comparison with each key of a line it was a fifth
//! slower. The heads of 100,000 ranges' leaves fit into a second-level cache, their blocks do not: in a
//! tree as large as that a search asks for all blocks of the leaf along with its head. What a search
//! costs, alone and with the lock, and what a range takes, `cargo bench -p vmalock` prints.

pub(crate) mod node;
pub(crate) mod stock;
mod writer;

use std::fmt;
use std::marker::PhantomData;
use std::ptr::NonNull;

use crate::order::Order;
use crate::padded::Padded;
use crate::sync::{AtomicPtr, Cell, order};

use node::{Edge, Node};
use stock::Stock;
pub(crate) use writer::Writer;

/// From this shape of the root on, a tree's leaves are in no near cache.
const LARGE: usize = node::shape(2, 16);

/// A map from ranges of addresses to `V`s that somebody else owns.
///
/// `BLOCKS` and `BLOCK` are the shape of a node; other shapes than the default are for tests.
pub(crate) struct Index<V, const BLOCKS: usize = 16, const BLOCK: usize = 4> {
    /// Never null. Published and followed like every edge.
    root: AtomicPtr<Node<BLOCKS, BLOCK>>,
    /// The writer's, and written by each of its changes: off the root's line, which every search
    /// reads.
    stock: Padded<Cell<Stock<BLOCKS, BLOCK>>>,
    values: PhantomData<NonNull<V>>,
}

// SAFETY: the index gives out pointers and follows none of them. What else it owns, nodes and
// stock, holds only atomics and pointers to nodes, which stay with it.
unsafe impl<V, const BLOCKS: usize, const BLOCK: usize> Send for Index<V, BLOCKS, BLOCK> {}
// SAFETY: as for `Send`; shared, the nodes are atomics, and the stock is reached only through
// `writer`, whose callers see to it that there is one at a time.
unsafe impl<V, const BLOCKS: usize, const BLOCK: usize> Sync for Index<V, BLOCKS, BLOCK> {}

impl<V, const BLOCKS: usize, const BLOCK: usize> Index<V, BLOCKS, BLOCK> {
    /// Without any range.
    pub(crate) fn new() -> Self {
        Self::with_quarantine(stock::QUARANTINE)
    }

    /// An index that uses a replaced node again as soon as more than so many wait for it. With 0 a
    /// search meets used nodes as often as can be.
    pub(crate) fn with_quarantine(quarantine: usize) -> Self {
        let mut stock = Stock::new(quarantine);
        let root = stock.node(0);
        Index {
            root: AtomicPtr::new(root.as_ptr()),
            stock: Padded(Cell::new(stock)),
            values: PhantomData,
        }
    }

    /// What was put in for the range that covers `address`, or for a later one if no range does:
    /// the caller has to look at the bounds. May be wrong while a writer is at work.
    #[inline(always)]
    pub(crate) fn find(&self, address: usize) -> Option<NonNull<V>> {
        let mut node = self.root();
        let is_large = node.shape() >= LARGE;
        for level in (0..node.level()).rev() {
            node = self.child(node.edge(node.search(address))?);
            if level == 0 && is_large {
                node.prefetch();
            }
        }
        let place = node.search(address);
        if node.key(place) < address {
            return None;
        }
        node.edge(place).map(NonNull::cast)
    }

    /// What was put in for the first range that ends above `address`, whether it covers it or not.
    /// May be wrong while a writer is at work.
    ///
    /// Differs from [`Index::find`] where the leaf that `address` belongs to has nothing behind it:
    /// this goes on to the next leaf.
    pub(crate) fn find_next(&self, address: usize) -> Option<NonNull<V>> {
        let mut node = self.root();
        // The nearest node to the right of the path, and its level.
        let mut right: Option<(Edge, usize)> = None;
        for level in (0..node.level()).rev() {
            let place = node.search(address);
            right = node.edge_after(place).map(|edge| (edge, level)).or(right);
            node = self.child(node.edge(place)?);
        }
        let place = node.search(address);
        if node.key(place) >= address
            && let Some(value) = node.edge(place)
        {
            return Some(value.cast());
        }
        let (mut edge, level) = right?;
        for _ in 0..level {
            edge = self.child(edge).first_edge()?;
        }
        self.child(edge).first_edge().map(NonNull::cast)
    }

    /// Calls `visit` for each range from the first one that ends above `address`, in order, until
    /// it answers false. Exact while writers are kept out; as wrong as a search while not.
    pub(crate) fn visit(&self, address: usize, mut visit: impl FnMut(NonNull<V>) -> bool) {
        self.visit_below(self.root(), address, &mut visit);
    }

    /// False if that is all.
    fn visit_below(
        &self,
        node: &Node<BLOCKS, BLOCK>,
        address: usize,
        visit: &mut impl FnMut(NonNull<V>) -> bool,
    ) -> bool {
        let is_leaf = node.level() == 0;
        let first = Node::<BLOCKS, BLOCK>::number(node.search(address));
        (first..node.len()).map(Node::<BLOCKS, BLOCK>::place).all(|place| match node.edge(place) {
            Some(value) if is_leaf => node.key(place) < address || visit(value.cast()),
            Some(child) => self.visit_below(self.child(child), address, visit),
            None => false,
        })
    }

    /// For changing it.
    ///
    /// # Safety
    ///
    /// Until the writer is dropped there must be no other, and what a former one did must come
    /// before: the caller holds the lock that all writers hold.
    pub(crate) unsafe fn writer(&self) -> Writer<'_, V, BLOCKS, BLOCK> {
        // SAFETY: the stock is touched through a writer only, and the caller has the only one.
        let stock = unsafe { &mut *self.stock.write() };
        Writer::new(self, stock)
    }

    #[inline]
    pub(crate) fn root(&self) -> &Node<BLOCKS, BLOCK> {
        let root = self.root.load(order(Order::Follow));
        // SAFETY: the root is a node of our stock, which frees none before it is dropped with us.
        unsafe { &*root }
    }

    fn set_root(&self, root: Edge) {
        self.root.store(root.as_ptr().cast(), order(Order::Publish));
    }

    /// The node that an edge of an inner node leads to.
    #[inline]
    pub(crate) fn child(&self, edge: Edge) -> &Node<BLOCKS, BLOCK> {
        // SAFETY: an edge of a node of level 1 or more leads to a node of our stock, at any time
        // and however stale: nodes keep their level for ever, and none is freed before us.
        unsafe { edge.cast().as_ref() }
    }
}

impl<V, const BLOCKS: usize, const BLOCK: usize> fmt::Debug for Index<V, BLOCKS, BLOCK> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Index").field("levels", &(self.root().level() + 1)).finish_non_exhaustive()
    }
}
