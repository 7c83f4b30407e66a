//! `cargo lockdep` from outside: projects are written, commands run, what they say is compared.
//!
//! All tests share one target folder, so the runtime is built once; its name and the names of the
//! projects' folders have spaces in them. The registry is asked for what the runtime needs, and for
//! what `real` and `tokio` are about.

mod bad_input;
mod compilers;
mod crates;
mod gathering;
mod held_back;
mod process_wide;
mod programs;
mod project;
mod real;
mod signals;
mod statistics;
mod tokio;
mod verbs;
