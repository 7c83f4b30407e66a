//! A point of a task as lines: the functions it was in, with places.
//!
//! The place of the acquire itself is always among them. A stack that two points of one task share
//! at its outer end is printed once, under the later point.

use crate::on::frames::{is_whole, trim};
use crate::place::Place;
use crate::violation::{Frame, Point};

use super::function;
use super::paths::Paths;

/// Most functions shown of one point.
const MOST: usize = 8;

/// One line of a stack.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct StackRow {
    /// What the line is: `held since`, `wanted at`; `from` for the callers.
    pub(super) key: &'static str,
    /// The function as demangled; empty if it is not known.
    pub(super) function: String,
    pub(super) place: String,
}

/// The lines of a hold, as `held since`, and those of what happened `later`, the first with `key`.
pub(super) fn rows_since(
    held: &Point,
    key: &'static str,
    later: &Point,
    paths: &Paths,
) -> Vec<StackRow> {
    let mut both = rows("held since", held, Some(later), paths);
    both.extend(rows(key, later, None, paths));
    both
}

/// The lines of `point`, the first with `key`. Of the outer end that it has in common with `later`
/// nothing is shown.
pub(super) fn rows(
    key: &'static str,
    point: &Point,
    later: Option<&Point>,
    paths: &Paths,
) -> Vec<StackRow> {
    let frames = &point.frames;
    let called = called(point, paths);
    // What must be seen: the innermost function, and the place of the call.
    let needed = called.map_or(1, |index| index + 1).min(frames.len());
    let own = frames.len() - later.map_or(0, |later| common(frames, &later.frames));
    // Who asked for whole stacks gets them.
    let most = if is_whole(frames) { own } else { MOST };
    let shown = own.min(most).max(needed);
    let hidden = own.saturating_sub(shown);

    let mut rows = Vec::new();
    if called.is_none() {
        rows.push((String::new(), paths.place(&point.place)));
    }
    for (index, frame) in frames[..shown].iter().enumerate() {
        // The call's own place has a column where the stack's may have none.
        let place = if called == Some(index) { Some(&point.place) } else { frame.place.as_ref() };
        let place = place.map(|place| paths.place(place)).unwrap_or_default();
        rows.push((frame.function.clone(), place));
    }
    if hidden > 0 {
        rows.push((format!("… {hidden} more"), String::new()));
    }
    let row = |(index, (function, place))| {
        let key = if index == 0 { key } else { "from" };
        StackRow { key, function, place }
    };
    rows.into_iter().enumerate().map(row).collect()
}

/// The function to change: the innermost one that did both, held the one lock and wanted the
/// other; the one that wanted if there is none.
pub(super) fn decider(held: &Point, wanted: &Point) -> Option<String> {
    let (held, wanted) = (own(held), own(wanted));
    let mut decider = None;
    for (outer, inner) in held.iter().rev().zip(wanted.iter().rev()) {
        if outer.function != inner.function {
            break;
        }
        decider = Some(inner);
        // From here on these are two calls, even where they name one function.
        if outer.place != inner.place {
            break;
        }
    }
    let decider = decider.or(wanted.first())?;
    Some(function::in_prose(&decider.function))
}

/// The user's own functions at `point`, innermost first, as a sentence names them.
pub(super) fn functions(point: &Point) -> Vec<String> {
    own(point).iter().map(|frame| function::in_prose(&frame.function)).collect()
}

fn own(point: &Point) -> Vec<Frame> {
    trim(point.frames.clone())
}

/// Which frame made the call at the point's place. The stack is trimmed, so it is the innermost
/// one, unless functions around it pass their caller's place on.
fn called(point: &Point, paths: &Paths) -> Option<usize> {
    let is_same_line = |frame: &Frame| {
        let place = frame.place.as_ref();
        place.is_some_and(|place| {
            place.line == point.place.line && is_same_file(place, &point.place, paths)
        })
    };
    let exact = point.frames.iter().position(is_same_line);
    // A call of several lines has several lines it can be at.
    let first = point.frames.first().and_then(|frame| match &frame.place {
        Some(place) => is_same_file(place, &point.place, paths).then_some(0),
        None => Some(0),
    });
    exact.or(first)
}

/// Whether both name one file, of which one may be relative to a folder that is not known.
fn is_same_file(one: &Place, other: &Place, paths: &Paths) -> bool {
    let (one, other) = (paths.short(&one.file), paths.short(&other.file));
    let ends = |long: &str, short: &str| {
        long.strip_suffix(short).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
    };
    ends(&one, &other) || ends(&other, &one)
}

