//! The program: memory, file, threads, and the report in the end.

mod clients;
mod failure;
mod layout;
mod mapper;
mod pager;
mod random;
mod region;
mod report;
mod store;
mod uffd;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

pub(crate) use failure::Failure;
pub(crate) use report::Report;

use mapper::Mapper;
use pager::Pager;

const HANDLERS: usize = 2;
const READERS: usize = 2;
const WRITERS: usize = 2;
/// How long after its time the program may go on before it is declared hung.
const GRACE: Duration = Duration::from_secs(30);

/// Runs all threads for a while.
pub(crate) fn run(duration: Duration) -> Result<Report, Failure> {
    let pager = Pager::new()?;
    let (end_of_all, all_ended) = mpsc::channel::<()>();
    // Threads that hang in a fault cannot be told to end.
    thread::spawn(move || {
        let hung = mpsc::RecvTimeoutError::Timeout;
        if all_ended.recv_timeout(duration + GRACE) == Err(hung) {
            eprintln!("pager: hung");
            std::process::exit(1);
        }
    });
    let began = Instant::now();
    let (clients_over, faults_over) = (AtomicBool::new(false), AtomicBool::new(false));
    let (pager, clients_over, faults_over) = (&pager, &clients_over, &faults_over);
    let report = thread::scope(|scope| {
        let handler = |_| scope.spawn(|| pager.serve(faults_over));
        let handlers: Vec<_> = (0..HANDLERS).map(handler).collect();
        let reader = |at| scope.spawn(move || clients::read(pager, at as u64, clients_over));
        let readers: Vec<_> = (0..READERS).map(reader).collect();
        let writer = |at| scope.spawn(move || clients::write(pager, at, WRITERS, clients_over));
        let writers: Vec<_> = (0..WRITERS).map(writer).collect();
        let mapper = scope.spawn(move || Mapper::new(pager).work(began + duration));
        let mapped = mapper.join();
        clients_over.store(true, Ordering::Relaxed);
        let checked: Vec<_> = readers.into_iter().chain(writers).map(|c| c.join()).collect();
        let time = began.elapsed();
        faults_over.store(true, Ordering::Relaxed);
        let served: Vec<_> = handlers.into_iter().map(|handler| handler.join()).collect();
        let panicked = |_| Failure::Broken("a thread panicked".into());
        let mut report = Report::new(time, mapped.map_err(panicked)??);
        for checked in checked {
            report.add_checked(checked.map_err(panicked)?);
        }
        for served in served {
            report.add_served(served.map_err(panicked)??);
        }
        report.counts = pager.counts();
        Ok(report)
    });
    drop(end_of_all);
    report
}
