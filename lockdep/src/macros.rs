//! The macros for people who instrument a lock of their own, or assert what is held.
//!
//! All of them type-check their arguments in every build. With tracking off they evaluate nothing
//! and leave no code: the gate is the constant [`ENABLED`](crate::ENABLED), never a `cfg`, which
//! would read the features of the crate that uses the macro.
//!
//! The names are those of Linux's `lockdep.h`.

/// Announces that this task is about to wait for a lock, exclusively.
///
/// Takes a [`Map`](crate::Map) and, optionally, `subclass = n` and, behind that, `nest = &lock`.
/// Follow with [`lock_acquired_exclusive!`](crate::lock_acquired_exclusive) once the lock is
/// obtained, with the same subclass.
///
/// * `subclass`: a nesting level from 0, which is what goes without saying, to 7. Locks of one class
///   taken at different levels are of different classes.
/// * `nest`: a [`Tracked`](crate::Tracked) lock that this task holds, taken before all locks of the
///   class that it holds. Under it they need no order among themselves.
///
/// # Panics
///
/// If the subclass is more than 7. With the report, if this breaks a rule and `LOCKDEP` is `panic`.
///
/// # Examples
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
///
/// // Locks of one class, in any order, under a lock that keeps others out.
/// let (tree, nodes) = (Map::new(), [Map::named("node"), Map::named("node")]);
/// lock_acquire_exclusive!(&tree);
/// lock_acquired_exclusive!(&tree);
/// for node in &nodes {
///     lock_acquire_exclusive!(node, nest = &tree);
///     lock_acquired_exclusive!(node);
/// }
/// # nodes.iter().for_each(|node| lock_release!(node));
/// # lock_release!(&tree);
/// ```
#[macro_export]
macro_rules! lock_acquire_exclusive {
    ($map:expr $(, subclass = $subclass:expr)? $(, nest = $nest:expr)?) => {
        $crate::__lock_event!(
            before_acquire, $map, EXCLUSIVE $(, subclass = $subclass)? $(, nest = $nest)?
        )
    };
}

/// Announces that this task is about to wait for a lock as a reader that queues behind waiting
/// writers. As [`lock_acquire_exclusive!`](crate::lock_acquire_exclusive) otherwise.
#[macro_export]
macro_rules! lock_acquire_shared {
    ($map:expr $(, subclass = $subclass:expr)? $(, nest = $nest:expr)?) => {
        $crate::__lock_event!(
            before_acquire, $map, SHARED $(, subclass = $subclass)? $(, nest = $nest)?
        )
    };
}

/// Announces that this task is about to wait for a lock as a reader that passes waiting writers.
/// As [`lock_acquire_exclusive!`](crate::lock_acquire_exclusive) otherwise.
#[macro_export]
macro_rules! lock_acquire_shared_recursive {
    ($map:expr $(, subclass = $subclass:expr)? $(, nest = $nest:expr)?) => {
        $crate::__lock_event!(
            before_acquire, $map, SHARED_RECURSIVE $(, subclass = $subclass)? $(, nest = $nest)?
        )
    };
}

/// Announces that this task is about to wait for a lock as a reader that may become the writer
/// ([`lock_upgrade!`](crate::lock_upgrade)). As
/// [`lock_acquire_exclusive!`](crate::lock_acquire_exclusive) otherwise.
#[macro_export]
macro_rules! lock_acquire_upgradable {
    ($map:expr $(, subclass = $subclass:expr)? $(, nest = $nest:expr)?) => {
        $crate::__lock_event!(
            before_acquire, $map, UPGRADABLE $(, subclass = $subclass)? $(, nest = $nest)?
        )
    };
}

/// Records that the lock just announced by [`lock_acquire_exclusive!`](crate::lock_acquire_exclusive)
/// or one of its like is not free, so that the wait is timed. It may be left out: then the lock's
/// statistics have no waits.
#[macro_export]
macro_rules! lock_contended {
    ($map:expr) => {
        if $crate::ENABLED {
            $crate::event::waits($map);
        }
    };
}

/// Records that the lock announced by
/// [`lock_acquire_exclusive!`](crate::lock_acquire_exclusive) was obtained.
#[macro_export]
macro_rules! lock_acquired_exclusive {
    ($map:expr $(, subclass = $subclass:expr)?) => {
        $crate::__lock_event!(acquired, $map, EXCLUSIVE $(, subclass = $subclass)?)
    };
}

/// Records that the lock announced by [`lock_acquire_shared!`](crate::lock_acquire_shared) was
/// obtained.
#[macro_export]
macro_rules! lock_acquired_shared {
    ($map:expr $(, subclass = $subclass:expr)?) => {
        $crate::__lock_event!(acquired, $map, SHARED $(, subclass = $subclass)?)
    };
}

