//! What level `deadlock` holds back and why, and what makes it speak after all. Level `order`
//! reports all of it.
//!
//! Here are the cases that a program of few locks of one kind each does not show: gates that are
//! several locks, objects with gates of their own, more sightings than are kept apart.

use lockdep::{Level, Reason, Task, Violation};
use tests::notation::parse;
use tests::recording::Recording;

/// What became of a program.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    /// A violation was met, by this run first.
    Reported(usize),
    /// A cycle is held back.
    Gate(&'static str),
    NoWriter(&'static str),
    Silent,
}
use Verdict::{Gate, NoWriter, Reported, Silent};

/// Records runs one after the other.
fn record(level: Level, recording: &mut Recording, text: &str) -> Option<usize> {
    let task = Task::new("task");
    let met = parse(text).iter().map(|run| recording.run(&task, run).len()).collect::<Vec<_>>();
    assert_eq!(recording.tracker.settings().level, level);
    met.iter().position(|&met| met != 0)
}

fn judge(text: &str) -> Verdict {
    assert!(record(Level::Order, &mut Recording::at(Level::Order), text).is_some(), "`{text}`");
    let mut recording = Recording::at(Level::Deadlock);
    let reported = record(Level::Deadlock, &mut recording, text);
    let ledger = recording.tracker.ledger();
    if let Some(run) = reported {
        return Reported(run);
    }
    let name = |class: &lockdep::class::Class| -> &'static str {
        class.name.clone().expect("all are named").into_owned().leak()
    };
    match ledger.as_slice() {
        [] => Silent,
        [held_back] => match &held_back.reason {
            Reason::Gate { class } => Gate(name(class)),
            Reason::NoWriter { class } => NoWriter(name(class)),
            other => panic!("`{text}`: {other:?}"),
        },
        several => panic!("`{text}`: {several:?}"),
    }
}

#[test]
fn a_gate_holds_back_until_somebody_comes_without_it() {
    assert_eq!(judge("W(G) W(A) W(B) ; W(G) W(B) W(A)"), Gate("G"));
    assert_eq!(judge("W(G) W(A) W(B) ; W(G) W(B) W(A) ; W(B) W(A)"), Reported(2));
    assert_eq!(judge("W(G) W(A) W(B) ; W(B) W(A) ; W(G) W(B) W(A)"), Reported(1));
    assert_eq!(judge("W(G) W(A) W(B) ; r(G) W(B) W(A)"), Gate("G"));
    assert_eq!(judge("r(G) W(A) W(B) ; r(G) W(B) W(A)"), Reported(1));
    // Each side has a gate, but not the same.
    assert_eq!(judge("W(G) W(A) W(B) ; W(H) W(B) W(A)"), Reported(1));
}

#[test]
fn each_pair_of_sightings_needs_a_gate() {
    assert_eq!(judge("W(G) W(H) W(A) W(B) ; W(G) W(B) W(A) ; W(H) W(B) W(A)"), Gate("H"));
    let text = "W(G) W(H) W(A) W(B) ; W(G) W(B) W(A) ; W(H) W(B) W(A) ; W(G) W(A) W(B)";
    assert_eq!(judge(text), Reported(3));
    // Two of three parties are enough.
    assert_eq!(judge("W(G) W(A) W(B) ; W(B) W(C) ; W(G) W(C) W(A)"), Gate("G"));
    assert_eq!(judge("W(G) W(A) W(B) ; W(B) W(C) ; W(H) W(C) W(A)"), Reported(2));
}

#[test]
fn a_gated_cycle_does_not_hide_another_one() {
    // A→B→A is gated; A→C→B→A is not.
    let text = "W(G) W(A) W(B) ; W(G) W(B) W(A) ; W(A) W(C) ; W(C) W(B)";
    assert_eq!(judge(text), Reported(3));
}

#[test]
fn another_lock_of_the_gates_class_is_no_gate() {
    assert_eq!(judge("W(G1) W(A) W(B) ; W(G2) W(B) W(A)"), Reported(1));
    assert_eq!(judge("W(G1) W(A) W(B) ; W(G1) W(B) W(A) ; W(G2) W(B) W(A)"), Reported(2));
    // The chain of classes is known by then.
    assert_eq!(judge("W(G1) W(A) W(B) ; W(G2) W(A) W(B) ; W(G1) W(B) W(A)"), Reported(2));
}

