//! Names of functions, made short enough to read.

use super::elision::{cut_end, width};
use super::symbol::{implementation, is_closure, split};

/// The path of the types that take the place of those of the standard library.
const OWN: &str = "instrumented::locks::";

/// The function in a sentence: `Pool::run`, `net::connect`, `main`. A closure is named by the
/// function it is written in.
pub(super) fn in_prose(function: &str) -> String {
    let mut segments = segments(function);
    segments.retain(|segment| !segment.starts_with('{'));
    match segments.as_slice() {
        [] => function.to_string(),
        [name] => name.clone(),
        // A crate's name adds nothing; a type or a module does.
        [_package, name] if !starts_upper(&segments[0]) => name.clone(),
        [.., owner, name] => format!("{owner}::{name}"),
    }
}

/// The function in at most `limit` columns: whole if it fits, else without generic arguments, else
/// without its outer modules; the innermost names stay longest.
pub(super) fn fit(function: &str, limit: usize) -> String {
    let whole = function.replace("{{closure}}", "{closure}").replace(OWN, "std::");
    let segments = segments(function);
    let count = segments.len();
    let mut forms = vec![whole, segments.join("::")];
    // The crate is worth more than modules, type and function are worth more than the crate.
    let tail = |kept: usize| segments[count - kept..].join("::");
    let with_crate = |kept: usize| format!("{}::…::{}", segments[0], tail(kept));
    let without_crate = |kept: usize| format!("…::{}", tail(kept));
    forms.extend((2..count.saturating_sub(1)).rev().map(with_crate));
    forms.extend((2..count).rev().map(without_crate));
    if count > 2 {
        forms.push(tail(2));
    }
    forms.extend((1..count.min(2)).map(without_crate));
    let fitting = forms.iter().find(|form| width(form) <= limit);
    let shortest = forms.last().map_or("", |form| form.as_str());
    fitting.cloned().unwrap_or_else(|| cut_end(shortest, limit))
}

fn starts_upper(name: &str) -> bool {
    name.starts_with(|first: char| first.is_uppercase())
}

/// The path's segments, without generic arguments; `<X as Trait>` and `<impl Trait for X>` count
/// as the path of `X`.
fn segments(function: &str) -> Vec<String> {
    // A type of ours is called what the replaced one is called.
    let function = &function.replace(OWN, "std::");
    let mut segments = Vec::new();
    for segment in split(function, "::") {
        if let Some(implementation) = implementation(segment) {
            // What stands before an impl is the module it is written in, not part of the type.
            segments = self::segments(implementation.self_type);
            continue;
        }
        let name = segment.split('<').next().unwrap_or(segment);
        if is_closure(segment) {
            segments.push("{closure}".to_string());
        } else if !name.is_empty() {
            segments.push(name.to_string());
        }
    }
    segments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_names_type_and_method() {
        let cases = [
            ("indicatif::multi::MultiProgress::insert_after", "MultiProgress::insert_after"),
            ("app::main", "main"),
            ("main", "main"),
            ("app::net::connect", "net::connect"),
            ("app::main::{{closure}}", "main"),
            ("app::main::{closure#0}", "main"),
            ("<app::Pool<u8>>::run::{closure#0}", "Pool::run"),
            ("app::Pool<T>::run", "Pool::run"),
            ("<app::Pool as app::Run<A, B>>::run", "Pool::run"),
            ("app::_::<impl app::Run for app::Pool>::run", "Pool::run"),
            ("<F as app::Run>::run", "F::run"),
        ];
        for (function, prose) in cases {
            assert_eq!(in_prose(function), prose, "{function}");
        }
    }

    #[test]
    fn a_type_of_ours_is_called_what_it_replaces() {
        let function = "<instrumented::locks::sync::mutex::Mutex<D> as slog::Drain>::log";
        assert_eq!(fit(function, 80), "<std::sync::mutex::Mutex<D> as slog::Drain>::log");
        assert_eq!(fit(function, 40), "std::sync::mutex::Mutex::log");
        assert_eq!(in_prose(function), "Mutex::log");
    }

    #[test]
    fn a_name_gives_up_its_outer_modules_first() {
        let name = "indicatif::draw_target::ProgressDrawTarget::drawable";
        assert_eq!(fit(name, 60), name);
        assert_eq!(fit(name, 50), "indicatif::…::ProgressDrawTarget::drawable");
        assert_eq!(fit(name, 32), "…::ProgressDrawTarget::drawable");
        assert_eq!(fit(name, 30), "ProgressDrawTarget::drawable");
        assert_eq!(fit(name, 24), "…::drawable");
        assert_eq!(fit(name, 8), "…::draw…");
    }

    #[test]
    fn a_name_gives_up_its_arguments_before_its_modules() {
        let name = "<app::Pool<alloc::vec::Vec<u8>> as app::Run>::run::{{closure}}";
        assert_eq!(fit(name, 40), "app::Pool::run::{closure}");
    }
}
