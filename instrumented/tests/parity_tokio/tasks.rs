//! The functions that start tasks, and the sets of tasks.

use std::task::{Context, Poll, Waker};

use super::run;
use crate::tokio::runtime::{Builder, Handle, Runtime};
use crate::tokio::task::{self, AbortHandle, JoinHandle, JoinSet, LocalSet};
use crate::tokio::{self, join, select, try_join};

#[test]
fn join_set_has_all_its_functions() {
    let mut set = JoinSet::new();
    assert!(JoinSet::is_empty(&JoinSet::<u8>::new()));
    let runtime = Builder::new_current_thread().build().unwrap();
    let _: AbortHandle = JoinSet::spawn_on(&mut set, async { 1 }, runtime.handle());
    runtime.block_on(async {
        JoinSet::spawn(&mut set, async { 2 });
        JoinSet::spawn_blocking(&mut set, || 3);
        JoinSet::spawn_blocking_on(&mut set, || 4, &Handle::current());
        let local = LocalSet::new();
        JoinSet::spawn_local_on(&mut set, async { 5 }, &local);
        local.run_until(async { JoinSet::spawn_local(&mut set, async { 6 }) }).await;
        assert_eq!(JoinSet::len(&set), 6);
        let first = JoinSet::join_next(&mut set).await.unwrap().unwrap();
        let (_, second) = JoinSet::join_next_with_id(&mut set).await.unwrap().unwrap();
        let mut context = Context::from_waker(Waker::noop());
        let mut sum = first + second;
        local.await;
        while let Poll::Ready(Some(done)) = JoinSet::poll_join_next(&mut set, &mut context) {
            sum += done.unwrap();
        }
        while let Some(done) = JoinSet::try_join_next(&mut set) {
            sum += done.unwrap();
        }
        while let Poll::Ready(Some(done)) = JoinSet::poll_join_next_with_id(&mut set, &mut context)
        {
            sum += done.unwrap().1;
        }
        while let Some(done) = JoinSet::try_join_next_with_id(&mut set) {
            sum += done.unwrap().1;
        }
        sum += set.join_all().await.into_iter().sum::<u8>();
        assert_eq!(sum, 21);
        let mut set: JoinSet<()> =
            [std::future::pending(), std::future::pending()].into_iter().collect();
        set.extend([std::future::pending()]);
        assert_eq!(format!("{set:?}"), "JoinSet { len: 3 }");
        JoinSet::abort_all(&mut set);
        JoinSet::shutdown(&mut set).await;
        set.spawn(std::future::ready(()));
        JoinSet::detach_all(&mut set);
        assert_eq!(JoinSet::join_all(set).await, []);
        assert!(JoinSet::<()>::default().is_empty());
    });
}

#[test]
fn local_set_has_all_its_functions() {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let mut local = LocalSet::new();
    let task: JoinHandle<u8> = LocalSet::spawn_local(&local, async { 1 });
    assert_eq!(LocalSet::block_on(&local, &runtime, task).unwrap(), 1);
    let guard = LocalSet::enter(&local);
    task::spawn_local(async {});
    drop(guard);
    assert_eq!(runtime.block_on(LocalSet::run_until(&local, async { 2 })), 2);
    let other = LocalSet::default();
    assert_ne!(LocalSet::id(&local), other.id());
    runtime.block_on(&mut local);
    assert_eq!(format!("{local:?}"), "LocalSet");
    runtime.block_on(local);
}

#[test]
fn tasks_are_started_in_every_way() {
    let runtime = Runtime::new().unwrap();
    runtime.block_on(async {
        let task: JoinHandle<u8> = tokio::spawn(async { 1 });
        assert_eq!(task.await.unwrap() + task::spawn(async { 2 }).await.unwrap(), 3);
        let job: JoinHandle<u8> = task::spawn_blocking(|| 3);
        assert_eq!(job.await.unwrap() + task::block_in_place(|| 4), 7);
        let task = tokio::spawn(std::future::pending::<()>());
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
    });
}

#[test]
fn handles_of_tasks_have_all_their_functions() {
    run(async {
        let mut task: JoinHandle<u8> = tokio::spawn(std::future::pending());
        let aborts: AbortHandle = JoinHandle::abort_handle(&task);
        assert!(!JoinHandle::is_finished(&task) && !AbortHandle::is_finished(&aborts));
        assert_eq!(JoinHandle::id(&task), AbortHandle::id(&aborts.clone()));
        assert!(format!("{task:?}").starts_with("JoinHandle { id: Id("), "{task:?}");
        assert!(format!("{aborts:?}").starts_with("AbortHandle { id: Id("), "{aborts:?}");
        AbortHandle::abort(&aborts);
        assert!((&mut task).await.unwrap_err().is_cancelled() && task.is_finished());
        let job: JoinHandle<u8> = task::spawn_blocking(|| 1);
        JoinHandle::abort(&job);
        drop(job.await);
        let pair: (JoinHandle<u8>, JoinHandle<u8>) =
            (tokio::spawn(async { 1 }), tokio::spawn(async { panic!("as asked") }));
        let (one, panicked) = join!(pair.0, pair.1);
        assert_eq!(one.unwrap(), 1);
        assert!(panicked.unwrap_err().is_panic());
    });
}

