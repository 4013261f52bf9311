//! The history file: what was said, one line of JSON a note. It is only ever appended to; what was
//! written is never changed, not even a line that makes no sense. A line is whole or it is not
//! there: what was cut off by a crash has no line end or, once more was written, is no valid JSON.
//!
//! A line is handed to the system before anybody is told what stands in it. So what anybody has
//! seen is still there when this program is killed; only the machine itself must go on.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::Path;

use anyhow::{Result, anyhow, bail};
use capnweb::{Cap, Value};
use serde_json::json;

use crate::interface::{Kind, Note};
use crate::name::RoomName;
use crate::server::event::Event;

/// How much of the end of the file is read at the start, in bytes. That is some ten thousand notes,
/// of which a room remembers 50.
const MAX_READ: u64 = 4 << 20;

/// A history file, open for appending.
#[derive(Debug)]
pub(crate) struct HistoryFile {
    file: File,
    /// Whether the file ends in the middle of a line, which the next note must not become part of.
    is_torn: bool,
    /// How many notes could not be written since one could.
    lost: u64,
}

/// The contents of the file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Past {
    /// The notes with their rooms, oldest first.
    pub notes: Vec<(RoomName, Note)>,
    /// Warnings for the user.
    pub news: Vec<Event>,
    /// Whether the last line has no end: it was being written when the server stopped.
    is_torn: bool,
}

impl HistoryFile {
    /// Opens a history, or begins one. An error is what the user should read.
    pub(crate) fn open(path: &Path) -> Result<(Self, Past)> {
        let shown = path.display();
        let cannot = |error: io::Error| {
            anyhow!(
                "cannot use {shown} for the history: {error}; choose another --history file"
            )
        };
        // First of all: to open a pipe waits until its other end is opened.
        match fs::metadata(path) {
            Ok(it) if !it.is_file() => {
                bail!("{shown} is no plain file: choose another --history file, or a new name")
            }
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(cannot(error)),
            _ => {}
        }
        let options = OpenOptions::new().read(true).append(true).create(true).open(path);
        let mut file = options.map_err(cannot)?;
        // Any other error is none: not every file system has locks.
        if let Err(TryLockError::WouldBlock) = file.try_lock() {
            bail!("another chat server writes {shown}: choose another --history file");
        }
        let past = read_back(&mut file).map_err(cannot)?;
        Ok((Self { file, is_torn: past.is_torn, lost: 0 }, past))
    }

    /// Appends a note. Returns a warning for the user, if there is one.
    pub(crate) fn record(&mut self, room: &RoomName, note: &Note) -> Option<Event> {
        let mut line = if self.is_torn { "\n".to_owned() } else { String::new() };
        line += &as_line(room, note);
        match self.file.write_all(line.as_bytes()) {
            Ok(()) => {
                self.is_torn = false;
                let lost = std::mem::take(&mut self.lost);
                (lost > 0).then_some(Event::RecordsAgain(lost))
            }
            Err(error) => {
                self.is_torn = true; // A part of it may have been written.
                self.lost += 1;
                (self.lost == 1).then(|| Event::CannotRecord(error.to_string()))
            }
        }
    }
}

/// Reads the end of the file.
fn read_back(file: &mut File) -> io::Result<Past> {
    let length = file.metadata()?.len();
    let skipped = length.saturating_sub(MAX_READ);
    file.seek(SeekFrom::Start(skipped))?;
    let mut bytes = Vec::new();
    file.take(MAX_READ).read_to_end(&mut bytes)?;
    // A line that has begun before is no line.
    let begin = if skipped > 0 { bytes.iter().position(|byte| *byte == b'\n') } else { None };
    let lines = &bytes[begin.map_or(0, |end| end + 1)..];
    let mut past = read(&String::from_utf8_lossy(lines));
    if skipped > 0 {
        past.news.insert(0, Event::HistoryIsLong(skipped));
    }
    Ok(past)
}

/// A note as a line of the file, with its end.
fn as_line(room: &RoomName, note: &Note) -> String {
    let mut json = json!({
        "room": room.to_string(),
        "username": note.username,
        "text": note.text,
        "type": note.kind.word(),
    });
    if let Kind::File { name, size, .. } = &note.kind {
        json["file"] = json!({ "name": name, "size": size });
    }
    format!("{json}\n")
}

/// Reads lines of the file. Somebody may have edited it: a line that is no note is counted, and the
/// rest is read all the same.
fn read(text: &str) -> Past {
    let (mut past, mut bad) = (Past::default(), 0);
    // A blank line ends one of which nothing could be written.
    for line in text.split_inclusive('\n').filter(|line| *line != "\n") {
        match line.strip_suffix('\n').map(note) {
            Some(Some(note)) => past.notes.push(note),
            Some(None) => bad += 1,
            None => past.is_torn = true,
        }
    }
    past.news.extend((bad > 0).then_some(Event::LinesSkipped(bad)));
    past.news.extend(past.is_torn.then_some(Event::LineTorn));
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
mod tests;
