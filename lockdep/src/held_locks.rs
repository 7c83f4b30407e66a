//! What all tasks of the process hold and wait for, as a value.

use std::fmt;

use crate::mode::Mode;
use crate::until::Until;
use crate::violation::Touch;

/// What all tasks of the process held and waited for at about one moment.
///
/// `Display` prints it for people, several lines without a line break at the end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeldLocks {
    /// The tasks that held or wanted something.
    pub tasks: Vec<TaskLocks>,
}

/// What one task held and waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskLocks {
    /// The task: a thread's name, or what stands for it.
    pub task: String,
    /// The kernel's id of its thread; none for a task that is no thread.
    pub thread: Option<i32>,
    /// What it held, oldest first.
    pub held: Vec<Touch>,
    /// The lock that it waited for, and what ends the wait.
    pub wanted: Option<(Touch, Until)>,
}

impl fmt::Display for HeldLocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.tasks.len() {
            0 => write!(f, "no task holds or wants a lock")?,
            1 => write!(f, "1 task holds or wants locks:")?,
            number => write!(f, "{number} tasks hold or want locks:")?,
        }
        self.tasks.iter().try_for_each(|task| write!(f, "\n{task}"))
    }
}

impl fmt::Display for TaskLocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = if self.task.is_empty() { "unnamed thread" } else { &self.task };
        write!(f, "  `{name}`")?;
        if let Some(thread) = self.thread {
            write!(f, ", thread {thread}")?;
        }
        for touch in &self.held {
            lock(f, "holds", touch)?;
        }
        match &self.wanted {
            Some((touch, Until::Free)) => lock(f, "waits for", touch),
            Some((touch, Until::FreeOrTimeout)) => lock(f, "waits some time for", touch),
            Some((touch, Until::Notified)) => lock(f, "waits to be notified, then for", touch),
            None => Ok(()),
        }
    }
}

/// A lock and where it was touched.
fn lock(f: &mut fmt::Formatter<'_>, verb: &str, touch: &Touch) -> fmt::Result {
    let class = &touch.class;
    write!(f, "\n    {verb} ")?;
    match &class.name {
        Some(name) => write!(f, "`{name}`")?,
        None if class.payload.is_empty() => write!(f, "`{}`", class.kind)?,
        None => write!(f, "`{}<{}>`", class.kind, class.payload)?,
    }
    let trylock = if touch.trylock { ", tried" } else { "" };
    let mode = match touch.mode {
        Mode::Exclusive => "exclusive",
        Mode::Upgradable => "upgradable",
        Mode::Shared => "shared",
        Mode::SharedRecursive => "shared, recursive",
    };
    write!(f, " made at {}, number {}, {mode}{trylock}", class.place, touch.instance)?;
    write!(f, "\n        at {}", touch.at.place)?;
    for frame in &touch.at.frames {
        write!(f, "\n        in {}", frame.function)?;
        if let Some(place) = &frame.place {
            write!(f, "  {place}")?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::class::Class;
    use crate::place::Place;
    use crate::violation::{Frame, Point};

    fn place(line: u32) -> Place {
        Place { file: "a.rs".into(), line, column: 1 }
    }

    fn touch(mode: Mode, line: u32) -> Touch {
        let class = Class {
            place: place(1),
            kind: "RwLock".into(),
            payload: "u8".into(),
            name: None,
            subclass: 0,
            sibling: 0,
        };
        let frames = vec![Frame { function: "f".to_string(), place: Some(place(line)) }];
        let at = Point { place: place(line), frames };
        Touch { class, mode, trylock: false, instance: 7, at }
    }

    #[test]
    fn all_that_a_task_holds_and_wants_is_printed() {
        let task = TaskLocks {
            task: "main".to_string(),
            thread: Some(5),
            held: vec![touch(Mode::Shared, 2)],
            wanted: Some((touch(Mode::Exclusive, 3), Until::Free)),
        };
        let text = HeldLocks { tasks: vec![task] }.to_string();
        let expected = "1 task holds or wants locks:\n  `main`, thread 5\
            \n    holds `RwLock<u8>` made at a.rs:1:1, number 7, shared\
            \n        at a.rs:2:1\n        in f  a.rs:2:1\
            \n    waits for `RwLock<u8>` made at a.rs:1:1, number 7, exclusive\
            \n        at a.rs:3:1\n        in f  a.rs:3:1";
        assert_eq!(text, expected);
        assert_eq!(HeldLocks::default().to_string(), "no task holds or wants a lock");
    }
}
