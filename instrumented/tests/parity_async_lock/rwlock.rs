//! The reader-writer lock.

use std::sync::Arc;

use super::{elsewhere, is_ready, run};
use crate::async_lock::futures::{
    Read, ReadArc, UpgradableRead, UpgradableReadArc, Upgrade, UpgradeArc, Write, WriteArc,
};
use crate::async_lock::{
    RwLock, RwLockReadGuard, RwLockReadGuardArc, RwLockUpgradableReadGuard,
    RwLockUpgradableReadGuardArc, RwLockWriteGuard, RwLockWriteGuardArc,
};

#[test]
fn the_lock_is_taken_in_all_ways() {
    static CONSTANT: RwLock<u8> = RwLock::new(1);
    let mut lock: RwLock<u8> = RwLock::from(2);
    *RwLock::get_mut(&mut lock) +=
        *CONSTANT.read_blocking() + *RwLock::<u8>::default().read_blocking();
    assert_eq!(format!("{lock:?}"), "RwLock { value: 3 }");
    run(async {
        let read: Read<'_, u8> = RwLock::read(&lock);
        assert_eq!(format!("{read:?}"), "Read { .. }");
        let one: RwLockReadGuard<'_, u8> = read.await;
        let upgradable: UpgradableRead<'_, u8> = RwLock::upgradable_read(&lock);
        assert_eq!(format!("{upgradable:?}"), "UpgradableRead { .. }");
        assert_eq!(format!("{one:?} {one}"), "3 3");
        drop(one);
        let other: RwLockUpgradableReadGuard<'_, u8> = upgradable.await;
        assert_eq!(format!("{other:?} {other}"), "3 3");
        assert!(RwLock::try_upgradable_read(&lock).is_none());
        assert!(RwLock::try_write(&lock).is_none() && RwLock::try_read(&lock).is_some());
        drop(other);
        let write: Write<'_, u8> = RwLock::write(&lock);
        assert_eq!(format!("{write:?}"), "Write { .. }");
        let mut guard: RwLockWriteGuard<'_, u8> = write.await;
        *guard += 1;
        assert_eq!(format!("{guard:?} {guard} {lock:?}"), "4 4 RwLock { value: <locked> }");
        assert!(!elsewhere(|| is_ready(lock.read()) || is_ready(lock.upgradable_read())));
        assert!(!elsewhere(|| is_ready(lock.write())));
    });
    *RwLock::write_blocking(&lock) += 1;
    assert_eq!(*RwLock::read_blocking(&lock), 5);
    assert_eq!(*RwLock::upgradable_read_blocking(&lock), 5);
    assert_eq!(RwLock::into_inner(lock), 5);
}

#[test]
fn the_lock_is_taken_in_all_ways_by_a_counted_pointer() {
    let lock = Arc::new(RwLock::new(String::from("a")));
    run(async {
        let read: ReadArc<'_, String> = RwLock::read_arc(&lock);
        assert_eq!(format!("{read:?}"), "ReadArc { .. }");
        let one: RwLockReadGuardArc<String> = read.await;
        let upgradable: UpgradableReadArc<'_, String> = RwLock::upgradable_read_arc(&lock);
        assert_eq!(format!("{upgradable:?}"), "UpgradableReadArc { .. }");
        assert_eq!(format!("{one:?} {one}"), "\"a\" a");
        drop(one);
        let other: RwLockUpgradableReadGuardArc<String> = upgradable.await;
        assert_eq!(format!("{other:?} {other}"), "\"a\" a");
        assert!(RwLock::try_upgradable_read_arc(&lock).is_none());
        assert!(RwLock::try_write_arc(&lock).is_none() && RwLock::try_read_arc(&lock).is_some());
        drop(other);
        let write: WriteArc<'_, String> = RwLock::write_arc(&lock);
        assert_eq!(format!("{write:?}"), "WriteArc { .. }");
        let mut guard: RwLockWriteGuardArc<String> = write.await;
        guard.push('b');
        assert_eq!(format!("{guard:?} {guard}"), "\"ab\" ab");
    });
    RwLock::write_arc_blocking(&lock).push('c');
    assert_eq!(RwLock::read_arc_blocking(&lock).len(), 3);
    assert_eq!(RwLock::upgradable_read_arc_blocking(&lock).len(), 3);
    assert_eq!(Arc::strong_count(&lock), 1);
}

