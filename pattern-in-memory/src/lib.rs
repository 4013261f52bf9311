//! The peer-to-peer pattern with no network at all: every peer dials, and every peer answers.
//!
//! One idea a file, and this is the order to read them in:
//!
//! * `peer`: what a peer knows, and what it does when somebody calls.
//! * [`event`]: what happened, and how it is worded.
//! * [`demo`]: the lab sheet's example, in Rust.
//! * `inbox`: what a peer keeps of what it heard.
//! * [`script`], `words`, `story`: the same pattern, told from a file.
//!
//! Nothing here prints: a peer *returns* what happened, and `main` prints it. Every later lab
//! keeps this division. Below is the lab sheet; its Rust code is compiled by `cargo test`.
#![doc = include_str!("../README.md")]

pub mod demo;
pub mod event;
mod inbox;
mod peer;
pub mod script;
mod story;
mod words;

pub use inbox::Inbox;
pub use peer::Peer;
