//! Without the feature the types are the standard library's, not look-alikes.

#![cfg(not(all(feature = "lockdep", any(debug_assertions, feature = "lockdep-release"))))]

use std::any::TypeId;

use instrumented::sync;

macro_rules! same {
    ($($name:ident $(<$($parameter:tt),*>)?),* $(,)?) => {
        [$((
            stringify!($name),
            TypeId::of::<sync::$name $(<$($parameter),*>)?>(),
            TypeId::of::<std::sync::$name $(<$($parameter),*>)?>(),
            size_of::<sync::$name $(<$($parameter),*>)?>(),
            size_of::<std::sync::$name $(<$($parameter),*>)?>(),
        )),*]
    };
}

#[test]
fn an_untracked_lock_is_the_real_type() {
    let types = same![
        Mutex<u64>,
        MutexGuard<'static, u64>,
        RwLock<u64>,
        RwLockReadGuard<'static, u64>,
        RwLockWriteGuard<'static, u64>,
        Condvar,
    ];
    for (name, our_type, real_type, our_size, real_size) in types {
        assert_eq!(our_type, real_type, "{name}");
        assert_eq!(our_size, real_size, "{name}");
    }
}

#[test]
fn a_real_lock_goes_where_an_untracked_one_is_wanted() {
    fn read(mutex: &sync::Mutex<u8>) -> u8 {
        *mutex.lock().unwrap()
    }
    assert_eq!(read(&std::sync::Mutex::new(3)), 3);
}
