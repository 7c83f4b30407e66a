//! The functions of what many tasks wait for: broadcast, watch, notifications, barriers.

use std::pin::{Pin, pin};
use std::sync::Arc;

use super::run;
use crate::tokio::sync::futures::{Notified, OwnedNotified};
use crate::tokio::sync::{Barrier, BarrierWaitResult, Notify, broadcast, watch};
use crate::tokio::{self, join};

#[test]
fn a_broadcast_channel_has_all_its_functions() {
    use broadcast::error::{RecvError, SendError, TryRecvError};
    use broadcast::{Receiver, Sender, WeakSender};

    let (sender, mut receiver): (Sender<u8>, Receiver<u8>) = broadcast::channel(2);
    assert_eq!(Receiver::try_recv(&mut receiver), Err(TryRecvError::Empty));
    assert!(Sender::is_empty(&sender) && Receiver::is_empty(&receiver));
    let mut other = Sender::subscribe(&sender);
    assert_eq!(Sender::send(&sender, 1).unwrap(), 2);
    assert_eq!((Sender::len(&sender), Receiver::len(&receiver)), (1, 1));
    assert_eq!(Sender::receiver_count(&sender), 2);
    assert_eq!(run(Receiver::recv(&mut receiver)), Ok(1));
    assert_eq!(Receiver::blocking_recv(&mut other), Ok(1));
    (2..5).for_each(|number| assert_eq!(sender.send(number).unwrap(), 2));
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Lagged(1)));
    assert_eq!(run(other.recv()), Err(RecvError::Lagged(1)));
    assert_eq!((receiver.try_recv(), receiver.try_recv()), (Ok(3), Ok(4)));
    let third = Receiver::resubscribe(&receiver);
    assert!(Receiver::same_channel(&receiver, &third) && third.is_empty());
    let same = sender.clone();
    assert!(Sender::same_channel(&sender, &same));
    let weak: WeakSender<u8> = Sender::downgrade(&sender);
    assert_eq!((Sender::strong_count(&sender), Sender::weak_count(&sender)), (2, 1));
    assert_eq!((WeakSender::strong_count(&weak), WeakSender::weak_count(&weak)), (2, 1));
    assert_eq!(Receiver::sender_strong_count(&receiver), 2);
    assert_eq!(Receiver::sender_weak_count(&receiver), 1);
    assert_eq!(format!("{sender:?}"), "broadcast::Sender");
    assert_eq!(format!("{:?}", weak.clone()), "broadcast::WeakSender");
    assert_eq!(format!("{receiver:?}"), "broadcast::Receiver");
    drop((WeakSender::upgrade(&weak).unwrap(), same));
    drop((other, third));
    assert!(!Receiver::is_closed(&receiver));
    drop(receiver);
    run(Sender::closed(&sender));
    assert!(matches!(sender.send(5), Err(SendError(5))));
    let mut late = sender.subscribe();
    drop(sender);
    assert!(weak.upgrade().is_none() && late.is_closed());
    assert_eq!(run(late.recv()), Err(RecvError::Closed));
    assert_eq!(Sender::<u8>::new(1).receiver_count(), 0);
}

#[test]
#[should_panic(expected = "broadcast channel capacity cannot be zero")]
fn a_broadcast_channel_without_room_is_refused() {
    drop(broadcast::channel::<u8>(0));
}

#[test]
#[should_panic(expected = "Cannot block the current thread from within a runtime")]
fn a_task_may_not_block_to_receive_a_broadcast() {
    run(async { broadcast::channel::<u8>(1).1.blocking_recv() }).unwrap();
}

