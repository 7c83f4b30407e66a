//! Holds that change their mode while they last.

use lockdep::{Describe, How, Map, Mode, event};

use super::raw::{OnDrop, Site};

/// Records that an exclusive or upgradable hold becomes one in a weaker mode.
#[track_caller]
pub(super) fn downgraded(map: &Map, mode: Mode) {
    match mode {
        Mode::Upgradable => {
            event::released(map);
            event::acquired(map, How::UPGRADABLE, core::panic::Location::caller());
        }
        _ => event::downgraded(map),
    }
}

/// Turns an upgradable hold into the only one by `wait`.
///
/// # Panics
///
/// If the wait breaks a rule and the tracker is told to panic; the hold is upgradable then.
pub(super) fn upgrade<T>(map: &Map, describe: Describe, site: Site, wait: impl FnOnce() -> T) -> T {
    event::released(map);
    let back = OnDrop::new(|| event::acquired(map, How::UPGRADABLE, site));
    event::before_acquire(map, How::EXCLUSIVE, describe, site);
    let state = wait();
    core::mem::forget(back);
    event::acquired(map, How::EXCLUSIVE, site);
    state
}

/// Records that an upgradable hold has become the only one without waiting.
pub(super) fn upgraded(map: &Map, site: Site) {
    event::released(map);
    event::acquired(map, How::EXCLUSIVE, site);
}
