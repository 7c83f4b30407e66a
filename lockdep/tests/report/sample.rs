//! Violations made by hand, as short as a test can say them.

use lockdep::Mode;
use lockdep::class::Class;
use lockdep::place::Place;
use lockdep::violation::{Dependency, Frame, Point, Touch, Violation};

const REGISTRY: &str = "/home/me/.cargo/registry/src/index-0123456789abcdef/indicatif-0.17.0-rc.10";

pub(crate) fn class(kind: &'static str, payload: &'static str, line: u32) -> Class {
    let place = place("src/lib.rs", line, 20);
    Class { place, kind: kind.into(), payload: payload.into(), name: None, subclass: 0, sibling: 0 }
}

/// A class whose payload's name is made at run time.
pub(crate) fn owned(name: &str, line: u32) -> Class {
    let payload = format!("app::{}::{name}", name.to_lowercase());
    Class { payload: payload.into(), ..class("Mutex", "", line) }
}

pub(crate) fn place(file: &str, line: u32, column: u32) -> Place {
    Place { file: file.to_string().into(), line, column }
}

pub(crate) fn frames(functions: &[(&str, u32)]) -> Vec<Frame> {
    let frame = |(function, line): &(&str, u32)| Frame {
        function: function.to_string(),
        place: Some(place("/ws/src/lib.rs", *line, 13)),
    };
    functions.iter().map(frame).collect()
}

pub(crate) fn point(line: u32, functions: &[(&str, u32)]) -> Point {
    Point { place: place("src/lib.rs", line, 13), frames: frames(functions) }
}

pub(crate) fn touch(class: &Class, mode: Mode, line: u32) -> Touch {
    let at = point(line, &[("app::run", line), ("app::main", 9)]);
    Touch { class: class.clone(), mode, trylock: false, instance: 0, at }
}

pub(crate) fn dependency(task: &str, held: Touch, wanted: Touch) -> Dependency {
    Dependency { task: task.to_string(), held, wanted }
}

/// Mutexes in a circle, each dependency made by a thread of its own.
pub(crate) fn cycle(locks: &[Class]) -> Vec<Dependency> {
    let count = locks.len();
    let dependency = |index: usize| {
        let step = |offset: usize| {
            let number = (index + offset) % count;
            let line = 100 + 10 * index as u32 + offset as u32;
            let function = format!("app::worker::step_{index}");
            let mut touch = touch(&locks[number], Mode::Exclusive, line);
            touch.at.frames = frames(&[(&function, line), ("app::worker::run", 50)]);
            touch.instance = number as u64 + 1;
            touch
        };
        dependency(&format!("worker-{index}"), step(0), step(1))
    };
    (0..count).map(dependency).collect()
}

/// The inversion of indicatif 0.17.0-rc.10 (console-rs/indicatif#424).
pub(crate) fn indicatif(first: &str, second: &str) -> Violation {
    let file = |name: &str| format!("{REGISTRY}/src/{name}.rs");
    let made = |kind: &'static str, payload: &'static str, name: &str, line| Class {
        place: place(&file(name), line, 20),
        ..class(kind, payload, 0)
    };
    let multi = made("RwLock", "indicatif::multi::MultiState", "multi", 31);
    let bar = made("Mutex", "indicatif::state::BarState", "progress_bar", 48);

    let frame = |function: &str, name: &str, line, column| Frame {
        function: function.to_string(),
        place: Some(place(&file(name), line, column)),
    };
    let main =
        Frame { function: "app::main".to_string(), place: Some(place("/ws/src/main.rs", 17, 13)) };
    let at = |class: &Class, mode, frames: Vec<Frame>| Touch {
        class: class.clone(),
        mode,
        trylock: false,
        instance: 0,
        at: Point { place: frames[0].place.clone().expect("it is given"), frames },
    };
    let tick = frame("indicatif::progress_bar::ProgressBar::tick", "progress_bar", 201, 38);
    let tick_at = |instant| frame("indicatif::state::BarState::tick", "state", instant, 14);
    let drawable = "indicatif::draw_target::ProgressDrawTarget::drawable";
    let there = dependency(
        first,
        at(&bar, Mode::Exclusive, vec![tick.clone(), main.clone()]),
        at(
            &multi,
            Mode::Exclusive,
            vec![
                frame(drawable, "draw_target", 96, 44),
                frame("indicatif::state::BarState::draw", "state", 140, 39),
                tick_at(86),
                frame("indicatif::progress_bar::ProgressBar::tick", "progress_bar", 203, 15),
                main.clone(),
            ],
        ),
    );
    let insert = "indicatif::multi::MultiProgress::insert_after";
    let internal = "indicatif::multi::MultiProgress::internalize";
    let back = dependency(
        second,
        at(
            &multi,
            Mode::Exclusive,
            vec![frame(internal, "multi", 131, 36), frame(insert, "multi", 104, 14), main.clone()],
        ),
        at(
            &bar,
            Mode::Exclusive,
            vec![
                frame("indicatif::progress_bar::ProgressBar::index", "progress_bar", 481, 20),
                frame(internal, "multi", 136, 14),
                frame(insert, "multi", 104, 14),
                main,
            ],
        ),
    );
    inversion(vec![there, back], 1)
}

/// An inversion that was shown to be possible, of which no writer was seen.
pub(crate) fn inversion(cycle: Vec<Dependency>, closing: usize) -> Violation {
    Violation::Inversion { cycle, closing, writers: Vec::new(), proven: true }
}
