//! What a peer says arrives, or its user is told. Nothing but a receipt proves that it has arrived.

mod fixture;

use std::time::{Duration, Instant};

use fixture::{Fixture, PATIENCE, Peer, Stranger, invented_id};
use scenario::eventually;

const UNSURE: &str = "⚠️ 1 message(s) to Bob may not have arrived";

/// Alice and Bob, to whom she has just said her first line. He has not read it.
fn alice_speaks_to_bob() -> (Fixture, Peer, Stranger) {
    let fixture = Fixture::open();
    let mut alice = fixture.peer("Alice");
    let bob = alice.is_linked_with("Bob", &invented_id(1));
    alice.sees_next("🔍 Discovered new peer: Bob (127.0.0.1)");
    alice.types("Can you hear me?");
    alice.sees_next("📤 Message sent to 1 peer(s)");
    (fixture, alice, bob)
}

/// Bob pings, talks, and names a message that he was not sent; but he never reads.
#[test]
fn signs_of_life_are_no_receipt() {
    let (_fixture, mut alice, mut bob) = alice_speaks_to_bob();
    bob.sends("ping\nping 0\nping 2\nping 18446744073709551615\nsay 1 Hello\nping\n");
    alice.sees_next("📨 Bob says: Hello");
    bob.hangs_up();
    alice.sees_next("👋 Bob left (without saying goodbye)");
    alice.sees_next(UNSURE);
    alice.leaves();
    assert_eq!(alice.lines_with(&["⚠"]).len(), 1, "it is told once");
}

/// Bob says goodbye before he has read her line, or after.
#[test]
fn a_goodbye_is_no_receipt() {
    let (_fixture, mut alice, mut bob) = alice_speaks_to_bob();
    bob.says("bye");
    alice.sees_next("👋 Bob left");
    alice.sees_next(UNSURE);

    let mut bob = alice.is_linked_with("Bob", &invented_id(2));
    alice.sees_next("🔍 Discovered new peer: Bob (127.0.0.1)");
    alice.types("And now?");
    assert_eq!(bob.hears_news(), "say 2 And now?");
    bob.sends("ping 2\nbye\n");
    alice.sees("👋 Bob left\n");
    alice.leaves();
    assert_eq!(alice.lines_with(&["⚠"]), [UNSURE]);
}

/// Bob's id dials again, and the new link takes the place of the one that has her line.
#[test]
fn a_link_that_replaces_another_one_is_no_receipt() {
    let (_fixture, mut alice, mut bob) = alice_speaks_to_bob();
    let hello = format!("p2pchat/1 hello {} {} 9 Bob", alice.id, invented_id(1));
    let mut again = None;
    let comes_back = || {
        bob.pings();
        let call = again.insert(alice.is_dialed());
        call.says(&hello);
        call.hears() != "dup"
    };
    assert!(eventually(PATIENCE, comes_back), "Bob may never come back");
    let mut again = again.expect("Bob came back");
    alice.sees_next("🔁 Bob reconnected from 127.0.0.1");
    bob.hangs_up();
    alice.types("Is it you again?");
    alice.sees_next("📤 Message sent to 1 peer(s)");
    // This is a receipt for what was said on the new link.
    again.sends("ping 2\nsay 1 Yes\n");
    alice.sees_next("📨 Bob says: Yes");
    again.hangs_up();
    alice.sees_next("👋 Bob left (without saying goodbye)");
    alice.sees_next(UNSURE);
}

/// Alice leaves, and Bob reads her goodbye, but does not say that he has read her line.
#[test]
fn one_who_leaves_is_told_before_the_end() {
    let (_fixture, mut alice, mut bob) = alice_speaks_to_bob();
    let mut ann = alice.is_linked_with("Ann", &invented_id(2));
    alice.sees_next("🔍 Discovered new peer: Ann (127.0.0.1)");
    alice.types("I have to go");
    alice.sees_next("📤 Message sent to 2 peer(s)");
    alice.types("/quit");
    assert_eq!(ann.hears_news(), "say 2 I have to go");
    assert_eq!(ann.hears_news(), "bye");
    ann.says("ping 2");
    ann.hangs_up();
    bob.says("ping 1");
    bob.hears_the_end();
    bob.hangs_up();
    alice.sees_next(UNSURE);
    alice.sees_next("👋 Goodbye!");
    alice.ends_well();
}

/// What Alice has read she confirms: at once, or before she hangs up on a peer that leaves. A
/// program that is older than receipts knows `ping` alone, and would lose her without it.
#[test]
fn what_was_read_is_confirmed() {
    let fixture = Fixture::open();
    let mut alice = fixture.peer("Alice");
    let mut bob = alice.is_linked_with("Bob", &invented_id(1));
    bob.says("say 7 Hello");
    assert_eq!(bob.hears_news(), "ping 7");
    assert_eq!(bob.hears(), "ping");
    bob.sends("say 8 I have to go\nsay 9 Farewell\nbye\n");
    let last = bob.hears_the_end();
    assert!(last.ends_with("ping 9\nping\n"), "{last:?}");
    alice.sees("👋 Bob left\n");
    alice.leaves();
    assert_eq!(alice.lines_with(&["⚠"]), [""; 0]);
}

/// Peers that tell each other everything, and go as they please, have nothing to worry about.
#[test]
fn between_two_of_ours_a_line_that_was_read_is_never_in_doubt() {
    let fixture = Fixture::open();
    let mut alice = fixture.peer("Alice");
    for _ in 0..5 {
        let mut bob = fixture.peer("Bob");
        alice.sees("🔍 Discovered new peer: Bob (127.0.0.1)\n");
        bob.sees("🔍 Discovered new peer: Alice (127.0.0.1)\n");
        for n in 0..20 {
            alice.types(&format!("line {n}"));
        }
        bob.sees("📨 Alice says: line 19\n");
        bob.types("That was a lot");
        bob.presses_ctrl_d();
        alice.sees("📨 Bob says: That was a lot\n");
        alice.sees("👋 Bob left\n");
        bob.ends_well();
        assert_eq!(bob.lines_with(&["⚠"]), [""; 0]);
    }
    alice.leaves();
    assert_eq!(alice.lines_with(&["⚠"]), [""; 0]);
}

/// A program that floods is told now and then what was read, and not for each line.
#[test]
fn receipts_for_many_lines_are_few() {
    let fixture = Fixture::open();
    let alice = fixture.peer("Alice");
    let mut bob = alice.is_linked_with("Bob", &invented_id(1));
    let lines: Vec<_> = (1..=5000).map(|n| format!("say {n} line\n")).collect();
    bob.sends(lines.concat());
    let (begun, mut receipts) = (Instant::now(), 0);
    while bob.hears_news() != "ping 5000" {
        receipts += 1;
        assert!(begun.elapsed() < PATIENCE + Duration::from_secs(5), "{receipts} receipts");
    }
    assert!(receipts < 500, "{receipts} receipts for 5000 lines");
}
