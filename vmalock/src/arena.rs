//! Memory for values that stay where they are: slots and nodes.
//!
//! A search among very many ranges comes to a slot that no near cache has and whose page no table
//! of translations knows. Three things make that cheaper:
//!
//! * Values lie one behind another in chunks, and a large chunk is one huge page, if the system has
//!   one to give: a handful of translations for all of them.
//! * A chunk is [`HUGE`] bytes at most and filled from its beginning, so what is reserved too early
//!   is that much; a chunk that is smaller was never touched further than its values go.
//! * Caches choose a line's place by its address. Values that lie apart further than they are large,
//!   always at the beginning of their room, would leave the places unused that belong to the rest:
//!   half of every cache, if a line of each 128 bytes is wanted. So a value with room to spare lies
//!   in the first or in the second half of it, as a hash of its number has it.
//!
//! `cargo bench -p vmalock` shows what a search costs among 100,000 ranges.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::marker::PhantomData;
use std::ptr::NonNull;

use crate::sync::advise_huge;

/// The size of a huge page, and of a large chunk.
const HUGE: usize = 2 << 20;
/// How many values the first chunk has room for.
const FIRST: usize = 8;
/// A line of the caches.
const LINE: usize = 64;

/// Values that stay where they are until the arena is dropped, which drops them.
#[derive(Debug)]
pub(crate) struct Arena<T> {
    chunks: Vec<Chunk<T>>,
    /// How many bytes each value has for itself: a multiple of `T`'s alignment.
    room: usize,
}

#[derive(Debug)]
struct Chunk<T> {
    memory: NonNull<u8>,
    layout: Layout,
    /// How many values there is room for.
    capacity: usize,
    /// How many there are.
    len: usize,
    values: PhantomData<T>,
}

impl<T> Chunk<T> {
    /// Where a value lies, or will: `number` is below the capacity.
    fn place(&self, number: usize, room: usize) -> NonNull<T> {
        let at = number * room + shift::<T>(number, room);
        // SAFETY: the chunk has as much room for each number below its capacity, and a value with
        // its shift fits into the room.
        unsafe { self.memory.add(at) }.cast()
    }
}

impl<T> Arena<T> {
    /// Without values. Each will begin `apart` bytes, or more if it is larger, from where another's
    /// room begins; `apart` is a power of two.
    pub(crate) fn new(apart: usize) -> Arena<T> {
        let room = size_of::<T>().max(1).next_multiple_of(apart.max(align_of::<T>()));
        Arena { chunks: Vec::new(), room }
    }

    /// How many values there are.
    pub(crate) fn len(&self) -> usize {
        self.chunks.iter().map(|chunk| chunk.len).sum()
    }

    /// Puts a value in.
    pub(crate) fn put(&mut self, value: T) -> NonNull<T> {
        if self.chunks.last().is_none_or(|chunk| chunk.len == chunk.capacity) {
            self.grow();
        }
        let chunk = self.chunks.last_mut().expect("an arena that has grown has a chunk");
        let place = chunk.place(chunk.len, self.room);
        // SAFETY: the place is aligned, since chunk, room and shift are; and nobody else has it.
        unsafe { place.write(value) };
        chunk.len += 1;
        place
    }

    /// Adds a chunk as large as all others together, within bounds.
    fn grow(&mut self) {
        let there: usize = self.chunks.iter().map(|chunk| chunk.capacity).sum();
        let most = (HUGE / self.room).max(1);
        // A chunk of more than half a huge page becomes a whole one.
        let capacity = if there > most / 2 { most } else { there.max(FIRST).min(most) };
        let bytes = capacity * self.room;
        let align = if bytes > HUGE / 2 { HUGE } else { self.room_align() };
        let layout = Layout::from_size_align(bytes, align).expect("a chunk is small");
        // SAFETY: the layout has a size: there is room for one value at least, of a byte at least.
        let memory = unsafe { alloc(layout) };
        let memory = NonNull::new(memory).unwrap_or_else(|| handle_alloc_error(layout));
        if align == HUGE {
            advise_huge(memory, bytes);
        }
        self.chunks.push(Chunk { memory, layout, capacity, len: 0, values: PhantomData });
    }

    /// The largest power of two that all rooms are multiples of: the values' at least.
    fn room_align(&self) -> usize {
        1 << self.room.trailing_zeros()
    }
}

/// How far from the beginning of its room a value lies: not at all, or half the room.
fn shift<T>(number: usize, room: usize) -> usize {
    let half = room / 2;
    let fits = size_of::<T>() <= half && half.is_multiple_of(LINE.max(align_of::<T>()));
    // The upper bit of a multiplicative hash: of its steps none is a power of two.
    let is_second = (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 63 == 1;
    if fits && is_second { half } else { 0 }
}

impl<T> Drop for Arena<T> {
    fn drop(&mut self) {
        for chunk in &self.chunks {
            for number in 0..chunk.len {
                // SAFETY: it was put in once, is dropped once, and whoever has a pointer to it sees
                // to it that the arena outlives the use.
                unsafe { chunk.place(number, self.room).drop_in_place() };
            }
            // SAFETY: it was allocated with this layout.
            unsafe { dealloc(chunk.memory.as_ptr(), chunk.layout) };
        }
    }
}
