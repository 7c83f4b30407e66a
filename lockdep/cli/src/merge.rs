//! Joins what the processes of a run learned.
//!
//! Two processes know nothing of each other, but a later run may bring what each of them did into
//! one: an order that one process learned and the other reversed is an inversion. So all edges go
//! into one graph. A cycle that one process saw as a whole is its own business: it has judged
//! it with more knowledge than is left here. Locks of one class are left to the processes as well,
//! because their instances mean nothing outside.
//!
//! The outcome does not depend on which process wrote first: classes are numbered in their
//! order, edges are inserted in theirs, and of equal violations the smallest stands for all.

use std::collections::BTreeSet;
use std::collections::btree_map::{BTreeMap, Entry};

use lockdep::class::Class;
use lockdep::graph::{Graph, Inserted, Kind, Step};
use lockdep::held_back::HeldBack;
use lockdep::record::{Edge, EdgeEnd};
use lockdep::violation::{Dependency, Frame, Point, Signature, Touch, Violation};

use crate::gather::{HeldBackRecord, Process};
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
    /// The cycles that the level holds back, by what they would be as a violation.
    pub(crate) held_back: BTreeMap<Signature, HeldBack>,
}

/// Index of a class in the order of all.
type Node = usize;

/// One process's witness of an edge.
#[derive(Clone, Copy, Debug)]
struct Sighting<'a> {
    process: usize,
    edge: &'a Edge,
}

