//! The build that does not track: every module is the wrapped one, with its very types.

#[path = "nested_off.rs"]
pub mod nested;

/// [`std::sync`], unchanged.
pub mod sync {
    pub use std::sync::*;
}

/// [`mod@std::io`], unchanged.
pub mod io {
    pub use std::io::*;
}

/// [`mod@std::panic`], unchanged.
pub mod panic {
    pub use std::panic::*;
}

/// `async_lock`, unchanged.
#[cfg(feature = "async_lock")]
pub mod async_lock {
    pub use ::async_lock::*;
}

/// `crossbeam_channel`, unchanged.
#[cfg(feature = "crossbeam_channel")]
pub mod crossbeam_channel {
    pub use ::crossbeam_channel::*;
}

/// `futures`, unchanged.
#[cfg(feature = "futures")]
pub mod futures {
    pub use ::futures::*;
}

/// `lazy_static`, unchanged.
#[cfg(feature = "lazy_static")]
pub mod lazy_static {
    pub use ::lazy_static::*;
}

/// `lock_api`, unchanged.
#[cfg(feature = "lock_api")]
pub mod lock_api {
    pub use ::lock_api::*;
}

/// `lock_api` 0.5, unchanged.
#[cfg(feature = "lock_api_0_5")]
pub mod lock_api_0_5 {
    pub use ::lock_api_0_5::*;
}

/// `once_cell`, unchanged.
#[cfg(feature = "once_cell")]
pub mod once_cell {
    pub use ::once_cell::*;
}

/// `parking_lot`, unchanged.
#[cfg(feature = "parking_lot")]
pub mod parking_lot {
    pub use ::parking_lot::*;
}

/// `parking_lot` 0.13, unchanged.
#[cfg(feature = "parking_lot_0_13")]
pub mod parking_lot_0_13 {
    pub use ::parking_lot_0_13::*;
}

/// `rayon`, unchanged.
#[cfg(feature = "rayon")]
pub mod rayon {
    pub use ::rayon::*;
}

/// `tokio`, unchanged.
#[cfg(feature = "tokio")]
pub mod tokio {
    pub use ::tokio::*;
}

/// [`std::thread`], unchanged.
pub mod thread {
    pub use std::thread::*;
}
