//! What was measured of one class: a value, as it is written, merged and printed.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::class::Class;
use crate::on::histogram::Histogram;
use crate::place::Place;
use crate::violation::Frame;

/// How long locks were waited for and held.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Times {
    /// The acquires that had to wait.
    pub wait: Histogram,
    /// All acquires: from the acquire to the release.
    pub hold: Histogram,
}

impl Times {
    /// Counts one hold, and the wait before it if there was one.
    pub fn add(&mut self, wait: Option<Duration>, hold: Duration) {
        if let Some(wait) = wait {
            self.wait.add(wait);
        }
        self.hold.add(hold);
    }

    /// Adds all that `other` counted.
    pub fn merge(&mut self, other: &Times) {
        self.wait.merge(&other.wait);
        self.hold.merge(&other.hold);
    }
}

/// One class of locks, taken exclusively or shared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassStatistics {
    /// The class.
    pub class: Class,
    /// Whether these are the readers.
    pub shared: bool,
    /// All of it.
    pub times: Times,
    /// The places of acquire with the most waiting and holding; numbers of a place that was not
    /// seen at once among many are too low, never too high.
    pub places: Vec<PlaceStatistics>,
    /// How often one of too many places was forgotten.
    pub forgotten: u64,
    /// The longest hold whose stack is known.
    pub longest: Option<LongestHold>,
}

/// One place of acquire of one class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaceStatistics {
    /// The call that took the lock.
    pub place: Place,
    /// How long it waited, and how long what it took was held.
    pub times: Times,
}

/// A hold that was longer than all others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LongestHold {
    /// How long it was.
    pub hold: Duration,
    /// The task.
    pub task: String,
    /// The call that took the lock.
    pub place: Place,
    /// The stack under the release, innermost first, trimmed to the user's own frames.
    pub frames: Vec<Frame>,
}

impl ClassStatistics {
    /// Adds what another process measured of the same class.
    pub fn merge(&mut self, other: ClassStatistics) {
        self.times.merge(&other.times);
        for theirs in other.places {
            match self.places.iter_mut().find(|ours| ours.place == theirs.place) {
                Some(ours) => ours.times.merge(&theirs.times),
                None => self.places.push(theirs),
            }
        }
        self.forgotten += other.forgotten;
        let longer = |ours: &LongestHold, theirs: &LongestHold| ours.hold < theirs.hold;
        match (&self.longest, other.longest) {
            (Some(ours), Some(theirs)) if !longer(ours, &theirs) => {}
            (_, None) => {}
            (_, longest) => self.longest = longest,
        }
    }
}
