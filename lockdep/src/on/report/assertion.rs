//! LD0007: a `lockdep_assert_…!` that does not hold.

use crate::class::Class;
use crate::violation::{Assertion, Point, Touch};

use super::held;
use super::lock::Labels;
use super::page::{Page, Section};
use super::paths::Paths;
use super::stack::{functions, rows};
use super::task;

/// A failed assertion, borrowed from its violation.
#[derive(Debug)]
pub(super) struct Failed<'a> {
    pub(super) task: &'a str,
    pub(super) assertion: Assertion,
    pub(super) class: Option<&'a Class>,
    /// Empty if it is about no context.
    pub(super) context: &'a str,
    pub(super) held: &'a [Touch],
    pub(super) at: &'a Point,
}

impl Failed<'_> {
    pub(super) fn page(&self, paths: &Paths) -> Page {
        let classes = self.class.into_iter().chain(self.held.iter().map(|touch| &touch.class));
        let labels = Labels::of(classes, paths);
        let task = task::whole(self.task);
        let lock = match self.class {
            Some(class) => format!("`{}`", labels.get(class)),
            // Nobody has taken it yet, so nothing is known of it.
            None => "a certain lock".to_string(),
        };
        let mut sections = vec![Section {
            head: format!("asserted {}", task::within(self.task)),
            rows: rows("asserted at", self.at, None, paths),
        }];
        sections.extend(held::sections(task, self.held, self.at, &labels, paths));
        Page {
            title: match self.context {
                "" => "lock assertion failed",
                _ => "context assertion failed",
            },
            event: self.event(task, &lock),
            classes: labels.rows(paths),
            scenario: None,
            notes: Vec::new(),
            sections,
            why: self.why(),
            help: self.help(&lock),
        }
    }

    fn event(&self, task: &str, lock: &str) -> String {
        match self.assertion {
            Assertion::Held => format!("`{task}` must hold {lock} here, and does not."),
            Assertion::HeldWrite => {
                format!("`{task}` must hold {lock} exclusively here, and does not.")
            }
            Assertion::HeldRead => {
                format!("`{task}` must hold {lock} for reading here, and does not.")
            }
            Assertion::NotHeld => format!("`{task}` must not hold {lock} here, and does."),
            Assertion::NoneHeld => format!("`{task}` must not hold any lock here, and does."),
            Assertion::InContext => {
                format!("`{task}` must run in `{}` here, and does not.", self.context)
            }
            Assertion::NotInContext => {
                format!("`{task}` must not run in `{}` here, and does.", self.context)
            }
            Assertion::ContextBlocked => {
                format!("`{}` must be kept out here, and may come.", self.context)
            }
            Assertion::ContextOpen => {
                format!("`{}` must be able to come here, and is kept out.", self.context)
            }
        }
    }

    fn why(&self) -> String {
        if !self.context.is_empty() {
            return "the code from here on relies on what may run in the middle of it and on what \
                    it runs in the middle of"
                .to_string();
        }
        if self.must_hold() {
            let why = "the code from here on relies on the lock; without it others can use the \
                       same data meanwhile";
            let is_same_kind = |touch: &Touch| self.class == Some(&touch.class);
            match self.held.iter().any(is_same_kind) {
                true => format!(
                    "{why}; what is held of this kind is another lock, or held in another way"
                ),
                false => why.to_string(),
            }
        } else {
            "the code from here on may take locks or wait for somebody, and a lock that is still \
             held can be what that somebody waits for"
                .to_string()
        }
    }

    fn help(&self, lock: &str) -> String {
        let call = match &functions(self.at)[..] {
            [callee, caller, ..] => format!("in `{caller}` before it calls `{callee}`"),
            [callee] => format!("before `{callee}` is called"),
            [] => "before the call that leads here".to_string(),
        };
        let mode = match self.assertion {
            Assertion::HeldWrite => " exclusively",
            Assertion::HeldRead => " for reading",
            _ => "",
        };
        let subject = match self.assertion {
            Assertion::NoneHeld => "all locks",
            _ if self.class.is_none() => "the lock",
            _ => lock,
        };
        match self.assertion {
            Assertion::InContext => return format!("enter `{}` {call}", self.context),
            Assertion::NotInContext => {
                return format!("leave `{}` {call}, or put the work off", self.context);
            }
            Assertion::ContextBlocked => {
                return format!(
                    "block `{}` {call}, and keep the guard until it returns",
                    self.context
                );
            }
            Assertion::ContextOpen => return format!("let `{}` in {call}", self.context),
            _ => {}
        }
        if self.must_hold() {
            format!("take {subject}{mode} {call}, and keep the guard until it returns")
        } else {
            format!("let go of {subject} {call}")
        }
    }

    fn must_hold(&self) -> bool {
        !matches!(self.assertion, Assertion::NotHeld | Assertion::NoneHeld)
    }
}
