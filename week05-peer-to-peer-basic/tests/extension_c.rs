//! Extension C, graceful shutdown: there are four ways to leave, and nothing stays behind.

use std::io::Write;
use std::net::TcpListener;
use std::time::{Duration, Instant};

#[cfg(unix)]
use scenario::fixture::fills_the_queue_of;
use scenario::fixture::{hears, sends};
use scenario::stranger::accepts;
use scenario::{Fixture, Stranger, Terminal, patience};

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

/// `quit` ends the program within a second: two last lines, status 0, and a free port.
///
/// Points: 3
/// Hint: Where does a peer end? | In `Owner::close` in `src/owner.rs`. `quit`, Ctrl-D and signals all lead there.
/// Hint: How do you end a thread that waits in `accept`? | `Listener::stop` tells it to stop, and dials it once, so that it looks.
/// Hint: How do you know that all threads have ended? | Each holds an end of the report channel. Receive, and show, until it is closed.
#[test]
fn quit_shuts_down() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    peer1.types("quit");
    shuts_down(&fixture, &mut peer1, 1);
}

/// Ctrl-D does the same.
///
/// Points: 2
#[test]
fn ctrl_d_shuts_down() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    peer1.presses_ctrl_d();
    shuts_down(&fixture, &mut peer1, 1);
}

/// Ctrl-C does the same, and the known peers are told.
///
/// Points: 2
/// Hint: Who tells the others when the user presses Ctrl-C? | `Owner::close` as well: it is not only for `quit`.
#[test]
#[cfg(unix)]
fn ctrl_c_shuts_down() {
    let fixture = Fixture::of(WEEK05);
    let stranger = fixture.stranger(2);
    let mut peer1 = fixture.peer(1);
    peer1.presses_ctrl_c();
    shuts_down(&fixture, &mut peer1, 1);
    assert_eq!(hears(&stranger), "bye 1\n");
}

/// SIGTERM, by which a system ends a program, does the same.
///
/// Points: 1
#[test]
#[cfg(unix)]
fn sigterm_shuts_down() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    peer1.is_terminated();
    shuts_down(&fixture, &mut peer1, 1);
}

/// A peer can be left at the second prompt as well.
///
/// Points: 1
#[test]
fn ctrl_d_at_the_second_prompt_shuts_down() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    peer1.types("2");
    peer1.sees("Message: ");
    peer1.presses_ctrl_d();
    shuts_down(&fixture, &mut peer1, 1);
}

/// Callers that say nothing and an answer that is half typed do not hold up the shutdown.
///
/// Points: 3
/// Hint: Which threads still wait? | One in `read` for each slow caller. `Listener::stop` also hangs up on all of them.
#[test]
#[cfg(unix)]
fn a_stalled_caller_and_a_half_typed_answer_do_not_hold_up_the_shutdown() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    let mut stalled = fixture.dials(1);
    stalled.write_all(b"I was going to say").expect("the peer takes it");
    let _silent = fixture.dials(1);
    // Calls are accepted in their order, so these two have been.
    fixture.delivers(1, "I have said it");
    peer1.sees("): I have said it\n");
    peer1.types("2");
    peer1.sees("Message: ");
    peer1.types_half("I was going to wr");
    peer1.presses_ctrl_c();
    shuts_down(&fixture, &mut peer1, 1);
}

/// The words of the notice are ours alone.
#[test]
fn what_a_stalled_caller_has_said_is_shown_at_the_end() {
    let Some(fixture) = Fixture::of_own(WEEK05) else { return };
    let mut peer1 = fixture.peer(1);
    let mut stalled = fixture.dials(1);
    stalled.write_all(b"I was going to say").expect("the peer takes it");
    peer1.runs_threads_called("caller", 1);
    peer1.types("quit");
    peer1.sees("[PEER 1] Closing connections...\n");
    peer1.sees_all(&[
        "): I was going to say\n",
        "cut after 18 bytes: this peer is shutting down\n",
    ]);
    peer1.sees("[PEER 1] Shutting down\n");
}

