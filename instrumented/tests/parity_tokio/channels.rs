//! The functions of channels.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::run;
use crate::tokio::sync::mpsc::error::{SendError, SendTimeoutError, TryRecvError, TrySendError};
use crate::tokio::sync::mpsc::{
    OwnedPermit, Permit, PermitIterator, Receiver, Sender, UnboundedReceiver, UnboundedSender,
    WeakSender, WeakUnboundedSender, channel, unbounded_channel,
};
use crate::tokio::sync::oneshot;

#[test]
fn the_sender_of_a_bounded_channel_has_all_its_functions() {
    run(async {
        let (sender, mut receiver): (Sender<u8>, Receiver<u8>) = channel(3);
        Sender::send(&sender, 1).await.unwrap();
        Sender::try_send(&sender, 2).unwrap();
        Sender::send_timeout(&sender, 3, Duration::from_secs(1)).await.unwrap();
        assert_eq!(sender.try_send(4), Err(TrySendError::Full(4)));
        let late = sender.send_timeout(4, Duration::from_millis(1)).await;
        assert_eq!(late, Err(SendTimeoutError::Timeout(4)));
        assert_eq!((Sender::capacity(&sender), Sender::max_capacity(&sender)), (0, 3));
        for number in 1..4 {
            assert_eq!(receiver.recv().await, Some(number));
        }
        let other = sender.clone();
        assert!(Sender::same_channel(&sender, &other) && !Sender::is_closed(&sender));
        let weak: WeakSender<u8> = Sender::downgrade(&sender);
        assert_eq!((Sender::strong_count(&sender), Sender::weak_count(&sender)), (2, 1));
        assert_eq!((WeakSender::strong_count(&weak), WeakSender::weak_count(&weak)), (2, 1));
        assert!(format!("{sender:?}").starts_with("Sender { chan: Tx {"), "{sender:?}");
        assert_eq!(format!("{:?}", weak.clone()), "WeakSender");
        drop((WeakSender::upgrade(&weak).unwrap(), other));
        drop(receiver);
        Sender::closed(&sender).await;
        assert_eq!(sender.send(5).await, Err(SendError(5)));
        assert_eq!(sender.try_send(5), Err(TrySendError::Closed(5)));
        let closed = sender.send_timeout(5, Duration::from_secs(1)).await;
        assert_eq!(closed, Err(SendTimeoutError::Closed(5)));
        drop(sender);
        assert!(weak.upgrade().is_none());
    });
    let (sender, mut receiver) = channel(1);
    Sender::blocking_send(&sender, 1).unwrap();
    assert_eq!(Receiver::blocking_recv(&mut receiver), Some(1));
    drop(receiver);
    assert_eq!(sender.blocking_send(2), Err(SendError(2)));
}

#[test]
fn permits_to_send_have_all_their_functions() {
    run(async {
        let (sender, mut receiver) = channel(3);
        let permit: Permit<'_, u8> = Sender::reserve(&sender).await.unwrap();
        Permit::send(permit, 1);
        Permit::send(Sender::try_reserve(&sender).unwrap(), 2);
        assert_eq!(sender.capacity(), 1);
        assert_eq!((receiver.recv().await, receiver.recv().await), (Some(1), Some(2)));
        let mut many: PermitIterator<'_, u8> = Sender::reserve_many(&sender, 2).await.unwrap();
        assert_eq!((many.len(), many.size_hint()), (2, (2, Some(2))));
        assert!(format!("{many:?}").starts_with("PermitIterator { chan: Tx {"), "{many:?}");
        many.next().unwrap().send(3);
        drop(many);
        assert_eq!(sender.capacity(), 2);
        Sender::try_reserve_many(&sender, 2).unwrap().for_each(|permit| permit.send(4));
        assert!(matches!(sender.try_reserve_many(1), Err(TrySendError::Full(()))));
        assert!(sender.reserve_many(4).await.is_err());
        assert!(matches!(sender.try_reserve(), Err(TrySendError::Full(()))));
        let Err(TrySendError::Full(sender)) = Sender::try_reserve_owned(sender) else {
            panic!("there is no room");
        };
        let mut messages = Vec::new();
        assert_eq!(receiver.recv_many(&mut messages, 9).await, 3);
        let owned: OwnedPermit<u8> = Sender::reserve_owned(sender.clone()).await.unwrap();
        let other = sender.clone().try_reserve_owned().unwrap();
        assert!(OwnedPermit::same_channel(&owned, &other));
        assert!(OwnedPermit::same_channel_as_sender(&owned, &sender));
        assert!(format!("{owned:?}").starts_with("OwnedPermit { chan: Some(Tx {"), "{owned:?}");
        let _: Sender<u8> = OwnedPermit::send(owned, 5);
        let _: Sender<u8> = OwnedPermit::release(other);
        assert_eq!((receiver.recv().await, sender.capacity()), (Some(5), 3));
        let permit = sender.reserve().await.unwrap();
        assert!(format!("{permit:?}").starts_with("Permit { chan: Tx {"), "{permit:?}");
        drop(permit);
        drop(receiver);
        assert!(sender.reserve().await.is_err());
        assert!(matches!(sender.try_reserve(), Err(TrySendError::Closed(()))));
        assert!(sender.clone().reserve_owned().await.is_err());
        assert!(matches!(sender.try_reserve_owned(), Err(TrySendError::Closed(_))));
    });
}

