//! The rule for tasks that wait for each other through something that is no lock: LD0019.
//!
//! A circle here has a wait in it: somebody holds a lock L and waits for a target; whoever makes the
//! target come true wants a lock before; that lock is L, or is held by somebody who waits in turn, for
//! a lock or for a target, and so on to L. Whether the parties can all be where they have to be at one
//! time is asked as it is for locks (`feasible`): no lock keeps two of them apart, a lock that is
//! wanted is held in a mode that blocks, a reader waits for a reader only behind a writer. Two
//! questions are added:
//!
//! * the parties must be different tasks. Of a dependency between locks any number of tasks may be
//!   the maker; but code that ends a wait is this code, and who waits is no other: if one and the same
//!   task was the only one seen to wait and to be waited for, there is no circle;
//! * what a task did before it started another one is over when that one runs, and is not needed for
//!   what a task waits for that is started later.
//!
//! ```text
//! 1. Which locks lead back to L bounds the search; without any there is nothing to do.
//! 2. For each number of parties from 2 on: choose who makes the target come true, what it wants,
//!    who holds that, and so on; check each against all parties chosen so far.
//! 3. Past BUDGET steps nothing is said: a circle through a wait is inferred, not seen, and one of
//!    whose parties nobody knows whether they can meet is no help.
//! ```

use std::collections::VecDeque;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::mode::Mode;
use crate::on::found::Identity;
use crate::on::guards::Guards;
use crate::on::knowledge::Graphs;
use crate::on::registry::{self, Node};
use crate::on::settings::{BacktraceStyle, Level};
use crate::on::sightings::Sightings;
use crate::on::trace;
use crate::on::waits::{Fact, Joins, Manner, Ran, Spot, Target, Wait, Waited, Who};
use crate::on::witness::Witness;
use crate::violation::{Awaited, Party, Point, Violation};

/// How many parties are tried at most.
const BUDGET: usize = 20_000;
/// How many parties a circle has at most.
const LONGEST: usize = 8;

/// Tasks that can wait for each other, the one that waits for a target first.
#[derive(Clone, Debug)]
pub(crate) struct Ring(Vec<Link>);

/// One of them.
#[derive(Clone, Debug)]
enum Link {
    Waits(Arc<Waited>),
    Joins(Arc<Joins>),
    Runs(Arc<Ran>),
    Holds(Arc<Witness>),
}

impl Ring {
    /// A circle is the same as another one through the same locks and targets.
    pub(crate) fn identity(&self) -> Identity {
        let node = |link: &Link| match link {
            Link::Waits(waited) => vec![waited.held.entry.node(), waited.target.node()],
            Link::Joins(joins) => vec![joins.code],
            Link::Runs(_) => Vec::new(),
            Link::Holds(witness) => vec![witness.held.entry.node()],
        };
        Identity::of_cycle(19, self.0.iter().flat_map(node).collect())
    }

    /// Looks up all that the report says. Slow; to be called with no lock held.
    pub(crate) fn resolve(&self, style: BacktraceStyle) -> Violation {
        let parties = self.0.iter().map(|link| link.resolve(style)).collect();
        Violation::WaitCircle { parties }
    }
}

impl Link {
    fn resolve(&self, style: BacktraceStyle) -> Party {
        match self {
            Link::Waits(waited) => Party::Waits {
                task: waited.task.as_ref().to_owned(),
                held: waited.held.resolve(style),
                awaited: waited.target.resolve(),
                at: waited.at.resolve(style),
            },
            Link::Joins(joins) => Party::Joins {
                task: joins.task.as_ref().to_owned(),
                code: registry::describe(joins.code),
                at: joins.at.resolve(style),
            },
            Link::Runs(ran) => Party::Runs {
                task: ran.task.as_ref().to_owned(),
                code: ran.code.map(registry::describe),
                made: ran.made.as_ref().map(|made| made.resolve(style)),
                wanted: ran.wanted.resolve(style),
            },
            Link::Holds(witness) => Party::Holds(witness.resolve(style)),
        }
    }
}

impl Target {
    pub(crate) fn resolve(self) -> Awaited {
        match self {
            Target::Event(node) => Awaited::Event(registry::describe(node)),
            Target::End(node) => Awaited::End(registry::describe(node)),
        }
    }
}

