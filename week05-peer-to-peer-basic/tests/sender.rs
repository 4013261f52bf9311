//! Task 2, the sender: what bare sockets hear when a user types, and what the user reads when no
//! peer accepts.
//!
//! Words that must come through are made up by each test, so no program can know them.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::{Duration, Instant};

use scenario::fixture::{fills_the_queue_of, hears, sends};
use scenario::{Fixture, Terminal};

const WEEK05: &str = env!("CARGO_BIN_EXE_week05");

/// A word that no program can know before the test.
fn fresh_word() -> String {
    format!("word{:012}", RandomState::new().build_hasher().finish() % 1_000_000_000_000)
}

/// A message goes out over a socket byte for byte, and its user reads that it was sent.
///
/// Points: 5
/// Hint: How does a message end on this wire? | With the connection. Nothing stands behind the text, no line end either.
/// Hint: What do you return? | `Ok(Outcome::Delivered)` when the text is written. `peer.rs` makes the line on the screen.
/// Hint: Which steps are there? | Compute the address (`plan.address_of`), dial (`Call::dial`), write (`Call::write`), and let go of the call.
#[test]
fn a_message_goes_out_byte_for_byte() {
    let fixture = Fixture::of(WEEK05);
    let stranger = fixture.stranger(2);
    let mut peer1 = fixture.peer(1);
    let message = format!("Hello {}", fresh_word());
    sends(&mut peer1, "2", &message);
    peer1.sees(&format!("[PEER 1] Sent to peer 2: {message}\n"));
    assert_eq!(hears(&stranger), message);
}

/// Each message is a call of its own, which ends with the message.
///
/// Points: 2
/// Hint: How long do you keep the connection? | For one message. The other side waits for its end before it shows anything.
#[test]
fn each_message_is_a_call_of_its_own() {
    let fixture = Fixture::of(WEEK05);
    let stranger = fixture.stranger(2);
    let mut peer1 = fixture.peer(1);
    for _ in 0..2 {
        let word = fresh_word();
        sends(&mut peer1, "2", &word);
        assert_eq!(hears(&stranger), word);
    }
}

/// The ID chooses the peer that hears the message, whether it is a known peer or not.
///
/// Points: 3
/// Hint: Where does peer 3 listen? | At the base port and 3; `plan.address_of(dial.to)` adds them.
#[test]
fn the_id_chooses_the_peer() {
    let fixture = Fixture::of(WEEK05);
    let strangers = [2, 3, 17].map(|id| (id, fixture.stranger(id)));
    let mut peer1 = fixture.peer(1);
    for (id, stranger) in strangers.iter().rev() {
        let word = fresh_word();
        sends(&mut peer1, &id.to_string(), &word);
        peer1.sees(&format!("[PEER 1] Sent to peer {id}: {word}\n"));
        assert_eq!(hears(stranger), word, "peer {id}");
    }
}

/// A peer that is not online is named, and can be sent a message as soon as it is.
///
/// Points: 4
/// Hint: What does the system say when no program listens there? | `ErrorKind::ConnectionRefused`. Return `Failure::Offline` for it, and do not panic.
#[test]
fn a_peer_that_is_not_online_is_named() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    sends(&mut peer1, "2", "Are you there?");
    peer1.sees("[PEER 1] ERROR: Peer 2 is not online");
    peer1.sees("Send to peer ID: ");
    let stranger = fixture.stranger(2);
    let word = fresh_word();
    sends(&mut peer1, "2", &word);
    assert_eq!(hears(&stranger), word);
}

/// A peer that does not accept is given up after a while, and others can be sent messages.
///
/// Points: 4
/// Hint: For how long does a plain `connect` wait? | For minutes. `TcpStream::connect_timeout` waits as long as you say; `Call::dial` uses it.
/// Hint: What is the error then? | `TimedOut`, or `WouldBlock` while writing. Return `Failure::NoAnswer`.
#[test]
fn a_peer_that_does_not_accept_is_given_up() {
    let fixture = Fixture::of(WEEK05);
    let stranger = fixture.stranger(2);
    let _queue = fills_the_queue_of(&stranger);
    let other = fixture.stranger(3);
    let mut peer1 = fixture.peer(1);
    let begun = Instant::now();
    sends(&mut peer1, "2", "Anybody?");
    if cfg!(target_os = "linux") {
        // Elsewhere the queue may have no end, and then the system takes the message. The lab
        // sheet's program says `ERROR: timed out`, so any words will do.
        peer1.sees("[PEER 1] ERROR: ");
    }
    peer1.sees("Send to peer ID: ");
    assert!(begun.elapsed() < Duration::from_secs(8), "it took {:?}", begun.elapsed());
    let word = fresh_word();
    sends(&mut peer1, "3", &word);
    assert_eq!(hears(&other), word);
}

