//! All holds that ended, counted by class and mode and by place. A value.

use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use rustc_hash::FxHashMap;

use crate::on::map::Word;
use crate::on::registry::Node;
use crate::on::stat::top::Top;
use crate::on::statistics::Times;

/// A hold that ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ended {
    pub(crate) entry: Word,
    pub(crate) site: &'static Location<'static>,
    /// How long the task had to wait, if it had to.
    pub(crate) wait: Option<Duration>,
    pub(crate) hold: Duration,
}

/// Counts by class and mode.
#[derive(Debug)]
pub(crate) struct Table {
    rows: FxHashMap<(Node, bool), Row>,
    /// Of which process these are the counts: a child of `fork` begins with none.
    generation: u32,
}

/// One class, exclusive or shared.
#[derive(Clone, Debug, Default)]
pub(crate) struct Row {
    pub(crate) times: Times,
    pub(crate) places: Top,
    pub(crate) longest: Option<Longest>,
}

/// The longest hold of a class whose stack is known.
#[derive(Clone, Debug)]
pub(crate) struct Longest {
    pub(crate) hold: Duration,
    pub(crate) site: &'static Location<'static>,
    pub(crate) task: Arc<str>,
    /// The stack under the release, innermost first.
    pub(crate) stack: Vec<usize>,
}

impl Table {
    pub(crate) const fn new() -> Table {
        Table { rows: FxHashMap::with_hasher(rustc_hash::FxBuildHasher), generation: 0 }
    }

    /// Forgets what another process counted.
    pub(crate) fn begin(&mut self, generation: u32) {
        if self.generation != generation {
            let of_parent = std::mem::replace(self, Table { generation, ..Table::new() });
            // To free it would be to copy its pages.
            std::mem::forget(of_parent);
        }
    }

    /// Counts a hold that `task` ended, with the stack of its release if it has one.
    pub(crate) fn add(&mut self, ended: &Ended, task: &Arc<str>, stack: Option<&[usize]>) {
        let Ended { entry, site, wait, hold } = *ended;
        let row = self.rows.entry((entry.node(), entry.how().mode().is_shared())).or_default();
        row.times.add(wait, hold);
        row.places.add(site, wait, hold);
        let Some(stack) = stack else {
            return;
        };
        if row.longest.as_ref().is_none_or(|longest| longest.hold < hold) {
            let (task, stack) = (Arc::clone(task), stack.to_vec());
            row.longest = Some(Longest { hold, site, task, stack });
        }
    }

    /// A copy of all rows, those of one class side by side, exclusive first.
    pub(crate) fn rows(&self) -> Vec<(Node, bool, Row)> {
        let mut rows: Vec<_> =
            self.rows.iter().map(|(&(node, shared), row)| (node, shared, row.clone())).collect();
        rows.sort_unstable_by_key(|(node, shared, _)| (*node, *shared));
        rows
    }
}
