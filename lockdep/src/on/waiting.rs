//! The rule about ways of waiting: whether something may be waited for here.
//!
//! What a lock's class, or a wait, needs must not exceed the least of what is allowed by the
//! contexts that run and by the locks that are held in the innermost of them. It is asked of every
//! acquire that the task does not know yet, and of every wait; what the classes say never changes,
//! so a known chain needs no second look. A try-lock does not wait and is not asked.

use std::panic::Location;

use crate::mode::Mode;
use crate::on::context;
use crate::on::contexts::Situation;
use crate::on::found::{Identity, Met};
use crate::on::learn::Learned;
use crate::on::registry::{self, Node};
use crate::on::task::{Held, Task};
use crate::on::tracker::{Tracker, name};
use crate::on::usage::ContextId;
use crate::on::witness::End;
use crate::violation::{Limit, Violation};
use crate::wait_type::{Traits, WaitType};

/// What allows no more.
#[derive(Clone, Debug)]
enum Cap<H> {
    Context(ContextId),
    Held(H),
}

/// The most that may be waited for, and what allows no more, unless anything goes.
fn allowed<H>(
    situation: &Situation,
    held: impl Iterator<Item = (H, Traits)>,
) -> (WaitType, Option<Cap<H>>) {
    let start = (situation.allows, situation.limit.map(Cap::Context));
    held.fold(start, |(most, cap), (held, traits)| {
        if traits.allows || traits.provides < most {
            (traits.provides, Some(Cap::Held(held)))
        } else {
            (most, cap)
        }
    })
}

impl Tracker {
    /// `task` is about to wait in this way for something that is no lock. Returns the violation if
    /// it must not.
    pub fn before_wait(
        &self,
        task: &Task,
        needs: WaitType,
        site: &'static Location<'static>,
    ) -> Option<Met> {
        self.refuse(task, needs, None, site)
    }

    /// The rule for a lock that is wanted; returns whether it is broken.
    pub(crate) fn check_wait(&self, task: &Task, wanted: &End, learned: &mut Learned) -> bool {
        let needs = registry::properties(wanted.entry.class()).traits.needs;
        let met = needs.and_then(|needs| self.refuse(task, needs, Some(wanted), wanted.site));
        let broken = met.is_some();
        learned.met.extend(met);
        broken
    }

    fn refuse(
        &self,
        task: &Task,
        needs: WaitType,
        wanted: Option<&End>,
        site: &'static Location<'static>,
    ) -> Option<Met> {
        let situation = task.contexts().situation();
        // Whoever polls the task that awaits goes on meanwhile.
        let own = task.held_by_itself().count();
        let around = if needs == WaitType::Async { task.held_in_frame().count() - own } else { 0 };
        let held = task.held_in_frame().skip(around);
        let held = held.map(|held| (held, registry::properties(held.entry.class()).traits));
        let (allowed, cap) = allowed(&situation, held);
        let cap = cap.filter(|_| needs > allowed)?;
        let identity = identity(wanted, &cap, site);
        self.found.meet(identity, || {
            let style = self.settings.backtrace;
            let wanted = wanted.map(|wanted| wanted.resolve(style));
            Violation::InvalidWait {
                task: name(task).as_ref().to_owned(),
                needs,
                allowed,
                limit: match &cap {
                    Cap::Context(context) => Limit::Context(context::name(*context).to_owned()),
                    Cap::Held(held) => Limit::Held(self.end(held).resolve(style)),
                },
                at: match &wanted {
                    Some(wanted) => wanted.at.clone(),
                    None => self.point_here(site),
                },
                wanted,
            }
        })
    }
}

fn identity(wanted: Option<&End>, cap: &Cap<Held>, site: &'static Location<'static>) -> Identity {
    let (held, context) = match cap {
        Cap::Context(context) => (None, Some(*context)),
        Cap::Held(held) => (Some(held.entry.node()), None),
    };
    match wanted {
        Some(wanted) => {
            let nodes = [Some(wanted.entry.node()), held].into_iter().flatten();
            let nodes = nodes.map(|node: Node| (node, Mode::Exclusive)).collect();
            Identity::in_context(14, nodes, context)
        }
        // A wait has no class: its place stands for it.
        None => Identity::at(14, held, site),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOWHERE: Situation =
        Situation { context: None, shut: 0, allows: WaitType::Async, limit: None };

    fn most(situation: &Situation, held: &[Traits]) -> (WaitType, Option<usize>) {
        let (most, cap) = allowed(situation, held.iter().copied().enumerate());
        let at = cap.and_then(|cap| match cap {
            Cap::Held(at) => Some(at),
            Cap::Context(_) => None,
        });
        (most, at)
    }

    #[test]
    fn the_strictest_of_what_is_held_counts() {
        let held = [Traits::BLOCKING, Traits::RAW_SPIN, Traits::SPIN];
        assert_eq!(most(&NOWHERE, &[]), (WaitType::Async, None));
        assert_eq!(most(&NOWHERE, &held[..1]), (WaitType::Waiting, Some(0)));
        assert_eq!(most(&NOWHERE, &held), (WaitType::Spin, Some(1)));
    }

    #[test]
    fn a_context_limits_what_is_held_in_it() {
        let handler = Situation { allows: WaitType::Free, limit: Some(2), ..NOWHERE };
        assert_eq!(most(&handler, &[Traits::SPIN]), (WaitType::Free, None));
    }

    #[test]
    fn who_knows_better_may_allow_more() {
        let allows = Traits::allowing(WaitType::Blocking);
        let held = [Traits::RAW_SPIN, allows];
        assert_eq!(most(&NOWHERE, &held), (WaitType::Blocking, Some(1)));
        let held = [allows, Traits::RAW_SPIN];
        assert_eq!(most(&NOWHERE, &held), (WaitType::Spin, Some(1)));
    }
}
