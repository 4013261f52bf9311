//! A batch: a whole session in one request and its response. All calls go in the one, all answers
//! come in the other, and then both sides forget everything.
//!
//! Messages are joined by `\n`, and there is no `\n` at the end: npm reads each line as a message,
//! so an empty line is a bad message. A `\r` before a `\n` does no harm.

mod body;
mod calls;
mod serve;
#[cfg(test)]
pub(crate) mod tests;

pub use self::body::{MAX_MESSAGES, MAX_REPLY};
pub use self::calls::{Batch, Reply};
pub(crate) use self::serve::serve_while;
pub use self::serve::{serve, serve_by};
