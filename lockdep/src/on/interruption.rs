//! The rules about contexts: what an acquire, a context that begins or one that is let in again
//! breaks.
//!
//! | event | marks | searches |
//! |---|---|---|
//! | acquire in a context | the lock as taken in it, unless it is a try-lock | forward |
//! | any acquire | the lock as open to all contexts that can run | backward |
//! | new dependency | | both ways |
//! | a context is let in | all locks the task holds as open to it | backward |
//! | a context comes though it is blocked | the same: what is seen outweighs what is claimed | backward |
//!
//! A way counts at every level as it does at level `order`: gates and the want of a writer, which
//! level `deadlock` looks at in a usual inversion, do not excuse one with a context in it.
//!
//! How the marks are kept and searched is in `usage`. While no lock was ever taken in a context an
//! acquire pays two look-ups in a table, on the cold path, and nothing is searched.

use std::panic::Location;
use std::sync::Arc;

use crate::mode::Mode;
use crate::on::chain;
use crate::on::context::{self, Context};
use crate::on::found::{Identity, Met};
use crate::on::graph::{Kind, Step};
use crate::on::knowledge::Graphs;
use crate::on::learn::Learned;
use crate::on::loss::{self, Loss};
use crate::on::registry::{self, Node};
use crate::on::settings::BacktraceStyle;
use crate::on::task::{Held, Keys, Task};
use crate::on::trace::{self, Trace};
use crate::on::tracker::{Tracker, name};
use crate::on::usage::{Cause, Clash, ContextId, ContextSet, Mark, only};
use crate::on::want::Wait;
use crate::on::witness::{End, Witness};
use crate::violation::{Assertion, ClosedBy, Point, Usage, Violation};

/// One lock as one task took it in a context or held it open to one, unresolved.
#[derive(Debug)]
pub(crate) struct Use {
    task: Arc<str>,
    end: End,
    /// Where the context was let in, if the lock was held already.
    opened: Option<Opened>,
}

/// Where a context was let in.
#[derive(Clone, Debug)]
struct Opened {
    site: &'static Location<'static>,
    trace: Option<Trace>,
}

impl Use {
    /// Looks class and stacks up. Slow; to be called with no lock held.
    fn resolve(&self, style: BacktraceStyle) -> Usage {
        let point = |opened: &Opened| Point {
            place: opened.site.into(),
            frames: opened
                .trace
                .as_deref()
                .map(|trace| trace::resolve(trace, style))
                .unwrap_or_default(),
        };
        Usage {
            task: self.task.as_ref().to_owned(),
            touch: self.end.resolve(style),
            opened: self.opened.as_ref().map(point),
        }
    }
}

/// A broken rule, unresolved.
#[derive(Debug)]
struct Interruption {
    context: ContextId,
    taken: Arc<Use>,
    way: Vec<Arc<Witness>>,
    open: Arc<Use>,
    closing: ClosedBy,
}

impl Interruption {
    fn resolve(&self, style: BacktraceStyle) -> Violation {
        let context = context::name(self.context).to_owned();
        let (taken, open) = (self.taken.resolve(style), self.open.resolve(style));
        let closing = self.closing;
        if self.way.is_empty() {
            return Violation::InconsistentState { context, taken, open, closing };
        }
        let way = self.way.iter().map(|witness| witness.resolve(style)).collect();
        Violation::ContextInversion { context, taken, way, open, closing }
    }
}

/// What one event broke, numbered.
#[derive(Debug, Default)]
struct Broken {
    told: Vec<(usize, Interruption)>,
    again: Vec<usize>,
}

impl Tracker {
    /// `task` begins to run in a context, upon whatever it did. Returns the rules that this breaks.
    pub fn enter(
        &self,
        task: &Task,
        context: &'static Context,
        site: &'static Location<'static>,
    ) -> Vec<Met> {
        let open = self.came_upon(task, context);
        let met = open.map(|open| self.mark_held(task, open, site).met);
        self.entered(task, context);
        met.unwrap_or_default()
    }

