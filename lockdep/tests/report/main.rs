//! The exact text of every kind of report.
//!
//! Each test compares with a file in `snapshots`. `UPDATE_SNAPSHOTS=1 cargo test …` writes them
//! instead; read what changed before it is kept.

#![cfg(all(feature = "lockdep", any(debug_assertions, feature = "lockdep-release")))]

mod sample;

use std::path::Path;
use std::{env, fs};

use lockdep::Mode::{Exclusive, Shared, SharedRecursive, Upgradable};
use lockdep::WaitType;
use lockdep::report::{Paths, Report};
use lockdep::violation::{
    Assertion, Awaited, Blocked, Boundary, ClosedBy, Dependency, Limit, Party, PinFault, Touch,
    Usage, Violation, Waiter,
};

use sample::{class, cycle, dependency, frames, inversion, point, touch};

fn text(violation: &Violation) -> String {
    let paths = Paths { roots: vec!["/ws".to_string()] };
    Report::new(violation, &paths).to_string()
}

fn check(name: &str, violation: &Violation) {
    let text = text(violation) + "\n";
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/report/snapshots");
    let file = folder.join(format!("{name}.txt"));
    if env::var_os("UPDATE_SNAPSHOTS").is_some() {
        fs::write(&file, &text).expect("the snapshot can be written");
    }
    let expected = fs::read_to_string(&file).unwrap_or_default();
    assert!(text == expected, "{} says otherwise:\n{text}", file.display());
    let widest = text.lines().map(|line| line.chars().count()).max();
    assert!(widest <= Some(100), "wider than 100 columns:\n{text}");
}

#[test]
fn an_inversion_of_two_threads() {
    check("inversion", &sample::indicatif("ticker", "main"));
}

#[test]
fn an_inversion_seen_in_one_thread() {
    check("inversion-one-thread", &sample::indicatif("main", "main"));
}

#[test]
fn an_inversion_without_stacks() {
    let mut violation = sample::indicatif("ticker", "main");
    if let Violation::Inversion { cycle, .. } = &mut violation {
        for dependency in cycle {
            dependency.held.at.frames.clear();
            dependency.wanted.at.frames.clear();
        }
    }
    check("inversion-without-stacks", &violation);
}

#[test]
fn an_inversion_of_readers_only() {
    let config = class("RwLock", "app::config::Config", 4);
    let cache = class("RwLock", "app::cache::Cache", 5);
    let there = dependency("a", touch(&config, Shared, 10), touch(&cache, Shared, 11));
    let back = dependency("b", touch(&cache, Shared, 20), touch(&config, Shared, 21));
    check("inversion-readers", &inversion(vec![there, back], 1));
}

#[test]
fn an_inversion_with_a_try_lock_and_equal_names() {
    let one = class("Mutex", "app::net::State", 4);
    let two = class("Mutex", "app::disk::State", 5);
    let mut there = dependency("a", touch(&one, Exclusive, 10), touch(&two, Exclusive, 11));
    there.held.trylock = true;
    let back = dependency("b", touch(&two, Exclusive, 20), touch(&one, Exclusive, 21));
    check("inversion-try-lock", &inversion(vec![there, back], 0));
}

#[test]
fn an_inversion_between_nesting_levels_and_named_classes() {
    let outer = class("Mutex", "alloc::vec::Vec<app::Job>", 4);
    let mut inner = outer.clone();
    inner.subclass = 1;
    let mut named = class("", "", 0);
    named.name = Some("mmap_lock".into());
    named.place.file = "".into();
    let locks = [outer, inner, named];
    check("inversion-named", &inversion(cycle(&locks), 2));
}

#[test]
fn a_circle_of_three() {
    let locks = ["Queue", "Workers", "Stats"].map(|name| sample::owned(name, 10));
    check("inversion-three", &inversion(cycle(&locks), 1));
}

#[test]
fn a_circle_of_ten() {
    let locks: Vec<_> = (0..10).map(|index| sample::owned(&format!("Lock{index}"), 10)).collect();
    check("inversion-ten", &inversion(cycle(&locks), 9));
}

#[test]
fn a_circle_of_fifty_is_complete_and_fits_the_page() {
    let locks: Vec<_> = (0..50).map(|index| sample::owned(&format!("Lock{index}"), 10)).collect();
    let text = text(&inversion(cycle(&locks), 49));
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    assert_eq!(text.matches("waits for worker-").count(), 50, "{text}");
    assert_eq!(text.matches("held since").count(), 50, "{text}");
}

