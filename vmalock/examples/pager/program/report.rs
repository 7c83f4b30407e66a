//! What came out.

use std::fmt;
use std::time::Duration;

use vmalock::lock::Counts;

use super::clients::Checked;
use super::mapper::Mapped;
use super::pager::Served;

#[derive(Debug)]
pub(crate) struct Report {
    time: Duration,
    served: Served,
    mapped: Mapped,
    pub(crate) counts: Counts,
    pub(crate) words: u64,
    pub(crate) wrong: u64,
}

impl Report {
    pub(crate) fn new(time: Duration, mapped: Mapped) -> Report {
        let (served, counts) = (Served::default(), Counts::default());
        Report { time, served, mapped, counts, words: 0, wrong: 0 }
    }

    pub(crate) fn add_checked(&mut self, checked: Checked) {
        self.words += checked.words;
        self.wrong += checked.wrong;
    }

    pub(crate) fn add_served(&mut self, served: Served) {
        self.served.filled += served.filled;
        self.served.opened += served.opened;
        self.served.deferred += served.deferred;
    }

    /// How many faults the handlers dealt with.
    pub(crate) fn faults(&self) -> u64 {
        self.served.filled + self.served.opened + self.served.deferred
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { served, mapped, counts, .. } = self;
        let seconds = self.time.as_secs_f64();
        writeln!(f, "time      {seconds:.2} s")?;
        writeln!(f, "faults    {}, {:.0} a second", self.faults(), self.faults() as f64 / seconds)?;
        writeln!(
            f,
            "          {} pages filled, {} opened for writing, {} left to wait for the mapper",
            served.filled, served.opened, served.deferred
        )?;
        writeln!(
            f,
            "changes   {} remaps ({} with a hole), {} protections, {} merges, at most {} VMAs",
            mapped.remaps, mapped.holes, mapped.protections, mapped.merges, mapped.most_vmas
        )?;
        writeln!(f, "evictions {}, {} pages written back", mapped.evictions, mapped.write_backs)?;
        let mean = mapped.waited / u32::try_from(mapped.evictions.max(1)).unwrap_or(u32::MAX);
        writeln!(f, "          waited for handlers: {mean:?} each, {:?} at most", mapped.longest)?;
        writeln!(
            f,
            "lookups   success {}, abort {}, retry {}, miss {}",
            counts.success, counts.abort, counts.retry, counts.miss
        )?;
        write!(f, "checked   {} words, {} wrong", self.words, self.wrong)
    }
}