#[test]
fn objects_with_gates_of_their_own_are_told_apart() {
    assert_eq!(judge("W(G1) W(A1) W(B1) ; W(G2) W(B2) W(A2)"), Gate("G"));
    let both = "W(G1) W(A1) W(B1) ; W(G1) W(B1) W(A1) ; W(G2) W(A2) W(B2) ; W(G2) W(B2) W(A2)";
    assert_eq!(judge(both), Gate("G"));
    // Which of two locks of a class the lock of another object stands for nobody can say.
    assert_eq!(judge("W(A) R(B1) ; W(B2) W(B3) ; R(B4) W(A)"), Reported(2));
    // One object's lock under the gate of another one.
    assert_eq!(judge("W(G1) W(A1) W(B1) ; W(G2) W(B2) W(A1)"), Reported(1));
}

#[test]
fn sessions_with_a_gate_each_are_no_gate_for_what_they_share() {
    let mut recording = Recording::at(Level::Deadlock);
    let task = Task::new("task");
    // No other test of this process uses up this class's tags.
    let one = "W(S) W(A) W(B) ; W(S) W(B) W(A)";
    assert_eq!(parse(one).iter().map(|run| recording.run(&task, run).len()).sum::<usize>(), 0);
    // One session after the other; two at once would hang.
    recording.destroy('S');
    assert_ne!(parse(one).iter().map(|run| recording.run(&task, run).len()).sum::<usize>(), 0);
}

#[test]
fn a_gate_may_be_made_anew_a_thousand_times() {
    let mut recording = Recording::at(Level::Deadlock);
    let task = Task::new("task");
    for _ in 0..1_000 {
        for run in parse("W(G) W(A) W(B) ; W(G) W(B) W(A)") {
            assert_eq!(recording.run(&task, &run).len(), 0);
        }
        // As a test that makes a program of its own.
        recording.destroy_locks();
    }
    assert_eq!(recording.tracker.ledger().len(), 1);
}

#[test]
fn readers_need_a_writer_between_them() {
    assert_eq!(judge("r(A) W(B) ; W(B) r(A)"), NoWriter("A"));
    assert_eq!(judge("r(A) W(B) ; W(B) r(A) ; W(A)"), Reported(2));
    assert_eq!(judge("W(A) ; r(A) W(B) ; W(B) r(A)"), Reported(2));
    assert_eq!(judge("r(A) r(B) ; r(B) r(A) ; W(A)"), NoWriter("B"));
    assert_eq!(judge("r(A) r(B) ; r(B) r(A) ; W(A) ; W(B)"), Reported(3));
    // A try-lock does not wait.
    assert_eq!(judge("r(A) W(B) ; W(B) r(A) ; tryW(A)"), NoWriter("A"));
}

#[test]
fn a_writer_under_the_readers_lock_is_none_for_them() {
    assert_eq!(judge("r(A) W(B) ; W(B) r(A) ; W(B) W(A)"), Reported(2));
    assert_eq!(judge("W(G) r(A) W(B) ; W(B) r(A) ; W(G) W(A)"), Gate("G"));
    assert_eq!(judge("W(G) r(A) W(B) ; W(B) r(A) ; W(G) W(A) ; W(A)"), Reported(3));
}

#[test]
fn a_lock_read_twice_waits_for_a_writer() {
    assert_eq!(judge("r(A) r(A)"), NoWriter("A"));
    assert_eq!(judge("r(A) r(A) ; W(A)"), Reported(1));
    assert_eq!(judge("W(A) ; r(A) r(A)"), Reported(1));
    assert_eq!(judge("W(G) r(A) r(A) ; W(G) W(A)"), NoWriter("A"));
    assert_eq!(judge("W(A) r(A)"), Reported(0));
}

