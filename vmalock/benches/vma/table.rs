//! The tables that come out.

/// Prints a row's name and the names of what follows.
pub(crate) fn print_head(name: &str, columns: [&str; 3]) {
    println!("\n## {name}\n");
    print_line("", columns);
    println!("|{:-<44}|{:-<16}|{:-<16}|{:-<16}|", "", "", "", "");
}

/// Prints a contender's line.
pub(crate) fn print_line(name: &str, cells: [&str; 3]) {
    println!("| {name:<42} | {:<14} | {:<14} | {:<14} |", cells[0], cells[1], cells[2]);
}

/// Whether a target is met, and which.
pub(crate) fn at_most(ratio: f64, most: f64) -> String {
    format!("≤ {most:.2}×: {}", if ratio <= most { "yes" } else { "no" })
}

/// The same for a ratio that should be high.
pub(crate) fn at_least(ratio: f64, least: f64) -> String {
    format!("≥ {least:.0}×: {}", if ratio >= least { "yes" } else { "no" })
}
