//! The wire is the lab sheet's: a Python peer, written as the sheet writes it, talks with ours
//! in both directions, and has to after every change.

use std::env;

use scenario::fixture::sends;
use scenario::{Fixture, Program};

const WEEK05: &str = env!("CARGO_BIN_EXE_week05");

/// The Python peer, if this machine has Python. In CI, where `CI` is set, a missing Python is a
/// failure.
fn python_peer() -> Option<Program> {
    let runs = |python: &&str| Program::exactly(&[python]).runs_with("--version");
    let python = ["python3", "python"].into_iter().find(runs);
    if python.is_none() {
        assert!(env::var_os("CI").is_none(), "no Python here: install python3");
        eprintln!("No Python on this machine: the Python peer was not tried.");
    }
    python.map(|python| Program::exactly(&[python, "-u", "tests/peer.py"]))
}

#[test]
fn a_python_peer_and_ours_talk_in_both_directions() {
    let Some(python) = python_peer() else { return };
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    let mut peer2 = fixture.starts_program(2, &python);
    peer2.sees(&format!("[PEER 2] Listening on {}\n", fixture.ports.port(2)));
    peer2.sees("Send to peer ID: ");

    sends(&mut peer2, "1", "Hello from Python 🐍");
    peer2.sees("[PEER 2] Sent to peer 1: Hello from Python 🐍\n");
    peer1.sees("[PEER 1] From ('127.0.0.1', ");
    peer1.sees("): Hello from Python 🐍\n");

    sends(&mut peer1, "2", "Hello from Rust 🦀");
    peer1.sees("[PEER 1] Sent to peer 2: Hello from Rust 🦀\n");
    peer2.sees("[PEER 2] From ('127.0.0.1', ");
    // No line end: the sheet's program prints from two threads, and its prompt may come in between.
    peer2.sees("): Hello from Rust 🦀");

    sends(&mut peer2, "3", "Is this one online?");
    peer2.sees("[PEER 2] ERROR: Peer 3 is not online\n");
}

#[test]
fn a_python_peer_counts_as_online_and_is_told_that_we_leave() {
    let Some(python) = python_peer() else { return };
    let fixture = Fixture::of(WEEK05);
    let mut peer2 = fixture.starts_program(2, &python);
    peer2.sees("Send to peer ID: ");
    let mut peer1 = fixture.peer(1);

    peer1.types("discover");
    peer1.sees("[PEER 1] Discovered peers: [2]\n");
    peer2.sees("): discover 1\n");

    peer1.types("broadcast");
    peer1.sees("Message: ");
    peer1.types("Hello everybody");
    peer2.sees("): Hello everybody\n");

    peer1.types("quit");
    peer1.ends_well();
    peer2.sees("): bye 1\n");
}

#[test]
fn a_message_of_many_kilobytes_from_python_arrives_whole() {
    let Some(python) = python_peer() else { return };
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    let mut peer2 = fixture.starts_program(2, &python);
    peer2.sees("Send to peer ID: ");
    let message = "0123456789".repeat(6000);
    sends(&mut peer2, "1", &message);
    peer1.sees(&format!("): {message}\n"));
}