    /// To what all that the task holds is open after all, because a context comes that was said to
    /// be kept out.
    pub(crate) fn came_upon(&self, task: &Task, context: &'static Context) -> Option<ContextSet> {
        if task.contexts().is_plain() {
            return None;
        }
        let comes = only(context.id()?);
        (task.contexts().situation().shut & comes != 0).then_some(comes)
    }

    /// The context that came begins. Allocates nothing unless the held stack is full.
    pub(crate) fn entered(&self, task: &Task, context: &'static Context) {
        let Some(id) = context.id() else {
            return;
        };
        if !task.contexts().enter(id) {
            loss::count(Loss::Contexts);
            return;
        }
        task.begin_frame(task.contexts().situation().base());
    }

    /// `task` ends the newest run of a context. Locks that it took there and still holds are held
    /// by the code around from then on. Returns the rules that this breaks.
    pub fn leave(
        &self,
        task: &Task,
        context: &'static Context,
        site: &'static Location<'static>,
    ) -> Vec<Met> {
        let open = self.left(task, context);
        open.map(|open| self.mark_held(task, open, site).met).unwrap_or_default()
    }

    /// The newest run of a context ends; returns to what all that the task holds is open now, if
    /// that has to be looked at.
    pub(crate) fn left(&self, task: &Task, context: &'static Context) -> Option<ContextSet> {
        context.id().filter(|&id| task.contexts().leave(id))?;
        let kept = task.held_in_frame().next().is_some();
        task.end_frame();
        let situation = task.contexts().situation();
        task.set_base(situation.base());
        kept.then_some(!situation.shut)
    }

    /// A context cannot run in `task` until [`Tracker::unblock`], as often as this was called.
    pub fn block(&self, task: &Task, context: &'static Context) {
        if let Some(id) = context.id() {
            task.contexts().block(id);
            task.set_base(task.contexts().situation().base());
        }
    }

    /// Takes one [`Tracker::block`] back. Returns the rules that this breaks.
    pub fn unblock(
        &self,
        task: &Task,
        context: &'static Context,
        site: &'static Location<'static>,
    ) -> Vec<Met> {
        let open = self.unblocked(task, context);
        open.map(|open| self.mark_held(task, open, site).met).unwrap_or_default()
    }

    /// One [`Tracker::block`] ends; returns to what all that the task holds is open now, if that
    /// has to be looked at.
    pub(crate) fn unblocked(&self, task: &Task, context: &'static Context) -> Option<ContextSet> {
        let id = context.id()?;
        let before = task.contexts().situation();
        task.contexts().unblock(id);
        let situation = task.contexts().situation();
        if situation == before {
            return None;
        }
        task.set_base(situation.base());
        task.held().next().map(|_| !situation.shut)
    }

    /// The rules about contexts for a lock that is wanted, or was obtained by trying; returns
    /// whether one is broken.
    pub(crate) fn check_contexts(
        &self,
        task: &Task,
        keys: Keys,
        wait: Wait,
        wanted: &End,
        learned: &mut Learned,
    ) -> bool {
        let entry = wanted.entry;
        let (node, mode) = (entry.node(), entry.how().mode());
        let situation = task.contexts().situation();
        let usage = || Arc::new(Use { task: name(task), end: wanted.clone(), opened: None });
        let mut broken = Broken::default();
        let mut graphs = self.knowledge.graphs.lock();
        let taken = situation.context.filter(|_| !entry.how().is_trylock());
        if let Some(context) = taken {
            let mark = Mark::taken(mode);
            self.mark(&mut graphs, (node, mark), only(context), usage, &mut broken);
        }
        // What is only waited for is not held after it.
        if wait != Wait::Sync {
            self.mark(&mut graphs, (node, Mark::open(mode)), !situation.shut, usage, &mut broken);
        }
        // A try-lock waits for nobody: nothing leads to it.
        let key = chain::marked(keys.chain, situation.shut);
        if !entry.how().is_trylock()
            && graphs.usages.all_relevant().next().is_some()
            && !self.knowledge.is_validated(key)
        {
            let before = broken.again.len() + broken.told.len();
            let is_checked = |held: &Held| registry::properties(held.entry.class()).is_checked();
            let others = task.held_in_frame().filter(|held| held.entry.node() != node);
            for held in others.filter(is_checked) {
                let kind = Kind::of(held.entry.how().mode(), mode);
                let step = Step { from: held.entry.node(), to: node, kind };
                self.judge_edge(&mut graphs, step, &mut broken);
            }
            if broken.again.len() + broken.told.len() == before {
                self.knowledge.set_validated(key);
            }
        }
        drop(graphs);
        self.tell_broken(broken, learned)
    }