impl Spot {
    pub(crate) fn resolve(&self, style: BacktraceStyle) -> Point {
        let trace = self.trace.as_deref();
        let frames = trace.map(|trace| trace::resolve(trace, style)).unwrap_or_default();
        Point { place: self.site.into(), frames }
    }
}

/// What is new, and so opens the question again.
#[derive(Clone, Copy, Debug)]
pub(crate) enum News {
    /// A wait with this lock held.
    Wait(Node, Target),
    /// A wait for one of several targets with this lock held.
    Choice(Node),
    /// What must come before a target.
    Need(Target),
    /// A dependency between locks, to this one.
    Lock(Node),
    /// Who waits to write.
    Writer,
}

/// The circles that what is new is part of, at most one for each wait.
pub(crate) fn find(graphs: &Graphs, level: Level, news: &[News]) -> Vec<Ring> {
    let waits = &graphs.waits;
    if waits.is_empty() || news.is_empty() {
        return Vec::new();
    }
    let is_waited_for =
        |new: Target| waits.all().any(|(_, target)| waits.behind(target).contains(&new));
    let concerns = |news: &News| match *news {
        News::Wait(..) | News::Choice(_) | News::Writer => true,
        News::Need(target) => is_waited_for(target),
        News::Lock(to) => leads_to_a_wait(graphs, to),
    };
    let is_one = |news: &News, asked: (Node, Target)| match *news {
        // What others lead through it was judged with them, or is by what leads on from it.
        News::Wait(held, target) => (held, target) == asked,
        News::Choice(_) => false,
        News::Need(_) | News::Lock(_) | News::Writer => true,
    };
    let news: Vec<News> = news.iter().copied().filter(concerns).collect();
    let mut asked: Vec<(Node, Target)> =
        waits.all().filter(|&wait| news.iter().any(|news| is_one(news, wait))).collect();
    asked.sort_unstable();
    let rings = asked.into_iter().filter_map(|(held, target)| {
        let facts = waits.waits.get(&held)?.get(&target)?;
        search(graphs, level, (held, target, Manner::Alone), facts.iter())
    });
    rings.chain(find_choices(graphs, level, &news)).collect()
}

/// The circles of waits for any one of several targets: there is one if each target leads back to who
/// waits. One of them is enough to show.
fn find_choices<'g>(
    graphs: &'g Graphs,
    level: Level,
    news: &[News],
) -> impl Iterator<Item = Ring> + use<'g> {
    let is_asked = |held: &Node| {
        news.iter().any(|news| match *news {
            News::Choice(node) => node == *held,
            News::Wait(..) => false,
            News::Need(_) | News::Lock(_) | News::Writer => true,
        })
    };
    let choices = graphs.waits.choices.iter().filter(|(held, _)| is_asked(held));
    let mut asked: Vec<_> = choices
        .flat_map(|(held, choices)| choices.iter().map(|(targets, facts)| (*held, targets, facts)))
        .collect();
    asked.sort_unstable_by_key(|&(held, targets, _)| (held, targets));
    asked.into_iter().filter_map(move |(held, targets, facts)| {
        facts.iter().find_map(|fact| {
            let of = |target: &Target| {
                let wait = (held, *target, Manner::OfSeveral);
                search(graphs, level, wait, std::iter::once(fact))
            };
            let mut rings = targets.iter().map(of);
            let first = rings.next()??;
            rings.all(|ring| ring.is_some()).then_some(first)
        })
    })
}

/// Whether what is between locks leads from `from` to one that somebody holds who waits.
fn leads_to_a_wait(graphs: &Graphs, from: Node) -> bool {
    let mut seen = FxHashSet::from_iter([from]);
    let mut open = vec![from];
    while let Some(node) = open.pop() {
        if graphs.waits.is_held(node) {
            return true;
        }
        let next = graphs.classes.graph.successors(node).map(|(next, _)| next);
        open.extend(next.filter(|next| seen.insert(*next)));
    }
    false
}

