//! Extension A, peer list: `list` and `broadcast`.

use std::time::{Duration, Instant};

use scenario::fixture::{fills_the_queue_of, hears, sends};
use scenario::stranger::accepts;
use scenario::{Fixture, Terminal};

const WEEK05: &str = env!("CARGO_BIN_EXE_week05");

/// What a message to one peer may take at most; 800 ms in the lab's own program.
const PATIENCE: Duration = Duration::from_secs(10);

#[track_caller]
fn broadcasts(peer: &mut Terminal, message: &str) {
    peer.types("broadcast");
    peer.sees("Message: ");
    peer.types(message);
}

/// `list` shows the known peers: those of the initial list.
///
/// Points: 3
/// Hint: Where is the line read? | In `read_command`. Return `Some(Command::List)` for `list`.
/// Hint: What does `list_peers` return? | `Event::KnownPeers` with the known ids. A `BTreeSet` is in order already.
#[test]
fn list_shows_the_known_peers() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    peer1.types("list");
    peer1.sees("[PEER 1] Known peers: [1, 2, 3, 4, 5]\n");
    peer1.sees("Send to peer ID: ");
}

/// A peer outside the initial list knows itself as well.
///
/// Points: 2
/// Hint: Which list do you show? | The one that `list_peers` is given. It is not always the same.
#[test]
fn a_peer_outside_the_initial_list_knows_itself() {
    let fixture = Fixture::of(WEEK05);
    let mut peer17 = fixture.peer(17);
    peer17.types("list");
    peer17.sees("[PEER 17] Known peers: [1, 2, 3, 4, 5, 17]\n");
}

/// A line that only begins like a command is none.
///
/// Points: 1
/// Hint: Is `listen` a command? | No. Compare the whole line.
#[test]
fn a_line_that_only_begins_like_a_command_is_none() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    peer1.types("listen");
    peer1.sees("Invalid input");
    peer1.types("list");
    peer1.sees("[PEER 1] Known peers: ");
}

/// A broadcast reaches every known peer but its sender, and each result is shown.
///
/// Points: 4
/// Hint: Which peers are "every known peer"? | Those that `list` shows, without your own id.
/// Hint: What is a broadcast on the wire? | The same message, once for each peer: one `Dial` each, with `Purpose::Message`.
#[test]
fn a_broadcast_reaches_every_known_peer() {
    let fixture = Fixture::of(WEEK05);
    let others = [2, 3, 4, 5].map(|id| fixture.stranger(id));
    let mut peer1 = fixture.peer(1);
    broadcasts(&mut peer1, "Hello everybody");
    let sent = [2, 3, 4, 5].map(|id| format!("[PEER 1] Sent to peer {id}: Hello everybody\n"));
    peer1.sees_all(&sent.each_ref().map(String::as_str));
    for (id, other) in (2..).zip(&others) {
        assert_eq!(hears(other), "Hello everybody", "peer {id}");
    }
    peer1.sees("Send to peer ID: ");
}

/// A broadcast is sent as it was typed, with all its spaces.
///
/// Points: 1
#[test]
fn a_broadcast_is_sent_as_it_was_typed() {
    let fixture = Fixture::of(WEEK05);
    let other = fixture.stranger(2);
    let mut peer1 = fixture.peer(1);
    broadcasts(&mut peer1, "  Hello,  two  spaces  ");
    assert_eq!(hears(&other), "  Hello,  two  spaces  ");
}

/// A broadcast does not come back to its sender.
///
/// Points: 3
/// Hint: Are you one of the peers that you know? | Yes. Leave out `me`.
#[test]
fn a_broadcast_does_not_come_back_to_its_sender() {
    let fixture = Fixture::of(WEEK05);
    let other = fixture.stranger(1);
    let mut peer2 = fixture.peer(2);
    broadcasts(&mut peer2, "Hello everybody");
    assert_eq!(hears(&other), "Hello everybody");
    peer2.sees("Send to peer ID: ");
    // The next line is shown after everything that the broadcast has led to.
    sends(&mut peer2, "1", "And you");
    peer2.sees("[PEER 2] Sent to peer 1: And you\n");
    for sign in ["Sent to peer 2", "): Hello everybody"] {
        assert!(!peer2.printed().contains(sign), "never expected {sign:?}");
    }
}

