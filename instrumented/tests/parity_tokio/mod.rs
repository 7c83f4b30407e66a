//! Every public function of the types of `tokio` that are replaced, called over `crate::tokio`: each
//! test crate that includes this module says which one that is. What is missing or has another
//! signature does not compile; that the list is whole, `names` checks against the sources of the real
//! crate.

mod bounds;
mod channels;
mod events;
mod guards;
mod locks;
mod names;
mod runtimes;
mod tasks;
mod timeouts;
#[path = "../traits/mod.rs"]
mod traits;
mod unsizing;

use crate::tokio::runtime::Builder;

/// Runs a future to its end on this thread.
fn run<F: Future>(future: F) -> F::Output {
    Builder::new_current_thread().enable_all().build().expect("a runtime is made").block_on(future)
}
