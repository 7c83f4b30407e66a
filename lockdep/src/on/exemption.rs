//! Locks that are exempt from the rules.

use crate::on::class_key;
use crate::on::declared;
use crate::on::process;
use crate::on::registry;
use crate::on::thread;
use crate::tracked::Tracked;

/// Exempts a lock from all rules about order. It is still known to be held: queries, assertions
/// and reports show it, and its release is checked. It orders nothing, neither as the lock that is
/// held nor as the one that is wanted, and what is taken around it is ordered as if it were not
/// there.
///
/// For a lock whose order is right for reasons that the tracker cannot see. Cannot be undone. If
/// the current task holds the lock, it holds it exempt from here on. Does nothing if the lock is
/// not tracked.
///
/// # Examples
///
/// ```
/// # let map = lockdep::Map::new();
/// lockdep::set_novalidate(&map);
/// ```
pub fn set_novalidate<L: Tracked + ?Sized>(lock: &L) {
    let Some(map) = lock.map() else { return };
    let Some(class) = class_key::class_of(map, L::describe) else { return };
    if let Some(class) = process::quietly(|| registry::unchecked(class)) {
        class_key::change(map, class);
    }
}

/// Has the tracker ignore a lock altogether: its events are not seen, and whether it is held is
/// unknown.
///
/// For a lock that is taken so often, or held in such numbers, that tracking it hurts. Cannot be
/// undone. If the current task holds the lock, it does not any more as far as the tracker is
/// concerned; no other task may hold it. Does nothing if the lock is not tracked.
///
/// # Examples
///
/// ```
/// # let map = lockdep::Map::new();
/// lockdep::set_notrack(&map);
/// assert_eq!(lockdep::is_held(&map, None), lockdep::LockState::Unknown);
/// ```
pub fn set_notrack<L: Tracked + ?Sized>(lock: &L) {
    let Some(map) = lock.map() else { return };
    let before = map.set_untracked();
    if before.is_resolved() && !before.is_untracked() {
        thread::any_task(|task| {
            while task.remove(before.lock()) {}
            false
        });
        process::quietly(|| {
            declared::forget(before);
            process::process().tracker.forget(before);
        });
    }
}