#[test]
fn a_lock_taken_twice() {
    let state = class("Mutex", "app::state::State", 4);
    let mut twice = dependency("main", touch(&state, Exclusive, 31), touch(&state, Exclusive, 52));
    twice.held.at.frames = frames(&[("app::state::Account::withdraw", 31), ("app::main", 9)]);
    twice.wanted.at.frames = frames(&[
        ("app::state::Account::covers", 52),
        ("app::state::Account::withdraw", 32),
        ("app::main", 9),
    ]);
    check("recursion", &Violation::Recursion(twice));
}

#[test]
fn a_lock_read_twice() {
    let state = class("RwLock", "app::state::State", 4);
    let twice = dependency("worker-3", touch(&state, Shared, 31), touch(&state, Shared, 52));
    check("recursion-readers", &Violation::Recursion(twice));
}

#[test]
fn a_read_lock_upgraded_by_hand() {
    let state = class("RwLock", "app::state::State", 4);
    let held = touch(&state, SharedRecursive, 31);
    let upgrade = dependency("", held, touch(&state, Exclusive, 52));
    check("recursion-upgrade", &Violation::Recursion(upgrade));
}

#[test]
fn two_locks_of_one_kind_in_both_orders() {
    let account = class("Mutex", "app::bank::Account", 4);
    let locks = [account.clone(), account];
    let violation = Violation::InstanceInversion { cycle: cycle(&locks), closing: 1 };
    check("instance-inversion", &violation);
}

#[test]
fn instances_are_numbered_by_position_alone() {
    let account = class("Mutex", "app::bank::Account", 4);
    let mut cycle = cycle(&[account.clone(), account.clone(), account]);
    let text_of = |cycle: &[_], closing| {
        text(&Violation::InstanceInversion { cycle: cycle.to_vec(), closing })
    };
    let before = text_of(&cycle, 2);
    for dependency in &mut cycle {
        dependency.held.instance += 1000;
        dependency.wanted.instance += 1000;
    }
    cycle.rotate_left(1);
    assert_eq!(before, text_of(&cycle, 1));
}

#[test]
fn two_locks_of_one_kind_without_an_order() {
    let node = class("RwLock", "app::tree::Node", 4);
    let nesting = dependency("main", touch(&node, Shared, 31), touch(&node, Exclusive, 52));
    check("unordered-nesting", &Violation::UnorderedNesting(nesting));
}

#[test]
fn a_release_of_what_is_not_held() {
    let violation = Violation::ReleaseNotHeld {
        task: "main".to_string(),
        class: class("RawMutex", "", 4),
        at: point(31, &[("app::pool::Pool::put_back", 31), ("app::main", 9)]),
    };
    check("release-not-held", &violation);
}

#[test]
fn a_lock_destroyed_while_held() {
    let state = class("Mutex", "app::state::State", 4);
    let violation = Violation::HeldLockFreed {
        task: "main".to_string(),
        held: touch(&state, Exclusive, 31),
        at: point(40, &[("app::close", 40), ("app::main", 9)]),
    };
    check("held-lock-freed", &violation);
}

#[test]
fn a_failed_assertion() {
    let state = class("RwLock", "app::state::State", 4);
    let violation = Violation::AssertionFailed {
        task: "main".to_string(),
        assertion: Assertion::HeldWrite,
        class: Some(state.clone()),
        context: None,
        held: vec![touch(&state, Shared, 31)],
        at: point(77, &[("app::state::State::push", 77), ("app::main", 9)]),
    };
    check("assertion-write", &violation);
}

#[test]
fn a_failed_assertion_about_all_locks() {
    let held = ["Queue", "Stats"].map(|name| touch(&sample::owned(name, 10), Exclusive, 31));
    let violation = Violation::AssertionFailed {
        task: "main".to_string(),
        assertion: Assertion::NoneHeld,
        class: None,
        context: None,
        held: held.to_vec(),
        at: point(77, &[("app::block_on", 77)]),
    };
    check("assertion-none", &violation);
}