/// How many frames two stacks share at their outer end.
fn common(one: &[Frame], other: &[Frame]) -> usize {
    one.iter().rev().zip(other.iter().rev()).take_while(|(one, other)| one == other).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(file: &'static str, line: u32) -> Place {
        Place { file: file.into(), line, column: 5 }
    }

    fn point(line: u32, frames: &[(&str, u32)]) -> Point {
        let frame = |(function, line): &(&str, u32)| Frame {
            function: function.to_string(),
            place: Some(place("/ws/src/a.rs", *line)),
        };
        Point { place: place("src/a.rs", line), frames: frames.iter().map(frame).collect() }
    }

    fn lines(point: &Point, later: Option<&Point>) -> Vec<String> {
        let paths = Paths { roots: vec!["/ws".to_string()] };
        let rows = rows("at", point, later, &paths);
        rows.iter().map(|row| format!("{} {} {}", row.key, row.function, row.place)).collect()
    }

    #[test]
    fn a_point_without_stack_is_its_place() {
        assert_eq!(lines(&point(3, &[]), None), ["at  src/a.rs:3:5"]);
    }

    #[test]
    fn the_common_outer_end_is_shown_with_the_later_point() {
        let held = point(3, &[("f", 3), ("g", 8), ("app::start", 9)]);
        let wanted = point(4, &[("f", 4), ("g", 8), ("app::start", 9)]);
        assert_eq!(lines(&held, Some(&wanted)), ["at f src/a.rs:3:5"]);
        let whole = ["at f src/a.rs:4:5", "from g src/a.rs:8:5", "from app::start src/a.rs:9:5"];
        assert_eq!(lines(&wanted, None), whole);
    }

    #[test]
    fn equal_stacks_still_show_where_the_lock_was_taken() {
        let held = point(3, &[("pass_on", 70), ("f", 3), ("app::start", 9)]);
        let expected = ["at pass_on src/a.rs:70:5", "from f src/a.rs:3:5"];
        assert_eq!(lines(&held, Some(&held.clone())), expected);
    }

    #[test]
    fn a_call_over_several_lines_is_shown_where_it_was_made() {
        assert_eq!(lines(&point(3, &[("f", 1)]), None), ["at f src/a.rs:3:5"]);
    }

    #[test]
    fn a_call_outside_the_stack_is_shown_first() {
        let mut point = point(3, &[("f", 1)]);
        point.place = place("src/b.rs", 3);
        assert_eq!(lines(&point, None), ["at  src/b.rs:3:5", "from f src/a.rs:1:5"]);
    }

    #[test]
    fn a_deep_stack_is_counted_not_shown() {
        let frames: Vec<(&str, u32)> = (0..30).map(|line| ("f", line)).collect();
        let lines = lines(&point(0, &frames), None);
        assert_eq!(lines.len(), 9);
        assert_eq!(lines[8], "from … 22 more ");
    }

    #[test]
    fn a_whole_stack_is_shown_whole_but_its_own_functions_decide() {
        let mut frames = vec![("lockdep::event::before_acquire", 1)];
        frames.extend((0..30).map(|line| ("app::f", line)));
        let point = point(0, &frames);
        assert_eq!(lines(&point, None).len(), 31);
        assert_eq!(functions(&point)[0], "f");
        assert_eq!(decider(&point, &point).unwrap(), "f");
    }

    #[test]
    fn the_innermost_function_that_did_both_decides() {
        let held = point(3, &[("open", 3), ("run", 7), ("app::start", 9)]);
        let wanted = point(5, &[("write", 5), ("run", 8), ("app::start", 9)]);
        assert_eq!(decider(&held, &wanted).unwrap(), "run");
    }

    #[test]
    fn two_calls_of_one_function_do_not_decide() {
        let held = point(3, &[("open", 3), ("app::start", 9)]);
        let wanted = point(3, &[("open", 3), ("app::start", 10)]);
        assert_eq!(decider(&held, &wanted).unwrap(), "start");
    }

    #[test]
    fn without_a_common_function_the_one_that_wanted_decides() {
        let held = point(3, &[("open", 3)]);
        let wanted = point(5, &[("write", 5)]);
        assert_eq!(decider(&held, &wanted).unwrap(), "write");
        assert!(decider(&held, &point(5, &[])).is_none());
    }
}
