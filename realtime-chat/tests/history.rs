//! What was said is still there after the server was killed; and nothing that stands in the file
//! is ever lost by a server that reads it.

mod fixture;

use std::fs;
use std::path::PathBuf;

use fixture::{Fixture, Server};
use scenario::Terminal;
use serde_json::{Value, json};

/// The history file of one test.
struct Paper(PathBuf);

impl Paper {
    fn blank(fixture: &Fixture) -> Self {
        Self(fixture.path("history.jsonl"))
    }

    fn with(fixture: &Fixture, text: &str) -> Self {
        let paper = Self::blank(fixture);
        fs::write(&paper.0, text).expect("it can be written");
        paper
    }

    fn path(&self) -> &str {
        self.0.to_str().expect("a plain path")
    }

    fn text(&self) -> String {
        fs::read_to_string(&self.0).expect("it can be read")
    }

    fn server(&self, fixture: &Fixture) -> Server {
        fixture.server_with(&["--history", self.path(), "--rate", "1000", "--burst", "1000"])
    }
}

/// A line of a history file.
fn line(text: &str) -> String {
    let note = json!({"room": "#lobby", "username": "Alice", "text": text, "type": "chat"});
    format!("{note}\n")
}

/// What somebody who has not joined is told of the past.
#[track_caller]
fn past(server: &Server) -> Vec<String> {
    let history = server.opens_session().asks("getHistory", &json!([])).expect("it may look");
    // A list is wrapped once more.
    let notes = history[0].as_array().expect("a list").clone();
    notes.iter().map(|note| note["text"].as_str().expect("a text").to_owned()).collect()
}

#[test]
fn what_anybody_has_seen_is_there_after_kill_9() {
    let fixture = Fixture::open();
    let paper = Paper::blank(&fixture);
    let mut server = paper.server(&fixture);
    let mut alice = server.is_joined_by("Alice");
    for number in 0..60 {
        let text = format!("number {number}");
        alice.asks("sendMessage", &json!(["Alice", text])).expect("it may");
    }
    // A client that has seen the last one has seen it in the file, too.
    server.is_killed();
    drop(server);
    let lines: Vec<Value> =
        paper.text().lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines.len(), 61);
    let first = json!({
        "room": "#lobby", "username": "System", "text": "Alice joined the chat", "type": "system"
    });
    assert_eq!(lines[0], first);

    let mut server = paper.server(&fixture);
    let expected: Vec<_> = (10..60).map(|number| format!("number {number}")).collect();
    assert_eq!(past(&server), expected, "the last 50");
    // It is counted on, and appended to.
    let mut bob = server.is_joined_by("Bob");
    let sent = bob.asks("sendMessage", &json!(["Bob", "hello again"])).expect("it may");
    assert_eq!(sent["timestamp"], 63);
    server.is_killed();
    let text = paper.text();
    assert!(text.starts_with(&format!("{first}\n")) && text.ends_with('\n'), "{text}");
    assert_eq!(text.lines().count(), 63);
    assert!(!server.printed().contains("⚠️"), "{}", server.printed());
}

#[test]
fn private_messages_and_what_is_refused_are_in_no_file() {
    let fixture = Fixture::open();
    let paper = Paper::blank(&fixture);
    let server = paper.server(&fixture);
    let mut alice = server.is_joined_by("Alice");
    let _bob = server.is_joined_by("Bob");
    alice.asks("sendPrivate", &json!(["Alice", "Bob", "secret"])).expect("it may");
    alice.asks("sendMessage", &json!(["Bob", "forged"])).unwrap_err();
    alice.asks("sendMessage", &json!(["Alice", "public"])).expect("it may");
    let text = paper.text();
    assert!(text.contains("public") && !text.contains("secret") && !text.contains("forged"));
}

#[test]
fn a_torn_last_line_is_told_and_never_changed() {
    let fixture = Fixture::open();
    let torn = r##"{"room":"#lobby","username":"Ali"##;
    let before = line("whole") + torn;
    let paper = Paper::with(&fixture, &before);
    let mut server = paper.server(&fixture);
    server.sees("⚠️ The last line of the history is torn and was skipped\n");
    assert_eq!(past(&server), ["whole"]);
    assert_eq!(paper.text(), before, "reading changes nothing");
    let _alice = server.is_joined_by("Alice");
    server.is_killed();
    drop(server);
    let text = paper.text();
    let rest = text.strip_prefix(&before).expect("what was there is there");
    assert!(rest.starts_with("\n{\"room\""), "a new note begins on a new line: {rest:?}");

    let mut server = paper.server(&fixture);
    server.sees("⚠️ One line of the history makes no sense and was skipped\n");
    assert_eq!(past(&server), ["whole", "Alice joined the chat"]);
}

