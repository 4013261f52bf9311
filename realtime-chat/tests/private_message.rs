//! Task 1, private messages: `/msg NAME TEXT`, and `sendPrivate` from any client.

mod fixture;

use fixture::Fixture;
use serde_json::json;

/// A private message is seen by its receiver.
///
/// Points: 3
/// Hint: Who is the receiver? | `self.find(to)` knows a user by its name. `cloned()` lets go of `self`.
/// Hint: How is a user told something? | By an `Order::Notify` with its stub: see `notify` in `room.rs`.
#[test]
fn a_private_message_is_seen_by_its_receiver() {
    let fixture = Fixture::open();
    let _server = fixture.server();
    let [mut alice, mut bob] = ["Alice", "Bob"].map(|name| fixture.client(name));
    alice.types("/msg Bob psst");
    bob.sees("[Alice, privately] psst\n");
}

/// Its sender sees that it was told.
///
/// Points: 2
/// Hint: What does the sender get? | The same note as the receiver. Its client makes `[You, privately to Bob]` of it.
#[test]
fn its_sender_sees_that_it_was_told() {
    let fixture = Fixture::open();
    let _server = fixture.server();
    let [mut alice, mut bob] = ["Alice", "Bob"].map(|name| fixture.client(name));
    alice.types("/msg Bob psst");
    bob.sees("[Alice, privately] psst\n");
    alice.sees("[You, privately to Bob] psst\n");
}

/// Nobody else sees a private message.
///
/// Points: 3
/// Hint: Do you use `notify`? | It tells everybody in a room. Two `order`s are enough here.
#[test]
fn nobody_else_sees_a_private_message() {
    let fixture = Fixture::open();
    let server = fixture.server();
    let mut eve = server.is_joined_by("Eve");
    let [mut alice, mut bob] = ["Alice", "Bob"].map(|name| fixture.client(name));
    alice.types("/msg Bob psst");
    bob.sees("[Alice, privately] psst\n");
    alice.types("now aloud");
    loop {
        let text = eve.next_note()["text"].clone();
        assert_ne!(text, "psst", "Eve sees a message for Bob");
        if text == "now aloud" {
            break;
        }
    }
}

/// A receiver in another room sees it, too.
///
/// Points: 2
/// Hint: Where do you look for the receiver? | `find` looks through all rooms.
#[test]
fn a_receiver_in_another_room_sees_it() {
    let fixture = Fixture::open();
    let server = fixture.server();
    let [mut alice, mut bob] = ["Alice", "Bob"].map(|name| server.is_joined_by(name));
    bob.asks("enterRoom", &json!(["Bob", "#rust"])).expect("there is room");
    let sent = alice.asks("sendPrivate", &json!(["Alice", "Bob", "psst"]));
    assert_eq!(sent, Ok(json!({ "status": "sent" })));
    bob.is_told("psst");
}

/// A message to oneself is seen once.
///
/// Points: 2
/// Hint: Who are the receiver and the sender? | Here they are one client: compare their ids.
#[test]
fn a_message_to_oneself_is_seen_once() {
    let fixture = Fixture::open();
    let server = fixture.server();
    let mut alice = server.is_joined_by("Alice");
    for text in ["to me", "to all"] {
        let (method, args) = match text {
            "to me" => ("sendPrivate", json!(["Alice", "Alice", text])),
            _ => ("sendMessage", json!(["Alice", text])),
        };
        alice.asks(method, &args).expect("it is sent");
    }
    alice.is_told("to me");
    assert_eq!(alice.next_note()["text"], "to all", "a message to oneself is told once");
}

/// A receiver who is not here is an error, which names it.
///
/// Points: 2
/// Hint: Which error? | `Code::NotFound`, with the words `nobody here is called Zoe`.
#[test]
fn a_receiver_who_is_not_here_is_an_error() {
    let fixture = Fixture::open();
    let server = fixture.server();
    let mut alice = server.is_joined_by("Alice");
    let sent = alice.asks("sendPrivate", &json!(["Alice", "Zoe", "psst"]));
    let refused = sent.expect_err("a message to nobody is an error");
    assert_eq!((&*refused.code, &*refused.message), ("not_found", "nobody here is called Zoe"));
}

/// A private message is in no history.
///
/// Points: 1
/// Hint: Which function puts a note into the history? | `record`. A private message does not need it.
#[test]
fn a_private_message_is_in_no_history() {
    let fixture = Fixture::open();
    let server = fixture.server();
    let [mut alice, mut bob] = ["Alice", "Bob"].map(|name| server.is_joined_by(name));
    alice.asks("sendPrivate", &json!(["Alice", "Bob", "psst"])).expect("it is sent");
    bob.is_told("psst");
    let history = bob.asks("getHistory", &json!([])).expect("it is answered").to_string();
    assert!(!history.contains("psst"), "a private message is in the history: {history}");
}

/// Emoji are written out, and the receiver has its own spelling.
///
/// Points: 1
/// Hint: Where does `:wave:` become 👋? | In `emoji::with_emoji`.
/// Hint: Bob or bob? | The note says to whom it goes: that is the receiver's own name, not what was typed.
#[test]
fn emoji_are_written_out_and_names_as_their_owners_write_them() {
    let fixture = Fixture::open();
    let _server = fixture.server();
    let [mut alice, mut bob] = ["Alice", "Bob"].map(|name| fixture.client(name));
    alice.types("/msg bob psst :wave:");
    bob.sees("[Alice, privately] psst 👋\n");
    alice.sees("[You, privately to Bob] psst 👋\n");
}
