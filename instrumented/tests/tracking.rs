//! What the tracker hears of tracked locks, and what it makes of it.

#![cfg(all(feature = "lockdep", any(debug_assertions, feature = "lockdep-release")))]

use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::thread;
use std::time::Duration;

use instrumented::sync::{
    Arc, Condvar, LazyLock, Mutex, MutexGuard, Once, OnceLock, PoisonError, RwLock,
    RwLockWriteGuard, TryLockError,
};
use lockdep::class::Class;
use lockdep::{BacktraceStyle, Level, LockState, Mode, Settings, Tracker, Violation};

const SHORT: Duration = Duration::from_millis(1);

/// What this task holds, oldest first.
fn modes() -> Vec<Mode> {
    lockdep::held().iter().map(|lock| lock.mode).collect()
}

/// What a tracker of its own finds in `f`, without repeats.
fn violations(f: impl FnOnce()) -> Vec<Violation> {
    let settings = Settings { level: Level::Deadlock, backtrace: BacktraceStyle::Off };
    let ((), met) = Arc::new(Tracker::new(settings)).run(f);
    let new = met.iter().filter(|met| met.times == 1);
    new.map(|met| Violation::clone(&met.violation)).collect()
}

fn poison<T>(mutex: &Mutex<T>) {
    catch_unwind(AssertUnwindSafe(|| {
        let _guard = mutex.lock();
        resume_unwind(Box::new("given up"));
    }))
    .unwrap_err();
}

#[test]
fn a_lock_is_held_from_the_acquire_to_the_drop_of_the_guard() {
    let (mutex, lock) = (Mutex::new(0), RwLock::new(0));
    let guard = mutex.lock().unwrap();
    assert_eq!(modes(), [Mode::Exclusive]);
    let reader = lock.read().unwrap();
    assert_eq!(modes(), [Mode::Exclusive, Mode::Shared]);
    drop(guard);
    assert_eq!(modes(), [Mode::Shared]);
    drop(reader);
    let writer = lock.write().unwrap();
    assert_eq!(modes(), [Mode::Exclusive]);
    drop(writer);
    assert_eq!(modes(), []);
}

#[test]
fn a_tried_lock_is_held_if_the_try_succeeds() {
    let (mutex, lock) = (Mutex::new(0), RwLock::new(0));
    {
        let _guard = mutex.try_lock().unwrap();
        let _reader = lock.try_read().unwrap();
        assert_eq!(modes(), [Mode::Exclusive, Mode::Shared]);
    }
    let _writer = lock.try_write().unwrap();
    assert_eq!(modes(), [Mode::Exclusive]);
}

#[test]
fn a_failed_try_records_nothing() {
    let (mutex, lock) = (Mutex::new(0), RwLock::new(0));
    let (_guard, _writer) = (mutex.lock().unwrap(), lock.write().unwrap());
    thread::scope(|scope| {
        scope.spawn(|| {
            assert!(matches!(mutex.try_lock(), Err(TryLockError::WouldBlock)));
            assert!(matches!(lock.try_read(), Err(TryLockError::WouldBlock)));
            assert!(matches!(lock.try_write(), Err(TryLockError::WouldBlock)));
            assert_eq!(modes(), []);
        });
    });
    assert!(matches!(mutex.try_lock(), Err(TryLockError::WouldBlock)));
    assert_eq!(modes(), [Mode::Exclusive; 2]);
}

#[test]
fn a_poisoned_lock_is_tracked_like_any_other() {
    let mutex = Mutex::new(0);
    poison(&mutex);
    assert_eq!(modes(), []);
    let error = mutex.lock().unwrap_err();
    assert_eq!(modes(), [Mode::Exclusive]);
    let guard = error.into_inner();
    assert_eq!(modes(), [Mode::Exclusive]);
    drop(guard);
    assert_eq!(modes(), []);
    let error = mutex.try_lock().unwrap_err();
    assert_eq!(modes(), [Mode::Exclusive]);
    drop(error);
    assert_eq!(modes(), []);
}

