//! Cells about what is declared by hand: nest locks, comparison functions, exempt classes, pins.
//!
//! What is said of a class holds for the whole process, so every cell has classes of its own.

use std::sync::Arc;

use lockdep::{BacktraceStyle, Level, Map, Settings, Tracker, Violation};
use lockdep::{lock_acquire_exclusive, lock_acquired_exclusive, lock_release};

use crate::cell::Verdict::{
    self, Circular, DeclaredOrder, NestNotHeld, Nesting, PinBroken, Silent,
};
use crate::events::Events;

/// Section 2.11.
pub(crate) const BY_HAND: [(&str, Events, Verdict); 15] = [
    ("ctx, X1 nest ctx, X2 nest ctx", two_under_a_nest_lock, Silent),
    ("X1, ctx, X2 nest ctx", one_before_the_nest_lock, Nesting),
    ("X1 nest ctx, ctx not held", nest_lock_not_held, NestNotHeld),
    ("ctx X1 A X2 nest ctx ; without nest", nested_then_plain, Nesting),
    ("X Y1 nest X, A, Y2 nest X ; Y, A", nested_around_another, Circular),
    ("X X1 nest X, A ; A, X1", nested_after_another, Circular),
    ("cmp_fn: lower then higher", || compared(&[[0, 1]]), Silent),
    ("cmp_fn: higher then lower", || compared(&[[1, 0]]), DeclaredOrder),
    ("cmp_fn: right, then wrong", || compared(&[[0, 1], [1, 0]]), DeclaredOrder),
    ("A,B ; B, A with check=0", target_exempt, Silent),
    ("A with check=0, B ; B,A", source_exempt, Silent),
    ("A, N(check=0), B ; B,A", passed_over, Circular),
    ("A notrack, B ; B,A", untracked, Silent),
    ("unlock under a pin", released_under_a_pin, PinBroken),
    ("unlock after the unpin", released_after_the_unpin, Silent),
];

/// Section 2.5, the rows about spinlocks. The nest lock there is a ww-mutex; any lock will do.
pub(crate) const NEST: [(&str, Events, Verdict); 2] = [
    ("spinlock nest unlocked", nest_lock_not_held, NestNotHeld),
    ("spinlock nest test", spin_nest_lock, Silent),
];

/// What a tracker of its own at level `order` finds in `f`, each once.
fn found(f: impl FnOnce()) -> Vec<Arc<Violation>> {
    let settings = Settings { level: Level::Order, backtrace: BacktraceStyle::Off };
    let ((), met) = Arc::new(Tracker::new(settings)).run(f);
    met.into_iter().filter(|met| met.times == 1).map(|met| met.violation).collect()
}

fn lock(map: &Map) {
    lock_acquire_exclusive!(map);
    lock_acquired_exclusive!(map);
}

fn lock_under(nest: &Map, map: &Map) {
    lock_acquire_exclusive!(map, nest = nest);
    lock_acquired_exclusive!(map);
}

fn release(maps: &[&Map]) {
    maps.iter().rev().for_each(|map| lock_release!(map));
}

fn run(maps: &[&Map]) {
    maps.iter().for_each(|map| lock(map));
    release(maps);
}

fn two_under_a_nest_lock() -> Vec<Arc<Violation>> {
    let (ctx, x1, x2) = (Map::named("two ctx"), Map::named("two x"), Map::named("two x"));
    found(|| {
        for [first, second] in [[&x1, &x2], [&x2, &x1]] {
            lock(&ctx);
            lock_under(&ctx, first);
            lock_under(&ctx, second);
            release(&[&ctx, first, second]);
        }
    })
}

fn one_before_the_nest_lock() -> Vec<Arc<Violation>> {
    let (ctx, x1, x2) = (Map::named("before ctx"), Map::named("before x"), Map::named("before x"));
    found(|| {
        lock(&x1);
        lock(&ctx);
        lock_under(&ctx, &x2);
        release(&[&x1, &ctx, &x2]);
    })
}

fn nest_lock_not_held() -> Vec<Arc<Violation>> {
    let (ctx, x) = (Map::named("not held ctx"), Map::named("not held x"));
    found(|| {
        lock_under(&ctx, &x);
        release(&[&x]);
    })
}

