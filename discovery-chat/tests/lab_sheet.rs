//! Plays every transcript of the lab sheet and of the run instructions, line by line, so that
//! neither can promise what the program does not do.

mod fixture;

use fixture::{Fixture, P2P_CHAT};
use scenario::Program;
use scenario::lab_sheet::Sheet;

const SHEET: &str = include_str!("../README.md");
const INSTRUCTIONS: &str = include_str!("../docs/run_instructions.md");

#[track_caller]
fn plays(page: &str, heading: &str) {
    let fixture = Fixture::open();
    let program = Program::under_test(P2P_CHAT);
    let discovery_port = fixture.discovery_port().to_string();
    let sheet = Sheet { page, prompts: &["💬 "], first_port: 8080, airy: true };
    sheet.play(heading, &fixture.ports, |title, command| {
        let words = command.strip_prefix("cargo run -p discovery-chat -- ");
        let words = words.expect("the sheet starts its peers with cargo run");
        // So that no other test on this machine is heard.
        let mut words: Vec<_> = words.split(' ').collect();
        assert!(words.contains(&"--local"), "{title} would speak to the network");
        words.extend(["--discovery-port", &discovery_port]);
        fixture.story.terminal(title, &program, &words)
    });
}

#[test]
fn the_example_session_is_true() {
    plays(SHEET, "## Example session");
}

#[test]
fn the_run_instructions_are_true() {
    plays(INSTRUCTIONS, "### Two peers, and what can be typed");
    plays(INSTRUCTIONS, "### The port is in use");
}

/// A transcript that no test plays could rot unseen.
#[test]
fn no_transcript_is_left_out() {
    let played = 1 + 2;
    let headings = |page: &str| {
        let starts = page.lines().filter(|line| line.starts_with('#') && line.contains("# "));
        starts.filter(|heading| has_a_transcript_under(page, heading)).count()
    };
    assert_eq!(headings(SHEET) + headings(INSTRUCTIONS), played);
}

fn has_a_transcript_under(page: &str, heading: &str) -> bool {
    let below = page.lines().skip_while(|line| *line != heading).skip(1);
    below
        .take_while(|line| !(line.starts_with("## ") || line.starts_with("### ")))
        .any(|line| line.starts_with("$ cargo run"))
}
