//! A length of time in three digits.

use std::time::Duration;

/// `750 ns`, `1.23 µs`, `45.6 ms`, `12.0 s`, `3600 s`.
pub(super) fn span(duration: Duration) -> String {
    let nanoseconds = duration.as_nanos();
    let units = [(1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "µs")];
    // What would be rounded up to a thousand of one unit is one of the next.
    let fits = |(unit, _): &&(u128, &str)| nanoseconds + unit / 2_000 >= *unit;
    let Some((unit, name)) = units.iter().find(fits) else {
        return format!("{nanoseconds} ns");
    };
    let value = nanoseconds as f64 / *unit as f64;
    let digits = match value {
        ..9.995 => 2,
        ..99.95 => 1,
        _ => 0,
    };
    format!("{value:.digits$} {name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_digits_whatever_the_size() {
        let of = |nanoseconds| span(Duration::from_nanos(nanoseconds));
        let some = [0, 999, 1_000, 1_234, 45_678, 999_600, 1_500_000, 12_000_000_000].map(of);
        let expected =
            ["0 ns", "999 ns", "1.00 µs", "1.23 µs", "45.7 µs", "1.00 ms", "1.50 ms", "12.0 s"];
        assert_eq!(some, expected);
        assert_eq!(of(3_600_000_000_000), "3600 s");
    }
}
