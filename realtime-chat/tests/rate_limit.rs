//! Task 3, a rate limit: a bucket of tokens for each client.

mod fixture;

use std::time::Duration;

use fixture::{Fixture, RawClient, Server};
use scenario::eventually;
use serde_json::json;

/// How long a token may take to come back: it takes a second. A test that passes never waits so
/// long.
const PATIENCE: Duration = Duration::from_secs(8);

/// A server on which a client may send three messages at once, and one a second.
fn server(fixture: &Fixture) -> Server {
    fixture.server_with(&["--burst", "3", "--rate", "1"])
}

fn says(client: &mut RawClient, name: &str) -> bool {
    client.asks("sendMessage", &json!([name, "hi"])).is_ok()
}

/// A client that has joined, and has said so much that it has no token left.
#[track_caller]
fn without_a_token(server: &Server, name: &str) -> RawClient {
    after_a_flood(server, name).0
}

/// The same, and how many messages it has sent.
#[track_caller]
fn after_a_flood(server: &Server, name: &str) -> (RawClient, usize) {
    let mut client = server.is_joined_by(name);
    let mut said = 0;
    while says(&mut client, name) {
        said += 1;
        assert!(said < 100, "a client that says too much is refused");
    }
    (client, said)
}

/// A burst goes through, of which joining is one, and then the client is refused.
///
/// Points: 2
/// Hint: How full is a new bucket? | As full as a burst: see `full`.
#[test]
fn a_burst_goes_through() {
    let fixture = Fixture::open();
    let server = server(&fixture);
    let (_alice, said) = after_a_flood(&server, "Alice");
    assert!(said >= 2, "{said} messages of a burst of three, and joining is one");
}

/// One more is refused, in words.
///
/// Points: 3
/// Hint: What does `take` return? | Whether there was a token. If there was, it is gone now.
/// Hint: Why `checked_sub`? | A bucket cannot hold less than nothing.
#[test]
fn one_more_is_refused_in_words() {
    let fixture = Fixture::open();
    let server = server(&fixture);
    let mut alice = without_a_token(&server, "Alice");
    let refused = loop {
        // On a slow machine, time may just have put a token back.
        if let Err(refused) = alice.asks("sendMessage", &json!(["Alice", "hi"])) {
            break refused;
        }
    };
    let words = "slow down: at most 1 messages a second, 3 at once";
    assert_eq!((&*refused.code, &*refused.message), ("too_many", words));
}

/// Time puts a token back.
///
/// Points: 3
/// Hint: How much has time brought? | The nanoseconds since `at`, times the tokens per second: in billionths of a token, no division is needed.
/// Hint: And then? | `at` is now.
#[test]
fn time_puts_a_token_back() {
    let fixture = Fixture::open();
    let server = server(&fixture);
    let mut alice = without_a_token(&server, "Alice");
    let is_accepted = eventually(PATIENCE, || says(&mut alice, "Alice"));
    assert!(is_accepted, "after a while it is accepted again");
}

/// What only reads is free, and so is leaving.
///
/// Points: 2
/// Hint: Which calls does nobody else notice? | Lists, counts, the history, and reading a file.
#[test]
fn what_only_reads_is_free() {
    let fixture = Fixture::open();
    let server = server(&fixture);
    let mut alice = without_a_token(&server, "Alice");
    for _ in 0..50 {
        let listed = alice.asks("listUsers", &json!([]));
        assert!(listed.is_ok(), "what only reads is free: {listed:?}");
    }
    alice.asks("leave", &json!(["Alice"])).expect("leaving is free");
}

/// Typing has a bucket of its own.
///
/// Points: 1
/// Hint: Why another bucket? | A user who types for long must still be able to send what was typed.
#[test]
fn typing_has_a_bucket_of_its_own() {
    let fixture = Fixture::open();
    let server = server(&fixture);
    let mut alice = without_a_token(&server, "Alice");
    let typed = alice.asks("setTyping", &json!(["Alice", true]));
    assert!(typed.is_ok(), "typing has a bucket of its own: {typed:?}");
    for _ in 0..20 {
        let _ = alice.asks("setTyping", &json!(["Alice", true])); // Refused at some time.
    }
    let is_accepted = eventually(PATIENCE, || says(&mut alice, "Alice"));
    assert!(is_accepted, "typing takes nothing from the bucket of messages");
}

/// One client's flood costs another one nothing.
///
/// Points: 1
#[test]
fn another_client_is_not_slowed_down() {
    let fixture = Fixture::open();
    let server = server(&fixture);
    let _alice = without_a_token(&server, "Alice");
    let mut bob = server.is_joined_by("Bob");
    assert!(says(&mut bob, "Bob"), "Bob has said nothing yet");
}
