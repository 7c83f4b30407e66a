//! A kind of lock: the node of the graph.
//!
//! By default all locks constructed at one source place for one payload type are one class. The
//! type matters: some libraries construct every lock in one wrapper, and the place alone would
//! make all of them one class.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

use crate::place::Place;

/// What a class is made of. Two equal values are one class, also across processes.
///
/// A name given by hand is all that counts then: the place is only where it was first used.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "lockdep", derive(serde::Serialize, serde::Deserialize))]
pub struct Class {
    /// Where locks of the class are constructed.
    pub place: Place,
    /// The lock's type without its payload: `Mutex`, `RwLock`.
    pub kind: Cow<'static, str>,
    /// The payload's type, with its path; empty for a lock without payload.
    pub payload: Cow<'static, str>,
    /// A name given by hand, which then stands for the class in reports.
    pub name: Option<Cow<'static, str>>,
    /// The nesting level given at the acquire, 0 to 7; 0 unless asked for.
    pub subclass: u8,
    /// Which of the classes of locks that are made at this place, as by derived code; 0 for the
    /// first, and wherever the place tells enough.
    #[cfg_attr(feature = "lockdep", serde(default, skip_serializing_if = "is_first"))]
    pub sibling: u32,
}

/// Whether it is the usual number of a class.
#[cfg(feature = "lockdep")]
#[allow(clippy::trivially_copy_pass_by_ref, reason = "as it is called")]
fn is_first(sibling: &u32) -> bool {
    *sibling == 0
}

/// What tells classes apart.
#[derive(PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Key<'a> {
    Made(&'a Place, u32, &'a str, &'a str),
    Named(&'a str),
}

impl Class {
    /// What is compared.
    fn key(&self) -> (Key<'_>, u8) {
        let key = match &self.name {
            Some(name) => Key::Named(name),
            None => Key::Made(&self.place, self.sibling, &self.kind, &self.payload),
        };
        (key, self.subclass)
    }
}

impl PartialEq for Class {
    fn eq(&self, other: &Class) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Class {}

impl PartialOrd for Class {
    fn partial_cmp(&self, other: &Class) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Class {
    fn cmp(&self, other: &Class) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl Hash for Class {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(name: Option<&'static str>, line: u32) -> Class {
        let place = Place { file: "a.rs".into(), line, column: 1 };
        let name = name.map(Cow::Borrowed);
        Class { place, kind: "lock".into(), payload: "".into(), name, subclass: 0, sibling: 0 }
    }

    #[test]
    fn a_name_outweighs_the_place() {
        assert_eq!(class(Some("a"), 1), class(Some("a"), 2));
        assert_ne!(class(Some("a"), 1), class(Some("b"), 1));
        assert_ne!(class(None, 1), class(None, 2));
        assert_ne!(class(Some("a"), 1), class(None, 1));
    }
}