#[test]
fn a_set_can_be_waited_for_at_the_same_time_as_something_else() {
    fn is_send<T: Send>(_: &T) {}
    let mut set = JoinSet::<u8>::new();
    is_send(&set.join_next());
    is_send(&set.join_next_with_id());
    is_send(&set.shutdown());
    is_send(&set.join_all());
    run(async {
        let mut set = JoinSet::new();
        set.spawn(async { 1 });
        let next = select! {
            biased;
            () = std::future::ready(()) => None,
            next = set.join_next() => next,
        };
        assert!(next.is_none() && set.len() == 1);
        assert_eq!(set.join_next().await.unwrap().unwrap(), 1);
        assert!(set.join_next().await.is_none());
        set.spawn(async { panic!("as asked") });
        assert!(set.join_next_with_id().await.unwrap().unwrap_err().is_panic());
    });
}

#[test]
#[should_panic(expected = "as asked")]
fn a_panic_in_a_set_comes_out_of_the_join_of_all() {
    run(async {
        let mut set = JoinSet::<()>::new();
        set.spawn(async { panic!("as asked") });
        set.join_all().await;
    });
}

#[tokio::main(flavor = "current_thread")]
async fn main_of_one_thread() -> u8 {
    1
}

#[tokio::main(worker_threads = 2)]
async fn main_of_two_threads() -> u8 {
    tokio::spawn(async { 2 }).await.unwrap()
}

#[test]
fn programs_begin_as_they_do() {
    assert_eq!(main_of_one_thread() + main_of_two_threads(), 3);
}

#[tokio::test]
async fn tests_begin_as_they_do() {
    assert!(tokio::spawn(async {}).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn tests_begin_with_threads_too() {
    assert!(tokio::spawn(async {}).await.is_ok());
}

#[test]
fn macros_are_there() {
    tokio::task_local! { static NUMBER: u8; }
    run(async {
        let (one, two) = join!(async { 1 }, async { 2 });
        let three = try_join!(async { Ok::<_, ()>(1) }, async { Ok(2) });
        assert_eq!((one, two, three), (1, 2, Ok((1, 2))));
        let chosen = select! {
            () = std::future::pending() => 1,
            two = async { 2 } => two,
        };
        assert_eq!(chosen, 2);
        let mut rest = Some(5);
        let mut sum = 0;
        loop {
            select! {
                biased;
                _ = async {}, if false => unreachable!(),
                Some(number) = async { rest.take() } => { sum += number }
                // What is borrowed here lives until the choice is made.
                number = &mut Box::pin(async { 6 }), if sum < 10 => sum += number,
                else => break,
            }
        }
        assert_eq!((sum, select! { else => 7 }), (11, 7));
        let (one, two) = join!(biased; std::future::ready(1), async { 2 },);
        assert_eq!((one, two, try_join!(async { Err::<(), _>(3) })), (1, 2, Err(3)));
        let () = join!();
        tokio::pin! { let future = async { 3 }; }
        assert_eq!(future.await, 3);
        assert_eq!(NUMBER.scope(4, async { NUMBER.get() }).await, 4);
    });
}

#[test]
fn the_largest_choice_there_is_needs_no_larger_recursion_limit() {
    let never = std::future::pending::<u8>;
    let chosen = run(async {
        select! {
            biased;
            0 = never() => 0, 0 = never() => 0, 0 = never() => 0, 0 = never() => 0,
            0 = never() => 0, 0 = never() => 0, 0 = never() => 0, 0 = never() => 0,
            0 = never() => 0, 0 = never() => 0, 0 = never() => 0, 0 = never() => 0,
            0 = never() => 0, 0 = never() => 0, 0 = never() => 0, 0 = never() => 0,
            0 = never() => 0, 0 = never() => 0, 0 = never() => 0, 0 = never() => 0,
            0 = never() => 0, 0 = never() => 0, 0 = never() => 0, 0 = never() => 0,
            0 = never() => 0, 0 = never() => 0, 0 = never() => 0, 0 = never() => 0,
            0 = never() => 0, 0 = never() => 0, 0 = never() => 0, 0 = never() => 0,
            0 = never() => 0, 0 = never() => 0, 0 = never() => 0, 0 = never() => 0,
            0 = never() => 0, 0 = never() => 0, 0 = never() => 0, 0 = never() => 0,
            0 = never() => 0, 0 = never() => 0, 0 = never() => 0, 0 = never() => 0,
            0 = never() => 0, 0 = never() => 0, 0 = never() => 0, 0 = never() => 0,
            0 = never() => 0, 0 = never() => 0, 0 = never() => 0, 0 = never() => 0,
            0 = never() => 0, 0 = never() => 0, 0 = never() => 0, 0 = never() => 0,
            0 = never() => 0, 0 = never() => 0, 0 = never() => 0, 0 = never() => 0,
            0 = never() => 0, 0 = never() => 0,
            number = async { 63 } => number,
            number = async { 64 } => number,
        }
    });
    assert_eq!(chosen, 63);
}
