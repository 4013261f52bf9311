//! The wire: messages and expressions, text in and text out. Here nothing is looked up or called.
//!
//! ```text
//! ["push", expr]          evaluate this; the result is my next number: 1, 2, 3 ...
//! ["pull", id]            I want to have that result
//! ["resolve", id, expr]   here it is
//! ["reject", id, expr]    it is an error
//! ["release", id, n]      I drop n references to that thing of yours
//! ["abort", expr]         the session is over, because of this
//! ```
//!
//! An expression is a JSON value, but a JSON array in it is always a form with a tag, such as
//! `["pipeline", 0, ["greet"], []]` for a call. So a list is wrapped once more: `[[1, 2]]`. What
//! is no message, and what we refuse (`stream`, `pipe`, `remap`, what only browsers have), is an
//! error that ends the session.

mod read;
#[cfg(test)]
mod tests;
mod write;

pub(crate) use write::{write_list, write_reject, write_resolve, write_written_call};

use super::error::RpcError;
use super::stub::Key;
use super::value::Value;

/// How many brackets may be open at once in the text of a message. It bounds the stack of all that
/// walks through a value.
pub const MAX_DEPTH: usize = 64;

/// The longest path, in names.
pub const MAX_PATH: usize = 64;

/// The most digits of a `bigint`, as in npm.
pub const MAX_DIGITS: usize = 16_384;

/// The greatest number that can be an id, or a count: the greatest one that JavaScript counts to.
pub const MAX_ID: i64 = (1 << 53) - 1;

/// What one side says to the other.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// Evaluate this. Its result gets the next number.
    Push(Value<Ref>),
    /// The result of this number is wanted.
    Pull(i64),
    /// The result of this number.
    Resolve(i64, Value<Ref>),
    /// Why there is no result of this number.
    Reject(i64, RpcError),
    /// So many references to this are dropped.
    Release(i64, u64),
    /// The session is over.
    Abort(RpcError),
}

/// A capability in an expression: numbers, as its sender counts.
#[derive(Clone, Debug, PartialEq)]
pub enum Ref {
    /// A new stub of the sender's; negative.
    Export(i64),
    /// The same, but for a value that the sender will resolve unasked; negative.
    Promise(i64),
    /// Something of the receiver's, as it is (`import`).
    Import(i64),
    /// Something of the receiver's, or what a path leads to in there, or with arguments: the
    /// result of a call.
    Pipeline {
        /// Whose.
        id: i64,
        /// Where in it.
        path: Vec<Key>,
        /// With what it is called; without them it is only read.
        args: Option<Vec<Value<Self>>>,
    },
}

impl Message {
    /// Reads one message.
    ///
    /// ```
    /// use capnweb::wire::Message;
    /// assert_eq!(Message::read(r#"["pull", 1]"#), Ok(Message::Pull(1)));
    /// assert!(Message::read(r#"["pull"]"#).is_err());
    /// ```
    ///
    /// # Errors
    ///
    /// If it is not a message that we take. After that, both sides no longer count alike, so the
    /// session cannot go on.
    pub fn read(text: &str) -> Result<Self, RpcError> {
        read::message(text)
    }

    /// The text of it.
    pub fn write(&self) -> String {
        write::message(self)
    }
}
