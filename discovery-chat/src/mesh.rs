//! The rules of the mesh: who is linked with whom, who is dialed, what is shown. Pure.
//!
//! Everything a peer knows of the others is here, and changes in one function, `Mesh::on`:
//! something happened, at this moment; these are the things to do. No socket, no thread and no
//! clock, so a test can play any order of events, at any speed.
//!
//! **The bug this file exists to avoid.** Two peers hear each other at the same moment, and both
//! dial. Now there are two links where one is wanted. If each peer closes the one it likes less,
//! they may close both; if each keeps what came first, they may keep different ones. So the rule
//! is a comparison that comes out the same on both sides (BGP, RFC 4271, section 6.8, has it
//! for the larger id): *the dial of the smaller id is the one that counts*. A peer that is dialed
//! while it dials the same peer, and has the smaller id, answers `dup`; the other one gives in.

mod announcer;
mod crossing;
mod dials;
mod receipts;
mod report;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::mem;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use crate::announce::Announcement;
use crate::command::Command;
use crate::config::Scope;
use crate::event::{Event, Failure, Gone};
use crate::frame::{Frame, Hello};
use crate::name::Name;
use crate::peer_info::{PeerId, PeerInfo};
use crate::version::NotOurs;
use announcer::Announcer;
use crossing::{CROSSING, Crossing};
use dials::Dials;
use receipts::Receipts;
pub(crate) use report::{Action, Answer, Callee, LinkId, Report};

/// The most peers that are linked at once.
const MAX_LINKS: usize = 256;

/// How long a message waits for its receipt, so that those that follow soon need none of their own.
const CONFIRM_AFTER: Duration = Duration::from_millis(50);

/// A peer that we are linked with.
#[derive(Clone, Debug)]
struct Linked {
    name: Name,
    address: SocketAddr,
    link: LinkId,
    since: Instant,
    receipts: Receipts,
}

/// All that one peer knows about the others.
#[derive(Clone, Debug)]
pub(crate) struct Mesh {
    me: PeerInfo,
    scope: Scope,
    linked: BTreeMap<PeerId, Linked>,
    /// The peer of each link. Also of links that another one has replaced, until they end: what
    /// is still on its way there is still shown.
    peer_of: BTreeMap<LinkId, PeerId>,
    dials: Dials,
    announcer: Announcer,
    /// How many messages our user has sent.
    said: u64,
    /// The last message that each link has brought since we confirmed one, and whose it is.
    received: BTreeMap<LinkId, (PeerId, u64)>,
    confirm_at: Option<Instant>,
    /// What is told only once.
    told_other_version: bool,
    told_crowded: bool,
    told_cannot_announce: bool,
    /// What is to be done, and was not handed out yet.
    actions: Vec<Action>,
}

impl Mesh {
    /// A mesh of one: `me`, who begins at `now` to announce itself, and to dial `peers`.
    pub(crate) fn new(me: PeerInfo, scope: Scope, peers: &[String], now: Instant) -> Self {
        Self {
            announcer: Announcer::new(me.id, now),
            dials: Dials::new(me.id, peers, now),
            me,
            scope,
            linked: BTreeMap::new(),
            peer_of: BTreeMap::new(),
            said: 0,
            received: BTreeMap::new(),
            confirm_at: None,
            told_other_version: false,
            told_crowded: false,
            told_cannot_announce: false,
            actions: Vec::new(),
        }
    }

    /// When to come back with a [`Report::Tick`], if nothing else happens before.
    pub(crate) fn next_due(&self) -> Instant {
        let others = self.dials.next_due().into_iter().chain(self.confirm_at);
        others.fold(self.announcer.due, Instant::min)
    }

    /// Takes in what happened; returns what is to be done, in this order.
    pub(crate) fn on(&mut self, report: Report, now: Instant) -> Vec<Action> {
        match report {
            Report::Tick => self.on_tick(now),
            Report::Heard(heard, from) => self.on_heard(heard, from, now),
            Report::Called(link, hello, from) => self.on_called(link, hello, from, now),
            Report::DialAnswered(link, info, address) => {
                self.on_dial_answered(link, info, address, now);
            }
            Report::NotLinked(link, Failure::Dup) => self.dials.not_needed(link, now),
            Report::NotLinked(link, why) => {
                let told = self.dials.failed(link, why, now);
                self.actions.extend(told.map(Action::Show));
            }
            Report::LookedUp(link, found) => {
                let due = self.named_dial_due(&found, now);
                self.dials.looked_up(link, found, due);
            }
            Report::Got(link, frame) => self.on_frame(link, frame, now),
            Report::HungUp(link, how) => self.on_hung_up(link, how, now),
            Report::Announced(result) => {
                match (mem::replace(&mut self.told_cannot_announce, result.is_err()), result) {
                    (false, Err(why)) => self.show(Event::CannotAnnounce(why)),
                    (true, Ok(())) => self.show(Event::Announcing),
                    _ => {}
                }
            }
            Report::AcceptFailed(why) => self.show(Event::AcceptFailed(why)),
            Report::Typed(command) => self.on_typed(command),
            Report::Leaving => self.confirm(),
            Report::Left => {
                let events = self.linked.keys().filter_map(|id| self.unconfirmed(*id));
                self.actions = events.map(Action::Show).collect();
            }
        }
        mem::take(&mut self.actions)
    }

