//! How much one client may say: a bucket with a token for each message. It starts full, every
//! message takes one out, and time puts them back. So a lively moment costs nothing, and a flood
//! is refused, to its sender and to no other client.

use std::time::Instant;

use capnweb::{Code, RpcError};

use super::Rate;
use crate::interface::{Request, Result};

/// A token, in billionths: then what one nanosecond puts back is a whole number, and nothing is
/// ever rounded.
const TOKEN: u128 = 1_000_000_000;

/// A bucket of tokens.
#[derive(Debug)]
struct Bucket {
    rate: Rate,
    /// In billionths of a token.
    level: u128,
    /// When the level was that.
    at: Instant,
}

impl Bucket {
    /// Takes a token out, if there is one.
    fn take(&mut self, now: Instant) -> bool {
        // LAB:BEGIN rate
        let new = now.saturating_duration_since(self.at).as_nanos();
        let level = self.level + new * u128::from(self.rate.per_second);
        self.level = level.min(u128::from(self.rate.burst) * TOKEN);
        self.at = self.at.max(now);
        let left = self.level.checked_sub(TOKEN);
        self.level = left.unwrap_or(self.level);
        left.is_some()
        // LAB:STUB
        //| // Put back what the time has brought, and take one token. For now there is always one.
        //| let _ = (now, TOKEN, self.level, self.at, self.rate.per_second);
        //| true
        // LAB:END rate
    }
}

/// The tokens of one client.
#[derive(Debug)]
pub(super) struct Tokens {
    /// A token for each message.
    message_tokens: Bucket,
    /// A token for each time that it says whether it is typing.
    typing_tokens: Bucket,
}

impl Tokens {
    /// Full buckets.
    pub(super) fn full(rate: Rate, now: Instant) -> Self {
        let bucket = || Bucket { rate, level: u128::from(rate.burst) * TOKEN, at: now };
        Self { message_tokens: bucket(), typing_tokens: bucket() }
    }

    /// Takes what this call costs. Leaving, and what only reads, is free; what others are told of
    /// is not. Typing has a bucket of its own, so that nobody types until nothing can be sent.
    pub(super) fn charge(&mut self, request: &Request, now: Instant) -> Result<()> {
        // LAB:BEGIN rate
        let has_token = match request {
            Request::SetTyping { .. } => self.typing_tokens.take(now),
            Request::Leave { .. }
            | Request::ListUsers
            | Request::GetHistory
            | Request::UserCount
            | Request::MessageCount
            | Request::ListRooms
            | Request::ReadFile { .. } => true,
            _ => self.message_tokens.take(now),
        };
        // LAB:STUB
        //| // Which requests cost nothing, and which cost a token of which bucket?
        //| let _ = (request, &self.typing_tokens, Request::<(), ()>::ListUsers);
        //| let has_token = self.message_tokens.take(now);
        // LAB:END rate
        if has_token {
            return Ok(());
        }
        let Rate { burst, per_second } = self.message_tokens.rate;
        let text =
            format!("slow down: at most {per_second} messages a second, {burst} at once");
        Err(RpcError::new(Code::TooMany, text))
    }
}
