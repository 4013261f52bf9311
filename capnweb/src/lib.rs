//! Cap'n Web for blocking Rust: calls with answers, and capabilities as arguments.
//!
//! | file | idea |
//! |---|---|
//! | `value.rs` | what can be an argument or a result, and what is exported |
//! | `stub.rs` | what can be called |
//! | `path.rs` | from an object to what is in it |
//! | `error.rs` | what can go wrong |
//! | `written.rs` | arguments that are written once for many sessions |
//! | `wire.rs` | messages and expressions: text in and out |
//! | [`session`] | which objects may be called, and which calls wait for what |
//! | [`batch`] | a whole session in one request and its response |
//! | [`http`] | HTTP/1.1: bytes in, requests or refusals out |
//! | [`listener`] | the sockets and threads of an HTTP server |
//! | `respond.rs` | answers batches by HTTP |
//! | `client.rs` | sends batches by HTTP |
//! | [`websocket`] | the two halves of one WebSocket, on two threads |
//!
#![doc = include_str!("../README.md")]

pub mod batch;
mod client;
mod error;
pub mod http;
pub mod listener;
mod path;
mod respond;
pub mod session;
mod stub;
#[cfg(test)]
mod tests;
mod value;
pub mod websocket;
mod wire;
mod written;

pub use batch::{Batch, Reply, serve, serve_by};
pub use client::{Client, SendError};
pub use error::{Code, RpcError};
pub use path::{dotted, run};
pub use respond::{batch_response, respond};
pub use session::{AnswerId, Output, Session};
pub use stub::{CallId, Callee, Key, Promise, Stub};
pub use value::{Cap, Target, Value};
pub use written::Written;
