//! LD0014: something is waited for where that way of waiting is not allowed.

use crate::violation::{Limit, Point, Touch};
use crate::wait_type::WaitType;

use super::lock::{Labels, try_method, verb};
use super::page::{Page, Section};
use super::paths::Paths;
use super::stack::rows;
use super::task;

/// A wait that is not allowed, borrowed from its violation.
#[derive(Debug)]
pub(super) struct Refused<'a> {
    pub(super) task: &'a str,
    pub(super) wanted: Option<&'a Touch>,
    pub(super) needs: WaitType,
    pub(super) allowed: WaitType,
    pub(super) limit: &'a Limit,
    pub(super) at: &'a Point,
}

impl Refused<'_> {
    pub(super) fn page(&self, paths: &Paths) -> Page {
        let held = match self.limit {
            Limit::Held(held) => Some(held),
            Limit::Context(_) => None,
        };
        let labels =
            Labels::of(self.wanted.into_iter().chain(held).map(|touch| &touch.class), paths);
        let label = |touch: &Touch| labels.get(&touch.class).to_string();
        let within = task::within(self.task);
        let mut sections = vec![match self.wanted {
            Some(wanted) => Section {
                head: format!("{}, wanted {within} ({})", label(wanted), verb(wanted)),
                rows: rows("wanted at", self.at, None, paths),
            },
            None => Section {
                head: format!("{}, {within}", self.needs),
                rows: rows("waits at", self.at, None, paths),
            },
        }];
        sections.extend(held.map(|held| Section {
            head: format!("{}, held {within} ({})", label(held), verb(held)),
            rows: rows("held since", &held.at, Some(self.at), paths),
        }));
        let where_to = match self.limit {
            Limit::Context(context) => format!("in `{context}`, which"),
            Limit::Held(held) => format!("while it holds `{}`, which", label(held)),
        };
        let what = match self.wanted {
            Some(wanted) => format!("takes `{}`, {},", label(wanted), self.needs),
            None => format!("comes to {}", self.needs),
        };
        let most = match self.allowed {
            WaitType::Free => WaitType::Free.to_string(),
            allowed => format!("no more than {allowed}"),
        };
        Page {
            title: "wait that is not allowed here",
            event: format!("`{}` {what} {where_to} allows {most}.", task::whole(self.task)),
            classes: labels.rows(paths),
            scenario: None,
            notes: Vec::new(),
            sections,
            why: self.why(),
            help: self.help(&label),
        }
    }

    fn why(&self) -> String {
        let why = match (self.limit, self.allowed) {
            (_, WaitType::Free) => {
                "what it comes upon may hold the lock, or one under it, and cannot go on before this \
                 has ended"
            }
            (Limit::Held(_), WaitType::Spin | WaitType::Config) => {
                "whoever waits for what is held burns its processor meanwhile, and if that is the one \
                 that the wait is for, both wait for ever"
            }
            (Limit::Held(_), _) => {
                "the thread may run other tasks before it comes back here, and one of them may want \
                 what is held: the thread then waits for itself"
            }
            (Limit::Context(_), _) => {
                "what would end the wait may need the very thread that waits here"
            }
        };
        why.to_string()
    }

    fn help(&self, label: &impl Fn(&Touch) -> String) -> String {
        match (self.limit, self.wanted) {
            (Limit::Held(held), Some(wanted)) => format!(
                "take `{}` before `{}`, or let go of `{}` first, or use `{}`",
                label(wanted),
                label(held),
                label(held),
                try_method(wanted)
            ),
            (Limit::Held(held), None) => {
                format!("let go of `{}` before the wait", label(held))
            }
            (Limit::Context(context), Some(wanted)) => format!(
                "only note in `{context}` what is to be done, in an atomic or a pipe, and do it \
                 outside; or use `{}`, and do without if that fails",
                try_method(wanted)
            ),
            (Limit::Context(context), None) => {
                format!("do the waiting outside of `{context}`, in a thread that may block")
            }
        }
    }
}
