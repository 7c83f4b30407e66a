//! Traits and auto traits, compared with the real types' for payloads that have and that lack them.

use std::cell::Cell;
use std::fmt::{Debug, Display};
use std::marker::PhantomPinned;
use std::ops::{Deref, DerefMut};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::rc::Rc;
use std::sync::Arc;

use super::traits::{Lacks, has};

/// The types on each side, of one payload.
macro_rules! types_of {
    ($module:ident, $tokio:path) => {
        #[allow(dead_code, reason = "some are asked about for themselves alone")]
        mod $module {
            use tokio::{runtime, sync, task, time};
            use $tokio as tokio;
            pub(super) type Mutex<T> = sync::Mutex<T>;
            pub(super) type MutexGuard<T> = sync::MutexGuard<'static, T>;
            pub(super) type MappedMutexGuard<T> = sync::MappedMutexGuard<'static, T>;
            pub(super) type OwnedMutexGuard<T> = sync::OwnedMutexGuard<T>;
            pub(super) type OwnedMappedMutexGuard<T> = sync::OwnedMappedMutexGuard<T, T>;
            pub(super) type RwLock<T> = sync::RwLock<T>;
            pub(super) type RwLockReadGuard<T> = sync::RwLockReadGuard<'static, T>;
            pub(super) type RwLockWriteGuard<T> = sync::RwLockWriteGuard<'static, T>;
            pub(super) type RwLockMappedWriteGuard<T> = sync::RwLockMappedWriteGuard<'static, T>;
            pub(super) type OwnedRwLockReadGuard<T> = sync::OwnedRwLockReadGuard<T, T>;
            pub(super) type OwnedRwLockWriteGuard<T> = sync::OwnedRwLockWriteGuard<T>;
            pub(super) type OwnedRwLockMappedWriteGuard<T> =
                sync::OwnedRwLockMappedWriteGuard<T, T>;
            pub(super) type OnceCell<T> = sync::OnceCell<T>;
            pub(super) type Semaphore = sync::Semaphore;
            pub(super) type SemaphorePermit = sync::SemaphorePermit<'static>;
            pub(super) type OwnedSemaphorePermit = sync::OwnedSemaphorePermit;
            pub(super) type JoinHandle<T> = task::JoinHandle<T>;
            pub(super) type AbortHandle = task::AbortHandle;
            pub(super) type JoinSet<T> = task::JoinSet<T>;
            pub(super) type Sender<T> = sync::mpsc::Sender<T>;
            pub(super) type WeakSender<T> = sync::mpsc::WeakSender<T>;
            pub(super) type Receiver<T> = sync::mpsc::Receiver<T>;
            pub(super) type Permit<T> = sync::mpsc::Permit<'static, T>;
            pub(super) type PermitIterator<T> = sync::mpsc::PermitIterator<'static, T>;
            pub(super) type OwnedPermit<T> = sync::mpsc::OwnedPermit<T>;
            pub(super) type UnboundedSender<T> = sync::mpsc::UnboundedSender<T>;
            pub(super) type WeakUnboundedSender<T> = sync::mpsc::WeakUnboundedSender<T>;
            pub(super) type UnboundedReceiver<T> = sync::mpsc::UnboundedReceiver<T>;
            pub(super) type OneshotSender<T> = sync::oneshot::Sender<T>;
            pub(super) type OneshotReceiver<T> = sync::oneshot::Receiver<T>;
            pub(super) type BroadcastSender<T> = sync::broadcast::Sender<T>;
            pub(super) type BroadcastWeakSender<T> = sync::broadcast::WeakSender<T>;
            pub(super) type BroadcastReceiver<T> = sync::broadcast::Receiver<T>;
            pub(super) type WatchSender<T> = sync::watch::Sender<T>;
            pub(super) type WatchReceiver<T> = sync::watch::Receiver<T>;
            pub(super) type Barrier = sync::Barrier;
            pub(super) type Notify = sync::Notify;
            pub(super) type Notified = sync::futures::Notified<'static>;
            pub(super) type OwnedNotified = sync::futures::OwnedNotified;
            pub(super) type Timeout<T> = time::Timeout<T>;
            pub(super) type LocalSet = task::LocalSet;
            pub(super) type Runtime = runtime::Runtime;
            pub(super) type LocalRuntime = runtime::LocalRuntime;
            pub(super) type Handle = runtime::Handle;
            pub(super) type Builder = runtime::Builder;
        }
    };
}

