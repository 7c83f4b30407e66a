//! What the tracker makes of a channel of `crossbeam_channel` that is full and that nobody else empties.
//!
//! Nothing else goes on in this process: a thread that the tracker knows, and that could do anything,
//! would make it uncertain.

#![cfg(all(
    feature = "crossbeam_channel",
    feature = "lockdep",
    any(debug_assertions, feature = "lockdep-release")
))]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex as Plain, PoisonError};
use std::time::Duration;

use instrumented::crossbeam_channel::bounded;
use instrumented::thread;
use lockdep::Violation;

/// The codes of what is found in any thread while `f` runs. One at a time: there is one tracker.
fn found(f: impl FnOnce()) -> Vec<&'static str> {
    static ONE: Plain<()> = Plain::new(());
    static FOUND: Plain<Vec<&str>> = Plain::new(Vec::new());
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    lockdep::set_hook(|violation| FOUND.lock().unwrap().push(Violation::code(violation)));
    f();
    lockdep::take_hook();
    std::mem::take(&mut *FOUND.lock().unwrap())
}

#[test]
fn a_send_that_only_this_thread_could_make_room_for_is_told() {
    let found = found(|| {
        let (send, receive) = bounded(1);
        send.send(1).unwrap();
        assert_eq!(receive.recv(), Ok(1));
        send.send(2).unwrap();
        let stuck = catch_unwind(AssertUnwindSafe(|| send.send(3)));
        assert!(stuck.is_err());
        drop(receive);
    });
    assert_eq!(found, ["LD0021"]);
}

#[test]
fn a_full_channel_with_a_receiver_elsewhere_is_fine() {
    let found = found(|| {
        let (send, receive) = bounded(1);
        let late = thread::spawn({
            let receive = receive.clone();
            move || {
                std::thread::sleep(Duration::from_millis(100));
                receive.into_iter().count()
            }
        });
        send.send(1).unwrap();
        let mut count = usize::from(receive.recv().is_ok());
        (0..4).for_each(|number| send.send(number).unwrap());
        drop((send, receive));
        count += late.join().unwrap();
        assert_eq!(count, 5);
    });
    assert_eq!(found, [""; 0]);
}