fn nested_then_plain() -> Vec<Arc<Violation>> {
    let [ctx, a] = ["g9 ctx", "g9 a"].map(Map::named);
    let [x1, x2] = ["g9 x", "g9 x"].map(Map::named);
    found(|| {
        for is_nested in [true, false] {
            [&ctx, &x1, &a].into_iter().for_each(lock);
            if is_nested {
                lock_under(&ctx, &x2)
            } else {
                lock(&x2)
            }
            release(&[&ctx, &x1, &a, &x2]);
        }
    })
}

fn nested_around_another() -> Vec<Arc<Violation>> {
    let [x, a] = ["g4 x", "g4 a"].map(Map::named);
    let [y1, y2] = ["g4 y", "g4 y"].map(Map::named);
    found(|| {
        lock(&x);
        lock_under(&x, &y1);
        lock(&a);
        lock_under(&x, &y2);
        release(&[&x, &y1, &a, &y2]);
        // Not with Y1: whoever holds that keeps the first run away.
        run(&[&y2, &a]);
    })
}

fn nested_after_another() -> Vec<Arc<Violation>> {
    let [x, a, y1, y2] = ["g6 x", "g6 a", "g6 y", "g6 y"].map(Map::named);
    found(|| {
        // The kernel merges the two nested acquires and does not look at the second.
        lock(&x);
        lock(&a);
        lock_under(&x, &y1);
        lock_under(&x, &y2);
        release(&[&x, &a, &y1, &y2]);
        run(&[&y2, &a]);
    })
}

fn compared(orders: &[[usize; 2]]) -> Vec<Arc<Violation>> {
    let shards = [Map::named("compared"), Map::named("compared")];
    lockdep::set_cmp_fn(&shards[0], |held, wanted| held.cmp(&wanted));
    lockdep::set_rank(&shards[0], 10);
    lockdep::set_rank(&shards[1], 20);
    found(|| orders.iter().for_each(|order| run(&order.map(|index| &shards[index]))))
}

fn target_exempt() -> Vec<Arc<Violation>> {
    let [a, b, exempt] = ["target a", "target b", "target a"].map(Map::named);
    lockdep::set_novalidate(&exempt);
    found(|| {
        run(&[&a, &b]);
        run(&[&b, &exempt]);
    })
}

fn source_exempt() -> Vec<Arc<Violation>> {
    let [a, b, exempt] = ["source a", "source b", "source a"].map(Map::named);
    lockdep::set_novalidate(&exempt);
    found(|| {
        run(&[&exempt, &b]);
        run(&[&b, &a]);
    })
}

fn passed_over() -> Vec<Arc<Violation>> {
    let [a, b, exempt] = ["over a", "over b", "over n"].map(Map::named);
    lockdep::set_novalidate(&exempt);
    found(|| {
        run(&[&a, &exempt, &b]);
        run(&[&b, &a]);
    })
}

fn untracked() -> Vec<Arc<Violation>> {
    let [a, b] = ["untracked a", "untracked b"].map(Map::named);
    lockdep::set_notrack(&a);
    found(|| {
        run(&[&a, &b]);
        run(&[&b, &a]);
        run(&[&a, &a]);
    })
}

fn released_under_a_pin() -> Vec<Arc<Violation>> {
    let map = Map::named("pinned");
    found(|| {
        lock(&map);
        let _cookie = lockdep::pin_lock(&map);
        release(&[&map]);
    })
}

fn released_after_the_unpin() -> Vec<Arc<Violation>> {
    let map = Map::named("pinned");
    found(|| {
        lock(&map);
        let cookie = lockdep::pin_lock(&map);
        lockdep::unpin_lock(&map, cookie);
        release(&[&map]);
    })
}

fn spin_nest_lock() -> Vec<Arc<Violation>> {
    let [x, a] = ["spin x", "spin a"].map(Map::named);
    let [y1, y2] = ["spin y", "spin y"].map(Map::named);
    found(|| {
        lock(&x);
        lock_under(&x, &y1);
        lock(&a);
        lock_under(&x, &y2);
        for map in [&a, &y2, &y1, &x] {
            release(&[map]);
        }
    })
}
