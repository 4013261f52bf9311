//! Plays every transcript of the lab sheet and of the pages in `docs/`, line by line, so that no
//! page promises what the program does not do.

use scenario::lab_sheet::Sheet;
use scenario::{Fixture, Program};

const WEEK05: &str = env!("CARGO_BIN_EXE_week05");
const SHEET: &str = include_str!("../README.md");
const INSTRUCTIONS: &str = include_str!("../docs/run_instructions.md");
const EXTENSIONS: &str = include_str!("../docs/extensions.md");
const PROMPTS: [&str; 2] = ["Send to peer ID: ", "Message: "];

#[track_caller]
fn plays(page: &str, heading: &str) {
    let fixture = Fixture::of(WEEK05);
    let program = Program::under_test(WEEK05);
    let base_port = fixture.ports.base_port().to_string();
    let environment = [("P2P_HOST", "127.0.0.1"), ("P2P_BASE_PORT", base_port.as_str())];
    let sheet = Sheet { page, prompts: &PROMPTS, first_port: 9000, airy: false };
    sheet.play(heading, &fixture.ports, |title, command| {
        let id = command.strip_prefix("cargo run -p week05 -- ");
        let id = id.expect("the sheet starts its peers with `cargo run -p week05 -- ID`");
        fixture.story.terminal_with(title, &program, &[id], &environment)
    });
}

#[test]
fn the_quick_start_is_true() {
    plays(SHEET, "## Quick start");
}

#[test]
fn test_1_is_true() {
    plays(SHEET, "### Test 1: Two Peers, Bidirectional Communication");
}

#[test]
fn test_2_is_true() {
    plays(SHEET, "### Test 2: Three Peers");
}

#[test]
fn test_3_is_true() {
    plays(SHEET, "### Test 3: Peer Offline During Send");
}

#[test]
fn extension_a_is_true() {
    plays(EXTENSIONS, "## Extension A: Peer List");
}

#[test]
fn extension_b_is_true() {
    plays(EXTENSIONS, "## Extension B: Relay");
}

#[test]
fn extension_c_is_true() {
    plays(EXTENSIONS, "## Extension C: Graceful Shutdown");
}

#[test]
fn extension_d_is_true() {
    plays(EXTENSIONS, "## Extension D: Persistent Peer Discovery");
}

#[test]
fn the_run_instructions_are_true() {
    plays(INSTRUCTIONS, "## Three peers, message by message");
}

#[test]
fn the_errors_of_the_run_instructions_are_true() {
    plays(INSTRUCTIONS, "### An answer that is no ID");
    plays(INSTRUCTIONS, "### The port is in use");
}

/// A transcript that no test plays could rot unseen.
#[test]
fn no_transcript_is_left_out() {
    let played = 4 + 4 + 3;
    let headings = |page: &str| {
        let starts = page.lines().filter(|line| line.starts_with('#'));
        starts.filter(|heading| page_has_a_transcript_under(page, heading)).count()
    };
    assert_eq!([SHEET, EXTENSIONS, INSTRUCTIONS].map(headings).iter().sum::<usize>(), played);
}

fn page_has_a_transcript_under(page: &str, heading: &str) -> bool {
    let below = page.lines().skip_while(|line| *line != heading).skip(1);
    below.take_while(|line| !line.starts_with('#')).any(|line| line.starts_with("$ cargo run"))
}
