//! Which peer to dial, at which address, and when: a moment after it was heard, and ever more
//! rarely if it refuses. Pure.
//!
//! Any program can announce anything, so everything here has a bound: how many dials are out, how
//! many peers are remembered, and how often one that refuses is dialed again. **A refusal is an
//! act of the peer**: it says no, or hangs up sooner than a silence is noticed. A dial without an
//! answer, and a link that falls silent, are the network's doing, and the next dial is never more
//! than a few seconds away: whichever cables were cut, and how often, peers soon meet again.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher, Hash};
use std::mem;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use super::report::{Callee, LinkId};
use crate::event::{Event, Failure, Gone};
use crate::peer_info::PeerId;

/// How long a peer may take to answer, at all its addresses together. In a local network it takes
/// a millisecond; the rest is for a packet that gets lost and is sent again.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

/// The most dials that are out at once to peers that were heard. An address that our user has
/// named does not wait for them, and they do not wait for it.
const MAX_DIALS: usize = 64;

/// The most of them that are out at once to one address: a program that invents peers cannot take
/// the places of all others.
const MAX_DIALS_EACH: usize = MAX_DIALS / 2;

/// How many peers and named addresses are remembered, linked ones included.
const MAX_KNOWN: usize = 512;

/// How many of them may have been heard from one address.
const MAX_KNOWN_EACH: usize = MAX_KNOWN / 2;

/// How many addresses of one peer are remembered.
const MAX_ADDRESSES: usize = 4;

/// The most milliseconds between hearing a peer and dialing it. Without this jitter, all peers
/// would dial a newcomer in the same instant.
const MAX_JITTER_MS: u32 = 31;

/// The pauses after one, two, three ... dials that did not succeed, in seconds: exponential backoff.
const PAUSES: [u64; 6] = [1, 2, 4, 8, 16, 30];

/// A dial that got no answer counts as the third in a row at most, so its pause is 4 s at most.
const MOST_UNANSWERED: usize = 3;

/// A link that lasted for less than this was ended by the peer, and counts as a dial that it has
/// refused. A silence takes longer to be noticed: 5 s before the hello, and then 6 s.
const SHORT: Duration = Duration::from_secs(4);

/// All dials: those that are due, those that are out, and those that have to wait.
#[derive(Clone, Debug)]
pub(super) struct Dials {
    me: PeerId,
    next: u64,
    out: BTreeMap<LinkId, (Whom, Callee)>,
    known: BTreeMap<Whom, Known>,
}

/// What a dial is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Whom {
    /// `HOST:PORT` as our user named it.
    Named(String),
    /// A peer that was heard.
    Heard(PeerId),
}

/// The state of a peer that might be dialed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// The peer is left alone until this moment. Then it is dialed, if it was named or heard again.
    Waiting(Instant),
    /// The peer is being dialed, or its name is being looked up.
    #[default]
    Out,
    /// There is a link.
    Linked,
}

/// A peer that was heard, or an address that our user has named.
#[derive(Clone, Debug, Default)]
struct Known {
    /// The peer, which answers first where it was only named.
    peer: Option<PeerId>,
    /// Where it was heard first; `None` if it was named.
    from: Option<IpAddr>,
    /// Where it is to be dialed, one address after the other. Without any, a name is to be looked
    /// up, and a peer has to be heard again.
    addresses: Vec<SocketAddr>,
    /// How many of them were tried in vain. The next one is being dialed, or is to be.
    tried: usize,
    state: State,
    /// How many times in a row all of them were tried in vain, or a link was short.
    failures: usize,
    /// Whether the next dial has been put off already.
    put_off: bool,
    /// Whether our user has been told that no peer answers.
    told: bool,
}

impl Dials {
    pub(super) fn new(me: PeerId, named: &[String], now: Instant) -> Self {
        let whom = named.iter().cloned().map(Whom::Named);
        let known = whom.map(|whom| (whom, Known::new(None, None, now)));
        Self { me, next: 0, out: BTreeMap::new(), known: known.collect() }
    }

    /// A peer that is not linked was heard.
    pub(super) fn heard(&mut self, id: PeerId, address: SocketAddr, now: Instant) {
        let whom = Whom::Heard(id);
        let from = address.ip();
        if !self.known.contains_key(&whom) && !self.has_room_for(from) {
            return;
        }
        let known = self.known.entry(whom).or_insert(Known::new(Some(id), Some(from), now));
        if let State::Waiting(until) = known.state
            && known.addresses.is_empty()
        {
            let spread = Duration::from_millis(jitter(self.me, id, MAX_JITTER_MS).into());
            known.state = State::Waiting(until.max(now + spread));
        }
        // A peer has one port, so there is one address for each machine. None takes the place of one
        // that is still to be tried: any program can announce that this peer is elsewhere.
        let is_new = known.addresses.iter().all(|known| known.ip() != from);
        if is_new && known.addresses.len() < MAX_ADDRESSES {
            known.addresses.push(address);
        }
    }

