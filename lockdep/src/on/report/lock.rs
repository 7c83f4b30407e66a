//! What a report calls the locks: a short label for each class, and the table that says what each
//! label means.

use crate::class::Class;
use crate::mode::Mode;
use crate::place::Place;
use crate::violation::Touch;

use super::elision::collapse;
use super::paths::{Paths, is_own, spot};
use super::typename::{is_telling, without_paths};

/// Longest label of a class, before what tells it from another.
const LONGEST: usize = 30;

/// The classes of one report, in the order in which they are met, each with a label of its own.
#[derive(Debug)]
pub(super) struct Labels<'a> {
    classes: Vec<(&'a Class, String)>,
}

/// One line of the table of classes.
#[derive(Debug)]
pub(super) struct ClassRow {
    pub(super) label: String,
    /// `Mutex<app::State>`; empty if the label says it all.
    pub(super) lock: String,
    /// What stands before the place.
    pub(super) made: &'static str,
    /// Where locks of the class are made; empty if it is not known.
    pub(super) place: String,
}

impl<'a> Labels<'a> {
    pub(super) fn of(classes: impl IntoIterator<Item = &'a Class>, paths: &Paths) -> Labels<'a> {
        let mut distinct: Vec<&Class> = Vec::new();
        for class in classes {
            if !distinct.contains(&class) {
                distinct.push(class);
            }
        }
        // The type of a closure tells nothing, the place where it was started does.
        let first = |class: &&Class| match is_code(class) {
            true => format!("@{}", spot(&class.place)),
            false => String::new(),
        };
        let mut labels: Vec<String> =
            distinct.iter().map(|class| leveled(class, &first(class))).collect();
        // Say more about those that share a label, until they differ.
        let tells: [&dyn Fn(&Place) -> String; 3] =
            [&spot, &|place| format!("{}:{}", spot(place), place.column), &|place| {
                paths.place(place)
            }];
        for tell in tells {
            for index in shared(&labels) {
                let class = distinct[index];
                labels[index] = leveled(class, &format!("@{}", tell(&class.place)));
            }
        }
        for (count, index) in shared(&labels).into_iter().enumerate() {
            labels[index] = format!("{}#{}", labels[index], count + 1);
        }
        Labels { classes: distinct.into_iter().zip(labels).collect() }
    }

    pub(super) fn get(&self, class: &Class) -> &str {
        let found = self.classes.iter().find(|(known, _)| *known == class);
        found.map_or("", |(_, label)| label)
    }

    pub(super) fn rows(&self, paths: &Paths) -> Vec<ClassRow> {
        let row = |(class, label): &(&Class, String)| {
            let lock = Some(lock_type(class)).filter(|lock| lock != label && !is_code(class));
            let mut made = if is_code(class) { "started at" } else { "made at" };
            let mut place = match &*class.place.file {
                // A class that was made by hand has no place, and what a facade makes for all has none
                // that the reader knows.
                "" => String::new(),
                file if is_own(file) && class.payload.is_empty() => String::new(),
                file if is_own(file) => {
                    made = "made by";
                    "a constructor that was called by its address".to_owned()
                }
                _ => paths.place(&class.place),
            };
            if class.sibling != 0 {
                place.push_str(&format!(" (lock {} of those made there)", class.sibling + 1));
            }
            ClassRow { label: label.clone(), lock: lock.unwrap_or_default(), made, place }
        };
        self.classes.iter().map(row).collect()
    }
}

/// The indices of the labels that another one equals.
fn shared(labels: &[String]) -> Vec<usize> {
    let is_shared = |label: &String| labels.iter().filter(|other| *other == label).count() > 1;
    let indexed = labels.iter().enumerate();
    indexed.filter(|(_, label)| is_shared(label)).map(|(index, _)| index).collect()
}

/// The name by hand or of the payload; then what tells it from others; then, as the kernel prints
/// it, the nesting level.
fn leveled(class: &Class, tell: &str) -> String {
    let base = match &class.name {
        None if is_code(class) => class.kind.to_string(),
        Some(name) => collapse(name, LONGEST),
        None if is_telling(&class.payload) && !class.kind.ends_with("channel") => {
            collapse(&without_paths(&class.payload), LONGEST)
        }
        None => collapse(&without_paths(&lock_type(class)), LONGEST),
    };
    let base = if base.is_empty() { "lock".to_string() } else { base };
    match class.subclass {
        0 => format!("{base}{tell}"),
        level => format!("{base}{tell}/{level}"),
    }
}

/// Whether the class is of code that somebody waits for the end of.
fn is_code(class: &Class) -> bool {
    matches!(&*class.kind, "thread" | "task" | "job") && !class.place.file.is_empty()
}

fn lock_type(class: &Class) -> String {
    match (&*class.kind, &*class.payload) {
        (kind, "") => kind.to_string(),
        ("", payload) => payload.to_string(),
        (kind, payload) => format!("{kind}<{payload}>").replace("{{closure}}", "{closure}"),
    }
}

/// What a call that takes the lock is called: `lock`, `read`, `try write`.
pub(super) fn verb(touch: &Touch) -> String {
    let verb = match touch.mode {
        Mode::Exclusive if is_reader_writer(&touch.class) => "write",
        Mode::Exclusive => "lock",
        Mode::Shared => "read",
        Mode::SharedRecursive => "read (recursive)",
        Mode::Upgradable => "read (upgradable)",
    };
    if touch.trylock { format!("try {verb}") } else { verb.to_string() }
}

/// The method that takes the lock only if that needs no waiting.
pub(super) fn try_method(touch: &Touch) -> &'static str {
    match touch.mode {
        Mode::Exclusive if is_reader_writer(&touch.class) => "try_write",
        Mode::Exclusive => "try_lock",
        Mode::Shared => "try_read",
        Mode::SharedRecursive => "try_read_recursive",
        Mode::Upgradable => "try_upgradable_read",
    }
}