#[test]
fn the_receiver_of_a_bounded_channel_has_all_its_functions() {
    let mut context = Context::from_waker(Waker::noop());
    let mut messages = Vec::new();
    let (sender, mut receiver) = channel(4);
    assert_eq!(Receiver::try_recv(&mut receiver), Err(TryRecvError::Empty));
    assert_eq!(Receiver::poll_recv(&mut receiver, &mut context), Poll::Pending);
    let polled = Receiver::poll_recv_many(&mut receiver, &mut context, &mut messages, 2);
    assert_eq!(polled, Poll::Pending);
    (1..5).for_each(|number| sender.try_send(number).unwrap());
    assert_eq!((Receiver::len(&receiver), Receiver::is_empty(&receiver)), (4, false));
    assert_eq!((Receiver::capacity(&receiver), Receiver::max_capacity(&receiver)), (0, 4));
    assert_eq!(receiver.try_recv(), Ok(1));
    assert_eq!(receiver.poll_recv(&mut context), Poll::Ready(Some(2)));
    let polled = receiver.poll_recv_many(&mut context, &mut messages, 1);
    assert_eq!((polled, &*messages), (Poll::Ready(1), &[3][..]));
    assert_eq!(receiver.poll_recv_many(&mut context, &mut messages, 0), Poll::Ready(0));
    assert_eq!(Receiver::blocking_recv_many(&mut receiver, &mut messages, 5), 1);
    assert_eq!(receiver.blocking_recv_many(&mut messages, 0), 0);
    let _weak = sender.downgrade();
    assert_eq!(Receiver::sender_strong_count(&receiver), 1);
    assert_eq!(Receiver::sender_weak_count(&receiver), 1);
    assert!(format!("{receiver:?}").starts_with("Receiver { chan: Rx {"), "{receiver:?}");
    sender.try_send(5).unwrap();
    Receiver::close(&mut receiver);
    assert!(Receiver::is_closed(&receiver) && sender.is_closed());
    run(async {
        assert_eq!(Receiver::recv_many(&mut receiver, &mut messages, 0).await, 0);
        assert_eq!(Receiver::recv(&mut receiver).await, Some(5));
        assert_eq!((receiver.recv().await, receiver.recv_many(&mut messages, 2).await), (None, 0));
    });
    assert_eq!(messages, [3, 4]);
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Disconnected));
}

