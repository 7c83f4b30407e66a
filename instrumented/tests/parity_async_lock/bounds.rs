//! Traits and auto traits, compared with the real types' for payloads that have and that lack them.

use std::cell::Cell;
use std::fmt::{Debug, Display};
use std::marker::PhantomPinned;
use std::ops::{Deref, DerefMut};
use std::rc::Rc;

use super::traits::{Lacks, has};

/// The types on each side, of one payload.
macro_rules! types_of {
    ($module:ident, $crate_:path) => {
        mod $module {
            pub(super) use of::futures::{LockArc, UpgradeArc};
            pub(super) use of::{
                Barrier, Mutex, MutexGuardArc, OnceCell, RwLock, RwLockReadGuardArc,
                RwLockUpgradableReadGuardArc, RwLockWriteGuardArc, Semaphore, SemaphoreGuardArc,
            };
            use $crate_ as of;
            pub(super) type SemaphoreGuard = of::SemaphoreGuard<'static>;
            pub(super) type BarrierWait = of::futures::BarrierWait<'static>;
            pub(super) type Acquire = of::futures::Acquire<'static>;
            pub(super) type AcquireArc = of::futures::AcquireArc;
            pub(super) type MutexGuard<T> = of::MutexGuard<'static, T>;
            pub(super) type RwLockReadGuard<T> = of::RwLockReadGuard<'static, T>;
            pub(super) type RwLockUpgradableReadGuard<T> =
                of::RwLockUpgradableReadGuard<'static, T>;
            pub(super) type RwLockWriteGuard<T> = of::RwLockWriteGuard<'static, T>;
            pub(super) type Lock<T> = of::futures::Lock<'static, T>;
            pub(super) type Read<T> = of::futures::Read<'static, T>;
            pub(super) type ReadArc<T> = of::futures::ReadArc<'static, T>;
            pub(super) type UpgradableRead<T> = of::futures::UpgradableRead<'static, T>;
            pub(super) type UpgradableReadArc<T> = of::futures::UpgradableReadArc<'static, T>;
            pub(super) type Upgrade<T> = of::futures::Upgrade<'static, T>;
            pub(super) type Write<T> = of::futures::Write<'static, T>;
            pub(super) type WriteArc<T> = of::futures::WriteArc<'static, T>;
        }
    };
}

types_of!(ours, crate::async_lock);
types_of!(real, ::async_lock);

/// What the answer is about, ours, the real one's.
type Answer = (String, bool, bool);

macro_rules! answers {
    ($([$name:ident $(<$payload:ty>)?])*, $bounds:tt) => {
        vec![$(answers!(
            @one ours::$name $(<$payload>)?, real::$name $(<$payload>)?,
            concat!(stringify!($name), $("<", stringify!($payload), ">")?), $bounds
        )),*].concat()
    };
    (@one $ours:ty, $real:ty, $name:expr, [$($bound:path),*]) => {
        vec![$((
            format!("{}: {}", $name, stringify!($bound)),
            has!($ours, $bound),
            has!($real, $bound),
        )),*]
    };
}

macro_rules! of_payload {
    ($payload:ty) => {
        answers!(
            [Mutex<$payload>] [MutexGuard<$payload>] [MutexGuardArc<$payload>] [RwLock<$payload>]
            [RwLockReadGuard<$payload>] [RwLockReadGuardArc<$payload>]
            [RwLockUpgradableReadGuard<$payload>] [RwLockUpgradableReadGuardArc<$payload>]
            [RwLockWriteGuard<$payload>] [RwLockWriteGuardArc<$payload>] [OnceCell<$payload>]
            [Lock<$payload>] [LockArc<$payload>] [Read<$payload>] [ReadArc<$payload>]
            [UpgradableRead<$payload>] [UpgradableReadArc<$payload>] [Upgrade<$payload>]
            [UpgradeArc<$payload>] [Write<$payload>] [WriteArc<$payload>],
            [Send, Sync, Unpin, Debug, Display, Default, Clone, Deref, DerefMut, From<u8>]
        )
    };
}

/// A value that may be shared and not sent.
struct Pinned(#[allow(dead_code, reason = "it is asked about")] std::sync::MutexGuard<'static, u8>);

#[test]
fn traits_are_those_of_the_real_types() {
    let answers: Vec<Vec<Answer>> = vec![
        of_payload!(u8),
        of_payload!(Cell<u8>),
        of_payload!(Rc<u8>),
        of_payload!(Pinned),
        of_payload!(PhantomPinned),
        answers!(
            [Semaphore][SemaphoreGuard][SemaphoreGuardArc][Barrier][BarrierWait][Acquire]
                [AcquireArc],
            [Send, Sync, Unpin, Debug, Default, Clone]
        ),
    ];
    // The real one has none, by an oversight.
    let more = |what: &str| what.starts_with("LockArc<") && what.ends_with(": Debug");
    let answers = answers.concat().into_iter();
    let differ: Vec<Answer> =
        answers.filter(|(what, ours, real)| ours != real && !more(what)).collect();
    assert_eq!(differ, []);
}
