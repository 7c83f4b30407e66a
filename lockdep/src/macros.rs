//! The macros for people who instrument a lock of their own, or assert what is held.
//!
//! All of them type-check their arguments in every build. With tracking off they evaluate nothing
//! and leave no code: the gate is the constant [`ENABLED`](crate::ENABLED), never a `cfg`, which
//! would read the features of the crate that uses the macro.
//!
//! The names are those of Linux's `lockdep.h`.

/// Announces that this task is about to wait for a lock, exclusively.
///
/// Takes a [`Map`](crate::Map) and, optionally, `subclass = n`. Follow with
/// [`lock_acquired_exclusive!`](crate::lock_acquired_exclusive) once the lock is obtained.
///
/// ```
/// # use lockdep::{Map, lock_acquire_exclusive, lock_acquired_exclusive, lock_release};
/// # let map = Map::new();
/// lock_acquire_exclusive!(&map);
/// // … wait for the real lock …
/// lock_acquired_exclusive!(&map);
/// // … the critical section …
/// lock_release!(&map);
/// // … release the real lock …
/// ```
#[macro_export]
macro_rules! lock_acquire_exclusive {
    ($map:expr $(, subclass = $subclass:expr)?) => {
        $crate::__lock_event!(before_acquire, $map, EXCLUSIVE $(, $subclass)?)
    };
}

/// Announces that this task is about to wait for a lock as a reader that queues behind waiting
/// writers. As [`lock_acquire_exclusive!`](crate::lock_acquire_exclusive) otherwise.
#[macro_export]
macro_rules! lock_acquire_shared {
    ($map:expr $(, subclass = $subclass:expr)?) => {
        $crate::__lock_event!(before_acquire, $map, SHARED $(, $subclass)?)
    };
}

/// Announces that this task is about to wait for a lock as a reader that passes waiting writers.
/// As [`lock_acquire_exclusive!`](crate::lock_acquire_exclusive) otherwise.
#[macro_export]
macro_rules! lock_acquire_shared_recursive {
    ($map:expr $(, subclass = $subclass:expr)?) => {
        $crate::__lock_event!(before_acquire, $map, SHARED_RECURSIVE $(, $subclass)?)
    };
}

/// Records that the lock announced by
/// [`lock_acquire_exclusive!`](crate::lock_acquire_exclusive) was obtained.
#[macro_export]
macro_rules! lock_acquired_exclusive {
    ($map:expr $(, subclass = $subclass:expr)?) => {
        $crate::__lock_event!(acquired, $map, EXCLUSIVE $(, $subclass)?)
    };
}

/// Records that the lock announced by [`lock_acquire_shared!`](crate::lock_acquire_shared) was
/// obtained.
#[macro_export]
macro_rules! lock_acquired_shared {
    ($map:expr $(, subclass = $subclass:expr)?) => {
        $crate::__lock_event!(acquired, $map, SHARED $(, $subclass)?)
    };
}

/// Records that the lock announced by
/// [`lock_acquire_shared_recursive!`](crate::lock_acquire_shared_recursive) was obtained.
#[macro_export]
macro_rules! lock_acquired_shared_recursive {
    ($map:expr $(, subclass = $subclass:expr)?) => {
        $crate::__lock_event!(acquired, $map, SHARED_RECURSIVE $(, $subclass)?)
    };
}

/// Records a try-lock that succeeded: `lock_try_acquired!(map, exclusive)`, `shared` or
/// `shared_recursive`. A try-lock that failed is not recorded.
#[macro_export]
macro_rules! lock_try_acquired {
    ($map:expr, exclusive) => {
        $crate::__lock_event!(try_acquired, $map, EXCLUSIVE)
    };
    ($map:expr, shared) => {
        $crate::__lock_event!(try_acquired, $map, SHARED)
    };
    ($map:expr, shared_recursive) => {
        $crate::__lock_event!(try_acquired, $map, SHARED_RECURSIVE)
    };
}

/// Records that this task is about to release a lock. Goes before the real unlock: a counted lock
/// may be freed right after it.
#[macro_export]
macro_rules! lock_release {
    ($map:expr) => {
        if $crate::ENABLED {
            $crate::event::released($map);
        }
    };
}

/// Records that this task is about to turn its exclusive hold into a shared one.
#[macro_export]
macro_rules! lock_downgrade {
    ($map:expr) => {
        if $crate::ENABLED {
            $crate::event::downgraded($map);
        }
    };
}

/// Records that this code may take a lock here, although it does not on every path: the order is
/// learned as if it did. Takes anything [`Tracked`](crate::Tracked).
#[macro_export]
macro_rules! might_lock {
    ($lock:expr) => {
        if $crate::ENABLED {
            $crate::__private::might_lock($lock, $crate::How::EXCLUSIVE);
        }
    };
}

/// As [`might_lock!`](crate::might_lock), for a lock that may be read.
#[macro_export]
macro_rules! might_lock_read {
    ($lock:expr) => {
        if $crate::ENABLED {
            $crate::__private::might_lock($lock, $crate::How::SHARED);
        }
    };
}

/// Asserts that the current task holds a lock, in any mode.
///
/// Takes anything [`Tracked`](crate::Tracked). What happens if it does not is up to `LOCKDEP`, as
/// for every violation. Silent where nobody can say.
#[macro_export]
macro_rules! lockdep_assert_held {
    ($lock:expr) => {
        $crate::__lockdep_assert!($lock, Held)
    };
}

/// Asserts that the current task holds a lock exclusively.
#[macro_export]
macro_rules! lockdep_assert_held_write {
    ($lock:expr) => {
        $crate::__lockdep_assert!($lock, HeldWrite)
    };
}

/// Asserts that the current task holds a lock as a reader.
#[macro_export]
macro_rules! lockdep_assert_held_read {
    ($lock:expr) => {
        $crate::__lockdep_assert!($lock, HeldRead)
    };
}

/// Asserts that the current task does not hold a lock.
#[macro_export]
macro_rules! lockdep_assert_not_held {
    ($lock:expr) => {
        $crate::__lockdep_assert!($lock, NotHeld)
    };
}

/// Asserts that the current task holds no lock at all.
#[macro_export]
macro_rules! lockdep_assert_none_held {
    () => {
        if $crate::ENABLED {
            $crate::__private::assert_none_held();
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __lockdep_assert {
    ($lock:expr, $assertion:ident) => {
        if $crate::ENABLED {
            $crate::__private::assert_lock($lock, $crate::__private::Assertion::$assertion);
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __lock_event {
    ($event:ident, $map:expr, $how:ident $(, $subclass:expr)?) => {
        if $crate::ENABLED {
            let how = $crate::How::$how $(.subclass($subclass))?;
            $crate::__private::$event($map, how, $crate::__describe!());
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __describe {
    () => {
        || $crate::Description { kind: "lock", payload: "" }
    };
}