/// The first circle through a wait, of which these are the sightings.
fn search<'g>(
    graphs: &'g Graphs,
    level: Level,
    (held, target, manner): Wait,
    mut facts: impl Iterator<Item = &'g Fact<Waited>>,
) -> Option<Ring> {
    let reach = reach(graphs, held);
    let leads_back = |behind: &Target| {
        let runs = graphs.waits.runs.get(behind);
        runs.is_some_and(|runs| runs.keys().any(|lock| reach.contains_key(lock)))
    };
    if !graphs.waits.behind(target).iter().any(leads_back) {
        return None;
    }
    facts.find_map(|start| {
        let mut search = Search {
            graphs,
            level,
            start: (held, start.mode),
            reach: &reach,
            present: vec![(start.guards.clone(), Some(&start.who))],
            links: vec![Link::Waits(Arc::clone(&start.witness))],
            passed: Vec::new(),
            steps: 0,
            cut: false,
        };
        for length in 1..LONGEST {
            search.cut = false;
            if search.target((held, target, manner), length).ok()? {
                return Some(Ring(search.links));
            }
            if !search.cut {
                break;
            }
        }
        None
    })
}

/// How many parties away from waiting for `held` who waits for each lock is, at least.
fn reach(graphs: &Graphs, held: Node) -> FxHashMap<Node, usize> {
    // For each lock, which ones are held by those who wait for somebody who takes it.
    let mut held_for: FxHashMap<Node, Vec<Node>> = FxHashMap::default();
    for (held, target) in graphs.waits.all() {
        let behind = graphs.waits.behind(target);
        let runs = behind.iter().filter_map(|target| graphs.waits.runs.get(target));
        runs.flat_map(FxHashMap::keys)
            .for_each(|&taken| held_for.entry(taken).or_default().push(held));
    }
    let mut reach = FxHashMap::default();
    reach.insert(held, 0);
    let mut open = VecDeque::from([held]);
    while let Some(node) = open.pop_front() {
        let next = reach[&node] + 1;
        let locks = graphs.classes.graph.predecessors(node).map(|(before, _)| before);
        let waits = held_for.get(&node).into_iter().flatten().copied();
        for before in locks.chain(waits) {
            reach.entry(before).or_insert_with(|| {
                open.push_back(before);
                next
            });
        }
    }
    reach
}

/// The budget is spent.
struct Spent;

struct Search<'g> {
    graphs: &'g Graphs,
    level: Level,
    /// The lock that the first party holds, and how.
    start: (Node, Mode),
    reach: &'g FxHashMap<Node, usize>,
    /// All parties so far.
    present: Vec<(Guards, Option<&'g Who>)>,
    links: Vec<Link>,
    /// The locks that were passed.
    passed: Vec<Node>,
    steps: usize,
    /// Whether a way was given up only because it would have become too long.
    cut: bool,
}

