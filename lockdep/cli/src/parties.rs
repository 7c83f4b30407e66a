//! The parties of a cycle as the report wants them: with classes, stacks and names that tell tasks
//! of several processes apart.

use std::collections::BTreeMap;

use lockdep::held_back::{HeldBack, Reason};
use lockdep::record::{Edge, EdgeEnd};
use lockdep::violation::{Dependency, Frame, Point, Touch, Violation, Waiter};

use crate::gather::Process;
use crate::judge::{Seen, Waiting, program};
use crate::symbols::Symbols;

/// Looks up what records only refer to.
pub(crate) struct Resolver<'a> {
    processes: &'a [Process],
    symbols: &'a mut Symbols,
}

/// The processes behind each name of a task.
type Tasks = BTreeMap<String, Vec<usize>>;

impl<'a> Resolver<'a> {
    pub(crate) fn new(processes: &'a [Process], symbols: &'a mut Symbols) -> Resolver<'a> {
        Resolver { processes, symbols }
    }

    /// A cycle over several processes as a violation.
    pub(crate) fn inversion(
        &mut self,
        cycle: &[Seen<'_>],
        writers: &[Waiting<'_>],
        proven: bool,
    ) -> Violation {
        let mut tasks = Tasks::new();
        let cycle = self.starting_at_smallest(cycle);
        let cycle: Vec<_> = cycle.iter().map(|seen| self.dependency(&mut tasks, *seen)).collect();
        let writers = writers.iter().map(|writer| self.waiter(&mut tasks, *writer)).collect();
        Violation::Inversion { closing: cycle.len() - 1, cycle, writers, proven }
    }

    /// A cycle of one process, within one class, as a violation.
    pub(crate) fn within_class(&mut self, process: usize, cycle: &[Edge]) -> Violation {
        let mut tasks = Tasks::new();
        let resolved = cycle.iter().map(|edge| self.dependency(&mut tasks, (process, edge)));
        let mut resolved: Vec<Dependency> = resolved.collect();
        match resolved.len() {
            1 => Violation::Recursion(resolved.remove(0)),
            count => Violation::InstanceInversion { closing: count - 1, cycle: resolved },
        }
    }

    /// A cycle that is held back, without stacks: they are not shown.
    pub(crate) fn held_back(
        &mut self,
        cycle: &[Seen<'_>],
        closing: usize,
        reason: Reason,
    ) -> HeldBack {
        let touch = |process: &Process, end: &EdgeEnd| touch(process, end, Vec::new());
        let resolved = cycle.iter().map(|(process, edge)| {
            let process = &self.processes[*process];
            let (held, wanted) = (touch(process, &edge.held), touch(process, &edge.wanted));
            Dependency { task: edge.task.clone(), held, wanted }
        });
        let mut resolved: Vec<Dependency> = resolved.collect();
        let count = resolved.len();
        let smallest = (0..count).min_by_key(|&at| &resolved[at].held.class).unwrap_or(0);
        resolved.rotate_left(smallest);
        HeldBack { cycle: resolved, closing: (closing + count - smallest) % count.max(1), reason }
    }

    fn dependency(&mut self, tasks: &mut Tasks, (index, edge): Seen<'_>) -> Dependency {
        let process = &self.processes[index];
        let (held, wanted) = self.symbols.frames_of_edge(process, edge);
        let held = touch(process, &edge.held, held);
        let wanted = touch(process, &edge.wanted, wanted);
        let task = format!("{} in {}", edge.task, program(process));
        Dependency { task: distinct(tasks, task, index), held, wanted }
    }

    fn waiter(&mut self, tasks: &mut Tasks, (index, writer): Waiting<'_>) -> Waiter {
        let process = &self.processes[index];
        let frames = self.symbols.frames(process, &writer.wanted.stack);
        let wanted = touch(process, &writer.wanted, frames);
        let task = format!("{} in {}", writer.task, program(process));
        Waiter { task: distinct(tasks, task, index), wanted }
    }

    /// The cycle turned so that its smallest class is held first.
    fn starting_at_smallest<'s>(&self, cycle: &[Seen<'s>]) -> Vec<Seen<'s>> {
        let class = |(process, edge): Seen<'s>| &self.processes[process].classes[&edge.held.class];
        let smallest = (0..cycle.len()).min_by_key(|at| class(cycle[*at])).unwrap_or(0);
        let mut cycle = cycle.to_vec();
        cycle.rotate_left(smallest);
        cycle
    }
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

/// `task`, told from one of the same name in another process.
fn distinct(tasks: &mut Tasks, task: String, process: usize) -> String {
    let processes = tasks.entry(task.clone()).or_default();
    let at = processes.iter().position(|known| *known == process).unwrap_or_else(|| {
        processes.push(process);
        processes.len() - 1
    });
    if at == 0 { task } else { format!("{task} ({})", at + 1) }
}