#[test]
fn unwinding_releases() {
    let (mutex, lock) = (Mutex::new(0), RwLock::new(0));
    catch_unwind(AssertUnwindSafe(|| {
        let _guard = mutex.lock().unwrap();
        let _reader = lock.read().unwrap();
        resume_unwind(Box::new("given up"));
    }))
    .unwrap_err();
    assert_eq!(modes(), []);
}

#[test]
fn a_forgotten_guard_stays_held_until_its_lock_is_freed() {
    let mutex = Mutex::new(0);
    mem::forget(mutex.lock().unwrap());
    assert_eq!(modes(), [Mode::Exclusive]);
    drop(mutex);
    assert_eq!(modes(), []);
}

#[test]
fn a_downgraded_writer_is_held_shared_in_its_old_place() {
    let (mutex, lock) = (Mutex::new(0), RwLock::new(0));
    let writer = lock.write().unwrap();
    let _guard = mutex.lock().unwrap();
    let reader = RwLockWriteGuard::downgrade(writer);
    assert_eq!(modes(), [Mode::Shared, Mode::Exclusive]);
    drop(reader);
    assert_eq!(modes(), [Mode::Exclusive]);
}

#[test]
fn an_owner_and_a_printer_take_no_lock() {
    struct Prints;
    impl std::fmt::Debug for Prints {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            assert_eq!(modes(), []);
            f.write_str("seen")
        }
    }
    let (mut mutex, mut lock) = (Mutex::new(Prints), RwLock::new(Prints));
    assert_eq!(format!("{mutex:?}"), "Mutex { data: seen, poisoned: false, .. }");
    assert_eq!(format!("{lock:?}"), "RwLock { data: seen, poisoned: false, .. }");
    let (_, _) = (mutex.get_mut().unwrap(), lock.get_mut().unwrap());
    assert_eq!(modes(), []);
    let (_, _) = (mutex.into_inner().unwrap(), lock.into_inner().unwrap());
    assert_eq!(modes(), []);
}

#[test]
fn a_lock_can_be_asked_about() {
    let (mutex, lock) = (Mutex::new(0), RwLock::new(0));
    assert_eq!(lockdep::is_held(&mutex, None), LockState::NotHeld);
    let (_guard, _reader) = (mutex.lock().unwrap(), lock.read().unwrap());
    assert_eq!(lockdep::is_held(&mutex, None), LockState::Held);
    assert_eq!(lockdep::is_held(&lock, Some(Mode::Shared)), LockState::Held);
    assert_eq!(lockdep::is_held(&lock, Some(Mode::Exclusive)), LockState::NotHeld);
    let unsized_lock: &RwLock<[u8]> = &RwLock::new([0]);
    assert_eq!(lockdep::is_held(unsized_lock, None), LockState::NotHeld);
    lockdep::lockdep_assert_held_write!(&mutex);
    lockdep::lockdep_assert_held_read!(&lock);
    lockdep::lockdep_assert_not_held!(unsized_lock);
}

#[test]
fn a_class_is_the_place_that_made_the_lock() {
    let mutexes = [
        (line!(), Mutex::new(0)),
        (line!(), Mutex::from(0)),
        (line!(), Mutex::default()),
        (line!(), 0.into()),
    ];
    for (line, mutex) in &mutexes {
        let _guard = mutex.lock().unwrap();
        let Class { place, kind, payload, .. } = lockdep::held().remove(0).class;
        assert_eq!((place.line, &*kind, &*payload), (*line, "Mutex", "i32"));
        assert!(place.file.ends_with("tracking.rs"));
    }
    let (line, lock) = (line!(), RwLock::<Vec<u8>>::default());
    let _guard = lock.read().unwrap();
    let Class { place, kind, payload, .. } = lockdep::held().remove(0).class;
    assert_eq!((place.line, &*kind, &*payload), (line, "RwLock", "alloc::vec::Vec<u8>"));
}

#[test]
fn a_constructor_passed_as_a_function_names_no_place_of_the_caller() {
    let first: Vec<_> = [0u128].into_iter().map(Mutex::new).collect();
    let second: Vec<_> = [0u128].into_iter().map(Mutex::new).collect();
    let class = |mutex: &Mutex<u128>| {
        let _guard = mutex.lock().unwrap();
        lockdep::held().remove(0).class
    };
    assert_eq!(class(&first[0]), class(&second[0]));
}

