//! A node of the index: entries of a key and an edge, all of them atomics.
//!
//! ```text
//! lines 0, 1    level and length; the last key of each block but the last one
//! line 2        block 0: 4 keys, 4 edges
//! …
//! line 17       block 15
//! ```
//!
//! The last keys of the blocks lie in the order in which a binary search asks for them: word 1 is the
//! middle one, words 2 and 3 are the middle ones of the two halves, and so on; word `n` is followed by
//! word `2 n` or `2 n + 1`. After as many steps as the number of blocks has bits that number is the
//! block's.
//!
//! In a leaf (level 0) a key is the last address of a range and its edge the range's slot. In an
//! inner node an edge is a child and its key the separator behind that child; behind the last
//! child there is none. Unused keys are `usize::MAX`, unused edges null.
//!
//! | field | who stores, and when | ordering |
//! |---|---|---|
//! | keys | the writer: before the node is published; then only a key that moves within its gap | relaxed: a reader that mixes old and new ones goes astray, which it may |
//! | edges | the writer: before the node is published; then a child for another one | [`Order::Publish`], [`Order::Follow`] |
//! | level | never changes; the first reader to meet the node has it by the acquire of the edge | relaxed |
//! | length | the writer, before the node is published; read by the writer | relaxed |

use std::array;
use std::iter;
use std::ptr::{self, NonNull};
use std::sync::atomic::Ordering::Relaxed;

use crate::order::Order;
use crate::sync::{AtomicPtr, AtomicUsize, order};

/// Leads to a node of the level below or, from a leaf, to a value.
pub(crate) type Edge = NonNull<()>;

/// A key and the edge that belongs to it.
pub(crate) type Entry = (usize, Edge);

/// Where an entry is: its block, and its number in the block.
pub(crate) type Place = (usize, usize);

/// A node of `BLOCKS` times `BLOCK` entries.
#[repr(C, align(64))]
pub(crate) struct Node<const BLOCKS: usize, const BLOCK: usize> {
    head: Head<BLOCKS>,
    blocks: [Block<BLOCK>; BLOCKS],
}

/// Level and length, and the last key of each block but the last one: see [`Node::separator`].
#[repr(C, align(64))]
struct Head<const BLOCKS: usize>([AtomicUsize; BLOCKS]);

#[repr(C)]
struct Block<const BLOCK: usize> {
    keys: [AtomicUsize; BLOCK],
    edges: [AtomicPtr<()>; BLOCK],
}

/// Level and length in one word: a higher node has a larger one, and a longer one of the same level.
pub(crate) const fn shape(level: usize, len: usize) -> usize {
    level << LEN_BITS | len
}

const LEN_BITS: u32 = 16;
const LEN_MASK: usize = (1 << LEN_BITS) - 1;

