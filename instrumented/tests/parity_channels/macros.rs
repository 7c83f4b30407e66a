//! The macros, in all the forms that they can be written in.

use std::time::Duration;

use crate::channels::{Receiver, Sender, bounded, never, select, select_biased, unbounded};

const SHORT: Duration = Duration::from_millis(1);

/// A channel with a message in it, and one that never has one.
fn channels() -> (Sender<u8>, Receiver<u8>, Receiver<u8>) {
    let (send, receive) = unbounded();
    send.send(1).unwrap();
    (send, receive, never())
}

#[test]
fn one_operation_is_selected() {
    let (send, receive, _never) = channels();
    assert_eq!(select! { recv(receive) -> got => got }, Ok(1));
    select!(send(send, 2) -> sent => sent.unwrap());
    select! {
        recv(&receive) -> got => { assert_eq!(got, Ok(2)) }
    }
    let receivers = [&receive];
    select_biased! {
        recv(receivers[0]) -> _ => unreachable!(),
        default => {}
    }
}

#[test]
fn one_of_several_is_selected() {
    let (send, receive, never) = channels();
    let (full, _receive) = bounded::<u8>(0);
    let got = select! {
        recv(never) -> _ => unreachable!(),
        recv(receive) -> got => { got.unwrap() }
        send(full, 0) -> _ => unreachable!(),
    };
    let sent = select_biased! {
        send(send, got + 1) -> sent => sent.is_ok(),
        recv(receive) -> _ => false
    };
    assert!(sent);
    let got = select! {
        recv(never) -> got => got,
        recv(receive) -> got => got,
        default() => unreachable!()
    };
    assert_eq!(got, Ok(2));
}

#[test]
fn none_is_selected() {
    let (_send, receive, never) = channels();
    let taken = receive.recv().unwrap();
    let mut times = 0;
    loop {
        select! {
            recv(receive) -> _ => unreachable!("{taken}"),
            recv(never) -> _ => return,
            default(SHORT) => times += 1,
        }
        select! {
            recv(receive) -> got => match got { Ok(_) | Err(_) => unreachable!() },
            default(SHORT) => if times > 1 { break } else { continue },
        }
    }
    let nothing: u8 = select! { default => 3 };
    assert_eq!((times, nothing), (2, 3));
}

/// What each operation is done with is evaluated once and borrowed no longer than it takes.
#[test]
fn operands_are_used_as_the_real_macros_use_them() {
    struct Owner {
        receive: Receiver<u8>,
        others: Vec<Receiver<u8>>,
        asked: usize,
    }
    impl Owner {
        fn of(&mut self) -> Receiver<u8> {
            self.asked += 1;
            self.others[0].clone()
        }
    }
    let (send, receive, never) = channels();
    let mut owner = Owner { receive, others: vec![never], asked: 0 };
    let mut text = String::from("a");
    let got = select! {
        recv(owner.receive) -> got => {
            owner.asked += 10;
            got.unwrap()
        }
        recv(owner.others[0]) -> _ => 9,
    };
    assert_eq!(got, 1);
    select! {
        recv(owner.of()) -> _ => unreachable!(),
        send(&&send, { text.push('b'); 2 }) -> sent => sent.unwrap(),
    }
    assert_eq!((owner.asked, text.as_str(), owner.receive.recv()), (11, "ab", Ok(2)));
    let fails = || -> Result<u8, String> {
        select_biased! {
            send(send, 4) -> _ => Err(String::from("failed"))?,
            recv(if got == 1 { &owner.receive } else { &owner.others[0] },) -> _ => unreachable!(),
        }
    };
    assert_eq!(fails(), Err(String::from("failed")));
    assert_eq!(owner.receive.recv(), Ok(4));
    for round in 0..3 {
        select! {
            recv(owner.others[0]) -> _ => unreachable!(),
            send(send, 3) -> _ => if round == 0 { continue } else { break },
        }
    }
    select! {
        recv(owner.others[0]) -> _ => unreachable!(),
        recv(owner.others[0]) -> _ => unreachable!(),
        recv(owner.others[0]) -> _ => unreachable!(),
        recv(owner.others[0]) -> _ => unreachable!(),
        recv(owner.others[0]) -> _ => unreachable!(),
        recv(owner.others[0]) -> _ => unreachable!(),
        recv(owner.others[0]) -> _ => unreachable!(),
        recv(owner.others[0]) -> _ => unreachable!(),
        recv(owner.others[0]) -> _ => unreachable!(),
        recv(owner.others[0]) -> _ => unreachable!(),
        recv(owner.receive) -> got => assert_eq!(got, Ok(3)),
    }
}
