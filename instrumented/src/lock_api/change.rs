//! Holds that change their mode while they last.

use lockdep::{Describe, Map, Mode, event};

use super::raw::Site;

/// Records that an exclusive or upgradable hold becomes one in a weaker mode.
#[track_caller]
pub(super) fn downgraded(map: &Map, mode: Mode) {
    event::downgraded_to(map, mode);
}

/// Turns an upgradable hold into the only one by `wait`. Meanwhile it is upgradable.
///
/// # Panics
///
/// If the wait breaks a rule and the tracker is told to panic; the hold is upgradable then.
pub(super) fn upgrade<T>(map: &Map, describe: Describe, site: Site, wait: impl FnOnce() -> T) -> T {
    event::before_upgrade(map, describe, site);
    let state = wait();
    event::upgraded(map);
    state
}

/// Records that an upgradable hold has become the only one without waiting.
pub(super) fn upgraded(map: &Map) {
    event::upgraded(map);
}