/// Records that the lock announced by
/// [`lock_acquire_shared_recursive!`](crate::lock_acquire_shared_recursive) was obtained.
#[macro_export]
macro_rules! lock_acquired_shared_recursive {
    ($map:expr $(, subclass = $subclass:expr)?) => {
        $crate::__lock_event!(acquired, $map, SHARED_RECURSIVE $(, subclass = $subclass)?)
    };
}

/// Records that the lock announced by
/// [`lock_acquire_upgradable!`](crate::lock_acquire_upgradable) was obtained.
#[macro_export]
macro_rules! lock_acquired_upgradable {
    ($map:expr $(, subclass = $subclass:expr)?) => {
        $crate::__lock_event!(acquired, $map, UPGRADABLE $(, subclass = $subclass)?)
    };
}

/// Records a try-lock that succeeded: `lock_try_acquired!(map, exclusive)`, `shared`,
/// `shared_recursive` or `upgradable`, and then `subclass = n` and `nest = &lock` as in
/// [`lock_acquire_exclusive!`](crate::lock_acquire_exclusive). A try-lock that failed is not
/// recorded.
///
/// ```
/// # use lockdep::{Map, lock_release, lock_try_acquired};
/// # let map = Map::new();
/// // … the real try-lock succeeded …
/// lock_try_acquired!(&map, shared, subclass = 1);
/// # lock_release!(&map);
/// ```
#[macro_export]
macro_rules! lock_try_acquired {
    ($map:expr, exclusive $($more:tt)*) => {
        $crate::__lock_event!(try_acquired, $map, EXCLUSIVE $($more)*)
    };
    ($map:expr, shared $($more:tt)*) => {
        $crate::__lock_event!(try_acquired, $map, SHARED $($more)*)
    };
    ($map:expr, shared_recursive $($more:tt)*) => {
        $crate::__lock_event!(try_acquired, $map, SHARED_RECURSIVE $($more)*)
    };
    ($map:expr, upgradable $($more:tt)*) => {
        $crate::__lock_event!(try_acquired, $map, UPGRADABLE $($more)*)
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

/// Records that this task is about to turn its exclusive hold into a shared one, or into
/// `shared_recursive` or `upgradable` if it says so; or its upgradable hold into a shared one.
///
/// ```
/// # use lockdep::{Map, lock_downgrade, lock_release, lock_try_acquired};
/// # let map = Map::new();
/// lock_try_acquired!(&map, exclusive);
/// lock_downgrade!(&map, upgradable);
/// lock_downgrade!(&map);
/// lock_release!(&map);
/// ```
#[macro_export]
macro_rules! lock_downgrade {
    ($map:expr) => {
        $crate::__lock_downgrade!($map, Shared)
    };
    ($map:expr, shared) => {
        $crate::__lock_downgrade!($map, Shared)
    };
    ($map:expr, shared_recursive) => {
        $crate::__lock_downgrade!($map, SharedRecursive)
    };
    ($map:expr, upgradable) => {
        $crate::__lock_downgrade!($map, Upgradable)
    };
}

/// Announces that this task, which holds a lock upgradably, is about to wait until it is the only
/// holder: an edge from everything else that it holds. Follow with
/// [`lock_upgraded!`](crate::lock_upgraded).
///
/// ```
/// # use lockdep::{Map, lock_release, lock_try_acquired, lock_upgrade, lock_upgraded};
/// # let map = Map::new();
/// lock_try_acquired!(&map, upgradable);
/// lock_upgrade!(&map);
/// // … wait until the other readers have left …
/// lock_upgraded!(&map);
/// lock_release!(&map);
/// ```
#[macro_export]
macro_rules! lock_upgrade {
    ($map:expr) => {
        if $crate::ENABLED {
            $crate::__private::before_upgrade($map, $crate::__describe!());
        }
    };
}

/// Records that this task has become the only holder of a lock that it held upgradably: after
/// [`lock_upgrade!`](crate::lock_upgrade), or alone if it tried and did not have to wait.
#[macro_export]
macro_rules! lock_upgraded {
    ($map:expr) => {
        if $crate::ENABLED {
            $crate::event::upgraded($map);
        }
    };
}

/// Announces that this task is about to wait until nobody holds a lock any more, without taking it:
/// for the end of a grace period, or the join of all sections.
///
/// ```
/// # use lockdep::{Map, lock_sync};
/// # let sections = Map::new();
/// lock_sync!(&sections);
/// // … wait until all sections have ended …
/// ```
#[macro_export]
macro_rules! lock_sync {
    ($map:expr) => {
        if $crate::ENABLED {
            $crate::__private::sync($map, $crate::__describe!());
        }
    };
}

/// Records that this code may take a lock here, although it does not on every path: the order is
/// learned as if it did. Takes anything [`Tracked`](crate::Tracked).
///
/// If the lock is held already this is reported as the acquire would be.
///
/// # Panics
///
/// With the report, if the acquire would break a rule and `LOCKDEP` is `panic`.
#[macro_export]
macro_rules! might_lock {
    ($lock:expr) => {
        $crate::__might_lock!($lock, EXCLUSIVE)
    };
}

/// As [`might_lock!`](crate::might_lock), for a lock that may be taken at a nesting level from 0
/// to 7.
#[macro_export]
macro_rules! might_lock_nested {
    ($lock:expr, $subclass:expr) => {
        $crate::__might_lock!($lock, EXCLUSIVE, $subclass)
    };
}

/// As [`might_lock!`](crate::might_lock), for a lock that may be read, at a nesting level from 0 to
/// 7 if one is given.
#[macro_export]
macro_rules! might_lock_read {
    ($lock:expr $(, $subclass:expr)?) => {
        $crate::__might_lock!($lock, SHARED $(, $subclass)?)
    };
}

/// As [`might_lock_read!`](crate::might_lock_read), for a reader that passes waiting writers.
#[macro_export]
macro_rules! might_lock_read_recursive {
    ($lock:expr $(, $subclass:expr)?) => {
        $crate::__might_lock!($lock, SHARED_RECURSIVE $(, $subclass)?)
    };
}

/// Says that this code may block its thread here until somebody else has done something: a join, a
/// receive, a wait for a condition. What is allowed here is checked each time, whether it comes to
/// the wait or not.
///
/// ```
/// # use lockdep::might_wait;
/// fn finish(worker: std::thread::JoinHandle<()>) {
///     might_wait!();
///     worker.join().unwrap();
/// }
/// # finish(std::thread::spawn(|| ()));
/// ```
#[macro_export]
macro_rules! might_wait {
    () => {
        if $crate::ENABLED {
            $crate::__private::before_wait($crate::WaitType::Waiting);
        }
    };
}

/// Says that this code may give its thread back to the executor here: an await point. No lock that
/// blocks may be held. As [`might_wait!`](crate::might_wait) otherwise.
#[macro_export]
macro_rules! might_await {
    () => {
        if $crate::ENABLED {
            $crate::__private::before_wait($crate::WaitType::Async);
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

/// Asserts that the current task runs in a context, at any depth.
///
/// ```
/// # use lockdep::{Context, lockdep_assert_in_context, lockdep_assert_not_in_context};
/// static LOGGER: Context = Context::new("logger");
///
/// lockdep_assert_not_in_context!(&LOGGER);
/// let _inside = LOGGER.enter();
/// lockdep_assert_in_context!(&LOGGER);
/// ```
#[macro_export]
macro_rules! lockdep_assert_in_context {
    ($context:expr) => {
        $crate::__lockdep_assert_context!($context, InContext)
    };
}

/// Asserts that the current task does not run in a context.
#[macro_export]
macro_rules! lockdep_assert_not_in_context {
    ($context:expr) => {
        $crate::__lockdep_assert_context!($context, NotInContext)
    };
}

/// Asserts that a context cannot run here: it is blocked, runs already, or one runs that excludes
/// it.
#[macro_export]
macro_rules! lockdep_assert_context_blocked {
    ($context:expr) => {
        $crate::__lockdep_assert_context!($context, ContextBlocked)
    };
}

/// Asserts that a context may run here.
#[macro_export]
macro_rules! lockdep_assert_context_open {
    ($context:expr) => {
        $crate::__lockdep_assert_context!($context, ContextOpen)
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __lockdep_assert_context {
    ($context:expr, $assertion:ident) => {
        if $crate::ENABLED {
            $crate::__private::assert_context($context, $crate::__private::Assertion::$assertion);
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
macro_rules! __might_lock {
    ($lock:expr, $how:ident $(, $subclass:expr)?) => {
        if $crate::ENABLED {
            let how = $crate::How::$how $(.subclass($subclass))?;
            $crate::__private::might_lock($lock, how);
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __lock_downgrade {
    ($map:expr, $mode:ident) => {
        if $crate::ENABLED {
            $crate::event::downgraded_to($map, $crate::Mode::$mode);
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __lock_event {
    ($event:ident, $map:expr, $how:ident $(, subclass = $subclass:expr)?) => {
        if $crate::ENABLED {
            let how = $crate::How::$how $(.subclass($subclass))?;
            $crate::__private::$event($map, how, $crate::__describe!());
        }
    };
    ($event:ident, $map:expr, $how:ident $(, subclass = $subclass:expr)?, nest = $nest:expr) => {
        if $crate::ENABLED {
            let how = $crate::How::$how $(.subclass($subclass))?;
            $crate::__private::nested::$event($map, how, $nest, $crate::__describe!());
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __describe {
    () => {
        || $crate::Description::new("lock", "")
    };
}
