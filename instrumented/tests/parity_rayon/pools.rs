//! Pools of one's own.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc;
use std::thread;

use crate::jobs::{
    Scope, ScopeFifo, ThreadBuilder, ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder,
    current_thread_index,
};

fn pool() -> ThreadPool {
    ThreadPoolBuilder::new().num_threads(2).build().unwrap()
}

#[test]
fn a_pool_does_all_that_can_be_asked_of_it() {
    let (pool, count) = (pool(), AtomicUsize::new(0));
    let add = |number| _ = count.fetch_add(number, Relaxed);
    assert_eq!(pool.install(|| pool.install(|| pool.current_num_threads())), 2);
    assert_eq!(pool.broadcast(|context| context.index()), [0, 1]);
    assert_eq!(pool.join(|| 1, || 2), (1, 2));
    pool.scope(|scope: &Scope<'_>| scope.spawn(|_| add(1)));
    pool.scope_fifo(|scope: &ScopeFifo<'_>| scope.spawn_fifo(|_| add(1)));
    pool.in_place_scope(|scope| {
        scope.spawn(|_| add(usize::from(current_thread_index().is_some())))
    });
    pool.in_place_scope_fifo(|scope| scope.spawn_fifo(|_| add(1)));
    assert_eq!(count.into_inner(), 4);
    assert_eq!(
        (pool.current_thread_index(), pool.current_thread_has_pending_tasks()),
        (None, None)
    );
    assert!(pool.install(|| pool.current_thread_has_pending_tasks()).is_some());
    assert_eq!((pool.yield_now(), pool.yield_local()), (None, None));
    assert!(format!("{pool:?}").starts_with("ThreadPool {"));
    let (send, receive) = mpsc::channel();
    let (first, second) = (send.clone(), send.clone());
    pool.spawn(move || first.send(1).unwrap());
    pool.spawn_fifo(move || second.send(1).unwrap());
    pool.spawn_broadcast(move |_| send.send(1).unwrap());
    assert_eq!(receive.iter().sum::<i32>(), 4);
}

#[test]
#[allow(deprecated, reason = "one of the settings is")]
fn a_pool_is_built_as_it_is_to_be() {
    let seen = Arc::new(AtomicUsize::new(0));
    let [started, ended, panicked] = [(); 3].map(|()| Arc::clone(&seen));
    let builder = ThreadPoolBuilder::default()
        .num_threads(1)
        .stack_size(1 << 20)
        .breadth_first()
        .thread_name(|index| format!("mine {index}"))
        .start_handler(move |_| _ = started.fetch_add(1, Relaxed))
        .exit_handler(move |_| _ = ended.fetch_add(10, Relaxed))
        .panic_handler(move |_| _ = panicked.fetch_add(100, Relaxed));
    assert!(format!("{builder:?}").starts_with("ThreadPoolBuilder {"));
    let handles = Arc::new(std::sync::Mutex::new(Vec::new()));
    let kept = Arc::clone(&handles);
    let pool = builder
        .spawn_handler(move |thread: ThreadBuilder| {
            assert_eq!((thread.index(), thread.stack_size()), (0, Some(1 << 20)));
            let named = thread::Builder::new().name(thread.name().unwrap().to_owned());
            kept.lock().unwrap().push(named.spawn(|| thread.run())?);
            Ok(())
        })
        .build()
        .unwrap();
    let name = pool.install(|| thread::current().name().map(str::to_owned));
    assert_eq!(name.as_deref(), Some("mine 0"));
    pool.spawn(|| std::panic::resume_unwind(Box::new("given up")));
    drop(pool);
    let handles = std::mem::take(&mut *handles.lock().unwrap());
    handles.into_iter().for_each(|handle| handle.join().unwrap());
    assert_eq!(seen.load(Relaxed), 111);
}

#[test]
fn a_pool_may_borrow_and_have_the_current_thread() {
    let text = "text".to_owned();
    let wrapper = |thread: ThreadBuilder| {
        assert_eq!(text.len(), 4);
        thread.run();
    };
    let built = ThreadPoolBuilder::new()
        .num_threads(2)
        .build_scoped(wrapper, |pool| pool.install(|| text.len()) + pool.current_num_threads());
    assert_eq!(built.unwrap(), 6);
    let index = thread::spawn(|| {
        let pool = ThreadPoolBuilder::new().num_threads(2).use_current_thread().build().unwrap();
        pool.current_thread_index()
    });
    assert_eq!(index.join().unwrap(), Some(0));
}

#[test]
fn the_global_pool_is_built_once() {
    let _ = ThreadPoolBuilder::new().build_global();
    let error: ThreadPoolBuildError = ThreadPoolBuilder::new().build_global().unwrap_err();
    assert!(error.to_string().contains("already"), "{error}");
}
