//! Joins what the processes of a run learned.
//!
//! Two processes know nothing of each other, but a later run may bring what each of them did into
//! one: an order that one process learned and the other reversed is an inversion. So what all of
//! them saw is judged together (`judge`), by the rules that each of them was judged by. What one
//! process did alone is its own business: it has judged that already.
//!
//! What a process held back may become true by what another one did: a writer that the one did not
//! see, or a dependency without the gate.
//!
//! The outcome does not depend on which process wrote first: classes are numbered in their
//! order, what was seen is judged in its own, and of equal violations the smallest stands for all.

use std::collections::{BTreeMap, BTreeSet};

use lockdep::Severity;
use lockdep::class::Class;
use lockdep::held_back::HeldBack;
use lockdep::settings::Level;
use lockdep::violation::{Dependency, Signature, Violation};

use crate::gather::{HeldBackRecord, Process};
use crate::judge::{Judge, Verdict};
use crate::parties::Resolver;
use crate::symbols::Symbols;

/// A violation with how often it was met.
#[derive(Debug)]
pub(crate) struct Finding {
    pub(crate) violation: Violation,
    pub(crate) times: u64,
}

/// What a run learned.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// How many classes of locks were met.
    pub(crate) classes: usize,
    /// How many pairs of classes were nested.
    pub(crate) edges: usize,
    /// How many processes left a record.
    pub(crate) processes: usize,
    /// The violations, by code and classes.
    pub(crate) findings: BTreeMap<Signature, Finding>,
    /// The warnings among them that are allowed, and so no findings.
    pub(crate) allowed: Vec<Violation>,
    /// The cycles that the level holds back, by what they would be as a violation.
    pub(crate) held_back: BTreeMap<Signature, HeldBack>,
}

/// Joins the processes' edges, writers and violations.
pub(crate) fn merge(processes: &[Process], level: Level, symbols: &mut Symbols) -> Outcome {
    let mut resolver = Resolver::new(processes, symbols);
    let mut judge = Judge::new(processes, level);
    let mut findings = own_findings(processes);
    // What a process has reported in other modes is not worth a second report.
    let mut reported: BTreeSet<BTreeSet<Class>> =
        findings.values().filter_map(|finding| inverted(&finding.violation)).collect();
    let mut held_back = BTreeMap::new();
    for verdict in judge.verdicts() {
        match verdict {
            Verdict::Broken { cycle, writers, proven } => {
                let violation = resolver.inversion(&cycle, &writers, proven);
                if inverted(&violation).is_some_and(|classes| reported.insert(classes)) {
                    findings.insert(violation.signature(), Finding { violation, times: 1 });
                }
            }
            Verdict::HeldBack { cycle, reason } => {
                keep(&mut held_back, resolver.held_back(&cycle, 0, reason));
            }
        }
    }
    for (index, process) in processes.iter().enumerate() {
        for record in last_words(process, index, &mut resolver) {
            let HeldBackRecord { cycle, .. } = record.record;
            if judge.has_writer_elsewhere(index, record.record) {
                let violation = resolver.within_class(index, cycle);
                let finding = Finding { violation, times: 1 };
                findings.entry(finding.violation.signature()).or_insert(finding);
            } else {
                keep(&mut held_back, record.held_back);
            }
        }
    }
    let certain = |signature: &Signature, one: &HeldBack| {
        findings.contains_key(signature) || reported.contains(&classes_of(&one.cycle))
    };
    held_back.retain(|signature, one| !certain(signature, one));
    let (classes, edges) = (judge.class_count(), judge.pair_count());
    let (processes, allowed) = (processes.len(), Vec::new());
    Outcome { classes, edges, processes, findings, allowed, held_back }
}

impl Outcome {
    /// Takes the warnings out of the findings.
    pub(crate) fn allow_warnings(&mut self) {
        let is_warning = |_: &Signature, finding: &mut Finding| {
            finding.violation.severity() == Severity::Warning
        };
        let warnings = self.findings.extract_if(.., is_warning);
        self.allowed.extend(warnings.map(|(_, finding)| finding.violation));
    }

    /// How many of the findings are errors and how many are warnings.
    pub(crate) fn by_severity(&self) -> (usize, usize) {
        let is_error = |finding: &&Finding| finding.violation.severity() == Severity::Error;
        let errors = self.findings.values().filter(is_error).count();
        (errors, self.findings.len() - errors)
    }
}

