//! What messages are made of, and how much of it is too much.

use crate::error::RpcError;
use crate::stub::Key;
use crate::value::Value;

/// How many brackets may be open at once in the text of a message. It bounds the stack of all that
/// walks through a value.
pub(crate) const MAX_DEPTH: usize = 64;

/// The stack of a thread that reads messages, in bytes: enough for [`MAX_DEPTH`] in a debug build.
/// The system gives memory only for what is used of it.
pub(crate) const STACK: usize = 1024 * 1024;

/// The longest path, in names.
pub(crate) const MAX_PATH: usize = 64;

/// The most digits of a `bigint`, as in npm.
pub(super) const MAX_DIGITS: usize = 16_384;

/// The greatest number that can be an id, or a count: the greatest one that JavaScript counts to.
pub(super) const MAX_ID: i64 = (1 << 53) - 1;

/// What one side says to the other.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Message {
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

/// A capability in an expression, by the number that its sender has for it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Ref {
    /// A new stub of the sender's; negative.
    Export(i64),
    /// The same, but for a value that the sender will resolve unasked; negative.
    Promise(i64),
    /// An object or a result of the receiver's, as it is (`import`).
    Import(i64),
    /// The same, or a part of it, or the result of a call of that part.
    Pipeline {
        /// The object, or the result.
        id: i64,
        /// Where the part is in it.
        path: Vec<Key>,
        /// The arguments of the call; without them the part is only read.
        args: Option<Vec<Value<Self>>>,
    },
}
