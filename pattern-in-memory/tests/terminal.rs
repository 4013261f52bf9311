//! A story that a person types at a real terminal: a typo is reported, and the story goes on.
//! The terminal comes from script(1), as Linux has it.
#![cfg(target_os = "linux")]

use scenario::{Story, Terminal, lab_sheet, pty};

const SHEET: &str = include_str!("../README.md");

const DEMO: &str = env!("CARGO_BIN_EXE_pattern-in-memory");

/// The program on a terminal of its own.
fn at_a_terminal(story: &Story) -> Option<Terminal> {
    let program = pty::on_a_terminal(&format!("exec '{DEMO}' --script -"))?;
    Some(story.terminal("Terminal 1", &program, &[]))
}

#[test]
fn at_a_terminal_the_session_of_the_sheet_goes_on_until_ctrl_d() {
    let story = Story::begin();
    let Some(mut demo) = at_a_terminal(&story) else { return };
    for line in lab_sheet::block(SHEET, "## Script mode").lines().skip(1) {
        if line.starts_with(char::is_uppercase) || line.starts_with("line ") {
            demo.sees(line);
        } else {
            demo.types(line);
        }
    }
    demo.types("inbox Alice");
    demo.sees("Alice has a message from Bob: anybody there?");
    demo.types_half("\x04"); // Ctrl-D, as a terminal knows it.
    demo.ends_well();
}

#[test]
fn at_a_terminal_every_refused_line_is_reported_with_its_number() {
    let story = Story::begin();
    let Some(mut demo) = at_a_terminal(&story) else { return };
    demo.types("peer Peer 1");
    demo.sees("line 1: \"peer\" with 2 words after it is not a step; write: peer NAME ");
    demo.types("peer \"Peer 1");
    demo.sees("line 2: a name stands in two quotes or none; write: \"Peer 1\"");
    demo.types("peer \"Peer 1\"");
    demo.types("inbox \"Peer 2\"");
    demo.sees("line 4: there is no peer called \"Peer 2\"; ");
    demo.types("inbox \"Peer 1\"");
    demo.sees("Peer 1 has no messages");
    demo.types_half("\x04");
    demo.ends_well();
}

/// A terminal drops the end of a line that is longer than it has room for.
#[test]
fn at_a_terminal_a_line_that_may_be_cut_is_refused() {
    let story = Story::begin();
    let Some(mut demo) = at_a_terminal(&story) else { return };
    let refusal = "the line is too long; write at most 4094 bytes on one line";
    for (number, length) in [(1, 4095), (2, 4096), (3, 5000), (4, 9000)] {
        demo.types(&format!("peer {}", "x".repeat(length - "peer ".len())));
        demo.sees(&format!("line {number}: {refusal}"));
    }
    demo.types("peer A");
    demo.types("peer B");
    demo.types("connect A B");
    demo.sees("A is now connected to B");
    let text = format!("{}!", "x".repeat(4094 - "send A B !".len()));
    demo.types(&format!("send A B {text}"));
    demo.sees(&format!("B received a message from A: {text}"));
}

#[test]
fn a_pipe_or_terminal_that_is_non_blocking_is_read_and_written_like_any_other() {
    let story = Story::begin();
    let pipe = pty::non_blocking(&[DEMO, "--script", "-"]);
    let terminal = pty::on_a_non_blocking_terminal(&format!("'{DEMO}' --script -"));
    for program in [pipe, terminal] {
        let Some(program) = program else { return };
        let mut demo = story.terminal("Terminal 1", &program, &[]);
        demo.types("peer A");
        demo.types("inbox A");
        demo.sees("A has no messages");
        demo.types("inbox A");
        demo.sees("A has no messages");
    }
}
