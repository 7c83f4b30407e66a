//! An order of steps that hangs: which task takes which lock, then who waits for whom.

use super::columns::{Cell, Columns};
use super::elision::width;

/// Steps of several tasks.
#[derive(Debug)]
pub(super) struct Scenario {
    /// Title of each task's column.
    pub(super) tasks: Vec<String>,
    /// In the order of time.
    pub(super) steps: Vec<Step>,
}

/// One task takes a lock, or begins to wait for it.
#[derive(Debug)]
pub(super) struct Step {
    /// Index of the task.
    pub(super) task: usize,
    /// `lock`, `read`, `try write`.
    pub(super) verb: String,
    pub(super) lock: String,
    /// Short place of the call; empty if there is none.
    pub(super) place: String,
    /// Index of the task that it has to wait for.
    pub(super) waits_for: Option<usize>,
}

impl Scenario {
    /// The scenario in numbered steps, one column a task; each line with its margin.
    pub(super) fn lines(&self) -> Vec<String> {
        let digits = self.steps.len().to_string().len();
        let cells = self.steps.iter().enumerate().map(|(index, step)| {
            let verbs = self.widest(step.task, |step| &step.verb);
            let locks = self.widest(step.task, |step| &step.lock);
            let (number, verb, lock) = (index + 1, &step.verb, &step.lock);
            let call = format!("{number:>digits$} {verb:<verbs$} {lock:<locks$}");
            let waits = step.waits_for.map(|awaited| match awaited == step.task {
                true => "waits for itself".to_string(),
                false => format!("waits for {}", self.tasks[awaited]),
            });
            let pieces = [Some(call), Some(step.place.clone()), waits].into_iter().flatten();
            let pieces = pieces.filter(|piece| !piece.is_empty()).collect();
            Cell { column: step.task, pieces, waits: step.waits_for.is_some() }
        });
        Columns { titles: &self.tasks, cells: cells.collect(), indent: digits + 1 }.lines()
    }

    /// Width of the widest `text` in the column of `task`.
    fn widest(&self, task: usize, text: fn(&Step) -> &str) -> usize {
        let steps = self.steps.iter().filter(|step| step.task == task);
        steps.map(|step| width(text(step))).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `tasks` tasks that each hold one lock and wait for the next one's.
    fn circle(tasks: usize, lock: fn(usize) -> String) -> Scenario {
        let names = (0..tasks).map(|task| format!("t{}", task + 1)).collect();
        let step = |task: usize, waits_for: Option<usize>| Step {
            task,
            verb: "lock".to_string(),
            lock: lock(waits_for.unwrap_or(task)),
            place: format!("a.rs:{}", 100 + task),
            waits_for,
        };
        let holds = (0..tasks).map(|task| step(task, None));
        let waits = (0..tasks).map(|task| step(task, Some((task + 1) % tasks)));
        Scenario { tasks: names, steps: holds.chain(waits).collect() }
    }

    fn letter(index: usize) -> String {
        char::from(b'A' + (index % 26) as u8).to_string()
    }

    fn check(scenario: &Scenario, expected: &str) {
        let lines = scenario.lines().join("\n");
        assert_eq!(lines, expected.trim_matches('\n'), "\n{lines}\n");
    }

    #[test]
    fn two_tasks_make_a_staircase() {
        check(
            &circle(2, letter),
            "
  t1                    t2
  1 lock A  a.rs:100
                        2 lock B  a.rs:101
  3 lock B  a.rs:100  waits for t2
                        4 lock A  a.rs:101  waits for t1
",
        );
    }

    #[test]
    fn three_tasks_make_a_staircase() {
        check(
            &circle(3, letter),
            "
  t1                    t2                    t3
  1 lock A  a.rs:100
                        2 lock B  a.rs:101
                                              3 lock C  a.rs:102
  4 lock B  a.rs:100  waits for t2
                        5 lock C  a.rs:101  waits for t3
                                              6 lock A  a.rs:102  waits for t1
",
        );
    }

    #[test]
    fn more_tasks_make_blocks() {
        check(
            &circle(5, letter),
            "
  t1                              t2                              t3
   1 lock A  a.rs:100              2 lock B  a.rs:101              3 lock C  a.rs:102
   6 lock B  a.rs:100              7 lock C  a.rs:101              8 lock D  a.rs:102
     waits for t2                    waits for t3                    waits for t4

  t4                              t5
   4 lock D  a.rs:103              5 lock E  a.rs:104
   9 lock E  a.rs:103             10 lock A  a.rs:104
     waits for t5                    waits for t1
",
        );
    }

    #[test]
    fn any_number_of_tasks_stays_within_the_page() {
        let long = |index| format!("{}{}", "L".repeat(40), index);
        for tasks in 1..60 {
            for scenario in [circle(tasks, letter), circle(tasks, long)] {
                let lines = scenario.lines();
                assert!(lines.iter().all(|line| width(line) <= 100), "{}", lines.join("\n"));
                let waits = lines.iter().map(|line| line.matches("waits for").count());
                assert_eq!(waits.sum::<usize>(), tasks);
            }
        }
    }
}
