//! The grid: the kernel's self-test of its validator, and the cells that it lacks.
//!
//! Each cell is a test of its own that records a few runs in one task with a fresh tracker, at
//! level
//! `order`, and must be reported for the right reason or stay silent. The whole grid is printed
//! after the tests.

mod by_hand;
mod cell;
mod events;
mod interrupts;
mod reclaim;
mod script;
mod shapes;
mod waits;
mod wound;

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use libtest_mimic::{Arguments, Failed, Trial};

use cell::{Cell, Verdict};
use shapes::sections;

/// The first sections are the kernel's own, this many cells in all.
const KERNELS: (usize, usize) = (9, 395);

/// Which cells passed, by section and number.
type Outcomes = Arc<Mutex<BTreeMap<(usize, usize), bool>>>;

fn trials(sections: &Arc<Vec<(&'static str, Vec<Cell>)>>, outcomes: &Outcomes) -> Vec<Trial> {
    let of_kernel: usize = sections[..KERNELS.0].iter().map(|(_, cells)| cells.len()).sum();
    let mut trials =
        vec![Trial::test("the cells of the kernel's self-test are complete", move || {
            assert_eq!(of_kernel, KERNELS.1);
            Ok(())
        })];
    for (section, (title, cells)) in sections.iter().enumerate() {
        for (number, cell) in cells.iter().enumerate() {
            let column = match cell.column.as_str() {
                "" => String::new(),
                column => format!(", {column}"),
            };
            let name = format!("{title}: {}{column}: {}", cell.row, cell.verdict);
            let (sections, outcomes) = (Arc::clone(sections), Arc::clone(outcomes));
            trials.push(Trial::test(name, move || {
                let result = sections[section].1[number].check();
                let mut outcomes = outcomes.lock().unwrap_or_else(PoisonError::into_inner);
                outcomes.insert((section, number), result.is_ok());
                result.map_err(Failed::from)
            }));
        }
    }
    trials
}

/// Prints the grid: a line for each row, `P` where it must be silent and is, `F` where it must
/// report and does, `!` where it does not.
fn print(sections: &[(&'static str, Vec<Cell>)], outcomes: &BTreeMap<(usize, usize), bool>) {
    for (section, (title, cells)) in sections.iter().enumerate() {
        let mut rows: Vec<(&str, Vec<String>)> = Vec::new();
        for (number, cell) in cells.iter().enumerate() {
            let letter = match (outcomes.get(&(section, number)), cell.verdict) {
                (None, _) => "-",
                (Some(false), _) => "!",
                (Some(true), Verdict::Silent) => "P",
                (Some(true), _) => "F",
            };
            let text = format!("{} {letter}", cell.column);
            match rows.last_mut().filter(|(row, _)| *row == cell.row) {
                Some((_, cells)) => cells.push(text),
                None => rows.push((&cell.row, vec![text])),
            }
        }
        println!("{title}");
        for (row, cells) in rows {
            println!("  {row:<40} {}", cells.join("  ").trim_start());
        }
    }
    let of_kernel = outcomes.iter().filter(|((section, _), _)| *section < KERNELS.0);
    let passed = of_kernel.filter(|(_, passed)| **passed).count();
    println!("{passed} of the {} cells of the kernel's self-test pass,", KERNELS.1);
    let passed = outcomes.values().filter(|passed| **passed).count();
    println!("{passed} of {} with those that it lacks", outcomes.len());
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let sections = Arc::new(sections());
    let outcomes = Outcomes::default();
    let conclusion = libtest_mimic::run(&arguments, trials(&sections, &outcomes));
    let outcomes = outcomes.lock().unwrap_or_else(PoisonError::into_inner);
    if outcomes.len() > 1 {
        print(&sections, &outcomes);
    }
    conclusion.exit_code()
}
