//! The channels.

use std::any::TypeId;
use std::time::Duration;

use crate::sync::mpsc::{
    IntoIter, Iter, Receiver, RecvError, RecvTimeoutError, SendError, Sender, SyncSender, TryIter,
    TryRecvError, TrySendError, channel, sync_channel,
};

const SHORT: Duration = Duration::from_millis(1);

#[test]
fn messages_come_in_their_order_from_all_senders() {
    let (sender, receiver) = channel();
    let other = sender.clone();
    sender.send(1).unwrap();
    other.send(2).unwrap();
    assert_eq!((receiver.recv(), receiver.try_recv()), (Ok(1), Ok(2)));
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    assert_eq!(receiver.recv_timeout(SHORT), Err(RecvTimeoutError::Timeout));
    drop((sender, other));
    assert_eq!(receiver.recv(), Err(RecvError));
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));
    assert_eq!(receiver.recv_timeout(SHORT), Err(RecvTimeoutError::Disconnected));
}

#[test]
fn a_message_for_nobody_comes_back() {
    let (sender, receiver) = channel();
    drop(receiver);
    assert_eq!(sender.send("lost"), Err(SendError("lost")));
    let (sender, receiver) = sync_channel(1);
    sender.send("kept").unwrap();
    assert_eq!(sender.try_send("full"), Err(TrySendError::Full("full")));
    drop(receiver);
    assert_eq!(sender.try_send("lost"), Err(TrySendError::Disconnected("lost")));
    assert_eq!(sender.send("lost"), Err(SendError("lost")));
}

#[test]
fn a_bounded_sender_waits_for_room_and_a_rendezvous_for_the_receiver() {
    for bound in [0, 1, 3] {
        let (sender, receiver) = sync_channel(bound);
        let clone = sender.clone();
        std::thread::scope(|scope| {
            scope.spawn(move || (0..50).for_each(|number| clone.send(number).unwrap()));
            drop(sender);
            assert!(receiver.into_iter().eq(0..50));
        });
    }
}

#[test]
#[allow(
    clippy::into_iter_on_ref,
    reason = "the trait is what is tested, and clippy knows the real one"
)]
fn receivers_are_iterated_three_ways() {
    let (sender, receiver) = channel();
    (0..6).for_each(|number| sender.send(number).unwrap());
    let some: Vec<i32> = receiver.try_iter().collect();
    assert_eq!(some, [0, 1, 2, 3, 4, 5]);
    (6..9).for_each(|number| sender.send(number).unwrap());
    let more: Vec<i32> = receiver.iter().take(1).chain((&receiver).into_iter().take(1)).collect();
    assert_eq!(more, [6, 7]);
    drop(sender);
    assert_eq!(receiver.into_iter().collect::<Vec<i32>>(), [8]);
}

#[test]
fn channels_print_as_the_real_ones() {
    let (sender, receiver) = channel::<u8>();
    let (bounded, _receiver) = sync_channel::<u8>(1);
    let (real, real_receiver) = std::sync::mpsc::channel::<u8>();
    let (real_bounded, _real_receiver) = std::sync::mpsc::sync_channel::<u8>(1);
    assert_eq!(format!("{sender:?}"), format!("{real:?}"));
    assert_eq!(format!("{bounded:?}"), format!("{real_bounded:?}"));
    assert_eq!(format!("{receiver:?}"), format!("{real_receiver:?}"));
    assert_eq!(format!("{:?}", receiver.iter()), format!("{:?}", real_receiver.iter()));
    assert_eq!(format!("{:?}", receiver.try_iter()), format!("{:?}", real_receiver.try_iter()));
    let into = (receiver.into_iter(), real_receiver.into_iter());
    assert_eq!(format!("{:?}", into.0), format!("{:?}", into.1));
}

#[test]
fn errors_are_the_real_ones() {
    assert_eq!(TypeId::of::<SendError<u8>>(), TypeId::of::<std::sync::mpsc::SendError<u8>>());
    assert_eq!(TypeId::of::<RecvError>(), TypeId::of::<std::sync::mpsc::RecvError>());
    assert_eq!(TypeId::of::<TryRecvError>(), TypeId::of::<std::sync::mpsc::TryRecvError>());
    assert_eq!(TypeId::of::<TrySendError<u8>>(), TypeId::of::<std::sync::mpsc::TrySendError<u8>>());
    assert_eq!(TypeId::of::<RecvTimeoutError>(), TypeId::of::<std::sync::mpsc::RecvTimeoutError>());
}

#[test]
fn the_ends_have_the_real_ones_auto_traits() {
    fn is_sent<T: Send>() {}
    fn is_shared<T: Send + Sync>() {}
    fn survives_panics<T: std::panic::UnwindSafe + std::panic::RefUnwindSafe>() {}
    is_shared::<Sender<std::cell::Cell<u8>>>();
    is_shared::<SyncSender<std::cell::Cell<u8>>>();
    is_sent::<Receiver<std::cell::Cell<u8>>>();
    is_sent::<IntoIter<u8>>();
    survives_panics::<Sender<u8>>();
    survives_panics::<SyncSender<u8>>();
    survives_panics::<Receiver<u8>>();
    let number = 7;
    let (sender, receiver) = channel::<&u8>();
    sender.send(&number).unwrap();
    let (_iter, _try_iter): (Iter<'_, &u8>, TryIter<'_, &u8>) =
        (receiver.iter(), receiver.try_iter());
}
