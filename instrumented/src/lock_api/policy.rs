//! What a raw lock's types say of it by their names.
//!
//! Whether readers pass waiting writers the trait does not say, and it decides whether a second read by one task can hang: behind a
//! writer that waits, a reader of `parking_lot` queues, one of dashmap's own lock does not. A raw
//! lock is known by its type's name, because no crate can say it of another's type. What is not in
//! the table is taken to queue: a missed hang is worse than a hang that needs a writer to be unlucky.

use core::any::type_name;

use lockdep::How;

use super::real::GuardNoSend;

/// Raw locks whose plain readers wait for writers that hold the lock, and for no others.
///
/// | type | reason |
/// |---|---|
/// | `dashmap::lock::RawRwLock` | `try_lock_shared_fast` looks at readers and the writer bit alone |
/// | `parking_lot::raw_rwlock::RawRwLock<true>` | the raw lock of 0.13's `RecursiveRwLock` |
/// | `spin::rwlock::RwLock<…>` | a waiting writer leaves no mark |
fn readers_pass(raw: &str) -> bool {
    match raw.as_bytes() {
        b"dashmap::lock::RawRwLock" | b"parking_lot::raw_rwlock::RawRwLock<true>" => true,
        [b's', b'p', b'i', b'n', ..] => raw.starts_with("spin::rwlock::RwLock<"),
        _ => false,
    }
}

/// How a plain reader of the raw lock `R` takes it.
#[inline]
pub(super) fn shared<R>() -> How {
    if readers_pass(type_name::<R>()) { How::SHARED_RECURSIVE } else { How::SHARED }
}

/// Whether a guard with this marker or state can be sent to another task. Of a type that is not
/// `lock_api`'s own it is not known, so it may be.
#[inline]
pub(super) fn can_be_sent<M>() -> bool {
    type_name::<M>() != type_name::<GuardNoSend>()
}

#[cfg(test)]
mod tests {
    use super::readers_pass;

    #[test]
    fn a_lock_is_known_by_its_whole_name() {
        assert!(readers_pass("dashmap::lock::RawRwLock"));
        assert!(!readers_pass("parking_lot::raw_rwlock::RawRwLock"));
        assert!(!readers_pass("parking_lot::raw_rwlock::RawRwLock<false>"));
        assert!(!readers_pass("my::dashmap::lock::RawRwLock"));
        assert!(readers_pass("spin::rwlock::RwLock<(), spin::relax::Spin>"));
    }
}
