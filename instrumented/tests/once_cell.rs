//! What the tracker hears of `once_cell`'s cells.

#![cfg(all(
    feature = "once_cell",
    feature = "lockdep",
    any(debug_assertions, feature = "lockdep-release")
))]

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use instrumented::once_cell::sync::{Lazy, OnceCell};
use lockdep::Mode;

fn modes() -> Vec<Mode> {
    lockdep::held().iter().map(|lock| lock.mode).collect()
}

#[test]
fn an_initialiser_runs_with_its_cell_held_and_later_calls_record_nothing() {
    let (cell, tried) = (OnceCell::new(), OnceCell::new());
    let lazy = Lazy::new(modes);
    assert_eq!(tried.get_or_try_init(|| Err::<Vec<Mode>, _>(modes())), Err(vec![Mode::Exclusive]));
    assert_eq!(tried.get_or_try_init(|| Ok::<_, u8>(modes())), Ok(&vec![Mode::Exclusive]));
    assert_eq!(cell.get_or_init(modes), &[Mode::Exclusive]);
    assert_eq!((lazy.len(), cell.wait().len(), modes()), (1, 1, vec![]));
    assert_eq!((cell.set(vec![]), cell.try_insert(vec![]).is_err()), (Err(vec![]), true));
}

#[test]
fn an_initialiser_that_wants_itself_is_found_before_it_blocks() {
    static CELL: OnceCell<u8> = OnceCell::new();
    static LAZY: Lazy<u8> = Lazy::new(|| *LAZY);
    let recursion = |f: fn()| {
        let panic = catch_unwind(f).expect_err("it is found");
        let text = panic.downcast_ref::<String>().expect("the report is text");
        assert!(text.contains("LD0001"), "{text}");
        assert_eq!(modes(), []);
    };
    recursion(|| _ = CELL.get_or_init(|| *CELL.get_or_init(|| 1)));
    recursion(|| _ = Lazy::force(&LAZY));
}

#[test]
fn the_cells_do_what_the_real_ones_do() {
    let mut cell = OnceCell::with_value(1);
    assert_eq!((cell.get(), cell.clone() == cell), (Some(&1), true));
    assert_eq!(cell.get_mut(), Some(&mut 1));
    assert_eq!(
        (cell.take(), cell.into_inner(), OnceCell::from(2).take()),
        (Some(1), None, Some(2))
    );
    let mut lazy = Lazy::new(|| 3);
    *lazy += 1;
    assert_eq!(Lazy::get(&lazy), Some(&4));
    assert_eq!(Lazy::get_mut(&mut lazy), Some(&mut 4));
    assert_eq!(Lazy::into_value(lazy).ok(), Some(4));
    assert_eq!(*Lazy::<u8>::default(), 0);
    let fails = Lazy::<u8, _>::new(|| resume_unwind(Box::new("given up")));
    let force = || _ = Lazy::force(&fails);
    assert!(catch_unwind(AssertUnwindSafe(force)).is_err());
    assert!(catch_unwind(AssertUnwindSafe(force)).is_err());
    assert_eq!((Lazy::get(&fails), modes()), (None, vec![]));
}
