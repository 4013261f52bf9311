//! How the program looks on a real terminal, where a line editor has what is being typed. Terminals
//! come from script(1), as Linux has it.
#![cfg(target_os = "linux")]

mod fixture;

use fixture::{Fixture, P2P_CHAT, Peer, invented_id};
use scenario::{Program, Terminal, pty};

/// Alice on a terminal with the line editor, which is ready, and Bob, who is linked with her;
/// `None` where there is no such terminal.
fn alice_with_the_editor_and_bob(fixture: &Fixture) -> Option<(Terminal, Peer)> {
    let program = pty::on_a_terminal(&format!("exec {}", command(fixture, "Alice")))?;
    Some(with_the_editor(fixture, &program))
}

/// The same with this program, which starts Alice on a terminal.
fn with_the_editor(fixture: &Fixture, program: &Program) -> (Terminal, Peer) {
    let mut alice = starts(fixture, program, "xterm");
    let bob = fixture.bob_joins(&mut alice);
    alice.sees("💬 "); // Before that, it would not be the editor that reads.
    (alice, bob)
}

/// Starts Alice on a terminal of this kind.
fn starts(fixture: &Fixture, program: &Program, kind: &str) -> Terminal {
    let mut alice = fixture.story.terminal_with("Alice", program, &[], &[("TERM", kind)]);
    alice.sees("🔗 TCP listener started on port ");
    alice
}

/// The command that starts a peer.
fn command(fixture: &Fixture, name: &str) -> String {
    let port = fixture.discovery_port();
    format!("{P2P_CHAT} start --local --discovery-port {port} --name {name}")
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

/// The thread that prints above the line has its time for the last line, too.
#[test]
fn what_did_not_arrive_is_told_above_the_goodbye() {
    let fixture = Fixture::open();
    let command = format!("exec {}", command(&fixture, "Alice"));
    let Some(program) = pty::on_a_terminal(&command) else { return };
    let kind = [("TERM", "xterm")];
    let mut alice = Peer::is_up(fixture.story.terminal_with("Alice", &program, &[], &kind));
    let _bob = alice.is_linked_with("Bob", &invented_id(1));
    alice.sees("🔍 Discovered new peer: Bob (127.0.0.1)");
    alice.sees("💬 ");
    alice.types_half("Do you read this?\r");
    alice.sees("📤 Message sent to 1 peer(s)");
    alice.types_half("/quit\r");
    alice.sees("⚠️ 1 message(s) to Bob may not have arrived");
    alice.sees("👋 Goodbye!");
    alice.ends_well();
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

/// Alice in a shell with the line editor, Bob who is linked with her, and half a line.
fn alice_in_a_shell_and_bob(fixture: &Fixture) -> Option<(Terminal, Peer)> {
    let mut shell =
        fixture.story.terminal_with("shell", &pty::shell()?, &[], &[("TERM", "xterm")]);
    shell.types(&command(fixture, "Alice"));
    shell.sees("🔗 TCP listener started on port ");
    let bob = fixture.bob_joins(&mut shell);
    shell.sees("💬 ");
    shell.types_half("I am half way thr\x1b[D"); // And one to the left.
    shell.sees("half way thr");
    Some((shell, bob))
}

#[test]
fn a_peer_that_was_suspended_goes_on_with_the_half_typed_line() {
    let fixture = Fixture::open();
    let Some((mut shell, mut bob)) = alice_in_a_shell_and_bob(&fixture) else { return };
    pty::suspends(&mut shell);
    bob.types("Are you there?");
    shell.types("echo the shell has $((40 + 2))"); // Its prompt may come before or after that.
    shell.sees("the shell has 42");
    shell.types("fg");
    shell.sees("📨 Bob says: Are you there?");
    shell.sees("💬 I am half way thr");
    shell.types_half("ou\x05gh it\r"); // Before the last letter; then at the end.
    bob.sees("📨 Alice says: I am half way thourgh it\n");
    shell.types("/quit");
    shell.sees("👋 Goodbye!");
}

/// The system stops a program in the background that wants the terminal.
#[test]
fn a_peer_that_was_suspended_and_is_killed_says_goodbye() {
    let fixture = Fixture::open();
    let Some((mut shell, mut bob)) = alice_in_a_shell_and_bob(&fixture) else { return };
    pty::suspends(&mut shell);
    bob.sees_that_a_suspended_alice_is_killed(&mut shell);
    // The terminal is the shell's, and shows what is typed there.
    shell.types("stty -a");
    shell.sees(" echo ");
}

#[test]
fn in_the_background_a_peer_shows_what_comes_in_and_is_not_stopped() {
    let fixture = Fixture::open();
    let Some((mut shell, mut bob)) = alice_in_a_shell_and_bob(&fixture) else { return };
    pty::suspends(&mut shell);
    shell.types("bg");
    bob.types("Are you there?");
    shell.sees("📨 Bob says: Are you there?");
    shell.types("jobs");
    shell.sees("Running");
    shell.types("fg");
    shell.sees("💬 I am half way thr");
    shell.types("");
    bob.sees("📨 Alice says: I am half way thr\n");
}

#[test]
fn a_terminal_that_another_program_has_made_non_blocking_has_the_editor() {
    let fixture = Fixture::open();
    let Some(alice) = pty::on_a_non_blocking_terminal(&command(&fixture, "Alice")) else {
        return;
    };
    let (mut alice, mut bob) = with_the_editor(&fixture, &alice);
    alice.types_half("Hello 👋\r");
    bob.sees("📨 Alice says: Hello 👋\n");
    for line in 1..=200 {
        bob.types(&format!("line {line} {}", "x".repeat(1000)));
        // More than a terminal takes at once, and less than Bob keeps for a slow peer.
        if line % 50 == 0 {
            alice.sees(&format!("📨 Bob says: line {line} "));
        }
    }
    alice.types_half("\x04");
    alice.sees("👋 Goodbye!");
    alice.ends_well();
}

/// Where the editor cannot work, there is a prompt.
#[test]
fn a_terminal_that_cannot_move_its_cursor_has_no_editor() {
    for term in ["dumb", "Dumb", "emacs", "cons25", "CONS25"] {
        let fixture = Fixture::open();
        let command = format!("exec {}", command(&fixture, "Alice"));
        let Some(program) = pty::on_a_terminal(&command) else { return };
        let mut alice = starts(&fixture, &program, term);
        alice.sees("💬 ");
        alice.types("/help");
        alice.sees("❓ Type a message");
        alice.types("/quit");
        alice.sees("👋 Goodbye!");
        alice.ends_well();
    }
}

/// They neither stop the terminal nor stand in the next line.
#[test]
fn ctrl_s_and_ctrl_q_do_nothing() {
    let fixture = Fixture::open();
    let Some((mut alice, mut bob)) = alice_with_the_editor_and_bob(&fixture) else { return };
    alice.types_half("one\x13 two\x11 three\x11\r");
    bob.sees("📨 Alice says: one two three\n");
    alice.sees("📤 Message sent to 1 peer(s)");
}