/// One step of a binary search: twice `at`, and one more if `key` is below `address`.
///
/// How many searches of a large tree a processor has under way at a time, and so how many of their
/// waits for memory overlap, depends on how many instructions one takes. These are two, a comparison
/// and an addition with carry; what compilers make of the other form is four.
#[inline(always)]
fn step(at: usize, key: usize, address: usize) -> usize {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    {
        use std::arch::x86_64::{_addcarry_u64, _subborrow_u64};
        let (mut difference, mut next) = (0, 0);
        let is_below = _subborrow_u64(0, key as u64, address as u64, &mut difference);
        _addcarry_u64(is_below, at as u64, at as u64, &mut next);
        next as usize
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    {
        2 * at + usize::from(key < address)
    }
}

impl<const BLOCKS: usize, const BLOCK: usize> Node<BLOCKS, BLOCK> {
    /// How many entries fit.
    pub(crate) const WIDTH: usize = BLOCKS * BLOCK;

    /// Without entries.
    pub(crate) fn new(level: usize) -> Self {
        const { assert!(BLOCKS.is_power_of_two()) };
        let head = array::from_fn(|_| AtomicUsize::new(usize::MAX));
        let block = |_| Block {
            keys: array::from_fn(|_| AtomicUsize::new(usize::MAX)),
            edges: array::from_fn(|_| AtomicPtr::new(ptr::null_mut())),
        };
        let node = Node { head: Head(head), blocks: array::from_fn(block) };
        node.head.0[0].store(shape(level, 0), Relaxed);
        node
    }

    /// Asks for all blocks at once: which of them the search needs it learns from the head, and the
    /// leaves of a large tree are in no near cache.
    #[inline(always)]
    pub(crate) fn prefetch(&self) {
        #[cfg(all(target_arch = "x86_64", not(miri)))]
        for block in &self.blocks {
            use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
            // SAFETY: a hint, for an address of ours.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(ptr::from_ref(block).cast()) };
        }
    }

    /// The place of the first entry whose key is not below `address`; the last place if there is
    /// none. A place of this node, whatever is stored in it meanwhile.
    #[inline(always)]
    pub(crate) fn search(&self, address: usize) -> Place {
        let mut at = 1;
        for _ in 0..BLOCKS.ilog2() {
            // SAFETY: of as many binary digits as steps were begun, so fewer than `BLOCKS` has.
            let key = unsafe { self.head.0.get_unchecked(at) };
            at = step(at, key.load(Relaxed), address);
        }
        let block = at % BLOCKS;
        // So few that their loads are better side by side than one after another.
        let keys = &self.blocks[block].keys[..BLOCK - 1];
        (block, keys.iter().map(|key| usize::from(key.load(Relaxed) < address)).sum())
    }

    /// The word of the head that holds the last key of a block, which is not the last one.
    fn separator(block: usize) -> usize {
        let number = block + 1;
        (BLOCKS + number) >> (number.trailing_zeros() + 1)
    }

    #[inline(always)]
    pub(crate) fn key(&self, (block, at): Place) -> usize {
        self.blocks[block].keys[at].load(Relaxed)
    }

    #[inline(always)]
    pub(crate) fn edge(&self, (block, at): Place) -> Option<Edge> {
        NonNull::new(self.blocks[block].edges[at].load(order(Order::Follow)))
    }

    /// The edge behind that of an entry.
    pub(crate) fn edge_after(&self, place: Place) -> Option<Edge> {
        let next = Self::number(place) + 1;
        if next < Self::WIDTH { self.edge(Self::place(next)) } else { None }
    }

    pub(crate) fn first_edge(&self) -> Option<Edge> {
        self.edge((0, 0))
    }

    /// 0 for a leaf.
    #[inline(always)]
    pub(crate) fn level(&self) -> usize {
        self.shape() >> LEN_BITS
    }

    /// How many entries it has. The writer's to ask.
    pub(crate) fn len(&self) -> usize {
        self.shape() & LEN_MASK
    }

    /// See [`shape`].
    #[inline(always)]
    pub(crate) fn shape(&self) -> usize {
        self.head.0[0].load(Relaxed)
    }

    pub(crate) fn number((block, at): Place) -> usize {
        block * BLOCK + at
    }

    pub(crate) fn place(number: usize) -> Place {
        (number / BLOCK, number % BLOCK)
    }

    /// Changes one key. The writer's.
    pub(crate) fn set_key(&self, number: usize, key: usize) {
        let (block, at) = Self::place(number);
        self.blocks[block].keys[at].store(key, Relaxed);
        if at == BLOCK - 1 && block < BLOCKS - 1 {
            self.head.0[Self::separator(block)].store(key, Relaxed);
        }
    }

    /// Publishes a child, or a value, in place of another. The writer's.
    pub(crate) fn set_edge(&self, number: usize, edge: Edge) {
        let (block, at) = Self::place(number);
        self.blocks[block].edges[at].store(edge.as_ptr(), order(Order::Publish));
    }

    /// Stores these entries and no others. The writer's, on a node that it has not published.
    ///
    /// The last entry of an inner node has no key: see [`Node::append_to`].
    pub(crate) fn fill(&self, entries: &[Entry]) {
        let (level, used) = (self.level(), entries.len().max(self.len()));
        let unused = (usize::MAX, ptr::null_mut());
        let stored = entries.iter().map(|&(key, edge)| (key, edge.as_ptr()));
        let mut stored = stored.chain(iter::repeat(unused)).take(used);
        for (at, block) in self.blocks.iter().enumerate() {
            for (key, edge) in block.keys.iter().zip(&block.edges) {
                let Some(entry) = stored.next() else { break };
                key.store(entry.0, Relaxed);
                edge.store(entry.1, order(Order::Publish));
            }
            if at < BLOCKS - 1 {
                let last = block.keys[BLOCK - 1].load(Relaxed);
                self.head.0[Self::separator(at)].store(last, Relaxed);
            }
        }
        if level > 0 {
            self.set_key(entries.len() - 1, usize::MAX);
        }
        self.head.0[0].store(shape(level, entries.len()), Relaxed);
    }

    /// Puts its entries behind others, in order. The writer's.
    ///
    /// The last child of an inner node gets `upper` for its key: the separator behind the node
    /// itself, which some node above holds.
    pub(crate) fn append_to(&self, entries: &mut Vec<Entry>, upper: usize) {
        entries.reserve(Self::WIDTH);
        let mut left = self.len();
        for block in &self.blocks {
            for (key, edge) in block.keys.iter().zip(&block.edges).take(left) {
                if let Some(edge) = NonNull::new(edge.load(order(Order::Follow))) {
                    entries.push((key.load(Relaxed), edge));
                }
            }
            left = left.saturating_sub(BLOCK);
        }
        if self.level() > 0
            && let Some(last) = entries.last_mut()
        {
            last.0 = upper;
        }
    }
}
