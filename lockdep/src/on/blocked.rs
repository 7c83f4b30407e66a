//! What is done while a task waits.
//!
//! A task that begins to wait says so in its stack (`pending`), whatever it holds: a few stores. If it
//! holds something, others may wait for it; then it enters the list of such tasks, and if one of
//! them does wait for what it holds, the rule is asked (`deadlock`). Of tasks that come to wait for
//! each other the last one to enter sees all the others, so each deadlock is found, by whoever
//! closes it, before that one blocks.
//!
//! What is found is certain. No task can be seen to wait that does not: it says so after it has
//! taken all that it holds and before it can have what it wants, and it gives back nothing
//! meanwhile. All tasks of a circle are looked at twice, and if no wait is another one the second
//! time, all of them have waited at one moment between the looks. Whether a reader stands behind a
//! writer is the real lock's affair, though, and for a moment it may still slip in; so such a circle
//! is looked at again until the kernel says that all its threads have gone to sleep.

use std::fs;
use std::marker::PhantomData;
use std::panic::Location;
use std::thread;
use std::time::Duration;

use parking_lot::Mutex;

use crate::how::How;
use crate::on::deadlock::{self, Circle, Waiter};
use crate::on::directory;
use crate::on::fork;
use crate::on::found::{Identity, Met};
use crate::on::frames;
use crate::on::life;
use crate::on::map::Map;
use crate::on::pending::Wanted;
use crate::on::process::{self, enter};
use crate::on::settings::BacktraceStyle;
use crate::on::stack::{Held, Stack};
use crate::on::task::{State, Task};
use crate::on::thread::with_task;
use crate::on::trace;
use crate::on::tracker::Tracker;
use crate::on::witness::End;
use crate::until::Until;
use crate::violation::{self, Blocked, Dependency, Touch, Violation};

/// The tasks that wait and hold something.
static LIST: Mutex<Vec<&'static Stack>> = Mutex::new(Vec::new());

/// How often and how long threads are given time to go to sleep.
const LOOKS: usize = 100;
const PAUSE: Duration = Duration::from_millis(10);
/// How often in a row all must be asleep.
const ASLEEP: usize = 3;

/// The current task waits for a lock as long as this lives.
#[derive(Debug)]
#[must_use = "the wait is over when this is dropped"]
pub struct Waiting {
    stack: Option<&'static Stack>,
    is_listed: bool,
    /// It belongs to the thread that waits.
    _thread: PhantomData<*const ()>,
}

impl Waiting {
    const fn none() -> Waiting {
        Waiting { stack: None, is_listed: false, _thread: PhantomData }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let Some(stack) = self.stack else {
            return;
        };
        stack.wait.end();
        if self.is_listed {
            process::quietly(|| LIST.lock().retain(|&listed| !std::ptr::eq(listed, stack)));
        }
    }
}

/// The work of `event::waiting`.
pub(crate) fn begin(
    map: &Map,
    how: How,
    site: &'static Location<'static>,
    until: Until,
) -> Waiting {
    with_task(|task| {
        let entry = map.word().held(how);
        let stack = task.stack().filter(|_| task.state() == State::Active && entry.is_resolved());
        let Some(stack) = stack else {
            return Waiting::none();
        };
        task.settle();
        if !stack.wait.begin(entry, site, task.keys(entry, site).witness, until) {
            return Waiting::none();
        }
        let mut waiting = Waiting::none();
        waiting.stack = Some(stack);
        // While an allocator's lock is held nothing may be allocated.
        let is_own = task.holds_own() || entry.is_own();
        if is_own || until == Until::FreeOrTimeout {
            return waiting;
        }
        if fork::is_child() && until == Until::Free {
            process::tell(task, |tracker| life::wants_in_child(tracker, task, stack, entry, site));
        }
        if stack.held().next().is_none() {
            return waiting;
        }
        waiting.is_listed = true;
        if enlist(task, stack) {
            look(task, stack);
        }
        waiting
    })
}

/// Enters the list; returns whether somebody in it waits for what the task holds.
fn enlist(task: &Task, stack: &'static Stack) -> bool {
    let _resume = enter(task, State::Working);
    let _pass = fork::pass();
    let mut list = LIST.lock();
    list.push(stack);
    let holds = |wanted: Wanted| stack.holds(wanted.entry.lock());
    list.iter().any(|other| !std::ptr::eq(*other, stack) && other.wait.look().is_some_and(holds))
}

/// Looks for a circle that the task has closed, and tells of it.
fn look(task: &Task, stack: &'static Stack) {
    let stuck = {
        let _resume = enter(task, State::Working);
        let stuck = {
            let _pass = fork::pass();
            Stuck::find(stack)
        };
        // That takes time, and `fork` need not wait so long.
        stuck.filter(|stuck| !stuck.circle.has_queue() || stuck.has_settled())
    };
    if let Some(stuck) = stuck {
        process::tell(task, |tracker| stuck.tell(tracker));
    }
}

/// A task that was seen to wait.
struct Seen {
    stack: &'static Stack,
    wanted: Wanted,
    held: Vec<Held>,
}

impl Seen {
    fn of(stack: &'static Stack) -> Option<Seen> {
        let wanted = stack.wait.look()?;
        Some(Seen { stack, wanted, held: stack.observe() })
    }

    fn still_waits(&self) -> bool {
        self.stack.wait.is_still(self.wanted.round)
    }

