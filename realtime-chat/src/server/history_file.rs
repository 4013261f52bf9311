//! The history file: what was said, one line a note. It is only ever appended to; what was
//! written is never changed, not even a line that makes no sense.
//!
//! A line is handed to the system before anybody is told what stands in it. So what anybody has
//! seen is still there when this program is killed; only the machine itself must go on.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::Path;

use crate::interface::Note;
use crate::name::RoomName;
use crate::room::history;
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

/// What was found in the file.
#[derive(Debug, Default)]
pub(crate) struct Past {
    /// The notes, oldest first.
    pub notes: Vec<(RoomName, Note)>,
    /// What the user should know about it.
    pub news: Vec<Event>,
}

impl HistoryFile {
    /// Opens a history, or begins one. An error is what the user should read.
    pub(crate) fn open(path: &Path) -> Result<(Self, Past), String> {
        let shown = path.display();
        let cannot = |error: io::Error| {
            format!(
                "cannot use {shown} for the history: {error}; choose another --history file"
            )
        };
        let no_file = || {
            format!("{shown} is no plain file: choose another --history file, or a new name")
        };
        // First of all: to open a pipe waits until its other end is opened.
        match fs::metadata(path) {
            Ok(it) if !it.is_file() => return Err(no_file()),
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(cannot(error)),
            _ => {}
        }
        let options = OpenOptions::new().read(true).append(true).create(true).open(path);
        let mut file = options.map_err(cannot)?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => {
                return Err(format!(
                    "another chat server writes {shown}: choose another --history file"
                ));
            }
            // Not every file system has locks.
            Ok(()) | Err(TryLockError::Error(_)) => {}
        }
        let (past, is_torn) = read_back(&mut file).map_err(cannot)?;
        Ok((Self { file, is_torn, lost: 0 }, past))
    }

    /// Appends a note. Returns what the user should know, if anything.
    pub(crate) fn record(&mut self, room: &RoomName, note: &Note) -> Option<Event> {
        let mut line = if self.is_torn { "\n".to_owned() } else { String::new() };
        line += &history::line(room, note);
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

/// Reads the end of the file; and whether the file ends in the middle of a line.
fn read_back(file: &mut File) -> io::Result<(Past, bool)> {
    let length = file.metadata()?.len();
    let skipped = length.saturating_sub(MAX_READ);
    file.seek(SeekFrom::Start(skipped))?;
    let mut bytes = Vec::new();
    file.take(MAX_READ).read_to_end(&mut bytes)?;
    // A line that has begun before is no line.
    let begin = if skipped > 0 { bytes.iter().position(|byte| *byte == b'\n') } else { None };
    let lines = &bytes[begin.map_or(0, |end| end + 1)..];
    let found = history::read(&String::from_utf8_lossy(lines));
    let news = [
        (skipped > 0).then_some(Event::HistoryIsLong(skipped)),
        (found.bad > 0).then_some(Event::LinesSkipped(found.bad)),
        found.torn.then_some(Event::LineTorn),
    ];
    let news = news.into_iter().flatten().collect();
    Ok((Past { notes: found.notes, news }, found.torn))
}
