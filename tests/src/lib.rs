//! Suites that cross crates.

pub mod crowd;
pub mod discipline;
pub mod generate;
pub mod interleave;
pub mod notation;
pub mod program;
pub mod recording;
pub mod shrink;
pub mod verdict;
pub mod ww;
