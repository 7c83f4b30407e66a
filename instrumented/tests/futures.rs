//! What the tracker makes of the mutex of `futures`, and of futures that are polled in turn.

#![cfg(all(
    feature = "futures",
    feature = "lockdep",
    any(debug_assertions, feature = "lockdep-release")
))]

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex as Plain, PoisonError};
use std::task::Poll;

use instrumented::futures;
use instrumented::futures::executor::block_on;
use instrumented::futures::future::{
    Either, FutureExt, join_all, pending, select, select_all, select_ok, try_join, try_select,
};
use instrumented::futures::lock::Mutex;
use instrumented::futures::stream::{self, FuturesUnordered, StreamExt};
use lockdep::Violation;
use lockdep::task::Tracked;

/// The codes of what is found while a future is run. One at a time: there is one tracker.
fn codes(future: impl Future) -> Vec<&'static str> {
    static ONE: Plain<()> = Plain::new(());
    static FOUND: Plain<Vec<&str>> = Plain::new(Vec::new());
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    lockdep::set_hook(|violation| FOUND.lock().unwrap().push(Violation::code(violation)));
    // What is found ends the future by a panic.
    let _ = catch_unwind(AssertUnwindSafe(|| block_on(future)));
    lockdep::take_hook();
    std::mem::take(&mut *FOUND.lock().unwrap())
}

/// Lets other futures be polled.
async fn yielded() {
    let mut is_second = false;
    poll_fn(|cx| {
        cx.waker().wake_by_ref();
        if std::mem::replace(&mut is_second, true) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// Holds the mutex over an `.await`.
async fn section(mutex: &Mutex<u8>) -> Result<(), ()> {
    let mut guard = mutex.lock().await;
    yielded().await;
    *guard += 1;
    Ok(())
}

#[test]
fn mutexes_that_are_locked_in_both_orders_are_found() {
    let (a, b) = (Mutex::new(0_u8), Mutex::new(0_u16));
    let found = codes(async {
        {
            let _a = a.lock().await;
            let _b = b.lock().await;
        }
        let _b = b.lock().await;
        let _a = a.lock().await;
    });
    assert_eq!(found, ["LD0002"]);
}

#[test]
fn mutexes_that_are_locked_in_one_order_are_fine() {
    let (a, b) = (Arc::new(Mutex::new(0_u8)), Mutex::new(0_u16));
    let found = codes(async {
        for _ in 0..2 {
            let _a = Arc::clone(&a).lock_owned().await;
            yielded().await;
            let b = b.lock().await;
            assert!(a.try_lock().is_none());
            drop(b);
        }
        let _b = b.lock().await;
        // An attempt waits for nobody.
        let _a = a.try_lock_owned().unwrap();
    });
    assert_eq!(found, [""; 0]);
}

#[test]
fn a_mutex_that_is_locked_twice_by_one_task_is_found() {
    let mutex = Mutex::new(0);
    let found = codes(async {
        let _guard = mutex.lock().await;
        let again = mutex.lock();
        assert!(futures::poll!(again).is_pending());
    });
    assert_eq!(found, ["LD0001"]);
}

/// Holds the mutex over an `.await`, for ever if told to.
fn kept<'a>(mutex: &'a Mutex<u8>, for_ever: &'a bool) -> Pin<Box<dyn Future<Output = ()> + 'a>> {
    Box::pin(async {
        let mut guard = mutex.lock().await;
        yielded().await;
        *guard += 1;
        if *for_ever {
            pending::<()>().await;
        }
    })
}

/// Futures of which the first is done while others wait for the mutex, by each way to select.
async fn selects(mutex: &Mutex<u8>) {
    let (mut one, mut other) = (kept(mutex, &false).fuse(), kept(mutex, &false).fuse());
    for _ in 0..2 {
        futures::select! {
            () = one => {}
            () = other => {}
            complete => unreachable!(),
        }
    }
    futures::select_biased! {
        () = kept(mutex, &false).fuse() => {}
        () = kept(mutex, &false).fuse() => {}
    }
    // Who is left goes on with what it took.
    let (_, rest) = select(kept(mutex, &false), kept(mutex, &false)).await.factor_first();
    rest.await;
    let (_, _, rest) = select_all((0..3).map(|_| kept(mutex, &false))).await;
    for rest in rest {
        rest.await;
    }
    let failing = || {
        Box::pin(async {
            kept(mutex, &false).await;
            Err::<(), ()>(())
        })
    };
    assert!(select_ok([failing(), failing()]).await.is_err());
    assert!(try_select(failing(), failing()).await.is_err());
}

#[test]
fn futures_that_are_selected_do_not_wait_for_themselves() {
    let mutex = Mutex::new(0);
    assert_eq!(codes(selects(&mutex)), [""; 0]);
    assert_eq!(codes(Tracked::root(selects(&mutex))), [""; 0]);
    assert!(mutex.try_lock().is_some());
}

#[test]
fn who_waits_for_what_a_future_that_is_kept_holds_is_not_taken_for_its_own() {
    let mutex = Mutex::new(0);
    let found = codes(Tracked::root(async {
        let Either::Right(((), kept)) = select(kept(&mutex, &true), Box::pin(yielded())).await
        else {
            unreachable!("the first is never done");
        };
        let attempt = mutex.lock();
        assert!(futures::poll!(attempt).is_pending());
        drop(kept);
        *mutex.lock().await += 1;
    }));
    assert_eq!(found, [""; 0]);
}

#[test]
fn a_future_of_several_that_locks_twice_is_found() {
    let mutex = Mutex::new(0);
    let found = codes(Tracked::root(async {
        let twice = async {
            let _guard = mutex.lock().await;
            mutex.lock().await;
        };
        select(Box::pin(twice), Box::pin(pending::<()>())).await;
    }));
    assert_eq!(found, ["LD0001"]);
}

#[test]
fn futures_that_are_polled_as_they_wake_do_not_wait_for_themselves() {
    async fn both(mutex: &Mutex<u8>) {
        let unordered: FuturesUnordered<_> = (0..4).map(|_| kept(mutex, &false)).collect();
        assert_eq!(unordered.count().await, 4);
        let many = stream::iter((0..9).map(|_| kept(mutex, &false)));
        assert_eq!(many.buffer_unordered(3).count().await, 9);
        let many = stream::iter((0..9).map(|_| kept(mutex, &false)));
        assert_eq!(many.buffered(3).count().await, 9);
        stream::iter(0..9).for_each_concurrent(4, |_| kept(mutex, &false)).await;
    }
    let mutex = Mutex::new(0);
    assert_eq!(codes(both(&mutex)), [""; 0]);
    assert_eq!(codes(Tracked::root(both(&mutex))), [""; 0]);
    assert_eq!(mutex.into_inner(), 2 * (4 + 9 + 9 + 9));
}

#[test]
fn futures_that_are_joined_do_not_wait_for_themselves() {
    let mutex = Mutex::new(0);
    let found = codes(async {
        futures::join!(section(&mutex), section(&mutex)).0.unwrap();
        futures::try_join!(section(&mutex), section(&mutex)).unwrap();
        try_join(section(&mutex), section(&mutex)).await.unwrap();
        join_all((0..4).map(|_| section(&mutex))).await;
        join_all((0..99).map(|_| section(&mutex))).await;
    });
    assert_eq!(found, [""; 0]);
    assert_eq!(mutex.into_inner(), 6 + 4 + 99);
}
