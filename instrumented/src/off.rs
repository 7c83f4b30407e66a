//! The build that does not track: every module is the wrapped one, with its very types.

#[path = "nested_off.rs"]
pub mod nested;

/// [`std::sync`], unchanged.
pub mod sync {
    pub use std::sync::*;
}
