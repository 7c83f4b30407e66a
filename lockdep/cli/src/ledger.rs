//! What the user reads of a run, on stderr: each violation once, what was lost, one line at the
//! end.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use lockdep::held_back::HeldBack;
use lockdep::report::{LedgerEntry, Paths, Report};
use lockdep::violation::{Signature, Violation};

use crate::gather::Gathered;
use crate::merge::Outcome;

/// Prints violations and remembers which.
pub(crate) struct Ledger {
    paths: Paths,
    /// Whether each order that is held back is printed.
    shows_held_back: bool,
    printed: BTreeSet<Signature>,
}

impl Ledger {
    /// A ledger that shortens the names of files in these folders.
    pub(crate) fn new(roots: &[&Path], shows_held_back: bool) -> Ledger {
        let roots = roots.iter().map(|root| root.display().to_string()).collect();
        Ledger { paths: Paths { roots }, shows_held_back, printed: BTreeSet::new() }
    }

    /// How the names of files are printed.
    pub(crate) fn paths(&self) -> &Paths {
        &self.paths
    }

    /// Prints a violation, unless it has been printed.
    pub(crate) fn show(&mut self, violation: &Violation) {
        if self.printed.insert(violation.signature()) {
            eprintln!("\n{}", Report::new(violation, &self.paths));
        }
    }

    /// Prints what a run came to.
    pub(crate) fn close(&mut self, gathered: &Gathered, outcome: &Outcome) {
        for finding in outcome.findings.values() {
            self.show(&finding.violation);
        }
        if !outcome.findings.is_empty() {
            eprintln!();
        }
        for warning in &gathered.warnings {
            eprintln!("lockdep: warning: {warning}");
        }
        let mut losses: BTreeMap<&str, u64> = BTreeMap::new();
        for (what, times) in gathered.processes.iter().flat_map(|process| &process.losses) {
            *losses.entry(what).or_default() += times;
        }
        for (what, times) in losses {
            eprintln!("lockdep: note: {times} {what}");
        }
        self.show_allowed(&outcome.allowed);
        self.show_held_back(&outcome.held_back);
        eprintln!("{}", closing_line(outcome));
    }

    /// Prints how many warnings are allowed; each of them if that is wanted.
    fn show_allowed(&self, allowed: &[Violation]) {
        if allowed.is_empty() {
            return;
        }
        if self.shows_held_back {
            for violation in allowed {
                eprintln!("{}\n", Report::new(violation, &self.paths));
            }
        }
        let how = if self.shows_held_back { "" } else { "; --ledger before the verb shows them" };
        let number = counted(allowed.len(), "warning is", "warnings are");
        eprintln!("lockdep: note: {number} not shown: LOCKDEP_WARNINGS is allow{how}");
    }

    /// Prints how many orders were held back and why; each of them if that is wanted.
    fn show_held_back(&self, held_back: &BTreeMap<Signature, HeldBack>) {
        if held_back.is_empty() {
            return;
        }
        let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
        for one in held_back.values() {
            *reasons.entry(one.reason.to_string()).or_default() += 1;
        }
        if self.shows_held_back {
            for one in held_back.values() {
                eprintln!("{}\n", LedgerEntry::new(one, &self.paths));
            }
        }
        let how = if self.shows_held_back { "" } else { "; --ledger before the verb shows them" };
        let number = counted(held_back.len(), "order is", "orders are");
        eprintln!("lockdep: note: {number} held back: {}{how}", reasons_in_words(&reasons));
    }
}

/// `2 made by one thread alone, 1 ordered by a join`.
fn reasons_in_words(reasons: &BTreeMap<String, usize>) -> String {
    let words: Vec<_> = reasons.iter().map(|(reason, times)| format!("{times} {reason}")).collect();
    words.join(", ")
}

/// `lockdep: 12 classes, 34 edges, 3 processes, 1 violation (met 5 times)`.
fn closing_line(outcome: &Outcome) -> String {
    // A process writes nothing until it takes a tracked lock.
    if outcome.processes == 0 {
        return "lockdep: 0 violations; no tracked lock was taken".to_owned();
    }
    let met: u64 = outcome.findings.values().map(|finding| finding.times).sum();
    let (violations, warnings) = outcome.by_severity();
    let mut parts = vec![
        counted(outcome.classes, "class", "classes"),
        counted(outcome.edges, "edge", "edges"),
        counted(outcome.processes, "process", "processes"),
        counted(violations, "violation", "violations"),
    ];
    parts.extend((warnings > 0).then(|| counted(warnings, "warning", "warnings")));
    let mut line = format!("lockdep: {}", parts.join(", "));
    if violations + warnings > 0 {
        line += &format!(" (met {} time{})", met, if met == 1 { "" } else { "s" });
    }
    line
}

fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}
