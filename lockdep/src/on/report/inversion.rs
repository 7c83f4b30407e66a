//! LD0002 and LD0003: locks taken in orders that contradict each other.

use crate::violation::{Dependency, Waiter};

use super::circle::{Circle, Party};
use super::lock::Labels;
use super::page::{Page, Section};
use super::paths::Paths;
use super::{stack, task};

/// Of a circle that was not shown to be possible.
const UNPROVEN: &str = "; both sides of it were seen only under a lock that keeps them apart, but there are too many \
     other circles through the same locks to rule them all out";

/// Longest circle whose order is told in the sentence on top.
const TOLD: usize = 5;

/// LD0002: locks of different kinds.
pub(super) fn page(
    (cycle, closing): (&[Dependency], usize),
    writers: &[Waiter],
    proven: bool,
    paths: &Paths,
) -> Page {
    let labels = Labels::of(cycle.iter().map(|dependency| &dependency.held.class), paths);
    let label = |index: usize| labels.get(&cycle[index].held.class).to_string();
    let circle = Circle::new(cycle, closing, label);
    let Party { held, wanted, .. } = circle.closing();
    let spot = circle.closing().spot_to_change(paths);
    let try_method = circle.closing().try_method();
    let written = writers.iter().map(|writer| Section {
        head: format!(
            "{} is written, first seen {}",
            labels.get(&writer.wanted.class),
            task::within(&writer.task)
        ),
        rows: stack::rows("wanted at", &writer.wanted.at, None, paths),
    });
    Page {
        title: "lock order inversion",
        event: event(&circle, &|label| format!("`{label}`")),
        classes: labels.rows(paths),
        scenario: Some(circle.scenario()),
        notes: circle.notes(),
        sections: circle.sections(paths).into_iter().chain(written).collect(),
        why: why(&circle) + if proven { "" } else { UNPROVEN },
        help: format!(
            "{spot}, take `{wanted}` before `{held}`, or let go of `{held}` first, or use \
             `{try_method}` for `{wanted}`"
        ),
    }
}

/// LD0003: locks of one kind, told apart by their places in the circle. Instance ids differ from
/// run to run, so the circle begins behind the dependency that closed it.
pub(super) fn page_of_one_class(cycle: &[Dependency], closing: usize, paths: &Paths) -> Page {
    let labels = Labels::of(cycle.iter().map(|dependency| &dependency.held.class), paths);
    let count = cycle.len();
    let turned: Vec<&Dependency> =
        (1..=count).map(|step| &cycle[(closing + step) % count]).collect();
    let label =
        |index: usize| format!("{} {}", ordinal(index), labels.get(&turned[index].held.class));
    let circle = Circle::new(turned.iter().copied(), count - 1, label);
    let spot = circle.closing().spot_to_change(paths);
    let try_method = circle.closing().try_method();
    Page {
        title: "lock order inversion among locks of one kind",
        event: event(&circle, &|label| match label.split_once(' ') {
            Some((which, label)) => format!("the {which} `{label}`"),
            None => format!("`{label}`"),
        }),
        classes: labels.rows(paths),
        scenario: Some(circle.scenario()),
        notes: circle.notes(),
        sections: circle.sections(paths),
        why: why(&circle),
        help: format!(
            "{spot}, put the locks into a fixed order before taking them (by index, by key, by \
             address), or hold one at a time, or use `{try_method}` for all but one"
        ),
    }
}

/// Who does what now, and who did what before.
fn event(circle: &Circle<'_>, code: &dyn Fn(&str) -> String) -> String {
    let Party { dependency, held, wanted, .. } = circle.closing();
    let closer = task::whole(&dependency.task);
    let earlier: Vec<&Party<'_>> = circle.earlier().collect();
    let now = format!("`{closer}` takes {} while it holds {}", code(wanted), code(held));
    match earlier.as_slice() {
        [one] if one.dependency.task == dependency.task => {
            format!("{now}; earlier, it took them the other way round.")
        }
        [one] => {
            let other = task::whole(&one.dependency.task);
            format!("{now}; earlier, `{other}` took them the other way round.")
        }
        [first, rest @ ..] if circle.parties().len() <= TOLD => {
            let mut told =
                format!("{} was held while {} was taken", code(&first.held), code(&first.wanted));
            for (index, party) in rest.iter().enumerate() {
                let joint = if index + 1 == rest.len() { " and" } else { "," };
                told += &format!("{joint} {} while {} was", code(&party.held), code(&party.wanted));
            }
            format!("{now}; earlier, {told}: a circle.")
        }
        _ => format!(
            "{now}; that closes a circle of {} locks, each held by a task that waits for the next.",
            circle.parties().len()
        ),
    }
}

fn why(circle: &Circle<'_>) -> String {
    let parties = circle.parties();
    let when = match circle.doubles().len() {
        0 => "",
        _ => "if several threads do this at once, ",
    };
    let mut why = match parties.len() {
        2 => {
            format!("{when}each holds the lock that the other waits for, and neither lets go first")
        }
        _ => format!(
            "{when}each holds the lock that the one before it waits for, and none lets go first"
        ),
    };
    let read = (0..parties.len()).find(|index| circle.needs_writer(*index));
    if let Some(party) = read.map(|index| &parties[index]) {
        why += &format!(
            "; readers share `{}`, but a reader that arrives behind a waiting writer blocks",
            party.wanted
        );
    }
    if parties.iter().any(|party| party.dependency.held.trylock) {
        why += "; a lock that was obtained by trying is held like any other";
    }
    why
}

/// `first`, `second`, `third`; in figures from the eleventh on.
pub(super) fn ordinal(index: usize) -> String {
    const WORDS: [&str; 10] = [
        "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth",
        "tenth",
    ];
    let number = index + 1;
    let ending = match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    WORDS.get(index).map_or_else(|| format!("{number}{ending}"), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::ordinal;

    #[test]
    fn ordinals_are_words_then_figures() {
        let some = [0, 9, 10, 11, 12, 20, 21, 22, 23, 110].map(ordinal);
        let words =
            ["first", "tenth", "11th", "12th", "13th", "21st", "22nd", "23rd", "24th", "111th"];
        assert_eq!(some, words);
    }
}
