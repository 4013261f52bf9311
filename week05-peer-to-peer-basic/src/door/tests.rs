//! Who comes in and who has to go, tried without a listener.

use std::net::{TcpListener, TcpStream};

use super::*;

/// A call on which nobody speaks, and the silent caller's end of it.
fn call() -> (Arc<Call>, TcpStream) {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let caller = TcpStream::connect(socket.local_addr().unwrap()).unwrap();
    let call = Call::accepted(socket.accept().unwrap().0, Duration::from_mins(1));
    (Arc::new(call), caller)
}

/// Ends up in the call's own words: why it was hung up on, if it was.
fn fate(call: &Call, caller: TcpStream) -> Option<Cut> {
    drop(caller);
    call.read_message().1
}

#[test]
fn somebody_is_always_at_the_door_and_few_are_idle() {
    let door = Door::open();
    let ((first, _a), (second, _b)) = (call(), call());
    assert_eq!(door.answered(&first), Come::InAndCallAnother);
    assert_eq!(door.answered(&second), Come::InAndCallAnother);
    assert!(door.comes_back());
    assert!(!door.comes_back(), "two are at the door already");
    assert_eq!(door.answered(&first), Come::In);
}

#[test]
fn when_it_is_crowded_the_longest_call_makes_room() {
    let door = Door::open();
    let mut calls: Vec<_> = (0..MAX_CALLERS).map(|_| call()).collect();
    for (call, _) in &calls {
        assert_eq!(door.answered(call), Come::InAndCallAnother);
    }
    let (latest, caller) = call();
    assert_eq!(door.answered(&latest), Come::In, "there are threads enough");
    assert_eq!(fate(&latest, caller), None);
    let (second, caller) = calls.swap_remove(1);
    assert_eq!(fate(&second, caller), None);
    let (first, caller) = calls.swap_remove(0);
    assert_eq!(fate(&first, caller), Some(Cut::Crowded));
}

#[test]
fn a_call_has_its_moment_however_crowded_it_is() {
    let mut account = Account::default();
    let (first, _caller) = call();
    account.calls.push(Arc::downgrade(&first));
    assert!(matches!(account.longest(first.begun()), Some(Err(MOMENT))));
    assert!(matches!(account.longest(first.begun() + MOMENT), Some(Ok(_))));
}

#[test]
fn trouble_is_told_now_and_then_and_not_again_and_again() {
    let mut account = Account::default();
    let now = Instant::now();
    assert!(account.is_in_trouble_anew(now));
    assert!(!account.is_in_trouble_anew(now + NEWS / 2));
    assert!(account.is_in_trouble_anew(now + NEWS));
}

#[test]
fn a_call_that_has_ended_takes_no_room() {
    let door = Door::open();
    let (first, caller) = call();
    door.answered(&first);
    for _ in 0..MAX_CALLERS * 2 {
        let (next, _caller) = call();
        assert_ne!(door.answered(&next), Come::NotAtAll);
        assert!(door.comes_back());
    }
    assert_eq!(fate(&first, caller), None);
}

#[test]
fn a_closed_door_ends_every_call_and_lets_nobody_in() {
    let door = Door::open();
    let ((first, caller), (second, _b)) = (call(), call());
    door.answered(&first);
    door.close();
    assert_eq!(fate(&first, caller), Some(Cut::Closing));
    assert_eq!(door.answered(&second), Come::NotAtAll);
    assert!(!door.comes_back());
    assert!(door.is_closed_within(Duration::from_mins(1)));
}
