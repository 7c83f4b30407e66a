//! The grammar of demangled function names, as far as it is needed here.
//!
//! Old mangling names `app::Pool<T>::run::{{closure}}`, new mangling
//! `<app::Pool<u8>>::run::{closure#0}`; both may name a trait: `<app::Pool as app::Run>::run`, and
//! an impl: `app::_::<impl app::Run for app::Pool>::run`.

/// What stands in the angle brackets of a path's segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Implementation<'a> {
    /// The type that the function belongs to.
    pub(crate) self_type: &'a str,
    /// The trait that it is a function of, if it is one.
    pub(crate) of_trait: Option<&'a str>,
}

/// The parts of `text` between those `separator`s that stand in no brackets.
pub(crate) fn split<'a>(text: &'a str, separator: &str) -> Vec<&'a str> {
    let mut parts = Vec::new();
    let mut depth = 0usize;
    let mut start = 0;
    let mut previous = ' ';
    for (index, character) in text.char_indices() {
        if depth == 0 && index >= start && text[index..].starts_with(separator) {
            parts.push(&text[start..index]);
            start = index + separator.len();
        }
        match character {
            '<' | '(' | '[' => depth += 1,
            // The `>` of `->` closes nothing.
            '>' if previous != '-' => depth = depth.saturating_sub(1),
            ')' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        previous = character;
    }
    parts.push(&text[start..]);
    parts
}

/// The meaning of a segment `<Type>`, `<Type as Trait>`, `<impl Type>` or `<impl Trait for Type>`.
pub(crate) fn implementation(segment: &str) -> Option<Implementation<'_>> {
    let inside = segment.strip_prefix('<')?;
    let inside = inside.strip_suffix('>').unwrap_or(inside);
    let (self_type, of_trait) = match inside.strip_prefix("impl ") {
        Some(inside) => match split(inside, " for ")[..] {
            [of_trait, self_type, ..] => (self_type, Some(of_trait)),
            _ => (inside, None),
        },
        None => match split(inside, " as ")[..] {
            [self_type, of_trait, ..] => (self_type, Some(of_trait)),
            _ => (inside, None),
        },
    };
    Some(Implementation { self_type: bare(self_type), of_trait })
}

/// A type without reference marks and brackets around it: `&mut [app::Job]` is `app::Job]`, whose
/// path is that of `app::Job`.
fn bare(name: &str) -> &str {
    let marks = |character: char| "&*[( ".contains(character);
    let mut name = name.trim_start_matches(marks);
    for word in ["mut ", "const ", "dyn "] {
        name = name.strip_prefix(word).unwrap_or(name).trim_start_matches(marks);
    }
    name
}

/// Whether the segment names a closure.
pub(crate) fn is_closure(segment: &str) -> bool {
    segment.starts_with('{') && segment.contains("closure")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_in_brackets_do_not_separate() {
        let name = "<app::Pool<a::B> as app::Run>::run::{{closure}}";
        assert_eq!(split(name, "::"), ["<app::Pool<a::B> as app::Run>", "run", "{{closure}}"]);
        assert_eq!(split("app::f<fn() -> a::B>::g", "::"), ["app", "f<fn() -> a::B>", "g"]);
    }

    #[test]
    fn every_form_of_an_implementation_is_understood() {
        let cases = [
            ("<app::Pool<u8>>", "app::Pool<u8>", None),
            ("<app::Pool as app::Run<A>>", "app::Pool", Some("app::Run<A>")),
            ("<impl app::Run for app::Pool>", "app::Pool", Some("app::Run")),
            ("<impl str>", "str", None),
            ("<&mut dyn app::Run as core::fmt::Debug>", "app::Run", Some("core::fmt::Debug")),
            ("<*const app::Pool>", "app::Pool", None),
        ];
        for (segment, self_type, of_trait) in cases {
            assert_eq!(implementation(segment), Some(Implementation { self_type, of_trait }));
        }
        assert_eq!(implementation("app"), None);
    }
}
