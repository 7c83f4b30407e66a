//! Traits and auto traits, compared with the real types' for payloads that have and that lack
//! them.

use std::cell::Cell;
use std::fmt::{Debug, Display};
use std::marker::PhantomPinned;
use std::ops::{Deref, DerefMut};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::rc::Rc;

use super::traits::{Lacks, has};
use crate::sync;

/// The five types with one parameter, on each side.
macro_rules! types_of {
    ($module:ident, $sync:path) => {
        mod $module {
            use $sync as sync;
            pub(super) type Mutex<T> = sync::Mutex<T>;
            pub(super) type MutexGuard<T> = sync::MutexGuard<'static, T>;
            pub(super) type RwLock<T> = sync::RwLock<T>;
            pub(super) type RwLockReadGuard<T> = sync::RwLockReadGuard<'static, T>;
            pub(super) type RwLockWriteGuard<T> = sync::RwLockWriteGuard<'static, T>;
        }
    };
}

types_of!(ours, crate::sync);
types_of!(real, std::sync);

/// What the answer is about, ours, the real one's.
type Answer = (&'static str, bool, bool);

macro_rules! traits {
    ($name:ident<$payload:ty>: $($bound:path),*) => {
        vec![$((
            concat!(stringify!($name), "<", stringify!($payload), ">: ", stringify!($bound)),
            has!(ours::$name<$payload>, $bound),
            has!(real::$name<$payload>, $bound),
        )),*]
    };
    ($name:ident<$payload:ty>) => {
        traits!($name<$payload>: Send, Sync, Unpin, UnwindSafe, RefUnwindSafe, Debug, Display,
            Default, Clone, PartialEq, From<u8>, Deref, DerefMut)
    };
}

macro_rules! types {
    ($($payload:ty),* $(,)?) => {
        [$(
            traits!(Mutex<$payload>),
            traits!(MutexGuard<$payload>),
            traits!(RwLock<$payload>),
            traits!(RwLockReadGuard<$payload>),
            traits!(RwLockWriteGuard<$payload>),
        )*]
        .concat()
    };
}

#[test]
fn locks_and_guards_have_the_traits_of_the_real_ones() {
    let table: Vec<Answer> = types![
        u8,
        Cell<u8>,
        Rc<u8>,
        std::sync::MutexGuard<'static, u8>,
        &'static mut u8,
        PhantomPinned,
        str,
        [Cell<u8>],
        dyn Debug,
        dyn Debug + Send,
        dyn Display + Send + Sync,
    ];
    assert_eq!(table.len(), 11 * 5 * 13);
    for (what, ours, real) in table {
        assert_eq!(ours, real, "{what}");
    }
}

#[test]
fn condition_variables_have_the_traits_of_the_real_one() {
    macro_rules! compare_condvar {
        ($($bound:path),*) => {
            [$((
                stringify!($bound),
                has!(sync::Condvar, $bound),
                has!(std::sync::Condvar, $bound),
            )),*]
        };
    }
    let table =
        compare_condvar!(Send, Sync, Unpin, UnwindSafe, RefUnwindSafe, Default, Debug, Clone);
    for (what, ours, real) in table {
        assert_eq!(ours, real, "{what}");
    }
}

#[test]
fn the_probe_tells_both_answers() {
    assert!(has!(sync::Mutex<Cell<u8>>, Sync));
    assert!(!has!(sync::Mutex<Rc<u8>>, Sync));
    assert!(!has!(sync::RwLock<Cell<u8>>, Sync));
    assert!(!has!(sync::MutexGuard<'static, u8>, Send));
    assert!(has!(sync::MutexGuard<'static, u8>, Sync));
    assert!(has!(sync::Mutex<&'static mut u8>, UnwindSafe));
}