    /// Whether another peer that was heard from there can be remembered. If need be, a peer that was
    /// dialed in vain is forgotten for it.
    fn has_room_for(&mut self, from: IpAddr) -> bool {
        let from_there = self.known.values().filter(|known| known.from == Some(from));
        let crowded = from_there.count() >= MAX_KNOWN_EACH;
        if !crowded && self.known.len() < MAX_KNOWN {
            return true;
        }
        let in_vain = self.known.iter().find(|(_, known)| {
            let may_go = known.from.is_some_and(|other| !crowded || other == from);
            let is_new = known.failures == 0 && !known.addresses.is_empty();
            may_go && !is_new && matches!(known.state, State::Waiting(_))
        });
        let in_vain = in_vain.map(|(whom, _)| whom.clone());
        in_vain.is_some_and(|whom| self.known.remove(&whom).is_some())
    }

    /// An announcement says that this peer is leaving. If it is about to be dialed, that can wait;
    /// but only once, since any program can say so.
    pub(super) fn give_up(&mut self, id: PeerId, now: Instant) {
        if let Some(known) = self.known.get_mut(&Whom::Heard(id))
            && let State::Waiting(until) = known.state
            && !known.addresses.is_empty()
            && !mem::replace(&mut known.put_off, true)
        {
            known.state = State::Waiting(until.max(now + pause(1)));
            known.forget_addresses();
        }
    }

    /// When the next dial is due, if there is room for one.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.next().map(|(due, ..)| due)
    }

    /// The next dial to make: when, to whom, and at which of its addresses. Of all for which there is
    /// room, it is the one that waits for longest.
    fn next(&self) -> Option<(Instant, &Whom, usize)> {
        let mut out = BTreeMap::<IpAddr, usize>::new();
        for (_, callee) in self.out.values() {
            if let Callee::At { to: Some(_), address, .. } = callee {
                *out.entry(address.ip()).or_default() += 1;
            }
        }
        // The first that ends will be followed by a tick.
        let is_full = out.values().sum::<usize>() >= MAX_DIALS;
        let has_room = |address: &SocketAddr| {
            !is_full && out.get(&address.ip()).is_none_or(|out| *out < MAX_DIALS_EACH)
        };
        let waiting = self.known.iter().filter_map(|(whom, known)| {
            let State::Waiting(due) = known.state else { return None };
            let index = match whom {
                Whom::Named(_) => known.tried,
                Whom::Heard(_) => {
                    let untried = known.addresses[known.tried..].iter();
                    known.tried + untried.clone().position(has_room)?
                }
            };
            Some((due, whom, index))
        });
        waiting.min()
    }

    /// The next dial to make now, if there is one.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<(LinkId, Callee)> {
        let (_, whom, index) = self.next().filter(|(due, ..)| *due <= now)?;
        let whom = whom.clone();
        let known = self.known.get_mut(&whom)?;
        known.put_off = false;
        known.state = State::Out;
        let callee = match &whom {
            Whom::Named(name) if known.addresses.is_empty() => Callee::Name(name.clone()),
            Whom::Named(_) => known.next_address(None, index),
            Whom::Heard(id) => known.next_address(Some(*id), index),
        };
        self.next += 1;
        let link = LinkId::Dialed(self.next);
        self.out.insert(link, (whom, callee.clone()));
        Some((link, callee))
    }

    /// A name was looked up, and its addresses are to be dialed at `due`.
    pub(super) fn looked_up(&mut self, link: LinkId, found: Vec<SocketAddr>, due: Instant) {
        if let Some((_, known)) = self.ended(link) {
            known.addresses = found.into_iter().take(MAX_ADDRESSES).collect();
            known.state = State::Waiting(due);
        }
    }

    /// Whether a dial to this peer is out.
    pub(super) fn is_calling(&self, id: PeerId) -> bool {
        self.known.get(&Whom::Heard(id)).is_some_and(|known| known.state == State::Out)
    }

    /// Whether a dial is out to this address, of which we do not know the peer.
    pub(super) fn is_calling_address(&self, address: SocketAddr) -> bool {
        let mut out = self.out.values();
        out.any(|(_, callee)| {
            matches!(callee, Callee::At { to: None, address: called, .. } if *called == address)
        })
    }

    /// A dial has ended: what it was for, unless that is linked in another way by now.
    fn ended(&mut self, link: LinkId) -> Option<(Whom, &mut Known)> {
        let (whom, _) = self.out.remove(&link)?;
        let known = self.known.get_mut(&whom).filter(|known| known.state == State::Out)?;
        Some((whom, known))
    }

    /// A dial became a link to this peer.
    pub(super) fn answered(&mut self, link: LinkId, id: PeerId) {
        if let Some((_, known)) = self.ended(link) {
            known.peer = Some(id);
            known.told = false;
            known.state = State::Linked;
        }
    }

    /// A dial came to nothing, though a peer is there: another link goes to it, or we have no room.
    /// That is no refusal.
    pub(super) fn not_needed(&mut self, link: LinkId, now: Instant) {
        let Some((whom, known)) = self.ended(link) else { return };
        // The link to a peer that was heard is coming; if not, the next announcement brings us back
        // here. At a named address a peer listens that we know, or are about to. As long as we do,
        // each try is in vain, so they become fewer.
        let failures = if let Whom::Heard(_) = whom { 1 } else { known.failures + 1 };
        known.backs_off(failures, now);
    }

    /// A dial failed. Returns what our user is told, who has named the address: once.
    pub(super) fn failed(&mut self, link: LinkId, why: Failure, now: Instant) -> Option<Event> {
        let (whom, known) = self.ended(link)?;
        let is_silent = matches!(why, Failure::Gone(Gone::Silent(_)));
        if is_unanswered(&why) {
            known.failures = known.failures.min(MOST_UNANSWERED - 1);
        }
        known.tried += 1;
        if known.tried < known.addresses.len() {
            // While our dial to the silent address was out, this peer's own dials were answered `dup`.
            // In the pause it can dial us.
            let gap = if is_silent { pause(1) } else { Duration::ZERO };
            known.state = State::Waiting(now + gap);
            return None;
        }
        known.backs_off(known.failures + 1, now);
        let Whom::Named(name) = whom else { return None };
        let first = !mem::replace(&mut known.told, true);
        first.then_some(Event::NoAnswer(name, why))
    }

    /// There is a link to this peer now, whichever side dialed.
    pub(super) fn linked(&mut self, id: PeerId) {
        for known in self.known.values_mut().filter(|known| known.peer == Some(id)) {
            known.state = State::Linked;
        }
    }

    /// The link to this peer is gone, after so long.
    pub(super) fn lost(&mut self, id: PeerId, lasted: Duration, now: Instant) {
        for known in self.known.values_mut() {
            if known.peer == Some(id) && known.state == State::Linked {
                let failures = if lasted < SHORT { known.failures + 1 } else { 1 };
                known.backs_off(failures, now);
            }
        }
    }
}