#[test]
fn an_unbounded_channel_has_all_its_functions() {
    let mut context = Context::from_waker(Waker::noop());
    let mut messages = Vec::new();
    let (sender, mut receiver): (UnboundedSender<u8>, UnboundedReceiver<u8>) = unbounded_channel();
    assert_eq!(UnboundedReceiver::try_recv(&mut receiver), Err(TryRecvError::Empty));
    (1..7).for_each(|number| UnboundedSender::send(&sender, number).unwrap());
    assert_eq!(UnboundedReceiver::len(&receiver), 6);
    assert!(!UnboundedReceiver::is_empty(&receiver) && !UnboundedSender::is_closed(&sender));
    let polled = UnboundedReceiver::poll_recv(&mut receiver, &mut context);
    assert_eq!(polled, Poll::Ready(Some(1)));
    let polled = UnboundedReceiver::poll_recv_many(&mut receiver, &mut context, &mut messages, 1);
    assert_eq!(polled, Poll::Ready(1));
    assert_eq!(UnboundedReceiver::blocking_recv(&mut receiver), Some(3));
    assert_eq!(UnboundedReceiver::blocking_recv_many(&mut receiver, &mut messages, 1), 1);
    run(async {
        assert_eq!(UnboundedReceiver::recv(&mut receiver).await, Some(5));
        assert_eq!(UnboundedReceiver::recv_many(&mut receiver, &mut messages, 5).await, 1);
    });
    assert_eq!(messages, [2, 4, 6]);
    let other = sender.clone();
    assert!(UnboundedSender::same_channel(&sender, &other));
    let weak: WeakUnboundedSender<u8> = UnboundedSender::downgrade(&sender);
    assert_eq!(UnboundedSender::strong_count(&sender), 2);
    assert_eq!(UnboundedSender::weak_count(&sender), 1);
    assert_eq!(WeakUnboundedSender::strong_count(&weak), 2);
    assert_eq!(WeakUnboundedSender::weak_count(&weak), 1);
    assert_eq!(UnboundedReceiver::sender_strong_count(&receiver), 2);
    assert_eq!(UnboundedReceiver::sender_weak_count(&receiver), 1);
    assert!(format!("{sender:?}").starts_with("UnboundedSender { chan: Tx {"), "{sender:?}");
    assert!(format!("{receiver:?}").starts_with("UnboundedReceiver { chan: Rx {"));
    assert_eq!(format!("{:?}", weak.clone()), "WeakUnboundedSender");
    drop((WeakUnboundedSender::upgrade(&weak).unwrap(), other));
    UnboundedReceiver::close(&mut receiver);
    assert!(UnboundedReceiver::is_closed(&receiver));
    run(UnboundedSender::closed(&sender));
    assert_eq!(sender.send(7), Err(SendError(7)));
    drop(sender);
    assert!(weak.upgrade().is_none());
}

#[test]
#[should_panic(expected = "mpsc bounded channel requires buffer > 0")]
fn a_channel_without_room_is_refused() {
    drop(channel::<u8>(0));
}

#[test]
#[should_panic(expected = "Cannot block the current thread from within a runtime")]
fn a_task_may_not_block_to_receive() {
    run(async { channel::<u8>(1).1.blocking_recv() });
}

#[test]
fn futures_of_channels_can_be_sent() {
    fn is_send<T: Send>(_: &T) {}
    let (sender, mut receiver) = channel::<u8>(1);
    is_send(&sender.send(1));
    is_send(&sender.reserve());
    is_send(&sender.reserve_many(1));
    is_send(&sender.closed());
    is_send(&sender.send_timeout(1, Duration::ZERO));
    is_send(&receiver.recv());
    is_send(&receiver.recv_many(&mut Vec::new(), 1));
    fn is_static<T: Send + 'static>(_: T) {}
    is_static(sender.reserve_owned());
}

#[test]
fn a_channel_for_one_message_has_all_its_functions() {
    let mut context = Context::from_waker(Waker::noop());
    let (mut sender, mut receiver): (oneshot::Sender<u8>, oneshot::Receiver<u8>) =
        oneshot::channel();
    assert_eq!(
        oneshot::Receiver::try_recv(&mut receiver),
        Err(oneshot::error::TryRecvError::Empty)
    );
    assert!(oneshot::Receiver::is_empty(&receiver) && !oneshot::Sender::is_closed(&sender));
    assert_eq!(oneshot::Sender::poll_closed(&mut sender, &mut context), Poll::Pending);
    assert_eq!(Pin::new(&mut receiver).poll(&mut context), Poll::Pending);
    assert!(format!("{sender:?}").starts_with("Sender { inner: Some(Inner {"), "{sender:?}");
    oneshot::Sender::send(sender, 1).unwrap();
    assert!(format!("{receiver:?}").starts_with("Receiver { inner: Some(Inner {"), "{receiver:?}");
    assert_eq!(run(&mut receiver), Ok(1));
    assert!(oneshot::Receiver::is_terminated(&receiver));
    let (sender, receiver) = oneshot::channel();
    sender.send(2).unwrap();
    assert_eq!(oneshot::Receiver::blocking_recv(receiver), Ok(2));
    let (mut sender, mut receiver) = oneshot::channel();
    oneshot::Receiver::close(&mut receiver);
    run(oneshot::Sender::closed(&mut sender));
    assert_eq!(sender.send(3), Err(3));
    assert_eq!(receiver.try_recv(), Err(oneshot::error::TryRecvError::Closed));
    let (sender, receiver) = oneshot::channel::<u8>();
    drop(sender);
    let ended: oneshot::error::RecvError = run(receiver).unwrap_err();
    assert_eq!(ended.to_string(), "channel closed");
}
