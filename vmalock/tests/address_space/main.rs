//! The address space: against a naive twin, its errors one by one, and under readers that race.

#![allow(missing_docs, reason = "tests are named by what they say")]

mod naive;
mod payloads;
mod random;
mod readers;
mod refusals;
mod twin;
