//! An errand: what a sender thread is sent out for, and what it comes home with.
//!
//! Rules decide *that* a peer is dialed, a thread does it. These are the words between the two.

use std::time::Duration;

use crate::config::PeerId;

/// One call to one peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Errand {
    /// Whom to dial.
    pub to: PeerId,
    /// What to say.
    pub words: Words,
}

/// What is said on a call, by the reason for saying it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Words {
    /// What our user typed.
    Message(String),
    /// What somebody else asked us to pass on (extension B).
    Relay(String),
    /// That we are leaving (extension C). Nobody waits for how it went.
    Farewell(String),
    /// A question, and we wait for the answer (extension D).
    Question(String),
}

impl Words {
    /// The text that goes over the wire.
    pub fn text(&self) -> &str {
        let (Self::Message(text)
        | Self::Relay(text)
        | Self::Farewell(text)
        | Self::Question(text)) = self;
        text
    }
}

/// How an errand went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The peer took our words. The wire of this lab does not tell whether anybody read them.
    Delivered,
    /// The peer took our question and answered this; nothing, if it does not know how to.
    Answered(Vec<u8>),
    /// It did not come to that.
    Failed(Failure),
}

/// Why words were not delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Nobody listens there.
    Offline,
    /// Nobody picked up within this time.
    NoAnswer(Duration),
    /// The message has this many bytes, more than [`MAX_MESSAGE`](crate::config::MAX_MESSAGE).
    TooLong(usize),
    /// This many other messages wait to be sent already.
    TooMany(usize),
    /// We are shutting down.
    Closing,
    /// The system's own words for anything else.
    Broken(String),
}
