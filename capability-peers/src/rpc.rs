//! Cap'n Web: calls with answers, and capabilities as arguments. It knows no transport.
//!
//! Who has a stub may call what it stands for, and nobody else can: no name and no password, only
//! what was handed over. Text goes in and text comes out; what carries it, HTTP in this lab and a
//! WebSocket in the next one, is not known here.
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

pub mod batch;
#[cfg(test)]
mod chance;
mod error;
pub mod session;
mod stub;
mod target;
mod value;
pub mod wire;
mod written;

pub use batch::{Batch, serve, serve_by, serve_while};
pub use error::{Code, RpcError};
pub use session::{AnswerId, Output, Session};
pub use stub::{CallId, Callee, Key, Promise, Stub};
pub use target::{Target, dotted, run};
pub use value::{Cap, Value};
pub use written::Written;
