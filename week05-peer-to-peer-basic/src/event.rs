//! What happened, worded as the lab sheet words it: every line that a running peer prints.
//!
//! Why a peer could not be started is told by `main.rs` and `arguments.rs`, on stderr.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use crate::config::{MAX_MESSAGE, PeerId};
use crate::errand::Failure;

/// The first question: to whom?
pub const ASK_WHOM: &str = "Send to peer ID: ";

/// The second question: what?
pub const ASK_WHAT: &str = "Message: ";

/// Something that happened; one line on the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// We can be dialed on this port.
    Listening(u16),
    /// Somebody dialed us and left a message.
    Received {
        /// The caller's address; not the port it listens on, that is another one.
        from: SocketAddr,
        /// What it said, cleaned.
        message: String,
    },
    /// Somebody dialed us and left the beginning of a message; why there is no more, [`Cut`]
    /// tells. It reads like a message, but is not acted on.
    ReceivedPart {
        /// The caller's address.
        from: SocketAddr,
        /// What it said before the call ended, cleaned.
        message: String,
    },
    /// A call ended before its message did.
    Cut {
        /// The caller's address.
        from: SocketAddr,
        /// How many bytes came before.
        after: usize,
        /// What ended it.
        why: Cut,
    },
    /// The system lets nobody in, for this reason.
    Deaf(String),
    /// We left a message with a peer.
    Sent {
        /// With whom.
        to: PeerId,
        /// What we said.
        message: String,
    },
    /// We could not.
    NotSent {
        /// With whom we wanted to leave it.
        to: PeerId,
        /// Why we could not.
        why: Failure,
    },
    /// Our user typed a message of this many bytes.
    TooLong(usize),
    /// There can be no peer with this number.
    NoSuchPeer {
        /// The number, as it was given.
        id: String,
        /// The largest one that has a port.
        last: PeerId,
    },
    /// The user typed neither a command nor a number.
    InvalidInput,
    /// The user asked what can be typed.
    Help,
    /// Our user asked whom we know (extension A).
    KnownPeers(Vec<PeerId>),
    /// There is nobody to broadcast to (extension A).
    NobodyKnown,
    /// A message has been relayed too often already (extension B).
    RelayEnded {
        /// Where it was to go next.
        to: PeerId,
        /// How many peers have relayed it.
        hops: usize,
    },
    /// We are going to hang up on everybody (extension C).
    Closing,
    /// A peer said that it is leaving (extension C).
    Left(PeerId),
    /// A peer asked us whom we know (extension D).
    Asked(PeerId),
    /// Who turned out to be online (extension D).
    Discovered(Vec<PeerId>),
    /// This is the last line.
    ShuttingDown,
}

/// What ended a call before its message ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The message is longer than [`MAX_MESSAGE`].
    TooLong,
    /// The call took longer than this.
    TooSlow(Duration),
    /// Too many callers at once, and this one had been on the line for longest.
    Crowded,
    /// We are shutting down.
    Closing,
    /// The connection broke; the system's own words.
    Broken(String),
}

