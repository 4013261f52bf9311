//! Extension B, relay: messages that are passed on, and messages that only resemble a request.

use std::io::Write;

use grader::Fixture;
use grader::fixture::{hears, sends};

const WEEK05: &str = env!("CARGO_BIN_EXE_week05");

#[test]
fn a_relay_request_is_forwarded() {
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

#[test]
fn several_hops_leave_one_mark_each() {
    let fixture = Fixture::of(WEEK05);
    let _peer1 = fixture.peer(1);
    let _peer2 = fixture.peer(2);
    let mut peer3 = fixture.peer(3);
    fixture.leaves(1, "relay 2 relay 3 hi");
    peer3.sees("): [relayed] [relayed] hi\n");
}

#[test]
fn a_hop_limit_ends_every_loop() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    fixture.leaves(1, format!("{}hi", "relay 1 ".repeat(20)));
    let sent = |hops| format!("Sent to peer 1: {}relay 1 ", "[relayed] ".repeat(hops));
    let mut lines: Vec<_> = (1..=8).map(sent).collect();
    lines.push("NOTICE: Not relayed to peer 1: 8 peers have relayed it\n".to_owned());
    // A relay's report and the message it sent race each other to the screen.
    peer1.sees_all(&lines.iter().map(String::as_str).collect::<Vec<_>>());
    peer1.types("quit");
    peer1.saw_times("Sent to peer 1", 8);
}

#[test]
fn a_message_that_only_resembles_a_request_is_not_relayed() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    let messages = [
        "relay race tonight?",
        "relay",
        "relay 3",
        "relay -3 hi",
        "relay 65536 hi",
        "relay3 hi",
    ];
    for message in messages {
        fixture.leaves(1, message);
        peer1.sees(&format!("): {message}\n"));
    }
    peer1.types("quit");
    peer1.ends_well();
    for sign in ["[relayed]", "Sent to", "ERROR"] {
        assert!(!peer1.printed().contains(sign), "{sign}: {}", peer1.printed());
    }
}

#[test]
fn the_relayer_is_told_when_the_next_peer_is_offline_or_impossible() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    fixture.leaves(1, "relay 3 hi");
    peer1.sees("[PEER 1] ERROR: Peer 3 is not online");
    fixture.leaves(1, "relay 65535 hi");
    peer1.sees("[PEER 1] ERROR: Peer 65535 cannot exist: peer IDs go from 0 to ");
}

#[test]
fn a_relayed_message_that_grows_too_long_is_refused_with_the_limit() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    // It fits when it arrives; the mark is two bytes longer than the request.
    let text = "x".repeat(64 * 1024 - "relay 3 ".len());
    fixture.leaves(1, format!("relay 3 {text}"));
    peer1.sees("[PEER 1] ERROR: Not sent to peer 3: a message has at most 65536 bytes");
}

#[test]
fn a_message_that_was_cut_is_not_relayed_as_if_it_were_whole() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    let mut stranger = fixture.dials(1);
    stranger.write_all(b"relay 3 send 100, but only if ").expect("the peer takes it");
    peer1.sees("cut after 30 bytes: it was not finished within 2s\n");
    peer1.types("quit");
    peer1.ends_well();
    assert!(!peer1.printed().contains("peer 3"), "{}", peer1.printed());
}

#[test]
fn a_relayed_message_is_clean() {
    let fixture = Fixture::of(WEEK05);
    let stranger = fixture.stranger(3);
    let _peer1 = fixture.peer(1);
    fixture.leaves(1, b"relay 3 \x1b[2J\n");
    assert_eq!(hears(&stranger), "[relayed] \u{FFFD}[2J\u{FFFD}");
}