/// The violations that the processes found themselves, each once.
fn own_findings(processes: &[Process]) -> BTreeMap<Signature, Finding> {
    let mut findings: BTreeMap<Signature, Finding> = BTreeMap::new();
    for (violation, times) in processes.iter().flat_map(|process| &process.violations) {
        let finding = findings
            .entry(violation.signature())
            .or_insert_with(|| Finding { violation: violation.clone(), times: 0 });
        finding.times += times;
        if *violation < finding.violation {
            finding.violation = violation.clone();
        }
    }
    findings
}

/// A cycle that one process held back.
struct Held<'a> {
    record: &'a HeldBackRecord,
    held_back: HeldBack,
}

/// What a process held back: of what it said of one cycle, the last.
fn last_words<'a>(
    process: &'a Process,
    index: usize,
    resolver: &mut Resolver<'_>,
) -> Vec<Held<'a>> {
    let mut last = BTreeMap::new();
    for record in &process.held_back {
        let HeldBackRecord { cycle, closing, reason } = record;
        let cycle: Vec<_> = cycle.iter().map(|edge| (index, edge)).collect();
        let held_back = resolver.held_back(&cycle, *closing, reason.clone());
        last.insert(held_back.signature(), Held { record, held_back });
    }
    last.into_values().collect()
}

/// Keeps the smallest of equal ones.
fn keep(all: &mut BTreeMap<Signature, HeldBack>, one: HeldBack) {
    let known = all.entry(one.signature()).or_insert_with(|| one.clone());
    if one < *known {
        *known = one;
    }
}

/// The classes that an inversion is about.
fn inverted(violation: &Violation) -> Option<BTreeSet<Class>> {
    match violation {
        Violation::Inversion { cycle, .. } => Some(classes_of(cycle)),
        _ => None,
    }
}

