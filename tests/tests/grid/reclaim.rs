//! Section 2.7: an allocator that may have to free memory first, as a lock that stands for that;
//! and the one cell about names.
//!
//! Whoever frees memory holds the lock; whoever may cause that takes it for a moment. A context
//! that is blocked says where it may not be caused.

use std::sync::Arc;

use lockdep::{
    BacktraceStyle, Context, Level, Map, Settings, Tracker, Violation, lock_acquire_exclusive,
    lock_acquired_exclusive, lock_release, might_lock,
};

use crate::cell::Verdict::{self, Recursion, Silent};
use crate::cell::{Body, Cell};

static RECLAIM: Context = Context::new("reclaim");

struct Allocator {
    reclaim: Map,
}

impl Allocator {
    /// An allocation, with leave to free memory of files for it or without.
    fn might_allocate(&self, files: bool) {
        if files && !RECLAIM.is_blocked() {
            might_lock!(&self.reclaim);
        }
    }

    /// Frees memory; `inside` is what that does meanwhile.
    fn reclaim(&self, inside: impl FnOnce(&Allocator)) {
        lock_acquire_exclusive!(&self.reclaim);
        lock_acquired_exclusive!(&self.reclaim);
        inside(self);
        lock_release!(&self.reclaim);
    }
}

pub(crate) fn cells() -> Vec<Cell> {
    fn correct(allocator: &Allocator) {
        allocator.might_allocate(false);
    }
    fn wrong(allocator: &Allocator) {
        allocator.might_allocate(true);
    }
    fn protected(allocator: &Allocator) {
        let _no_files = RECLAIM.block();
        allocator.might_allocate(true);
    }
    type Row = (&'static str, fn(&Allocator), Verdict);
    let rows: [Row; 3] = [
        ("correct nesting", correct, Silent),
        ("wrong nesting", wrong, Recursion),
        ("protected nesting", protected, Silent),
    ];
    let scene = |inside: fn(&Allocator)| {
        move || watched(|| Allocator { reclaim: Map::named("reclaim") }.reclaim(inside))
    };
    rows.map(|(row, inside, verdict)| cell(row, Body::Scene(Box::new(scene(inside))), verdict))
        .into()
}

/// Section 2.9, "compare name before and after": a subclass keeps the name.
pub(crate) fn names() -> Vec<Cell> {
    let scene = || {
        watched(|| {
            let map = Map::named("A");
            lock_acquire_exclusive!(&map, subclass = 1);
            lock_acquired_exclusive!(&map, subclass = 1);
            let held = lockdep::held();
            assert_eq!((held[0].class.name.as_deref(), held[0].class.subclass), (Some("A"), 1));
            lock_release!(&map);
        })
    };
    vec![cell("compare name before and after", Body::Scene(Box::new(scene)), Silent)]
}

fn watched(scene: impl FnOnce()) -> Vec<Arc<Violation>> {
    let settings = Settings { level: Level::Order, backtrace: BacktraceStyle::Off };
    let ((), met) = Arc::new(Tracker::new(settings)).run(scene);
    met.into_iter().map(|met| met.violation).collect()
}

fn cell(row: &str, body: Body, verdict: Verdict) -> Cell {
    Cell { row: row.to_owned(), column: String::new(), body, verdict }
}
