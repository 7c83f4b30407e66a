//! The clock of all times: `CLOCK_MONOTONIC`, in nanoseconds since the first look at it.

use std::time::Instant;

use once_cell::race::OnceBox;

static START: OnceBox<Instant> = OnceBox::new();

/// Nanoseconds since the clock was started. Allocates when it is called for the first time.
pub(crate) fn now() -> u64 {
    let start = START.get_or_init(|| Box::new(Instant::now()));
    u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX)
}
