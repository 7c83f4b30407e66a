//! The functions of runtimes, their handles and their builder.

use std::time::Duration;

use crate::tokio::runtime::{
    Builder, EnterGuard, Handle, LocalOptions, LocalRuntime, Runtime, RuntimeFlavor,
    RuntimeMetrics, TryCurrentError,
};
use crate::tokio::task::JoinHandle;

#[test]
fn runtime_has_all_its_functions() {
    let runtime = Runtime::new().unwrap();
    let task: JoinHandle<u8> = Runtime::spawn(&runtime, async { 1 });
    assert_eq!(Runtime::block_on(&runtime, task).unwrap(), 1);
    let job: JoinHandle<u8> = Runtime::spawn_blocking(&runtime, || 2);
    assert_eq!(runtime.block_on(job).unwrap(), 2);
    let guard: EnterGuard<'_> = Runtime::enter(&runtime);
    assert_eq!(Handle::current().id(), Runtime::handle(&runtime).id());
    drop(guard);
    let metrics: RuntimeMetrics = Runtime::metrics(&runtime);
    assert!(metrics.num_workers() > 0 && format!("{runtime:?}").starts_with("Runtime"));
    Runtime::shutdown_timeout(runtime, Duration::from_secs(1));
    Runtime::shutdown_background(Runtime::new().unwrap());
}

#[test]
fn local_runtime_has_all_its_functions() {
    let runtime = LocalRuntime::new().unwrap();
    let task: JoinHandle<u8> = LocalRuntime::spawn_local(&runtime, async { 1 });
    assert_eq!(LocalRuntime::block_on(&runtime, task).unwrap(), 1);
    let job: JoinHandle<u8> = LocalRuntime::spawn_blocking(&runtime, || 2);
    assert_eq!(runtime.block_on(job).unwrap(), 2);
    let guard: EnterGuard<'_> = LocalRuntime::enter(&runtime);
    assert_eq!(Handle::current().id(), LocalRuntime::handle(&runtime).id());
    drop(guard);
    let _: RuntimeMetrics = LocalRuntime::metrics(&runtime);
    LocalRuntime::shutdown_timeout(runtime, Duration::from_secs(1));
    LocalRuntime::shutdown_background(LocalRuntime::new().unwrap());
}

#[test]
fn handle_has_all_its_functions() {
    let error: TryCurrentError = Handle::try_current().unwrap_err();
    assert!(error.is_missing_context());
    let runtime = Builder::new_multi_thread().worker_threads(1).name("named").build().unwrap();
    let handle = runtime.handle().clone();
    let guard = Handle::enter(&handle);
    assert_eq!(Handle::id(&Handle::current()), Handle::try_current().unwrap().id());
    drop(guard);
    let task: JoinHandle<u8> = Handle::spawn(&handle, async { 1 });
    assert_eq!(Handle::block_on(&handle, task).unwrap(), 1);
    let job: JoinHandle<u8> = Handle::spawn_blocking(&handle, || 2);
    assert_eq!(handle.block_on(job).unwrap(), 2);
    assert_eq!(Handle::runtime_flavor(&handle), RuntimeFlavor::MultiThread);
    assert_eq!(Handle::name(&handle), Some("named"));
    assert_eq!(Handle::metrics(&handle).num_workers(), 1);
}

#[test]
fn builder_has_all_its_functions() {
    let mut builder = Builder::new_multi_thread();
    Builder::enable_all(&mut builder);
    Builder::enable_io(&mut builder);
    Builder::enable_time(&mut builder);
    Builder::worker_threads(&mut builder, 1);
    Builder::max_blocking_threads(&mut builder, 2);
    Builder::thread_name(&mut builder, "worker");
    Builder::name(&mut builder, String::from("runtime"));
    Builder::thread_name_fn(&mut builder, || "worker".to_owned());
    Builder::thread_stack_size(&mut builder, 1 << 20);
    Builder::on_thread_start(&mut builder, || {});
    Builder::on_thread_stop(&mut builder, || {});
    Builder::on_thread_park(&mut builder, || {});
    Builder::on_thread_unpark(&mut builder, || {});
    Builder::thread_keep_alive(&mut builder, Duration::from_secs(1));
    Builder::global_queue_interval(&mut builder, 3);
    Builder::event_interval(&mut builder, 4);
    Builder::max_io_events_per_tick(&mut builder, 5);
    Builder::max_io_events_per_busy_tick(&mut builder, 6);
    let runtime: Runtime = Builder::build(&mut builder).unwrap();
    assert!(format!("{builder:?}").starts_with("Builder {"));
    drop(runtime);
    let mut builder = Builder::new_current_thread();
    Builder::start_paused(&mut builder, true).enable_all();
    let local: LocalRuntime = Builder::build_local(&mut builder, LocalOptions::default()).unwrap();
    assert_eq!(local.block_on(async { 1 }), 1);
}
