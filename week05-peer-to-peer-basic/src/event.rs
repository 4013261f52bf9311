//! Events: what happened, in the words of the lab sheet.
//!
//! *Where does that line on my screen come from?* From here: every line that a running peer
//! prints is worded in this file. (The errors that keep a peer from starting are worded in
//! `main.rs` and `arguments.rs`, and go to stderr.)

use std::fmt;
use std::net::SocketAddr;

use terminal::LONGEST_TYPED;

use crate::call::Cut;
use crate::config::{CALLER_PATIENCE, DIAL_PATIENCE, MAX_MESSAGE, PeerId};
use crate::report::Failure;

/// The first prompt.
pub(crate) const ASK_WHOM: &str = "Send to peer ID: ";

/// The second prompt.
pub(crate) const ASK_WHAT: &str = "Message: ";

/// Something that happened; one line on the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Listening(u16),
    /// A message, or the beginning of one that was cut; it is clean.
    Received(SocketAddr, String),
    /// A call was cut after this many bytes.
    Cut(SocketAddr, usize, Cut),
    AcceptFailed(String),
    Sent(PeerId, String),
    NotSent(PeerId, Failure),
    /// Our user typed a message of this many bytes.
    TooLong(usize),
    /// There can be no peer with this number; the largest id that a peer can have.
    NoSuchPeer(String, PeerId),
    InvalidInput,
    Help,
    KnownPeers(Vec<PeerId>),
    NobodyKnown,
    /// A message to this peer has been relayed by this many peers already.
    RelayEnded(PeerId, usize),
    Closing,
    /// When we shut down, the dial to this peer was not finished.
    Unfinished(PeerId),
    Left(PeerId),
    /// A peer asked us who is online.
    Asked(PeerId),
    Discovered(Vec<PeerId>),
    ShuttingDown,
}

impl Event {
    /// The line as peer `me` prints it, without a line end.
    pub(crate) fn line(&self, me: PeerId) -> String {
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
            Self::Received(from, message) => write!(f, "From {}: {message}", tuple(from)),
            Self::Cut(from, after, why) => {
                write!(f, "NOTICE: Call from {} cut after {after} bytes: {why}", tuple(from))
            }
            Self::AcceptFailed(e) => write!(f, "NOTICE: No call can be accepted for now: {e}"),
            Self::Sent(to, message) => write!(f, "Sent to peer {to}: {message}"),
            Self::NotSent(to, why @ (Failure::Offline | Failure::NoAnswer)) => {
                write!(f, "ERROR: Peer {to} is not online{why}")
            }
            Self::NotSent(to, why) => write!(f, "ERROR: Not sent to peer {to}: {why}"),
            Self::TooLong(bytes) => {
                write!(f, "ERROR: Not sent: {}. Send it in parts", Failure::TooLong(*bytes))
            }
            Self::NoSuchPeer(id, last) => {
                write!(f, "ERROR: Peer {id} cannot exist: peer IDs go from 0 to {last}")
            }
            Self::InvalidInput => write!(f, "Invalid input. Enter peer ID as integer."),
            Self::Help => write!(f, "{HELP}"),
            Self::KnownPeers(ids) => write!(f, "Known peers: {ids:?}"),
            Self::NobodyKnown => {
                write!(f, "NOTICE: No other peer is known. `discover` looks for some")
            }
            Self::RelayEnded(to, hops) => {
                write!(f, "NOTICE: Not relayed to peer {to}: ")?;
                write!(f, "{hops} peers have relayed it already")
            }
            Self::Closing => write!(f, "Closing connections..."),
            Self::Unfinished(to) => write!(f, "NOTICE: Peer {to} may not have got the message"),
            Self::Left(peer) => write!(f, "Peer {peer} has left"),
            Self::Asked(by) => write!(f, "Peer {by} asks who is online"),
            Self::Discovered(ids) => write!(f, "Discovered peers: {ids:?}"),
            Self::ShuttingDown => write!(f, "Shutting down"),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Offline => Ok(()), // That is all of it.
            Self::NoAnswer => write!(f, " (no answer within {DIAL_PATIENCE:?})"),
            // Only a terminal sets a lower limit than ours.
            Self::TooLong(..=MAX_MESSAGE) => {
                write!(f, "a terminal cuts a line of more than {LONGEST_TYPED} bytes")
            }
            Self::TooLong(bytes) => {
                write!(f, "a message has at most {MAX_MESSAGE} bytes, and this one has {bytes}")
            }
            Self::QueueFull => write!(f, "too many messages wait to be sent already"),
            Self::Closing => write!(f, "this peer is shutting down"),
            Self::SearchOver => write!(f, "the search was over"),
            Self::Broken(error) => write!(f, "{error}"),
        }
    }
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => write!(f, "a message has at most {MAX_MESSAGE} bytes"),
            Self::TooSlow => write!(f, "it was not finished within {CALLER_PATIENCE:?}"),
            Self::Crowded => {
                write!(f, "too many callers at once, and this call was the oldest")
            }
            Self::Closing => write!(f, "this peer is shutting down"),
            Self::Broken(error) => write!(f, "{error}"),
        }
    }
}

/// The answer to `help`: all commands.
const HELP: &str = "\
At `Send to peer ID:` you can type
  a number    to send that peer a message
  list        to see which peers are known
  broadcast   to send one message to all of them
  discover    to find out who is online
  help        to read this again
  quit        to say goodbye and leave (Ctrl-D and Ctrl-C do the same)
At `Message:` everything is sent as you type it.";

/// A caller's address, written as the lab sheet writes it: Python's tuple.
fn tuple(from: &SocketAddr) -> String {
    format!("('{}', {})", from.ip(), from.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_read_as_on_the_lab_sheet() {
        let from = "127.0.0.1:50123".parse().unwrap();
        let received = Event::Received(from, "Hello from peer 2".into());
        let line = "[PEER 1] From ('127.0.0.1', 50123): Hello from peer 2";
        assert_eq!(received.line(1), line);
        let offline = Event::NotSent(3, Failure::Offline);
        assert_eq!(offline.line(2), "[PEER 2] ERROR: Peer 3 is not online");
        let invalid = "[PEER] Invalid input. Enter peer ID as integer.";
        assert_eq!(Event::InvalidInput.line(1), invalid);
        let known = Event::KnownPeers(vec![1, 2, 3, 4, 5]);
        assert_eq!(known.line(1), "[PEER 1] Known peers: [1, 2, 3, 4, 5]");
    }
}
