//! The lab sheet's scenarios, in its order and words, played on the program from outside.
//!
//! The expected output is read from the sheet and the run instructions, never from the program.
//! Nothing here knows the lab's library, so `LAB_PROGRAM` may name any other program.

use std::path::{Path, PathBuf};
use std::{fs, process};

use scenario::{Program, Story, Terminal, lab_sheet};

const SHEET: &str = include_str!("../README.md");
const INSTRUCTIONS: &str = include_str!("../docs/run_instructions.md");

/// The bounds, in the numbers of the sheet.
const LINE: usize = 4096;
const NAME: usize = 64;
const PEERS: usize = 64;
const INBOX: usize = 64;

fn run(story: &Story, args: &[&str]) -> Terminal {
    let program = Program::under_test(env!("CARGO_BIN_EXE_pattern-in-memory"));
    story.terminal("Terminal 1", &program, args)
}

/// A script in a file of its own, which is removed when the test ends.
struct Script(PathBuf);

impl Script {
    fn new(test: &str, text: impl AsRef<[u8]>) -> Self {
        let name = format!("{test}-{}.txt", process::id());
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::write(&path, text).expect("cargo's folder for such files can be written to");
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().expect("cargo's folder has a readable name")
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Plays a script to its end, demands status 0, and returns the output.
#[track_caller]
fn tells(test: &str, script: impl AsRef<[u8]>) -> String {
    let (story, script) = (Story::begin(), Script::new(test, script));
    let mut demo = run(&story, &["--script", script.path()]);
    demo.ends_well();
    assert_eq!(demo.complained(), "");
    demo.printed()
}

/// Plays a script with a bad line, demands exit status 2, and returns the complaint. `stand` is
/// the output of the lines above the bad one, and there must be no other output.
#[track_caller]
fn refuses(test: &str, script: impl AsRef<[u8]>, stand: &str) -> String {
    let (story, script) = (Story::begin(), Script::new(test, script));
    let mut demo = run(&story, &["--script", script.path()]);
    demo.ends_with(2);
    assert_eq!(demo.printed(), stand);
    demo.complained()
}

#[test]
fn output_is_these_lines_and_no_others() {
    let story = Story::begin();
    let mut demo = run(&story, &[]);
    demo.ends_well();
    assert_eq!(demo.printed(), lab_sheet::block(SHEET, "## Output"));
    assert_eq!(demo.complained(), "");
}

#[test]
fn script_mode_answers_a_line_before_the_next_is_typed() {
    let story = Story::begin();
    let session = lab_sheet::block(SHEET, "## Script mode");
    let mut demo = run(&story, &["--script", "-"]);
    for line in session.lines().skip(1) {
        // A step or a comment is typed; an answer begins with a name, a complaint with "line".
        if line.starts_with(char::is_uppercase) || line.starts_with("line ") {
            demo.sees_next(line);
        } else {
            demo.types(line);
        }
    }
    demo.ends_with(2);
}

#[test]
fn script_mode_ends_well_when_nothing_more_is_typed() {
    let story = Story::begin();
    let mut demo = run(&story, &["--script", "-"]);
    demo.types("peer Alice");
    demo.types_half("inbox Alice");
    demo.presses_ctrl_d();
    demo.sees_next("Alice has no messages");
    demo.ends_well();
}

#[test]
fn script_mode_reads_a_file() {
    let expected =
        INSTRUCTIONS.split("Expect:").nth(1).expect("the instructions say `Expect:`");
    let script = lab_sheet::block(INSTRUCTIONS, "## A script in a file");
    let expected = expected.split("```").nth(1).expect("a block").trim_start_matches("text\n");
    assert_eq!(tells("file", script), expected);
}

#[test]
fn script_mode_skips_blank_lines_and_comments() {
    let script = "\n# peer Nobody\n   \n  # inbox Nobody\npeer Alice\n\n  inbox\tAlice  \n";
    assert_eq!(tells("comments", script), "Alice has no messages\n");
}

#[test]
fn script_mode_reads_the_line_ends_and_marks_of_windows() {
    let script = "\u{FEFF}peer Alice\r\n\r\ninbox Alice\r\n";
    assert_eq!(tells("windows", script), "Alice has no messages\n");
}

#[test]
fn script_mode_keeps_a_text_as_it_was_written() {
    let script = "peer A\npeer B\nconnect A B\nsend A B  żółw  # 🐢 \"two  spaces\"\n";
    let told = tells("text", script);
    let last = told.lines().last();
    assert_eq!(last, Some("B received a message from A: żółw  # 🐢 \"two  spaces\""));

    let script = "peer A\npeer B\nconnect A B\nsend A B\t\"one\ttab, one quote\n";
    let told = tells("tab", script);
    assert_eq!(told.lines().last(), Some("B received a message from A: \"one\ttab, one quote"));
}

#[test]
fn script_mode_tells_the_example_of_the_sheet() {
    let script = lab_sheet::block(INSTRUCTIONS, "## The example as a script");
    assert_eq!(tells("example", script), lab_sheet::block(SHEET, "## Output"));
}

#[test]
fn script_mode_takes_names_of_several_words_in_quotes() {
    let peers = "peer \"Peer 1\"\npeer \"Peer 2\"\nconnect \"Peer 1\" \"Peer 2\"\n";
    let told = tells("quotes", format!("{peers}broadcast \"Peer 2\" \"hi\"\ninbox \"Peer 1\""));
    assert!(told.ends_with("\nPeer 1 has a message from Peer 2: \"hi\"\n"), "{told}");
    let told = tells("end", format!("{peers}disconnect \"Peer 1\" \"Peer 2\""));
    assert!(told.ends_with("\nPeer 1 is no longer connected to Peer 2\n"), "{told}");
    assert_eq!(tells("one-word", "peer \"A\"\ninbox A"), "A has no messages\n");

    let complaint = refuses("unknown", "inbox \"Peer 3\"", "");
    let expected =
        "line 1: there is no peer called \"Peer 3\"; write above this line: peer \"Peer 3\"\n";
    assert_eq!(complaint, expected);
}

#[test]
fn script_mode_refuses_a_bad_line_and_says_what_to_write() {
    let table = INSTRUCTIONS.split("## When a line is refused").nth(1).expect("that heading");
    let rows = table.lines().filter(|line| line.starts_with("| `"));
    let rows: Vec<_> = rows.take_while(|line| line.contains("`line 1: ")).collect();
    assert!(rows.len() > 6, "every step has a row, and more: {rows:?}");
    for row in rows {
        let cells: Vec<_> = row.split('`').collect();
        let [_, write, _, see, _] = cells[..] else { panic!("two cells: {row:?}") };
        assert_eq!(refuses("bad-line", write, ""), format!("{see}\n"));
    }
}

#[test]
fn script_mode_lets_the_lines_above_a_bad_one_stand() {
    let script = "peer A\n# one\ninbox A\n\nbad line\ninbox A\n";
    let complaint = refuses("stands", script, "A has no messages\n");
    assert!(complaint.starts_with("line 5: \"bad\" is not a step; "), "{complaint}");
    assert_eq!(complaint.lines().count(), 1);
}

#[test]
fn script_mode_refuses_a_peer_that_was_not_introduced() {
    for step in
        ["connect A B", "connect B A", "send A B hi", "disconnect A B", "broadcast B hi"]
    {
        let complaint = refuses("unknown-peer", format!("peer A\n{step}"), "");
        let expected = "line 2: there is no peer called \"B\"; write above this line: peer B\n";
        assert_eq!(complaint, expected, "{step}");
    }
}

#[test]
fn script_mode_gives_a_name_once() {
    let complaint = refuses("once", "peer A\npeer B\npeer A", "");
    let expected = "line 3: there is a peer called \"A\" already; choose another name\n";
    assert_eq!(complaint, expected);
}

#[test]
fn script_mode_bounds_a_line() {
    let steps = "peer A\npeer B\nconnect A B\n";
    let send = "send A B ";
    let text = "x".repeat(LINE - send.len());
    let told = tells("line", format!("{steps}{send}{text}\n"));
    assert!(told.ends_with(&format!(": {text}\n")), "a line that reaches the bound is whole");

    let stand = told.lines().take(4).flat_map(|line| [line, "\n"]).collect::<String>();
    let complaint = refuses("longer", format!("{steps}{send}{text}x\n"), &stand);
    let expected = "line 4: the line is too long; write at most 4096 bytes on one line\n";
    assert_eq!(complaint, expected);
}

#[test]
fn script_mode_bounds_a_line_that_never_ends() {
    let story = Story::begin();
    let mut demo = run(&story, &["--script", "-"]);
    demo.types_half(&"x".repeat(LINE + 2)); // No Enter, and no Ctrl-D.
    demo.sees_next("line 1: the line is too long; write at most 4096 bytes on one line");
    demo.ends_with(2);
}

#[test]
fn script_mode_bounds_names_and_peers() {
    assert_eq!(tells("name", format!("peer {}", "é".repeat(NAME))), "");
    let complaint = refuses("longer-name", format!("peer {}", "é".repeat(NAME + 1)), "");
    let expected = "line 1: the name is too long; choose one of at most 64 characters\n";
    assert_eq!(complaint, expected);

    let peers: Vec<_> = (0..PEERS).map(|peer| format!("peer {peer}\n")).collect();
    let peers = peers.concat();
    assert_eq!(tells("peers", &peers), "");
    let complaint = refuses("more-peers", peers + "peer one-more", "");
    assert_eq!(complaint, "line 65: a story has room for 64 peers; leave this one out\n");
}

#[test]
fn script_mode_bounds_an_inbox() {
    let sends: Vec<_> = (1..=INBOX + 2).map(|number| format!("send A B {number}\n")).collect();
    let sends = sends.concat();
    let told = tells("inbox", format!("peer A\npeer B\nconnect A B\n{sends}inbox B"));
    let inbox: Vec<_> = told.lines().rev().take(INBOX + 1).collect();
    assert_eq!(inbox[INBOX], "B keeps the newest 64 messages; forgotten: 2");
    assert_eq!(inbox[INBOX - 1], "B has a message from A: 3");
    assert_eq!(inbox[0], "B has a message from A: 66");
}

#[test]
fn script_mode_makes_foreign_bytes_harmless() {
    let script =
        b"peer A\npeer B\nconnect A B\nsend A B \x1b[2Jred\x07 \xFF\0 a\rb \xE2\x80\xAEc\n";
    let told = tells("bytes", script);
    let last = told.lines().last();
    assert_eq!(last, Some("B received a message from A: �[2Jred� �� a�b �c"));
    assert!(told.chars().all(|c| c == '\n' || !c.is_control()), "{told:?}");

    let marks =
        "\u{61C}\u{200E}\u{200F}\u{2028}\u{2029}\u{202A}\u{2066}\u{2069}\u{FFF9}\u{FFFB}";
    let told = tells("marks", format!("peer A\npeer B\nconnect A B\nsend A B {marks}"));
    let shown = marks.chars().map(|_| '�').collect::<String>();
    assert!(told.ends_with(&format!("received a message from A: {shown}\n")), "{told:?}");
}

#[test]
fn script_mode_refuses_foreign_bytes_in_a_name() {
    let utf_16: Vec<u8> =
        "\u{FEFF}peer A\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for script in [&b"peer A\x1b[2J"[..], b"inbox \xFF", b"p\0eer A", &utf_16] {
        let complaint = refuses("foreign-name", script, "");
        let expected = "line 1: a step or a name holds bytes that are not readable text; ";
        assert!(complaint.starts_with(expected), "{complaint:?}");
    }
}

#[test]
fn script_mode_names_the_file_it_cannot_read() {
    let folder = env!("CARGO_TARGET_TMPDIR");
    for (path, name) in [("no-such-story.txt", "no-such-story.txt"), (folder, folder)] {
        let story = Story::begin();
        let mut demo = run(&story, &["--script", path]);
        demo.sees(&format!("cannot read the script {name}: "));
        demo.sees("; name a file that can be read, or write - to type the script\n");
        demo.ends_with(1);
        assert_eq!(demo.printed(), "");
    }
}

#[test]
fn a_wrong_argument_is_a_usage_error() {
    for args in [&["--sript", "x"][..], &["--script"], &["story.txt"], &["--script", "-", "x"]]
    {
        let story = Story::begin();
        let mut demo = run(&story, args);
        demo.presses_ctrl_d();
        demo.ends_with(2);
        assert!(demo.complained().contains("error: "), "{args:?}");
        assert_eq!(demo.printed(), "");
    }
}

#[test]
fn the_help_shows_every_step() {
    let story = Story::begin();
    let mut demo = run(&story, &["--help"]);
    for step in ["peer NAME", "connect A B", "send A B TEXT", "disconnect A B"] {
        demo.sees(step);
    }
    demo.sees("broadcast A TEXT");
    demo.sees("inbox A");
    demo.ends_well();
}

#[test]
fn common_mistakes_are_reported_in_the_words_of_the_sheet() {
    let three = "peer Alice\npeer Bob\npeer Carol\nconnect Alice Carol\nconnect Bob Carol\n";
    let shown = [
        ("Alice is not connected to Bob", format!("{three}send Alice Bob hi")),
        ("Alice is not connected to Bob", format!("{three}disconnect Alice Bob")),
        ("Carol is already connected to Alice", format!("{three}connect Carol Alice")),
        ("Alice cannot be both ends of a connection", format!("{three}connect Alice Alice")),
        ("Alice cannot be both ends of a connection", format!("{three}send Alice Alice hi")),
        ("Alice cannot be both ends of a connection", format!("{three}disconnect Alice Alice")),
        ("Alice is connected to nobody", "peer Alice\nbroadcast Alice hi".to_owned()),
    ];
    let table = SHEET.split("## Common mistakes").nth(1).expect("that heading");
    // A symptom that begins with a name comes from a script; the others come from Rust.
    for row in
        table.lines().filter(|row| row.starts_with("| `Alice") || row.starts_with("| `Carol"))
    {
        let symptom = row.split('`').nth(1);
        assert!(shown.iter().any(|(known, _)| Some(*known) == symptom), "never shown: {row}");
    }
    for (symptom, script) in &shown {
        assert!(table.contains(&format!("| `{symptom}` |")), "not in the sheet: {symptom}");
        let told = tells("mistake", script);
        assert_eq!(told.lines().last(), Some(*symptom), "{script:?}");
    }
}