#[test]
fn a_failed_assertion_about_an_unknown_lock() {
    let violation = Violation::AssertionFailed {
        task: "main".to_string(),
        assertion: Assertion::Held,
        class: None,
        context: None,
        held: Vec::new(),
        at: point(77, &[]),
    };
    check("assertion-unknown", &violation);
}

#[test]
fn a_failed_assertion_about_a_context() {
    let violation = |assertion| Violation::AssertionFailed {
        task: "main".to_string(),
        assertion,
        class: None,
        context: Some("logger".to_string()),
        held: vec![touch(&sample::owned("Queue", 10), Exclusive, 31)],
        at: point(77, &[("app::rotate", 77), ("app::main", 9)]),
    };
    check("assertion-in-context", &violation(Assertion::InContext));
    check("assertion-not-in-context", &violation(Assertion::NotInContext));
    check("assertion-blocked", &violation(Assertion::ContextBlocked));
    check("assertion-open", &violation(Assertion::ContextOpen));
}

#[test]
fn a_nest_lock_that_is_not_held() {
    let (node, tree) = (sample::owned("Node", 10), sample::owned("Tree", 12));
    let wanted = touch(&node, Exclusive, 52);
    let violation = |held| Violation::NestNotHeld {
        task: "main".to_string(),
        wanted: wanted.clone(),
        nest: tree.clone(),
        held,
    };
    check("nest-not-held", &violation(vec![touch(&node, Exclusive, 31)]));
    check("nest-not-held-another", &violation(vec![touch(&tree, Exclusive, 31)]));
    check("nest-not-held-nothing", &violation(Vec::new()));
}

#[test]
fn locks_taken_against_their_declared_order() {
    let shard = class("Mutex", "app::cache::Shard", 4);
    let nesting = dependency("main", touch(&shard, Exclusive, 31), touch(&shard, Exclusive, 52));
    let violation = |ranks| Violation::DeclaredOrder { dependency: nesting.clone(), ranks };
    check("declared-order", &violation((3, 1)));
    check("declared-order-same-rank", &violation((3, 3)));
}

#[test]
fn a_broken_pin() {
    let queue = class("Mutex", "app::Queue", 4);
    let violation = |fault, held| Violation::PinBroken {
        task: "main".to_string(),
        class: queue.clone(),
        fault,
        held,
        at: point(40, &[("app::notify", 40), ("app::main", 9)]),
    };
    let held = || Some(touch(&queue, Exclusive, 31));
    check("pin-released", &violation(PinFault::Released, held()));
    check("pin-of-unheld", &violation(PinFault::PinOfUnheld, None));
    check("unpin-of-unheld", &violation(PinFault::UnpinOfUnheld, None));
    check("unpin-of-unpinned", &violation(PinFault::UnpinOfUnpinned, held()));
    check("unpin-wrong-cookie", &violation(PinFault::WrongCookie, held()));
}

#[test]
fn a_mode_that_cannot_be_changed() {
    let table = class("RwLock", "app::Table", 4);
    let violation = |held: Option<_>, to| Violation::BadModeChange {
        task: "main".to_string(),
        class: table.clone(),
        held: held.map(|mode| touch(&table, mode, 31)),
        to,
        at: point(40, &[("app::publish", 40), ("app::main", 9)]),
    };
    check("downgrade-of-reader", &violation(Some(Shared), Shared));
    check("downgrade-of-unheld", &violation(None, Upgradable));
    check("upgrade-of-reader", &violation(Some(SharedRecursive), Exclusive));
    check("upgrade-of-unheld", &violation(None, Exclusive));
}

/// How a lock was used: by whom, how it was taken and where.
fn usage(task: &str, touch: Touch) -> Usage {
    Usage { task: task.to_string(), touch, opened: None }
}

#[test]
fn a_lock_of_a_context_held_where_it_may_come() {
    let sink = class("Mutex", "app::log::Sink", 4);
    let mut taken = usage("worker", touch(&sink, Exclusive, 52));
    taken.touch.at.frames = frames(&[("app::log::write", 52), ("app::log::log", 9)]);
    let mut open = usage("main", touch(&sink, Exclusive, 31));
    open.touch.at.frames = frames(&[("app::log::rotate", 31), ("app::main", 9)]);
    for (name, closing) in
        [("inconsistent-taken", ClosedBy::Taken), ("inconsistent-open", ClosedBy::Open)]
    {
        let (context, taken, open) = ("logger".to_string(), taken.clone(), open.clone());
        check(name, &Violation::InconsistentState { context, taken, open, closing });
    }
}

