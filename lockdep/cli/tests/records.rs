//! A record is read as it was written, although one package writes and another one reads.

use lockdep::class::Class;
use lockdep::place::Place;
use lockdep::record::Record;
use lockdep::violation::{ClosedBy, Limit, Point, Touch, Usage};
use lockdep::{Mode, Violation, WaitType};

fn point() -> Point {
    Point { place: Place { file: "a.rs".into(), line: 1, column: 2 }, frames: Vec::new() }
}

fn touch() -> Touch {
    let (kind, payload, name) = ("lock".into(), "".into(), Some("A".into()));
    let class = Class { place: point().place, kind, payload, name, subclass: 0, sibling: 0 };
    Touch { class, mode: Mode::Shared, trylock: false, instance: 7, at: point() }
}

fn usage(opened: Option<Point>) -> Usage {
    Usage { task: "main".to_string(), touch: touch(), opened }
}

#[test]
fn a_violation_with_choices_in_it_is_read_as_it_was_written() {
    let inversion = |closing| Violation::ContextInversion {
        context: "logger".to_string(),
        taken: usage(None),
        way: Vec::new(),
        open: usage(Some(point())),
        closing,
    };
    let refused = |wanted, limit| Violation::InvalidWait {
        task: "main".to_string(),
        wanted,
        needs: WaitType::Async,
        allowed: WaitType::Free,
        limit,
        at: point(),
    };
    for violation in [
        inversion(ClosedBy::Taken),
        inversion(ClosedBy::Dependency(3)),
        refused(None, Limit::Context("poll".to_string())),
        refused(Some(touch()), Limit::Held(touch())),
    ] {
        let record = Record::Violation { violation };
        let mut line = vec![0; 1 << 14];
        let length = serde_json_core::to_slice(&record, &mut line).unwrap();
        assert_eq!(serde_json::from_slice::<Record>(&line[..length]).unwrap(), record);
    }
}
