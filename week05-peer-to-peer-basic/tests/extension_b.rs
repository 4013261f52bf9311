//! Extension B, relay: messages that are passed on, and messages that only resemble a request.

use std::io::{Read, Write};

use scenario::fixture::{fills_the_queue_of, hears, sends};
use scenario::stranger::accepts;
use scenario::{Fixture, patience};

const WEEK05: &str = env!("CARGO_BIN_EXE_week05");

const MARK: &str = "[relayed] ";

/// A request is shown, passed on with a mark in front, and its result is shown.
///
/// Points: 4
/// Hint: What does a request look like? | `relay`, a space, an id, a space, and the text.
/// Hint: What goes to the next peer? | The mark `[relayed] ` and the text, without `relay` and without the id.
/// Hint: How do you send it? | Return `Relay::Forward` with a `Dial`; its purpose is `Purpose::Relay`.
#[test]
fn a_relay_request_is_forwarded() {
    let fixture = Fixture::of(WEEK05);
    let stranger = fixture.stranger(3);
    let mut peer2 = fixture.peer(2);
    fixture.delivers(2, "relay 3 hi");
    assert_eq!(hears(&stranger), "[relayed] hi");
    peer2.sees_all(&["): relay 3 hi\n", "[PEER 2] Sent to peer 3: [relayed] hi\n"]);
}

/// A message that is relayed twice has two marks.
///
/// Points: 3
/// Hint: What arrives at the second peer? | `[relayed] relay 3 hi`. Take the marks off, read the request behind them, and put one mark more in front of its text.
#[test]
fn several_hops_leave_one_mark_each() {
    let fixture = Fixture::of(WEEK05);
    let stranger = fixture.stranger(3);
    let _peer1 = fixture.peer(1);
    let _peer2 = fixture.peer(2);
    fixture.delivers(1, "relay 2 relay 3 hi");
    assert_eq!(hears(&stranger), "[relayed] [relayed] hi");
}

/// The next peer may have any ID, known or not.
///
/// Points: 1
/// Hint: Which IDs can a request have? | Any that is a `PeerId`; `parse` reads all its digits.
#[test]
fn the_next_peer_may_have_any_id() {
    let fixture = Fixture::of(WEEK05);
    let stranger = fixture.stranger(17);
    let mut peer1 = fixture.peer(1);
    fixture.delivers(1, "relay 17 hi");
    peer1.sees("[PEER 1] Sent to peer 17: [relayed] hi\n");
    assert_eq!(hears(&stranger), "[relayed] hi");
}

/// Eight peers may relay a message; with eight marks it goes no further.
///
/// Points: 4
/// Hint: Why must there be a limit? | `relay 1 relay 1 relay 1 ...` at peer 1 would go round and round.
/// Hint: How does a peer know how often a message was relayed? | It counts the marks in front.
/// Hint: What do you return then? | `Relay::Refused` with `Event::RelayEnded`.
#[test]
fn a_hop_limit_ends_every_loop() {
    let fixture = Fixture::of(WEEK05);
    let stranger = fixture.stranger(3);
    let mut peer1 = fixture.peer(1);
    // Peer 1 passes it on to itself, until it has eight marks and asks for one hop too many.
    fixture.delivers(1, "relay 1 ".repeat(8) + "relay 3 too far");
    peer1.sees(&format!("): {}relay 3 too far\n", MARK.repeat(8)));
    fixture.delivers(1, MARK.repeat(7) + "relay 3 just so");
    assert_eq!(hears(&stranger), MARK.repeat(8) + "just so");
}

