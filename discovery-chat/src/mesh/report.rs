//! What goes into the rules, and what comes out: reports and actions.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::announce::Announcement;
use crate::command::Command;
use crate::event::{Event, Failure, Gone};
use crate::frame::{Frame, Hello};
use crate::peer_info::{PeerId, PeerInfo};
use crate::version::NotOurs;

/// A link, by number, before and after its peer is known. Which side dialed matters to the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum LinkId {
    /// We dialed it.
    Dialed(u64),
    /// The other side dialed us.
    Accepted(u64),
}

/// What a dial goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Callee {
    /// `HOST:PORT` as our user named it: to be looked up, and no more.
    Name(String),
    /// An address.
    At {
        /// The peer that was heard there; `None` if our user has named the address, and we do not
        /// know which peer listens there.
        to: Option<PeerId>,
        address: SocketAddr,
        /// How long it may take to accept.
        patience: Duration,
    },
}

/// What happened outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Report {
    /// Nothing; but something may be due. See `Mesh::next_due`.
    Tick,
    /// A datagram from this address, or the first line of a caller that speaks another version.
    Heard(Result<Announcement, NotOurs>, IpAddr),
    /// A caller has dialed us from this address and said this hello. An [`Action::Answer`] follows.
    Called(LinkId, Hello, IpAddr),
    /// We dialed this address, and this peer said hello: the link stands.
    DialAnswered(LinkId, PeerInfo, SocketAddr),
    /// A dial to a name has found these addresses.
    LookedUp(LinkId, Vec<SocketAddr>),
    /// A dial of ours did not become a link.
    NotLinked(LinkId, Failure),
    /// A frame arrived, after the hello.
    Got(LinkId, Frame),
    /// A link has ended, and the peer went like this.
    HungUp(LinkId, Gone),
    /// We announced ourselves, or could not, for this reason.
    Announced(Result<(), String>),
    /// The system accepts no call, for this reason.
    AcceptFailed(String),
    /// Our user typed a line.
    Typed(Command),
    /// We are about to say goodbye.
    Leaving,
    /// We have said it to all, and nothing more will come.
    Left,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Show(Event),
    /// Tell all peers by UDP that we are here.
    Announce,
    /// Dial; the link gets this number.
    Dial(LinkId, Callee),
    /// Tell a caller whether the link is wanted.
    Answer(LinkId, Answer),
    /// Say this on these links, and show on how many.
    Say(Frame, Vec<LinkId>),
    /// Tell the peer that we have read the message of this number, and those before it on its link.
    Confirm(LinkId, u64),
    /// Say no more on this link, but let what was said arrive.
    HangUp(LinkId),
    /// Say goodbye to all, and end.
    Quit,
}

/// What a caller is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The link stands.
    Hello,
    /// There is another link, or there will be in a moment.
    Dup,
    /// Nothing; the link is closed.
    Nothing,
}
