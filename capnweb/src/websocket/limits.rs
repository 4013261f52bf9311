//! What both halves of a WebSocket agree on: limits, deadlines, and the codes of a close frame.

use std::time::Duration;

use tungstenite::protocol::WebSocketConfig;

/// The longest message that is read, in bytes, however many frames it comes in. What is written is
/// not checked: a longer one ends the session of another `capnweb`.
pub const MAX_TEXT: usize = 256 * 1024;

/// The buffer of the reading half, in bytes.
pub(super) const READ_BUFFER: usize = 4 * 1024;

/// How long one side waits for the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Patience {
    /// Until the next whole message, ping or pong. A client that sends a frame byte by byte is
    /// given up, too.
    pub silence: Duration,
    /// Between two pings. Two of them fit into a silence, so one answer may be late.
    pub ping_every: Duration,
    /// For a write to be taken.
    pub write: Duration,
    /// For the other side to hang up after a close frame of ours.
    pub close: Duration,
}

/// The same for clients and servers.
pub(super) const PATIENCE: Patience = Patience {
    silence: Duration::from_secs(10),
    ping_every: Duration::from_secs(4),
    write: Duration::from_secs(5),
    close: Duration::from_secs(1),
};

/// Why a WebSocket is closed: codes of RFC 6455, section 7.4.1, and of npm's `capnweb`.
pub mod code {
    /// The conversation is complete.
    pub const NORMAL: u16 = 1000;
    /// The server ends.
    pub const GOING_AWAY: u16 = 1001;
    /// The bytes are not the WebSocket protocol.
    pub const PROTOCOL: u16 = 1002;
    /// The message is not text.
    pub const UNSUPPORTED: u16 = 1003;
    /// The text is not UTF-8.
    pub const INVALID: u16 = 1007;
    /// A rule of the program.
    pub const POLICY: u16 = 1008;
    /// The message is too long.
    pub const TOO_BIG: u16 = 1009;
    /// The session is over: a message made no sense.
    pub const SESSION: u16 = 3000;
}

pub(super) fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .max_frame_size(Some(MAX_TEXT))
        .max_message_size(Some(MAX_TEXT))
}