    fn waiter(&self) -> Waiter {
        Waiter {
            holds: self.held.iter().map(|held| held.entry).collect(),
            wants: self.wanted.entry,
            is_patient: self.wanted.until != Until::FreeOrTimeout,
        }
    }

    /// The lock that is waited for, with the backtrace of such an acquire.
    fn wants(&self, tracker: &Tracker) -> End {
        let Wanted { entry, site, witness, .. } = self.wanted;
        tracker.end(&Held { entry, site, witness, has_started: false })
    }
}

/// Tasks that wait for each other.
struct Stuck {
    seen: Vec<Seen>,
    circle: Circle,
}

impl Stuck {
    /// Those among whom `own` is, if they all wait at one moment.
    fn find(own: &'static Stack) -> Option<Stuck> {
        let seen: Vec<Seen> = directory::stacks().into_iter().filter_map(Seen::of).collect();
        let start = seen.iter().position(|seen| std::ptr::eq(seen.stack, own))?;
        let waiters: Vec<Waiter> = seen.iter().map(Seen::waiter).collect();
        let circle = deadlock::find(&waiters, start)?;
        let stuck = Stuck { seen, circle };
        stuck.still_waits().then_some(stuck)
    }

    fn tasks(&self) -> impl Iterator<Item = &Seen> {
        self.circle.tasks().map(|task| &self.seen[task])
    }

    fn still_waits(&self) -> bool {
        self.tasks().all(Seen::still_waits)
    }

    /// Gives all but the current task's thread time to go to sleep; false if they do not.
    fn has_settled(&self) -> bool {
        let own = directory::current_thread();
        let mut asleep = 0;
        for _ in 0..LOOKS {
            thread::sleep(PAUSE);
            let all = self.tasks().all(|seen| match seen.stack.owner.thread() {
                Some(thread) => thread == own || is_asleep(thread),
                None => false,
            });
            if !self.still_waits() {
                return false;
            }
            asleep = if all { asleep + 1 } else { 0 };
            if asleep == ASLEEP {
                return true;
            }
        }
        false
    }

    fn tell(&self, tracker: &Tracker) -> Option<Met> {
        let links = &self.circle.0;
        let count = links.len();
        // The lock by which a link keeps the one before it waiting.
        let holds = |index: usize| links[(index + count - 1) % count].hold;
        let held = |index: usize| self.seen[links[index].waiter].held[holds(index)];
        let nodes = (0..count).map(|index| held(index).entry.node()).collect();
        tracker.meet(Identity::of_cycle(17, nodes), || {
            let parties: Vec<Blocked> = links
                .iter()
                .enumerate()
                .map(|(index, link)| {
                    let behind = link.behind.map(|writer| &self.seen[writer]);
                    self.seen[link.waiter].party(tracker, holds(index), index == 0, behind)
                })
                .collect();
            let wanted = |index: usize| self.seen[links[index].waiter].wanted.entry;
            let seen_before = (0..count).filter_map(|index| {
                let first = tracker.first_seen(held(index).entry.node(), wanted(index).node())?;
                let dependency = &parties[index].dependency;
                let is_elsewhere = dependency.held.at.place != first.held.site.into()
                    || dependency.wanted.at.place != first.wanted.site.into();
                is_elsewhere.then(|| first.resolve(tracker.settings().backtrace))
            });
            let history: Vec<Dependency> = seen_before.collect();
            // As every circle, it begins at its smallest class.
            let smallest = (0..count).min_by_key(|&at| &parties[at].dependency.held.class);
            let mut parties = parties.clone();
            parties.rotate_left(smallest.unwrap_or_default());
            let closing = (count - smallest.unwrap_or_default()) % count;
            Violation::Deadlock { parties, closing, history }
        })
    }
}

impl Seen {
    fn party(
        &self,
        tracker: &Tracker,
        hold: usize,
        is_own: bool,
        behind: Option<&Seen>,
    ) -> Blocked {
        let style = tracker.settings().backtrace;
        let task = || self.stack.owner.name().as_ref().to_owned();
        let mut wants = self.wants(tracker);
        if is_own && style != BacktraceStyle::Off {
            wants.trace = Some(trace::capture());
        }
        let wanted = wants.resolve(style);
        let touch = |held: &Held| {
            let mut touch: Touch = tracker.end(held).resolve(style);
            if style == BacktraceStyle::Short {
                touch.at.frames = frames::of_hold(touch.at.frames, &wanted.at.frames);
            }
            touch
        };
        let others = self.held.iter().enumerate().filter(|&(index, _)| index != hold);
        Blocked {
            others: others.map(|(_, held)| touch(held)).collect(),
            behind: behind.map(|writer| violation::Waiter {
                task: writer.stack.owner.name().as_ref().to_owned(),
                wanted: writer.wants(tracker).resolve(style),
            }),
            dependency: Dependency { task: task(), held: touch(&self.held[hold]), wanted },
        }
    }
}

/// Whether a thread of this process sleeps, as the kernel says.
fn is_asleep(thread: libc::pid_t) -> bool {
    let stat = fs::read_to_string(format!("/proc/self/task/{thread}/stat")).unwrap_or_default();
    // The name is in brackets and may contain any.
    stat.rsplit_once(')').is_some_and(|(_, rest)| rest.trim_start().starts_with('S'))
}