/// A message that only resembles a request is a message like any other.
///
/// Points: 3
/// Hint: Is `relay race tonight?` a request? | No: `race` is no id. Read the id first, and decide then.
/// Hint: Is `relay -3 hi`? | No: an id has only digits. Neither is an id above 65535, nor a request without a text.
#[test]
fn a_message_that_only_resembles_a_request_is_not_relayed() {
    let fixture = Fixture::of(WEEK05);
    let stranger = fixture.stranger(3);
    let mut peer1 = fixture.peer(1);
    let messages = [
        "relay race tonight?",
        "relay",
        "relay 3",
        "relay 3 ",
        "relay -3 hi",
        "relay +3 hi",
        "relay 65536 hi",
        "relay 65539 hi",
        "relay3 hi",
        "Please relay 3 hi",
    ];
    for message in messages {
        fixture.delivers(1, message);
        peer1.sees(&format!("): {message}\n"));
    }
    fixture.delivers(1, "relay 3 the first one");
    assert_eq!(hears(&stranger), "[relayed] the first one");
    // A refusal may have any words, but none of these was sent, or tried to be.
    let printed = peer1.printed();
    let tried = |line: &&str| line.contains("] ERROR: Peer ") && !line.contains(" 655");
    let tried = printed.lines().find(tried);
    assert_eq!(tried, None, "expected no call to anybody else");
}

/// The text is passed on as it came, with all its spaces.
///
/// Points: 2
/// Hint: Where do inner spaces get lost? | In `split_whitespace` and `join`. Cut off the front with `split_once(' ')`, and leave the rest alone.
#[test]
fn the_spaces_in_a_relayed_message_stay() {
    let fixture = Fixture::of(WEEK05);
    let stranger = fixture.stranger(3);
    let _peer1 = fixture.peer(1);
    fixture.delivers(1, "relay 3 two  spaces,   then three ");
    assert_eq!(hears(&stranger), "[relayed] two  spaces,   then three ");
}

/// The peer that relays names the next peer if that one is not online, and goes on.
///
/// Points: 2
/// Hint: Who shows the failure? | `peer.rs`, with the outcome of your dial. If you see nothing, is the purpose `Purpose::Relay`?
#[test]
fn a_next_peer_that_is_offline_is_named() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    fixture.delivers(1, "relay 3 hi");
    peer1.sees("[PEER 1] ERROR: Peer 3 is not online");
    let stranger = fixture.stranger(3);
    fixture.delivers(1, "relay 3 hi again");
    assert_eq!(hears(&stranger), "[relayed] hi again");
}

/// While the next peer does not accept, other messages and the user do not wait.
///
/// Points: 3
/// Hint: Which thread dials the next peer? | A sender, never the one that prints or listens. Return the `Dial`; the owner puts it into a queue.
#[test]
fn a_next_peer_that_does_not_accept_holds_up_no_other_message() {
    let fixture = Fixture::of(WEEK05);
    let stranger = fixture.stranger(3);
    let _queue = fills_the_queue_of(&stranger);
    let [other, eleven] = [4, 11].map(|id| fixture.stranger(id));
    let mut peer1 = fixture.peer(1);
    let requests = 6;
    for number in 0..requests {
        fixture.delivers(1, format!("relay 3 number {number}"));
    }
    fixture.delivers(1, "relay 4 I do not wait");
    let call = accepts(&other, patience());
    assert!(call.is_some(), "the request to peer 4 had to wait for those to peer 3");
    fixture.delivers(1, "Neither do I");
    peer1.sees("): Neither do I\n");
    // The lab's own program dials peer 11 from the thread that dials peer 3.
    sends(&mut peer1, "11", "Nor I");
    let call = accepts(&eleven, patience());
    assert!(call.is_some(), "the user's message had to wait for the requests to peer 3");
    // A peer that waits for each of them has given up as often by now.
    let given_up = peer1.printed().matches("] ERROR: ").count();
    assert!(given_up < requests, "all others had to wait for the requests to peer 3");
}

