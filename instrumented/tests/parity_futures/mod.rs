//! What is replaced of `futures`, used over `crate::futures`: each test crate that includes this module
//! says which one that is.

use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use crate::futures::executor::block_on;
use crate::futures::future::{Either, FusedFuture, FutureExt};
use crate::futures::future::{
    Join, Join3, JoinAll, TryJoin, TryJoinAll, join, join_all, join3, join4, join5, pending, ready,
    try_join, try_join_all, try_join3, try_join4, try_join5,
};
use crate::futures::future::{
    Select, SelectAll, SelectOk, TrySelect, select, select_all, select_ok, try_select,
};
use crate::futures::lock::{
    MappedMutexGuard, Mutex, MutexGuard, MutexLockFuture, OwnedMutexGuard, OwnedMutexLockFuture,
};
use crate::futures::stream::{self, FusedStream, StreamExt};
use crate::futures::{self, pin_mut, poll};

fn is_shared<T: Send + Sync>(_: &T) {}

#[test]
fn the_mutex_is_locked_in_all_ways() {
    static CONSTANT: Mutex<u8> = Mutex::new(1);
    let mut mutex: Mutex<(u8, u8)> = Mutex::from((1, 2));
    assert_eq!(*Mutex::<u8>::default().get_mut() + *CONSTANT.try_lock().unwrap(), 1);
    mutex.get_mut().0 = 3;
    assert_eq!(format!("{mutex:?}"), "Mutex { is_locked: false, has_waiters: false }");
    let guard: MutexGuard<'_, (u8, u8)> = mutex.try_lock().unwrap();
    is_shared(&guard);
    assert!(mutex.try_lock().is_none() && format!("{guard:?}").starts_with("MutexGuard {"));
    let part: MappedMutexGuard<'_, (u8, u8), u8> = MutexGuard::map(guard, |pair| &mut pair.0);
    let mut part = MappedMutexGuard::map(part, |byte| byte);
    *part += 1;
    is_shared(&part);
    assert!(format!("{part:?}").starts_with("MappedMutexGuard { value: 4"));
    drop(part);
    assert_eq!(mutex.into_inner(), (4, 2));
    let mutex: Arc<Mutex<[u8]>> = Arc::new(Mutex::new([1, 2]));
    block_on(async {
        mutex.lock().await[0] = 2;
        let mut future: OwnedMutexLockFuture<[u8]> = Arc::clone(&mutex).lock_owned();
        is_shared(&future);
        let guard: OwnedMutexGuard<[u8]> = (&mut future).await;
        assert!(future.is_terminated() && mutex.try_lock_owned().is_none());
        is_shared(&guard);
        assert!(format!("{guard:?} {future:?}").starts_with("OwnedMutexGuard { value: [2, 2]"));
        let waiting: MutexLockFuture<'_, [u8]> = mutex.lock();
        is_shared(&waiting);
        assert!(!waiting.is_terminated());
        assert!(format!("{waiting:?}").starts_with("MutexLockFuture {"));
        drop(guard);
        assert_eq!(waiting.await.len(), 2);
    });
    assert!(mutex.try_lock_owned().is_some() && Arc::strong_count(&mutex) == 1);
}

#[test]
fn futures_are_joined_in_all_ways() {
    block_on(async {
        let two: Join<_, _> = join(ready(1), ready(2));
        let mut two = pin!(two);
        assert_eq!((two.as_mut().await, two.is_terminated()), ((1, 2), true));
        let three: Join3<_, _, _> = join3(ready(1), ready(2), ready(3));
        assert_eq!(three.await, (1, 2, 3));
        assert_eq!(join4(ready(1), ready(2), ready(3), ready(4)).await, (1, 2, 3, 4));
        let five = join5(ready(1), ready(2), ready(3), ready(4), ready(5));
        assert_eq!(five.await, (1, 2, 3, 4, 5));
        let all: JoinAll<_> = join_all([1, 2].map(ready));
        assert_eq!(all.await, [1, 2]);
        assert_eq!((0..99).map(ready).collect::<JoinAll<_>>().await.len(), 99);
        assert_eq!(futures::join!(ready(1), async { 2 }), (1, 2));
        assert_eq!(futures::join!(ready(1),), (1,));
        assert_eq!(poll!(join(ready(1), pending::<u8>())), Poll::Pending);
    });
}

