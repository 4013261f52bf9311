//! The body of a request or a reply: messages, one a line, within limits.

use crate::error::{Code, RpcError};

/// The most messages in a request: a thousand calls, all of them pulled.
pub const MAX_MESSAGES: usize = 2000;

/// The longest reply, in bytes. One result can be asked for again and again, so a short request
/// could have an endless reply.
pub const MAX_REPLY: usize = 4 << 20;

/// The messages of a body; none if it is empty. A `\r` at their end is white space to JSON.
pub(super) fn lines(body: &str) -> impl Iterator<Item = &str> {
    body.split('\n').take(if body.is_empty() { 0 } else { usize::MAX })
}

/// Adds a message to a body, which then has at most `limit` bytes.
pub(super) fn join(body: &mut String, line: &str, limit: usize) -> Result<(), RpcError> {
    if body.len() + line.len() >= limit {
        let text = format!("more than {limit} bytes in a batch");
        return Err(RpcError::new(Code::TooMany, text));
    }
    if !body.is_empty() {
        body.push('\n');
    }
    body.push_str(line);
    Ok(())
}
