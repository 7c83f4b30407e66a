//! Locks that may be taken.

use lockdep::{
    Level, Map, might_lock, might_lock_nested, might_lock_read, might_lock_read_recursive,
};

use crate::{BOTH, codes, nest, read, release, write};

#[test]
fn what_may_be_locked_is_judged_like_an_acquire() {
    for level in BOTH {
        let [a, b] = ["might a", "might b"].map(Map::named);
        let found = codes(level, || {
            write(&a);
            might_lock!(&b);
            release(&[&a]);
            assert!(lockdep::held().is_empty());
            nest(&[&b, &a]);
        });
        assert_eq!(found, ["LD0002"]);
        let held = |take: fn(&Map), might: fn(&Map)| {
            codes(level, || {
                take(&a);
                might(&a);
                release(&[&a]);
            })
        };
        assert_eq!(held(write, |map| might_lock!(map)), ["LD0001"]);
        assert_eq!(held(write, |map| might_lock_nested!(map, 1)), ["LD0001"]);
        assert_eq!(held(write, |map| might_lock_read!(map)), ["LD0001"]);
        assert_eq!(held(write, |map| might_lock_read_recursive!(map)), ["LD0001"]);
        assert_eq!(held(read, |map| might_lock!(map)), ["LD0001"]);
        assert_eq!(held(read, |map| might_lock_read_recursive!(map)), [""; 0]);
    }
    let parent = Map::named("might nest");
    let found = codes(Level::Order, || {
        write(&parent);
        might_lock_nested!(&Map::named("might nest"), 1);
        might_lock_read!(&Map::named("might nest"), 2);
        release(&[&parent]);
    });
    assert_eq!(found, [""; 0]);
    let found = codes(Level::Order, || {
        write(&parent);
        might_lock!(&Map::named("might nest"));
        release(&[&parent]);
    });
    assert_eq!(found, ["LD0004"]);
}
