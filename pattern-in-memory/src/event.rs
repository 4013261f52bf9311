//! Events, refusals and errors: every sentence this lab can put on a screen.
//!
//! A peer returns an [`Event`] and does not know who reads it, so the same peer can be printed,
//! tested or put behind a network. All wording is in this one file because a lab sheet is a
//! promise about words, and a promise is easier to keep in one place.

#![expect(missing_docs, reason = "each field is named in the sentence that `Display` writes")]

use std::{fmt, io};

/// One line of the story, told from the side of `peer`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub peer: String,
    pub kind: EventKind,
}

/// An act or an observation of `peer`; a single `String` is the name of the other peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventKind {
    Dialing(String),
    Accepted(String),
    Connected(String),
    AlreadyConnected(String),
    NotConnected(String),
    BothEnds,
    HangingUp(String),
    Disconnected(String),
    Received { other: String, message: String },
    ConnectedToNobody,
    Keeps { other: String, message: String },
    KeepsNothing,
    Forgot { kept: usize, forgotten: usize },
    MailboxFull, // Only where peers have mailboxes: examples/mailboxes.rs.
    NotWritten(&'static str), // Only where the answer to a task of the lab is missing.
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.peer)?;
        match &self.kind {
            EventKind::Dialing(other) => write!(f, "is establishing a connection with {other}"),
            EventKind::Accepted(other) => write!(f, "accepted connection with {other}"),
            EventKind::Connected(other) => write!(f, "is now connected to {other}"),
            EventKind::AlreadyConnected(other) => write!(f, "is already connected to {other}"),
            EventKind::NotConnected(other) => write!(f, "is not connected to {other}"),
            EventKind::BothEnds => f.write_str("cannot be both ends of a connection"),
            EventKind::HangingUp(other) => write!(f, "is closing the connection with {other}"),
            EventKind::Disconnected(other) => write!(f, "is no longer connected to {other}"),
            EventKind::Received { other, message } => {
                write!(f, "received a message from {other}: {message}")
            }
            EventKind::ConnectedToNobody => f.write_str("is connected to nobody"),
            EventKind::Keeps { other, message } => {
                write!(f, "has a message from {other}: {message}")
            }
            EventKind::KeepsNothing => f.write_str("has no messages"),
            EventKind::Forgot { kept, forgotten } => {
                write!(f, "keeps the newest {kept} messages; forgotten: {forgotten}")
            }
            EventKind::MailboxFull => f.write_str("has no room for another request"),
            EventKind::NotWritten(task) => write!(f, "cannot: task {task} is not written yet"),
        }
    }
}

/// Every step of a script, in the form in which it is written.
pub const FORMS: [&str; 6] = [
    "peer NAME",
    "connect A B",
    "send A B TEXT",
    "disconnect A B",
    "broadcast A TEXT",
    "inbox A",
];

/// Why a line of a script is refused: what is wrong with it, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    NotAStep { step: String, words: usize },
    NotText,
    BadQuotes,
    LongName { limit: usize },
    LongLine { limit: usize },
    NoSuchPeer { word: String },
    SameName { name: String },
    TooManyPeers { limit: usize },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAStep { step, words } => {
                let form = FORMS.iter().find(|form| form.split(' ').next() == Some(step));
                let Some(form) = form else {
                    write!(f, "{step:?} is not a step; ")?;
                    return write!(f, "write one of: {}", FORMS.join(", "));
                };
                let follows = match words {
                    0 => "nothing".to_owned(),
                    1 => "1 word".to_owned(),
                    _ => format!("{words} words"),
                };
                write!(f, "{step:?} with {follows} after it is not a step; write: {form} ")?;
                f.write_str("(a name of several words stands in quotes: \"Peer 1\")")
            }
            Self::NotText => {
                f.write_str("a step or a name holds bytes that are not readable text; ")?;
                f.write_str("type the line again, and save the script as UTF-8")
            }
            Self::BadQuotes => {
                f.write_str("a name stands in two quotes or none; write: \"Peer 1\"")
            }
            Self::LongName { limit } => {
                write!(f, "the name is too long; choose one of at most {limit} characters")
            }
            Self::LongLine { limit } => {
                write!(f, "the line is too long; write at most {limit} bytes on one line")
            }
            Self::NoSuchPeer { word } => {
                write!(f, "there is no peer called {:?}; ", word.trim_matches('"'))?;
                write!(f, "write above this line: peer {word}")
            }
            Self::SameName { name } => {
                write!(f, "there is a peer called {name:?} already; choose another name")
            }
            Self::TooManyPeers { limit } => {
                write!(f, "a story has room for {limit} peers; leave this one out")
            }
        }
    }
}

/// Why a line is refused, or why the whole story ends.
#[derive(Debug)]
pub enum Error {
    Line { number: usize, refusal: Refusal },
    Script { name: String, error: io::Error },
    Screen(io::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line { number, refusal } => write!(f, "line {number}: {refusal}"),
            Self::Script { name, error } => {
                write!(f, "cannot read the script {name}: {error}; ")?;
                f.write_str("name a file that can be read, or write - to type the script")
            }
            Self::Screen(error) => {
                write!(f, "cannot print: {error}; send the output somewhere else")
            }
        }
    }
}
