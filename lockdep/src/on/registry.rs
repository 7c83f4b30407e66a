//! All classes of the process.
//!
//! A class is a pure fact (a place, a type, a name), so one registry serves every tracker: the ids
//! in the locks' maps mean the same to all of them. Ids are dense, from 1, and never reused.
//! Classes are kept as long as the process lives; their number is bounded by its source text.

use std::borrow::Cow;
use std::num::NonZeroU32;
use std::panic::Location;
use std::sync::Arc;

use dashmap::DashMap;
use once_cell::race::OnceBox;
use parking_lot::RwLock;

use crate::class::Class;
use crate::how::Description;
use crate::on::fork;
use crate::on::loss::{self, Loss};
use crate::on::map::MAX_CLASS;
use crate::place::Place;

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
    Made { place: Place, kind: &'static str, payload: &'static str },
    Named(&'static str),
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
    let Description { kind, payload } = description;
    let place = Place::from(location);
    intern(Key::Made { place: place.clone(), kind, payload }, place)
}

/// The class of this name, made by hand; none if there are too many classes.
pub(crate) fn named(name: &'static str, place: &'static Location<'static>) -> Option<ClassId> {
    intern(Key::Named(name), place.into())
}

/// The id under a key, made if need be; none if there are too many.
fn intern(key: Key, place: Place) -> Option<ClassId> {
    let _pass = fork::pass();
    let registry = registry();
    if let Some(id) = registry.ids.get(&key) {
        return Some(*id);
    }
    let (kind, payload, name) = match key {
        Key::Made { kind, payload, .. } => (kind, payload, None),
        Key::Named(name) => ("lock", "", Some(Cow::Borrowed(name))),
    };
    // A map has no room for more. Some is left for threads that register at once.
    if registry.classes.read().len() >= MAX_CLASS as usize - ROOM {
        loss::count(Loss::Classes);
        return None;
    }
    let id = *registry.ids.entry(key).or_insert_with(|| {
        let class = Class {
            place,
            kind: Cow::Borrowed(kind),
            payload: Cow::Borrowed(payload),
            name,
            subclass: 0,
        };
        let mut classes = registry.classes.write();
        classes.push(Arc::new(class));
        NonZeroU32::new(classes.len() as u32).expect("the vector has an element")
    });
    Some(id)
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
