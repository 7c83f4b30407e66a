//! What all guards have in common: they are used like a reference to their payload.

/// Implements what shows a guard's payload, which `$get` finds by a pointer.
macro_rules! shows_payload {
    ([$($generics:tt)*] $guard:ty => $target:ident, $s:ident => $get:expr) => {
        impl<$($generics)*> std::ops::Deref for $guard {
            type Target = $target;

            #[inline]
            fn deref(&self) -> &$target {
                let $s = self;
                let pointer: *const $target = $get;
                // SAFETY: the guard's hold keeps writers away as long as the guard lives.
                unsafe { &*pointer }
            }
        }

        impl<$($generics)*> std::fmt::Debug for $guard
        where
            $target: std::fmt::Debug,
        {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                (**self).fmt(f)
            }
        }

        impl<$($generics)*> std::fmt::Display for $guard
        where
            $target: std::fmt::Display,
        {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                (**self).fmt(f)
            }
        }
    };
}

/// Implements what changes a guard's payload, which `$get` finds by a pointer.
macro_rules! changes_payload {
    ([$($generics:tt)*] $guard:ty => $target:ident, $s:ident => $get:expr) => {
        impl<$($generics)*> std::ops::DerefMut for $guard {
            #[inline]
            fn deref_mut(&mut self) -> &mut $target {
                let $s = self;
                let pointer: *mut $target = $get;
                // SAFETY: the guard's hold is the only one as long as the guard lives.
                unsafe { &mut *pointer }
            }
        }
    };
}

pub(super) use {changes_payload, shows_payload};
