//! All processes below one: cargo, and the programs that it runs.

use std::collections::HashMap;
use std::fs;

use rustix::process::{Pid, Signal, kill_process};

/// Asks `root` and all that it started, and they started, to end; the innermost first, so that
/// whoever waits for another lives to hear how that one ended.
pub(crate) fn ask_to_end(root: Pid) {
    for pid in below(root, &children()).into_iter().rev() {
        // One that has just ended needs no signal.
        let _ = kill_process(pid, Signal::TERM);
    }
}

/// The process and all below it, parents first.
fn below(root: Pid, children: &HashMap<Pid, Vec<Pid>>) -> Vec<Pid> {
    let mut all = vec![root];
    let mut next = 0;
    while let Some(parent) = all.get(next) {
        let new = children.get(parent).into_iter().flatten().filter(|pid| !all.contains(pid));
        let new: Vec<Pid> = new.copied().collect();
        all.extend(new);
        next += 1;
    }
    all
}

/// The processes of the machine by their parents; those that cannot be read are not ours.
fn children() -> HashMap<Pid, Vec<Pid>> {
    let mut children: HashMap<Pid, Vec<Pid>> = HashMap::new();
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    for name in entries.map(|entry| entry.file_name()) {
        let pid = name.to_str().and_then(|name| Pid::from_raw(name.parse().ok()?));
        let Some(pid) = pid else {
            continue;
        };
        let line = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()));
        if let Some(parent) = line.ok().and_then(|line| parent(&line)) {
            children.entry(parent).or_default().push(pid);
        }
    }
    children
}

/// The parent in a line `pid (name) state parent …`; the name may have anything in it.
fn parent(line: &str) -> Option<Pid> {
    let (_, rest) = line.rsplit_once(')')?;
    Pid::from_raw(rest.split_whitespace().nth(1)?.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pid(number: i32) -> Pid {
        Pid::from_raw(number).expect("a positive number")
    }

    #[test]
    fn a_name_with_parentheses_does_not_hide_the_parent() {
        assert_eq!(parent("7 (a) R 1 (b) S 42 7 7 0 -1"), Some(pid(42)));
        assert_eq!(parent("nonsense"), None);
    }

    #[test]
    fn descendants_come_after_their_parents_and_others_not_at_all() {
        let children = [(1, vec![2, 9]), (2, vec![3, 4]), (4, vec![5]), (9, vec![10])];
        let children = children
            .into_iter()
            .map(|(parent, all)| (pid(parent), all.into_iter().map(pid).collect()))
            .collect();
        assert_eq!(below(pid(2), &children), [2, 3, 4, 5].map(pid));
    }

    #[test]
    fn this_process_is_below_its_parent() {
        let own = rustix::process::getpid();
        let parent = rustix::process::getppid().expect("a test has a parent");
        assert!(below(parent, &children()).contains(&own));
    }
}
