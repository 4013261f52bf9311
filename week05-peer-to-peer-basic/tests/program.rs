//! Promises of the lab's own program beyond the sheet's scenarios: its threads, its help, its
//! flags. Another program in its place may do all this differently, so these tests skip it.

use scenario::fixture::{fills_the_queue_of, sends};
use scenario::{Fixture, Program};

const WEEK05: &str = env!("CARGO_BIN_EXE_week05");

#[test]
fn slow_callers_have_threads_and_the_listener_is_one() {
    let Some(fixture) = Fixture::of_own(WEEK05) else { return };
    let peer1 = fixture.peer(1);
    peer1.runs_threads_called("caller", 0);

    // Two callers that say nothing: a thread for each.
    let silent = [fixture.dials(1), fixture.dials(1)];
    peer1.runs_threads_called("caller", 2);
    peer1.runs_threads_called("listener", 1);
    drop(silent);
    peer1.runs_threads_called("caller", 0);
}

/// The map stands in `src/lib.rs`.
#[test]
fn the_thread_map_is_true() {
    let Some(fixture) = Fixture::of_own(WEEK05) else { return };
    let mut peer1 = fixture.peer(1);
    let at_rest = [&["week05", "ctrl-c", "keyboard", "listener"][..], &["sender"; 8]].concat();
    peer1.runs_threads(&at_rest);
    // With a slow caller and a message on its way, every thread of the map is there.
    let stranger = fixture.stranger(2);
    let _queue = fills_the_queue_of(&stranger);
    let _silent = fixture.dials(1);
    sends(&mut peer1, "2", "Anybody?");
    peer1.runs_threads(&[&at_rest[..], &["caller"]].concat());
}

#[test]
fn there_are_always_eight_senders() {
    let Some(fixture) = Fixture::of_own(WEEK05) else { return };
    let stranger = fixture.stranger(2);
    // The queue of peer 2 is full, so the dial takes a while.
    let _queue = fills_the_queue_of(&stranger);
    let mut peer1 = fixture.peer(1);
    peer1.runs_threads_called("sender", 8);
    sends(&mut peer1, "2", "Anybody?");
    peer1.runs_threads_called("sender", 8);
    peer1.sees("Send to peer ID: ");
}

#[test]
fn help_names_every_command() {
    let Some(fixture) = Fixture::of_own(WEEK05) else { return };
    let mut peer1 = fixture.peer(1);
    peer1.types("help");
    for command in ["a number", "list", "broadcast", "discover", "help", "quit"] {
        peer1.sees(&format!("\n  {command} "));
    }
    peer1.sees("Send to peer ID: ");
}

#[test]
fn flags_and_environment_choose_the_address() {
    let Some(fixture) = Fixture::of_own(WEEK05) else { return };
    let program = Program::under_test(WEEK05);
    let base_port = fixture.ports.base_port().to_string();
    let flags = ["3", "--host", "localhost", "--base-port", &base_port];
    // A flag counts more than the environment.
    let environment = [("P2P_HOST", "10.0.0.1"), ("P2P_BASE_PORT", "1")];
    let mut peer3 = fixture.story.terminal_with("peer 3", &program, &flags, &environment);
    peer3.sees(&format!("[PEER 3] Listening on {}\n", fixture.ports.port(3)));
    fixture.delivers(3, "found you");
    peer3.sees("): found you\n");

    // Where no flag is given, the environment is read.
    for (variable, complaint) in
        [("P2P_HOST", "here or in P2P_HOST"), ("P2P_BASE_PORT", "here or in P2P_BASE_PORT")]
    {
        let mut peer =
            fixture.story.terminal_with("peer", &program, &["3"], &[(variable, "nowhere")]);
        peer.ends_with(2);
        assert!(peer.complained().contains(complaint), "{}", peer.complained());
    }
}

#[test]
fn a_message_that_comes_in_leaves_the_prompt_below_it() {
    let Some(fixture) = Fixture::of_own(WEEK05) else { return };
    let mut peer1 = fixture.peer(1);
    peer1.types("2");
    peer1.is_asked("Message: ");
    let port = fixture.delivers(1, "I can still be heard");
    peer1.sees_next(&format!("[PEER 1] From ('127.0.0.1', {port}): I can still be heard"));
    peer1.is_asked("Message: ");
    // The next typed line answers it.
    peer1.types("Anybody?");
    peer1.sees_next("[PEER 1] ERROR: Peer 2 is not online");
}

#[test]
fn lines_that_are_typed_ahead_still_get_their_prompts() {
    let Some(fixture) = Fixture::of_own(WEEK05) else { return };
    let mut peer1 = fixture.peer(1);
    peer1.types_bytes(b"list\n2\nHello?\nlist\n");
    let known = "[PEER 1] Known peers: [1, 2, 3, 4, 5]";
    peer1.sees_next(known);
    peer1.is_asked("Send to peer ID: ");
    peer1.is_asked("Message: ");
    peer1.sees("[PEER 1] ERROR: Peer 2 is not online");
    peer1.sees("Send to peer ID: ");
    peer1.sees_next(known);
}
