//! Whether a type has a trait, asked of types that may not have it.

/// The answer for types without the trait asked for.
pub(crate) trait Lacks {
    /// Whether the type has it.
    const HAS: bool = false;
}

impl<T: ?Sized> Lacks for T {}

/// Whether a type has a trait: the constant of the inherent impl wins where its bound holds.
/// [`Lacks`] is to be in scope.
macro_rules! has {
    ($type:ty, $($bound:tt)+) => {{
        struct Probe<T: ?Sized>(std::marker::PhantomData<T>);
        #[allow(dead_code, reason = "used for those types that have the trait")]
        impl<T: ?Sized + $($bound)+> Probe<T> {
            const HAS: bool = true;
        }
        <Probe<$type>>::HAS
    }};
}

pub(crate) use has;
