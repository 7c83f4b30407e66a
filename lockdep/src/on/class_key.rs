//! Giving a lock another class by hand.

use std::panic::Location;

use crate::how::Describe;
use crate::on::census;
use crate::on::dynamic::DynamicClass;
use crate::on::map::Map;
use crate::on::nested;
use crate::on::process;
use crate::on::registry::{self, ClassId};
use crate::on::task::Task;
use crate::on::thread;
use crate::tracked::Tracked;
use crate::wait_type::Traits;

/// Which class a lock is to have: a name, which stands for one class in the whole process, or a
/// class that was made at run time.
#[derive(Clone, Copy, Debug)]
pub struct ClassKey(Key);

#[derive(Clone, Copy, Debug)]
enum Key {
    Named(&'static str),
    /// None if there was no class left.
    Dynamic(Option<ClassId>),
}

impl From<&'static str> for ClassKey {
    fn from(name: &'static str) -> Self {
        ClassKey(Key::Named(name))
    }
}

impl From<&DynamicClass> for ClassKey {
    fn from(class: &DynamicClass) -> Self {
        ClassKey(Key::Dynamic(class.id()))
    }
}

/// Gives a lock another class: that of a name, as [`Map::named`] does, or one made at run time.
///
/// What was learned of the lock as one of its former class stays there. If the current task holds
/// the lock, it holds a lock of the new class from here on: what it took before and since is
/// ordered against that, and reported if that breaks a rule. Another task that holds it keeps it
/// under the former class until it lets go.
///
/// Does nothing if the lock is not tracked, or if there is no class left.
///
/// # Panics
///
/// With the report, if the lock is held, this breaks a rule and `LOCKDEP` is `panic`.
///
/// # Examples
///
/// ```
/// let (parent, child) = (lockdep::Map::new(), lockdep::Map::new());
/// lockdep::set_class(&parent, "parent");
/// lockdep::set_class(&child, "child");
/// ```
#[track_caller]
pub fn set_class<L: Tracked + ?Sized>(lock: &L, class: impl Into<ClassKey>) {
    let Some(map) = lock.map() else { return };
    let site = Location::caller();
    let class = match class.into().0 {
        Key::Named(name) => process::quietly(|| registry::named(name, Traits::default(), site)),
        Key::Dynamic(class) => class,
    };
    if let Some(class) = class {
        change(map, class);
    }
}

/// Gives a map a class, and the current task's holds of it.
pub(crate) fn change(map: &Map, class: ClassId) {
    if map.word().is_untracked() {
        return;
    }
    if !map.word().is_resolved() {
        resolve(map, class);
        return;
    }
    let (before, after) = map.set_class(class);
    // Whatever is kept of the lock until it is destroyed must be found then.
    if nested::has(before.class()) {
        nested::add(after.class());
    }
    process::judge(|tracker, task| tracker.class_changed(task, before, after));
}

/// The class of a lock, which may never have been taken; none if it is untracked.
pub(crate) fn class_of(map: &Map, describe: Describe) -> Option<ClassId> {
    let word = map.word();
    if word.is_untracked() {
        return None;
    }
    if !word.is_resolved() {
        let class = process::quietly(|| registry::made_at(map.place(), describe()))?;
        resolve(map, class);
    }
    ClassId::new(map.word().class())
}

/// Gives a map that may have no class yet this one.
pub(crate) fn resolve(map: &Map, class: ClassId) {
    let instance = thread::with_task(Task::next_instance);
    if let Some(instance) = instance
        && map.resolve(class, census::tag_for_new(class.get()), instance).class() != class.get()
    {
        map.set_class(class);
    }
}
