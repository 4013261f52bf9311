//! What terminals, shells and other programs do to the server and to a client: Ctrl-C, Ctrl-Z,
//! half-typed lines, long lines, tabs, ignored signals, non-blocking files. Terminals come from
//! script(1), as Linux has it.
#![cfg(target_os = "linux")]

mod fixture;

use std::process::Command;

use fixture::{CLIENT, Fixture, SERVER, WELCOME};
use scenario::{Program, Terminal, pty};

/// The command that starts a client.
fn client(fixture: &Fixture, name: &str) -> String {
    format!("{CLIENT} --url {} --name {name}", fixture.url())
}

/// A client on a terminal, which has joined as Alice; `None` where there are no terminals.
#[track_caller]
fn alice_on_a_terminal(fixture: &Fixture) -> Option<Terminal> {
    let program = pty::on_a_terminal(&format!("exec {}", client(fixture, "Alice")))?;
    let mut alice = fixture.story.terminal_with("Alice", &program, &[], &[("PS1", "$ ")]);
    shows_a_prompt(&mut alice);
    Some(alice)
}

#[track_caller]
fn shows_a_prompt(terminal: &mut Terminal) {
    terminal.sees("'/help' for commands");
    terminal.sees("\n> ");
}

#[test]
fn a_line_that_comes_in_stands_below_a_half_typed_one() {
    let fixture = Fixture::open();
    let _server = fixture.server();
    let Some(mut alice) = alice_on_a_terminal(&fixture) else { return };
    alice.types_half("I am half way thr");
    alice.sees("thr");
    let mut bob = fixture.client("Bob");
    alice.sees("\r\n\x1b[33m*** Bob joined the chat ***\x1b[0m\r\n> ");
    bob.types("May I interrupt?");
    alice.sees("\r\n[Bob] May I interrupt?\r\n> ");
    alice.types("ough this");
    bob.sees("[Alice] I am half way through this\n");
    alice.sees("[You] I am half way through this");
    alice.sees("\r\n> ");
    alice.types_bytes(b"\x03");
    alice.sees("^C\r\n");
    alice.sees("Leaving chat...");
    alice.ends_well();
}

#[test]
fn a_typed_line_that_the_terminal_may_have_cut_is_not_said() {
    let fixture = Fixture::open();
    let _server = fixture.server();
    let Some(mut alice) = alice_on_a_terminal(&fixture) else { return };
    let mut bob = fixture.client("Bob");
    for length in [4095, 4096, 5000] {
        alice.types(&"x".repeat(length));
        alice.sees("❌ Not sent: a terminal cuts a line of more than 4094 bytes");
    }
    let longest = "é".repeat(2047);
    alice.types(&longest);
    bob.sees_next("*** Bob joined the chat ***");
    bob.sees_next(&format!("[Alice] {longest}"));
}

#[test]
fn a_tab_stays_a_tab_however_it_comes() {
    let fixture = Fixture::open();
    let _server = fixture.server();
    let Some(mut alice) = alice_on_a_terminal(&fixture) else { return };
    let mut bob = fixture.client("Bob");
    alice.types("typed\tat a\tterminal");
    bob.sees("[Alice] typed\tat a\tterminal\n");
    bob.types("through\ta pipe");
    alice.sees("[Bob] through\ta pipe");
    bob.types("/msg Alice in\tprivate");
    alice.sees("[Bob, privately] in\tprivate");
}

#[test]
fn one_byte_order_mark_before_the_first_line_is_dropped() {
    let fixture = Fixture::open();
    let _server = fixture.server();
    let mut alice = fixture.client("Alice");
    alice.types_bytes("\u{FEFF}/users\n".as_bytes());
    alice.sees("Connected users: Alice");
    let mut bob = fixture.starts_client("Bob", &[]);
    bob.sees("Enter your username: ");
    bob.types_bytes("\u{FEFF}Bob\n".as_bytes());
    bob.sees("Welcome to the chat, Bob!");
}

#[test]
fn after_ctrl_c_on_a_terminal_the_servers_last_line_begins_below_it() {
    let fixture = Fixture::open();
    let port = fixture.port();
    let Some(server) = pty::on_a_terminal(&format!("exec {SERVER} --port {port}")) else {
        return;
    };
    let mut server = fixture.story.terminal("Server", &server, &[]);
    server.sees("Press Ctrl+C to stop\r\n");
    server.types_bytes(b"\x03");
    server.sees("^C\r\n👋 Chat server shutting down...\r\n");
    server.ends_well();
}

/// The system stops a program in the background that reads its terminal.
#[test]
fn a_client_that_was_suspended_and_is_killed_leaves() {
    let fixture = Fixture::open();
    let _server = fixture.server();
    let bash = "exec bash --norc --noprofile --noediting -i";
    let Some(shell) = pty::on_a_terminal(bash) else { return };
    let mut shell = fixture.story.terminal_with("shell", &shell, &[], &[("PS1", "$ ")]);
    shell.types(&client(&fixture, "Alice"));
    shows_a_prompt(&mut shell);
    let mut bob = fixture.client("Bob");
    shell.types_bytes(b"\x1a"); // Ctrl-Z.
    shell.sees("Stopped");
    shell.types("kill %1");
    bob.sees("*** Alice left the chat ***\n");
    shell.sees("Leaving chat...");
    shell.types("while jobs | grep -q Stopped; do sleep 0.1; done; wait");
    shell.sees("Done"); // A status other than 0 would be an `Exit`.
}

/// As `nohup` starts a program, and a script's `&`.
#[test]
fn a_signal_that_was_ignored_when_the_server_started_stays_ignored() {
    let fixture = Fixture::open();
    let port = fixture.port();
    let ignoring = format!("trap '' HUP INT; exec {SERVER} --port {port}");
    let program = Program::exactly(&["sh", "-c", &ignoring]);
    let mut server = fixture.story.terminal("Server", &program, &[]);
    server.sees("Press Ctrl+C to stop\n");
    let mut alice = fixture.client("Alice");
    for signal in ["-HUP", "-INT"] {
        let sent = Command::new("kill").args([signal, &server.pid().to_string()]).status();
        assert!(sent.unwrap().success());
        for _ in 0..5 {
            alice.types("still there?");
            alice.sees("[You] still there?\n");
        }
    }
    server.is_terminated();
    server.sees("👋 Chat server shutting down...\n");
    server.ends_well();
}

#[test]
fn a_non_blocking_pipe_or_terminal_is_read_and_written_like_any_other() {
    let fixture = Fixture::open();
    let _server = fixture.server_with(&["--rate", "1000", "--burst", "1000"]);
    let command = client(&fixture, "Alice");
    let words: Vec<_> = command.split(' ').collect();
    for program in [pty::non_blocking(&words), pty::on_a_non_blocking_terminal(&command)] {
        let Some(program) = program else { return };
        let mut alice = fixture.story.terminal("Alice", &program, &[]);
        alice.sees(WELCOME.trim_end());
        let mut bob = fixture.client("Bob");
        // More than a pipe or a terminal takes at once.
        let text = "x".repeat(4000);
        for line in 100..140 {
            bob.types(&format!("{line} {text}"));
        }
        for line in 100..140 {
            alice.sees(&format!("[Bob] {line} {text}"));
        }
        alice.types("Goodbye");
        bob.sees("[Alice] Goodbye\n");
        alice.types("/quit");
        alice.ends_well();
    }
}
