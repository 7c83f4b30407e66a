//! What is found in all threads while a future runs.

use std::sync::{Mutex, PoisonError};

use instrumented::tokio::runtime::Builder;
use lockdep::Violation;

/// The codes of what is found in any thread while `future` runs on one thread. One at a time: there is
/// one tracker.
pub(crate) fn found(future: impl Future<Output = ()>) -> Vec<&'static str> {
    static ONE: Mutex<()> = Mutex::new(());
    static FOUND: Mutex<Vec<&str>> = Mutex::new(Vec::new());
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    lockdep::set_hook(|violation| FOUND.lock().unwrap().push(Violation::code(violation)));
    Builder::new_current_thread().enable_all().build().unwrap().block_on(future);
    lockdep::take_hook();
    std::mem::take(&mut *FOUND.lock().unwrap())
}
