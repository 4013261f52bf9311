//! Lines of a history file, good, torn and bad.

use std::sync::Arc;

use capnweb::Stub;

use super::*;
use crate::interface::{ClientId, MAX_MESSAGE, Shared};
use crate::name::Name;

fn rust() -> RoomName {
    RoomName::read("rust").unwrap()
}

fn chat(text: &str) -> Note {
    Note { username: "Alice".into(), text: text.into(), kind: Kind::Chat }
}

fn file(content: Option<Arc<Shared>>) -> Note {
    let kind = Kind::File { name: "cat.png".into(), size: 12_345, content };
    Note { username: "Alice".into(), text: "shares cat.png (12.3 kB)".into(), kind }
}

#[test]
fn a_line_with_any_text_is_one_line() {
    for text in ["hi", "a\nb\r\n", "\"}\\", "\u{2028}👋", ""] {
        let line = as_line(&rust(), &chat(text));
        assert_eq!(line.matches('\n').count(), 1, "{line}");
        assert!(line.ends_with('\n'));
    }
}

#[test]
fn what_was_written_is_read_again_without_what_is_gone() {
    let name = Name::read("Alice").unwrap();
    let shared = Shared { by: ClientId(7), name, stub: Stub::MAIN };
    let notes =
        [chat("hi \"Bob\" \\\n\t👋"), Note::system("x".into()), file(Some(Arc::new(shared)))];
    let text: String = notes.iter().map(|note| as_line(&rust(), note)).collect();
    let json = r#""type":"file","file":{"name":"cat.png","size":12345}}"#;
    assert!(text.contains(json), "{text}");
    let past = read(&text);
    let [one, two, _] = notes;
    assert_eq!(past.notes, [one, two, file(None)].map(|note| (rust(), note)));
    assert_eq!(past.news, []);
    assert_eq!(read(""), Past::default());
}

#[test]
fn a_torn_line_is_ignored_wherever_it_was_torn() {
    let (one, two) = (as_line(&rust(), &chat("one")), as_line(&rust(), &chat("zwölf")));
    for end in (1..two.len()).filter(|end| two.is_char_boundary(*end)) {
        let past = read(&format!("{one}{}", &two[..end]));
        assert_eq!(past.notes, [(rust(), chat("one"))], "{end}");
        assert_eq!((past.news, past.is_torn), (vec![Event::LineTorn], true), "{end}");
    }
}

/// As on a disk that was full: the next note begins a line of its own.
#[test]
fn a_blank_line_is_no_damage() {
    let good = as_line(&rust(), &chat("one"));
    let past = read(&format!("{good}\n{good}"));
    assert_eq!((past.notes.len(), past.news.len(), past.is_torn), (2, 0, false));
}

#[test]
fn a_line_that_is_no_note_is_counted_and_the_rest_is_read() {
    let good = as_line(&rust(), &chat("one"));
    for bad in [
        "hello",
        "null",
        "[]",
        "{}",
        r##"{"room":"#rust","username":"Alice","text":"hi"}"##,
        r##"{"room":"#rust","username":"Alice","text":"hi","type":"shout"}"##,
        r##"{"room":"#rust","username":"Alice","text":"hi","type":"private","to":"Bob"}"##,
        r##"{"room":"#two words","username":"Alice","text":"hi","type":"chat"}"##,
        r#"{"room":7,"username":"Alice","text":"hi","type":"chat"}"#,
        r##"{"room":"#rust","username":7,"text":"hi","type":"chat"}"##,
        r##"{"room":"#rust","username":"Alice","text":7,"type":"chat"}"##,
        r##"{"room":"#rust","username":"Alice","text":"hi","type":"file"}"##,
        r##"{"room":"#rust","username":"A","text":"x","type":"file","file":{"name":"x"}}"##,
        r##"{"room":"#rust","username":"A","text":"x","type":"file","file":{"size":1}}"##,
        &"[".repeat(100_000),
        as_line(&rust(), &chat(&"x".repeat(4 * MAX_MESSAGE + 1))).trim_end(),
    ] {
        let past = read(&format!("{good}{bad}\n{good}"));
        assert_eq!((past.notes.len(), past.is_torn), (2, false), "{bad}");
        assert_eq!(past.news, [Event::LinesSkipped(1)], "{bad}");
    }
}

#[test]
fn what_somebody_has_put_into_the_file_does_nothing_to_a_terminal() {
    let evil = r##"{"room":"#rust","username":"A\u001b[2J","text":"\u0007","type":"chat"}"##;
    let (_, note) = read(&format!("{evil}\n")).notes.remove(0);
    assert_eq!((&*note.username, &*note.text), ("A\u{FFFD}[2J", "\u{FFFD}"));
    let evil = r##"{"room":"#r","username":"A","text":"","type":"file","file":{"name":"\u202e","size":1}}"##;
    let (_, note) = read(&format!("{evil}\n")).notes.remove(0);
    let Kind::File { name, .. } = note.kind else { panic!("{note:?}") };
    assert_eq!(name, "\u{FFFD}");
}
