//! Servers that are none, that lie, that flood, or that say nothing at all: our client says what is
//! wrong, shows nothing raw, and can always be ended.

mod fixture;

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use fixture::{Fixture, WELCOME, typed};
use scenario::Terminal;
use scenario::stranger::accepts;
use serde_json::{Value, json};
use tungstenite::{Message, WebSocket};

/// How long an impostor waits for the client. A test that passes never waits it out.
const PATIENCE: Duration = Duration::from_secs(20);

/// Somebody who listens where the client looks for its server.
struct Impostor(TcpListener);

/// A client that has dialed an impostor.
struct Victim(WebSocket<TcpStream>);

impl Impostor {
    fn sits_in(fixture: &Fixture) -> Self {
        Self(fixture.stranger(0))
    }

    fn is_dialed(&self) -> TcpStream {
        let stream = accepts(&self.0, PATIENCE).expect("the client dials");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout can be set");
        stream.set_write_timeout(Some(PATIENCE)).expect("a timeout can be set");
        stream
    }

    fn shakes_hands(&self) -> Victim {
        Victim(tungstenite::accept(self.is_dialed()).expect("the client shakes hands"))
    }

    /// The client believes that it has joined a chat.
    #[track_caller]
    fn lets_in(&self, client: &mut Terminal) -> Victim {
        let mut victim = self.shakes_hands();
        let (id, method) = victim.hears_call();
        assert_eq!(method, "join");
        victim.says(&json!(["resolve", id, { "users": [["Alice"]] }]));
        client.sees(WELCOME);
        victim
    }
}

impl Victim {
    fn says(&mut self, message: &Value) {
        self.sends(&message.to_string());
    }

    fn sends(&mut self, text: &str) {
        self.0.send(Message::text(text)).expect("the client listens");
    }

    fn tells(&mut self, note: &Value) {
        self.says(&json!(["push", ["pipeline", -1, ["onMessage"], [note]]]));
    }

    /// The next message of the client.
    fn hears(&mut self) -> Value {
        loop {
            if let Message::Text(text) = self.0.read().expect("the client speaks") {
                return serde_json::from_str(&text).expect("it speaks JSON");
            }
        }
    }

    /// The number of the call that it asks an answer for, and the method.
    fn hears_call(&mut self) -> (u64, String) {
        let mut method = String::new();
        loop {
            let message = self.hears();
            match message[0].as_str() {
                Some("push") => method = message[1][2][0].as_str().unwrap_or_default().into(),
                Some("pull") => return (message[1].as_u64().expect("a number"), method),
                _ => {}
            }
        }
    }
}

fn system(text: &str) -> Value {
    json!({ "username": "System", "text": text, "type": "system" })
}

#[test]
fn a_program_that_is_no_chat_server_is_told_from_one() {
    let fixture = Fixture::open();
    let impostor = Impostor::sits_in(&fixture);
    let port = fixture.ports.port(0);
    for (words, told) in [
        ("", "there is no chat server at "),
        ("SSH-2.0-OpenSSH_9.2\r\n\r\n", "there is no chat server at "),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
            "has no chat there for us (HTTP status 200)",
        ),
        ("HTTP/1.1 302 Found\r\nLocation: ws://elsewhere\r\n\r\n", "(HTTP status 302)"),
        ("HTTP/1.1 421 Misdirected Request\r\n\r\n", "421). Give its IP address with --url"),
        (
            "HTTP/1.1 503 Service Unavailable\r\n\r\n",
            "503). It has no room for one more client",
        ),
        ("HTTP/1.1 401 \x1b[2J\r\n\r\n", "Connection error: "),
    ] {
        let mut alice = fixture.starts_client("Alice", &["--name", "Alice"]);
        let mut stream = impostor.is_dialed();
        let _ = stream.read(&mut [0; 4096]).expect("it asks for a WebSocket");
        stream.write_all(words.as_bytes()).expect("it listens");
        drop(stream);
        alice.ends_with(1);
        let complaint = alice.complained();
        assert!(complaint.starts_with("Connection error: "), "{words:?}: {complaint}");
        assert!(
            complaint.contains(told) && !complaint.contains('\x1b'),
            "{words:?}: {complaint}"
        );
    }
    // Nobody says anything.
    let mut alice = fixture.starts_client("Alice", &["--name", "Alice"]);
    let silence = impostor.is_dialed();
    alice.sees(&format!("Connection error: no answer from 127.0.0.1:{port} for 5 s."));
    alice.ends_with(1);
    drop(silence);
}