#[test]
fn lines_that_make_no_sense_are_counted_and_stay() {
    let fixture = Fixture::open();
    let bad = "what is this?\n\n{}\n[1]\n"; // A blank line is no damage.
    let before = line("one") + bad + &line("two");
    let paper = Paper::with(&fixture, &before);
    // Bytes that are no text are no reason not to start.
    let mut bytes = before.into_bytes();
    bytes.extend(b"\xFF\xFE\n");
    bytes.extend(line("three").bytes());
    fs::write(&paper.0, &bytes).expect("it can be written");
    let mut server = paper.server(&fixture);
    server.sees("⚠️ 4 lines of the history make no sense and were skipped\n");
    assert_eq!(past(&server), ["one", "two", "three"]);
    assert_eq!(fs::read(&paper.0).expect("it can be read"), bytes);
}

#[test]
fn of_a_long_history_only_the_end_is_read() {
    let fixture = Fixture::open();
    // In a field that nobody knows: a build without optimization takes a second to clean so much
    // text, and on a busy machine ten.
    let padding = format!(r#"{{"padding":"{}","#, "x".repeat(10_000));
    let padded = |n: u32| line(&n.to_string()).replacen('{', &padding, 1);
    let text = (0..500).map(padded).collect::<String>() + &line("the last");
    let paper = Paper::with(&fixture, &text);
    let mut server = paper.server(&fixture);
    let skipped = text.len() - (4 << 20);
    server.sees(&format!("⚠️ The history is long: its first {skipped} bytes stay in the file"));
    let past = past(&server);
    assert_eq!((past.len(), past[49].as_str()), (50, "the last"));
    assert!(!server.printed().contains("makes no sense"), "{}", server.printed());
    assert_eq!(paper.text(), text);
}

/// A server that does not start, and says why.
#[track_caller]
fn is_refused(fixture: &Fixture, path: &str, why: &str) {
    let mut refused: Terminal = fixture.starts_server(&["--history", path]);
    refused.ends_with(1);
    let complained = refused.complained();
    assert!(complained.contains(why), "{complained}");
    assert!(complained.contains("choose another --history"), "{complained}");
    assert_eq!(refused.printed(), "");
}

#[test]
fn what_is_no_plain_file_is_no_history() {
    let fixture = Fixture::open();
    let paper = Paper::blank(&fixture);
    fs::create_dir(&paper.0).expect("a folder");
    is_refused(&fixture, paper.path(), "is no plain file");
    let inside = paper.0.join("missing").join("history.jsonl");
    is_refused(&fixture, inside.to_str().expect("a path"), "cannot use");
}

/// To open a pipe is to wait for its other end.
#[test]
#[cfg(unix)]
fn a_pipe_is_no_history() {
    let fixture = Fixture::open();
    is_refused(&fixture, "/dev/stdin", "is no plain file");
    is_refused(&fixture, "/dev/null", "is no plain file");
}

#[test]
fn two_servers_do_not_write_one_file() {
    let fixture = Fixture::open();
    let paper = Paper::blank(&fixture);
    let server = paper.server(&fixture);
    let port = fixture.ports.port(1).to_string();
    is_refused_with(&fixture, &["--port", &port, "--history", paper.path()]);
    server.still_serves();
}

#[track_caller]
fn is_refused_with(fixture: &Fixture, words: &[&str]) {
    let program = scenario::Program::exactly(&[fixture::SERVER]);
    let mut second = fixture.story.terminal("Second", &program, words);
    second.ends_with(1);
    let complained = second.complained();
    assert!(complained.contains("another chat server writes"), "{complained}");
}

/// The disk is full, or so it seems: a limit on the size of files is as good.
#[test]
#[cfg(target_os = "linux")]
fn a_history_that_cannot_be_written_is_told_once_and_the_chat_goes_on() {
    let fixture = Fixture::open();
    let paper = Paper::blank(&fixture);
    let port = fixture.port().to_string();
    // One block of 1024 bytes; and the signal that comes with it is ignored.
    let script = "trap '' XFSZ; ulimit -f 1; exec \"$0\" \"$@\"";
    let poor = scenario::Program::exactly(&["bash", "-c", script, fixture::SERVER]);
    let words =
        ["--port", &port, "--history", paper.path(), "--rate", "1000", "--burst", "1000"];
    let mut server = fixture.story.terminal("Server", &poor, &words);
    server.sees("Press Ctrl+C to stop\n");
    let mut alice =
        fixture::RawClient::of(fixture::Stranger::dials(fixture.port()).expect("it accepts"));
    alice.line.upgrades("");
    alice.joins("Alice").expect("it may join");
    let long = "x".repeat(300);
    for _ in 0..10 {
        alice.asks("sendMessage", &json!(["Alice", long])).expect("the chat goes on");
    }
    server.sees("⚠️ The history cannot be written, and what is said now is not kept: ");
    server.is_terminated();
    server.ends_well();
    server.saw_times("The history cannot be written", 1);
    assert_eq!(fs::metadata(&paper.0).expect("it is there").len(), 1024);
}
