//! `cargo lockdep` from outside: projects are written, commands run, what they say is compared.
//!
//! All tests share one target folder, so the runtime is built once; its name and the names of the
//! projects' folders have spaces in them. Nothing is downloaded but what the runtime itself needs.

mod bad_input;
mod compilers;
mod gathering;
mod programs;
mod project;
mod signals;
mod verbs;
