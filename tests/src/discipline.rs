//! The rules as the design states them, computed the naive way from what was recorded: every
//! acquire is kept, and a cycle is searched edge by edge.
//!
//! The oracle ([`crate::interleave`]) says what can happen; this says what a tracker without its
//! filters must report. Comparing with both finds what the first cannot: an alarm that neither the
//! rules nor the truth justify.

use crate::program::{Guard, Lock, Mode, Op, Path, Run};

/// Which rule is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Broken {
    /// The run holds the lock itself.
    Recursion,
    /// The run holds another lock of the class.
    Nesting,
    /// A circle of classes.
    Circle,
    /// A circle of locks of one class.
    InstanceCircle,
}

/// What is forbidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rules {
    /// Two locks of one class held together, whatever their order.
    Order,
    /// Two locks of one class held together in both orders.
    Deadlock,
}

/// A class at one nesting level.
type Class = (char, u8);

/// Somebody held one lock and wanted another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Edge<N> {
    held: (N, Mode),
    wanted: (N, Mode),
}

impl<N: Copy + PartialEq> Edge<N> {
    /// Whether the wait of one task for what the next one holds can be real.
    fn leads_to(&self, next: &Edge<N>) -> bool {
        let blocked = next.held.1 == Mode::Write || self.wanted.1 != Mode::ReadRecursive;
        self.wanted.0 == next.held.0 && blocked
    }

    /// Whether both ends are this.
    fn joins(&self, node: N) -> bool {
        self.held.0 == node && self.wanted.0 == node
    }
}

/// All edges that some walk leads to from one of them.
fn reachable<N: Copy + PartialEq>(edges: &[Edge<N>], from: Edge<N>) -> Vec<Edge<N>> {
    let mut reached: Vec<Edge<N>> = Vec::new();
    let mut open = vec![from];
    while let Some(edge) = open.pop() {
        for next in edges {
            if edge.leads_to(next) && !reached.contains(next) {
                reached.push(*next);
                open.push(*next);
            }
        }
    }
    reached
}

/// Whether some walk along the edges leads from the last one back to it.
fn closes<N: Copy + PartialEq>(edges: &[Edge<N>]) -> bool {
    let last = edges[edges.len() - 1];
    reachable(edges, last).contains(&last)
}

/// What was recorded so far, and the rules it is held to.
#[derive(Clone, Debug)]
pub struct Discipline {
    rules: Rules,
    classes: Vec<Edge<Class>>,
    instances: Vec<Edge<Lock>>,
    /// Classes whose edge to themselves closed a circle.
    joints: Vec<Class>,
}

impl Discipline {
    /// Nothing recorded yet.
    pub fn new(rules: Rules) -> Discipline {
        Discipline { rules, classes: Vec::new(), instances: Vec::new(), joints: Vec::new() }
    }

    /// Records one way through a run; returns every rule that it breaks, in order.
    pub fn path(&mut self, run: &Run, path: Path) -> Vec<Broken> {
        let mut broken = Vec::new();
        let mut held: Vec<Hold> = Vec::new();
        let begun = (path.completed + 1).min(run.len());
        for op in run[..begun].iter().filter(|op| !path.skips(op)) {
            match *op {
                Op::Lock { guard, lock, mode, subclass } => {
                    let wanted = Hold { guard, lock, mode, subclass };
                    broken.extend(held.iter().flat_map(|held| self.wait(*held, wanted)));
                    held.push(wanted);
                }
                Op::Sync { lock } => {
                    let wanted = Hold { guard: 0, lock, mode: Mode::Write, subclass: 0 };
                    broken.extend(held.iter().flat_map(|held| self.wait(*held, wanted)));
                }
                Op::Try { guard, lock, mode } => held.push(Hold { guard, lock, mode, subclass: 0 }),
                Op::Unlock { guard, .. } => held.retain(|held| held.guard != guard),
                Op::Upgrade { .. } => unreachable!("no rules are written down for upgrades"),
                Op::Downgrade { guard, .. } => held
                    .iter_mut()
                    .filter(|held| held.guard == guard)
                    .for_each(|held| held.mode = Mode::Read),
                Op::Init { lock } => held.retain(|held| held.lock != lock),
            }
        }
        broken.sort_unstable();
        broken.dedup();
        broken
    }

    /// Somebody holds one lock and waits for another.
    fn wait(&mut self, held: Hold, wanted: Hold) -> Vec<Broken> {
        let blocks = held.mode == Mode::Write || wanted.mode != Mode::ReadRecursive;
        let mut broken = Vec::new();
        if held.lock == wanted.lock {
            broken.extend(blocks.then_some(Broken::Recursion));
        } else if held.class() != wanted.class() {
            let (held, wanted) = ((held.class(), held.mode), (wanted.class(), wanted.mode));
            self.classes.push(Edge { held, wanted });
            broken.extend(closes(&self.classes).then_some(Broken::Circle));
        } else if self.rules == Rules::Order {
            broken.extend(blocks.then_some(Broken::Nesting));
        } else {
            let class = held.class();
            let edge = Edge { held: (held.lock, held.mode), wanted: (wanted.lock, wanted.mode) };
            self.instances.push(edge);
            broken.extend(closes(&self.instances).then_some(Broken::InstanceCircle));
            broken.extend(self.joins(class, held.mode, wanted.mode).then_some(Broken::Circle));
        }
        broken
    }

    /// Whether two locks of one class join a wait for the one and a hold of the other to a circle
    /// of classes that is none without them.
    fn joins(&mut self, class: Class, held: Mode, wanted: Mode) -> bool {
        let edge = Edge { held: (class, held), wanted: (class, wanted) };
        if held != Mode::Write || wanted == Mode::ReadRecursive {
            return false;
        }
        let known = self.classes.iter().any(|known| known.joins(class));
        if !known {
            let mut back: Vec<Mode> = Vec::new();
            let leaving = |edge: &Edge<Class>| edge.held.0 == class;
            let (leaving, others): (Vec<_>, Vec<_>) =
                self.classes.iter().copied().partition(leaving);
            for first in leaving.iter().filter(|e| e.held.1 != Mode::Write && !e.joins(class)) {
                let reached = reachable(&others, *first);
                back.extend(reached.iter().filter(|e| e.wanted.0 == class).map(|e| e.wanted.1));
            }
            if !back.is_empty() && back.iter().all(|mode| *mode == Mode::ReadRecursive) {
                self.joints.push(class);
            }
            self.classes.push(edge);
        }
        self.joints.contains(&class)
    }
}

/// A lock that is held or wanted.
#[derive(Clone, Copy, Debug)]
struct Hold {
    guard: Guard,
    lock: Lock,
    mode: Mode,
    subclass: u8,
}

impl Hold {
    fn class(&self) -> Class {
        (self.lock.class, self.subclass)
    }
}
