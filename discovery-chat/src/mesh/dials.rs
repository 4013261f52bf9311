//! Which peer to dial, and when: a moment after it was heard, and ever more rarely if it does not
//! answer. Pure.
//!
//! Any program can announce anything, so everything here has a bound: how many dials are out, how
//! many peers are remembered, and how often one that does not answer is dialed again.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use super::report::{Callee, LinkId};
use crate::peer_info::PeerId;

/// The most dials that are out at once.
const MAX_DIALS: usize = 64;

/// The most dials that are out at once to one address: a program that invents peers cannot take
/// the places of all others.
const MAX_DIALS_EACH: usize = MAX_DIALS / 2;

/// How many peers are remembered that were heard and are not linked.
const MAX_KNOWN: usize = 512;

/// How many of them may have been heard from one address.
const MAX_KNOWN_EACH: usize = MAX_KNOWN / 2;

/// Up to so many milliseconds between hearing a peer and dialing it. Otherwise all peers
/// would dial a newcomer in the same instant.
const SPREAD_MS: u32 = 31;

/// The pauses after one, two, three ... dials that did not succeed, in seconds.
const PAUSES: [u64; 6] = [1, 2, 4, 8, 16, 30];

/// A link that lasted for less than this counts as a dial that did not succeed.
const SHORT: Duration = Duration::from_secs(10);

/// All dials: those that are due, those that are out, and those that have to wait.
#[derive(Clone, Debug)]
pub(super) struct Dials {
    me: PeerId,
    next: u64,
    out: BTreeMap<LinkId, Callee>,
    heard: BTreeMap<PeerId, Heard>,
    named: BTreeMap<String, Named>,
}

/// The state of a peer that might be dialed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Is to be dialed at this moment.
    Due(Instant),
    /// Is being dialed.
    Out,
    /// Was dialed in vain, or lost, and is left alone until this moment.
    Resting(Instant),
    /// There is a link.
    Linked,
}

/// A peer that was heard.
#[derive(Clone, Debug)]
struct Heard {
    address: SocketAddr,
    state: State,
    failures: usize,
    /// Whether an announcement has said, since it was last dialed, that it is leaving.
    put_off: bool,
}

/// An address that our user has named.
#[derive(Clone, Debug)]
struct Named {
    state: State,
    /// How many dials in a row have led to nothing, or to a peer that was linked already.
    failures: usize,
    /// Whether our user has been told that no peer answers.
    told: bool,
    /// The peer that was found there.
    peer: Option<PeerId>,
}

impl Dials {
    pub(super) fn new(me: PeerId, named: &[String], now: Instant) -> Self {
        let first = || Named { state: State::Due(now), failures: 0, told: false, peer: None };
        let named = named.iter().map(|address| (address.clone(), first())).collect();
        Self { me, next: 0, out: BTreeMap::new(), heard: BTreeMap::new(), named }
    }

    /// A peer that is not linked was heard.
    pub(super) fn heard(&mut self, id: PeerId, address: SocketAddr, now: Instant) {
        let spread = Duration::from_millis(scatter(self.me, id, SPREAD_MS).into());
        let due = State::Due(now + spread);
        match self.heard.get_mut(&id) {
            Some(Heard { state: State::Due(_) | State::Out, .. }) => {}
            Some(Heard { state: State::Resting(until), .. }) if now < *until => {}
            Some(known) => {
                known.state = due;
                known.address = address;
            }
            None => {
                if self.has_room_for(address.ip()) {
                    let new = Heard { address, state: due, failures: 0, put_off: false };
                    self.heard.insert(id, new);
                }
            }
        }
    }

    /// Whether another peer from there can be remembered; if need be, one that does not answer
    /// is forgotten for it.
    fn has_room_for(&mut self, from: IpAddr) -> bool {
        let neighbours = self.heard.values().filter(|known| known.address.ip() == from).count();
        let crowded = neighbours >= MAX_KNOWN_EACH;
        if !crowded && self.heard.len() < MAX_KNOWN {
            return true;
        }
        let resting = self.heard.iter().find_map(|(id, known)| {
            let may_go = !crowded || known.address.ip() == from;
            (may_go && matches!(known.state, State::Resting(_))).then_some(*id)
        });
        resting.is_some_and(|id| self.heard.remove(&id).is_some())
    }

    /// An announcement says that this peer is leaving. If it is about to be dialed, that can wait;
    /// but only once, since any program can say so.
    pub(super) fn give_up(&mut self, id: PeerId, now: Instant) {
        if let Some(known) = self.heard.get_mut(&id)
            && let State::Due(_) = known.state
            && !std::mem::replace(&mut known.put_off, true)
        {
            known.state = State::Resting(now + pause(1));
        }
    }

    /// Dials no address that our user has named before this moment.
    pub(super) fn put_off_named(&mut self, until: Instant) {
        for known in self.named.values_mut() {
            if let State::Due(due) = known.state {
                known.state = State::Due(due.max(until));
            }
        }
    }

    /// When the next dial is due, if there is room for one.
    pub(super) fn next_due(&self) -> Option<Instant> {
        let named = self.named.values().filter_map(|known| known.state.due()).min();
        let heard = self.next_heard().map(|(due, _)| due);
        named.into_iter().chain(heard).min()
    }

