//! The values sent between threads: dials to the senders, reports to the owner.
//!
//! *How do two threads work together without a lock?* They share nothing. Each value below
//! belongs to one thread at a time, and moves through a channel to the next one.

use std::net::SocketAddr;

use terminal::Deadline;

use crate::call::Call;
pub use crate::call::Cut;
use crate::config::PeerId;

/// One call to make: the peer to dial, and the text to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dial {
    /// The peer to dial.
    pub to: PeerId,
    /// The text that goes over the wire.
    pub text: String,
    /// Why the peer is dialed.
    pub purpose: Purpose,
}

/// Why a peer is dialed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Our user has typed a message.
    Message,
    /// Another peer has asked us to pass a message on (extension B).
    Relay,
    /// We are leaving (extension C).
    Goodbye,
    /// We ask which peers are online, and wait for the answer (extension D). After this
    /// deadline it is not asked any more.
    Question(Deadline),
}

/// The outcome of a dial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The connection was made, and our own system took the message. This wire does not tell
    /// whether it arrived.
    Delivered,
    /// The peer took our question and sent this answer, which is empty if it knows no questions.
    Answered(Vec<u8>),
    /// The message was not delivered.
    Failed(Failure),
}

/// Why a message was not delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// No program listens there.
    Offline,
    /// The peer did not accept in time.
    NoAnswer,
    /// The message has this many bytes, more than a message may have.
    TooLong(usize),
    /// Too many messages to this peer are waiting already.
    QueueFull,
    /// We are shutting down.
    Closing,
    /// The search (extension D) was over before the peer was dialed.
    SearchOver,
    /// Another failure, and the reason that the system gave.
    Broken(String),
}

/// A report of another thread to the owner.
#[derive(Debug)]
pub enum Report {
    /// A caller has dialed us.
    Called {
        /// The caller's address; not the port it listens on, which is another one.
        from: SocketAddr,
        /// The caller's message.
        message: Vec<u8>,
        /// Why the message is not whole, if the call ended before it did.
        cut: Option<Cut>,
        /// The open call, if the caller may wait for a reply. Dropping it hangs up.
        call: Option<Call>,
    },
    /// The system accepts no call, for this reason.
    AcceptFailed(String),
    /// A sender has made a call, or has tried to.
    Dialed(Dial, Outcome),
}
