//! Plays every transcript of the lab sheet and of the run instructions, line by line, so that
//! neither can promise what the program does not do.

use grader::lab_sheet::Sheet;
use grader::{Neighbourhood, Program, Story};

const SHEET: &str = include_str!("../README.md");
const INSTRUCTIONS: &str = include_str!("../docs/run_instructions.md");

#[track_caller]
fn plays(page: &str, heading: &str) {
    let (story, ports) = (Story::begin(), Neighbourhood::lease());
    let sheet = Sheet { page, prompts: &[], first_port: 8080, airy: false };
    sheet.play(heading, &ports, |title, command| {
        let command = command.strip_prefix("cargo run -p capability-peers --bin ");
        let mut words = command.expect("the sheet starts its peers with cargo run").split(' ');
        let (program, port, friends_port) = match words.next() {
            Some("alice") => (env!("CARGO_BIN_EXE_alice"), ports.port(0), ports.port(1)),
            Some("bob") => (env!("CARGO_BIN_EXE_bob"), ports.port(1), ports.port(0)),
            other => panic!("{title} starts {other:?}"),
        };
        let friend = format!("http://127.0.0.1:{friends_port}");
        let port = port.to_string();
        let mut args = vec!["--port", &port, "--peer", &friend];
        args.extend(words.filter(|word| *word != "--"));
        story.terminal(title, &Program::exactly(&[program]), &args)
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

/// A transcript that no test plays could rot unseen.
#[test]
fn no_transcript_is_left_out() {
    let transcripts = |page: &str| page.lines().filter(|line| line.starts_with("$ ")).count();
    assert_eq!(transcripts(SHEET) + transcripts(INSTRUCTIONS), 2 + 2 + 1);
}
