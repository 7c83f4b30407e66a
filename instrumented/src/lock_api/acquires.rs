//! The methods that take a lock, each by reference and by counted pointer.

/// Methods that wait: `name, name_for_a_counted_pointer: how, attempt, wait, side;`.
macro_rules! blocking {
    ($($(#[$doc:meta])* $name:ident, $counted:ident: $side:ty, $how:expr, $attempt:expr, $wait:expr;)*) => {$(
        $(#[$doc])*
        ///
        /// # Panics
        ///
        /// If the acquire breaks a rule and the tracker is told to panic; the lock is then not
        /// taken.
        #[inline(always)]
        #[track_caller]
        pub fn $name(&self) -> Guard<&Self, $side> {
            let site = Location::caller();
            let describe = <Self as Lock>::describe;
            let state = self.core.acquire::<$side>($how, describe, site, $attempt, $wait);
            Guard::new(self, state)
        }

        $(#[$doc])*
        ///
        /// The guard keeps the lock alive.
        ///
        /// # Panics
        ///
        /// If the acquire breaks a rule and the tracker is told to panic; the lock is then not
        /// taken.
        #[cfg(feature = "arc_lock")]
        #[inline]
        #[track_caller]
        pub fn $counted(self: &Arc<Self>) -> Guard<Arc<Self>, $side> {
            let site = Location::caller();
            let describe = <Self as Lock>::describe;
            let state = self.core.acquire::<$side>($how, describe, site, $attempt, $wait);
            Guard::new(Arc::clone(self), state)
        }
    )*};
}

/// Methods that do not wait, or only for some time.
macro_rules! trying {
    ($($(#[$doc:meta])* $name:ident, $counted:ident ($($timeout:ident: $time:ty)?): $side:ty, $how:expr,
        $attempt:expr;)*) => {$(
        $(#[$doc])*
        #[inline]
        #[track_caller]
        pub fn $name(&self $(, $timeout: $time)?) -> Option<Guard<&Self, $side>> {
            let site = Location::caller();
            let describe = <Self as Lock>::describe;
            let state = self.core.try_acquire::<$side>($how, describe, site, $attempt)?;
            Some(Guard::new(self, state))
        }

        $(#[$doc])*
        ///
        /// The guard keeps the lock alive.
        #[cfg(feature = "arc_lock")]
        #[inline]
        #[track_caller]
        pub fn $counted(self: &Arc<Self> $(, $timeout: $time)?) -> Option<Guard<Arc<Self>, $side>> {
            let site = Location::caller();
            let describe = <Self as Lock>::describe;
            let state = self.core.try_acquire::<$side>($how, describe, site, $attempt)?;
            Some(Guard::new(Arc::clone(self), state))
        }
    )*};
}

/// What every lock type has besides its ways to be taken.
macro_rules! common {
    ($name:literal, $lock:ident <$($parameter:ident $(: $able:ident)?),*> where [$($bounds:tt)*], $raw:ty, $try_lock:ident) => {
        impl<$($parameter $(: $able)?,)* T: ?Sized> Lock for $lock<$($parameter,)* T> {
            type Raw = $raw;
            type Payload = T;

            #[inline]
            fn core(&self) -> &Core<Self::Raw> {
                &self.core
            }

            #[inline]
            fn data(&self) -> *mut T {
                self.data.get()
            }

            fn describe() -> Description {
                Description::new($name, type_name::<T>())
            }
        }

        impl<$($parameter $(: $able)?,)* T: ?Sized> Tracked for $lock<$($parameter,)* T> {
            fn map(&self) -> Option<&Map> {
                Some(self.core.map())
            }

            fn describe() -> Description {
                <Self as Lock>::describe()
            }
        }

        impl<$($parameter $(: $able)?,)* T: ?Sized> $lock<$($parameter,)* T> {
            /// The payload, reached without locking. Records nothing: nobody else can hold the lock.
            #[inline]
            pub fn get_mut(&mut self) -> &mut T {
                self.data.get_mut()
            }

            /// Where the payload is. Only who holds the lock may use it.
            #[inline]
            pub fn data_ptr(&self) -> *mut T {
                self.data.get()
            }

            /// Gives the payload back. Records nothing: nobody else can hold the lock.
            #[inline]
            pub fn into_inner(self) -> T
            where
                T: Sized,
            {
                self.data.into_inner()
            }
        }

        impl<$($bounds)*, T: Default> Default for $lock<$($parameter,)* T> {
            /// A lock of the payload's default; the class is the place of this call.
            #[inline(always)]
            #[track_caller]
            fn default() -> Self {
                lockdep::told_apart($lock::new(T::default()))
            }
        }

        impl<$($bounds)*, T> From<T> for $lock<$($parameter,)* T> {
            /// As `new`; the class is the place of this call.
            #[inline]
            #[track_caller]
            fn from(value: T) -> Self {
                $lock::new(value)
            }
        }

        impl<$($bounds)*, T: ?Sized + fmt::Debug> fmt::Debug for $lock<$($parameter,)* T> {
            /// Shows the payload if the lock can be had without waiting.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut text = f.debug_struct($name);
                match self.$try_lock() {
                    Some(guard) => text.field("data", &&*guard).finish(),
                    None => text.field("data", &format_args!("<locked>")).finish(),
                }
            }
        }

        #[cfg(feature = "serde")]
        impl<$($bounds)*, T: ?Sized + serde::Serialize> serde::Serialize for $lock<$($parameter,)* T> {
            fn serialize<Z: serde::Serializer>(&self, serializer: Z) -> Result<Z::Ok, Z::Error> {
                self.serialized(|payload| payload.serialize(serializer))
            }
        }

        #[cfg(feature = "serde")]
        impl<'de, $($bounds)*, T: serde::Deserialize<'de>> serde::Deserialize<'de>
            for $lock<$($parameter,)* T>
        {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                T::deserialize(deserializer).map($lock::new)
            }
        }
    };
}

pub(super) use {blocking, common, trying};
