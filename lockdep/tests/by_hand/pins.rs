//! Pins.

use lockdep::violation::{PinFault, Violation};
use lockdep::{Level, Map, lock_release, lock_try_acquired};

use crate::{BOTH, codes, more, nest, read, release, tracker, write};

#[test]
fn a_pinned_lock_must_not_be_released() {
    for level in BOTH {
        let map = Map::named("pinned");
        let tracker = tracker(level);
        let found = more(&tracker, || {
            write(&map);
            let cookie = lockdep::pin_lock(&map);
            let inner = lockdep::pin_lock(&map);
            lockdep::unpin_lock(&map, inner);
            lock_release!(&map);
            // The lock is released, and so are its pins.
            assert!(lockdep::held().is_empty());
            write(&map);
            lockdep::repin_lock(&map, cookie);
            lockdep::unpin_lock(&map, cookie);
            lock_release!(&map);
        });
        assert_eq!(found, ["LD0010"]);
        let Violation::PinBroken { fault, held, .. } = &*tracker.violations()[0].violation else {
            panic!("it is of this rule");
        };
        assert_eq!((*fault, held.is_some()), (PinFault::Released, true));
    }
}

#[test]
fn a_pin_is_taken_off_once_with_its_own_cookie_while_the_lock_is_held() {
    let fault = |f: &dyn Fn(&Map)| {
        let map = Map::named("faults");
        let ((), met) = tracker(Level::Deadlock).run(|| f(&map));
        let fault = met.iter().map(|met| match *met.violation {
            Violation::PinBroken { fault, .. } => fault,
            _ => panic!("{met:?}"),
        });
        fault.collect::<Vec<_>>()
    };
    let pin = lockdep::pin_lock::<Map>;
    assert_eq!(fault(&|map| _ = pin(map)), [PinFault::PinOfUnheld]);
    let twice = |map: &Map| {
        write(map);
        let cookie = pin(map);
        lockdep::unpin_lock(map, cookie);
        lockdep::unpin_lock(map, cookie);
        lock_release!(map);
    };
    assert_eq!(fault(&twice), [PinFault::UnpinOfUnpinned]);
    let unheld = |map: &Map| {
        write(map);
        let cookie = pin(map);
        lockdep::unpin_lock(map, cookie);
        lock_release!(map);
        lockdep::unpin_lock(map, cookie);
    };
    assert_eq!(fault(&unheld), [PinFault::UnpinOfUnheld]);
    let swapped = |map: &Map| {
        let other = Map::named("faults, other");
        write(map);
        lock_try_acquired!(&other, exclusive);
        let (mine, others) = (pin(map), pin(&other));
        lockdep::unpin_lock(map, others);
        lockdep::unpin_lock(map, mine);
        lockdep::unpin_lock(&other, others);
        release(&[map, &other]);
    };
    assert_eq!(fault(&swapped), [PinFault::WrongCookie]);
}

#[test]
fn a_pin_on_one_lock_lets_others_go() {
    for level in BOTH {
        let [pinned, other] = ["pin beside", "other beside"].map(Map::named);
        let found = codes(level, || {
            read(&pinned);
            let cookie = lockdep::pin_lock(&pinned);
            nest(&[&other]);
            lock_try_acquired!(&pinned, shared);
            // One of two holds: the lock stays held.
            lock_release!(&pinned);
            lockdep::unpin_lock(&pinned, cookie);
            release(&[&pinned]);
        });
        assert_eq!(found, [""; 0]);
    }
}
