//! Extension C, graceful shutdown: there are four ways to leave, and nothing stays behind.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use grader::fixture::{fills_the_queue_of, hears, sends};
use grader::{Fixture, Terminal};

const WEEK05: &str = env!("CARGO_BIN_EXE_week05");

/// A shutdown takes a second at most. A machine with other work to do may start a thread late,
/// so the test allows for that; a peer that waits for a caller's 2 s does not get through.
const LIMIT: Duration = Duration::from_millis(1900);

/// Longer than the 250 ms in which two signals count as one, and shorter than a goodbye may take.
#[cfg(unix)]
const IMPATIENT: Duration = Duration::from_millis(300);

/// Demands the last two lines, status 0, and that the port can be listened on again at once.
#[track_caller]
fn shuts_down(fixture: &Fixture, peer: &mut Terminal, id: u16) {
    let begun = Instant::now();
    peer.sees(&format!("[PEER {id}] Closing connections...\n"));
    peer.sees(&format!("[PEER {id}] Shutting down\n"));
    peer.ends_well();
    assert!(begun.elapsed() < LIMIT, "it took {:?}", begun.elapsed());
    TcpListener::bind(fixture.address_of(id)).expect("the port is free at once");
}

#[test]
fn quit_shuts_down() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    peer1.types("quit");
    shuts_down(&fixture, &mut peer1, 1);
}

#[test]
fn ctrl_d_shuts_down() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    peer1.presses_ctrl_d();
    shuts_down(&fixture, &mut peer1, 1);
}

#[test]
#[cfg(unix)]
fn ctrl_c_shuts_down() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    peer1.presses_ctrl_c();
    shuts_down(&fixture, &mut peer1, 1);
}

#[test]
#[cfg(unix)]
fn sigterm_shuts_down() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    peer1.is_terminated();
    shuts_down(&fixture, &mut peer1, 1);
}

#[test]
fn ctrl_d_at_the_second_prompt_shuts_down() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    peer1.types("2");
    peer1.sees("Message: ");
    peer1.presses_ctrl_d();
    shuts_down(&fixture, &mut peer1, 1);
}

#[test]
#[cfg(unix)]
fn a_stalled_caller_and_a_half_typed_answer_do_not_hold_up_the_shutdown() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    let mut stalled = fixture.dials(1);
    std::io::Write::write_all(&mut stalled, b"I was going to say").expect("the peer takes it");
    let _silent = fixture.dials(1);
    peer1.types("2");
    peer1.sees("Message: ");
    peer1.types_half("I was going to wr");
    peer1.runs_threads_called("caller", 2);

    peer1.presses_ctrl_c();
    peer1.sees("[PEER 1] Closing connections...\n");
    // The stalled caller's message so far is shown, and why the rest is missing.
    peer1.sees_all(&[
        "): I was going to say\n",
        "cut after 18 bytes: this peer is shutting down\n",
    ]);
    let begun = Instant::now();
    peer1.sees("[PEER 1] Shutting down\n");
    peer1.ends_well();
    assert!(begun.elapsed() < LIMIT, "it took {:?}", begun.elapsed());
    TcpListener::bind(fixture.address_of(1)).expect("the port is free at once");
}