#[test]
fn futures_that_may_fail_are_joined_in_all_ways() {
    let fine = |number: u8| ready(Ok::<u8, &str>(number));
    let failed = || ready(Err::<u8, &str>("failed"));
    block_on(async {
        let two: TryJoin<_, _> = try_join(fine(1), async { Ok::<char, &str>('2') });
        assert_eq!(two.await, Ok((1, '2')));
        assert_eq!(try_join(pending::<Result<u8, &str>>(), failed()).await, Err("failed"));
        assert_eq!(try_join3(fine(1), fine(2), fine(3)).await, Ok((1, 2, 3)));
        assert_eq!(try_join4(fine(1), fine(2), fine(3), failed()).await, Err("failed"));
        let five = try_join5(fine(1), fine(2), fine(3), fine(4), fine(5));
        assert_eq!(five.await, Ok((1, 2, 3, 4, 5)));
        let all: TryJoinAll<_> = try_join_all([fine(1).boxed(), fine(2).boxed()]);
        assert_eq!(all.await, Ok(vec![1, 2]));
        assert_eq!([fine(1), failed()].into_iter().collect::<TryJoinAll<_>>().await, Err("failed"));
        assert_eq!(futures::try_join!(fine(1), async { Ok::<char, &str>('2') }), Ok((1, '2')));
        assert_eq!(futures::try_join!(fine(1), failed()), Err("failed"));
    });
}

#[test]
fn the_first_is_selected_in_all_ways() {
    let one: Select<_, _> = select(ready(1), pending::<u8>());
    assert!(format!("{one:?}").starts_with("Select { inner: Some((Ready(Some(1)), Pending"));
    let mut one = pin!(one);
    let Either::Left((1, _rest)) = block_on(one.as_mut()) else { panic!("the first is ready") };
    assert!(one.is_terminated());
    let Either::Right(('2', rest)) = block_on(select(pending::<u8>(), ready('2'))) else {
        panic!("the second is ready")
    };
    assert!(poll_once(rest).is_pending());

    let several: SelectAll<_> = select_all([ready(1).boxed(), pending().boxed()]);
    assert_eq!(several.into_inner().len(), 2);
    let several = [pending().boxed(), ready(1).boxed(), ready(2).boxed()];
    let (output, index, rest) = block_on(several.into_iter().collect::<SelectAll<_>>());
    assert_eq!((output, index, rest.len()), (1, 1, 2));
    assert_eq!(block_on(select_all(rest)).0, 2);
}

#[test]
fn the_first_of_futures_that_may_fail_is_selected_in_all_ways() {
    let fine = |number: u8| ready(Ok::<u8, &str>(number));
    let failed = || ready(Err::<u8, &str>("failed"));
    let two: TrySelect<_, _> = try_select(fine(1), pending::<Result<u8, &str>>());
    assert!(matches!(block_on(two), Ok(Either::Left((1, _)))));
    let never = pending::<Result<u8, &str>>();
    assert!(matches!(block_on(try_select(never, failed())), Err(Either::Right(("failed", _)))));
    let several: SelectOk<_> = select_ok([failed(), fine(1), fine(2)]);
    let (output, rest) = block_on(several).unwrap();
    assert_eq!((output, rest.len()), (1, 1));
    let several: SelectOk<_> = [failed(), failed()].into_iter().collect();
    assert_eq!(block_on(several).unwrap_err(), "failed");
}

fn poll_once<F: Future + Unpin>(future: F) -> Poll<F::Output> {
    block_on(async { poll!(future) })
}

#[test]
fn the_macros_select_in_all_forms() {
    block_on(async {
        let (one, mut other) = (ready(1).fuse(), pending::<u8>().fuse());
        pin_mut!(one);
        let got = futures::select! {
            number = one => number,
            _ = other => unreachable!(),
        };
        assert_eq!(got, 1);
        let mut numbers = stream::iter([1, 2, 3]).fuse();
        let mut more = stream::iter(["a", "b"]).fuse();
        let (mut sum, mut text) = (0, String::new());
        loop {
            futures::select! {
                number = numbers.next() => if let Some(number) = number { sum += number },
                letter = more.select_next_some() => { text.push_str(letter) }
                complete => break,
            }
        }
        assert_eq!((sum, text.as_str(), numbers.is_terminated()), (6, "ab", true));
        let nothing = futures::select_biased! {
            _ = other => { 1 }
            default => 2
        };
        let both = futures::select_biased! {
            Ok(number) | Err(number) = ready(Ok::<u8, u8>(3)) => number,
        };
        let first = futures::select_biased! { a = ready(1) => a, b = &mut ready(2) => { b }, };
        assert_eq!((nothing, both, first), (2, 3, 1));
        futures::select! { () = async {}.boxed().fuse() => {} complete => unreachable!() }
        let result: Result<u8, String> = async {
            loop {
                futures::select! {
                    result = ready(Err::<u8, _>("failed".to_owned())) => { result?; }
                    _ = other => continue,
                }
            }
        }
        .await;
        assert_eq!(result.unwrap_err(), "failed");
    });
}
