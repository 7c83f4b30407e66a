//! Classes that are made and dropped at run time.

use std::borrow::Cow;
use std::fmt;
use std::panic::Location;

use crate::on::process;
use crate::on::registry::{self, ClassId};

/// A class of locks that is made at run time and goes with this value: for locks of a plugin, a
/// session, a connection, whose orders must not be mixed with those of others and are of no
/// interest once they are gone.
///
/// Two classes are two even if their names are the same. Locks join by
/// [`Map::of_class`](crate::Map::of_class) or [`set_class`](crate::set_class).
///
/// Dropping it forgets every order that its locks took part in. Its locks should be gone by then:
/// one that is taken later is still shown as held, but not checked, which [`losses`](crate::losses)
/// says.
///
/// # Cost
///
/// An acquire of such a lock does not take the warm path: some tens of nanoseconds. Dropping takes
/// time in proportion to the orders that are known. The ids of classes are used once: there is room
/// for a quarter of a million in the life of a process. Beyond that a class of this kind is none, and its locks
/// are of the class of their constructor, which is counted as a loss.
///
/// # Examples
///
/// ```
/// use lockdep::{DynamicClass, Map};
///
/// let plugin = DynamicClass::new(format!("state of plugin {}", 7));
/// let state = Map::of_class(&plugin);
/// # drop(state);
/// drop(plugin);
/// ```
pub struct DynamicClass {
    id: Option<ClassId>,
}

impl DynamicClass {
    /// A class of its own, which reports call `name`.
    #[track_caller]
    #[must_use]
    pub fn new(name: impl Into<Cow<'static, str>>) -> DynamicClass {
        let site = Location::caller();
        let name = name.into();
        DynamicClass { id: process::quietly(|| registry::dynamic(name, site)) }
    }

    /// None if there was no class left.
    pub(crate) fn id(&self) -> Option<ClassId> {
        self.id
    }
}

impl Drop for DynamicClass {
    fn drop(&mut self) {
        if let Some(class) = self.id {
            process::class_dropped(class);
        }
    }
}

impl fmt::Debug for DynamicClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DynamicClass").field("id", &self.id).finish()
    }
}