    fn show(&mut self, event: Event) {
        self.actions.push(Action::Show(event));
    }

    /// A datagram was heard, or a caller of another version. Any program can have sent either.
    fn on_heard(&mut self, heard: Result<Announcement, NotOurs>, from: IpAddr, now: Instant) {
        match heard {
            _ if !self.scope.covers(from) => {}
            Ok(Announcement::Here(info)) => {
                let is_new = info.id != self.me.id && !self.linked.contains_key(&info.id);
                if is_new && self.linked.len() < MAX_LINKS {
                    self.dials.heard(info.id, SocketAddr::new(from, info.port), now);
                }
            }
            Ok(Announcement::Bye(id)) => self.dials.give_up(id, now),
            Err(NotOurs::OtherVersion(version)) => {
                if !mem::replace(&mut self.told_other_version, true) {
                    self.show(Event::OtherVersion(version, from));
                }
            }
            Err(NotOurs::Noise) => {}
        }
    }

    fn on_tick(&mut self, now: Instant) {
        if self.announcer.take_due(now) {
            self.actions.push(Action::Announce);
        }
        if self.confirm_at.is_some_and(|due| due <= now) {
            self.confirm();
        }
        while let Some((link, callee)) = self.dials.take_due(now) {
            self.actions.push(Action::Dial(link, callee));
        }
    }

    /// When to dial the addresses of a name that was looked up: at once, unless a peer that says it
    /// listens at one of them has just dialed us, and may not have our hello yet. Our own dial names
    /// no peer; if it arrived before that hello, the peer would take it for the better link. A dial
    /// waits once and no more: any program can say that it listens there.
    fn named_dial_due(&self, found: &[SocketAddr], now: Instant) -> Instant {
        let caller = self.linked.values().find(|peer| found.contains(&peer.address));
        caller.map_or(now, |caller| now.max(caller.since + CROSSING))
    }

    /// A peer dialed us: is the link wanted?
    fn on_called(&mut self, link: LinkId, hello: Hello, from: IpAddr, now: Instant) {
        let address = SocketAddr::new(from, hello.info.port);
        let answer = self.answer_to(&hello, address, now);
        self.actions.push(Action::Answer(link, answer));
        if answer == Answer::Hello {
            self.link_up(link, hello.info, address, now);
        } else if self.linked.len() >= MAX_LINKS && !mem::replace(&mut self.told_crowded, true)
        {
            self.show(Event::Crowded(MAX_LINKS));
        }
    }

    fn answer_to(&self, hello: &Hello, address: SocketAddr, now: Instant) -> Answer {
        if hello.info.id == self.me.id || !hello.is_for(self.me.id) {
            return Answer::Nothing;
        }
        let call = self.crossing(hello.info.id, now);
        let is_dup = match hello.to {
            Some(_) => call.is_dup(),
            None => call.is_dup_of_unknown(self.dials.is_calling_address(address)),
        };
        match call.standing {
            _ if is_dup => Answer::Dup,
            None if self.linked.len() >= MAX_LINKS => Answer::Nothing,
            _ => Answer::Hello,
        }
    }

    /// What there is between us and `peer`.
    fn crossing(&self, peer: PeerId, now: Instant) -> Crossing {
        let standing = self.linked.get(&peer);
        let standing = standing.map(|peer| (peer.link, now.duration_since(peer.since)));
        Crossing { me: self.me.id, peer, standing, is_dialed: self.dials.is_calling(peer) }
    }

    /// Our dial was answered by a hello.
    fn on_dial_answered(
        &mut self,
        link: LinkId,
        info: PeerInfo,
        address: SocketAddr,
        now: Instant,
    ) {
        let is_new = !self.linked.contains_key(&info.id);
        if info.id == self.me.id || is_new && self.linked.len() >= MAX_LINKS {
            // To be tried again, when there is room, or another peer at that address.
            self.dials.not_needed(link, now);
            return self.actions.push(Action::HangUp(link));
        }
        self.dials.answered(link, info.id);
        if self.crossing(info.id, now).gives_way() {
            self.peer_of.insert(link, info.id);
            return self.actions.push(Action::HangUp(link));
        }
        self.link_up(link, info, address, now);
    }