    /// The rules about contexts for all that the innermost context holds, after one of its locks
    /// has got another class.
    pub(crate) fn check_contexts_again(&self, task: &Task, learned: &mut Learned) {
        let situation = task.contexts().situation();
        let is_checked = |held: &Held| registry::properties(held.entry.class()).is_checked();
        let held: Vec<Held> = task.held_in_frame().filter(is_checked).collect();
        let mut broken = Broken::default();
        let mut graphs = self.knowledge.graphs.lock();
        for (at, upper) in held.iter().enumerate() {
            let (node, how) = (upper.entry.node(), upper.entry.how());
            let usage = || {
                let (task, end) = (name(task), self.end(upper));
                Arc::new(Use { task, end, opened: None })
            };
            if let Some(context) = situation.context.filter(|_| !how.is_trylock()) {
                let mark = (node, Mark::taken(how.mode()));
                self.mark(&mut graphs, mark, only(context), usage, &mut broken);
            }
            let mark = (node, Mark::open(how.mode()));
            self.mark(&mut graphs, mark, !situation.shut, usage, &mut broken);
            let lower = held[..at].iter().filter(|lower| lower.entry.node() != node);
            for lower in lower.filter(|_| !how.is_trylock()) {
                let kind = Kind::of(lower.entry.how().mode(), how.mode());
                let step = Step { from: lower.entry.node(), to: node, kind };
                self.judge_edge(&mut graphs, step, &mut broken);
            }
        }
        drop(graphs);
        self.tell_broken(broken, learned);
    }

    /// Marks all that the task holds as open to some contexts.
    pub(crate) fn mark_held(
        &self,
        task: &Task,
        contexts: ContextSet,
        site: &'static Location<'static>,
    ) -> Learned {
        let mut learned = Learned::default();
        if task.held().next().is_none() {
            return learned;
        }
        if task.holds_own() {
            loss::count(Loss::UnderAllocator);
            return learned;
        }
        let key = chain::marked(task.chain_key(), contexts);
        if task.knows_key(key) {
            return learned;
        }
        let trace = match self.settings.backtrace {
            BacktraceStyle::Off => None,
            _ => {
                self.knowledge.keep_trace(chain::at(key, site), trace::capture);
                self.knowledge.trace(chain::at(key, site))
            }
        };
        let opened = Opened { site, trace };
        let mut broken = Broken::default();
        let mut graphs = self.knowledge.graphs.lock();
        let is_checked = |held: &Held| registry::properties(held.entry.class()).is_checked();
        for held in task.held().filter(is_checked) {
            let usage = || self.use_of_held(task, &held, &opened);
            let mark = Mark::open(held.entry.how().mode());
            self.mark(&mut graphs, (held.entry.node(), mark), contexts, usage, &mut broken);
        }
        drop(graphs);
        if !self.tell_broken(broken, &mut learned) {
            task.learn_key(key);
        }
        learned
    }

    fn use_of_held(&self, task: &Task, held: &Held, opened: &Opened) -> Arc<Use> {
        let (task, end) = (name(task), self.end(held));
        Arc::new(Use { task, end, opened: Some(opened.clone()) })
    }

    /// An assertion of `task` about a context does not hold.
    pub(crate) fn context_assertion_failed(
        &self,
        task: &Task,
        assertion: Assertion,
        context: &'static Context,
        site: &'static Location<'static>,
    ) -> Option<Met> {
        self.found.meet(Identity::at(7, None, site), || Violation::AssertionFailed {
            task: name(task).as_ref().to_owned(),
            assertion,
            class: None,
            context: Some(context.name().to_owned()),
            held: self.all_held(task),
            at: self.point_here(site),
        })
    }