#[test]
fn a_lock_held_by_a_reader_when_a_context_is_let_in() {
    let config = class("RwLock", "app::config::Config", 4);
    let taken = usage("main", touch(&config, Shared, 52));
    let mut open = usage("main", touch(&config, Shared, 31));
    open.opened = Some(point(35, &[("app::reload", 35), ("app::main", 9)]));
    let (context, closing) = ("signal handler".to_string(), ClosedBy::Open);
    check("inconsistent-let-in", &Violation::InconsistentState { context, taken, open, closing });
}

#[test]
fn a_lock_of_a_context_that_leads_to_another() {
    let locks = ["Sink", "Disk", "Quota"].map(|name| sample::owned(name, 10));
    let [sink, disk, quota] = &locks;
    let step = |task: &str, held, wanted, line| {
        dependency(task, touch(held, Exclusive, line), touch(wanted, Exclusive, line + 1))
    };
    let way = [step("flusher", sink, disk, 60), step("main", disk, quota, 70)];
    let taken = usage("worker", touch(sink, Exclusive, 52));
    let closings = [
        ("context-inversion-taken", ClosedBy::Taken, 1),
        ("context-inversion-open", ClosedBy::Open, 2),
        ("context-inversion-dependency", ClosedBy::Dependency(1), 2),
    ];
    for (name, closing, length) in closings {
        let last = if length == 1 { disk } else { quota };
        let open = usage("main", touch(last, Exclusive, 31));
        let (context, taken, way) = ("logger".to_string(), taken.clone(), way[..length].to_vec());
        check(name, &Violation::ContextInversion { context, taken, way, open, closing });
    }
}

#[test]
fn a_wait_that_is_not_allowed() {
    let state = class("Mutex", "app::state::State", 4);
    let queue = class("SpinLock", "app::queue::Queue", 5);
    let wanted = touch(&state, Exclusive, 52);
    let held = touch(&queue, Exclusive, 31);
    let violation = |wanted: Option<&Touch>, needs, allowed, limit| Violation::InvalidWait {
        task: "main".to_string(),
        wanted: wanted.cloned(),
        needs,
        allowed,
        limit,
        at: point(52, &[("app::run", 52), ("app::main", 9)]),
    };
    let (blocking, waiting) = (WaitType::Blocking, WaitType::Waiting);
    let in_spin = violation(Some(&wanted), blocking, WaitType::Config, Limit::Held(held));
    check("wait-lock-in-spin", &in_spin);
    let handler = Limit::Context("signal handler".to_string());
    check("wait-lock-in-handler", &violation(Some(&wanted), blocking, WaitType::Free, handler));
    let under = Limit::Held(touch(&state, Exclusive, 31));
    check("wait-await-under-lock", &violation(None, WaitType::Async, waiting, under));
    let poll = Limit::Context("poll".to_string());
    check("wait-join-in-poll", &violation(None, waiting, blocking, poll));
}

fn blocked(dependency: Dependency) -> Blocked {
    Blocked { dependency, others: Vec::new(), behind: None }
}

#[test]
fn a_deadlock_with_its_history() {
    let cycle = cycle(&[sample::owned("Ledger", 4), sample::owned("Journal", 5)]);
    let mut parties: Vec<Blocked> = cycle.into_iter().map(blocked).collect();
    let log = class("Mutex", "app::log::Log", 6);
    parties[1].others.push(touch(&log, Exclusive, 90));
    let mut before = parties[0].dependency.clone();
    before.task = "startup".to_string();
    before.held.at = point(300, &[("app::startup::load", 300), ("app::main", 9)]);
    before.wanted.at = point(301, &[("app::startup::load", 301), ("app::main", 9)]);
    let violation = Violation::Deadlock { parties, closing: 1, history: vec![before] };
    check("deadlock", &violation);
}

#[test]
fn a_deadlock_of_one_kind_behind_a_writer() {
    let table = class("RwLock", "app::table::Table", 4);
    let there = dependency("reader", touch(&table, Shared, 10), touch(&table, Exclusive, 11));
    let back = dependency("reader", touch(&table, Exclusive, 20), touch(&table, Shared, 21));
    let mut parties = vec![blocked(there), blocked(back)];
    let wanted = touch(&table, Exclusive, 30);
    parties[1].behind = Some(Waiter { task: "cleaner".to_string(), wanted });
    check("deadlock-readers", &Violation::Deadlock { parties, closing: 0, history: Vec::new() });
}

