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

mod message;
mod read;
#[cfg(test)]
mod tests;
mod write;

pub(crate) use self::message::{MAX_DEPTH, MAX_PATH, Message, Ref, STACK};
pub(crate) use self::write::{json, write_written_call};