/// A user who types a message does not notice a relay in between.
///
/// Points: 2
/// Hint: Whose message is a relayed one? | A stranger's. `Purpose::Message` is for those of our own user, whose prompt waits for the result.
#[test]
fn a_user_who_types_does_not_notice_a_relay() {
    let fixture = Fixture::of(WEEK05);
    let [next, other] = [3, 4].map(|id| fixture.stranger(id));
    let mut peer1 = fixture.peer(1);
    peer1.types("4");
    peer1.sees("Message: ");
    fixture.delivers(1, "relay 3 hi");
    peer1.sees("[PEER 1] Sent to peer 3: [relayed] hi\n");
    assert_eq!(hears(&next), "[relayed] hi");
    peer1.types("To peer 4");
    peer1.sees("[PEER 1] Sent to peer 4: To peer 4\n");
    assert_eq!(hears(&other), "To peer 4");
}

/// A request whose caller was hung up on is not passed on: its text may have gone on.
///
/// Points: 3
/// Hint: Do you act on a part of a message? | `peer.rs` shows a part and asks your file nothing, if the listener reports why the message was cut.
#[test]
fn a_message_that_was_cut_is_not_relayed() {
    let fixture = Fixture::of(WEEK05);
    // It listens in peer 3's place, and must not be dialed for the part.
    let stranger = fixture.stranger(3);
    let mut peer1 = fixture.peer(1);
    let mut slow = fixture.dials(1);
    slow.write_all(b"relay 3 send 100, but only if ").expect("the peer takes it");
    // The peer hangs up: with an end, or with a reset.
    let _ = slow.read(&mut [0]);
    fixture.delivers(1, "That was a part");
    peer1.sees("): That was a part\n");
    fixture.delivers(1, "relay 3 all of it");
    assert_eq!(hears(&stranger), "[relayed] all of it");
}

/// What a terminal obeys is not passed on.
///
/// Points: 2
/// Hint: Whose screen does an escape sequence clear? | The next peer's, if you pass it on. `relay_message` is given a text that is clean: use that one.
#[test]
fn a_relayed_message_has_no_control_characters() {
    let fixture = Fixture::of(WEEK05);
    let stranger = fixture.stranger(3);
    let _peer1 = fixture.peer(1);
    fixture.delivers(1, b"relay 3 \x1b[2J careful, \nplease");
    let heard = hears(&stranger);
    assert!(heard.starts_with(MARK) && heard.contains("[2J careful"), "{heard:?}");
    assert!(!heard.contains(char::is_control), "{heard:?}");
}

/// A request that a user types travels over two peers to a third one.
#[test]
fn three_peers_relay_what_a_user_types() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    let mut peer2 = fixture.peer(2);
    let mut peer3 = fixture.peer(3);
    sends(&mut peer1, "2", "relay 3 hi");
    peer1.sees("[PEER 1] Sent to peer 2: relay 3 hi\n");
    peer2.sees("): relay 3 hi\n");
    peer2.sees("[PEER 2] Sent to peer 3: [relayed] hi\n");
    peer3.sees("[PEER 3] From ('127.0.0.1', ");
    peer3.sees("): [relayed] hi\n");
}

/// The words of a refusal are ours alone.
#[test]
fn a_refused_relay_is_told_why() {
    let Some(fixture) = Fixture::of_own(WEEK05) else { return };
    let mut peer1 = fixture.peer(1);
    fixture.delivers(1, "relay 65535 hi");
    peer1.sees("[PEER 1] ERROR: Peer 65535 cannot exist: peer IDs go from 0 to ");
    fixture.delivers(1, MARK.repeat(8) + "relay 3 hi");
    peer1.sees("[PEER 1] NOTICE: Not relayed to peer 3: 8 peers have relayed it already\n");
    // It fits when it arrives; the mark is two bytes longer than the request.
    let text = "x".repeat(64 * 1024 - "relay 3 ".len());
    fixture.delivers(1, format!("relay 3 {text}"));
    peer1.sees("[PEER 1] ERROR: Not sent to peer 3: a message has at most 65536 bytes");
    // What a terminal obeys has become U+FFFD.
    let stranger = fixture.stranger(3);
    fixture.delivers(1, b"relay 3 \x1b[2J\n");
    assert_eq!(hears(&stranger), "[relayed] \u{FFFD}[2J\u{FFFD}");
}
