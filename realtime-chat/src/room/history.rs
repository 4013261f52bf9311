//! What was said last, in each room; and its form in a file: one line of JSON for each note. A line
//! is whole or it is not there: what was cut off by a crash is known by its missing line end.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use capnweb::{Cap, Value};
use serde_json::json;

use crate::interface::{Kind, Note};
use crate::name::RoomName;

/// How many notes are remembered in each room.
pub(crate) const MAX_NOTES: usize = 50;

/// What was said last.
#[derive(Debug, Default)]
pub(super) struct History(BTreeMap<RoomName, VecDeque<Arc<Note>>>);

impl History {
    /// One more note, in this room.
    pub(super) fn add(&mut self, room: &RoomName, note: Arc<Note>) {
        let notes = self.0.entry(room.clone()).or_default();
        if notes.len() == MAX_NOTES {
            notes.pop_front();
        }
        notes.push_back(note);
    }

    /// What was said in this room, oldest first.
    pub(super) fn of(&self, room: &RoomName) -> Vec<Arc<Note>> {
        self.0.get(room).into_iter().flatten().cloned().collect()
    }

    /// This room is no more.
    pub(super) fn forget(&mut self, room: &RoomName) {
        self.0.remove(room);
    }
}

/// What a history file holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Past {
    /// What was said, and where, oldest first.
    pub notes: Vec<(RoomName, Note)>,
    /// Whether the last line has no end: it was being written when the server stopped.
    pub torn: bool,
    /// How many lines are no notes.
    pub bad: usize,
}

/// A note as a line of the history file, with its end.
pub(crate) fn line(room: &RoomName, note: &Note) -> String {
    let mut json = json!({
        "room": room.as_str(),
        "username": note.username,
        "text": note.text,
        "type": note.kind.word(),
    });
    if let Kind::File { name, size, .. } = &note.kind {
        json["file"] = json!({ "name": name, "size": size });
    }
    format!("{json}\n")
}

/// Reads a history file. Somebody may have edited it: a line that is no note is counted, and the
/// rest is read all the same.
pub(crate) fn read(text: &str) -> Past {
    let mut past = Past::default();
    for line in text.split_inclusive('\n') {
        match line.strip_suffix('\n').map(note) {
            Some(Some(note)) => past.notes.push(note),
            Some(None) => past.bad += 1,
            None => past.torn = true,
        }
    }
    past
}

/// The note in a line. The client that has shared a file is gone, and the file, too.
fn note(line: &str) -> Option<(RoomName, Note)> {
    let value = value(serde_json::from_str(line).ok()?);
    let room = RoomName::read(value.get("room")?.as_str()?).ok()?;
    let note = Note::read(&value, |_| None)?;
    (!matches!(note.kind, Kind::Private { .. })).then_some((room, note))
}

/// A value as if it had come from a server, but without lists: there are none in a note.
fn value(json: serde_json::Value) -> Value<Cap<()>> {
    match json {
        serde_json::Value::String(text) => text.into(),
        serde_json::Value::Number(number) => number.as_f64().map_or(Value::Null, Value::Number),
        serde_json::Value::Object(entries) => {
            Value::Object(entries.into_iter().map(|(key, json)| (key, value(json))).collect())
        }
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use capnweb::Stub;

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
    fn the_last_fifty_of_each_room_are_there() {
        let mut history = History::default();
        assert_eq!(history.of(&rust()), []);
        for number in 0..=MAX_NOTES {
            history.add(&rust(), Arc::new(chat(&number.to_string())));
        }
        history.add(&RoomName::lobby(), Arc::new(chat("here")));
        let notes = history.of(&rust());
        assert_eq!(notes.len(), MAX_NOTES);
        assert_eq!((&*notes[0].text, &*notes[MAX_NOTES - 1].text), ("1", "50"));
        assert_eq!(history.of(&RoomName::lobby()).len(), 1);
        history.forget(&rust());
        assert_eq!(history.of(&rust()), []);
        assert_eq!(history.of(&RoomName::lobby()).len(), 1);
    }

    #[test]
    fn a_line_with_any_text_is_one_line() {
        for text in ["hi", "a\nb\r\n", "\"}\\", "\u{2028}👋", ""] {
            let line = line(&rust(), &chat(text));
            assert_eq!(line.matches('\n').count(), 1, "{line}");
            assert!(line.ends_with('\n'));
        }
    }

    #[test]
    fn what_was_written_is_read_again_without_what_is_gone() {
        let name = Name::read("Alice").unwrap();
        let shared = Shared { by: ClientId(7), name, stub: Stub::MAIN };
        let notes = [
            chat("hi \"Bob\" \\\n\t👋"),
            Note::system("x".into()),
            file(Some(Arc::new(shared))),
        ];
        let text: String = notes.iter().map(|note| line(&rust(), note)).collect();
        let json = r#""type":"file","file":{"name":"cat.png","size":12345}}"#;
        assert!(text.contains(json), "{text}");
        let past = read(&text);
        let [one, two, _] = notes;
        assert_eq!(past.notes, [one, two, file(None)].map(|note| (rust(), note)));
        assert_eq!((past.torn, past.bad), (false, 0));
        assert_eq!(read(""), Past::default());
    }

    #[test]
    fn a_torn_line_is_ignored_wherever_it_was_torn() {
        let (one, two) = (line(&rust(), &chat("one")), line(&rust(), &chat("zwölf")));
        for end in (1..two.len()).filter(|end| two.is_char_boundary(*end)) {
            let past = read(&format!("{one}{}", &two[..end]));
            assert_eq!(past.notes, [(rust(), chat("one"))], "{end}");
            assert_eq!((past.torn, past.bad), (true, 0), "{end}");
        }
    }

    #[test]
    fn a_line_that_is_no_note_is_counted_and_the_rest_is_read() {
        let good = line(&rust(), &chat("one"));
        for bad in [
            "",
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
            line(&rust(), &chat(&"x".repeat(4 * MAX_MESSAGE + 1))).trim_end(),
        ] {
            let past = read(&format!("{good}{bad}\n{good}"));
            assert_eq!((past.notes.len(), past.torn, past.bad), (2, false, 1), "{bad}");
        }
    }

    #[test]
    fn what_somebody_has_put_into_the_file_does_nothing_to_a_terminal() {
        let evil =
            r##"{"room":"#rust","username":"A\u001b[2J","text":"\u0007","type":"chat"}"##;
        let (_, note) = read(&format!("{evil}\n")).notes.remove(0);
        assert_eq!((&*note.username, &*note.text), ("A\u{FFFD}[2J", "\u{FFFD}"));
        let evil = r##"{"room":"#r","username":"A","text":"","type":"file","file":{"name":"\u202e","size":1}}"##;
        let (_, note) = read(&format!("{evil}\n")).notes.remove(0);
        let Kind::File { name, .. } = note.kind else { panic!("{note:?}") };
        assert_eq!(name, "\u{FFFD}");
    }
}
