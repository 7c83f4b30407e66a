//! A kind of lock: the node of the graph.
//!
//! By default all locks constructed at one source place for one payload type are one class. The
//! type matters: some libraries construct every lock in one wrapper, and the place alone would
//! make all of them one class.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::place::Place;

/// What a class is made of. Two equal values are one class, also across processes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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
}
