//! What a report says, before it is laid out: every rule fills one of these.

use super::lock::ClassRow;
use super::scenario::Scenario;
use super::stack::StackRow;

/// The parts of a report, from top to bottom.
#[derive(Debug)]
pub(super) struct Page {
    /// The rule in a few words.
    pub(super) title: &'static str,
    /// What happened, as one sentence.
    pub(super) event: String,
    /// Which locks these are.
    pub(super) classes: Vec<ClassRow>,
    /// An order of steps that hangs, if the rule is about hanging.
    pub(super) scenario: Option<Scenario>,
    /// Whom the columns of the scenario stand for, where that is not plain.
    pub(super) notes: Vec<String>,
    /// Where each task was.
    pub(super) sections: Vec<Section>,
    /// Why this can hang or is wrong.
    pub(super) why: String,
    /// What to change.
    pub(super) help: String,
}

/// Where one task was when it touched the locks.
#[derive(Debug)]
pub(super) struct Section {
    pub(super) head: String,
    pub(super) rows: Vec<StackRow>,
}
