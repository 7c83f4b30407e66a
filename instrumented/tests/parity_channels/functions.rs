//! The types and functions.

use std::panic::{RefUnwindSafe, UnwindSafe};
use std::time::{Duration, Instant};

use crate::channels::{
    IntoIter, Iter, ReadyTimeoutError, Receiver, RecvError, RecvTimeoutError, Select,
    SelectTimeoutError, SelectedOperation, SendError, SendTimeoutError, Sender, TryIter,
    TryReadyError, TryRecvError, TrySelectError, TrySendError, after, at, bounded, never, tick,
    unbounded,
};

const SHORT: Duration = Duration::from_millis(1);

fn is_shared<T: Send + Sync + UnwindSafe + RefUnwindSafe>(_: &T) {}

#[test]
fn a_channel_is_sent_into_in_all_ways() {
    let (send, receive): (Sender<u8>, Receiver<u8>) = bounded(1);
    is_shared(&send);
    is_shared(&receive);
    assert!(send.is_empty() && !send.is_full() && send.capacity() == Some(1));
    assert_eq!(send.send(1), Ok(()));
    assert_eq!(send.try_send(2), Err(TrySendError::Full(2)));
    assert_eq!(send.send_timeout(3, SHORT), Err(SendTimeoutError::Timeout(3)));
    assert_eq!(send.send_deadline(4, Instant::now()), Err(SendTimeoutError::Timeout(4)));
    assert!(send.is_full() && send.len() == 1 && send.same_channel(&send.clone()));
    assert_eq!(format!("{send:?} {receive:?}"), "Sender { .. } Receiver { .. }");
    drop(receive);
    assert_eq!(send.send(5), Err(SendError(5)));
    assert_eq!(send.try_send(6), Err(TrySendError::Disconnected(6)));
}

#[test]
fn a_channel_is_received_from_in_all_ways() {
    let (send, receive) = unbounded::<u8>();
    assert_eq!(receive.try_recv(), Err(TryRecvError::Empty));
    assert_eq!(receive.recv_timeout(SHORT), Err(RecvTimeoutError::Timeout));
    assert_eq!(receive.recv_deadline(Instant::now()), Err(RecvTimeoutError::Timeout));
    assert!(receive.is_empty() && !receive.is_full() && receive.capacity().is_none());
    (0..9).for_each(|message| send.send(message).unwrap());
    assert!(receive.len() == 9 && receive.same_channel(&receive.clone()));
    assert_eq!(receive.recv(), Ok(0));
    assert_eq!(receive.try_recv(), Ok(1));
    assert_eq!(receive.recv_timeout(SHORT), Ok(2));
    assert_eq!(receive.recv_deadline(Instant::now()), Ok(3));
    let mut some: Iter<'_, u8> = receive.iter();
    assert_eq!((some.next(), format!("{some:?}")), (Some(4), "Iter { .. }".to_owned()));
    let mut some: TryIter<'_, u8> = receive.try_iter();
    assert_eq!((some.next(), format!("{some:?}")), (Some(5), "TryIter { .. }".to_owned()));
    drop(send);
    let mut some = (&receive).into_iter();
    assert_eq!(some.next(), Some(6));
    let some: IntoIter<u8> = receive.clone().into_iter();
    assert_eq!(format!("{some:?}"), "IntoIter { .. }");
    assert_eq!(some.collect::<Vec<_>>(), [7, 8]);
    assert_eq!(receive.recv(), Err(RecvError));
    assert_eq!(receive.try_recv(), Err(TryRecvError::Disconnected));
}

#[test]
fn time_sends_too() {
    static NEVER: Receiver<u8> = never();
    assert_eq!(NEVER.try_recv(), Err(TryRecvError::Empty));
    assert!(after(SHORT).recv().is_ok());
    assert!(at(Instant::now()).recv().is_ok());
    assert_eq!(tick(SHORT).iter().take(2).count(), 2);
}

#[test]
fn a_selection_is_made_in_all_ways() {
    let (send, receive) = bounded::<u8>(1);
    let mut select = Select::new();
    assert_eq!(select.recv(&receive), 0);
    assert_eq!(select.try_select().unwrap_err(), TrySelectError);
    assert_eq!(select.select_timeout(SHORT).unwrap_err(), SelectTimeoutError);
    assert_eq!(select.select_deadline(Instant::now()).unwrap_err(), SelectTimeoutError);
    assert_eq!(select.try_ready(), Err(TryReadyError));
    assert_eq!(select.ready_timeout(SHORT), Err(ReadyTimeoutError));
    assert_eq!(select.ready_deadline(Instant::now()), Err(ReadyTimeoutError));
    assert_eq!(select.send(&send), 1);
    assert_eq!(select.clone().ready(), 1);
    let selected: SelectedOperation<'_> = select.select();
    assert_eq!(format!("{select:?} {selected:?}"), "Select { .. } SelectedOperation { .. }");
    assert_eq!(selected.index(), 1);
    assert_eq!(selected.send(&send, 7), Ok(()));
    select.remove(1);
    let mut biased = Select::new_biased();
    biased.recv(&receive);
    assert_eq!(biased.select().recv(&receive), Ok(7));
    assert!(Select::default().try_ready().is_err());
}