types_of!(ours, crate::tokio);
types_of!(real, ::tokio);

/// What the answer is about, ours, the real one's.
type Answer = (String, bool, bool);

macro_rules! answers {
    ($($name:ident)*, <$payload:ty>, $bounds:tt) => {
        vec![$(answers!(
            @one ours::$name<$payload>, real::$name<$payload>,
            concat!(stringify!($name), "<", stringify!($payload), ">"), $bounds
        )),*].concat()
    };
    ($($name:ident)*, $bounds:tt) => {
        vec![$(answers!(@one ours::$name, real::$name, stringify!($name), $bounds)),*].concat()
    };
    (@one $ours:ty, $real:ty, $name:expr, [$($bound:path),*]) => {
        vec![$((
            format!("{}: {}", $name, stringify!($bound)),
            has!($ours, $bound),
            has!($real, $bound),
        )),*]
    };
}

macro_rules! of_payload {
    ($payload:ty) => {
        answers!(
            Mutex MutexGuard MappedMutexGuard OwnedMutexGuard OwnedMappedMutexGuard RwLock
            RwLockReadGuard RwLockWriteGuard RwLockMappedWriteGuard OwnedRwLockReadGuard
            OwnedRwLockWriteGuard OwnedRwLockMappedWriteGuard OnceCell JoinHandle JoinSet
            BroadcastSender BroadcastWeakSender BroadcastReceiver WatchSender WatchReceiver
            OneshotSender OneshotReceiver Timeout Sender WeakSender Receiver
            Permit PermitIterator OwnedPermit UnboundedSender WeakUnboundedSender UnboundedReceiver,
            <$payload>,
            [Send, Sync, Unpin, UnwindSafe, RefUnwindSafe, Debug, Display, Default, Clone,
                PartialEq, Eq, Deref, DerefMut, From<u8>, Extend<std::future::Ready<u8>>]
        )
    };
}

/// A value that may be shared and not sent.
struct Pinned(#[allow(dead_code, reason = "it is asked about")] std::sync::MutexGuard<'static, u8>);

#[test]
fn traits_are_those_of_the_real_types() {
    let answers: Vec<Vec<Answer>> = vec![
        of_payload!(u8),
        of_payload!(Cell<u8>),
        of_payload!(Rc<u8>),
        of_payload!(Pinned),
        of_payload!(PhantomPinned),
        answers!(
            AbortHandle Barrier Notify Notified OwnedNotified
            Semaphore SemaphorePermit OwnedSemaphorePermit LocalSet Runtime LocalRuntime Handle
            Builder,
            [Send, Sync, Unpin, UnwindSafe, RefUnwindSafe, Debug, Default, Clone]
        ),
    ];
    // What can be dereferenced to the real type has more by that.
    let more = |what: &str| {
        [
            "AbortHandle",
            "JoinHandle",
            "JoinSet",
            "LocalSet",
            "Runtime",
            "LocalRuntime",
            "Handle",
            "Builder",
        ]
        .iter()
        .any(|name| what.starts_with(name))
            && what.contains("Deref")
    };
    let differ: Vec<Answer> = answers
        .concat()
        .into_iter()
        .filter(|(what, ours, real)| ours != real && !more(what))
        .collect();
    assert_eq!(differ, []);
}

#[test]
fn futures_can_be_sent_if_what_they_give_can() {
    use crate::tokio::sync::{Mutex, OnceCell, RwLock, Semaphore};

    fn is_send_and_sync<T: Send + Sync>(_: &T) {}
    fn is_static<T: 'static>(_: &T) {}
    let (mutex, lock) = (Arc::new(Mutex::new(1)), Arc::new(RwLock::new(1)));
    let (semaphore, cell) = (Arc::new(Semaphore::new(1)), OnceCell::<u8>::new());
    is_send_and_sync(&mutex.lock());
    is_send_and_sync(&lock.read());
    is_send_and_sync(&lock.write());
    is_send_and_sync(&semaphore.acquire());
    is_send_and_sync(&cell.get_or_init(|| std::future::ready(1)));
    let futures = (
        Arc::clone(&mutex).lock_owned(),
        Arc::clone(&lock).read_owned(),
        Arc::clone(&lock).write_owned(),
        Arc::clone(&semaphore).acquire_owned(),
    );
    is_send_and_sync(&futures);
    is_static(&futures);
}
