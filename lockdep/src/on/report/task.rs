//! What a report calls the tasks of a scenario.
//!
//! A scenario has one column a task, and a dependency counts as a task of its own: if one thread
//! made two of them, it takes a second thread that does the same for the hang to come true. That
//! one is called `main (2)`.

use super::elision::cut_end;
use super::function;

/// Longest name of a task above a column.
const LONGEST: usize = 28;
/// What stands for the name of a thread without one.
const UNNAMED: &str = "unnamed thread";
/// How the name of an async task begins.
const ASYNC: &str = "task of ";

/// A label for each of `names`, no two the same.
pub(super) fn labels(names: impl IntoIterator<Item = impl AsRef<str>>) -> Vec<String> {
    let mut labels: Vec<String> = Vec::new();
    for name in names {
        let base = short(name.as_ref());
        let numbered = (2..).map(|number| format!("{base} ({number})"));
        let mut candidates = std::iter::once(base.clone()).chain(numbered);
        let label = candidates.find(|label| !labels.contains(label));
        labels.push(label.unwrap_or(base));
    }
    labels
}

/// `name` whole, or what stands for a thread without one.
pub(super) fn whole(name: &str) -> &str {
    if name.is_empty() { UNNAMED } else { name }
}

/// `in thread `name``.
pub(super) fn within(name: &str) -> String {
    match whole(name) {
        UNNAMED => format!("in an {UNNAMED}"),
        name if name.starts_with(ASYNC) => format!("in `{name}`"),
        name => format!("in thread `{name}`"),
    }
}

/// A test's thread has the test's path for a name, and its end tells most.
fn short(name: &str) -> String {
    let name = whole(name);
    // Of an async task's place the end tells most, and the whole is said elsewhere.
    if let Some(place) = name.strip_prefix(ASYNC) {
        let file = place.rsplit('/').next().unwrap_or(place);
        return cut_end(&format!("{ASYNC}{file}"), LONGEST);
    }
    if name.contains("::") { function::fit(name, LONGEST) } else { cut_end(name, LONGEST) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_names_are_numbered() {
        assert_eq!(labels(["main", "main", "io", "main"]), ["main", "main (2)", "io", "main (3)"]);
    }

    #[test]
    fn a_number_never_meets_a_real_name() {
        assert_eq!(labels(["a (2)", "a", "a"]), ["a (2)", "a", "a (3)"]);
    }

    #[test]
    fn a_thread_without_name_is_called_an_unnamed_thread() {
        assert_eq!(within(""), "in an unnamed thread");
        assert_eq!(labels(["", ""]), ["unnamed thread", "unnamed thread (2)"]);
    }

    #[test]
    fn an_async_task_is_called_by_the_file_that_started_it() {
        let name = "task of quinn-0.11.9/src/endpoint.rs:10:5";
        assert_eq!(
            labels([name, name]),
            ["task of endpoint.rs:10:5", "task of endpoint.rs:10:5 (2)"]
        );
        assert_eq!(within(name), format!("in `{name}`"));
    }

    #[test]
    fn the_path_of_a_test_keeps_its_end() {
        let names =
            ["multi::tests::hidden::bars_are_sorted", "a::b", "a thread with a very long name"];
        let short = ["…::hidden::bars_are_sorted", "a::b", "a thread with a very long n…"];
        assert_eq!(labels(names), short);
    }
}
