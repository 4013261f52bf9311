//! HTTP/1.1, as much of it as a peer needs: bytes in, requests or refusals out; answers in,
//! bytes out.
//!
//! Bytes come from anything that is `Read`; `listener.rs` has the sockets and their deadlines. The
//! requests never depend on the pieces in which their bytes arrive.
//!
//! Where HTTP leaves a choice, we refuse: what two programs could read differently is how one
//! request is smuggled past a program inside another.

mod chunks;
mod framing;
mod guard;
mod limits;
mod origin;
mod reader;
mod refusal;
mod request;
mod response;
mod route;
mod section;
#[cfg(test)]
mod tests;

pub use self::limits::MAX_BODY;
pub use self::origin::Origin;
pub use self::request::Request;
pub use self::response::Response;
pub use self::route::is_post_to;

pub(crate) use self::reader::Reader;
pub(crate) use self::refusal::{Refusal, Unread};
pub(crate) use self::response::CONTINUE;