#[test]
fn what_breaks_the_rules_ends_it_with_the_reason() {
    let fixture = Fixture::open();
    let impostor = Impostor::sits_in(&fixture);
    let long = format!("\"{}\"", "x".repeat(256 * 1024));
    for (says, why) in [
        (Message::text("nonsense"), ""),
        (Message::text(r#"["pull",99]"#), "no such entry on exports table: 99"),
        (
            Message::text(r#"["abort",["error","Error","go \u001b[2Jaway"]]"#),
            "go \u{FFFD}[2Jaway",
        ),
        (Message::text(long), "a message has at most 256 KiB"),
        (Message::binary(b"[]".to_vec()), "messages must be text, not binary"),
    ] {
        let mut alice = fixture.starts_client("Alice", &["--name", "Alice"]);
        let mut victim = impostor.lets_in(&mut alice);
        victim.0.send(says).expect("the client listens");
        alice.sees("Connection error: the conversation broke off: ");
        alice.sees(why);
        while victim.0.read().is_ok() {} // Up to the end, as a server does.
        alice.ends_with(1);
    }
}

/// It is no refusal of the name, which would be asked for again.
#[test]
fn what_breaks_the_rules_while_somebody_joins_ends_it_as_well() {
    let fixture = Fixture::open();
    let impostor = Impostor::sits_in(&fixture);
    let long = format!("\"{}\"", "x".repeat(256 * 1024));
    for says in ["nonsense", r#"["abort",["error","Error","go away"]]"#, &long] {
        let mut alice = fixture.starts_client("Alice", &[]);
        alice.sees("Enter your username: ");
        alice.types("Alice");
        let mut victim = impostor.shakes_hands();
        let (_, method) = victim.hears_call();
        assert_eq!(method, "join");
        victim.sends(says);
        alice.sees("Connection error: the conversation broke off: ");
        while victim.0.read().is_ok() {} // Up to the end, as a server does.
        alice.ends_with(1);
        assert!(!alice.printed().contains('❌'), "{}", alice.printed());
    }
}

#[test]
fn nothing_that_it_says_acts_on_the_terminal() {
    let fixture = Fixture::open();
    let impostor = Impostor::sits_in(&fixture);
    let mut alice = fixture.starts_client("Alice", &["--name", "Alice"]);
    let mut victim = impostor.lets_in(&mut alice);
    let evil = "\x1b[2J\r\n*** Bob left the chat ***";
    let shown = "\u{FFFD}[2J\u{FFFD}\u{FFFD}*** Bob left the chat ***";
    victim.tells(&system(evil));
    alice.sees_next(&format!("*** {shown} ***"));
    victim.tells(&json!({ "username": evil, "text": "hi", "type": "chat" }));
    alice.sees_next(&format!("[{shown:?}] hi"));
    let file = json!({ "name": "../.profile", "size": 4, "content": ["export", -1] });
    victim.tells(&json!({ "username": "Bob", "text": "", "type": "file", "file": file }));
    alice.sees_next("[Bob] shares ../.profile (4 B): /save 1");
    alice.types("/save 1");
    alice.sees_next("❌ Cannot save ../.profile: the name of a file cannot contain '/'");
    alice.types("/users");
    let (id, method) = victim.hears_call();
    assert_eq!(method, "listUsers");
    victim.says(&json!(["resolve", id, [[evil, "A, B"]]]));
    alice.sees("\n");
    alice.sees_next(&format!("Connected users: {shown:?}, \"A, B\""));
    alice.sees_next("");
    alice.types("hello");
    let (id, _) = victim.hears_call();
    victim.says(&json!(["reject", id, ["error", "Error", evil]]));
    alice.sees_next(&format!("❌ {shown}"));
    // What is no note at all is not shown, and does no harm.
    for note in
        [json!("hi"), json!({ "type": "chat" }), json!({ "type": "dance" }), json!(null)]
    {
        victim.tells(&note);
    }
    victim.tells(&system("still there"));
    alice.sees_next("*** still there ***");
    assert!(!alice.printed().contains(['\x1b', '\r']));
}

#[test]
fn a_file_that_is_longer_or_shorter_than_promised_is_not_kept() {
    let fixture = Fixture::open();
    let impostor = Impostor::sits_in(&fixture);
    let folder = fixture.path("downloads");
    fs::create_dir(&folder).unwrap();
    let options = ["--name", "Alice", "--downloads", typed(&folder)];
    let mut alice = fixture.starts_client("Alice", &options);
    let mut victim = impostor.lets_in(&mut alice);
    for (number, last, told) in [
        (1, json!(["bytes", "YWI"]), "it is longer than the 4 B promised"),
        (2, json!(["bytes", ""]), "it ended after 3 B, and 4 B were promised"),
        (3, json!("YWI"), "the server's answer makes no sense"),
    ] {
        let file = json!({ "name": "cat", "size": 4, "content": ["export", -number] });
        victim.tells(&json!({ "username": "Bob", "text": "", "type": "file", "file": file }));
        alice.sees_next(&format!("[Bob] shares cat (4 B): /save {number}"));
        alice.types(&format!("/save {number}"));
        for part in [json!(["bytes", "YWJj"]), last] {
            let (id, method) = victim.hears_call();
            assert_eq!(method, "read");
            victim.says(&json!(["resolve", id, part]));
        }
        alice.sees_next(&format!("❌ Cannot save cat: {told}"));
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
    }
}

#[test]
fn who_leaves_says_so_and_says_goodbye() {
    let fixture = Fixture::open();
    let impostor = Impostor::sits_in(&fixture);
    let mut alice = fixture.starts_client("Alice", &["--name", "Alice"]);
    let mut victim = impostor.lets_in(&mut alice);
    alice.types("/quit");
    let (id, method) = victim.hears_call();
    assert_eq!(method, "leave");
    victim.says(&json!(["resolve", id, { "message": "Goodbye, Alice!" }]));
    let goodbye = loop {
        if let Message::Close(frame) = victim.0.read().expect("the client says goodbye") {
            break frame.map(|frame| u16::from(frame.code));
        }
    };
    assert_eq!(goodbye, Some(1000));
    while victim.0.read().is_ok() {}
    alice.ends_well();
}

#[test]
fn who_wants_to_leave_does_not_wait_for_a_server_that_says_nothing() {
    let fixture = Fixture::open();
    let impostor = Impostor::sits_in(&fixture);
    for how in 0..3 {
        let mut alice = fixture.starts_client("Alice", &["--name", "Alice"]);
        let silence = match how {
            0 => Some(impostor.lets_in(&mut alice)),
            1 => Some(impostor.shakes_hands()),
            _ => None, // Not even that.
        };
        if how == 0 {
            alice.types("/quit");
        } else {
            alice.sees("Connecting to chat server as 'Alice'...\n");
            #[cfg(unix)]
            alice.presses_ctrl_c();
            #[cfg(not(unix))]
            alice.is_killed();
        }
        if cfg!(unix) || how == 0 {
            alice.ends_well();
        }
        drop(silence);
    }
}

/// A terminal that stands still makes the server wait, and not the user who wants to leave.
#[test]
#[cfg(unix)]
fn nobody_is_kept_by_a_terminal_that_stands_still() {
    use std::process::{Command, Stdio};

    let fixture = Fixture::open();
    let impostor = Impostor::sits_in(&fixture);
    let mut alice = Command::new(fixture::CLIENT)
        .args(["--url", &fixture.url(), "--name", "Alice"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped()) // Nobody reads it.
        .spawn()
        .expect("the client starts");
    let mut victim = impostor.shakes_hands();
    let (id, _) = victim.hears_call();
    victim.says(&json!(["resolve", id, { "users": [["Alice"]] }]));
    victim.0.get_ref().set_write_timeout(Some(Duration::from_millis(500))).unwrap();
    let note = json!(["push", ["pipeline", -1, ["onMessage"], [system(&"x".repeat(4000))]]]);
    let note = note.to_string();
    let mut sent = 0;
    while victim.0.send(Message::text(note.as_str())).is_ok() {
        sent += note.len();
        assert!(sent < 64 << 20, "the client takes in all that it cannot show");
    }
    let kill = Command::new("kill").args(["-INT", &alice.id().to_string()]).status();
    assert!(kill.expect("kill(1) is here").success());
    let ended = (0..2000).find_map(|_| {
        std::thread::park_timeout(Duration::from_millis(5));
        alice.try_wait().expect("it can be waited for")
    });
    let _ = alice.kill(); // If it has not ended, the test has failed.
    assert!(ended.is_some_and(|status| status.success()), "{ended:?}");
}
