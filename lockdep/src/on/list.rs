//! A list in which two members can be asked for their order in constant time.
//!
//! Every member carries a label, and labels grow along the list. A member that is put between two
//! others gets a label between theirs; where there is none left, the labels around are spread over
//! a wider range. Source: Bender, Cole, Demaine, Farach-Colton and Zito, *Two Simplified Algorithms
//! for Maintaining Order in a List* (2002). O(log n) amortised for each member put in; moving many
//! members at once spaces them evenly, so that they need no spreading among themselves.

/// A member of a [`List`].
pub(crate) type Index = u32;

/// Members in an order, with labels.
#[derive(Debug, Default)]
pub(crate) struct List {
    slots: Vec<Slot>,
    free: Vec<Index>,
    first: Option<Index>,
    last: Option<Index>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    label: u64,
    previous: Option<Index>,
    next: Option<Index>,
}

/// Far from both ends and from multiples of large powers of two: [`List::spread`] has to leave a
/// range whose border the labels crowd around.
const MIDDLE: u64 = 0x2aaa_aaaa_aaaa_aaaa;
/// Distance of a new member at an end from the one that was there.
const GAP: u64 = 1 << 20;

impl List {
    /// The position of a member: smaller is earlier.
    pub(crate) fn label(&self, index: Index) -> u64 {
        self.slots[index as usize].label
    }

    /// The member before this one.
    pub(crate) fn previous(&self, index: Index) -> Option<Index> {
        self.slots[index as usize].previous
    }

    /// A new member, first in the list.
    pub(crate) fn add_first(&mut self) -> Index {
        self.add_after(None)
    }

    /// A new member, last in the list.
    pub(crate) fn add_last(&mut self) -> Index {
        self.add_after(self.last)
    }

    /// A new member behind another; first if there is none.
    pub(crate) fn add_after(&mut self, anchor: Option<Index>) -> Index {
        let index = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot::default());
            self.slots.len() as Index - 1
        });
        self.put_after(anchor, &[index]);
        index
    }

    /// Takes a member out for good; its index may be used again.
    pub(crate) fn remove(&mut self, index: Index) {
        self.unlink(index);
        self.free.push(index);
    }

    /// Moves members, in the order given, directly behind one that stays; to the front if there is
    /// none.
    pub(crate) fn move_after(&mut self, anchor: Option<Index>, moved: &[Index]) {
        for &index in moved {
            self.unlink(index);
        }
        self.put_after(anchor, moved);
    }

    fn put_after(&mut self, anchor: Option<Index>, members: &[Index]) {
        let count = members.len() as u64 + 1;
        let next = anchor.map_or(self.first, |anchor| self.slots[anchor as usize].next);
        let (low, high) = match (anchor.map(|at| self.label(at)), next.map(|at| self.label(at))) {
            (Some(low), Some(high)) => (low, high),
            (Some(low), None) => (low, low + GAP * count),
            (None, Some(high)) => (high - GAP * count, high),
            (None, None) => (MIDDLE, MIDDLE + GAP * count),
        };
        let step = (high - low) / count;
        let mut anchor = anchor;
        for (at, &index) in members.iter().enumerate() {
            let label = match anchor {
                Some(anchor) if step == 0 => self.room_after(anchor),
                _ => low + step * (at as u64 + 1),
            };
            self.link(index, anchor, label);
            anchor = Some(index);
        }
    }

    fn link(&mut self, index: Index, previous: Option<Index>, label: u64) {
        let next = match previous {
            Some(previous) => self.slots[previous as usize].next.replace(index),
            None => self.first.replace(index),
        };
        match next {
            Some(next) => self.slots[next as usize].previous = Some(index),
            None => self.last = Some(index),
        }
        self.slots[index as usize] = Slot { label, previous, next };
    }

    fn unlink(&mut self, index: Index) {
        let Slot { previous, next, .. } = self.slots[index as usize];
        match previous {
            Some(previous) => self.slots[previous as usize].next = next,
            None => self.first = next,
        }
        match next {
            Some(next) => self.slots[next as usize].previous = previous,
            None => self.last = previous,
        }
    }

    /// A free label between a member and the next one.
    fn room_after(&mut self, index: Index) -> u64 {
        loop {
            let Slot { label: low, next, .. } = self.slots[index as usize];
            match next.map(|next| self.label(next)) {
                None => return low + GAP,
                Some(high) if high - low > 1 => return low + (high - low) / 2,
                Some(_) => self.spread(index),
            }
        }
    }

    /// Spreads the labels around a member and the next one evenly over the smallest aligned range
    /// that is sparse enough: one that holds at most (4/3)^i members in its 2^i labels.
    ///
    /// Both must be inside, or the gap between them would stay as it is.
    fn spread(&mut self, index: Index) {
        let (mut left, mut right, mut count) = (index, index, 1_u64);
        let mut allowed = 1.0_f64;
        for bits in 1..63 {
            allowed *= 4.0 / 3.0;
            let size = 1_u64 << bits;
            let base = self.label(index) & !(size - 1);
            let inside = |at: Option<Index>| {
                at.filter(|&at| (base..=base + (size - 1)).contains(&self.label(at)))
            };
            while let Some(at) = inside(self.slots[left as usize].previous) {
                (left, count) = (at, count + 1);
            }
            while let Some(at) = inside(self.slots[right as usize].next) {
                (right, count) = (at, count + 1);
            }
            let step = size / count;
            if right == index || count as f64 > allowed || step < 4 {
                continue;
            }
            let (mut at, mut label) = (Some(left), base + step / 2);
            for _ in 0..count {
                let Some(index) = at else {
                    return;
                };
                let slot = &mut self.slots[index as usize];
                slot.label = label;
                (at, label) = (slot.next, label + step);
            }
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(list: &List) -> Vec<Index> {
        let mut members = Vec::new();
        let mut at = list.first;
        while let Some(index) = at {
            members.push(index);
            at = list.slots[index as usize].next;
        }
        let mut backwards: Vec<Index> =
            std::iter::successors(list.last, |&index| list.previous(index)).collect();
        backwards.reverse();
        assert_eq!(members, backwards);
        assert!(members.is_sorted_by_key(|&index| list.label(index)));
        members
    }

    #[test]
    fn labels_do_not_run_out_in_one_gap() {
        for gap in [0, 1, 2_500] {
            let mut list = List::default();
            let mut expected: Vec<Index> = (0..5_000).map(|_| list.add_last()).collect();
            for _ in 0..5_000 {
                expected.insert(gap + 1, list.add_after(Some(expected[gap])));
            }
            assert_eq!(members(&list), expected);
        }
    }

    #[test]
    fn moves_agree_with_a_vector() {
        let mut state = 1_u64;
        let mut random = |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) as usize % below
        };
        let mut list = List::default();
        let mut expected: Vec<Index> = (0..40).map(|_| list.add_first()).collect();
        expected.reverse();
        for _ in 0..20_000 {
            let from = random(40);
            let moved: Vec<Index> = expected.drain(from..(from + random(8)).min(40)).collect();
            let to = random(expected.len() + 1);
            list.move_after(to.checked_sub(1).map(|at| expected[at]), &moved);
            expected.splice(to..to, moved);
            assert_eq!(members(&list), expected);
        }
        list.remove(expected.remove(7));
        expected.push(list.add_last());
        assert_eq!(members(&list), expected);
    }
}
