//! What terminals, shells and other programs do to a peer: Ctrl-C, tabs, ignored signals,
//! non-blocking files. Terminals come from script(1), as Linux has it.
#![cfg(target_os = "linux")]

mod fixture;

use std::process::Command;

use fixture::{ALICE, Fixture, Peer, chat};
use scenario::{Program, Terminal, pty};

/// The command that starts Alice, who looks for nobody.
fn alice(fixture: &Fixture) -> String {
    let [port, friend] = [fixture.alices_port(), fixture.bobs_port()];
    format!("{ALICE} --wait 0 --port {port} --peer http://127.0.0.1:{friend}")
}

fn starts(fixture: &Fixture, program: &Program) -> Terminal {
    fixture.story.terminal("Alice", program, &[])
}

#[test]
fn after_ctrl_c_on_a_terminal_the_last_line_begins_below_it() {
    let fixture = Fixture::open();
    let Some(alice) = pty::on_a_terminal(&format!("exec {}", alice(&fixture))) else { return };
    let mut alice = starts(&fixture, &alice);
    alice.sees("⏳ Alice is waiting for calls from Bob...\r\n");
    alice.types_bytes(b"\x03");
    alice.sees("^C\r\n👋 Alice shutting down...\r\n");
    alice.ends_well();
}

#[test]
fn a_tab_in_a_message_stays_a_tab() {
    let fixture = Fixture::open();
    let mut alice = fixture.alice_alone();
    alice.is_asked_for(chat("\"one\\ttwo\""));
    alice.sees("📨 Alice received: one\ttwo\n");
}

/// As `nohup` starts a program, and a script's `&`.
#[test]
fn a_signal_that_was_ignored_when_she_started_stays_ignored() {
    let fixture = Fixture::open();
    let ignoring = format!("trap '' HUP INT; exec {}", alice(&fixture));
    let alice = starts(&fixture, &Program::exactly(&["sh", "-c", &ignoring]));
    let mut alice = Peer::is_up(alice, fixture.alices_port());
    for signal in ["-HUP", "-INT"] {
        let sent = Command::new("kill").args([signal, &alice.pid().to_string()]).status();
        assert!(sent.unwrap().success());
        for _ in 0..10 {
            alice.is_asked_for(chat("\"still there?\""));
            alice.sees("📨 Alice received: still there?\n");
        }
    }
    alice.is_terminated();
    alice.sees("👋 Alice shutting down...\n");
    alice.ends_well();
}

#[test]
fn a_non_blocking_pipe_or_terminal_is_written_like_any_other() {
    let fixture = Fixture::open();
    let command = alice(&fixture);
    let words: Vec<_> = command.split(' ').collect();
    let pipe = pty::non_blocking(&words);
    let terminal = pty::on_a_non_blocking_terminal(&command);
    for (program, is_terminal) in [(pipe, false), (terminal, true)] {
        let Some(program) = program else { return };
        let mut alice = starts(&fixture, &program);
        alice.sees("⏳ Alice is waiting for calls from Bob...");
        let mut alice = Peer::of(alice, fixture.alices_port());
        // More than a pipe or a terminal takes at once.
        let message = "x".repeat(900);
        for number in 100..300 {
            alice.is_asked_for(chat(&format!("\"{number} {message}\"")));
        }
        for number in 100..300 {
            alice.sees(&format!("📨 Alice received: {number} {message}"));
        }
        if is_terminal {
            alice.types_bytes(b"\x03");
        } else {
            alice.presses_ctrl_c();
        }
        alice.sees("👋 Alice shutting down...");
        alice.ends_well();
    }
}