#[test]
fn a_lock_is_sixteen_bytes_larger() {
    assert_eq!(size_of::<Mutex<[u64; 4]>>(), size_of::<std::sync::Mutex<[u64; 4]>>() + 16);
    assert_eq!(size_of::<RwLock<[u64; 4]>>(), size_of::<std::sync::RwLock<[u64; 4]>>() + 16);
    assert_eq!(size_of::<Condvar>(), size_of::<(lockdep::Map, std::sync::Condvar)>());
}

#[test]
fn an_inversion_between_a_mutex_and_a_writer_is_found() {
    let (mutex, lock) = (Mutex::new(0), RwLock::new(0));
    let found = violations(|| {
        {
            let _guard = mutex.lock().unwrap();
            let _writer = lock.write().unwrap();
        }
        let _writer = lock.write().unwrap();
        let _guard = mutex.lock().unwrap();
    });
    let [Violation::Inversion { cycle, .. }] = &found[..] else { panic!("{found:?}") };
    let mut wanted: Vec<_> = cycle.iter().map(|edge| &*edge.wanted.class.kind).collect();
    wanted.sort_unstable();
    assert_eq!(wanted, ["Mutex", "RwLock"]);
}

#[test]
fn a_try_in_the_other_order_is_no_inversion() {
    let (mutex, lock) = (Mutex::new(0), RwLock::new(0));
    let found = violations(|| {
        {
            let _guard = mutex.lock().unwrap();
            let _writer = lock.write().unwrap();
        }
        let _writer = lock.write().unwrap();
        let _guard = mutex.try_lock().unwrap();
    });
    assert_eq!(found, []);
}

#[test]
fn readers_that_queue_behind_writers_can_close_a_cycle() {
    let (one, two) = (RwLock::new(0), RwLock::new(0));
    let read = || {
        {
            let _one = one.read().unwrap();
            let _two = two.read().unwrap();
        }
        let _two = two.read().unwrap();
        let _one = one.read().unwrap();
    };
    assert_eq!(violations(read), [], "nobody writes");
    let found = violations(|| {
        read();
        drop(one.write());
        drop(two.write());
    });
    let [Violation::Inversion { writers, .. }] = &found[..] else { panic!("{found:?}") };
    assert_eq!(writers.len(), 2);
}

#[test]
fn a_wait_with_nothing_else_held_is_silent() {
    let (mutex, condvar, other) = (Mutex::new(0), Condvar::new(), Mutex::new(0));
    let found = violations(|| {
        drop((mutex.lock().unwrap(), other.lock().unwrap()));
        let guard = mutex.lock().unwrap();
        let (guard, _) = condvar.wait_timeout(guard, SHORT).unwrap();
        assert_eq!(modes(), [Mode::Exclusive]);
        drop(guard);
        assert_eq!(modes(), []);
    });
    assert_eq!(found, []);
}

