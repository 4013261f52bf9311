//! Plays every transcript of the lab sheet and of the run instructions, line by line, so that
//! neither can promise what the program does not do.

use std::io::{Read, Write};
use std::net::Ipv4Addr;
use std::time::Duration;

use scenario::lab_sheet::Sheet;
use scenario::{Fixture, Program, Stranger};

const SHEET: &str = include_str!("../README.md");
const INSTRUCTIONS: &str = include_str!("../docs/run_instructions.md");

#[track_caller]
fn plays(page: &str, heading: &str) {
    let fixture = Fixture::open();
    let sheet = Sheet { page, prompts: &[], first_port: 8080, airy: false };
    sheet.play(heading, &fixture.ports, |title, command| {
        let command = command.strip_prefix("cargo run -p capability-peers --bin ");
        let mut words = command.expect("the sheet starts its peers with cargo run").split(' ');
        let (program, port, friends_port) = match words.next() {
            Some("alice") => {
                (env!("CARGO_BIN_EXE_alice"), fixture.ports.port(0), fixture.ports.port(1))
            }
            Some("bob") => {
                (env!("CARGO_BIN_EXE_bob"), fixture.ports.port(1), fixture.ports.port(0))
            }
            other => panic!("{title} starts {other:?}"),
        };
        let friend = format!("http://127.0.0.1:{friends_port}");
        let port = port.to_string();
        let mut args = vec!["--port", &port, "--peer", &friend];
        args.extend(words.filter(|word| *word != "--"));
        fixture.story.terminal(title, &Program::exactly(&[program]), &args)
    });
}

#[test]
fn the_two_terminals_are_true_when_alice_is_first() {
    plays(SHEET, "## The two terminals");
}

#[test]
fn the_two_terminals_are_true_when_bob_is_first() {
    plays(INSTRUCTIONS, "## One after the other");
}

#[test]
fn where_nobody_comes_it_is_told() {
    plays(INSTRUCTIONS, "### Nobody comes");
}

#[test]
fn two_calls_in_one_trip_are_shown_as_one() {
    plays(INSTRUCTIONS, "### Two calls, one trip");
}

/// The calls by hand: what is typed behind `curl` is sent as it is, and answered as the sheet says.
#[test]
fn the_calls_by_hand_are_true() {
    let fixture = Fixture::open();
    let (alice, bob) = (fixture.ports.port(0).to_string(), fixture.ports.port(1).to_string());
    let there = |port: &str| format!("http://127.0.0.1:{port}");
    let starts = |title: &str, program: &str, port: &str, friend: &str| {
        let args = ["--port", port, "--peer", &there(friend)];
        fixture.story.terminal(title, &Program::exactly(&[program]), &args)
    };
    let mut terminal = starts("Alice", env!("CARGO_BIN_EXE_alice"), &alice, &bob);
    let _bob = starts("Bob", env!("CARGO_BIN_EXE_bob"), &bob, &alice);
    // As on the sheet, Bob has called before.
    terminal.sees("📨 Alice received: Hi Alice, this is Bob!\n");
    let bodies = SHEET.split("/rpc/batch -d '").skip(1);
    let bodies: Vec<_> = bodies.filter_map(|rest| rest.split('\'').next()).collect();
    assert_eq!(bodies.len(), 2);
    for body in bodies {
        let reply = posts(fixture.ports.port(0), body);
        assert!(SHEET.contains(&format!("She answers `{reply}`")), "{reply}");
    }
    terminal.sees("📨 Alice received: Alice\n");
}

/// Sends a batch and reads the reply to its end.
fn posts(port: u16, body: &str) -> String {
    let alice = (Ipv4Addr::LOCALHOST, port).into();
    let stranger = Stranger::dials(alice, Duration::from_secs(10)).expect("Alice listens");
    let mut stream = stranger.stream;
    let length = body.len();
    let head = format!(
        "POST /rpc/batch HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n"
    );
    stream.write_all((head + body).as_bytes()).expect("it is sent");
    let mut reply = String::new();
    stream.read_to_string(&mut reply).expect("she answers and hangs up");
    let (head, body) = reply.split_once("\r\n\r\n").expect("a head and a body");
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    body.to_owned()
}

/// A transcript that no test plays could rot unseen.
#[test]
fn no_transcript_is_left_out() {
    let transcripts = |page: &str| page.lines().filter(|line| line.starts_with("$ ")).count();
    assert_eq!(transcripts(SHEET) + transcripts(INSTRUCTIONS), 2 + 2 + 1 + 2);
}
