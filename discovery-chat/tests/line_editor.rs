//! How the program looks on a real terminal, where a line editor has what is being typed. Terminals
//! come from script(1), as Linux has it.
#![cfg(target_os = "linux")]

mod fixture;

use std::env;
use std::io::{self, Write};
use std::sync::Once;

use fixture::{Fixture, P2P_CHAT, Peer};
use scenario::{Program, Terminal};

/// Whether it has been said that script(1) is missing. Once is enough.
static TOLD: Once = Once::new();

/// Alice on a terminal with the line editor, which is ready, and Bob, who is linked with her;
/// `None` where there is no such terminal.
fn alice_with_the_editor_and_bob(fixture: &Fixture) -> Option<(Terminal, Peer)> {
    let mut alice = on_a_terminal(fixture, "Alice")?;
    let mut bob = fixture.peer("Bob");
    bob.sees("🔍 Discovered new peer: Alice (127.0.0.1)\n");
    alice.sees("🔍 Discovered new peer: Bob (127.0.0.1)");
    alice.sees("💬 "); // Before that, it would not be the editor that reads.
    Some((alice, bob))
}

/// A terminal of its own for a peer, if this machine has script(1). Where it must have it (in CI,
/// say, where `CI` is set), a missing script(1) is a failure.
fn on_a_terminal(fixture: &Fixture, name: &str) -> Option<Terminal> {
    if Program::is_a_stranger() {
        return None;
    }
    if !Program::exactly(&["script"]).runs_with("--version") {
        assert!(env::var_os("CI").is_none(), "no script(1) here: install bsdutils");
        TOLD.call_once(|| {
            let notice = "\n##########\n# NOTICE: script(1) is not here, so the line editor was \
                          not tried.\n# Install bsdutils, or util-linux where that has it.\n\
                          ##########\n";
            // Not `eprintln!`: of a test that passes, nobody would see it.
            let _ = io::stderr().write_all(notice.as_bytes());
        });
        return None;
    }
    let port = fixture.discovery_port();
    let command =
        format!("exec {P2P_CHAT} start --local --discovery-port {port} --name {name}");
    let script = Program::exactly(&["script", "-qec", &command, "/dev/null"]);
    let mut peer = fixture.story.terminal_with(name, &script, &[], &[("TERM", "xterm")]);
    peer.sees("🔗 TCP listener started on port ");
    Some(peer)
}

#[test]
fn on_a_terminal_a_message_that_comes_in_leaves_what_is_being_typed() {
    let fixture = Fixture::open();
    let Some((mut alice, mut bob)) = alice_with_the_editor_and_bob(&fixture) else { return };
    alice.types_half("I am half way thr");
    alice.sees("half way thr");
    bob.types("May I interrupt?");
    alice.sees("📨 Bob says: May I interrupt?");
    // What was typed is drawn again, below.
    alice.sees("💬 I am half way thr");
    alice.types_half("ough this\r");
    bob.sees("📨 Alice says: I am half way through this\n");
    alice.sees("📤 Message sent to 1 peer(s)");
    // Ctrl-D, as a terminal knows it. Before the prompt stands there, it would not be the editor
    // that reads it.
    alice.sees("💬 ");
    alice.types_half("\x04");
    alice.sees("👋 Goodbye!");
    alice.ends_well();
    bob.sees("👋 Alice left\n");
}

#[test]
fn what_is_pasted_on_a_terminal_is_said_line_by_line_and_none_is_lost() {
    let fixture = Fixture::open();
    let Some((mut alice, mut bob)) = alice_with_the_editor_and_bob(&fixture) else { return };
    let lines: Vec<_> = (1..=100).map(|n| format!("pasted line {n}")).collect();
    alice.types_bytes((lines.join("\r") + "\r").as_bytes());
    for line in lines {
        bob.sees_next(&format!("📨 Alice says: {line}"));
    }
}

/// In a line without an editor a tab is a tab, so it is one here, too.
#[test]
fn a_tab_that_is_typed_on_a_terminal_stays_a_tab() {
    let fixture = Fixture::open();
    let Some((mut alice, mut bob)) = alice_with_the_editor_and_bob(&fixture) else { return };
    alice.types_half("one\ttwo\t\tthree\r");
    bob.sees("📨 Alice says: one\ttwo\t\tthree\n");
}

/// In the middle of a key the editor shows nothing. The peer goes on all the same.
#[test]
fn half_a_key_on_a_terminal_stops_nobody() {
    let fixture = Fixture::open();
    let Some((mut alice, mut bob)) = alice_with_the_editor_and_bob(&fixture) else { return };
    alice.types_bytes(b"\x16"); // Ctrl-V: the next key is to be taken as it is.
    for line in 1..=5 {
        bob.types(&format!("line {line}"));
        bob.sees("📤 Message sent to 1 peer(s)\n");
    }
    // Found all the same.
    let mut charlie = fixture.peer("Charlie");
    charlie.sees_all(&[
        "🔍 Discovered new peer: Alice (127.0.0.1)\n",
        "🔍 Discovered new peer: Bob (127.0.0.1)\n",
    ]);
    alice.types_bytes(b"x");
    for line in 1..=5 {
        alice.sees(&format!("📨 Bob says: line {line}"));
    }
    alice.types_bytes(b"\x16");
    alice.is_terminated();
    bob.sees("👋 Alice left\n");
}