/// A message that waits for a peer that does not accept holds up neither the shutdown nor the
/// goodbyes.
///
/// Points: 2
/// Hint: How do you end a thread that waits in `connect`? | Not at all: its deadline of 800 ms ends it. `Senders::stop` only closes the queues.
/// Hint: Why does a goodbye get lost? | Its thread was still busy when the program ended. Wait for the threads, up to `SHUTDOWN_PATIENCE`.
#[test]
#[cfg(unix)]
fn a_message_on_its_way_does_not_hold_up_the_shutdown() {
    let fixture = Fixture::of(WEEK05);
    // The lab's own program dials both from the same thread.
    let [known, full] = [2, 10].map(|id| fixture.stranger(id));
    let _queue = fills_the_queue_of(&full);
    let mut peer1 = fixture.peer(1);
    sends(&mut peer1, "10", "Anybody?");
    let begun = Instant::now();
    peer1.presses_ctrl_c();
    peer1.sees("[PEER 1] Closing connections...\n");
    peer1.sees("[PEER 1] Shutting down\n");
    peer1.ends_well();
    assert!(begun.elapsed() < LIMIT, "it took {:?}", begun.elapsed());
    assert_eq!(hears(&known), "bye 1\n");
}

/// The known peers are told with the control line `bye 1`.
///
/// Points: 3
/// Hint: What is a goodbye on the wire? | `bye`, a space, our id, and a line end: `control_line::write(BYE, me)`.
/// Hint: Why the line end? | A user cannot type it, so no message can be mistaken for a goodbye.
#[test]
fn the_known_peers_are_told() {
    let fixture = Fixture::of(WEEK05);
    let strangers = [2, 3, 5].map(|id| fixture.stranger(id));
    let mut peer1 = fixture.peer(1);
    peer1.types("quit");
    for stranger in &strangers {
        assert_eq!(hears(stranger), "bye 1\n");
    }
    shuts_down(&fixture, &mut peer1, 1);
}

/// A goodbye to a peer that is not online is no error.
///
/// Points: 2
/// Hint: Does the user read that a goodbye failed? | No. Its purpose is `Purpose::Goodbye`, and `peer.rs` shows nothing for it.
#[test]
fn a_goodbye_that_no_peer_hears_is_no_error() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    peer1.types("quit");
    shuts_down(&fixture, &mut peer1, 1);
    for sign in ["ERROR", "has left", "bye 1"] {
        assert!(!peer1.printed().contains(sign), "never expected {sign:?}");
    }
}

/// A goodbye that comes in is shown as `Peer 2 has left`.
///
/// Points: 2
/// Hint: Who reads it? | `read_goodbye` returns the id, and `peer.rs` makes the line on the screen. `control_line::read` takes a line apart.
#[test]
fn a_goodbye_is_shown() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    fixture.delivers(1, "bye 2\n");
    peer1.sees("[PEER 1] Peer 2 has left\n");
}

/// A peer that has left is not listed any more.
///
/// Points: 2
/// Hint: Who forgets the peer? | `peer.rs`, if `read_goodbye` returns its id.
#[test]
fn a_peer_that_has_left_is_not_listed_any_more() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    fixture.delivers(1, "bye 2\n");
    peer1.sees("[PEER 1] Peer 2 has left\n");
    peer1.types("list");
    peer1.sees("[PEER 1] Known peers: [1, 3, 4, 5]\n");
}

/// A peer that has left is not told when we leave, and the others are.
///
/// Points: 2
/// Hint: Whom do you tell? | The peers that we know now, which `goodbyes` is given. The initial list may be out of date.
#[test]
fn a_peer_that_has_left_is_not_told() {
    let fixture = Fixture::of(WEEK05);
    let [gone, other] = [2, 3].map(|id| fixture.stranger(id));
    let mut peer1 = fixture.peer(1);
    fixture.delivers(1, "bye 2\n");
    peer1.sees("[PEER 1] Peer 2 has left\n");
    peer1.presses_ctrl_d();
    assert_eq!(hears(&other), "bye 1\n");
    peer1.ends_well();
    // All calls have been made.
    assert!(accepts(&gone, Duration::ZERO).is_none(), "peer 2 was called");
}

