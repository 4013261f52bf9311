//! What the client promises beyond the chat: its arguments, threads, colours, and how it ends.

mod fixture;

use fixture::{CLIENT, Fixture, WELCOME};
use scenario::Program;

#[test]
fn what_makes_no_sense_is_refused_with_status_2() {
    let fixture = Fixture::open();
    for (options, complaint) in [
        (&["--name", "A]lice"][..], "a name cannot contain ']'"),
        (&["--name", "You"], "You is not a name for a user"),
        (&["--url", "http://127.0.0.1"], "write a URL such as ws://127.0.0.1:8080/rpc/ws"),
        (&["--token", "a b"], "a token is 1 to 256 of: letters from a to z, digits, - . _ ~"),
        (&["Alice"], "Alice"),
    ] {
        let mut client =
            fixture.story.terminal("client", &Program::exactly(&[CLIENT]), options);
        client.sees(complaint);
        client.ends_with(2);
    }
}

#[test]
fn without_a_server_it_says_what_to_do() {
    let fixture = Fixture::open();
    let port = fixture.ports.port(0);
    let mut alice = fixture.starts_client("Alice", &["--name", "Alice"]);
    alice.sees(&format!(
        "Connection error: nobody listens at 127.0.0.1:{port}. Start chat-server, or name another \
         place with --url\n"
    ));
    alice.ends_with(1);
    assert!(!alice.printed().contains("error"), "errors go to stderr");

    let _server = fixture.server();
    let url = format!("ws://127.0.0.1:{port}/nowhere");
    let args = ["--url", &url, "--name", "Alice"];
    let mut alice = fixture.story.terminal("Alice", &Program::exactly(&[CLIENT]), &args);
    alice.sees("has no chat there for us (HTTP status 404). Look at --url\n");
    alice.ends_with(1);
}

#[test]
#[cfg(unix)]
fn ctrl_c_and_a_system_that_shuts_down_end_it_in_order() {
    let fixture = Fixture::open();
    let _server = fixture.server();
    let mut carol = fixture.client("Carol");
    for how in 0..4 {
        let mut alice = fixture.starts_client("Alice", &[]);
        alice.sees("Enter your username: ");
        match how {
            0 => alice.presses_ctrl_c(),
            1 => alice.presses_ctrl_d(),
            _ => {
                alice.types("Alice");
                alice.sees(WELCOME);
                carol.sees("*** Alice joined the chat ***\n");
                match how {
                    2 => alice.presses_ctrl_c(),
                    _ => alice.is_terminated(),
                }
                alice.sees("\nLeaving chat...\n");
                carol.sees("*** Alice left the chat ***\n");
            }
        }
        alice.ends_well();
        assert_eq!(alice.complained(), "");
        assert!(alice.printed().ends_with('\n'), "what comes next stands below");
    }
}

#[test]
fn the_thread_map_is_true() {
    let fixture = Fixture::open();
    let _server = fixture.server();
    let alone = ["chat-client", "ctrl-c", "keyboard"];
    let mut alice = fixture.starts_client("Alice", &[]);
    alice.sees("Enter your username: ");
    alice.runs_threads(&alone);
    alice.types("Alice");
    alice.sees(WELCOME);
    alice.runs_threads(&[&alone[..], &["reader", "writer"]].concat());
    let mut bob = fixture.starts_client("Bob", &[]);
    bob.sees("Enter your username: ");
    bob.types("Alice");
    bob.sees("already taken\n");
    bob.runs_threads(&alone);
}

#[test]
fn what_is_piped_in_is_said_and_nothing_but_text_comes_out() {
    let fixture = Fixture::open();
    let _server = fixture.server();
    let mut alice = fixture.starts_client("Alice", &[]);
    alice.types_bytes(b"Alice\nhello\n\x1b[31mred\n/users\nbye");
    alice.presses_ctrl_d();
    alice.ends_well();
    let printed = alice.printed();
    for line in
        ["[You] hello\n", "[You] \u{FFFD}[31mred\n", "[You] bye\n", "Connected users: Alice\n"]
    {
        assert!(printed.contains(line), "{line:?}: {printed}");
    }
    assert!(!printed.contains(['\x1b', '\r']), "{printed:?}");
}

/// Colour needs a terminal, which script(1) is.
#[test]
#[cfg(target_os = "linux")]
fn on_a_terminal_our_lines_are_gray_and_the_chats_yellow() {
    if !Program::exactly(&["script"]).runs_with("--version") {
        eprintln!("NOTICE: colours were not tried: script(1) is not here");
        return;
    }
    let fixture = Fixture::open();
    let _server = fixture.server();
    let mut bob = fixture.client("Bob");
    for no_color in ["", "1"] {
        let command = format!("exec {CLIENT} --url {} --name Alice", fixture.url());
        let script = Program::exactly(&["script", "-qec", &command, "/dev/null"]);
        let environment = [("TERM", "xterm"), ("NO_COLOR", no_color)];
        let mut alice = fixture.story.terminal_with("Alice", &script, &[], &environment);
        let (yellow, gray, plain) = if no_color.is_empty() {
            ("\x1b[33m", "\x1b[90m", "\x1b[0m")
        } else {
            ("", "", "")
        };
        alice.sees(&format!("\r\n{yellow}*** Alice joined the chat ***{plain}\r\n"));
        alice.types_half("hello\r");
        alice.sees(&format!("\r\n{gray}[You] hello{plain}\r\n"));
        bob.sees("[Alice] hello\n");
        bob.types("hi");
        alice.sees("[Bob] hi\r\n");
        alice.types_half("\x04");
        alice.sees("Leaving chat...");
        alice.ends_well();
        assert_eq!(alice.printed().contains('\x1b'), no_color.is_empty());
        bob.sees("*** Alice left the chat ***\n");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn on_a_terminal_the_last_error_stands_below_the_prompt() {
    let fixture = Fixture::open();
    let mut server = fixture.server();
    let client = format!("exec {CLIENT} --url {} --name Alice", fixture.url());
    let Some(program) = scenario::pty::on_a_terminal(&client) else { return };
    let mut alice = fixture.story.terminal("Alice", &program, &[]);
    alice.sees("'/help' for commands");
    alice.sees("\n> ");
    server.is_killed();
    alice.sees("\r\nConnection error: the server is gone. When it is back, start again\r\n");
    alice.ends_with(1);
}

#[test]
#[cfg(target_os = "linux")]
fn on_a_terminal_ctrl_c_at_the_question_for_a_name_does_not_ask_again() {
    let fixture = Fixture::open();
    let client = format!("exec {CLIENT} --url {}", fixture.url());
    let Some(program) = scenario::pty::on_a_terminal(&client) else { return };
    let mut alice = fixture.story.terminal("Alice", &program, &[]);
    alice.sees("Enter your username: ");
    alice.types_bytes(b"\x03");
    alice.ends_well();
    let printed = alice.printed();
    assert!(printed.ends_with("\r\nEnter your username: ^C\r\n"), "{printed:?}");
}
