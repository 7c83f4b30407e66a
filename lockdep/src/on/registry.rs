//! All classes of the process.
//!
//! A class is a pure fact (a place, a type, a name), so one registry serves every tracker: the ids
//! in the locks' maps mean the same to all of them. Ids are dense, from 1, and never reused: not
//! even that of a class which was dropped. When they run out, locks without a class are not
//! tracked, which is counted as a loss.
//!
//! Classes of the source are kept as long as the process lives; their number is bounded by its
//! text. Of one that was made at run time and dropped only its id remains.

use std::borrow::Cow;
use std::num::NonZeroU32;
use std::panic::Location;
use std::sync::Arc;

use dashmap::DashMap;
use once_cell::race::OnceBox;
use parking_lot::RwLock;

use crate::class::Class;
use crate::compare::Compare;
use crate::how::Description;
use crate::on::fork;
use crate::on::loss::{self, Loss};
use crate::on::map::MAX_CLASS;
use crate::on::properties::{self, Life, Properties};
use crate::place::Place;
use crate::wait_type::Traits;

/// The id of a class without its subclass.
pub(crate) type ClassId = NonZeroU32;

/// A class as the graph knows it: id and subclass in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Node(u32);

impl Node {
    pub(crate) const fn new(class: u32, subclass: u8) -> Node {
        Node(class << 3 | subclass as u32)
    }

    /// The class without its subclass.
    pub(crate) const fn class(self) -> u32 {
        self.0 >> 3
    }

    pub(crate) const fn subclass(self) -> u8 {
        (self.0 & 7) as u8
    }

    pub(crate) const fn bits(self) -> u32 {
        self.0
    }
}

/// What two locks must share to be of one class.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Made {
        place: Place,
        sibling: u32,
        kind: &'static str,
        payload: &'static str,
    },
    Named(&'static str),
    /// The locks of another class that are not checked.
    Unchecked(ClassId),
}

#[derive(Debug, Default)]
struct Registry {
    ids: DashMap<Key, ClassId>,
    classes: RwLock<Vec<Arc<Class>>>,
}

/// How many threads may register a class at once when the last ids are given out.
const ROOM: usize = 1024;

fn registry() -> &'static Registry {
    static REGISTRY: OnceBox<Registry> = OnceBox::new();
    REGISTRY.get_or_init(Box::default)
}

/// The class of locks made at `location` that are what `description` says; none if there are too
/// many classes.
pub(crate) fn made_at(
    location: &'static Location<'static>,
    description: Description,
) -> Option<ClassId> {
    made_by(location, description, 0)
}

/// The class of those of them that a call of this number makes, where several do.
pub(crate) fn made_by(
    location: &'static Location<'static>,
    description: Description,
    sibling: u32,
) -> Option<ClassId> {
    made(Place::from(location), description, sibling)
}

/// The class of locks that the initialiser of another class makes.
pub(crate) fn made_in(once: &Class, description: Description) -> Option<ClassId> {
    made(once.place.clone(), description, once.sibling)
}

fn made(place: Place, description: Description, sibling: u32) -> Option<ClassId> {
    let Description { kind, payload, traits } = description;
    let key = Key::Made { place: place.clone(), sibling, kind, payload };
    let payload = Cow::Borrowed(payload);
    intern(key, Properties { traits, ..Properties::default() }, || Class {
        place,
        kind: Cow::Borrowed(kind),
        payload,
        name: None,
        subclass: 0,
        sibling,
    })
}

/// The class of this name, made by hand; none if there are too many classes. The traits are those
/// that the name was first given with.
pub(crate) fn named(
    name: &'static str,
    traits: Traits,
    place: &'static Location<'static>,
) -> Option<ClassId> {
    let properties = Properties { traits, ..Properties::default() };
    intern(Key::Named(name), properties, || by_hand(name.into(), place.into()))
}

/// The class for those locks of a class that are not checked; none if there are too many classes.
pub(crate) fn unchecked(class: ClassId) -> Option<ClassId> {
    let Properties { unchecked, traits, .. } = properties(class.get());
    if unchecked {
        return Some(class);
    }
    let properties = Properties { unchecked: true, traits, ..Properties::default() };
    intern(Key::Unchecked(class), properties, || Class::clone(&self::class(class.get())))
}

/// A class of its own, to be dropped by [`drop_dynamic`]; none if there are too many classes.
pub(crate) fn dynamic(
    name: Cow<'static, str>,
    place: &'static Location<'static>,
) -> Option<ClassId> {
    let _pass = fork::pass();
    let properties = Properties { life: Life::Dynamic, ..Properties::default() };
    has_room().then(|| push(by_hand(name, place.into()), properties))
}

/// Forgets all of a class but its id.
pub(crate) fn drop_dynamic(class: ClassId) {
    let _pass = fork::pass();
    let dropped = Properties { life: Life::Dropped, ..Properties::default() };
    properties::change(class.get(), |properties| *properties = dropped);
    registry().classes.write()[class.get() as usize - 1] = gone();
}

/// What stands for every class that was dropped.
fn gone() -> Arc<Class> {
    static GONE: OnceBox<Arc<Class>> = OnceBox::new();
    let nowhere = || Place { file: Cow::Borrowed(""), line: 0, column: 0 };
    let class = || Arc::new(by_hand("a dropped class".into(), nowhere()));
    Arc::clone(GONE.get_or_init(|| Box::new(class())))
}

/// Sets the order among the locks of a class.
pub(crate) fn set_compare(class: ClassId, compare: Compare) {
    properties::change(class.get(), |properties| properties.compare = Some(compare));
}

/// What was said of a class. Takes no lock.
pub(crate) fn properties(class: u32) -> Properties {
    properties::of(class)
}

/// A class that was given a name.
fn by_hand(name: Cow<'static, str>, place: Place) -> Class {
    Class {
        place,
        kind: Cow::Borrowed("lock"),
        payload: Cow::Borrowed(""),
        name: Some(name),
        subclass: 0,
        sibling: 0,
    }
}

/// The id under a key, made if need be; none if there are too many.
fn intern(key: Key, properties: Properties, class: impl FnOnce() -> Class) -> Option<ClassId> {
    let _pass = fork::pass();
    let registry = registry();
    if let Some(id) = registry.ids.get(&key) {
        return Some(*id);
    }
    if !has_room() {
        return None;
    }
    // Outside the map's lock.
    let class = class();
    let id = *registry.ids.entry(key).or_insert_with(|| push(class, properties));
    Some(id)
}

/// Whether there are ids left. Some are kept for threads that register at once.
fn has_room() -> bool {
    let has_room = registry().classes.read().len() < MAX_CLASS as usize - ROOM;
    if !has_room {
        loss::count(Loss::Classes);
    }
    has_room
}

fn push(class: Class, properties: Properties) -> ClassId {
    let mut classes = registry().classes.write();
    let id = classes.len() as u32 + 1;
    let is_usual = properties.traits == Traits::default();
    if properties.unchecked || properties.life != Life::Static || !is_usual {
        // Before the id is known to anybody.
        properties::change(id, |of_class| *of_class = properties);
    }
    classes.push(Arc::new(class));
    NonZeroU32::new(id).expect("it is one more than a length")
}

/// The class behind an id.
fn class(id: u32) -> Arc<Class> {
    let _pass = fork::pass();
    Arc::clone(&registry().classes.read()[id as usize - 1])
}

/// The class a node stands for, with its subclass.
pub(crate) fn describe(node: Node) -> Class {
    let mut class = Class::clone(&class(node.class()));
    class.subclass = node.subclass();
    class
}