    /// The peer that was heard and is to be dialed next, and when: the one that waits for longest,
    /// of those at addresses to which not too many dials are out.
    fn next_heard(&self) -> Option<(Instant, PeerId)> {
        if self.out.len() >= MAX_DIALS {
            return None; // The first that ends will be followed by a tick.
        }
        let mut out = BTreeMap::<IpAddr, usize>::new();
        for callee in self.out.values() {
            if let Callee::Heard(_, address) = callee {
                *out.entry(address.ip()).or_default() += 1;
            }
        }
        let has_room = |known: &Heard| {
            out.get(&known.address.ip()).is_none_or(|out| *out < MAX_DIALS_EACH)
        };
        let waiting = self.heard.iter().filter(|(_, known)| has_room(known));
        waiting.filter_map(|(id, known)| Some((known.state.due()?, *id))).min()
    }

    /// The next dial to make now, if there is one.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<(LinkId, Callee)> {
        let is_due = |state: State| state.due().is_some_and(|due| due <= now);
        let named = self.named.iter_mut().find(|(_, known)| is_due(known.state));
        let callee = if let Some((address, known)) = named {
            known.state = State::Out;
            Callee::Named(address.clone())
        } else {
            let (_, id) = self.next_heard().filter(|(due, _)| *due <= now)?;
            let known = self.heard.get_mut(&id)?;
            known.state = State::Out;
            known.put_off = false;
            Callee::Heard(id, known.address)
        };
        self.next += 1;
        let link = LinkId::Dialed(self.next);
        self.out.insert(link, callee.clone());
        Some((link, callee))
    }

    /// Whether a dial to this peer is out.
    pub(super) fn is_calling(&self, id: PeerId) -> bool {
        self.heard.get(&id).is_some_and(|known| known.state == State::Out)
    }

    /// Whether a dial is out to an address of which we do not know the peer.
    pub(super) fn is_calling_a_named_one(&self) -> bool {
        self.named.values().any(|known| known.state == State::Out)
    }

    /// A dial became a link to this peer.
    pub(super) fn answered(&mut self, link: LinkId, id: PeerId) {
        if let Some(Callee::Named(address)) = self.out.remove(&link)
            && let Some(known) = self.named.get_mut(&address)
        {
            *known = Named { state: State::Linked, failures: 0, told: false, peer: Some(id) };
        }
    }

    /// A dial was refused for another link's sake.
    pub(super) fn refused(&mut self, link: LinkId, now: Instant) {
        match self.out.remove(&link) {
            Some(Callee::Heard(id, _)) => {
                // The other link is coming; if not, the next announcement brings us back here.
                if let Some(known) = self.heard.get_mut(&id)
                    && known.state == State::Out
                {
                    known.state = State::Resting(now + pause(1));
                }
            }
            Some(Callee::Named(address)) => {
                // A peer listens there that we know, or are about to. Should that come to
                // nothing, it is worth another try.
                if let Some(known) = self.named.get_mut(&address) {
                    known.failures += 1;
                    known.state = State::Due(now + pause(known.failures));
                }
            }
            None => {}
        }
    }

    /// A dial failed. Returns the address if our user named it and does not know yet.
    pub(super) fn failed(&mut self, link: LinkId, now: Instant) -> Option<String> {
        match self.out.remove(&link)? {
            Callee::Heard(id, _) => {
                let known = self.heard.get_mut(&id)?;
                if known.state == State::Out {
                    known.failures += 1;
                    known.state = State::Resting(now + pause(known.failures));
                }
                None
            }
            Callee::Named(address) => {
                let known = self.named.get_mut(&address)?;
                known.failures += 1;
                known.state = State::Due(now + pause(known.failures));
                let first = !std::mem::replace(&mut known.told, true);
                first.then_some(address)
            }
        }
    }

    /// There is a link to this peer now, whichever side dialed.
    pub(super) fn linked(&mut self, id: PeerId) {
        if let Some(known) = self.heard.get_mut(&id) {
            known.state = State::Linked;
        }
    }

    /// The link to this peer is gone, after so long.
    pub(super) fn lost(&mut self, id: PeerId, lasted: Duration, now: Instant) {
        if let Some(known) = self.heard.get_mut(&id) {
            known.failures = if lasted < SHORT { known.failures + 1 } else { 1 };
            known.state = State::Resting(now + pause(known.failures));
        }
        for known in self.named.values_mut().filter(|known| known.peer == Some(id)) {
            if known.state == State::Linked {
                known.state = State::Due(now + pause(1));
            }
        }
    }
}

impl State {
    fn due(self) -> Option<Instant> {
        match self {
            Self::Due(due) => Some(due),
            _ => None,
        }
    }
}

/// How long to rest after so many failures in a row.
fn pause(failures: usize) -> Duration {
    let last = PAUSES.len() - 1;
    Duration::from_secs(PAUSES[failures.saturating_sub(1).min(last)])
}

/// A number below `below`: always the same for the same two, and different for different ones.
/// All the chance that is needed here, without a source of it.
pub(super) fn scatter(me: PeerId, other: impl Hash, below: u32) -> u32 {
    let mut hasher = DefaultHasher::new();
    (me, other).hash(&mut hasher);
    u32::try_from(hasher.finish() % u64::from(below)).unwrap_or(0)
}

#[cfg(test)]
mod tests;
