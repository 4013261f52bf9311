//! What goes into the rules, and what comes out: reports and actions.

use std::net::{IpAddr, SocketAddr};

use super::dials::Callee;
use crate::Event;
use crate::card::{Card, PeerId};
use crate::command::Command;
use crate::event::{Failure, Gone};
use crate::frame::{Frame, Hello};

/// A link, by number, before and after it is known whose it is. Who dialed matters to the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LinkId {
    /// We dialed it.
    Dialed(u64),
    /// Somebody dialed us.
    Accepted(u64),
}

/// What happened outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// Nothing; but something may be due. See [`super::Mesh::next_due`].
    Tick,
    /// A peer announced itself, from this address.
    Heard(Card, IpAddr),
    /// Somebody announced, from this address, that this peer is leaving.
    HeardBye(PeerId, IpAddr),
    /// A peer of another version was heard, or dialed us.
    HeardOtherVersion(u32, IpAddr),
    /// We were dialed from this address, and heard this hello. An [`Action::Answer`] follows.
    Asked(LinkId, Hello, IpAddr),
    /// We dialed this address, and got this card for an answer: the link stands.
    PickedUp(LinkId, Card, SocketAddr),
    /// A dial of ours did not become a link.
    NotLinked(LinkId, NoLink),
    /// A frame arrived, after the hello.
    Got(LinkId, Frame),
    /// This many messages still wait in the outbox of a link that is about to end.
    Unsent(LinkId, usize),
    /// A link has ended.
    HungUp(LinkId, Gone),
    /// We announced ourselves, or could not, for this reason.
    Announced(Result<(), String>),
    /// Nobody can be let in, for this reason of the system's.
    CannotAccept(String),
    /// Our user typed a line.
    Typed(Command),
    /// Our user wants to leave.
    Quit,
}

/// Why a dial did not become a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoLink {
    /// There is another link between us two, or there will be in a moment.
    Dup,
    /// Nobody there, or not the one we called.
    Failed(Failure),
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Show this.
    Show(Event),
    /// Tell everybody by UDP that we are here.
    Announce,
    /// Dial; the link gets this number.
    Dial(LinkId, Callee),
    /// Tell whoever dialed us whether the link is wanted.
    Answer(LinkId, Answer),
    /// Say this to these, and show to how many.
    Say(Frame, Vec<LinkId>),
    /// Say no more on this link, but let what was said arrive.
    HangUp(LinkId),
    /// Say goodbye to all, and end.
    Leave,
}

/// What whoever dialed us is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Welcome: the link stands.
    Hello,
    /// There is another link.
    Dup,
    /// Nothing; the link is closed.
    Nothing,
}
