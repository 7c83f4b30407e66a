//! Threads behave as the standard library's, with tracking on and off.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use instrumented::thread;

#[test]
fn a_thread_gives_back_what_its_closure_returns() {
    let handle = thread::spawn(|| thread::current().id());
    let id = handle.thread().id();
    assert_eq!(handle.join().unwrap(), id);
}

#[test]
fn a_panic_is_the_error_of_its_join() {
    let handle = thread::spawn(|| resume_unwind(Box::new("given up")));
    let result: thread::Result<()> = handle.join();
    let panic = result.unwrap_err();
    assert_eq!(*panic.downcast::<&str>().unwrap(), "given up");
}

#[test]
fn a_builder_names_its_thread() {
    let builder = thread::Builder::new().name("worker".to_owned()).stack_size(1 << 20);
    let handle = builder.spawn(|| thread::current().name().map(str::to_owned)).unwrap();
    assert_eq!(handle.thread().name(), Some("worker"));
    assert_eq!(handle.join().unwrap().as_deref(), Some("worker"));
}

#[test]
fn threads_of_a_scope_borrow_and_start_others() {
    let count = AtomicUsize::new(0);
    let numbers = [1, 2, 3];
    let sum = thread::scope(|scope| {
        scope.spawn(|| {
            count.fetch_add(1, Relaxed);
            scope.spawn(|| count.fetch_add(10, Relaxed));
        });
        let named = thread::Builder::new().name("summing".to_owned());
        let handle = named.spawn_scoped(scope, || numbers.iter().sum::<i32>()).unwrap();
        assert_eq!(handle.thread().name(), Some("summing"));
        handle.join().unwrap()
    });
    assert_eq!((sum, count.into_inner()), (6, 11));
}

#[test]
fn a_scope_panics_if_one_of_its_threads_did() {
    let panicked = std::panic::catch_unwind(|| {
        thread::scope(|scope| {
            scope.spawn(|| resume_unwind(Box::new("given up")));
        });
    });
    assert!(panicked.is_err());
    // The next scope may lie at the same address.
    assert_eq!(thread::scope(|scope| scope.spawn(|| 7).join().unwrap()), 7);
}

#[test]
fn a_handle_is_finished_when_its_thread_is() {
    let handle = thread::spawn(|| ());
    while !handle.is_finished() {
        thread::yield_now();
    }
    handle.join().unwrap();
    assert!(thread::scope(|scope| {
        let handle = scope.spawn(|| ());
        while !handle.is_finished() {
            thread::sleep(std::time::Duration::from_millis(1));
        }
        true
    }));
}

#[cfg(unix)]
#[test]
fn a_handle_knows_its_pthread() {
    use std::os::unix::thread::JoinHandleExt;
    let handle = thread::spawn(|| ());
    assert_ne!(handle.as_pthread_t(), 0);
    handle.join().unwrap();
}

#[test]
fn handles_have_the_real_ones_auto_traits() {
    fn is_shared<T: Send + Sync + Unpin>() {}
    is_shared::<thread::Thread>();
    is_shared::<thread::JoinHandle<u8>>();
    is_shared::<thread::ScopedJoinHandle<'static, u8>>();
    is_shared::<thread::Builder>();
    is_shared::<thread::Scope<'static, 'static>>();
}

#[test]
fn a_thread_that_parks_goes_on_when_it_is_unparked() {
    let parked = thread::spawn(|| {
        thread::park();
        thread::current().id()
    });
    parked.thread().unpark();
    let thread = parked.thread().clone();
    assert_eq!(parked.join().unwrap(), thread.id());
    // A permit that is there makes the next one return at once, and a time runs out.
    thread::current().unpark();
    thread::park();
    thread::park_timeout(std::time::Duration::from_millis(1));
    assert_eq!(format!("{:?}", thread::current()), format!("{:?}", std::thread::current()));
    assert_eq!(thread::current().name(), std::thread::current().name());
}

#[test]
fn a_parked_thread_of_a_scope_is_woken_by_another_one() {
    thread::scope(|scope| {
        let parked = scope.spawn(thread::park);
        let waker = parked.thread().clone();
        scope.spawn(move || waker.unpark());
    });
}