impl Known {
    /// A peer that may be dialed now.
    fn new(peer: Option<PeerId>, from: Option<IpAddr>, now: Instant) -> Self {
        Self { peer, from, state: State::Waiting(now), ..Self::default() }
    }

    /// What the next dial goes to: the address of this index.
    fn next_address(&mut self, to: Option<PeerId>, index: usize) -> Callee {
        self.addresses.swap(self.tried, index);
        let all = u32::try_from(self.addresses.len()).unwrap_or(1);
        Callee::At { to, address: self.addresses[self.tried], patience: PATIENCE / all }
    }

    /// Leaves the peer alone for a while, after this many failures in a row.
    fn backs_off(&mut self, failures: usize, now: Instant) {
        self.failures = failures;
        self.state = State::Waiting(now + pause(failures));
        self.forget_addresses();
    }

    fn forget_addresses(&mut self) {
        self.addresses.clear();
        self.tried = 0;
    }
}

/// Whether the network is to blame, and not the peer: it has not said no.
fn is_unanswered(why: &Failure) -> bool {
    use Failure::{Gone as Ended, NoAnswer, System};
    matches!(why, NoAnswer | System(_) | Ended(Gone::Silent(_) | Gone::Broken(_)))
}

/// The pause after this many failures in a row.
fn pause(failures: usize) -> Duration {
    Duration::from_secs(PAUSES[failures.clamp(1, PAUSES.len()) - 1])
}

/// A pseudo-random number below `below`: the same for the same `me` and `other`, so that the rules
/// stay pure, and mostly another one for others, so that peers do not act in the same instant.
pub(super) fn jitter(me: PeerId, other: impl Hash, below: u32) -> u32 {
    let hash = BuildHasherDefault::<DefaultHasher>::new().hash_one((me, other));
    u32::try_from(hash % u64::from(below)).unwrap_or(0)
}

#[cfg(test)]
mod tests;
