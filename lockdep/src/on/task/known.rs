//! What a task knows already: which chains broke nothing, the classes of constructors, numbers for
//! new locks.
//!
//! All of it is a cache. What is forgotten costs a second look at what the process knows, never a
//! wrong verdict.

use std::cell::Cell;
use std::panic::Location;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::how::Describe;
use crate::on::chain;
use crate::on::loss::{self, Loss};
use crate::on::map::{self, Word};
use crate::on::properties::Life;
use crate::on::registry::{self, ClassId};
use crate::on::task::holder::CLASSES;
use crate::on::task::{Keys, Task};

/// How many instance numbers a task takes from the common counter at once.
const INSTANCE_BLOCK: u64 = 1024;

impl Task {
    /// Whether something was judged before and broke nothing.
    pub(crate) fn knows_key(&self, key: u64) -> bool {
        self.known.contains(key)
    }

    /// Notes that something broke nothing.
    pub(crate) fn learn_key(&self, key: u64) {
        self.known.insert(key);
    }

    /// Whether an acquire was seen before and broke nothing, with the locks of the same class that
    /// are held now.
    pub(crate) fn knows_slow(&self, entry: Word, keys: Keys) -> bool {
        if self.is_alone(entry) {
            return self.known.contains(keys.witness);
        }
        if registry::properties(entry.class()).life == Life::Dropped {
            return false;
        }
        if entry.how().is_trylock() {
            return self.known.contains(chain::with_siblings(keys.witness));
        }
        self.known.contains(chain::with_siblings(keys.witness))
            && self.siblings(entry.class()).all(|held| !held.entry.is_same(entry))
            && self
                .nearest_siblings(entry.class())
                .all(|held| self.knows_pair(keys, held.entry, entry))
    }

    /// Notes that an acquire broke nothing.
    pub(crate) fn learn(&self, entry: Word, keys: Keys) {
        let alone = self.is_alone(entry);
        let key = if alone { keys.witness } else { chain::with_siblings(keys.witness) };
        self.known.insert(key);
    }

    /// Whether the warm path may know an acquire: nothing but the classes has to be looked at.
    fn is_alone(&self, entry: Word) -> bool {
        let class = entry.class();
        (entry.how().is_trylock() || self.siblings(class).next().is_none())
            && !registry::properties(class).is_watched()
    }

    /// Whether an acquire under a nest lock was seen before and broke nothing. Nest lock and
    /// siblings have to be looked at all the same.
    pub(crate) fn knows_nested(&self, entry: Word, keys: Keys) -> bool {
        self.known.contains(chain::nested(keys.witness))
            && !registry::properties(entry.class()).is_watched()
    }

    /// Notes that an acquire under a nest lock broke nothing.
    pub(crate) fn learn_nested(&self, keys: Keys) {
        self.known.insert(chain::nested(keys.witness));
    }

    /// Whether two locks of one class are known to be taken in this order rightly.
    ///
    /// Never if the class has a comparison function: ranks change.
    pub(crate) fn knows_pair(&self, keys: Keys, held: Word, wanted: Word) -> bool {
        self.known.contains(chain::pair(keys.chain, held, wanted))
            && registry::properties(wanted.class()).compare.is_none()
    }

    /// Notes that two locks of one class are taken in this order rightly.
    pub(crate) fn learn_pair(&self, keys: Keys, held: Word, wanted: Word) {
        self.known.insert(chain::pair(keys.chain, held, wanted));
    }

    /// Whether of two locks of one class, whose order is settled by declaration, all is known.
    pub(crate) fn knows_settled(&self, keys: Keys, held: Word, wanted: Word) -> bool {
        self.known.contains(chain::settled(chain::pair(keys.chain, held, wanted)))
    }

    /// Notes that of two locks of one class, whose order is settled by declaration, all is known.
    pub(crate) fn learn_settled(&self, keys: Keys, held: Word, wanted: Word) {
        self.known.insert(chain::settled(chain::pair(keys.chain, held, wanted)));
    }

    /// The class that this task found for a constructor, if it still knows.
    pub(crate) fn class_of(
        &self,
        place: &'static Location<'static>,
        describe: Describe,
    ) -> Option<ClassId> {
        let key = chain::constructor(place, describe);
        let (known, class) = self.class_slot(key).get();
        if known == key { ClassId::new(class) } else { None }
    }

    /// Remembers the class of a constructor.
    pub(crate) fn learn_class(
        &self,
        place: &'static Location<'static>,
        describe: Describe,
        class: ClassId,
    ) {
        let key = chain::constructor(place, describe);
        self.class_slot(key).set((key, class.get()));
    }

    /// A number that no other lock of the process has; none if there are no more.
    pub(crate) fn next_instance(&self) -> Option<u64> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        if self.next_instance.get() == self.last_instance.get() {
            let first = NEXT.fetch_add(INSTANCE_BLOCK, Ordering::Relaxed);
            self.next_instance.set(first);
            self.last_instance.set(first + INSTANCE_BLOCK);
        }
        let instance = self.next_instance.get();
        if instance > map::MAX_INSTANCE {
            loss::count(Loss::Instances);
            return None;
        }
        self.next_instance.set(instance + 1);
        Some(instance)
    }

    /// Whether the task has given the lock its number, one of the last [`INSTANCE_BLOCK`] or fewer:
    /// it was the first to take the lock, not long ago.
    #[inline]
    pub(crate) fn has_numbered(&self, word: Word) -> bool {
        let first = self.last_instance.get().wrapping_sub(INSTANCE_BLOCK);
        map::instance_of(word.lock()).wrapping_sub(first) < INSTANCE_BLOCK
    }

    fn class_slot(&self, key: u64) -> &Cell<(u64, u32)> {
        &self.classes[key as usize % CLASSES]
    }
}