    /// A link stands. If another one to the same peer stood before, that one is done.
    fn link_up(
        &mut self,
        link: LinkId,
        PeerInfo { id, name, .. }: PeerInfo,
        address: SocketAddr,
        now: Instant,
    ) {
        self.dials.linked(id);
        self.peer_of.insert(link, id);
        let was = self.label(id);
        let before = self.linked.remove(&id);
        let mut receipts = before.clone().map(|peer| peer.receipts).unwrap_or_default();
        receipts.relink(self.said + 1);
        self.linked.insert(id, Linked { name, address, link, since: now, receipts });
        let (who, from) = (self.label(id), address.ip());
        let Some(before) = before else { return self.show(Event::Discovered(who, from)) };
        self.actions.push(Action::HangUp(before.link));
        // Our own dial, if it has crossed with the peer's, is no news. Any other link is told of: no
        // peer proves who it is, and this one has taken the place of another one.
        if matches!(link, LinkId::Accepted(_)) || now.duration_since(before.since) >= CROSSING {
            let who = if who == was { who } else { format!("{was}, now {who},") };
            self.show(Event::Reconnected(who, from));
        }
    }

    fn on_frame(&mut self, link: LinkId, frame: Frame, now: Instant) {
        let Some(&id) = self.peer_of.get(&link) else { return };
        let Some(peer) = self.linked.get_mut(&id) else { return };
        match frame {
            Frame::Say { seq, text } => {
                self.received.insert(link, (id, seq));
                self.confirm_at.get_or_insert(now + CONFIRM_AFTER);
                self.show(Event::Said(self.label(id), text));
            }
            Frame::Read(seq) => peer.receipts.confirm(seq),
            Frame::Bye => {
                self.confirm();
                self.actions.push(Action::HangUp(link));
                self.on_hung_up(link, Gone::Left, now);
            }
            Frame::Dup | Frame::Ping => {}
        }
    }

    /// Confirms what was received, to each peer on the link that stands.
    fn confirm(&mut self) {
        self.confirm_at = None;
        let received = mem::take(&mut self.received).into_values();
        let link = |id| self.linked.get(&id).map(|peer| peer.link);
        let confirm = |(id, seq)| Some(Action::Confirm(link(id)?, seq));
        self.actions.extend(received.filter_map(confirm));
    }

    fn on_hung_up(&mut self, link: LinkId, how: Gone, now: Instant) {
        let Some(id) = self.peer_of.remove(&link) else { return };
        let Some(peer) = self.linked.get(&id).filter(|peer| peer.link == link) else {
            return; // Another link has long taken its place.
        };
        self.dials.lost(id, now.duration_since(peer.since), now);
        self.show(Event::Gone(self.label(id), how));
        self.actions.extend(self.unconfirmed(id).map(Action::Show));
        self.linked.remove(&id);
    }

    /// What our user is told if a peer has not confirmed all messages.
    fn unconfirmed(&self, id: PeerId) -> Option<Event> {
        let missing = self.linked.get(&id)?.receipts.missing();
        (missing > 0).then(|| Event::Unconfirmed(self.label(id), missing))
    }

    fn on_typed(&mut self, command: Command) {
        match command {
            Command::Nothing => {}
            Command::List | Command::Say(_) if self.linked.is_empty() => {
                self.show(Event::NoPeers);
            }
            Command::List => self.show(Event::Listed(self.list())),
            Command::Help => self.show(Event::Help),
            Command::Quit => self.actions.push(Action::Quit),
            Command::Unknown(word) => self.show(Event::Unknown(word)),
            Command::TooLong(bytes) => self.show(Event::TooLong(bytes)),
            Command::Say(text) => {
                self.confirm(); // It may be an answer, and so the peer has its receipt first.
                self.said += 1;
                for peer in self.linked.values_mut() {
                    peer.receipts.sent(self.said);
                }
                let to = self.linked.values().map(|peer| peer.link).collect();
                self.actions.push(Action::Say(Frame::Say { seq: self.said, text }, to));
            }
        }
    }

    /// The linked peers by name, and those of one name by id.
    fn list(&self) -> Vec<(String, PeerId, SocketAddr)> {
        let mut peers: Vec<_> = self.linked.iter().collect();
        peers.sort_by_key(|(_, peer)| &peer.name);
        peers.into_iter().map(|(id, peer)| (self.label(*id), *id, peer.address)).collect()
    }

    /// The name of a linked peer; if others look the same, ourselves included, with as much of its
    /// id as tells it from them. A name cannot contain `#`, so no peer can forge that.
    fn label(&self, id: PeerId) -> String {
        let Some(Linked { name, .. }) = self.linked.get(&id) else { return id.to_string() };
        let linked = self.linked.iter().map(|(other, peer)| (*other, &peer.name));
        let visible = linked.chain([(self.me.id, &self.me.name)]);
        let alike = visible.filter(|(other, shown)| *other != id && shown.looks_like(name));
        match id.unique_prefix(alike.map(|(other, _)| other)) {
            Some(digits) => format!("{name}#{digits}"),
            None => name.to_string(),
        }
    }
}
