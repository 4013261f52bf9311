//! Bad input from strangers and from users: none of it leads to a panic, a hang, or a raw byte on
//! a terminal.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use scenario::fixture::sends;
#[cfg(unix)]
use scenario::signal::{SIGCONT, SIGSTOP};
use scenario::{Fixture, Program, Story, eventually, statistics};

const WEEK05: &str = env!("CARGO_BIN_EXE_week05");

const MAX_MESSAGE: usize = 64 * 1024;

/// How long a peer may take to give back what a crowd has used.
const PATIENCE: Duration = Duration::from_secs(10);

#[test]
fn a_bad_id_is_a_usage_error() {
    let fixture = Fixture::of(WEEK05);
    let program = Program::under_test(WEEK05);
    for (args, complaint) in [
        (&["one"][..], "write a whole number"),
        (&["-1"], "write a whole number"),
        (&["65536"], "write a whole number from 0 to 65535"),
        (&["60000"], "choose an ID from 0 to 56535"),
        (&[], "required"),
        (&["1", "--base-port", "0"], "write a port from 1 to 65535"),
        (&["1", "--host", "somewhere"], "write an IP address"),
        (&["1", "--host", "0.0.0.0"], "write an IP address that can be dialed"),
    ] {
        let mut peer = fixture.story.terminal("peer", &program, args);
        peer.ends_with(2);
        assert!(peer.complained().contains(complaint), "{args:?}: {}", peer.complained());
        assert_eq!(peer.printed(), "", "{args:?}");
    }
}

#[test]
fn an_address_of_another_machine_is_refused_with_a_way_out() {
    // 192.0.2.0/24 is kept for examples; no machine has it.
    let program = Program::under_test(WEEK05);
    let story = Story::begin();
    let mut peer = story.terminal("peer", &program, &["1", "--host", "192.0.2.1"]);
    peer.ends_with(1);
    peer.sees("192.0.2.1 is no address of this machine: choose another --host");
}

#[test]
fn an_id_that_no_peer_can_have_is_refused_before_the_message_prompt() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    for id in ["65535", "70000", "-1"] {
        peer1.types(id);
        peer1.sees(&format!("[PEER 1] ERROR: Peer {id} cannot exist: peer IDs go from 0 to "));
        peer1.sees("Send to peer ID: ");
    }
}

#[test]
fn an_answer_longer_than_a_message_is_no_number() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    peer1.types(&"1".repeat(MAX_MESSAGE + 100));
    peer1.sees("[PEER] Invalid input. Enter peer ID as integer.\n");
    peer1.sees("Send to peer ID: ");
}

#[test]
fn a_message_of_64_kib_is_whole() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    let mut peer2 = fixture.peer(2);
    let message = "x".repeat(MAX_MESSAGE);
    sends(&mut peer2, "1", &message);
    peer1.sees(&format!("): {message}\n"));
    peer1.sees("Send to peer ID: ");
    peer1.types("quit");
    peer1.never_saw("NOTICE");
}

#[test]
fn a_longer_message_is_refused_at_the_sender_with_the_limit() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    let mut peer2 = fixture.peer(2);
    sends(&mut peer2, "1", &"x".repeat(MAX_MESSAGE + 100));
    peer2
        .sees("[PEER 2] ERROR: Not sent: a message has at most 65536 bytes, and this one has ");
    peer2.sees("Send to peer ID: ");
    // The next line is the next answer, not the rest of the long one.
    sends(&mut peer2, "1", "short");
    peer1.sees("): short\n");
    peer1.types("quit");
    peer1.ends_well();
    assert!(!peer1.printed().contains("xxx"), "nothing of the long one arrived");
}

#[test]
fn a_longer_message_is_cut_at_the_listener_with_a_notice() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    // The system does not buffer so much, so the write ends only when the peer hangs up. It is ready
    // before the dial: a peer waits for 2 s.
    let endless = vec![b'x'; 64 << 20];
    let written = fixture.dials(1).write_all(&endless);
    assert!(written.is_err(), "the peer hangs up");
    peer1.sees(&format!("): {}\n", "x".repeat(MAX_MESSAGE)));
    peer1.sees("[PEER 1] NOTICE: Call from ('127.0.0.1', ");
    peer1.sees("cut after 65536 bytes: a message has at most 65536 bytes\n");
}

#[test]
fn a_silent_caller_is_hung_up_on_with_a_notice() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    let mut silent = fixture.dials(1);
    assert_eq!(silent.read(&mut [0]).expect("the peer hangs up"), 0);
    peer1.sees("cut after 0 bytes: it was not finished within 2s\n");
}

