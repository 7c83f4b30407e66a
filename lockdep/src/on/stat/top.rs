//! The places where a class is waited for or held longest, in bounded memory.
//!
//! Weighted Space-Saving (Metwally, Agrawal and El Abbadi, 2005): a place that is new to a full
//! table takes the seat of the one with the least weight, and inherits its weight. A place whose
//! true weight is more than a 1/[`SEATS`] of all is therefore always seated, however late it comes.
//! What is counted is only what a place did since it was seated: numbers are never too high.

use std::panic::Location;
use std::time::Duration;

use crate::on::statistics::Times;

/// How many places of one class are told apart.
const SEATS: usize = 64;

/// The heaviest places.
#[derive(Clone, Debug, Default)]
pub(crate) struct Top {
    seats: Vec<Seat>,
    /// How often a place lost its seat.
    pub(crate) unseated: u64,
}

/// One place.
#[derive(Clone, Debug)]
pub(crate) struct Seat {
    pub(crate) site: &'static Location<'static>,
    pub(crate) times: Times,
    /// Nanoseconds of waiting and holding, with what was inherited.
    weight: u64,
}

impl Top {
    /// Counts one hold, and the wait before it if there was one.
    pub(crate) fn add(
        &mut self,
        site: &'static Location<'static>,
        wait: Option<Duration>,
        hold: Duration,
    ) {
        let seat = self.seat(site);
        seat.times.add(wait, hold);
        let weight = (wait.unwrap_or_default() + hold).as_nanos();
        // At least one, so that of places that take no time the rarest goes.
        let weight = u64::try_from(weight).unwrap_or(u64::MAX).max(1);
        seat.weight = seat.weight.saturating_add(weight);
    }

    fn seat(&mut self, site: &'static Location<'static>) -> &mut Seat {
        let known = self.seats.iter().position(|seat| std::ptr::eq(seat.site, site));
        let index = known.unwrap_or_else(|| self.admit(site));
        &mut self.seats[index]
    }

    fn admit(&mut self, site: &'static Location<'static>) -> usize {
        let mut weight = 0;
        let mut at = self.seats.len();
        if at >= SEATS {
            let lightest = (0..at).min_by_key(|&index| self.seats[index].weight);
            at = lightest.unwrap_or_default();
            weight = self.seats[at].weight;
            self.unseated += 1;
        }
        let seat = Seat { site, times: Times::default(), weight };
        match self.seats.get_mut(at) {
            Some(old) => *old = seat,
            None => self.seats.push(seat),
        }
        at
    }

    /// All places that have a seat.
    pub(crate) fn seats(&self) -> &[Seat] {
        &self.seats
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Places that differ, as many as wanted.
    fn places(count: usize) -> Vec<&'static Location<'static>> {
        (0..count).map(|_| &*Box::leak(Box::new(*Location::caller()))).collect()
    }

    const SHORT: Duration = Duration::from_nanos(10);

    #[test]
    fn a_heavy_place_that_comes_last_is_seated_and_stays() {
        let (mut top, places) = (Top::default(), places(10 * SEATS));
        let (late, early) = places.split_last().unwrap();
        early.iter().for_each(|site| top.add(site, None, SHORT));
        for site in early {
            top.add(late, Some(SHORT), SHORT);
            top.add(site, None, SHORT);
        }
        let heaviest = top.seats().iter().max_by_key(|seat| seat.times.hold.count()).unwrap();
        assert!(std::ptr::eq(heaviest.site, *late));
        assert_eq!(heaviest.times.hold.count(), early.len() as u64);
        assert_eq!(top.seats().len(), SEATS);
        assert!(top.unseated > 0);
    }

    #[test]
    fn few_places_are_counted_exactly() {
        let (mut top, places) = (Top::default(), places(SEATS));
        for site in places.iter().chain(&places) {
            top.add(site, None, SHORT);
        }
        assert!(top.seats().iter().all(|seat| seat.times.hold.count() == 2));
        assert_eq!(top.unseated, 0);
    }
}
