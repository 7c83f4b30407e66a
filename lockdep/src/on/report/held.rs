//! What a task holds, a section for each lock.

use crate::violation::{Point, Touch};

use super::lock::{Labels, verb};
use super::page::Section;
use super::paths::Paths;
use super::stack::rows;

/// All that `task` holds at `now`, oldest first, or that it holds nothing.
pub(super) fn sections<'a>(
    task: &'a str,
    held: &'a [Touch],
    now: &'a Point,
    labels: &'a Labels<'_>,
    paths: &'a Paths,
) -> impl Iterator<Item = Section> + 'a {
    let nothing = || Section { head: format!("`{task}` holds no lock"), rows: Vec::new() };
    let nothing = held.is_empty().then(nothing);
    let each = held.iter().map(move |touch| Section {
        head: format!("{}, held by `{task}` ({})", labels.get(&touch.class), verb(touch)),
        rows: rows("held since", &touch.at, Some(now), paths),
    });
    each.chain(nothing)
}