#[test]
fn guards_become_others() {
    let lock: &RwLock<[u8]> = &RwLock::new([0; 2]);
    let upgradable = RwLock::upgradable_read_blocking(lock);
    let other = lock.try_read().unwrap();
    let upgradable = RwLockUpgradableReadGuard::try_upgrade(upgradable).unwrap_err();
    drop(other);
    let mut write: RwLockWriteGuard<'_, [u8]> =
        RwLockUpgradableReadGuard::try_upgrade(upgradable).unwrap();
    write[0] = 1;
    let upgradable = RwLockWriteGuard::downgrade_to_upgradable(write);
    assert!(lock.try_read().is_some() && lock.try_write().is_none());
    let upgrade: Upgrade<'_, [u8]> = RwLockUpgradableReadGuard::upgrade(upgradable);
    assert_eq!(format!("{upgrade:?}"), "Upgrade");
    let read: RwLockReadGuard<'_, [u8]> = RwLockWriteGuard::downgrade(run(upgrade));
    let upgrades = || is_ready(RwLockUpgradableReadGuard::upgrade(lock.upgradable_read_blocking()));
    assert!(!elsewhere(upgrades));
    let again = RwLockUpgradableReadGuard::downgrade(lock.try_upgradable_read().unwrap());
    drop((read, again));
    let mut write = RwLockUpgradableReadGuard::upgrade_blocking(lock.upgradable_read_blocking());
    write[1] = 1;
    drop(write);
    assert_eq!(lock.try_write().unwrap()[..], [1, 1]);
}

#[test]
fn guards_become_others_by_a_counted_pointer() {
    let lock = Arc::new(RwLock::new([0; 2]));
    let upgradable = lock.upgradable_read_arc_blocking();
    let other = lock.try_read_arc().unwrap();
    let upgradable = RwLockUpgradableReadGuardArc::try_upgrade(upgradable).unwrap_err();
    drop(other);
    let mut write: RwLockWriteGuardArc<[u8; 2]> =
        RwLockUpgradableReadGuardArc::try_upgrade(upgradable).unwrap();
    write[0] = 1;
    let upgradable = RwLockWriteGuardArc::downgrade_to_upgradable(write);
    assert!(lock.try_read().is_some() && lock.try_write().is_none());
    let upgrade: UpgradeArc<[u8; 2]> = RwLockUpgradableReadGuardArc::upgrade(upgradable);
    assert_eq!(format!("{upgrade:?}"), "ArcUpgrade");
    let read: RwLockReadGuardArc<[u8; 2]> = RwLockWriteGuardArc::downgrade(run(upgrade));
    let guard = || lock.upgradable_read_arc_blocking();
    assert!(!elsewhere(|| is_ready(RwLockUpgradableReadGuardArc::upgrade(guard()))));
    let again = RwLockUpgradableReadGuardArc::downgrade(lock.try_upgradable_read_arc().unwrap());
    drop((read, again));
    let upgradable = lock.upgradable_read_arc_blocking();
    RwLockUpgradableReadGuardArc::upgrade_blocking(upgradable)[1] = 1;
    assert_eq!(lock.try_write_arc().unwrap()[..], [1, 1]);
    assert_eq!(Arc::strong_count(&lock), 1);
}

#[test]
fn a_reader_lives_as_short_as_its_payload_borrows() {
    fn shorter<'a, 'b>(
        guard: RwLockReadGuard<'a, &'static u8>,
        _: &'b u8,
    ) -> RwLockReadGuard<'a, &'b u8> {
        guard
    }
    fn shorter_counted<'b>(
        guard: RwLockReadGuardArc<&'static u8>,
        _: &'b u8,
    ) -> RwLockReadGuardArc<&'b u8> {
        guard
    }
    let (lock, local) = (Arc::new(RwLock::new(&1)), 2);
    assert_eq!(**shorter(lock.read_blocking(), &local), 1);
    assert_eq!(**shorter_counted(lock.read_arc_blocking(), &local), 1);
}
