//! What terminals, shells and other programs do to a peer without the line editor: long lines,
//! tabs, Ctrl-C, Ctrl-Z, ignored signals, non-blocking files. Terminals come from script(1), as
//! Linux has it.
#![cfg(target_os = "linux")]

mod fixture;

use fixture::{Fixture, P2P_CHAT};
use scenario::signal::{SIGHUP, SIGINT};
use scenario::{Program, Terminal, pty};

/// The command that starts a peer without the editor.
fn command(fixture: &Fixture, name: &str) -> String {
    [&[P2P_CHAT.to_owned()], &fixture.words(name, &[])[..]].concat().join(" ")
}

fn starts(fixture: &Fixture, program: &Program) -> Terminal {
    fixture.story.terminal("Alice", program, &[])
}

/// Alice on a terminal of her own; `None` where there is no such terminal.
fn alice_on_a_terminal(fixture: &Fixture) -> Option<Terminal> {
    let program = pty::on_a_terminal(&format!("exec {}", command(fixture, "Alice")))?;
    Some(starts(fixture, &program))
}

#[test]
fn a_typed_line_that_the_terminal_may_have_cut_is_not_sent() {
    let fixture = Fixture::open();
    let Some(mut alice) = alice_on_a_terminal(&fixture) else { return };
    let mut bob = fixture.bob_joins(&mut alice);
    for length in [4095, 4096, 5000] {
        alice.types(&"x".repeat(length));
        alice.sees("⚠️ Not sent: a terminal cuts a line of more than 4094 bytes");
    }
    let longest = "é".repeat(2047);
    alice.types(&longest);
    bob.sees_next(&format!("📨 Alice says: {longest}"));
}

#[test]
fn a_tab_stays_a_tab_however_it_comes() {
    let fixture = Fixture::open();
    let Some(mut alice) = alice_on_a_terminal(&fixture) else { return };
    let mut bob = fixture.bob_joins(&mut alice);
    alice.types("typed\tat a\tterminal");
    bob.sees("📨 Alice says: typed\tat a\tterminal\n");
    bob.types("through\ta pipe");
    alice.sees("📨 Bob says: through\ta pipe");
}

#[test]
fn one_byte_order_mark_before_the_first_line_is_dropped() {
    let fixture = Fixture::open();
    let mut alice = fixture.starts("Alice", &[]);
    alice.types_bytes("\u{FEFF}/help\n".as_bytes());
    alice.sees("❓ Type a message");
}

#[test]
fn after_ctrl_c_on_a_terminal_the_last_line_begins_below_it() {
    let fixture = Fixture::open();
    let Some(mut alice) = alice_on_a_terminal(&fixture) else { return };
    alice.sees("🔗 TCP listener started on port ");
    alice.types_bytes(b"\x03");
    alice.sees("^C\r\n👋 Goodbye!\r\n");
    alice.ends_well();
}

/// The system stops a program in the background that reads its terminal.
#[test]
fn a_peer_that_was_suspended_and_is_killed_says_goodbye() {
    let fixture = Fixture::open();
    let Some(shell) = pty::shell() else { return };
    let mut shell = starts(&fixture, &shell);
    shell.types(&command(&fixture, "Alice"));
    let mut bob = fixture.bob_joins(&mut shell);
    pty::suspends(&mut shell);
    bob.sees_that_a_suspended_alice_is_killed(&mut shell);
}

/// As `nohup` starts a program, and a script's `&`.
#[test]
fn a_signal_that_was_ignored_when_the_peer_started_stays_ignored() {
    let fixture = Fixture::open();
    let mut alice = starts(&fixture, &pty::ignoring_signals(&command(&fixture, "Alice")));
    alice.sees("🔗 TCP listener started on port ");
    for signal in [SIGHUP, SIGINT] {
        alice.is_sent(signal);
        for _ in 0..10 {
            alice.types("/help");
            alice.sees("❓ Type a message");
        }
    }
    alice.is_terminated();
    alice.sees("👋 Goodbye!\n");
    alice.ends_well();
}

#[test]
fn a_non_blocking_pipe_or_terminal_is_read_and_written_like_any_other() {
    let fixture = Fixture::open();
    let command = command(&fixture, "Alice");
    let words: Vec<_> = command.split(' ').collect();
    for program in [pty::non_blocking(&words), pty::on_a_non_blocking_terminal(&command)] {
        let Some(program) = program else { return };
        let mut alice = starts(&fixture, &program);
        let mut bob = fixture.bob_joins(&mut alice);
        // More than a pipe or a terminal takes at once.
        let text = "x".repeat(4000);
        for line in 100..140 {
            bob.types(&format!("{line} {text}"));
        }
        for line in 100..140 {
            alice.sees(&format!("📨 Bob says: {line} {text}"));
        }
        alice.types("Goodbye");
        bob.sees("📨 Alice says: Goodbye\n");
        alice.types("/quit");
        alice.sees("👋 Goodbye!");
        alice.ends_well();
    }
}