fn is_reader_writer(class: &Class) -> bool {
    class.kind.to_ascii_lowercase().contains("rw")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(kind: &'static str, payload: &'static str, file: &'static str, line: u32) -> Class {
        let place = Place { file: file.into(), line, column: 20 };
        Class {
            place,
            kind: kind.into(),
            payload: payload.into(),
            name: None,
            subclass: 0,
            sibling: 0,
        }
    }

    fn labels(classes: &[Class]) -> Vec<String> {
        let paths = Paths::default();
        let labels = Labels::of(classes, &paths);
        classes.iter().map(|class| labels.get(class).to_string()).collect()
    }

    #[test]
    fn a_place_of_our_own_is_none() {
        let classes = [
            class("Mutex", "u8", "instrumented/src/sync/mutex.rs", 1),
            class("Mutex", "u8", "/r/instrumented/facade/../src/lock_api/acquires.rs", 1),
            Class { sibling: 1, ..class("Mutex", "u8", "src/instrumented.rs", 1) },
        ];
        let rows = Labels::of(&classes, &Paths::default()).rows(&Paths::default());
        let made: Vec<_> = rows.iter().map(|row| format!("{} {}", row.made, row.place)).collect();
        let by_address = "made by a constructor that was called by its address";
        let second = "made at src/instrumented.rs:1:20 (lock 2 of those made there)";
        assert_eq!(made, [by_address, by_address, second]);
    }

    #[test]
    fn a_payload_that_tells_enough_is_the_label() {
        let classes = [
            class("Mutex", "app::state::BarState", "a.rs", 1),
            class("RwLock", "app::Slab<alloc::vec::Vec<u8>>", "a.rs", 2),
        ];
        assert_eq!(labels(&classes), ["BarState", "Slab<Vec<u8>>"]);
    }

    #[test]
    fn a_payload_that_tells_nothing_stands_inside_its_lock() {
        let classes = [
            class("Mutex", "()", "a.rs", 1),
            class("RwLock", "alloc::vec::Vec<app::Job>", "a.rs", 2),
            class("Mutex", "dyn app::Run", "a.rs", 3),
            class("Mutex", "app::run::{{closure}}", "a.rs", 4),
            class("RawMutex", "", "a.rs", 5),
            class("", "", "a.rs", 6),
        ];
        let expected = [
            "Mutex<()>",
            "RwLock<Vec<Job>>",
            "Mutex<dyn Run>",
            "Mutex<run::{closure}>",
            "RawMutex",
            "lock",
        ];
        assert_eq!(labels(&classes), expected);
    }

    #[test]
    fn what_a_facade_makes_for_all_has_no_place() {
        let classes = [
            class("global rayon pool", "", "/t/instrumented/facade/../src/rayon/pool.rs", 3),
            class("rayon pool", "", "a.rs", 4),
        ];
        let rows = Labels::of(&classes, &Paths::default()).rows(&Paths::default());
        let places: Vec<&str> = rows.iter().map(|row| row.place.as_str()).collect();
        assert_eq!(places, ["", "a.rs:4:20"]);
    }

    #[test]
    fn a_name_by_hand_is_the_label() {
        let mut class = class("Mutex", "app::State", "a.rs", 1);
        class.name = Some("A".into());
        assert_eq!(labels(&[class]), ["A"]);
    }

    #[test]
    fn a_nesting_level_is_printed_as_the_kernel_prints_it() {
        let outer = class("Mutex", "app::State", "a.rs", 1);
        let inner = Class { subclass: 1, ..outer.clone() };
        assert_eq!(labels(&[outer, inner]), ["State", "State/1"]);
    }

    #[test]
    fn equal_labels_are_told_apart_by_place() {
        let one = class("Mutex", "app::State", "src/multi.rs", 31);
        let two = class("Mutex", "app::bar::State", "src/bar.rs", 7);
        let other = class("Mutex", "app::Job", "src/bar.rs", 7);
        assert_eq!(labels(&[one, two, other]), ["State@multi.rs:31", "State@bar.rs:7", "Job"]);
    }

    #[test]
    fn equal_places_are_told_apart_by_more_of_the_place() {
        let place = |column| Place { file: "a.rs".into(), line: 1, column };
        let one = Class { place: place(5), ..class("Mutex", "app::State", "", 0) };
        let two = Class { place: place(9), ..class("Mutex", "app::State", "", 0) };
        assert_eq!(labels(&[one, two]), ["State@a.rs:1:5", "State@a.rs:1:9"]);
        let one = class("Mutex", "app::State", "x/a.rs", 1);
        let two = class("Mutex", "app::State", "y/a.rs", 1);
        assert_eq!(labels(&[one, two]), ["State@x/a.rs:1:20", "State@y/a.rs:1:20"]);
    }

    #[test]
    fn equal_places_are_numbered_at_last() {
        let one = class("Mutex", "app::State", "a.rs", 1);
        let two = class("Mutex", "app::bar::State", "a.rs", 1);
        assert_eq!(labels(&[one, two]), ["State@a.rs:1:20#1", "State@a.rs:1:20#2"]);
    }
}
