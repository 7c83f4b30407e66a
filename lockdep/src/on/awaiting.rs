//! The rule about await points: LD0018, a lock that blocks threads is held across one.
//!
//! Asked when a poll of an async task has returned `Pending`, of what the task then holds, on top of
//! what its thread held before. A lock whose class provides an await
//! ([`Traits::AWAITED`](crate::Traits::AWAITED)) may be held; so may any, if something was taken over
//! it that allows an await whatever else is held ([`Traits::allowing`](crate::Traits::allowing)).
//!
//! It is reported at every level, once for each class and place of acquire. No second task need
//! ever want the lock: that the thread of the executor comes back to the task before it comes to
//! one that wants the lock is luck.
//!
//! Where the task awaits is not known: a poll that has returned has left no frames. What is known is
//! where the guard was taken, which is in the same function as a rule, and where the task was
//! started.

use crate::on::found::{Identity, Met};
use crate::on::registry;
use crate::on::task::{AsyncName, Held, Task};
use crate::on::tracker::{Tracker, name};
use crate::violation::Violation;
use crate::wait_type::{Traits, WaitType};

/// Of what is held, oldest first, what must not be held across an await.
fn forbidden<H: Copy>(held: impl DoubleEndedIterator<Item = (H, Traits)>) -> Vec<H> {
    let is_allowed = |traits: Traits| traits.allows && traits.provides == WaitType::Async;
    let newer = held.rev().take_while(|&(_, traits)| !is_allowed(traits));
    let mut forbidden: Vec<H> = newer
        .filter(|(_, traits)| traits.provides < WaitType::Async)
        .map(|(held, _)| held)
        .collect();
    forbidden.reverse();
    forbidden
}

impl Tracker {
    /// A poll of an async task has returned `Pending`.
    pub(crate) fn awaits(&self, task: &Task, of: AsyncName) -> Vec<Met> {
        let held = task.held_in_poll().into_iter().filter_map(|held| {
            let properties = registry::properties(held.entry.class());
            properties.is_checked().then_some((held, properties.traits))
        });
        let held: Vec<(Held, Traits)> = held.collect();
        let meet = |held: Held| {
            self.meet(Identity::at(18, Some(held.entry.node()), held.site), || {
                Violation::HeldAcrossAwait {
                    task: name(task).as_ref().to_owned(),
                    spawned: of.spawned.into(),
                    held: self.end(&held).resolve(self.settings().backtrace),
                }
            })
        };
        forbidden(held.into_iter()).into_iter().filter_map(meet).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_async_lock_may_be_held_and_no_other() {
        let held = [Traits::BLOCKING, Traits::AWAITED, Traits::SPIN, Traits::SECTION];
        assert_eq!(forbidden(held.into_iter().enumerate()), [0, 2, 3]);
    }

    #[test]
    fn who_knows_better_may_allow_what_was_taken_before() {
        let allows = Traits::allowing(WaitType::Async);
        let held = [Traits::BLOCKING, allows, Traits::AWAITED, Traits::BLOCKING];
        assert_eq!(forbidden(held.into_iter().enumerate()), [3]);
        let blocking = Traits::allowing(WaitType::Blocking);
        assert_eq!(forbidden([blocking].into_iter().enumerate()), [0]);
    }
}