/// A caller delivers a message. Returns whether it is shown while no error of ours is, behind the
/// `seen` bytes that were printed before.
fn is_shown_before_an_error(fixture: &Fixture, peer1: &mut Terminal, seen: usize) -> bool {
    let word = fresh_word();
    fixture.delivers(1, &word);
    peer1.sees_all(&[&format!("): {word}\n")]);
    !peer1.printed()[seen..].contains("ERROR")
}

/// A message that comes in is shown at once, even while ours waits for a peer that does not
/// accept.
///
/// Points: 3
/// Hint: Which thread waits for the other peer? | A sender. The owner only puts the dial into a queue, with `try_send`.
#[test]
fn a_message_is_shown_while_ours_waits() {
    let fixture = Fixture::of(WEEK05);
    let stranger = fixture.stranger(2);
    let _queue = fills_the_queue_of(&stranger);
    let mut peer1 = fixture.peer(1);
    // On a busy machine the stranger may be late, but not three times.
    let shown_at_once = (0..3).any(|_| {
        let before = peer1.printed().len();
        sends(&mut peer1, "2", "Anybody?");
        // The first of these may come before the peer begins to dial, but not all of them.
        (0..5).all(|_| is_shown_before_an_error(&fixture, &mut peer1, before))
    });
    assert!(shown_at_once, "messages had to wait for the end of ours: {}", peer1.printed());
    // Ours was not dropped, either.
    drop(stranger);
    let stranger = fixture.stranger(3);
    sends(&mut peer1, "3", "And you?");
    assert_eq!(hears(&stranger), "And you?");
}

/// What was typed ahead waits for the outcome of ours; what is to be shown does not wait for either.
#[test]
fn a_message_is_shown_while_ours_waits_and_more_is_typed_ahead() {
    let fixture = Fixture::of(WEEK05);
    let stranger = fixture.stranger(2);
    let _queue = fills_the_queue_of(&stranger);
    let mut peer1 = fixture.peer(1);
    // On a busy machine we may be late, but not three times.
    let shown_at_once = (0..3).any(|_| {
        let before = peer1.printed().len();
        peer1.types("2\nAnybody?\n2\nNobody?");
        let is_early = is_shown_before_an_error(&fixture, &mut peer1, before);
        peer1.sees("ERROR: Peer 2 is not online (no answer within 800ms)\n");
        peer1.sees("ERROR: Peer 2 is not online (no answer within 800ms)\n");
        is_early
    });
    assert!(shown_at_once, "the message had to wait for the end of ours: {}", peer1.printed());
}

/// A long message is sent whole.
///
/// Points: 3
/// Hint: Does one `write` send everything? | It sends as much as the system takes, and returns how much that was. `write_all` goes on; `Call::write` uses it.
#[test]
fn a_long_message_is_sent_whole() {
    let fixture = Fixture::of(WEEK05);
    let stranger = fixture.stranger(2);
    let mut peer1 = fixture.peer(1);
    let message = fresh_word().repeat(3700);
    sends(&mut peer1, "2", &message);
    let heard = hears(&stranger);
    assert_eq!(heard.len(), message.len(), "bytes of a long message came, and were sent");
    assert!(heard == message, "other bytes came than were sent");
}

/// A message may have letters of any language.
///
/// Points: 1
#[test]
fn a_message_may_have_letters_of_any_language() {
    let fixture = Fixture::of(WEEK05);
    let stranger = fixture.stranger(2);
    let mut peer1 = fixture.peer(1);
    let message = format!("grüß dich 👋 {}", fresh_word());
    sends(&mut peer1, "2", &message);
    assert_eq!(hears(&stranger), message);
}

/// A message is sent as it was typed, with all its spaces.
///
/// Points: 2
#[test]
fn a_message_is_sent_as_it_was_typed() {
    let fixture = Fixture::of(WEEK05);
    let stranger = fixture.stranger(2);
    let mut peer1 = fixture.peer(1);
    let message = format!("  {},  two  spaces  ", fresh_word());
    sends(&mut peer1, "2", &message);
    assert_eq!(hears(&stranger), message);
}

/// Messages that were typed ahead arrive in their order.
///
/// Points: 3
/// Hint: Why would the second message overtake the first? | If each has a thread of its own. Dials to one peer belong to one thread.
#[test]
fn messages_that_were_typed_ahead_arrive_in_their_order() {
    let fixture = Fixture::of(WEEK05);
    let stranger = fixture.stranger(2);
    let mut peer1 = fixture.peer(1);
    let messages: Vec<_> =
        (0..120).map(|number| format!("{number} {}", fresh_word())).collect();
    let typed: Vec<_> = messages.iter().map(|message| format!("2\n{message}\n")).collect();
    peer1.types_bytes(typed.concat().as_bytes());
    for message in messages {
        assert_eq!(hears(&stranger), message);
    }
}