/// A line that only resembles a goodbye ends nobody, and does no harm.
///
/// Points: 2
/// Hint: Who leaves with `bye bye`, or with `goodbye 2`? | Nobody. `read_goodbye` returns `None` for a line that is not a word, a space, and an id.
#[test]
fn a_line_that_only_resembles_a_goodbye_is_none() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    for line in ["bye\n", "bye bye\n", "bye -2\n", "bye 65538\n", "goodbye 2\n", "bye 3\n"] {
        // It fails if the program has ended, which the screen tells.
        let dialed = Stranger::dials(fixture.address_of(1), patience());
        let _ = dialed.map(|mut stranger| stranger.tries_to_send(line));
    }
    peer1.sees("[PEER 1] Peer 3 has left\n");
    peer1.types("list");
    peer1.sees("[PEER 1] Known peers: [1, 2, 4, 5]\n");
}

/// A message that a user typed is no goodbye, however similar.
///
/// Points: 2
/// Hint: What does a typed message never have? | A line end. `control_line::read` asks for it.
#[test]
fn a_typed_message_is_no_goodbye() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    for message in ["bye 4", "bye", "goodbye 4"] {
        fixture.delivers(1, message);
        peer1.sees(&format!("): {message}\n"));
    }
    fixture.delivers(1, "bye 3\n");
    peer1.sees("[PEER 1] Peer 3 has left\n");
    assert!(!peer1.printed().contains("Peer 4"), "{}", peer1.printed());
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

/// A call that was cut is no goodbye: its message may have gone on.
#[test]
fn a_goodbye_that_was_cut_is_a_message() {
    let fixture = Fixture::of(WEEK05);
    let mut peer3 = fixture.peer(3);
    let mut cut = fixture.dials(3);
    cut.write_all(b"bye 4\n").expect("the peer takes it");
    peer3.sees("): bye 4\u{FFFD}\n");
    peer3.types("list");
    peer3.sees("Known peers: [1, 2, 3, 4, 5]\n");
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
    // A full queue keeps the goodbye waiting for 800 ms, so the second signal comes in time. If this
    // machine has paused us for longer, it is tried again.
    let in_time = Duration::from_millis(500);
    let stranger = fixture.stranger(2);
    let _queue = fills_the_queue_of(&stranger);
    for _ in 0..10 {
        let mut peer1 = fixture.peer(1);
        let pressed = Instant::now();
        peer1.presses_ctrl_c();
        peer1.sees("[PEER 1] Closing connections...\n");
        let closing = Instant::now();
        peer1.waits_until("time to grow impatient", |_| closing.elapsed() > IMPATIENT);
        peer1.presses_ctrl_c();
        if pressed.elapsed() < in_time {
            peer1.ends_with(130);
            peer1.never_saw("Shutting down");
            return;
        }
    }
    panic!("the second signal came too late ten times");
}

/// A system that closes a window or ends a session may send two signals, and means one.
#[test]
#[cfg(unix)]
fn two_signals_at_once_are_one() {
    let fixture = Fixture::of(WEEK05);
    // As above: the peer is still there when the second signal comes.
    let stranger = fixture.stranger(2);
    let _queue = fills_the_queue_of(&stranger);
    for _ in 0..10 {
        let mut peer1 = fixture.peer(1);
        let first = Instant::now();
        peer1.is_terminated();
        peer1.presses_ctrl_c();
        // If this machine has paused us for longer, they may be two, and it is tried again.
        if first.elapsed() < IMPATIENT / 2 {
            return shuts_down(&fixture, &mut peer1, 1);
        }
    }
    panic!("the second signal came too late ten times");
}