    /// Sets marks and judges those that are new or were broken before.
    fn mark(
        &self,
        graphs: &mut Graphs,
        (node, mark): (Node, Mark),
        contexts: ContextSet,
        usage: impl FnOnce() -> Arc<Use>,
        broken: &mut Broken,
    ) {
        let local = registry::properties(node.class()).traits.local;
        let new = graphs.usages.mark(node, local, mark, contexts, usage);
        for context in graphs.usages.relevant(contexts) {
            let cause = Cause::Mark(node, mark, context);
            if let Some(number) = graphs.usages.number(&cause) {
                broken.again.push(number);
            } else if new & only(context) != 0 {
                let Graphs { classes, usages, .. } = &mut *graphs;
                let clash = usages.clash_of_mark(&classes.graph, node, mark, context);
                self.settle_clash(graphs, cause, clash, broken);
            }
        }
    }

    /// Judges a dependency, for every context in which locks were taken.
    fn judge_edge(&self, graphs: &mut Graphs, step: Step<Node>, broken: &mut Broken) {
        for context in graphs.usages.all_relevant() {
            let cause = Cause::Edge(step, context);
            if let Some(number) = graphs.usages.number(&cause) {
                broken.again.push(number);
                continue;
            }
            let Graphs { classes, usages, .. } = &mut *graphs;
            let clash = usages.clash_of_edge(&classes.graph, step, context);
            self.settle_clash(graphs, cause, clash, broken);
        }
    }

    /// Gives a clash its number, still under the graphs' lock: from here on nobody takes its cause
    /// for harmless.
    fn settle_clash(
        &self,
        graphs: &mut Graphs,
        cause: Cause<Node>,
        clash: Option<Clash<Node>>,
        broken: &mut Broken,
    ) {
        let Some(clash) = clash else {
            return;
        };
        let Some(interruption) = interruption(graphs, cause, &clash) else {
            return;
        };
        let rule = if clash.way.is_empty() { 12 } else { 13 };
        let nodes = [clash.taken.0, clash.open.0].map(|node| (node, Mode::Exclusive));
        let identity = Identity::in_context(rule, nodes.into(), Some(clash.context));
        let (number, new) = self.found.number(identity);
        graphs.usages.set_number(cause, number);
        match new {
            true => broken.told.push((number, interruption)),
            false => broken.again.push(number),
        }
    }

    /// Looks up and counts what one event broke; returns whether that is anything.
    fn tell_broken(&self, broken: Broken, learned: &mut Learned) -> bool {
        let Broken { told, mut again } = broken;
        let numbers: Vec<usize> = told.iter().map(|&(number, _)| number).collect();
        again.sort_unstable();
        again.dedup();
        // What was numbered just now was not met before, whatever else it stands for.
        again.retain(|number| !numbers.contains(number));
        let any = !numbers.is_empty() || !again.is_empty();
        for (number, interruption) in told {
            let violation = interruption.resolve(self.settings.backtrace);
            learned.met.push(self.found.tell(number, violation));
        }
        learned.met.extend(again.into_iter().filter_map(|number| self.found.again(number)));
        any
    }
}

/// A clash with all its witnesses.
fn interruption(graphs: &Graphs, cause: Cause<Node>, clash: &Clash<Node>) -> Option<Interruption> {
    let usage = |(node, mark)| graphs.usages.witness(node, mark, clash.context).map(Arc::clone);
    let witness = |step: &Step<Node>| {
        let sightings = graphs.classes.graph.weight(*step)?;
        sightings.iter().next().map(|first| Arc::clone(&first.witness))
    };
    let closing = match cause {
        Cause::Mark(_, Mark::TakenQueued | Mark::TakenRecursive, _) => ClosedBy::Taken,
        Cause::Mark(..) => ClosedBy::Open,
        Cause::Edge(edge, _) => {
            let index = clash.way.iter().position(|step| *step == edge);
            ClosedBy::Dependency(index.unwrap_or_default())
        }
    };
    Some(Interruption {
        context: clash.context,
        taken: usage(clash.taken)?,
        way: clash.way.iter().map(witness).collect::<Option<_>>()?,
        open: usage(clash.open)?,
        closing,
    })
}
