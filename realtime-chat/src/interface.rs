//! The interface: what a client may ask of the chat, what it is answered, and what the chat tells
//! its clients; as types, and as the values that travel. No socket, no state.
//!
//! | a client calls | and gets |
//! |---|---|
//! | `join(username, client)` | `{message, userCount, users, room}` |
//! | `sendMessage(username, text)` | `{status: "sent", timestamp}` |
//! | `leave(username)` | `{message}` |
//! | `listUsers()` | `[username, ...]`, of the caller's room |
//! | `getHistory()` | `[note, ...]`, the last 50 of the caller's room |
//! | `sendPrivate(username, to, text)` | `{status: "sent"}` |
//! | `enterRoom(username, room)` | `{message, room, userCount, users}` |
//! | `listRooms()` | `[{name, userCount}, ...]` |
//! | `setTyping(username, isTyping)` | nothing |
//! | `shareFile(username, {name, size}, file)` | `{status: "shared"}` |
//! | the properties `userCount`, `messageCount` | a number |
//!
//! A `timestamp` is no time: it is the place of the message among all notes, from 1, as with npm's
//! package.
//!
//! | the chat calls | on |
//! |---|---|
//! | `onMessage({username, text, type, to?, file?})` | the client that has joined |
//! | `onTyping({username, isTyping})` | the client that has joined |
//! | `read(offset)` | the file that was shared; returns bytes, none at its end |
//!
//! A file in a note is `{name, size, content}`, where `content` can be asked for `read(offset)`,
//! too. The chat passes that on to the client that has shared the file.

mod note;
mod reply;
mod request;
mod value;

#[cfg(test)]
mod tests;

pub(crate) use note::{Kind, Note, Notice};
pub(crate) use reply::Reply;
pub(crate) use request::{MAX_FILE, MAX_MESSAGE, Request};
pub(crate) use value::{ClientId, Exported, Result, Shared, bytes, number, whole};

use std::fmt;

use capnweb::Stub;
use terminal::clean;

/// The most bytes of a file that are read at once.
pub(crate) const CHUNK: usize = 32 * 1024;

/// The size from which on a file's progress is shown, in bytes.
const BIG: u64 = 8 * CHUNK as u64;

/// The percentage to be told when a reader has `bytes` of a file, and had as many as `before`: the
/// quarters of a big file, and the end of any.
pub(crate) fn progress(before: Option<u64>, bytes: u64, size: u64) -> Option<u64> {
    let quarters = |bytes: u64| (4 * bytes.min(size)).checked_div(size).unwrap_or(4);
    let quarter = quarters(bytes);
    let is_step = quarter > before.map_or(0, quarters) && (size >= BIG || quarter == 4);
    is_step.then_some(25 * quarter)
}

/// A file of another client, for as long as we hold it. Our user types its number after `/save`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Offer {
    pub number: u64,
    pub stub: Stub,
}

/// How long a file is, rounded, as people read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size(pub u64);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, word) = match self.0 {
            bytes @ 0..1000 => return write!(f, "{bytes} B"),
            1000..999_950 => (1000, "kB"),
            _ => (1_000_000, "MB"),
        };
        let tenths = (self.0 + unit / 20) / (unit / 10);
        write!(f, "{}.{} {word}", tenths / 10, tenths % 10)
    }
}

/// An error in the words of another program: clean, and at most so many bytes of it.
pub(crate) fn repeated(words: &str, at_most: usize) -> String {
    let shown = &words[..words.floor_char_boundary(at_most)];
    let more = if shown.len() < words.len() { "…" } else { "" };
    clean(shown.as_bytes()) + more
}