/// The map stands in `src/lib.rs`.
#[test]
fn the_thread_map_is_true() {
    let fixture = Fixture::of(WEEK05);
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
#[cfg(unix)]
fn a_message_on_its_way_does_not_hold_up_the_shutdown() {
    let fixture = Fixture::of(WEEK05);
    let stranger = fixture.stranger(2);
    let _queue = fills_the_queue_of(&stranger);
    let mut peer1 = fixture.peer(1);
    sends(&mut peer1, "2", "Anybody?");
    let begun = Instant::now();
    peer1.presses_ctrl_c();
    peer1.sees("[PEER 1] Closing connections...\n");
    peer1.sees("[PEER 1] Shutting down\n");
    peer1.ends_well();
    assert!(begun.elapsed() < LIMIT, "it took {:?}", begun.elapsed());
}

#[test]
fn the_known_peers_that_are_online_are_told() {
    let fixture = Fixture::of(WEEK05);
    let mut peer2 = fixture.peer(2);
    let mut peer3 = fixture.peer(3);
    let mut peer1 = fixture.peer(1);
    peer1.types("quit");
    peer2.sees("[PEER 2] Peer 1 has left\n");
    peer3.sees("[PEER 3] Peer 1 has left\n");
    shuts_down(&fixture, &mut peer1, 1);
    // A goodbye to a peer that is not online is no error.
    assert!(!peer1.printed().contains("ERROR"), "{}", peer1.printed());
    // A peer says no goodbye to itself.
    assert!(!peer1.printed().contains("has left"), "{}", peer1.printed());
}

#[test]
#[cfg(unix)]
fn a_peer_whose_window_is_closed_says_goodbye_too() {
    let fixture = Fixture::of(WEEK05);
    let mut peer2 = fixture.peer(2);
    let mut peer1 = fixture.peer(1);
    assert_eq!(peer1.closes_window_and_types("help"), Some(1));
    peer2.sees("[PEER 2] Peer 1 has left\n");
}

#[test]
#[cfg(unix)]
fn sigterm_right_after_the_first_line_shuts_down() {
    let fixture = Fixture::of(WEEK05);
    for _ in 0..20 {
        let mut peer1 = fixture.starts(1);
        peer1.sees("[PEER 1] Listening on ");
        peer1.is_terminated();
        peer1.ends_well();
    }
}

#[test]
fn the_goodbye_is_a_line_that_no_user_can_type() {
    let fixture = Fixture::of(WEEK05);
    let stranger = fixture.stranger(2);
    let mut peer1 = fixture.peer(1);
    peer1.types("quit");
    assert_eq!(hears(&stranger), "bye 1\n");
    peer1.ends_well();

    // Without its line end it is a message like any other.
    let mut peer3 = fixture.peer(3);
    fixture.leaves(3, "bye 4");
    peer3.sees("): bye 4\n");
    // A call that was cut is no goodbye either: its message may have gone on.
    let mut cut = fixture.dials(3);
    std::io::Write::write_all(&mut cut, b"bye 4\n").expect("the peer takes it");
    peer3.sees("): bye 4\u{FFFD}\n");
}

#[test]
fn the_same_peer_can_start_again_at_once() {
    let fixture = Fixture::of(WEEK05);
    let mut peer2 = fixture.peer(2);
    for round in 1..=3 {
        let mut peer1 = fixture.peer(1);
        sends(&mut peer2, "1", &format!("round {round}"));
        peer1.sees(&format!("): round {round}\n"));
        peer1.types("quit");
        peer1.ends_well();
    }
}

#[test]
#[cfg(unix)]
fn a_second_ctrl_c_ends_the_program_at_once() {
    let fixture = Fixture::of(WEEK05);
    // A full queue keeps the goodbye waiting for 800 ms, so the second signal comes in time.
    let stranger = fixture.stranger(2);
    let _queue = fills_the_queue_of(&stranger);
    let mut peer1 = fixture.peer(1);
    peer1.presses_ctrl_c();
    peer1.sees("[PEER 1] Closing connections...\n");
    let pressed = Instant::now();
    peer1.waits_until("time to grow impatient", |_| pressed.elapsed() > IMPATIENT);
    peer1.presses_ctrl_c();
    peer1.ends_with(130);
    peer1.never_saw("Shutting down");
}

/// A system that closes a window or ends a session may send two signals, and means one.
#[test]
#[cfg(unix)]
fn two_signals_at_once_are_one() {
    let fixture = Fixture::of(WEEK05);
    // As above: the peer is still there when the second signal comes.
    let stranger = fixture.stranger(2);
    let _queue = fills_the_queue_of(&stranger);
    let mut peer1 = fixture.peer(1);
    peer1.is_terminated();
    peer1.presses_ctrl_c();
    shuts_down(&fixture, &mut peer1, 1);
}
