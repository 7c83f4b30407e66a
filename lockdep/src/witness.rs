//! Who was seen to hold one lock while wanting another.

use std::sync::Arc;

use crate::how::How;
use crate::map;
use crate::registry::{self, Node};
use crate::settings::BacktraceStyle;
use crate::trace::{self, Trace};
use crate::violation::{Dependency, Point, Touch};

/// One lock as one task held or wanted it, unresolved.
#[derive(Clone, Debug)]
pub(crate) struct End {
    /// Class and instance.
    pub(crate) lock: u64,
    pub(crate) how: How,
    pub(crate) site: &'static std::panic::Location<'static>,
    pub(crate) trace: Option<Trace>,
}

impl End {
    pub(crate) fn node(&self) -> Node {
        Node::new(map::class_of(self.lock), self.how.subclass)
    }

    /// Looks class and stack up. Slow; to be called with no lock held.
    pub(crate) fn resolve(&self, style: BacktraceStyle) -> Touch {
        Touch {
            class: registry::describe(self.node()),
            mode: self.how.mode,
            trylock: self.how.trylock,
            instance: map::instance_of(self.lock),
            at: Point {
                place: self.site.into(),
                frames: self
                    .trace
                    .as_deref()
                    .map(|trace| trace::resolve(trace, style))
                    .unwrap_or_default(),
            },
        }
    }
}

/// One task held a lock while it wanted another.
#[derive(Clone, Debug)]
pub(crate) struct Witness {
    pub(crate) task: Arc<str>,
    pub(crate) held: End,
    pub(crate) wanted: End,
}

impl Witness {
    /// Looks classes and stacks up. Slow; to be called with no lock held.
    pub(crate) fn resolve(&self, style: BacktraceStyle) -> Dependency {
        Dependency {
            task: self.task.as_ref().to_owned(),
            held: self.held.resolve(style),
            wanted: self.wanted.resolve(style),
        }
    }
}
