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
#[cfg(test)]
mod tests;

pub(crate) use note::{Kind, Note, Notice};
pub(crate) use reply::Reply;
pub(crate) use request::Request;

use std::fmt;
use std::sync::Arc;

use capnweb::{Cap, RpcError, Stub, Value};
use terminal::clean;

use crate::name::Name;

/// What a call comes to: its result, or the error that the caller gets.
pub(crate) type Result<T, E = RpcError> = std::result::Result<T, E>;

/// The longest message, in bytes.
pub(crate) const MAX_MESSAGE: usize = 4096;

/// The most lines of a message: so many rows of a terminal the longest message takes anyway.
pub(crate) const MAX_LINES: usize = 50;

/// The largest file that can be shared, in bytes.
pub(crate) const MAX_FILE: u64 = 16 << 20;

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

/// The number of a connection. None is used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ClientId(pub u64);

/// A file that a client shares. It is the very object that others call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shared {
    pub by: ClientId,
    /// The user that this client is.
    pub name: Name,
    pub stub: Stub,
}

/// A file of another client, for as long as we hold it. Our user types its number after `/save`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Offer {
    pub number: u64,
    pub stub: Stub,
}

/// What the server lets a client call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Exported {
    /// The chat.
    Chat,
    /// A file of some other client.
    File(Arc<Shared>),
}

/// The text, fit for a terminal.
fn text<C>(value: &Value<C>) -> Option<String> {
    value.as_str().map(|text| clean(text.as_bytes()))
}

/// The stub, if the value is one.
fn stub<T>(value: &Value<Cap<T>>) -> Option<Stub> {
    if let Value::Cap(Cap::Stub(stub)) = value { Some(*stub) } else { None }
}

/// The bytes, as base64, if the value is bytes.
pub(crate) fn bytes<C>(value: Value<C>) -> Option<String> {
    if let Value::Bytes(base64) = value { Some(base64) } else { None }
}

/// What a user says, fit for a terminal. Its lines stay lines, each ended by `\n`.
fn spoken(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    let ends = ['\n', '\r', '\u{B}', '\u{C}', '\u{85}', '\u{2028}', '\u{2029}'];
    text.split(ends).map(|line| clean(line.as_bytes())).collect::<Vec<_>>().join("\n")
}

/// The number, if it is a whole one that can be counted to.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked")]
pub(crate) fn whole<C>(value: &Value<C>) -> Option<u64> {
    const MOST: f64 = 9_007_199_254_740_991.0; // JavaScript's Number.MAX_SAFE_INTEGER
    let number = value.as_number()?;
    let fits = (0.0..=MOST).contains(&number) && number.fract() == 0.0;
    fits.then_some(number as u64)
}

/// A number as JavaScript has it.
#[expect(clippy::cast_precision_loss, reason = "exact for the first 9 quadrillion")]
pub(crate) fn number<C>(number: u64) -> Value<C> {
    Value::Number(number as f64)
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
