//! What the tracker hears of `parking_lot` locks that change how they are held.

#![cfg(feature = "parking_lot")]
#![cfg(all(feature = "lockdep", any(debug_assertions, feature = "lockdep-release")))]

use std::sync::Arc;

use instrumented::parking_lot::{
    Mutex, RwLock, RwLockUpgradableReadGuard as Upgradable, RwLockWriteGuard,
};
use lockdep::{BacktraceStyle, Level, Mode, Settings, Tracker};

fn mode() -> Mode {
    lockdep::held()[0].mode
}

#[test]
fn a_hold_changes_its_mode_and_stays_where_it_is() {
    let (lock, other) = (RwLock::new(0), Mutex::new(0));
    let upgradable = lock.upgradable_read();
    let _other = other.lock();
    assert_eq!(mode(), Mode::Upgradable);
    let mut writer = Upgradable::upgrade(upgradable);
    *writer += 1;
    assert_eq!((mode(), lockdep::held().len()), (Mode::Exclusive, 2));
    let mut upgradable = RwLockWriteGuard::downgrade_to_upgradable(writer);
    assert_eq!(mode(), Mode::Upgradable);
    upgradable.with_upgraded(|value| {
        *value += 1;
        assert_eq!(mode(), Mode::Exclusive);
    });
    assert_eq!(mode(), Mode::Upgradable);
    let writer = Upgradable::try_upgrade(upgradable).expect("nobody else reads");
    assert_eq!(mode(), Mode::Exclusive);
    let reader = RwLockWriteGuard::downgrade(writer);
    assert_eq!((mode(), *reader), (Mode::Shared, 2));
}

#[test]
fn an_upgrade_waits_for_readers_and_for_nobody_else() {
    let (lock, other) = (RwLock::new(0), Mutex::new(0));
    let tracker =
        Arc::new(Tracker::new(Settings { level: Level::Deadlock, backtrace: BacktraceStyle::Off }));
    let codes = |f: &dyn Fn()| {
        let ((), met) = tracker.run(f);
        met.iter().map(|met| met.violation.code()).collect::<Vec<_>>()
    };
    let upgrade = || {
        let upgradable = lock.upgradable_read();
        let _other = other.lock();
        drop(Upgradable::upgrade(upgradable));
    };
    // There is one upgradable reader at most.
    assert_eq!(codes(&upgrade), [""; 0]);
    assert_eq!(codes(&upgrade), [""; 0]);
    let read = || {
        let _reader = lock.read();
        let _other = other.lock();
    };
    assert_eq!(codes(&read), ["LD0002"]);
}
