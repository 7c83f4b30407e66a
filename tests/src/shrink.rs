//! Makes a set of runs as small as it can be while it still shows something.

use crate::program::{Op, Run};

/// Drops runs and acquires, one at a time, as long as `shows` holds.
pub fn shrink(runs: &[Run], shows: impl Fn(&[Run]) -> bool) -> Vec<Run> {
    let mut runs = runs.to_vec();
    loop {
        let found = smaller(&runs).find(|smaller| shows(smaller));
        match found {
            Some(smaller) => runs = smaller,
            None => return runs,
        }
    }
}

fn smaller(runs: &[Run]) -> impl Iterator<Item = Vec<Run>> {
    let without_run = (0..runs.len()).filter(|_| runs.len() > 1).map(|run| {
        let mut runs = runs.to_vec();
        runs.remove(run);
        runs
    });
    let without_guard = (0..runs.len()).flat_map(move |run| {
        let acquires = runs[run].iter().filter(|op| matches!(op, Op::Lock { .. } | Op::Try { .. }));
        acquires.map(move |acquire| {
            let mut runs = runs.to_vec();
            runs[run].retain(|op| op.guard() != acquire.guard());
            runs
        })
    });
    let without_downgrade = (0..runs.len()).flat_map(move |run| {
        let steps = 0..runs[run].len();
        steps.filter(move |&step| matches!(runs[run][step], Op::Downgrade { .. })).map(
            move |step| {
                let mut runs = runs.to_vec();
                runs[run].remove(step);
                runs
            },
        )
    });
    without_run.chain(without_guard).chain(without_downgrade)
}

#[cfg(test)]
mod tests {
    use crate::notation::{parse, print};

    use super::*;

    #[test]
    fn what_does_not_matter_is_dropped() {
        let runs = parse("W(A) W(B) W(C) ; W(D) ; W(C) W(B) W(A)");
        let holds =
            |runs: &[Run], lock: char| runs.iter().flatten().any(|op| op.lock().class == lock);
        let shrunk = shrink(&runs, |runs| holds(runs, 'A') && holds(runs, 'D'));
        assert_eq!(print(&shrunk), "W(D) ; W(A)");
    }
}
