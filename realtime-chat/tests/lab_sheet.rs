//! Plays every transcript of the lab sheet and of the run instructions, line by line, so that
//! neither can promise what the programs do not do.

use std::fs;
use std::path::{Path, PathBuf};

use scenario::lab_sheet::Sheet;
use scenario::{Fixture, Program};

const SHEET: &str = include_str!("../README.md");
const INSTRUCTIONS: &str = include_str!("../docs/run_instructions.md");

/// The line that differs where the server is not at its usual place.
const CLIENTS: &str = "Run clients with: cargo run -p realtime-chat --bin chat-client";

/// The same, as a server on another port says it.
const CLIENTS_ELSEWHERE: &str = "Run clients with: cargo run -p realtime-chat --bin chat-client \
                                 -- --url ws://127.0.0.1:8080/rpc/ws";

#[track_caller]
fn plays(page: &str, heading: &str) {
    let fixture = Fixture::open();
    let page = page.replace(&format!("{CLIENTS} -- "), &format!("{CLIENTS} "));
    let page = page.replace(CLIENTS, CLIENTS_ELSEWHERE);
    let saved = Path::new("downloads").join("LICENSE").display().to_string();
    let page = page.replace("as downloads/LICENSE", &format!("as {saved}"));
    let prompts = &["Enter your username: "];
    let sheet = Sheet { page: &page, prompts, first_port: 8080, airy: false };
    let port = fixture.ports.port(0).to_string();
    let url = format!("ws://127.0.0.1:{port}/rpc/ws");
    let folder = Folder::new(heading);
    sheet.play(heading, &fixture.ports, |title, command| {
        let command = command.strip_prefix("cargo run -p realtime-chat --bin ");
        let mut words =
            command.expect("the sheet starts its programs with cargo run").split(' ');
        let (program, mut args) = match words.next() {
            Some("chat-server") => (env!("CARGO_BIN_EXE_chat-server"), vec!["--port", &port]),
            Some("chat-client") => (env!("CARGO_BIN_EXE_chat-client"), vec!["--url", &url]),
            other => panic!("{title} starts {other:?}"),
        };
        args.extend(words.filter(|word| *word != "--"));
        let program = Program::exactly(&[program]).in_folder(&folder.0);
        fixture.story.terminal(title, &program, &args)
    });
}

/// A folder of its own for a scenario, as if it were the top of the course.
struct Folder(PathBuf);

impl Folder {
    fn new(heading: &str) -> Self {
        let name = heading.replace(|c: char| !c.is_ascii_alphanumeric(), "_");
        let name = format!("{name}-{}", std::process::id());
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(folder.join("downloads")).expect("a folder can be made");
        fs::copy("../LICENSE", folder.join("LICENSE")).expect("the course has a license");
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0); // On Windows, a program may still be in it.
    }
}

#[cfg(unix)] // It ends with the server's Ctrl-C, which no test can press elsewhere.
#[test]
fn the_three_terminals_are_true() {
    plays(SHEET, "## The three terminals");
}

#[test]
fn the_commands_are_true() {
    plays(INSTRUCTIONS, "## All commands");
}

#[test]
fn the_file_is_true() {
    plays(INSTRUCTIONS, "## A file");
}

#[test]
fn the_token_is_true() {
    plays(INSTRUCTIONS, "## A token");
}

#[test]
fn the_history_is_true() {
    plays(INSTRUCTIONS, "## A history that survives");
}

/// A transcript that no test plays could rot unseen.
#[test]
fn no_transcript_is_left_out() {
    let transcripts = |page: &str| page.lines().filter(|line| line.starts_with("$ ")).count();
    assert_eq!((transcripts(SHEET), transcripts(INSTRUCTIONS)), (3, 3 + 3 + 2 + 1));
}