#[test]
fn silent_callers_do_not_hold_up_a_message() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    let _silent: Vec<_> = (0..63).map(|_| fixture.dials(1)).collect();
    fixture.delivers(1, "I have something to say");
    peer1.sees("): I have something to say\n");
    // It came before the first silent caller had used up its 2 s.
    assert!(!peer1.printed().contains("NOTICE"), "{}", peer1.printed());
}

#[test]
fn callers_that_hang_up_one_by_one_do_not_hold_up_a_message() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    let crowd: Vec<_> = (0..100).map(|_| fixture.dials(1)).collect();
    // They say nothing, and hang up one after the other, in three seconds and more.
    let leave = std::thread::Builder::new().spawn(move || {
        for caller in crowd {
            std::thread::park_timeout(Duration::from_millis(30));
            drop(caller);
        }
    });
    let begun = Instant::now();
    fixture.delivers(1, "I have something to say");
    peer1.sees("): I have something to say\n");
    assert!(begun.elapsed() < Duration::from_secs(2), "it took {:?}", begun.elapsed());
    drop(peer1);
    leave.expect("a thread").join().expect("it only hangs up");
}

#[test]
fn of_65_slow_callers_the_oldest_is_hung_up_on() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    let crowd: Vec<_> = (0..120).map(|_| fixture.dials(1)).collect();
    fixture.delivers(1, "let me in");
    peer1.sees("too many callers at once, and this call was the oldest\n");
    peer1.sees("): let me in\n");
    // There are never more than 64 slow callers, with a thread for each.
    let threads = statistics::threads(peer1.pid()).unwrap_or_default();
    let callers = threads.iter().filter(|name| *name == "caller").count();
    assert!(callers <= 64, "{callers} callers");
    drop(crowd);
}

#[test]
fn a_crowd_that_has_left_holds_no_thread_descriptor_or_memory() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    let crowd_comes_and_goes = |message: &str, peer1: &mut scenario::Terminal| {
        let crowd: Vec<_> = (0..100).map(|_| fixture.dials(1)).collect();
        drop(crowd);
        fixture.delivers(1, message);
        peer1.sees(&format!("): {message}\n"));
    };
    // The memory that the first crowd took is used again for the next ones.
    crowd_comes_and_goes("first", &mut peer1);
    peer1.runs_threads_called("caller", 0);
    let memory = statistics::memory_kib(peer1.pid());
    // Not at the start, where the system still holds one more for a moment.
    let descriptors = statistics::descriptors(peer1.pid());
    for round in 0..5 {
        crowd_comes_and_goes(&format!("round {round}"), &mut peer1);
    }
    peer1.runs_threads_called("caller", 0);
    let now = || statistics::descriptors(peer1.pid());
    eventually(PATIENCE, || now() == descriptors);
    assert_eq!(now(), descriptors, "descriptors before and after");
    if let Some((before, after)) = memory.zip(statistics::memory_kib(peer1.pid())) {
        assert!(after < before + 2048, "memory grew from {before} KiB to {after} KiB");
    }
}

#[test]
#[cfg(unix)]
fn a_peer_that_may_open_no_more_files_says_so_and_recovers() {
    let fixture = Fixture::of(WEEK05);
    // The system lets it have 20 descriptors, of which it needs a third for itself.
    let poor = ["sh", "-c", "ulimit -n 20; exec \"$0\" \"$@\"", WEEK05];
    let mut peer1 = fixture.starts_program(1, &Program::exactly(&poor));
    peer1.sees("Send to peer ID: ");
    let crowd: Vec<_> = (0..40).map(|_| fixture.dials(1)).collect();
    peer1.sees("[PEER 1] NOTICE: No call can be accepted for now: ");
    // Again and again the peer ends the longest call, so that it can accept another one.
    peer1.sees_times("this call was the oldest\n", 10);
    drop(crowd);
    fixture.delivers(1, "still there?");
    peer1.sees("): still there?\n");
    peer1.types("quit");
    peer1.ends_well();
    // The failure is reported now and then, not each time.
    assert!(peer1.printed().matches("No call can be accepted").count() < 5);
}

