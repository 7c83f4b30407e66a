//! Scopes, which wait for the jobs that are spawned in them.

use std::fmt;
use std::panic::Location;
use std::ptr;

use super::pool::{Pool, Site};
use super::real;
#[cfg(not(before = "1.10"))]
use super::real::BroadcastContext;

/// Two kinds of scope that differ in the order of their jobs.
macro_rules! scopes {
    ($($(#[$doc:meta])* $scope:ident $run:ident $in_place:ident $spawn:ident;)*) => {$(
        $(#[$doc])*
        #[repr(transparent)]
        pub struct $scope<'scope>(real::$scope<'scope>);

        impl<'scope> $scope<'scope> {
            fn of<'a>(scope: &'a real::$scope<'scope>) -> &'a Self {
                let scope = ptr::from_ref(scope) as *const Self;
                // SAFETY: it comes from a reference that lives as long, and the type is transparent
                // around the one it refers to.
                unsafe { &*scope }
            }

            /// Has the pool run `body` before the scope ends.
            pub fn $spawn<BODY>(&self, body: BODY)
            where
                BODY: FnOnce(&$scope<'scope>) + Send + 'scope,
            {
                let job = Pool::current().job();
                self.0.$spawn(move |scope| job.run(|| body($scope::of(scope))));
            }

            #[cfg(not(before = "1.10"))]
            /// Has every thread of the pool run `body` before the scope ends.
            pub fn spawn_broadcast<BODY>(&self, body: BODY)
            where
                BODY: Fn(&$scope<'scope>, BroadcastContext<'_>) + Send + Sync + 'scope,
            {
                let job = Pool::current().job();
                self.0.spawn_broadcast(move |scope, context| {
                    job.run(|| body($scope::of(scope), context));
                });
            }
        }

        impl fmt::Debug for $scope<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        /// Runs `op` in the pool, and waits for it and for all that is spawned in the scope.
        ///
        /// # Tracking
        ///
        /// A wait for the current pool, checked before anything runs.
        ///
        /// # Panics
        ///
        /// If `op` or one of the jobs does.
        #[track_caller]
        pub fn $run<'scope, OP, R>(op: OP) -> R
        where
            OP: FnOnce(&$scope<'scope>) -> R + Send,
            R: Send,
        {
            let job = Pool::current().waited(Location::caller());
            real::$run(|scope| job.run(|| op($scope::of(scope))))
        }

        #[cfg(not(before = "1.9"))]
        /// Runs `op`, and waits for all that is spawned in the scope.
        ///
        /// # Tracking
        ///
        /// A wait for the current pool, checked after `op`.
        ///
        /// # Panics
        ///
        /// If `op` or one of the jobs does.
        #[track_caller]
        pub fn $in_place<'scope, OP, R>(op: OP) -> R
        where
            OP: FnOnce(&$scope<'scope>) -> R,
        {
            let end = End::of(Pool::current(), Location::caller());
            real::$in_place(|scope| end.after(|| op($scope::of(scope))))
        }

        impl End {
            #[cfg(not(before = "1.9"))]
            /// A scope of a pool that the current thread need not belong to.
            pub(super) fn $in_place<'scope, OP, R>(self, pool: &real::ThreadPool, op: OP) -> R
            where
                OP: FnOnce(&$scope<'scope>) -> R,
            {
                pool.$in_place(|scope| {
                    self.pool.within(|| self.after(|| op($scope::of(scope))))
                })
            }
        }
    )*};
}

scopes! {
    /// What is spawned here ends before the scope does.
    Scope scope in_place_scope spawn;
    /// What is spawned here ends before the scope does, and begins in the order of its spawning, as
    /// far as one thread spawns it.
    ScopeFifo scope_fifo in_place_scope_fifo spawn_fifo;
}

/// The end of a scope whose code is no job.
pub(super) struct End {
    pool: Pool,
    site: Site,
}

impl End {
    pub(super) fn of(pool: Pool, site: Site) -> End {
        End { pool, site }
    }

    /// Runs `op`, after which the current task waits for the scope's jobs.
    fn after<R>(&self, op: impl FnOnce() -> R) -> R {
        let job = self.pool.job();
        let result = op();
        job.awaited(self.site);
        result
    }
}
