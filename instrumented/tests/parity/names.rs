//! Every stable name of `std::sync` is there, and all but the locks are the real ones.

use std::any::TypeId;

use crate::sync;

macro_rules! same_types {
    ($($name:ident $(<$($parameter:ty),*>)?),* $(,)?) => {
        [$((
            stringify!($name),
            TypeId::of::<sync::$name $(<$($parameter),*>)?>(),
            TypeId::of::<std::sync::$name $(<$($parameter),*>)?>(),
        )),*]
    };
}

#[test]
fn all_but_the_locks_are_the_real_types() {
    let types = same_types![
        Arc<u8>,
        Weak<u8>,
        BarrierWaitResult,
        LockResult<u8>,
        OnceState,
        PoisonError<u8>,
        TryLockError<u8>,
        TryLockResult<u8>,
        WaitTimeoutResult,
    ];
    for (name, ours, real) in types {
        assert_eq!(ours, real, "{name}");
    }
}

#[test]
fn the_inner_modules_are_the_real_ones() {
    let _: std::sync::atomic::AtomicU8 = sync::atomic::AtomicU8::new(0);
}

#[test]
#[expect(deprecated, reason = "the constant is deprecated and still there")]
fn the_old_constant_is_there() {
    let once = sync::ONCE_INIT;
    once.call_once(|| {});
    assert!(once.is_completed());
}
