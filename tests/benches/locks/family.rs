//! The lock types that are compared, behind one trait, so that each shape is written once.
//!
//! Every type is used as its users would: `lock().unwrap()` where there is poison, `lock()` where
//! there is none. All functions are inlined, so what is measured is the type's own code at the
//! shape's call site.

/// One crate's locks, with an empty payload.
pub(crate) trait Family: 'static {
    /// Its mutex.
    type Mutex: Send + Sync;
    /// Its reader-writer lock.
    type RwLock: Send + Sync;

    /// A new mutex; for a tracked one the caller's place is its class.
    #[track_caller]
    fn mutex() -> Self::Mutex;
    /// A new reader-writer lock; for a tracked one the caller's place is its class.
    #[track_caller]
    fn rwlock() -> Self::RwLock;
    /// Locks the mutex until the guard is dropped.
    #[track_caller]
    fn lock(mutex: &Self::Mutex) -> impl Sized;
    /// Locks for reading until the guard is dropped.
    #[track_caller]
    fn read(lock: &Self::RwLock) -> impl Sized;
    /// Locks for writing until the guard is dropped.
    #[track_caller]
    fn write(lock: &Self::RwLock) -> impl Sized;
}

/// A family of types that have the methods of `std::sync`; `$unwrap` is what follows an acquire.
macro_rules! family {
    ($(#[$doc:meta])* $name:ident, $($module:ident)::+, $($unwrap:tt)*) => {
        $(#[$doc])*
        pub(crate) struct $name;

        impl Family for $name {
            type Mutex = $($module)::+::Mutex<()>;
            type RwLock = $($module)::+::RwLock<()>;

            #[inline(always)]
            fn mutex() -> Self::Mutex {
                $($module)::+::Mutex::new(())
            }

            #[inline(always)]
            fn rwlock() -> Self::RwLock {
                $($module)::+::RwLock::new(())
            }

            #[inline(always)]
            fn lock(mutex: &Self::Mutex) -> impl Sized {
                mutex.lock()$($unwrap)*
            }

            #[inline(always)]
            fn read(lock: &Self::RwLock) -> impl Sized {
                lock.read()$($unwrap)*
            }

            #[inline(always)]
            fn write(lock: &Self::RwLock) -> impl Sized {
                lock.write()$($unwrap)*
            }
        }
    };
}

family!(
    /// The bare locks that all others are compared with.
    Std, std::sync, .unwrap()
);
family!(
    /// `parking_lot`, untracked.
    ParkingLot, parking_lot,
);
family!(
    /// `tracing-mutex` around `std`, tracking, without backtraces. Its top-level names are `std`'s
    /// in an optimised build.
    TracingMutex, tracing_mutex::stdsync::tracing, .unwrap()
);
family!(
    /// Ours around `std`, tracking.
    Instrumented, instrumented::sync, .unwrap()
);
family!(
    /// Ours around `parking_lot`, tracking.
    InstrumentedParkingLot, instrumented::parking_lot,
);
