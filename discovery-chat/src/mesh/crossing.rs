//! Task crossing: two peers dial each other at once, and one link stays. Pure.
//!
//! Both sides decide by themselves, and must decide the same: *the dial of the smaller id is the
//! one that counts*. The larger id gives in; the smaller one answers the other's dial with `dup`.

use std::time::Duration;

use super::report::LinkId;
use crate::peer_info::PeerId;

/// How long after a link came to stand another one between the same two peers is a crossing of
/// two dials, and not a peer that comes back.
pub(super) const CROSSING: Duration = Duration::from_secs(3);

/// A call between us and a peer, and what else there is between the two.
pub(super) struct Crossing {
    pub(super) me: PeerId,
    pub(super) peer: PeerId,
    /// The link that stands, and for how long it has.
    pub(super) standing: Option<(LinkId, Duration)>,
    /// Whether we are dialing this peer.
    pub(super) is_dialed: bool,
}

impl Crossing {
    /// Whether the peer, which has dialed us, is answered `dup`: two dials have crossed, or it
    /// has heard of us in two ways at once. Otherwise its link takes the place of one that stands.
    pub(super) fn is_dup(&self) -> bool {
        // LAB:BEGIN crossing
        let is_young = self.standing.is_some_and(|(_, age)| age < CROSSING);
        is_young || self.me < self.peer && self.is_dialed
        // LAB:STUB
        //| let _ = (self.me, self.is_dialed, CROSSING);
        //| false
        // LAB:END crossing
    }

    /// The same for a peer that did not know which peer it would find here. It gains nothing by a
    /// second link, and must not be able to take the first one's place. And if we are dialing the
    /// address at which it says it listens, that dial is on its way to the same peer.
    pub(super) fn is_dup_of_unknown(&self, we_dial_its_address: bool) -> bool {
        // LAB:BEGIN crossing
        let crosses = self.me < self.peer && we_dial_its_address;
        self.standing.is_some() || self.is_dialed || crosses
        // LAB:STUB
        //| let _ = (self, we_dial_its_address);
        //| false
        // LAB:END crossing
    }

    /// Whether our own dial, which the peer has answered with a hello, gives way to the link that
    /// stands. Both stand on both sides, so both sides must come to the same link.
    pub(super) fn gives_way(&self) -> bool {
        // LAB:BEGIN crossing
        self.standing.is_some_and(|(link, age)| match link {
            LinkId::Accepted(_) => self.me > self.peer && age < CROSSING,
            LinkId::Dialed(_) => true,
        })
        // LAB:STUB
        //| let _ = (self.peer, self.standing, LinkId::Dialed, LinkId::Accepted);
        //| false
        // LAB:END crossing
    }
}
