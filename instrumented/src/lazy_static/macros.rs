//! The macro that declares values.

/// Declares values by way of the module at the path that is the first argument.
#[doc(hidden)]
#[macro_export]
macro_rules! __lazy_static_values {
    ([$($path:tt)*]) => {};
    ([$($path:tt)*]
        $(#[$attribute:meta])* $visibility:vis static ref $name:ident: $type:ty = $value:expr;
        $($rest:tt)*) => {
        #[allow(missing_copy_implementations, non_camel_case_types, dead_code)]
        $(#[$attribute])*
        $visibility struct $name {
            __private_field: (),
        }

        #[doc(hidden)]
        #[allow(non_upper_case_globals)]
        $visibility static $name: $name = $name { __private_field: () };

        impl $($path)*::__Deref for $name {
            type Target = $type;

            #[track_caller]
            fn deref(&self) -> &$type {
                static LAZY: $($path)*::lazy::Lazy<$name, $type> = $($path)*::lazy::Lazy::new();
                fn make() -> $type {
                    $value
                }
                LAZY.get(make)
            }
        }

        impl $($path)*::LazyStatic for $name {
            fn initialize(lazy: &Self) {
                let _ = &**lazy;
            }
        }

        $crate::__lazy_static_values! { [$($path)*] $($rest)* }
    };
}
