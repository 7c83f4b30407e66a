//! The build that tracks: every lock is a wrapper around the real one and a map.

mod held;
pub mod nested;
pub mod sync;
