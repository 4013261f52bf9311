//! Task 2, who is typing: `setTyping(username, isTyping)`, and `onTyping` of the others.

mod fixture;

use fixture::{Fixture, RawClient, Server};
use serde_json::json;

/// These have joined, in this order.
fn joined<const N: usize>(server: &Server, names: [&str; N]) -> [RawClient; N] {
    names.map(|name| server.is_joined_by(name))
}

#[track_caller]
fn types(client: &mut RawClient, name: &str, is_typing: bool) {
    client.asks("setTyping", &json!([name, is_typing])).expect("it may type");
}

/// Says something aloud, and waits until `other` has heard it: all that was told before is here.
#[track_caller]
fn is_heard(client: &mut RawClient, name: &str, other: &mut RawClient) {
    client.asks("sendMessage", &json!([name, "aloud"])).expect("it is sent");
    other.is_told("aloud");
}

/// The others in the room are told who is typing, and who is not any more.
///
/// Points: 3
/// Hint: Who are the others? | `order_all` asks you for an order for each user of a room.
/// Hint: What is the order? | `Order::Typing`, with the other user's stub and the name of the one that types.
#[test]
fn the_others_are_told_who_is_typing() {
    let fixture = Fixture::open();
    let server = fixture.server();
    let [mut alice, mut bob, mut carol] = joined(&server, ["Alice", "Bob", "Carol"]);
    for is_typing in [true, false] {
        types(&mut alice, "Alice", is_typing);
        for other in [&mut bob, &mut carol] {
            assert_eq!(other.next_typing(), ("Alice".to_owned(), is_typing));
        }
    }
}

/// Nobody sees its own typing.
///
/// Points: 2
/// Hint: Is a user one of the users in its room? | Yes. Compare the ids.
#[test]
fn nobody_sees_its_own_typing() {
    let fixture = Fixture::open();
    let server = fixture.server();
    let [mut alice, mut bob] = joined(&server, ["Alice", "Bob"]);
    types(&mut alice, "Alice", true);
    assert_eq!(bob.next_typing(), ("Alice".to_owned(), true));
    is_heard(&mut bob, "Bob", &mut alice);
    assert!(alice.typing.is_empty(), "Alice is told what she types herself");
}

/// Only changes are told: typing on is told once.
///
/// Points: 2
/// Hint: How do you know what has changed? | The set `self.typing` says who is typing. `insert` returns whether it was new.
#[test]
fn typing_is_told_once() {
    let fixture = Fixture::open();
    let server = fixture.server();
    let [mut alice, mut bob] = joined(&server, ["Alice", "Bob"]);
    for _ in 0..3 {
        types(&mut alice, "Alice", true);
    }
    types(&mut alice, "Alice", false);
    let told = [bob.next_typing().1, bob.next_typing().1];
    assert_eq!(told, [true, false], "three keys are told once");
}

/// A user that has sent a message is not typing any more.
///
/// Points: 1
/// Hint: Who calls `stop_typing`? | `send` does. It only needs what you have remembered.
#[test]
fn a_message_ends_the_typing() {
    let fixture = Fixture::open();
    let server = fixture.server();
    let [mut alice, mut bob] = joined(&server, ["Alice", "Bob"]);
    types(&mut alice, "Alice", true);
    is_heard(&mut alice, "Alice", &mut bob);
    let told = [bob.next_typing().1, bob.next_typing().1];
    assert_eq!(told, [true, false], "a message ends it");
}

/// Another room does not see it.
///
/// Points: 2
/// Hint: Which room? | That of the user that types.
#[test]
fn another_room_does_not_see_it() {
    let fixture = Fixture::open();
    let server = fixture.server();
    let [mut alice, mut bob] = joined(&server, ["Alice", "Bob"]);
    bob.asks("enterRoom", &json!(["Bob", "#rust"])).expect("there is room");
    types(&mut alice, "Alice", true);
    bob.asks("enterRoom", &json!(["Bob", "#lobby"])).expect("it is there");
    is_heard(&mut alice, "Alice", &mut bob);
    assert_eq!(bob.next_typing(), ("Alice".to_owned(), false), "the end is all that Bob sees");
}
