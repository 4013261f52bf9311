//! What terminals, shells and other programs do to a peer: long lines, Ctrl-Z, Ctrl-C, ignored
//! signals, non-blocking files. Terminals come from script(1), as Linux has it.
#![cfg(target_os = "linux")]

use std::net::TcpListener;

use scenario::fixture::{fills_the_queue_of, sends};
use scenario::signal::{SIGHUP, SIGINT};
use scenario::{Fixture, Program, Terminal, eventually, patience, pty};

const WEEK05: &str = env!("CARGO_BIN_EXE_week05");

/// Starts `program`, which runs peer 1.
fn starts(fixture: &Fixture, program: &Program) -> Terminal {
    let base_port = fixture.ports.base_port().to_string();
    fixture.story.terminal_with("peer 1", program, &[], &[("P2P_BASE_PORT", &base_port)])
}

#[test]
fn a_typed_line_that_the_terminal_may_have_cut_is_not_sent() {
    let fixture = Fixture::of(WEEK05);
    let Some(terminal) = pty::on_a_terminal(&format!("exec {WEEK05} 1")) else { return };
    let mut peer1 = starts(&fixture, &terminal);
    let mut peer2 = fixture.peer(2);
    peer1.sees("Send to peer ID: ");
    for length in [4095, 4096, 5000, 9000] {
        sends(&mut peer1, "2", &"x".repeat(length));
        peer1.sees("[PEER 1] ERROR: Not sent: a terminal cuts a line of more than 4094 bytes");
        peer1.sees("Send to peer ID: ");
    }
    // Letters of two bytes: the terminal would cut one in the middle.
    sends(&mut peer1, "2", &"é".repeat(2500));
    peer1.sees("[PEER 1] ERROR: Not sent: a terminal cuts a line of more than 4094 bytes");
    peer1.sees("Send to peer ID: ");
    let longest = "é".repeat(2047);
    sends(&mut peer1, "2", &longest);
    peer2.sees(&format!("): {longest}\n"));
    peer2.types("quit");
    peer2.saw_times("): ", 1);
}

#[test]
fn a_tab_that_is_typed_on_a_terminal_stays_a_tab() {
    let fixture = Fixture::of(WEEK05);
    let Some(terminal) = pty::on_a_terminal(&format!("exec {WEEK05} 1")) else { return };
    let mut peer1 = starts(&fixture, &terminal);
    let mut peer2 = fixture.peer(2);
    peer1.sees("Send to peer ID: ");
    sends(&mut peer1, "2", "typed\tat a\tterminal");
    peer2.sees("): typed\tat a\tterminal\n");
    sends(&mut peer2, "1", "through\ta pipe");
    peer1.sees("): through\ta pipe");
}

/// The system stops a program in the background that reads its terminal.
#[test]
fn a_peer_that_was_suspended_and_is_killed_says_goodbye() {
    let fixture = Fixture::of(WEEK05);
    let Some(shell) = pty::shell() else { return };
    let mut shell = starts(&fixture, &shell);
    let mut peer2 = fixture.peer(2);
    shell.types(&format!("{WEEK05} 1"));
    shell.sees("Send to peer ID: ");
    pty::suspends(&mut shell);
    shell.types(pty::KILL_JOB);
    shell.sees("[PEER 1] Shutting down");
    peer2.sees("[PEER 2] Peer 1 has left\n");
    pty::job_ends_well(&mut shell);
}

#[test]
fn a_peer_in_the_background_shows_what_comes_in_and_is_not_stopped() {
    let fixture = Fixture::of(WEEK05);
    let Some(shell) = pty::shell() else { return };
    let mut shell = starts(&fixture, &shell);
    shell.types(&format!("{WEEK05} 1 &"));
    shell.sees("Send to peer ID: ");
    fixture.delivers(1, "Can you hear me?");
    shell.sees("): Can you hear me?");
    shell.types("jobs");
    shell.sees("Running");
    shell.types("fg");
    shell.sees(" 1");
    shell.types("list");
    shell.sees("[PEER 1] Known peers: ");
}

/// Ctrl-S stops the terminal, and Ctrl-Q lets it go on.
#[test]
fn a_peer_that_leaves_frees_its_port_while_its_terminal_stands_still() {
    let fixture = Fixture::of(WEEK05);
    let Some(terminal) = pty::on_a_terminal(&format!("exec {WEEK05} 1")) else { return };
    let mut peer1 = starts(&fixture, &terminal);
    peer1.sees("Send to peer ID: ");
    peer1.types_bytes(b"\x13");
    peer1.types("quit");
    let address = fixture.address_of(1);
    let is_free = eventually(patience(), || TcpListener::bind(address).is_ok());
    assert!(is_free, "nobody has pressed Ctrl-Q, and another peer wants the port");
    peer1.types_bytes(b"\x11");
    peer1.sees("[PEER 1] Closing connections...");
    peer1.sees("[PEER 1] Shutting down");
    peer1.ends_well();
}

#[test]
fn after_ctrl_c_on_a_terminal_the_next_line_begins_below_it() {
    let fixture = Fixture::of(WEEK05);
    let stranger = fixture.stranger(2);
    let _queue = fills_the_queue_of(&stranger);
    let Some(terminal) = pty::on_a_terminal(&format!("exec {WEEK05} 1")) else { return };
    let mut peer1 = starts(&fixture, &terminal);
    peer1.sees("Send to peer ID: ");
    // While a message is on its way, there is no prompt.
    sends(&mut peer1, "2", "Anybody?");
    peer1.sees("Anybody?\r\n");
    peer1.types_bytes(b"\x03");
    peer1.sees("^C\r\n[PEER 1] Closing connections...");
    peer1.ends_well();
}

/// As `nohup` starts a program, and a script's `&`.
#[test]
fn a_signal_that_was_ignored_when_the_peer_started_stays_ignored() {
    let Some(fixture) = Fixture::of_own(WEEK05) else { return };
    let mut peer1 = starts(&fixture, &pty::ignoring_signals(&format!("{WEEK05} 1")));
    peer1.sees("Send to peer ID: ");
    for signal in [SIGHUP, SIGINT] {
        peer1.is_sent(signal);
        for _ in 0..10 {
            peer1.types("list");
            peer1.sees("[PEER 1] Known peers: ");
            peer1.sees("Send to peer ID: ");
        }
    }
    peer1.is_terminated();
    peer1.sees("[PEER 1] Shutting down");
    peer1.ends_well();
    peer1.saw_times("Closing connections", 1);
}

#[test]
fn non_blocking_pipes_and_terminals_are_read_and_written_like_any_other() {
    let fixture = Fixture::of(WEEK05);
    let pipes = pty::non_blocking(&[WEEK05, "1"]);
    let terminal = pty::on_a_non_blocking_terminal(&format!("{WEEK05} 1"));
    for program in [pipes, terminal] {
        let Some(program) = program else { return };
        let mut peer1 = starts(&fixture, &program);
        peer1.sees("Send to peer ID: ");
        // More than a pipe or a terminal takes at once.
        let message = "x".repeat(60_000);
        for _ in 0..5 {
            fixture.delivers(1, &message);
        }
        for _ in 0..5 {
            peer1.sees(&format!("): {message}"));
        }
        peer1.types("list");
        peer1.sees("[PEER 1] Known peers: ");
        peer1.types("quit");
        peer1.sees("[PEER 1] Shutting down");
        peer1.ends_well();
    }
}
