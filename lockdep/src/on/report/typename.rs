//! Type names without the paths in them: `alloc::vec::Vec<app::Job>` is `Vec<Job>`.

/// `name`, as `std::any::type_name` gives it, without the paths of the types in it.
pub(super) fn without_paths(name: &str) -> String {
    let mut short = String::new();
    // Where the path that is being read begins in `short`.
    let mut start = 0;
    let mut rest = name;
    while let Some(character) = rest.chars().next() {
        if let Some(tail) = rest.strip_prefix("::") {
            // A closure needs the function it stands in; after `>` there is nothing to drop.
            if tail.starts_with('{') || short.len() == start {
                short.push_str("::");
                start = if tail.starts_with('{') { start } else { short.len() };
            } else {
                short.truncate(start);
            }
            rest = tail;
            continue;
        }
        short.push(character);
        if !(character.is_alphanumeric() || "_{}#".contains(character)) {
            start = short.len();
        }
        rest = &rest[character.len_utf8()..];
    }
    short.replace("{{closure}}", "{closure}")
}

/// Whether the type's own name tells one lock from another: a struct, enum or union of somebody's
/// program, not `()`, `u32`, `&str`, `dyn Trait`, a closure, or a container of the standard
/// library.
pub(super) fn is_telling(name: &str) -> bool {
    let path = name.split('<').next().unwrap_or_default();
    let is_path =
        path.chars().all(|character| character.is_alphanumeric() || "_:#".contains(character));
    match path.split_once("::") {
        Some((package, _)) => is_path && !matches!(package, "std" | "core" | "alloc"),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_go_wherever_they_stand() {
        let cases = [
            ("indicatif::multi::MultiState", "MultiState"),
            ("alloc::vec::Vec<app::Job>", "Vec<Job>"),
            (
                "std::collections::hash::map::HashMap<alloc::string::String, (u8, app::Job)>",
                "HashMap<String, (u8, Job)>",
            ),
            ("dyn core::fmt::Debug + core::marker::Send", "dyn Debug + Send"),
            ("&mut [app::Job; 4]", "&mut [Job; 4]"),
            ("app::run::{{closure}}", "run::{closure}"),
            ("fn(app::Job) -> alloc::string::String", "fn(Job) -> String"),
            ("<T as app::Make>::Output", "<T as Make>::Output"),
            ("()", "()"),
            ("", ""),
        ];
        for (name, short) in cases {
            assert_eq!(without_paths(name), short, "{name}");
        }
    }

    #[test]
    fn a_type_of_somebodys_program_is_telling() {
        assert!(is_telling("indicatif::multi::MultiState"));
        assert!(is_telling("app::Slab<app::Job>"));
        assert!(is_telling("stdx::Queue"));
    }

    #[test]
    fn a_type_that_every_program_has_is_not_telling() {
        let everybodys = [
            "()",
            "u32",
            "&str",
            "",
            "(app::Job, u8)",
            "[app::Job; 2]",
            "dyn app::Run",
            "fn(app::Job)",
            "alloc::string::String",
            "core::option::Option<app::Job>",
            "app::run::{{closure}}",
        ];
        for name in everybodys {
            assert!(!is_telling(name), "{name}");
        }
    }
}
