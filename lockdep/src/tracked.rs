//! What the query and assert macros take: anything that may have a map.

use std::rc::Rc;
use std::sync::{Arc, Mutex, RwLock};

use crate::Map;
use crate::how::Description;

/// A lock that may be tracked.
///
/// A lock of one's own implements this by giving its map away. The real types of `std` have none,
/// so that code which asserts about them compiles, and passes, with tracking off.
pub trait Tracked {
    /// The lock's map; none if the lock is not instrumented.
    fn map(&self) -> Option<&Map>;

    /// What the lock is, for the case that a query or [`might_lock!`](crate::might_lock) is the
    /// first that is heard of it.
    fn describe() -> Description {
        Description::new("lock", "")
    }
}

impl Tracked for Map {
    fn map(&self) -> Option<&Map> {
        Some(self)
    }
}

impl<T: ?Sized> Tracked for Mutex<T> {
    fn map(&self) -> Option<&Map> {
        None
    }
}

impl<T: ?Sized> Tracked for RwLock<T> {
    fn map(&self) -> Option<&Map> {
        None
    }
}

/// What points at a lock is asked like the lock.
macro_rules! pointers {
    ($($pointer:ty),*) => {
        $(impl<L: Tracked + ?Sized> Tracked for $pointer {
            fn map(&self) -> Option<&Map> {
                L::map(self)
            }

            fn describe() -> Description {
                L::describe()
            }
        })*
    };
}

pointers!(&L, Box<L>, Rc<L>, Arc<L>);
