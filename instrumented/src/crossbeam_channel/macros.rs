//! The macros that select: those of the real crate, with a word to the tracker before the code of the
//! operation that was selected.

/// Writes a selection down for a macro of the real crate. The first argument is the path of this
/// module, the second the macro's name.
///
/// An operation of its own is what the real macro makes of it, and so is a wait like any other. What
/// cannot be read is left to the real macro, which says what is wrong with it.
#[doc(hidden)]
#[macro_export]
macro_rules! __crossbeam_channel_select {
    ([$($path:tt)*] $name:ident [] recv($receiver:expr) -> $result:pat => $body:expr $(,)?) => {
        match $receiver {
            #[allow(unused_braces, reason = "they are the user's")]
            ref receiver => {
                let receiver: &$($path)*::Receiver<_> = receiver;
                let $result = receiver.recv();
                $body
            }
        }
    };
    ([$($path:tt)*] $name:ident [$($read:tt)*]) => {
        $($path)*::__private::$name! { $($read)* }
    };
    ($path:tt $name:ident [$($read:tt)*] default $(($($timeout:tt)*))? => $body:expr, $($rest:tt)*) => {
        $crate::__crossbeam_channel_select! {
            $path $name [$($read)* default $(($($timeout)*))? => { $body },] $($rest)*
        }
    };
    ($path:tt $name:ident [$($read:tt)*] default $(($($timeout:tt)*))? => $body:expr) => {
        $crate::__crossbeam_channel_select! {
            $path $name [$($read)* default $(($($timeout)*))? => { $body },]
        }
    };
    ($path:tt $name:ident [$($read:tt)*] default $(($($timeout:tt)*))? => $body:block $($rest:tt)*) => {
        $crate::__crossbeam_channel_select! {
            $path $name [$($read)* default $(($($timeout)*))? => { $body },] $($rest)*
        }
    };
    ([$($path:tt)*] $name:ident [$($read:tt)*]
        $kind:ident($($of:tt)*) -> $result:pat => $body:expr, $($rest:tt)*) => {
        $crate::__crossbeam_channel_select! {
            [$($path)*] $name
            [$($read)* $kind($($of)*) -> $result => { $($path)*::__private::selected(); $body },]
            $($rest)*
        }
    };
    ([$($path:tt)*] $name:ident [$($read:tt)*]
        $kind:ident($($of:tt)*) -> $result:pat => $body:expr) => {
        $crate::__crossbeam_channel_select! {
            [$($path)*] $name
            [$($read)* $kind($($of)*) -> $result => { $($path)*::__private::selected(); $body },]
        }
    };
    ([$($path:tt)*] $name:ident [$($read:tt)*]
        $kind:ident($($of:tt)*) -> $result:pat => $body:block $($rest:tt)*) => {
        $crate::__crossbeam_channel_select! {
            [$($path)*] $name
            [$($read)* $kind($($of)*) -> $result => { $($path)*::__private::selected(); $body },]
            $($rest)*
        }
    };
    ([$($path:tt)*] $name:ident [$($read:tt)*] $($rest:tt)*) => {
        $($path)*::__private::$name! { $($read)* $($rest)* }
    };
}