/// Joins the processes' edges and violations.
pub(crate) fn merge(processes: &[Process], symbols: &mut Symbols) -> Outcome {
    let classes: BTreeSet<&Class> = processes.iter().flat_map(|one| one.classes.values()).collect();
    let nodes: BTreeMap<&Class, Node> = classes.iter().copied().zip(0..).collect();
    let mut pairs = BTreeSet::new();
    let mut sightings: BTreeMap<(Node, Node, Kind), Vec<Sighting<'_>>> = BTreeMap::new();
    for (index, process) in processes.iter().enumerate() {
        for edge in &process.edges {
            let [from, to] =
                [&edge.held, &edge.wanted].map(|end| nodes[&process.classes[&end.class]]);
            pairs.insert((from, to));
            if from != to {
                let kind = Kind::of(edge.held.mode, edge.wanted.mode);
                let sighting = Sighting { process: index, edge };
                sightings.entry((from, to, kind)).or_default().push(sighting);
            }
        }
    }

    let mut findings = own_findings(processes);
    // What a process has reported in other modes is not worth a second report.
    let mut reported: BTreeSet<BTreeSet<Class>> =
        findings.values().filter_map(|finding| inverted(&finding.violation)).collect();
    let mut graph = Graph::new();
    for &(from, to, kind) in sightings.keys() {
        let Inserted::Closes(cycle) = graph.insert(from, to, kind, || ()) else {
            continue;
        };
        let seen: Vec<&[Sighting<'_>]> = starting_at_smallest(cycle)
            .iter()
            .map(|step| sightings[&(step.from, step.to, step.kind)].as_slice())
            .collect();
        if !seen_by_one(&seen) {
            let violation = inversion(&seen, processes, symbols);
            if inverted(&violation).is_some_and(|classes| reported.insert(classes)) {
                findings.insert(violation.signature(), Finding { violation, times: 1 });
            }
        }
    }
    let mut held_back = held_back(processes);
    held_back.retain(|signature, one| {
        !findings.contains_key(signature) && !reported.contains(&classes_of(&one.cycle))
    });
    let (classes, edges, processes) = (classes.len(), pairs.len(), processes.len());
    Outcome { classes, edges, processes, findings, held_back }
}

/// The cycles that the processes held back. Of one that several held back, the smallest counts; of
/// what one said of it, the last.
fn held_back(processes: &[Process]) -> BTreeMap<Signature, HeldBack> {
    let mut all: BTreeMap<Signature, HeldBack> = BTreeMap::new();
    for process in processes {
        let mut own = BTreeMap::new();
        for HeldBackRecord { cycle, closing, reason } in &process.held_back {
            let mut resolved: Vec<Dependency> =
                cycle.iter().map(|edge| dependency(process, edge)).collect();
            let count = resolved.len();
            let smallest = (0..count).min_by_key(|&at| &resolved[at].held.class).unwrap_or(0);
            resolved.rotate_left(smallest);
            let closing = (closing + count - smallest) % count;
            let one = HeldBack { cycle: resolved, closing, reason: reason.clone() };
            own.insert(one.signature(), one);
        }
        for (signature, one) in own {
            match all.entry(signature) {
                Entry::Occupied(known) if *known.get() <= one => {}
                Entry::Occupied(mut known) => *known.get_mut() = one,
                Entry::Vacant(new) => {
                    new.insert(one);
                }
            }
        }
    }
    all
}

/// A dependency of one process, without its stacks.
fn dependency(process: &Process, edge: &Edge) -> Dependency {
    let touch = |end: &EdgeEnd| touch(process, end, Vec::new());
    Dependency { task: edge.task.clone(), held: touch(&edge.held), wanted: touch(&edge.wanted) }
}

fn touch(process: &Process, end: &EdgeEnd, frames: Vec<Frame>) -> Touch {
    Touch {
        class: process.classes[&end.class].clone(),
        mode: end.mode,
        trylock: end.trylock,
        // It tells instances apart within the one process only.
        instance: 0,
        at: Point { place: end.place.clone(), frames },
    }
}

/// The classes that are held along a cycle.
fn classes_of(cycle: &[Dependency]) -> BTreeSet<Class> {
    cycle.iter().map(|dependency| dependency.held.class.clone()).collect()
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

/// The classes that an inversion is about.
fn inverted(violation: &Violation) -> Option<BTreeSet<Class>> {
    match violation {
        Violation::Inversion { cycle, .. } => Some(classes_of(cycle)),
        _ => None,
    }
}

/// Whether one process saw all edges of a cycle.
fn seen_by_one(seen: &[&[Sighting<'_>]]) -> bool {
    let processes = |sightings: &[Sighting<'_>]| -> BTreeSet<usize> {
        sightings.iter().map(|sighting| sighting.process).collect()
    };
    let common = seen.iter().map(|sightings| processes(sightings)).reduce(|mut one, other| {
        one.retain(|process| other.contains(process));
        one
    });
    common.is_some_and(|processes| !processes.is_empty())
}

/// The cycle turned so that its smallest class is held first.
fn starting_at_smallest(mut cycle: Vec<Step<Node>>) -> Vec<Step<Node>> {
    let smallest = (0..cycle.len()).min_by_key(|at| cycle[*at].from).unwrap_or(0);
    cycle.rotate_left(smallest);
    cycle
}

/// A cycle as a violation, with the smallest witness of each edge.
fn inversion(seen: &[&[Sighting<'_>]], processes: &[Process], symbols: &mut Symbols) -> Violation {
    let mut tasks = BTreeMap::new();
    let mut cycle = Vec::new();
    for sightings in seen {
        let sighting = sightings
            .iter()
            .min_by_key(|Sighting { process, edge }| {
                let places = (&edge.held.place, &edge.wanted.place);
                (&edge.task, program(&processes[*process]), places)
            })
            .expect("an edge in the graph was seen");
        let process = &processes[sighting.process];
        let (held, wanted) = symbols.frames_of_edge(process, sighting.edge);
        let held = touch(process, &sighting.edge.held, held);
        let wanted = touch(process, &sighting.edge.wanted, wanted);
        let task = format!("{} in {}", sighting.edge.task, program(process));
        cycle.push(Dependency { task: distinct(&mut tasks, task, sighting.process), held, wanted });
    }
    Violation::Inversion { closing: cycle.len() - 1, cycle, writers: Vec::new(), proven: true }
}

/// `task`, told from one of the same name in another process.
fn distinct(tasks: &mut BTreeMap<String, Vec<usize>>, task: String, process: usize) -> String {
    let processes = tasks.entry(task.clone()).or_default();
    let at = processes.iter().position(|known| *known == process).unwrap_or_else(|| {
        processes.push(process);
        processes.len() - 1
    });
    if at == 0 { task } else { format!("{task} ({})", at + 1) }
}

/// A process's program, without the hash that cargo adds to the names of tests.
fn program(process: &Process) -> &str {
    let name = process.executable.rsplit('/').next().unwrap_or_default();
    match name.rsplit_once('-') {
        Some((stem, hash)) if hash.len() == 16 && hash.bytes().all(|b| b.is_ascii_hexdigit()) => {
            stem
        }
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use lockdep::Mode;
    use lockdep::place::Place;

    use super::*;

    const NAMES: [&str; 4] = ["a", "b", "c", "d"];

    fn place(file: &'static str, line: u32) -> Place {
        Place { file: Cow::Borrowed(file), line, column: 1 }
    }

    /// A process that nested the classes of each pair, exclusively.
    fn process(program: &str, pairs: &[(usize, usize)]) -> Process {
        let class = |(id, name): (u32, &&'static str)| {
            let class = Class {
                place: place(name, 1),
                kind: "Mutex".into(),
                payload: "()".into(),
                name: None,
                subclass: 0,
            };
            (id, class)
        };
        let end = |class: usize| EdgeEnd {
            class: class.try_into().expect("a small number"),
            mode: Mode::Exclusive,
            trylock: false,
            instance: 1,
            place: place("main.rs", 5),
            stack: Vec::new(),
        };
        let edges = pairs.iter().map(|(held, wanted)| Edge {
            task: "main".to_owned(),
            held: end(*held),
            wanted: end(*wanted),
            guards: Default::default(),
        });
        Process {
            executable: format!("/x/{program}"),
            classes: (0..).zip(&NAMES).map(class).collect(),
            edges: edges.collect(),
            ..Process::default()
        }
    }

    fn cycles(processes: &[Process]) -> Vec<Vec<(String, String)>> {
        let outcome = merge(processes, &mut Symbols::new(false));
        let cycle = |finding: &Finding| match &finding.violation {
            Violation::Inversion { cycle, .. } => cycle
                .iter()
                .map(|one| (one.task.clone(), one.held.class.place.file.to_string()))
                .collect(),
            other => panic!("{other:?} is no inversion"),
        };
        outcome.findings.values().map(cycle).collect()
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
        let outcome = merge(&processes, &mut Symbols::new(false));
        assert_eq!((outcome.classes, outcome.edges, outcome.processes), (4, 1, 2));
    }
}