#[test]
fn a_thread_that_ended_with_a_lock() {
    let held = touch(&class("Mutex", "app::state::State", 4), Exclusive, 31);
    check("ended-holding", &Violation::EndedHolding { task: "worker".to_string(), held });
}

#[test]
fn a_lock_held_across_an_await() {
    let held = touch(&class("Mutex", "app::cache::Cache", 4), Exclusive, 31);
    let spawned = lockdep::place::Place { file: "src/main.rs".into(), line: 10, column: 5 };
    let task = "task of src/main.rs:10:5".to_string();
    check("held-across-await", &Violation::HeldAcrossAwait { task, spawned, held });
}

#[test]
fn a_lock_held_across_fork_and_exit() {
    let held_across = |boundary| Violation::HeldAcross {
        boundary,
        task: "main".to_string(),
        holder: "logger".to_string(),
        held: touch(&class("Mutex", "app::log::Log", 4), Exclusive, 31),
        at: point(40, &[("app::child", 40), ("app::main", 9)]),
    };
    check("held-across-fork", &held_across(Boundary::Fork));
    check("held-across-exec", &held_across(Boundary::Exec));
    check("held-across-exit", &held_across(Boundary::Exit));
}

#[test]
fn a_circle_through_a_channel() {
    let state = class("Mutex", "app::state::State", 4);
    let (frames, worker) = ([("app::save", 31), ("app::main", 9)], [("app::worker", 71)]);
    let parties = vec![
        Party::Waits {
            task: "main".to_string(),
            held: Touch { at: point(31, &frames), ..touch(&state, Exclusive, 31) },
            awaited: Awaited::Event(class("channel", "app::Answer", 14)),
            at: point(33, &[("app::save", 33), ("app::main", 9)]),
        },
        Party::Runs {
            task: "worker".to_string(),
            code: Some(class("thread", "app::start::{{closure}}", 60)),
            made: Some(point(75, &[("app::worker", 75)])),
            wanted: Touch { at: point(71, &worker), ..touch(&state, Exclusive, 71) },
        },
    ];
    check("wait-circle-channel", &Violation::WaitCircle { parties });
}

#[test]
fn a_circle_through_joins_and_another_lock() {
    let state = class("Mutex", "app::state::State", 4);
    let table = class("RwLock", "app::table::Table", 5);
    let code = |line| class("thread", "app::start::{{closure}}", line);
    let parties = vec![
        Party::Waits {
            task: "main".to_string(),
            held: touch(&state, Exclusive, 31),
            awaited: Awaited::End(code(60)),
            at: point(33, &[("app::stop", 33), ("app::main", 9)]),
        },
        Party::Joins {
            task: "worker".to_string(),
            code: code(80),
            at: point(81, &[("app::worker", 81)]),
        },
        Party::Runs {
            task: "filler".to_string(),
            code: Some(code(80)),
            made: None,
            wanted: touch(&table, Shared, 90),
        },
        Party::Holds(dependency(
            "main",
            touch(&table, Exclusive, 40),
            touch(&state, Exclusive, 41),
        )),
    ];
    check("wait-circle-join", &Violation::WaitCircle { parties });
}

#[test]
fn a_join_under_a_lock() {
    let violation = Violation::JoinUnderLock {
        task: "main".to_string(),
        held: touch(&class("Mutex", "core::option::Option<app::Handle>", 4), Exclusive, 31),
        code: class("thread", "app::start::{{closure}}", 60),
        at: point(32, &[("app::stop", 32), ("app::main", 9)]),
    };
    check("join-under-lock", &violation);
}

#[test]
fn waits_that_nobody_can_end() {
    let endless = |awaited| Violation::EndlessWait {
        task: "worker".to_string(),
        awaited,
        at: point(32, &[("app::stop", 32), ("app::main", 9)]),
    };
    let code = class("thread", "app::start::{{closure}}", 60);
    check("endless-join", &endless(Awaited::End(code)));
    let room = class("room in channel", "app::Job", 14);
    check("endless-send", &endless(Awaited::Event(room)));
}
