//! Who was seen to hold one lock while wanting another.

use std::panic::Location;
use std::sync::Arc;

use crate::on::frames;
use crate::on::guards::Guards;
use crate::on::map::{self, Word};
use crate::on::registry;
use crate::on::settings::BacktraceStyle;
use crate::on::trace::{self, Trace};
use crate::violation::{self, Dependency, Point, Touch};

/// One lock as one task held or wanted it, unresolved.
#[derive(Clone, Debug)]
pub(crate) struct End {
    /// Which lock, and how it is held or wanted.
    pub(crate) entry: Word,
    pub(crate) site: &'static Location<'static>,
    pub(crate) trace: Option<Trace>,
}

impl End {
    /// Looks class and stack up. Slow; to be called with no lock held.
    pub(crate) fn resolve(&self, style: BacktraceStyle) -> Touch {
        Touch {
            class: registry::describe(self.entry.node()),
            mode: self.entry.how().mode(),
            trylock: self.entry.how().is_trylock(),
            instance: map::instance_of(self.entry.lock()),
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
    /// All that was held, as far as it keeps others away.
    pub(crate) guards: Guards,
}

impl Witness {
    /// Looks classes and stacks up. Slow; to be called with no lock held.
    pub(crate) fn resolve(&self, style: BacktraceStyle) -> Dependency {
        let (mut held, wanted) = (self.held.resolve(style), self.wanted.resolve(style));
        if style == BacktraceStyle::Short {
            held.at.frames = frames::of_hold(held.at.frames, &wanted.at.frames);
        }
        Dependency { task: self.task.as_ref().to_owned(), held, wanted }
    }
}

/// One task waited for a lock as a writer.
#[derive(Clone, Debug)]
pub(crate) struct Waiter {
    pub(crate) task: Arc<str>,
    pub(crate) wanted: End,
    /// All that was held, as far as it keeps others away.
    pub(crate) guards: Guards,
}

impl Waiter {
    /// Looks class and stack up. Slow; to be called with no lock held.
    pub(crate) fn resolve(&self, style: BacktraceStyle) -> violation::Waiter {
        let wanted = self.wanted.resolve(style);
        violation::Waiter { task: self.task.as_ref().to_owned(), wanted }
    }
}
