//! The sessions of `docs/exercises.md`, typed line by line.

use scenario::{Program, Story, lab_sheet};

const EXERCISES: &str = include_str!("../docs/exercises.md");

#[track_caller]
fn plays(task: &str) {
    let story = Story::begin();
    let program = Program::under_test(env!("CARGO_BIN_EXE_pattern-in-memory"));
    let mut terminal = story.terminal("Terminal 1", &program, &["--script", "-"]);
    for line in lab_sheet::block(EXERCISES, &format!("## Task `{task}`")).lines() {
        if line.starts_with(char::is_uppercase) {
            terminal.sees_next(line);
        } else {
            terminal.types(line);
        }
    }
    terminal.presses_ctrl_d();
    terminal.ends_well();
}

#[test]
fn the_session_of_the_handshake_is_true() {
    plays("handshake");
}

#[test]
fn the_session_of_the_disconnect_is_true() {
    plays("disconnect");
}

#[test]
fn the_session_of_the_broadcast_is_true() {
    plays("broadcast");
}
