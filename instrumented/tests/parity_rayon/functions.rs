//! The functions that use the pool which is there.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc;

use crate::jobs::{
    BroadcastContext, FnContext, Scope, ScopeFifo, Yield, broadcast, current_num_threads,
    current_thread_index, in_place_scope, in_place_scope_fifo, join, join_context, max_num_threads,
    scope, scope_fifo, spawn, spawn_broadcast, spawn_fifo, yield_local, yield_now,
};

#[test]
fn both_sides_of_a_join_are_run() {
    let text = "text".to_owned();
    assert_eq!(join(|| text.len(), || 2), (4, 2));
    let migrated = |context: FnContext| context.migrated();
    let (a, _b) = join_context(migrated, migrated);
    assert!(a, "this thread is none of the pool's");
    let sum = join(|| join(|| 1, || 2), || join(|| 3, || 4));
    assert_eq!(sum, ((1, 2), (3, 4)));
    let panic = std::panic::catch_unwind(|| join(|| 1, || std::panic::resume_unwind(Box::new(7))));
    assert_eq!(*panic.unwrap_err().downcast::<i32>().unwrap(), 7);
}

#[test]
fn a_scope_ends_after_its_jobs() {
    let count = AtomicUsize::new(0);
    let add = |number| _ = count.fetch_add(number, Relaxed);
    let result = scope(|scope: &Scope<'_>| {
        scope.spawn(|scope| scope.spawn(move |_| add(1)));
        scope.spawn_broadcast(|_, context| add(usize::from(context.index() == 0) * 10));
        assert!(format!("{scope:?}").starts_with("Scope {"));
        "scope"
    });
    assert_eq!((result, count.swap(0, Relaxed)), ("scope", 11));
    scope_fifo(|scope: &ScopeFifo<'_>| {
        scope.spawn_fifo(|scope| scope.spawn_fifo(move |_| add(1)));
        scope.spawn_broadcast(|_, context| add(usize::from(context.index() == 0) * 10));
        assert!(format!("{scope:?}").starts_with("ScopeFifo {"));
    });
    assert_eq!(count.swap(0, Relaxed), 11);
    let mut here = std::rc::Rc::new(0);
    in_place_scope(|scope| {
        scope.spawn(|_| add(1));
        *std::rc::Rc::get_mut(&mut here).unwrap() += 1;
    });
    in_place_scope_fifo(|scope| scope.spawn_fifo(|_| add(10)));
    assert_eq!((*here, count.swap(0, Relaxed)), (1, 11));
}

#[test]
fn what_is_spawned_runs_some_time() {
    let (send, receive) = mpsc::channel();
    for number in 0..2 {
        let send = send.clone();
        let job = move || send.send(number).unwrap();
        if number == 0 { spawn(job) } else { spawn_fifo(job) }
    }
    spawn_broadcast(move |_| send.send(2).unwrap());
    let mut numbers: Vec<i32> = receive.iter().collect();
    numbers.sort_unstable();
    assert_eq!(numbers.len(), 2 + current_num_threads());
    assert_eq!(numbers[..3], [0, 1, 2]);
}

#[test]
fn every_thread_is_reached() {
    let indices = broadcast(|context: BroadcastContext<'_>| {
        assert_eq!(context.num_threads(), current_num_threads());
        assert!(format!("{context:?}").starts_with("BroadcastContext {"));
        (context.index(), current_thread_index())
    });
    let expected: Vec<_> = (0..current_num_threads()).map(|index| (index, Some(index))).collect();
    assert_eq!(indices, expected);
    assert!(max_num_threads() >= indices.len());
    assert_eq!((current_thread_index(), yield_now(), yield_local()), (None, None, None));
    assert_ne!(Yield::Idle, Yield::Executed);
}
