//! Extension D, persistent peer discovery: peers find each other without a directory.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener};
use std::thread;
use std::time::Instant;

use grader::{Fixture, Terminal};

const WEEK05: &str = env!("CARGO_BIN_EXE_week05");

#[track_caller]
fn discovers(peer: &mut Terminal, id: u16, found: &str) {
    peer.types("discover");
    peer.sees(&format!("[PEER {id}] Discovered peers: {found}\n"));
    peer.sees("Send to peer ID: ");
}

#[test]
fn a_peer_that_is_alone_discovers_no_peer() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    discovers(&mut peer1, 1, "[]");
    // It has forgotten all peers but itself, and learns the peer that asks.
    assert_eq!(asks(&fixture, 1, 9), "peers 1 9\n");
}

#[test]
fn a_peer_outside_the_initial_list_is_learned_from_others() {
    let fixture = Fixture::of(WEEK05);
    let mut peer2 = fixture.peer(2);
    let mut peer7 = fixture.peer(7);
    let mut peer1 = fixture.peer(1);
    // Peer 7 asks peers 1 and 2, and so they learn of it.
    discovers(&mut peer7, 7, "[1, 2]");
    peer2.sees("[PEER 2] Peer 7 asks who is online\n");
    // Peer 1 restarts, and has forgotten; peer 2 has not.
    peer1.types("quit");
    peer1.ends_well();
    let mut peer1 = fixture.peer(1);
    discovers(&mut peer1, 1, "[2, 7]");
    peer7.sees("[PEER 7] Peer 1 asks who is online\n");
    assert_eq!(asks(&fixture, 1, 2), "peers 1 2 7\n");
}

#[test]
fn the_search_goes_on_until_no_peer_is_new() {
    let fixture = Fixture::of(WEEK05);
    // 1 knows 11, 11 knows 12, 12 knows 13: each learned it from a question in the other's name.
    let mut peers = [1, 11, 12, 13].map(|id| fixture.peer(id));
    for (id, knows) in [(1, 11), (11, 12), (12, 13)] {
        asks(&fixture, id, knows);
    }
    let [peer1, _, _, peer13] = &mut peers;
    discovers(peer1, 1, "[11, 12, 13]");
    // No peer is asked twice.
    peer13.types("quit");
    peer13.sees("Peer 1 asks who is online\n");
    peer13.saw_times("Peer 1 asks who is online\n", 1);
}

/// A stranger asks peer `id` which peers it knows, in the name of peer `by`. Returns the answer.
fn asks(fixture: &Fixture, id: u16, by: u16) -> String {
    let mut stream = fixture.dials(id);
    stream.write_all(format!("discover {by}\n").as_bytes()).expect("the peer takes it");
    stream.shutdown(Shutdown::Write).expect("the question ends");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("the answer ends");
    answer
}

#[test]
fn the_question_and_its_answer_are_lines() {
    let fixture = Fixture::of(WEEK05);
    let mut peer2 = fixture.peer(2);
    assert_eq!(asks(&fixture, 2, 9), "peers 1 2 3 4 5 9\n");
    peer2.sees("[PEER 2] Peer 9 asks who is online\n");
    // An id that has no port is not remembered.
    assert_eq!(asks(&fixture, 2, 65535), "peers 1 2 3 4 5 9\n");
    // Without its line end it is a message like any other.
    fixture.leaves(2, "discover 9");
    peer2.sees("): discover 9\n");
}

#[test]
fn peers_that_left_or_died_are_forgotten_and_found_again() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    let mut peer2 = fixture.peer(2);
    let mut peer3 = fixture.peer(3);
    discovers(&mut peer1, 1, "[2, 3]");

    peer2.types("quit");
    peer2.ends_well();
    peer1.sees("[PEER 1] Peer 2 has left\n");
    peer3.is_killed();
    discovers(&mut peer1, 1, "[]");

    let _peer2 = fixture.peer(2);
    discovers(&mut peer1, 1, "[2]");
}

#[test]
fn a_peer_that_cannot_answer_counts_as_online() {
    let fixture = Fixture::of(WEEK05);
    let silent = fixture.stranger(2); // Its system accepts, and no answer comes.
    let rude = fixture.stranger(3); // It answers nonsense.
    let mut peer1 = fixture.peer(1);
    let answers = thread::Builder::new().spawn(move || {
        let (mut stream, _) = rude.accept().expect("peer 1 dials");
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n\x1b[2J");
        rude
    });
    discovers(&mut peer1, 1, "[2, 3]");
    let _rude: TcpListener = answers.unwrap().join().unwrap();
    drop(silent);
}

#[test]
fn a_peer_that_a_liar_names_is_online_only_if_it_accepts() {
    let fixture = Fixture::of(WEEK05);
    let liar = fixture.stranger(2);
    let mut peer1 = fixture.peer(1);
    // Peer 20 runs, and none of the others that the liar names: Linux gives out no ports there.
    let absent = 61_000 - fixture.ports.base_port();
    let named: Vec<_> = (absent..absent + 4000).map(|id| id.to_string()).collect();
    let answer = format!("peers 20 {}\n", named.join(" "));
    let lies = thread::Builder::new().spawn(move || {
        let (mut stream, _) = liar.accept().expect("peer 1 dials");
        let _ = stream.write_all(answer.as_bytes());
        let mut rest = String::new();
        let _ = stream.read_to_string(&mut rest);
        liar
    });
    let begun = Instant::now();
    // The liar itself is online, and of the peers that it names only the one that accepts.
    let _peer20 = fixture.peer(20);
    discovers(&mut peer1, 1, "[2, 20]");
    assert!(begun.elapsed().as_secs() < 10, "it took {:?}", begun.elapsed());
    drop(lies.unwrap().join().unwrap());
}
