//! A story that a person types at a real terminal: a typo is reported, and the story goes on.
//! The terminal comes from script(1), as Linux has it.
#![cfg(target_os = "linux")]

use std::env;
use std::io::{self, Write};

use scenario::{Program, Story, Terminal, lab_sheet};

const SHEET: &str = include_str!("../README.md");

/// The program on a terminal of its own; `None` if this machine has no script(1). In CI, where
/// `CI` is set, a missing script(1) is a failure.
fn at_a_terminal(story: &Story) -> Option<Terminal> {
    if Program::is_a_stranger() {
        return None; // Another program may know a terminal by other means.
    }
    if !Program::exactly(&["script"]).runs_with("--version") {
        assert!(env::var_os("CI").is_none(), "no script(1) here: install bsdutils");
        // Not `eprintln!`: cargo hides what a passing test prints with it.
        let _ = io::stderr().write_all(
            b"\n##########\n# NOTICE: script(1) is not here, so no story was typed at a terminal.\n\
              # Install bsdutils, or util-linux where that has it.\n##########\n",
        );
        return None;
    }
    let command = format!("exec '{}' --script -", env!("CARGO_BIN_EXE_pattern-in-memory"));
    let script = Program::exactly(&["script", "-qec", &command, "/dev/null"]);
    Some(story.terminal("Terminal 1", &script, &[]))
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