#[test]
fn bad_utf_8_and_control_characters_are_shown_as_replacement_characters() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    for (bytes, shown) in [
        (&b"caf\xe9"[..], "caf\u{FFFD}"),
        (b"\x1b[2J\x1b]0;title\x07", "\u{FFFD}[2J\u{FFFD}]0;title\u{FFFD}"),
        (b"hi\n[PEER 1] Shutting down", "hi\u{FFFD}[PEER 1] Shutting down"),
        (b"hi\r\x08\0", "hi\u{FFFD}\u{FFFD}\u{FFFD}"),
        ("\u{9b}31m\u{202e}\u{2028}".as_bytes(), "\u{FFFD}31m\u{FFFD}\u{FFFD}"),
        (b"\xf0\x9f\x91", "\u{FFFD}"),
    ] {
        fixture.delivers(1, bytes);
        peer1.sees(&format!("): {shown}\n"));
    }
    peer1.types("quit");
    peer1.ends_well();
    let printed = peer1.printed();
    assert!(!printed.contains(|c: char| c.is_control() && c != '\n'), "{printed:?}");
}

#[test]
fn an_empty_message_is_a_message() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    let port = fixture.delivers(1, "");
    peer1.sees(&format!("[PEER 1] From ('127.0.0.1', {port}): \n"));
}

#[test]
fn callers_that_reset_the_connection_do_no_harm() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    for _ in 0..50 {
        // Closing with the peer's answer unread resets the connection.
        let mut stranger = fixture.dials(1);
        stranger.write_all(b"discover 2\n").expect("the peer takes it");
        stranger.shutdown(std::net::Shutdown::Write).expect("the question ends");
    }
    fixture.delivers(1, "still there?");
    peer1.sees("): still there?\n");
}

#[test]
fn typed_bytes_that_are_no_text_are_shown_as_replacement_characters() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    peer1.types_bytes(b"\xff\xfe\x1b[2J\0\n");
    peer1.sees("[PEER] Invalid input. Enter peer ID as integer.\n");
    peer1.types("1");
    peer1.sees("Message: ");
    peer1.types_bytes(b"caf\xe9\n");
    peer1.sees_all(&["[PEER 1] Sent to peer 1: caf\u{FFFD}\n", "): caf\u{FFFD}\n"]);
}

#[test]
fn output_without_a_reader_ends_the_peer_without_a_panic() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    // Status 1 is a failure; a panic would be 101.
    assert_eq!(peer1.closes_window_and_types("list"), Some(1));
}

#[test]
fn a_thousand_messages_at_once_are_a_thousand_lines() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    std::thread::scope(|scope| {
        for caller in 0..4 {
            let fixture = &fixture;
            scope.spawn(move || {
                for number in 0..250 {
                    fixture.delivers(1, format!("message {caller}-{number} of a thousand"));
                }
            });
        }
    });
    peer1.sees_times(" of a thousand\n", 1000);
    let printed = peer1.printed();
    for caller in 0..4 {
        for number in 0..250 {
            let line = format!("): message {caller}-{number} of a thousand\n");
            assert_eq!(printed.matches(&line).count(), 1, "{line:?}");
        }
    }
}

#[test]
fn a_tab_stays_a_tab() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    fixture.delivers(1, "let\tx;");
    peer1.sees("): let\tx;\n");
    sends(&mut peer1, "1", "one\ttwo");
    peer1.sees_all(&["[PEER 1] Sent to peer 1: one\ttwo\n", "): one\ttwo\n"]);
}

#[test]
fn a_byte_order_mark_in_front_of_the_first_line_is_dropped() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    peer1.types("\u{FEFF}list");
    peer1.sees("[PEER 1] Known peers: [1, 2, 3, 4, 5]\n");
    // It is no part of any other line.
    peer1.types("\u{FEFF}list");
    peer1.sees("[PEER] Invalid input. ");
}

#[test]
#[cfg(unix)]
fn a_caller_that_finished_while_the_peer_was_stopped_is_not_blamed() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    let mut slow = fixture.dials(1);
    slow.write_all(b"slow ").expect("the peer takes it");
    peer1.runs_threads_called("caller", 1);
    // The peer stands still for longer than a caller may take.
    peer1.is_sent(SIGSTOP);
    let begun = Instant::now();
    slow.write_all(b"but whole").expect("the system takes it");
    drop(slow);
    peer1.waits_until("more than 2 s to pass", |_| begun.elapsed().as_millis() > 2100);
    peer1.is_sent(SIGCONT);
    peer1.sees("): slow but whole\n");
    peer1.sees("Send to peer ID: ");
    peer1.types("quit");
    peer1.ends_well();
    assert!(!peer1.printed().contains("NOTICE"), "{}", peer1.printed());
}