impl<'g> Search<'g> {
    /// Whether who waits for `target` with `held` waits for the first party, over at most so many
    /// parties more.
    fn target(&mut self, wait: Wait, length: usize) -> Result<bool, Spent> {
        let graphs = self.graphs;
        let (held, target, manner) = wait;
        let makers = graphs.waits.makers.get(&wait);
        // The end of code is made by this code; an event by whoever makes it.
        let can_end = |ran: &Ran, who: &Who| match target {
            Target::End(_) => true,
            Target::Event(_) => {
                let code = ran.code.map_or(0, Node::class);
                makers.is_some_and(|makers| makers.are(who, code))
            }
        };
        if length == 0 {
            self.cut = true;
            return Ok(false);
        }
        for (&wanted, facts) in graphs.waits.runs.get(&target).into_iter().flatten() {
            match self.reach.get(&wanted) {
                None => continue,
                Some(&distance) if distance >= length => {
                    self.cut = true;
                    continue;
                }
                Some(_) => {}
            }
            for fact in facts.iter().filter(|fact| can_end(&fact.witness, &fact.who)) {
                let link = Link::Runs(Arc::clone(&fact.witness));
                let is_event = matches!(target, Target::Event(_));
                if self.meet(fact, is_event, link, |search| {
                    search.lock(wanted, fact.mode, length - 1)
                })? {
                    return Ok(true);
                }
            }
        }
        for (&code, facts) in graphs.waits.joins.get(&target).into_iter().flatten() {
            for fact in facts.iter() {
                let link = Link::Joins(Arc::clone(&fact.witness));
                let is_event = matches!(target, Target::Event(_));
                if self.meet(fact, is_event, link, |search| {
                    search.target((held, code, manner), length - 1)
                })? {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Whether who waits for a lock waits for the first party.
    fn lock(&mut self, node: Node, wanted: Mode, length: usize) -> Result<bool, Spent> {
        let graphs = self.graphs;
        let (start, held) = self.start;
        if node == start && held.blocks(wanted) && self.has_writer(node, held, wanted) {
            return Ok(true);
        }
        if self.passed.contains(&node) {
            return Ok(false);
        }
        if length == 0 {
            self.cut = true;
            return Ok(false);
        }
        self.passed.push(node);
        let led = self.past(graphs, node, wanted, length)?;
        self.passed.pop();
        Ok(led)
    }

    fn past(
        &mut self,
        graphs: &'g Graphs,
        node: Node,
        wanted: Mode,
        length: usize,
    ) -> Result<bool, Spent> {
        let graph = &graphs.classes.graph;
        for (to, _) in graph.successors(node) {
            match self.reach.get(&to) {
                Some(&distance) if distance < length => {}
                Some(_) => {
                    self.cut = true;
                    continue;
                }
                None => continue,
            }
            for sighting in graph.weights(node, to).flat_map(|(_, all)| all.iter()) {
                if !sighting.held.blocks(wanted) || !self.has_writer(node, sighting.held, wanted) {
                    continue;
                }
                let link = Link::Holds(Arc::clone(&sighting.witness));
                let (guards, then) = (&sighting.guards, sighting.wanted);
                if self.stand((guards, None), link, |search| search.lock(to, then, length - 1))? {
                    return Ok(true);
                }
            }
        }
        for (&target, facts) in graphs.waits.waits.get(&node).into_iter().flatten() {
            for fact in facts.iter() {
                if !fact.mode.blocks(wanted) || !self.has_writer(node, fact.mode, wanted) {
                    continue;
                }
                let link = Link::Waits(Arc::clone(&fact.witness));
                if self.meet(fact, false, link, |search| {
                    search.target((node, target, Manner::Alone), length - 1)
                })? {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Goes on with one more task, if it is another than those that are known.
    fn meet<W>(
        &mut self,
        fact: &'g Fact<W>,
        is_event: bool,
        link: Link,
        go_on: impl FnOnce(&mut Self) -> Result<bool, Spent>,
    ) -> Result<bool, Spent> {
        let is_other =
            |who: &&Who| who.is_other(&fact.who) && !(is_event && who.is_ordered(&fact.who));
        if !self.present.iter().filter_map(|(_, who)| who.as_ref()).all(is_other) {
            return Ok(false);
        }
        self.stand((&fact.guards, Some(&fact.who)), link, go_on)
    }

    /// Goes on with one more party, if it can be there together with all others.
    fn stand(
        &mut self,
        (guards, who): (&Guards, Option<&'g Who>),
        link: Link,
        go_on: impl FnOnce(&mut Self) -> Result<bool, Spent>,
    ) -> Result<bool, Spent> {
        self.steps += 1;
        if self.steps > BUDGET {
            return Err(Spent);
        }
        if !self.can_be_there(guards) {
            return Ok(false);
        }
        self.present.push((guards.clone(), who));
        self.links.push(link);
        if go_on(self)? {
            return Ok(true);
        }
        self.links.pop();
        self.present.pop();
        Ok(false)
    }

    fn can_be_there(&self, guards: &Guards) -> bool {
        self.level == Level::Order
            || self.present.iter().all(|(present, _)| present.apart(guards).is_none())
    }

    /// Whether who wants the lock of a class waits for who holds it: for certain, or because a writer
    /// can wait in between.
    fn has_writer(&self, node: Node, held: Mode, wanted: Mode) -> bool {
        if self.level == Level::Order || held.excludes(wanted) {
            return true;
        }
        let writers = self.graphs.writers.get(&node);
        let mut writers = writers.into_iter().flat_map(Sightings::iter);
        writers.any(|writer| self.can_be_there(&writer.guards))
    }
}