#[test]
fn two_downgraded_holds_of_one_lock_never_meet() {
    let gated = "W(K) down(K) W(A) W(B) ; W(K) down(K) W(B) W(A)";
    assert_eq!(judge(gated), Gate("K"));
    assert_eq!(judge("W(K) down(K) W(A) W(B) ; r(K) W(B) W(A)"), Reported(1));
}

#[test]
fn the_writers_of_a_deadlock_are_named() {
    let mut recording = Recording::at(Level::Deadlock);
    record(Level::Deadlock, &mut recording, "r(A) W(B) ; W(B) r(A) ; W(A)");
    let violations = recording.violations();
    let [violation] = violations.as_slice() else { panic!("{violations:?}") };
    let Violation::Inversion { cycle, writers, proven: true, .. } = violation.as_ref() else {
        panic!("{violation:?}")
    };
    assert_eq!((cycle.len(), writers.len()), (2, 1));
    assert_eq!(writers[0].wanted.class.name.as_deref(), Some("A"));
}

#[test]
fn the_ledger_does_not_show_what_is_reported() {
    let mut recording = Recording::at(Level::Deadlock);
    let gated = "W(G) W(A) W(B) ; W(G) W(B) W(A)";
    assert_eq!(record(Level::Deadlock, &mut recording, gated), None);
    assert_eq!(recording.tracker.ledger().len(), 1);
    record(Level::Deadlock, &mut recording, "W(B) W(A)");
    assert_eq!(recording.tracker.ledger(), []);
    record(Level::Deadlock, &mut recording, gated);
    assert_eq!(recording.tracker.ledger(), []);
}

#[test]
fn a_gate_over_all_orders_of_many_locks_holds_all_of_them_back() {
    let locks = "ABCDEFHIJKL";
    let mut recording = Recording::at(Level::Deadlock);
    for one in locks.chars() {
        for other in locks.chars().filter(|other| *other != one) {
            let run = format!("W(G) W({one}) W({other})");
            assert_eq!(record(Level::Deadlock, &mut recording, &run), None, "`{run}`");
        }
    }
    assert!(!recording.tracker.ledger().is_empty());
}

/// Records each run by the task of its number, at level `observed`.
fn observe(text: &str, tasks: &[usize]) -> (usize, Vec<Reason>) {
    let mut recording = Recording::at(Level::Observed);
    let all = ["1", "2", "3"].map(Task::new);
    // A task begins with its first acquire.
    for task in &all {
        recording.run(task, &parse("W(Z)")[0]);
    }
    let runs = parse(text);
    let met = runs.iter().zip(tasks).map(|(run, &task)| recording.run(&all[task], run).len()).sum();
    (met, reasons(&recording))
}

fn reasons(recording: &Recording) -> Vec<Reason> {
    recording.tracker.ledger().into_iter().map(|held_back| held_back.reason).collect()
}

#[test]
fn what_one_task_does_alone_is_not_observed() {
    let inversion = "W(A) W(B) ; W(B) W(A)";
    assert_eq!(observe(inversion, &[0, 0]), (0, vec![Reason::OneThread]));
    assert_eq!(observe(inversion, &[0, 1]), (1, vec![]));
    // The second task does what the first has done, and only then is it news.
    assert_eq!(observe("W(A) W(B) ; W(B) W(A) ; W(A) W(B)", &[0, 0, 1]), (1, vec![]));
}

#[test]
fn a_circle_of_three_is_observed_of_three_tasks() {
    let circle = "W(A) W(B) ; W(B) W(C) ; W(C) W(A)";
    assert_eq!(observe(circle, &[0, 1, 1]), (0, vec![Reason::NeedsTasks { tasks: 3 }]));
    assert_eq!(observe(circle, &[0, 1, 2]), (1, vec![]));
}

#[test]
fn tasks_that_were_never_alive_together_are_not_observed() {
    let mut recording = Recording::at(Level::Observed);
    let runs = parse("W(A) W(B) ; W(B) W(A)");
    for (name, run) in ["first", "second"].into_iter().zip(&runs) {
        assert_eq!(recording.run(&Task::new(name), run).len(), 0);
    }
    assert_eq!(reasons(&recording), [Reason::NeverTogether]);
}
