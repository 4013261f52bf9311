//! HTTP/1.1, as much of it as a peer needs: bytes in, requests or refusals out, answers as bytes.
//!
//! Nothing in here knows a socket or a clock. Bytes go into a [`Reader`], in whatever pieces the
//! network makes of them; out come whole requests, or one [`Refusal`] and nothing after it. What
//! comes out never depends on the pieces. `listener.rs` has the sockets and the deadlines.
//!
//! Where HTTP leaves a choice, we refuse: what two programs could read differently is how one
//! request is smuggled past a program inside another.

mod chunks;
mod framing;
pub mod guard;
pub mod limits;
mod reader;
mod refusal;
mod request;
mod response;
pub mod route;
mod section;

pub use reader::{Progress, Reader, Stage};
pub use refusal::Refusal;
pub use request::Request;
pub use response::{CONTINUE, Manner, Response};

#[cfg(test)]
mod tests;
