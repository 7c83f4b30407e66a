//! The macros that poll several futures in turn: those of the real crate over branches of the task.

use std::future::Future;

use lockdep::task::Tracked;

pub use super::chosen::{Chosen, branch as one_of_several};
pub use super::real::{join, select, select_biased, try_join};

/// A future as a branch of the current task.
#[track_caller]
pub fn branch<F: Future>(future: F) -> Tracked<F> {
    Tracked::branch(future)
}

/// Polls all futures until all are done.
#[doc(hidden)]
#[macro_export]
macro_rules! __futures_join {
    ($($future:expr),* $(,)?) => {
        $crate::__futures::join!($($crate::__futures::branch($future)),*)
    };
}

/// Polls all futures until all are done, or one has failed.
#[doc(hidden)]
#[macro_export]
macro_rules! __futures_try_join {
    ($($future:expr),* $(,)?) => {
        $crate::__futures::try_join!($($crate::__futures::branch($future)),*)
    };
}

/// Polls all futures until one is done.
#[doc(hidden)]
#[macro_export]
macro_rules! __futures_select {
    ($($branches:tt)*) => {
        $crate::__futures_choose!(
            @ select {} [_ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _] $($branches)*
        )
    };
}

/// Polls all futures, in their order, until one is done.
#[doc(hidden)]
#[macro_export]
macro_rules! __futures_select_biased {
    ($($branches:tt)*) => {
        $crate::__futures_choose!(
            @ select_biased {} [_ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _] $($branches)*
        )
    };
}

/// A macro of the real crate whose futures are branches.
///
/// The branches that were read are in braces, each with a comma at its end; the others follow. Each
/// step is one level of recursion, and there is a limit to all together: after as many branches as there
/// are marks in brackets the rest are passed on as they are. A future that is given by its name is
/// borrowed, as by the real macro.
#[doc(hidden)]
#[macro_export]
macro_rules! __futures_choose {
    (@ $name:ident {$($read:tt)*} [$($left:tt)*]) => {
        $crate::__futures::$name! { $($read)* }
    };
    (@ $name:ident {$($read:tt)*} [] $($rest:tt)*) => {
        $crate::__futures::$name! { $($read)* $($rest)* }
    };
    (@ $name:ident {$($read:tt)*} [_ $($left:tt)*] complete => $do:block, $($rest:tt)*) => {
        $crate::__futures_choose!(@ $name {$($read)* complete => $do,} [$($left)*] $($rest)*)
    };
    (@ $name:ident {$($read:tt)*} [_ $($left:tt)*] complete => $do:block $($rest:tt)*) => {
        $crate::__futures_choose!(@ $name {$($read)* complete => $do,} [$($left)*] $($rest)*)
    };
    (@ $name:ident {$($read:tt)*} [_ $($left:tt)*] complete => $do:expr $(, $($rest:tt)*)?) => {
        $crate::__futures_choose!(@ $name {$($read)* complete => $do,} [$($left)*] $($($rest)*)?)
    };
    (@ $name:ident {$($read:tt)*} [_ $($left:tt)*] default => $do:block, $($rest:tt)*) => {
        $crate::__futures_choose!(@ $name {$($read)* default => $do,} [$($left)*] $($rest)*)
    };
    (@ $name:ident {$($read:tt)*} [_ $($left:tt)*] default => $do:block $($rest:tt)*) => {
        $crate::__futures_choose!(@ $name {$($read)* default => $do,} [$($left)*] $($rest)*)
    };
    (@ $name:ident {$($read:tt)*} [_ $($left:tt)*] default => $do:expr $(, $($rest:tt)*)?) => {
        $crate::__futures_choose!(@ $name {$($read)* default => $do,} [$($left)*] $($($rest)*)?)
    };
    (@ $name:ident {$($read:tt)*} $left:tt $result:pat = $future:ident => $($rest:tt)*) => {
        $crate::__futures_choose!(@@ $name {$($read)*} $left $result = (&mut $future) => $($rest)*)
    };
    (@ $name:ident {$($read:tt)*} $left:tt $result:pat = $future:expr => $($rest:tt)*) => {
        $crate::__futures_choose!(@@ $name {$($read)*} $left $result = ($future) => $($rest)*)
    };
    (@ $name:ident {$($read:tt)*} $left:tt $($rest:tt)*) => {
        $crate::__futures::$name! { $($read)* $($rest)* }
    };
    (@@ $name:ident {$($read:tt)*} [_ $($left:tt)*]
        $result:pat = ($($future:tt)*) => $do:block, $($rest:tt)*) => {
        $crate::__futures_choose!(@ $name {$($read)* $result = $crate::__futures::Chosen {
            of: $($future)*,
            task: $crate::__futures::one_of_several(),
        } => $do,} [$($left)*] $($rest)*)
    };
    (@@ $name:ident {$($read:tt)*} [_ $($left:tt)*]
        $result:pat = ($($future:tt)*) => $do:block $($rest:tt)*) => {
        $crate::__futures_choose!(@ $name {$($read)* $result = $crate::__futures::Chosen {
            of: $($future)*,
            task: $crate::__futures::one_of_several(),
        } => $do,} [$($left)*] $($rest)*)
    };
    (@@ $name:ident {$($read:tt)*} [_ $($left:tt)*]
        $result:pat = ($($future:tt)*) => $do:expr $(, $($rest:tt)*)?) => {
        $crate::__futures_choose!(@ $name {$($read)* $result = $crate::__futures::Chosen {
            of: $($future)*,
            task: $crate::__futures::one_of_several(),
        } => $do,} [$($left)*] $($($rest)*)?)
    };
}
