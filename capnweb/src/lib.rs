//! Cap'n Web for blocking Rust: calls with answers, and capabilities as arguments.
//!
//! The holder of a stub may call the object behind it, and nobody else can: no name and no
//! password, only what was handed over. A session takes text in and gives text out; HTTP or a
//! WebSocket carries it.
//!
//! | file | idea |
//! |---|---|
//! | [`wire`] | messages and expressions: text in and out |
//! | `value.rs` | what can be an argument or a result |
//! | `error.rs` | what can go wrong |
//! | `stub.rs` | what can be called |
//! | `target.rs` | what is exported |
//! | `written.rs` | what many are told |
//! | [`session`] | who may call what, and who waits for what |
//! | [`batch`] | a whole session in one request and its response |
//! | [`http`] | HTTP/1.1: bytes in, requests or refusals out |
//! | [`listener`] | the sockets and threads of an HTTP server |
//! | [`websocket`] | the two halves of one WebSocket, on two threads |

pub mod batch;
#[cfg(test)]
mod chance;
mod error;
pub mod http;
pub mod listener;
pub mod session;
mod stub;
mod target;
mod timed;
mod value;
pub mod websocket;
pub mod wire;
mod written;

pub use batch::{Batch, serve, serve_by, serve_while};
pub use error::{Code, RpcError};
pub use session::{AnswerId, Output, Session};
pub use stub::{CallId, Callee, Key, Promise, Stub};
pub use target::{Target, dotted, run};
pub use value::{Cap, Value};
pub use written::Written;
