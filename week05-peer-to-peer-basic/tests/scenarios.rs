//! The lab sheet's testing scenarios, one test each, in its order and its words, and one test
//! for every row of its table of common mistakes.

use std::time::{Duration, Instant};

use scenario::Fixture;
use scenario::fixture::{fills_the_queue_of, sends};

const WEEK05: &str = env!("CARGO_BIN_EXE_week05");

#[test]
fn test_1_two_peers_bidirectional_communication() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    let mut peer2 = fixture.peer(2);

    sends(&mut peer2, "1", "Hello from peer 2");
    peer2.sees("[PEER 2] Sent to peer 1: Hello from peer 2\n");
    peer1.sees("[PEER 1] From ('127.0.0.1', ");
    peer1.sees("): Hello from peer 2\n");

    sends(&mut peer1, "2", "Reply from peer 1");
    peer1.sees("[PEER 1] Sent to peer 2: Reply from peer 1\n");
    peer2.sees("[PEER 2] From ('127.0.0.1', ");
    peer2.sees("): Reply from peer 1\n");
}

#[test]
fn test_2_three_peers() {
    let fixture = Fixture::of(WEEK05);
    let mut peers = [1, 2, 3].map(|id| fixture.peer(id));

    // A full mesh: each of the three reaches each of the other two.
    for (from, to) in [(1_usize, 2_usize), (2, 3), (3, 1), (1, 3), (3, 2), (2, 1)] {
        let message = format!("Hello peer {to}, this is {from}");
        let sender = &mut peers[from - 1];
        sends(sender, &to.to_string(), &message);
        sender.sees(&format!("[PEER {from}] Sent to peer {to}: {message}\n"));
        sender.sees("Send to peer ID: ");
        let receiver = &mut peers[to - 1];
        receiver.sees(&format!("[PEER {to}] From ('127.0.0.1', "));
        receiver.sees(&format!("): {message}\n"));
    }
}

#[test]
fn test_3_peer_offline_during_send() {
    let fixture = Fixture::of(WEEK05);
    let _peer1 = fixture.peer(1);
    let mut peer2 = fixture.peer(2);

    sends(&mut peer2, "3", "Will this work?");
    peer2.sees("[PEER 2] ERROR: Peer 3 is not online");

    // No crash: it asks again, and it still sends.
    peer2.sees("Send to peer ID: ");
    sends(&mut peer2, "1", "And this?");
    peer2.sees("[PEER 2] Sent to peer 1: And this?\n");
}

#[test]
fn mistake_1_listener_blocks_sender() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    // A caller says nothing. A peer that waits for it cannot send.
    let _silent = fixture.dials(1);
    let _peer2 = fixture.peer(2);
    sends(&mut peer1, "2", "I can still speak");
    peer1.sees("[PEER 1] Sent to peer 2: I can still speak\n");
    // It did not have to hang up on the caller first.
    assert!(!peer1.printed().contains("NOTICE"), "{}", peer1.printed());
}

#[test]
fn mistake_1_sender_blocks_listener() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    // The user thinks about the answer to a prompt. Meanwhile a stranger calls.
    peer1.types("2");
    peer1.sees("Message: ");
    fixture.delivers(1, "I can still be heard");
    peer1.sees("): I can still be heard\n");
}

#[test]
fn mistake_2_port_collisions() {
    let fixture = Fixture::of(WEEK05);
    let _peer1 = fixture.peer(1);
    let mut again = fixture.starts(1);
    again.ends_with(1);
    let port = fixture.ports.port(1);
    let complaint = again.complained();
    assert!(complaint.contains(&format!("port {port} is in use")), "{complaint}");
    assert!(complaint.contains("another ID"), "it names a way out: {complaint}");
    assert_eq!(complaint.lines().count(), 1, "one clear sentence: {complaint}");

    // Another id is another port, and there is no collision.
    fixture.peer(2);
}

#[test]
fn mistake_3_peer_not_online() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    sends(&mut peer1, "2", "Are you there?");
    peer1.sees("[PEER 1] ERROR: Peer 2 is not online");
    peer1.sees("Send to peer ID: ");

    // Start the target first: then it works.
    let mut peer2 = fixture.peer(2);
    sends(&mut peer1, "2", "Are you there now?");
    peer2.sees("): Are you there now?\n");
}

#[test]
fn mistake_4_sender_waits_forever() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    // A stranger listens there and never accepts, and its queue is full.
    let stranger = fixture.stranger(2);
    let _queue = fills_the_queue_of(&stranger);
    let begun = Instant::now();
    sends(&mut peer1, "2", "Anybody?");
    if cfg!(target_os = "linux") {
        // Elsewhere the queue may have no end, and then the system takes the message.
        peer1.sees("[PEER 1] ERROR: Peer 2 is not online");
    }
    peer1.sees("Send to peer ID: ");
    assert!(begun.elapsed() < Duration::from_secs(5), "took {:?}", begun.elapsed());
}

#[test]
fn mistake_5_race_condition() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    let mut peer2 = fixture.peer(2);
    // Both users type a message at the same time.
    peer1.types("2");
    peer2.types("1");
    peer1.sees("Message: ");
    peer2.sees("Message: ");
    peer1.types("After you");
    peer2.types("No, after you");
    // In either order, both messages are sent and both arrive.
    peer1.sees_all(&["[PEER 1] Sent to peer 2: After you\n", "): No, after you\n"]);
    peer2.sees_all(&["[PEER 2] Sent to peer 1: No, after you\n", "): After you\n"]);
}

#[test]
fn a_line_that_is_neither_a_number_nor_a_command_is_refused() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    for typed in ["two", "", "1.5", "1 2", "LIST", "list all"] {
        peer1.types(typed);
        peer1.sees("[PEER] Invalid input. Enter peer ID as integer.\n");
        peer1.sees("Send to peer ID: ");
    }
}