#[test]
#[expect(deprecated, reason = "the method is deprecated and still there")]
fn every_wait_takes_its_mutex_after_what_is_still_held() {
    type Wait = fn(&Condvar, MutexGuard<'_, bool>);
    let waits: [(&str, Wait); 5] = [
        ("wait", |condvar, guard| drop(condvar.wait(guard).unwrap())),
        ("wait_while", |condvar, guard| drop(condvar.wait_while(guard, |set| !*set).unwrap())),
        ("wait_timeout", |condvar, guard| drop(condvar.wait_timeout(guard, SHORT).unwrap())),
        ("wait_timeout_ms", |condvar, guard| drop(condvar.wait_timeout_ms(guard, 1).unwrap())),
        ("wait_timeout_while", |condvar, guard| {
            drop(condvar.wait_timeout_while(guard, SHORT, |set| !*set).unwrap());
        }),
    ];
    for (name, wait) in waits {
        let (mutex, condvar, other) = (Mutex::new(false), Condvar::new(), Mutex::new(0));
        let found = violations(|| {
            thread::scope(|scope| {
                let guard = mutex.lock().unwrap();
                scope.spawn(|| {
                    *mutex.lock().unwrap() = true;
                    condvar.notify_all();
                });
                let _kept = other.lock().unwrap();
                wait(&condvar, guard);
                assert_eq!(modes(), [Mode::Exclusive], "{name}");
            });
        });
        let [Violation::Inversion { cycle, closing, .. }] = &found[..] else {
            panic!("{name}: {found:?}")
        };
        assert_eq!(cycle.len(), 2, "{name}");
        assert_eq!(cycle[*closing].wanted.class.payload, "bool", "{name}");
        assert!(cycle[*closing].wanted.at.place.file.ends_with("tracking.rs"), "{name}");
    }
}

#[test]
fn a_condition_runs_with_its_mutex_held() {
    let (mutex, condvar, other) = (Mutex::new(0), Condvar::new(), Mutex::new(0));
    let found = violations(|| {
        let mut asked = 0;
        let (guard, _) = condvar
            .wait_timeout_while(mutex.lock().unwrap(), SHORT, |_| {
                asked += 1;
                assert_eq!(modes(), [Mode::Exclusive]);
                drop(other.lock().unwrap());
                true
            })
            .unwrap();
        assert!(asked > 0);
        assert_eq!(modes(), [Mode::Exclusive]);
        let guard = condvar
            .wait_while(guard, |_| {
                assert_eq!(modes(), [Mode::Exclusive]);
                false
            })
            .unwrap();
        drop(guard);
        assert_eq!(modes(), []);
        let _other = other.lock().unwrap();
        let _guard = mutex.lock().unwrap();
    });
    assert!(matches!(&found[..], [Violation::Inversion { .. }]), "{found:?}");
}

#[test]
fn a_condition_that_panics_leaves_nothing_held() {
    let (mutex, condvar) = (Mutex::new(0), Condvar::new());
    catch_unwind(AssertUnwindSafe(|| {
        let guard = mutex.lock().unwrap();
        drop(condvar.wait_timeout_while(guard, SHORT, |_| resume_unwind(Box::new("given up"))));
    }))
    .unwrap_err();
    assert_eq!(modes(), []);
    let guard = mutex.lock().unwrap_or_else(PoisonError::into_inner);
    catch_unwind(AssertUnwindSafe(|| {
        drop(condvar.wait_while(guard, |_| resume_unwind(Box::new("given up"))));
    }))
    .unwrap_err();
    assert_eq!(modes(), []);
}

#[test]
fn an_initialiser_runs_with_its_once_held_and_later_calls_record_nothing() {
    let (once, cell) = (Once::new(), OnceLock::new());
    let lazy = LazyLock::new(modes);
    once.call_once(|| assert_eq!(modes(), [Mode::Exclusive]));
    assert_eq!(cell.get_or_init(modes), &[Mode::Exclusive]);
    assert_eq!(*lazy, [Mode::Exclusive]);
    once.call_once(|| unreachable!("it is done"));
    assert_eq!((modes(), cell.get_or_init(Vec::new).len()), (vec![], 1));
}

#[test]
fn an_initialiser_that_wants_itself_is_found_before_it_blocks() {
    static CELL: OnceLock<u8> = OnceLock::new();
    static LAZY: LazyLock<u8> = LazyLock::new(|| *LAZY);
    static ONCE: Once = Once::new();
    // The report comes first, and the panic it makes here keeps the second call from blocking.
    let recursion = |f: fn()| {
        let panic = catch_unwind(f).expect_err("it is found");
        let text = panic.downcast_ref::<String>().expect("the report is text");
        assert!(text.contains("LD0001"), "{text}");
        assert_eq!(modes(), []);
    };
    recursion(|| _ = CELL.get_or_init(|| *CELL.get_or_init(|| 1)));
    recursion(|| _ = LazyLock::force(&LAZY));
    recursion(|| ONCE.call_once(|| ONCE.call_once(|| {})));
    assert_eq!(CELL.get(), None);
}

#[test]
fn an_initialiser_that_is_waited_for_is_held_by_who_runs_it() {
    let (mutex, cell) = (Mutex::new(0), OnceLock::new());
    let waits = || {
        let _guard = mutex.lock().unwrap();
        let _ = cell.set(1_u8);
    };
    let made = || {
        let other = OnceLock::new();
        other.get_or_init(|| drop(mutex.lock()));
    };
    assert_eq!(violations(|| (made(), made()).0), []);
    let lazy = |want: bool| {
        let cell = OnceLock::new();
        if want {
            let _guard = mutex.lock().unwrap();
            cell.get_or_init(|| ());
        } else {
            cell.get_or_init(|| drop(mutex.lock()));
        }
    };
    let found = violations(|| (lazy(false), lazy(true)).0);
    assert_eq!(found.iter().map(Violation::code).collect::<Vec<_>>(), ["LD0002"]);
    assert_eq!(violations(waits), []);
}

#[test]
fn a_panic_of_an_initialiser_leaves_nothing_held() {
    let (once, cell) = (Once::new(), OnceLock::<u8>::new());
    let lazy = LazyLock::<u8, _>::new(|| resume_unwind(Box::new("given up")));
    let fails = |f: &dyn Fn()| assert!(catch_unwind(AssertUnwindSafe(f)).is_err());
    fails(&|| once.call_once(|| resume_unwind(Box::new("given up"))));
    fails(&|| _ = cell.get_or_init(|| resume_unwind(Box::new("given up"))));
    fails(&|| _ = LazyLock::force(&lazy));
    fails(&|| _ = LazyLock::force(&lazy));
    once.call_once_force(|state| assert!(state.is_poisoned()));
    assert_eq!((modes(), *cell.get_or_init(|| 3), LazyLock::get(&lazy)), (vec![], 3, None));
}

/// Derived code gives both fields of a kind one place, and that of an `Arc` is in the standard
/// library.
#[derive(Default)]
struct Fields {
    first: Mutex<u8>,
    second: Mutex<u8>,
    shared: Arc<RwLock<u8>>,
    other: Arc<RwLock<u8>>,
}

#[test]
fn fields_that_are_made_by_default_are_locks_of_their_own() {
    let between = Mutex::new('c');
    let fields = Fields::default();
    let met = violations(|| {
        for _ in 0..2 {
            let fields = Fields::default();
            let _first = fields.first.lock();
            let _between = between.lock();
            let _second = fields.second.lock();
        }
        let _shared = fields.shared.write();
        let _between = between.lock();
        let _other = fields.other.write();
    });
    assert!(met.is_empty(), "{met:?}");
}

#[test]
fn what_initialisers_make_by_default_is_made_where_they_are() {
    static FIRST: LazyLock<Mutex<u16>> = LazyLock::new(Default::default);
    static SECOND: LazyLock<Mutex<u16>> = LazyLock::new(Default::default);
    let between = Mutex::new('c');
    let met = violations(|| {
        drop((FIRST.lock(), between.lock()));
        drop((between.lock(), SECOND.lock()));
    });
    assert!(met.is_empty(), "{met:?}");
    let met = violations(|| {
        drop((FIRST.lock(), SECOND.lock()));
        drop((SECOND.lock(), FIRST.lock()));
    });
    let [Violation::Inversion { cycle, .. }] = &met[..] else { panic!("{met:?}") };
    for Class { place, .. } in [&cycle[0].held.class, &cycle[1].held.class] {
        assert!(place.file.ends_with("tracking.rs"), "{place}");
    }
}

#[test]
fn a_field_that_is_made_by_default_is_one_class_in_all_values() {
    let between = Mutex::new('c');
    let (one, two) = (Fields::default(), Fields::default());
    let met = violations(|| {
        drop((one.second.lock(), between.lock()));
        drop((between.lock(), two.second.lock()));
    });
    assert!(matches!(&met[..], [Violation::Inversion { .. }]), "{met:?}");
    let met = violations(|| {
        drop((one.other.write(), between.lock()));
        drop((between.lock(), two.other.write()));
    });
    assert!(matches!(&met[..], [Violation::Inversion { .. }]), "{met:?}");
}
