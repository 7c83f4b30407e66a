//! The table that comes out: a row a shape, printed as soon as it is measured.

use crate::rounds::Measured;

/// What a row may cost.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target {
    /// So many times the bare lock.
    Ratio(f64),
    /// So many nanoseconds more than the bare lock.
    More(f64),
    /// So many times the bare lock, and so many nanoseconds more.
    Both(f64, f64),
    /// So many nanoseconds.
    Time(f64),
    /// There is none; the row is there to be compared.
    None,
}

impl Target {
    fn text(self) -> String {
        match self {
            Target::Ratio(ratio) => format!("≤ {ratio:.2}×"),
            Target::More(more) => format!("≤ +{more} ns"),
            Target::Both(ratio, more) => format!("≤ {ratio:.2}×, ≤ +{more} ns"),
            Target::Time(most) => format!("≤ {} µs", most / 1_000.0),
            Target::None => String::new(),
        }
    }

    fn is_met(self, ours: &Measured) -> &'static str {
        let met = match self {
            Target::Ratio(ratio) => ours.ratio <= ratio,
            Target::More(more) => ours.more <= more,
            Target::Both(ratio, more) => ours.ratio <= ratio && ours.more <= more,
            Target::Time(most) => ours.nanoseconds <= most,
            Target::None => return "",
        };
        if met { "yes" } else { "no" }
    }
}

/// Characters in each column.
const WIDTHS: [usize; 9] = [42, 11, 14, 16, 8, 14, 16, 18, 3];

/// Prints the head of a table whose first family, the bare one, is `bare`.
pub(crate) fn print_head(bare: &str, second: &str) {
    let ratio = format!("to {bare}");
    print_cells(["", bare, second, "tracing-mutex", "ours", &ratio, "more", "target", "met"]);
    print!("|");
    WIDTHS.iter().for_each(|width| print!("{:-<1$}|", "", width + 2));
    println!();
}

/// Prints a shape that all families were measured in; in `nests` locks at once.
pub(crate) fn print_compared(name: &str, families: &[Measured], nests: u32, target: Target) {
    let [bare, others @ .., ours] = families else {
        return;
    };
    let time = |measured: &Measured| format!("{:.1} ns", measured.nanoseconds);
    let compared = |measured: &Measured| format!("{} {:.2}×", time(measured), measured.ratio);
    let more = match nests {
        1 => format!("{:+.1} ns", ours.more),
        _ => format!("{:+.1} ns ({:.1})", ours.more, ours.more / f64::from(nests)),
    };
    let others: Vec<String> = others.iter().map(compared).collect();
    print_cells([
        name,
        &time(bare),
        &others[0],
        &others[1],
        &time(ours),
        &format!("{:.2}×", ours.ratio),
        &more,
        &target.text(),
        target.is_met(ours),
    ]);
}

/// Prints what only ours has, beside the same thing without it.
pub(crate) fn print_beside(name: &str, bare: Measured, ours: Measured, target: Target) {
    let time = |measured: Measured| format!("{:.1} ns", measured.nanoseconds);
    let (bare_text, ours_text) = (time(bare), time(ours));
    let (more, met) = (format!("{:+.1} ns", ours.more), target.is_met(&ours));
    let ratio = format!("{:.2}×", ours.ratio);
    print_cells([name, &bare_text, "", "", &ours_text, &ratio, &more, &target.text(), met]);
}

/// Prints what has no bare counterpart.
pub(crate) fn print_alone(name: &str, tracing: Option<f64>, nanoseconds: f64, target: Target) {
    let ours = Measured { nanoseconds, ratio: 0.0, more: 0.0 };
    let time = |nanoseconds: f64| match nanoseconds < 1_000.0 {
        true => format!("{nanoseconds:.0} ns"),
        false => format!("{:.2} µs", nanoseconds / 1_000.0),
    };
    let tracing = tracing.map_or_else(String::new, time);
    let (ours_text, met) = (time(nanoseconds), target.is_met(&ours));
    print_cells([name, "", "", &tracing, &ours_text, "", "", &target.text(), met]);
}

/// Prints sizes in bytes.
pub(crate) fn print_bytes(name: &str, families: [usize; 4], most: usize) {
    let more = families[3] - families[0];
    let cells = families.map(|bytes| bytes.to_string());
    let [std, parking_lot, tracing, ours] = &cells;
    let (more_text, target) = (format!("+{more}"), format!("≤ +{most}"));
    let met = if more <= most { "yes" } else { "no" };
    print_cells([name, std, parking_lot, tracing, ours, "", &more_text, &target, met]);
}

fn print_cells(cells: [&str; 9]) {
    print!("|");
    for (cell, width) in cells.into_iter().zip(WIDTHS) {
        print!(" {cell:<width$} |");
    }
    println!();
}