/// The classes that are held along a cycle.
fn classes_of(cycle: &[Dependency]) -> BTreeSet<Class> {
    cycle.iter().map(|dependency| dependency.held.class.clone()).collect()
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use lockdep::Mode::{self, Exclusive, Shared, SharedRecursive};
    use lockdep::held_back::Reason;
    use lockdep::place::Place;
    use lockdep::record::{Edge, EdgeEnd, Guard, GuardSet, Writer};

    use super::*;

    const NAMES: [&str; 4] = ["a", "b", "c", "d"];

    fn place(file: &'static str, line: u32) -> Place {
        Place { file: Cow::Borrowed(file), line, column: 1 }
    }

    fn end(class: u32, mode: Mode) -> EdgeEnd {
        let instance = u64::from(class) + 1;
        let place = place("main.rs", 5);
        EdgeEnd { class, mode, trylock: false, instance, place, stack: Vec::new() }
    }

    /// One lock of each of these classes, held exclusively.
    fn under(gates: &[u32]) -> GuardSet {
        let guard = |&class: &u32| Guard {
            class,
            instance: u64::from(class) + 1,
            mode: Exclusive,
            downgraded: false,
        };
        GuardSet { held: gates.iter().map(guard).collect(), complete: true }
    }

    fn edge(held: (u32, Mode), wanted: (u32, Mode), gates: &[u32]) -> Edge {
        let (task, guards) = ("main".to_owned(), under(&[gates, &[held.0]].concat()));
        Edge { task, held: end(held.0, held.1), wanted: end(wanted.0, wanted.1), guards }
    }

    fn process_of(program: &str, edges: Vec<Edge>) -> Process {
        let class = |(id, name): (u32, &&'static str)| {
            let place = place(name, 1);
            let class = Class {
                place,
                kind: "Mutex".into(),
                payload: "()".into(),
                name: None,
                subclass: 0,
                sibling: 0,
            };
            (id, class)
        };
        Process {
            executable: format!("/x/{program}"),
            classes: (0..).zip(&NAMES).map(class).collect(),
            edges,
            ..Process::default()
        }
    }

    /// A process that nested the classes of each pair, exclusively.
    fn process(program: &str, pairs: &[(u32, u32)]) -> Process {
        let edge = |&(held, wanted): &(u32, u32)| edge((held, Exclusive), (wanted, Exclusive), &[]);
        process_of(program, pairs.iter().map(edge).collect())
    }

    fn outcome(processes: &[Process]) -> Outcome {
        merge(processes, Level::Deadlock, &mut Symbols::new(false))
    }

    /// How many violations and how many cycles that are held back.
    fn counts(processes: &[Process]) -> (usize, usize) {
        let outcome = outcome(processes);
        (outcome.findings.len(), outcome.held_back.len())
    }

    fn cycles(processes: &[Process]) -> Vec<Vec<(String, String)>> {
        let cycle = |finding: &Finding| match &finding.violation {
            Violation::Inversion { cycle, .. } => cycle
                .iter()
                .map(|one| (one.task.clone(), one.held.class.place.file.to_string()))
                .collect(),
            other => panic!("{other:?} is no inversion"),
        };
        outcome(processes).findings.values().map(cycle).collect()
    }

    fn task(task: &str, held: &str) -> (String, String) {
        (task.to_owned(), held.to_owned())
    }

    #[test]
    fn halves_in_two_processes_are_an_inversion() {
        let one = || process("one-0123456789abcdef", &[(0, 1)]);
        let two = || process("two", &[(1, 0)]);
        let expected = [vec![task("main in one", "a"), task("main in two", "b")]];
        assert_eq!(cycles(&[one(), two()]), expected);
        assert_eq!(cycles(&[two(), one()]), expected);
    }

    #[test]
    fn a_cycle_of_three_processes_is_found() {
        let processes = [process("z", &[(2, 0)]), process("x", &[(0, 1)]), process("y", &[(1, 2)])];
        let expected = [task("main in x", "a"), task("main in y", "b"), task("main in z", "c")];
        assert_eq!(cycles(&processes), [expected]);
    }

    #[test]
    fn a_cycle_within_one_process_is_its_own_business() {
        assert!(cycles(&[process("x", &[(0, 1), (1, 0)]), process("y", &[(0, 1)])]).is_empty());
    }

    #[test]
    fn one_order_in_all_processes_is_no_inversion() {
        assert!(cycles(&[process("x", &[(0, 1), (1, 2)]), process("y", &[(0, 2)])]).is_empty());
    }

    #[test]
    fn tasks_of_one_name_in_two_copies_of_a_program_are_told_apart() {
        let found = cycles(&[process("x", &[(0, 1)]), process("x", &[(1, 0)])]);
        assert_eq!(found, [[task("main in x", "a"), task("main in x (2)", "b")]]);
    }

    #[test]
    fn counts_do_not_grow_with_the_number_of_processes() {
        let processes = [process("x", &[(0, 1)]), process("y", &[(0, 1)])];
        let outcome = outcome(&processes);
        assert_eq!((outcome.classes, outcome.edges, outcome.processes), (4, 1, 2));
    }

    const GATE: u32 = 3;

    /// A process that nested two classes under the gate.
    fn gated(program: &str, held: u32, wanted: u32) -> Process {
        process_of(program, vec![edge((held, Exclusive), (wanted, Exclusive), &[GATE])])
    }

    #[test]
    fn a_gate_that_two_processes_hold_keeps_their_halves_apart() {
        let outcome = outcome(&[gated("x", 0, 1), gated("y", 1, 0)]);
        assert_eq!(outcome.findings.len(), 0);
        let reasons: Vec<_> = outcome.held_back.values().map(|one| &one.reason).collect();
        assert!(
            matches!(reasons[..], [Reason::Gate { class }] if class.place.file == "d"),
            "{reasons:?}"
        );
    }

    #[test]
    fn a_gate_that_one_process_does_not_hold_is_none() {
        assert_eq!(counts(&[gated("x", 0, 1), process("y", &[(1, 0)])]), (1, 0));
        // One of them held both halves back.
        let half = |held, wanted| edge((held, Exclusive), (wanted, Exclusive), &[GATE]);
        let both = || {
            let mut both = process_of("x", vec![half(0, 1), half(1, 0)]);
            let class = both.classes[&GATE].clone();
            let (cycle, reason) = (both.edges.clone(), Reason::Gate { class });
            both.held_back.push(HeldBackRecord { cycle, closing: 1, reason });
            both
        };
        assert_eq!(counts(&[both()]), (0, 1));
        assert_eq!(counts(&[both(), gated("y", 1, 0)]), (0, 1));
        assert_eq!(counts(&[both(), process("y", &[(1, 0)])]), (1, 0));
    }

    /// A process in which a task waited to write.
    fn writing(program: &str, class: u32, gates: &[u32]) -> Process {
        let mut process = process(program, &[]);
        let (task, wanted) = ("writer".to_owned(), end(class, Exclusive));
        process.writers.push(Writer { task, wanted, guards: under(gates) });
        process
    }

    #[test]
    fn readers_wait_for_each_other_if_any_process_writes() {
        let there = || process_of("x", vec![edge((0, Shared), (1, Shared), &[])]);
        let back = || process_of("y", vec![edge((1, Shared), (0, Shared), &[])]);
        let write = |program, class| writing(program, class, &[]);
        assert_eq!(counts(&[there(), back()]), (0, 1));
        assert_eq!(counts(&[there(), back(), write("z", 0)]), (0, 1));
        assert_eq!(counts(&[there(), back(), write("z", 0), write("w", 1)]), (1, 0));
        // Both readers in one process, both writers in another.
        let both = || process_of("x", [there().edges, back().edges].concat());
        let writers = || {
            let mut one = write("z", 0);
            one.writers.extend(write("z", 1).writers);
            one
        };
        assert_eq!(counts(&[both(), writers()]), (1, 0));
    }

    #[test]
    fn a_lock_read_twice_hangs_if_another_process_writes_and_is_not_kept_out() {
        let twice = |gates: &[u32]| {
            let mut process = process("x", &[]);
            let class = process.classes[&0].clone();
            let cycle = vec![edge((0, Shared), (0, Shared), gates)];
            let reason = Reason::NoWriter { class };
            process.held_back.push(HeldBackRecord { cycle, closing: 0, reason });
            process
        };
        assert_eq!(counts(&[twice(&[]), writing("y", 1, &[])]), (0, 1));
        let found = outcome(&[twice(&[]), writing("y", 0, &[])]);
        let found: Vec<_> = found.findings.values().map(|finding| &finding.violation).collect();
        assert!(matches!(found[..], [Violation::Recursion(_)]), "{found:?}");
        assert_eq!(counts(&[twice(&[GATE]), writing("y", 0, &[GATE])]), (0, 1));
        assert_eq!(counts(&[twice(&[GATE]), writing("y", 0, &[])]), (1, 0));
    }

    #[test]
    fn two_locks_of_one_class_in_one_process_join_readers_of_two_others() {
        // A waits as a recursive reader for one lock of B, held by who wants another, which a
        // reader holds who wants A.
        let weak = || process_of("x", vec![edge((0, Exclusive), (1, SharedRecursive), &[])]);
        let mut pair = edge((1, Exclusive), (1, Exclusive), &[]);
        pair.wanted.instance = 99;
        let round = || process_of("y", vec![pair.clone()]);
        let back = || process_of("z", vec![edge((1, Shared), (0, Exclusive), &[])]);
        assert_eq!(counts(&[weak(), back()]), (0, 0));
        assert_eq!(counts(&[weak(), round(), back()]), (1, 0));
        assert_eq!(outcome(&[weak(), round(), back()]).edges, 2);
    }

    #[test]
    fn the_last_reason_of_a_process_counts() {
        let mut process = process("x", &[(0, 1), (1, 0)]);
        let class = process.classes[&0].clone();
        for reason in [Reason::NoWriter { class }, Reason::OneThread] {
            let cycle = process.edges.clone();
            process.held_back.push(HeldBackRecord { cycle, closing: 0, reason });
        }
        let outcome = outcome(&[process]);
        let reasons: Vec<_> = outcome.held_back.values().map(|one| &one.reason).collect();
        assert_eq!(reasons, [&Reason::OneThread]);
    }

    #[test]
    fn the_kernels_discipline_knows_no_gates() {
        let processes = [gated("x", 0, 1), gated("y", 1, 0)];
        let outcome = merge(&processes, Level::Order, &mut Symbols::new(false));
        assert_eq!((outcome.findings.len(), outcome.held_back.len()), (1, 0));
    }
}