/// Each peer gets a broadcast once.
///
/// Points: 2
/// Hint: How many times do you dial the same peer? | As often as its id is in your list: once, if the list is a set.
#[test]
fn each_peer_gets_a_broadcast_once() {
    let fixture = Fixture::of(WEEK05);
    let strangers = [1, 3].map(|id| fixture.stranger(id));
    let mut peer2 = fixture.peer(2);
    broadcasts(&mut peer2, "Hello everybody");
    peer2.sees("Send to peer ID: ");
    // The results are there, so all calls of the broadcast come before this one.
    for (to, stranger) in ["1", "3"].into_iter().zip(&strangers) {
        assert_eq!(hears(stranger), "Hello everybody");
        peer2.types(to);
        peer2.types("And you");
        assert!(hears(stranger) == "And you", "a second call");
        peer2.sees(&format!("[PEER 2] Sent to peer {to}: And you\n"));
        peer2.sees("Send to peer ID: ");
        assert!(accepts(stranger, Duration::ZERO).is_none(), "a second call");
    }
}

/// Each peer that is down is named, and those behind it are reached.
///
/// Points: 3
/// Hint: Does the first failure end your loop? | One peer that is down says nothing about the next one. Dial all of them; each has its own result.
#[test]
fn each_peer_that_is_down_is_named() {
    let fixture = Fixture::of(WEEK05);
    let peer3 = fixture.stranger(3);
    let mut peer1 = fixture.peer(1);
    broadcasts(&mut peer1, "Who is there?");
    let offline = [2, 4, 5].map(|id| format!("[PEER 1] ERROR: Peer {id} is not online"));
    peer1.sees_all(&offline.each_ref().map(String::as_str));
    assert_eq!(hears(&peer3), "Who is there?");
}

/// Peers that do not accept cost a broadcast the time of one, not of all four.
///
/// Points: 3
/// Hint: Who waits for a peer that does not accept? | One of eight sender threads. Return all dials at once, and do not wait in between.
#[test]
fn timeouts_do_not_add_up() {
    let fixture = Fixture::of(WEEK05);
    let strangers = [2, 3, 4, 5].map(|id| fixture.stranger(id));
    let _queues = strangers.each_ref().map(fills_the_queue_of);
    let mut peer1 = fixture.peer(1);
    let begun = Instant::now();
    sends(&mut peer1, "2", "Anybody?");
    peer1.sees("Send to peer ID: ");
    // On a system whose queues have no end there is nothing to wait for.
    let one = begun.elapsed().clamp(Duration::from_millis(400), PATIENCE);
    peer1.types("broadcast");
    peer1.sees("Message: ");
    let begun = Instant::now();
    peer1.types("Anybody?");
    peer1.sees("Send to peer ID: ");
    let took = begun.elapsed();
    assert!(took < 3 * one, "one peer took {one:?}, and four took {took:?}");
}

/// The next message after a broadcast goes to one peer again.
///
/// Points: 1
#[test]
fn the_next_message_goes_to_one_peer_again() {
    let fixture = Fixture::of(WEEK05);
    let [one, other] = [3, 4].map(|id| fixture.stranger(id));
    let mut peer1 = fixture.peer(1);
    broadcasts(&mut peer1, "To all");
    peer1.sees("Send to peer ID: ");
    sends(&mut peer1, "3", "To one");
    assert_eq!([hears(&one), hears(&one)], ["To all", "To one"]);
    peer1.sees("[PEER 1] Sent to peer 3: To one\n");
    peer1.sees("Send to peer ID: ");
    sends(&mut peer1, "4", "To the other");
    assert_eq!([hears(&other), hears(&other)], ["To all", "To the other"]);
}

/// The order in which the results are shown is ours alone: any order is right.
#[test]
fn the_results_of_a_broadcast_are_shown_in_the_order_of_the_ids() {
    let Some(fixture) = Fixture::of_own(WEEK05) else { return };
    let _peer3 = fixture.stranger(3);
    let mut peer1 = fixture.peer(1);
    broadcasts(&mut peer1, "Who is there?");
    peer1.sees_next("[PEER 1] ERROR: Peer 2 is not online");
    peer1.sees_next("[PEER 1] Sent to peer 3: Who is there?");
    peer1.sees_next("[PEER 1] ERROR: Peer 4 is not online");
    peer1.sees_next("[PEER 1] ERROR: Peer 5 is not online");
    peer1.is_asked("Send to peer ID: ");
}
