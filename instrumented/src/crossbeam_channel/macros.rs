//! The macros that select: those of the real crate, with a word to the tracker before the wait and
//! before the code of the operation that was selected.

/// Writes a selection down for a macro of the real crate. The first argument is the path of this
/// module, the second the macro's name, the third whether something else than the operations ends the
/// wait: it `waits` until a `default` is met, then it `tries`.
///
/// 1. The operations are read, each into the form `kind(…) -> result => { code },`.
/// 2. What they are done with is evaluated once, as the real macro does it, and borrowed from there on
///    (`@bind`).
/// 3. Then the wait is told, if it is one, and the real macro takes over.
///
/// An operation of its own is what the real macro makes of it, and so is a wait like any other. What
/// cannot be read is left to the real macro, which says what is wrong with it.
#[doc(hidden)]
#[macro_export]
macro_rules! __crossbeam_channel_select {
    ([$($path:tt)*] $name:ident waits [] recv($receiver:expr) -> $result:pat => $body:expr $(,)?) => {
        match $receiver {
            #[allow(unused_braces, reason = "they are the user's")]
            ref receiver => {
                let receiver: &$($path)*::Receiver<_> = receiver;
                let $result = receiver.recv();
                $body
            }
        }
    };
    ($path:tt $name:ident $ends:ident [$($read:tt)*]) => {
        $crate::__crossbeam_channel_select! { @bind $path $name $ends [] [] $($read)* }
    };
    ($path:tt $name:ident $ends:ident [$($read:tt)*]
        default $(($($timeout:tt)*))? => $body:expr, $($rest:tt)*) => {
        $crate::__crossbeam_channel_select! {
            $path $name tries [$($read)* default $(($($timeout)*))? => { $body },] $($rest)*
        }
    };
    ($path:tt $name:ident $ends:ident [$($read:tt)*]
        default $(($($timeout:tt)*))? => $body:expr) => {
        $crate::__crossbeam_channel_select! {
            $path $name tries [$($read)* default $(($($timeout)*))? => { $body },]
        }
    };
    ($path:tt $name:ident $ends:ident [$($read:tt)*]
        default $(($($timeout:tt)*))? => $body:block $($rest:tt)*) => {
        $crate::__crossbeam_channel_select! {
            $path $name tries [$($read)* default $(($($timeout)*))? => { $body },] $($rest)*
        }
    };
    ($path:tt $name:ident $ends:ident [$($read:tt)*]
        $kind:ident($($of:tt)*) -> $result:pat => $body:expr, $($rest:tt)*) => {
        $crate::__crossbeam_channel_select! {
            $path $name $ends [$($read)* $kind($($of)*) -> $result => { $body },] $($rest)*
        }
    };
    ($path:tt $name:ident $ends:ident [$($read:tt)*]
        $kind:ident($($of:tt)*) -> $result:pat => $body:expr) => {
        $crate::__crossbeam_channel_select! {
            $path $name $ends [$($read)* $kind($($of)*) -> $result => { $body },]
        }
    };
    ($path:tt $name:ident $ends:ident [$($read:tt)*]
        $kind:ident($($of:tt)*) -> $result:pat => $body:block $($rest:tt)*) => {
        $crate::__crossbeam_channel_select! {
            $path $name $ends [$($read)* $kind($($of)*) -> $result => { $body },] $($rest)*
        }
    };
    (@bind [$($path:tt)*] $name:ident waits [$($done:tt)*] [$($arms:tt)+]) => {{
        $($path)*::__private::choose(&[$($arms)+]);
        $($path)*::__private::$name! { $($done)* }
    }};
    (@bind [$($path:tt)*] $name:ident $ends:ident [$($done:tt)*] [$($arms:tt)*]) => {
        $($path)*::__private::$name! { $($done)* }
    };
    (@bind [$($path:tt)*] $name:ident $ends:ident [$($done:tt)*] [$($arms:tt)*]
        recv($receiver:expr $(,)?) -> $result:pat => $body:block, $($rest:tt)*) => {
        match $receiver {
            #[allow(unused_braces, reason = "they are the user's")]
            ref receiver => $crate::__crossbeam_channel_select! {
                @bind [$($path)*] $name $ends
                [$($done)* recv(receiver) -> $result => {
                    $($path)*::__private::received(receiver);
                    $body
                },]
                [$($arms)* $($path)*::__private::receives(receiver),]
                $($rest)*
            }
        }
    };
    (@bind [$($path:tt)*] $name:ident $ends:ident [$($done:tt)*] [$($arms:tt)*]
        send($sender:expr, $message:expr $(,)?) -> $result:pat => $body:block, $($rest:tt)*) => {
        match $sender {
            #[allow(unused_braces, reason = "they are the user's")]
            ref sender => $crate::__crossbeam_channel_select! {
                @bind [$($path)*] $name $ends
                [$($done)* send(sender, {
                    let message = $message;
                    $($path)*::__private::sending(sender);
                    message
                }) -> $result => {
                    $($path)*::__private::selected();
                    $body
                },]
                [$($arms)* $($path)*::__private::sends(sender),]
                $($rest)*
            }
        }
    };
    (@bind $path:tt $name:ident $ends:ident [$($done:tt)*] $arms:tt
        default $(($($timeout:tt)*))? => $body:expr, $($rest:tt)*) => {
        $crate::__crossbeam_channel_select! {
            @bind $path $name $ends
            [$($done)* default $(($($timeout)*))? => { $body },] $arms $($rest)*
        }
    };
    (@bind [$($path:tt)*] $name:ident $ends:ident [$($done:tt)*] $arms:tt $($rest:tt)*) => {
        $($path)*::__private::$name! { $($done)* $($rest)* }
    };
    ([$($path:tt)*] $name:ident $ends:ident [$($read:tt)*] $($rest:tt)*) => {
        $($path)*::__private::$name! { $($read)* $($rest)* }
    };
}