impl Event {
    /// The line as peer `me` prints it, without a line end.
    pub fn line(&self, me: PeerId) -> String {
        match self {
            // The one line that does not say which peer speaks: it speaks to its own user.
            Self::InvalidInput => format!("[PEER] {self}"),
            _ => format!("[PEER {me}] {self}"),
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listening(port) => write!(f, "Listening on {port}"),
            Self::Received { from, message } | Self::ReceivedPart { from, message } => {
                write!(f, "From {}: {message}", Caller(from))
            }
            Self::Cut { from, after, why } => {
                write!(f, "NOTICE: Call from {} cut after {after} bytes: {why}", Caller(from))
            }
            Self::Deaf(why) => write!(f, "NOTICE: No caller can be let in for now: {why}"),
            Self::Sent { to, message } => write!(f, "Sent to peer {to}: {message}"),
            Self::NotSent { to, why } => match why {
                Failure::Offline => write!(f, "ERROR: Peer {to} is not online"),
                Failure::NoAnswer(patience) => {
                    write!(f, "ERROR: Peer {to} is not online (no answer within {patience:?})")
                }
                Failure::TooLong(bytes) => {
                    write!(f, "ERROR: Not sent to peer {to}: {}", OverLimit(*bytes))
                }
                Failure::TooMany(waiting) => write!(
                    f,
                    "ERROR: Not sent to peer {to}: {waiting} messages wait to be sent already"
                ),
                Failure::Closing => {
                    write!(f, "ERROR: Not sent to peer {to}: this peer is shutting down")
                }
                Failure::Broken(error) => write!(f, "ERROR: Not sent to peer {to}: {error}"),
            },
            Self::TooLong(bytes) => write!(f, "ERROR: Not sent: {}", OverLimit(*bytes)),
            Self::NoSuchPeer { id, last } => {
                write!(f, "ERROR: Peer {id} cannot exist: peer IDs go from 0 to {last}")
            }
            Self::InvalidInput => write!(f, "Invalid input. Enter peer ID as integer."),
            Self::Help => write!(f, "{HELP}"),
            Self::KnownPeers(ids) => write!(f, "Known peers: {ids:?}"),
            Self::NobodyKnown => {
                write!(f, "NOTICE: No other peer is known. `discover` looks for some")
            }
            Self::RelayEnded { to, hops } => write!(
                f,
                "NOTICE: Not relayed to peer {to}: {hops} peers have relayed it already"
            ),
            Self::Closing => write!(f, "Closing connections..."),
            Self::Left(peer) => write!(f, "Peer {peer} has left"),
            Self::Asked(by) => write!(f, "Peer {by} asks who is online"),
            Self::Discovered(ids) => write!(f, "Discovered peers: {ids:?}"),
            Self::ShuttingDown => write!(f, "Shutting down"),
        }
    }
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "a message has at most {MAX_MESSAGE} bytes"),
            Self::TooSlow(patience) => write!(f, "it was not finished within {patience:?}"),
            Self::Crowded => {
                write!(f, "too many callers at once, and it had the line for longest")
            }
            Self::Closing => write!(f, "this peer is shutting down"),
            Self::Broken(error) => write!(f, "{error}"),
        }
    }
}

/// What can be typed at the first prompt.
const HELP: &str = "\
At `Send to peer ID:` you can type
  a number    to send that peer a message
  list        to see which peers are known
  broadcast   to send one message to all of them
  discover    to find out who is online
  help        to read this again
  quit        to say goodbye and leave (Ctrl-D and Ctrl-C do the same)";

/// What is wrong with a message of so many bytes.
struct OverLimit(usize);

impl fmt::Display for OverLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a message has at most {MAX_MESSAGE} bytes, and this one has {}", self.0)?;
        write!(f, ". Send it in parts")
    }
}

/// A caller's address, written as the lab sheet writes it: Python's tuple.
struct Caller<'a>(&'a SocketAddr);

impl fmt::Display for Caller<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "('{}', {})", self.0.ip(), self.0.port())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_read_as_on_the_lab_sheet() {
        let from = "127.0.0.1:50123".parse().unwrap();
        let received = Event::Received { from, message: "Hello from peer 2".into() };
        let line = "[PEER 1] From ('127.0.0.1', 50123): Hello from peer 2";
        assert_eq!(received.line(1), line);
        let offline = Event::NotSent { to: 3, why: Failure::Offline };
        assert_eq!(offline.line(2), "[PEER 2] ERROR: Peer 3 is not online");
        let invalid = "[PEER] Invalid input. Enter peer ID as integer.";
        assert_eq!(Event::InvalidInput.line(1), invalid);
        let known = Event::KnownPeers(vec![1, 2, 3, 4, 5]);
        assert_eq!(known.line(1), "[PEER 1] Known peers: [1, 2, 3, 4, 5]");
    }
}
