//! Values that are made when they are first used, with tracking on and off.

#![cfg(feature = "lazy_static")]

use std::panic::catch_unwind;

use instrumented::lazy_static::{LazyStatic, initialize, lazy_static};

lazy_static! {
    /// It has a doc comment.
    static ref PRIVATE: Vec<u8> = vec![1];
    /// It is public.
    pub static ref PUBLIC: u8 = PRIVATE[0] + 1;
    /// It is seen in the crate.
    pub(crate) static ref SHARED: &'static str = "shared";
    static ref PANICS: u8 = std::panic::resume_unwind(Box::new("given up"));
}

lazy_static! {}

#[test]
fn a_value_is_made_when_it_is_first_used() {
    initialize(&PUBLIC);
    LazyStatic::initialize(&SHARED);
    assert_eq!((*PUBLIC, SHARED.len(), PRIVATE.as_slice()), (2, 6, &[1][..]));
}

#[test]
fn a_value_that_could_not_be_made_is_never_made() {
    assert!(catch_unwind(|| *PANICS).is_err());
    assert!(catch_unwind(|| *PANICS).is_err());
}

#[cfg(all(feature = "lockdep", any(debug_assertions, feature = "lockdep-release")))]
mod tracked {
    use std::sync::Arc;

    use instrumented::lazy_static::lazy_static;
    use instrumented::sync::Mutex;
    use lockdep::{BacktraceStyle, Level, Settings, Tracker, Violation};

    static LOCK: Mutex<u8> = Mutex::new(1);

    lazy_static! {
        static ref TAKES: u8 = *LOCK.lock().unwrap();
        static ref MADE_UNDER: u8 = 2;
        static ref HELD: Vec<String> = {
            let held = lockdep::held();
            held.iter().map(|lock| lock.class.payload.to_string()).collect()
        };
    }

    fn codes(f: impl FnOnce()) -> Vec<&'static str> {
        let settings = Settings { level: Level::Deadlock, backtrace: BacktraceStyle::Off };
        let ((), met) = Arc::new(Tracker::new(settings)).run(f);
        met.iter().map(|met| Violation::code(&met.violation)).collect()
    }

    #[test]
    fn values_of_one_type_that_are_made_in_one_place_are_told_apart() {
        let found = codes(|| {
            assert_eq!(*TAKES, 1);
            let _guard = LOCK.lock().unwrap();
            assert_eq!(*MADE_UNDER, 2);
        });
        assert_eq!(found, [""; 0]);
        assert_eq!(*HELD, ["lazy_static::tracked::HELD"]);
    }
}
