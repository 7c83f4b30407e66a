//! Each ordering is defended: with one weakened, or one step left out, the models that name it
//! fail.

use std::env;
use std::process::Command;

use crate::order::Order;
use crate::step::Step;
use crate::weakness::{ALL, UNDEFENDED, Weakness};

/// Runs one model in a process of its own, weakened; says how it failed.
fn failure(weakness: &Weakness, model: &str) -> Option<String> {
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", model, "--nocapture"])
        .env("VMALOCK_WEAKEN", weakness.name)
        .env("RUST_BACKTRACE", "0")
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    assert!(text.contains("running 1 test"), "there is no model `{model}`:\n{text}");
    (!output.status.success()).then(|| kind(&text))
}

/// The kind of failure in what a failed model printed.
fn kind(text: &str) -> String {
    let message = text.lines().skip_while(|line| !line.contains("panicked at")).nth(1);
    let message = message.unwrap_or("it died").trim();
    if message.starts_with("Causality violation") {
        "data race".to_owned()
    } else if message.starts_with("deadlock") {
        "deadlock".to_owned()
    } else if message.contains("exceeded maximum number of branches") {
        "goes round for ever".to_owned()
    } else {
        message.to_owned()
    }
}

/// Prints the table; `--nocapture` shows it.
#[test]
fn every_weakening_is_caught() {
    if crate::weakened::is_any() {
        return;
    }
    let mut missed = Vec::new();
    println!("| weakened | how | model that fails | with |\n|---|---|---|---|");
    for weakness in ALL {
        let name = [weakness.number, weakness.name].join(" ");
        for model in weakness.caught_by {
            let failure = failure(weakness, model);
            let with = failure.as_deref().unwrap_or("NOTHING");
            println!("| {} | {} | {model} | {with} |", name.trim(), weakness.change);
            if failure.is_none() {
                missed.push(format!("{} by {model}", weakness.name));
            }
        }
        assert!(!weakness.caught_by.is_empty(), "no model catches {}", weakness.name);
    }
    assert!(missed.is_empty(), "not caught: {missed:#?}");
}

/// The names in order: the compiler says if one is missing, the test if it is not in the table.
#[test]
fn the_table_is_complete() {
    const ORDERS: &[Order] = &[
        Order::ReaderIncrement,
        Order::ReaderSequence,
        Order::ReaderPast,
        Order::ReaderDecrement,
        Order::ExcludeEnd,
        Order::ExcludedLoad,
        Order::Attach,
        Order::WriteEnd,
        Order::PastNote,
        Order::WriteBegin,
        Order::WriteBeginFence,
        Order::WaiterFence,
        Order::WakerFence,
        Order::SpeculateBegin,
        Order::SpeculateFence,
        Order::DetachFence,
        Order::MissFence,
        Order::Publish,
        Order::Follow,
    ];
    const STEPS: &[Step] = &[
        Step::CompareAfterIncrement,
        Step::StampBeforeClear,
        Step::CompareMm,
        Step::PinForeignMm,
        Step::CompareBounds,
        Step::DetachWaits,
        Step::AbortClears,
        Step::LookAgain,
        Step::CountBeforePatience,
        Step::WakeDetacher,
        Step::EndBeforeUnlock,
        Step::ReleaseBeforeDecrement,
        Step::LockBeforeAttach,
        Step::PastAfterEnd,
        Step::CheckGap,
        Step::WideSequence,
    ];
    // As long as the lists above: the last variant's number says how many there are.
    assert_eq!(ORDERS.len(), Order::Follow as usize + 1);
    assert_eq!(STEPS.len(), Step::WideSequence as usize + 1);
    let names = ORDERS.iter().map(|order| format!("{order:?}"));
    for name in names.chain(STEPS.iter().map(|step| format!("{step:?}"))) {
        let defended = ALL.iter().any(|weakness| weakness.name == name);
        assert!(defended != UNDEFENDED.contains(&&*name), "{name} is in one of the lists");
    }
}