#[test]
fn a_watch_channel_has_all_its_functions() {
    use watch::error::{RecvError, SendError};
    use watch::{Receiver, Ref, Sender};

    let (sender, mut receiver): (Sender<u8>, Receiver<u8>) = watch::channel(1);
    assert_eq!((*Sender::borrow(&sender), *Receiver::borrow(&receiver)), (1, 1));
    Sender::send(&sender, 2).unwrap();
    assert_eq!(Receiver::has_changed(&receiver).ok(), Some(true));
    assert_eq!(run(Receiver::changed(&mut receiver)).ok(), Some(()));
    Sender::send_modify(&sender, |value| *value += 1);
    let seen: Ref<'_, u8> = Receiver::borrow_and_update(&mut receiver);
    assert!(*seen == 3 && seen.has_changed());
    drop(seen);
    assert!(!Sender::send_if_modified(&sender, |_| false));
    assert_eq!(receiver.has_changed().ok(), Some(false));
    assert!(sender.send_if_modified(|value| {
        *value = 4;
        true
    }));
    assert_eq!(Sender::send_replace(&sender, 5), 4);
    Receiver::mark_unchanged(&mut receiver);
    assert_eq!(receiver.has_changed().ok(), Some(false));
    Receiver::mark_changed(&mut receiver);
    assert_eq!(receiver.has_changed().ok(), Some(true));
    run(async {
        let five: Ref<'_, u8> = Receiver::wait_for(&mut receiver, |value| *value == 5).await?;
        assert_eq!(*five, 5);
        Ok::<(), RecvError>(())
    })
    .unwrap();
    let other = Sender::subscribe(&sender);
    assert!(Receiver::same_channel(&receiver, &other) && !Sender::is_closed(&sender));
    let same = sender.clone();
    assert!(Sender::same_channel(&sender, &same));
    assert_eq!((Sender::receiver_count(&sender), Sender::sender_count(&sender)), (2, 2));
    assert!(format!("{sender:?}").starts_with("Sender { shared: Shared {"), "{sender:?}");
    assert!(format!("{receiver:?}").starts_with("Receiver { shared: Shared {"), "{receiver:?}");
    drop((other.clone(), other, same));
    assert!(!Receiver::is_closed(&receiver));
    drop(receiver);
    run(Sender::closed(&sender));
    assert!(sender.is_closed() && matches!(sender.send(6), Err(SendError(6))));
    let mut late = sender.subscribe();
    drop(sender);
    let error: RecvError = run(late.changed()).unwrap_err();
    assert_eq!(error.to_string(), "channel closed");
    assert_eq!(*Sender::<u8>::default().borrow() + *Sender::new(7).borrow(), 7);
}

#[test]
fn notifications_have_all_their_functions() {
    static CONSTANT: Notify = Notify::const_new();
    let notify = Arc::new(Notify::new());
    run(async {
        Notify::notify_one(&CONSTANT);
        Notify::notified(&CONSTANT).await;
        Notify::notify_last(&notify);
        let mut first: Pin<&mut Notified<'_>> = pin!(notify.notified());
        assert!(Notified::enable(first.as_mut()));
        first.await;
        let owned: OwnedNotified = Notify::notified_owned(Arc::clone(&notify));
        let mut owned = Box::pin(owned);
        assert!(!OwnedNotified::enable(owned.as_mut()));
        let task = tokio::spawn(owned);
        Notify::notify_waiters(&notify);
        task.await.unwrap();
        let ((), ()) = join!(notify.notified(), async { notify.notify_one() });
    });
    assert!(format!("{notify:?}").starts_with("Notify { state: "), "{notify:?}");
    let notified = notify.notified();
    assert!(format!("{notified:?}").starts_with("Notified { notify: Notify {"), "{notified:?}");
    let owned = Notify::default();
    assert!(format!("{:?}", Arc::new(owned).notified_owned()).starts_with("OwnedNotified {"));
}

#[test]
fn a_barrier_has_all_its_functions() {
    let barrier = Arc::new(Barrier::new(2));
    run(async {
        let other = Arc::clone(&barrier);
        let task = tokio::spawn(async move { Barrier::wait(&other).await.is_leader() });
        let own: BarrierWaitResult = barrier.wait().await;
        assert_ne!(own.is_leader(), task.await.unwrap());
        assert!(Barrier::new(0).wait().await.is_leader());
    });
    assert!(format!("{barrier:?}").starts_with("Barrier { state: "), "{barrier:?}");
}

#[test]
fn futures_of_events_can_be_sent() {
    fn is_send<T: Send>(_: &T) {}
    let (_sender, mut receiver) = broadcast::channel::<u8>(1);
    is_send(&receiver.recv());
    let (sender, mut receiver) = watch::channel(1);
    is_send(&receiver.changed());
    is_send(&receiver.wait_for(|_| true));
    is_send(&sender.closed());
    is_send(&Barrier::new(1).wait());
}
