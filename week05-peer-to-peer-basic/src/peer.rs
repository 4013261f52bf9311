//! The rules of a peer: what it knows, and what it does when something happens.
//!
//! *What does a message mean?* In the example every message is a line to print. Here it may also
//! be a goodbye, a question or a request to relay it, and this is the one file that decides. It
//! is pure: reports and the time go in, actions come out, and the owner (`owner.rs`) carries
//! them out. So every rule is tested without a socket, a thread or a terminal.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use std::net::SocketAddr;
use std::time::Instant;

use terminal::{Typed, clean};

use crate::call::Cut;
use crate::command::Command;
use crate::config::{AddressPlan, KNOWN_PEERS, MAX_KNOWN, PeerId};
use crate::control_line::is_line;
use crate::event::{ASK_WHAT, ASK_WHOM, Event};
use crate::extensions::b_relay::{Relay, relay_message};
use crate::extensions::d_discovery::Search;
use crate::extensions::{a_registry, c_shutdown, d_discovery};
use crate::report::{Dial, Failure, Outcome, Purpose};

/// A step that the owner is to carry out.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Show(Event),
    Dial(Dial),
    /// Write this to the caller whose message has just been reported.
    Reply(String),
    Quit,
}

/// The open prompt.
#[derive(Clone, Copy, Debug)]
enum Asking {
    Whom,
    /// The message to this peer; `None`: to all known peers.
    What(Option<PeerId>),
    /// There is no prompt while the last message or search is on its way.
    Nothing,
}

/// The state of one peer.
#[derive(Debug)]
pub(crate) struct Peer {
    id: PeerId,
    plan: AddressPlan,
    known: BTreeSet<PeerId>,
    asking: Asking,
    /// The peers that our user's last message goes to, and its results; `None`: not known yet.
    results: BTreeMap<PeerId, Option<Event>>,
    search: Option<Search>,
    closing: bool,
}

impl Peer {
    /// Peer `id`, which knows itself and the peers of the initial list.
    pub(crate) fn new(id: PeerId, plan: AddressPlan) -> Self {
        Self {
            id,
            plan,
            known: KNOWN_PEERS.into_iter().chain([id]).collect(),
            asking: Asking::Whom,
            results: BTreeMap::new(),
            search: None,
            closing: false,
        }
    }

    /// The open prompt, if there is one.
    pub(crate) fn prompt(&self) -> Option<&'static str> {
        match self.asking {
            Asking::Whom => Some(ASK_WHOM),
            Asking::What(_) => Some(ASK_WHAT),
            Asking::Nothing => None,
        }
    }

    /// The user has answered the prompt.
    pub(crate) fn on_typed(&mut self, typed: Typed, now: Instant) -> Vec<Action> {
        match (mem::replace(&mut self.asking, Asking::Whom), typed) {
            (Asking::What(to), Typed::Line(message)) => self.send(to, message),
            (Asking::What(_), Typed::TooLong(bytes)) => {
                vec![Action::Show(Event::TooLong(bytes))]
            }
            (_, Typed::Line(line)) => self.on_command(&line, now),
            (_, Typed::TooLong(_)) => vec![Action::Show(Event::InvalidInput)],
        }
    }

    /// A caller has sent `message`, or only a part of it if the call was `cut`.
    pub(crate) fn on_called(
        &mut self,
        from: SocketAddr,
        message: &[u8],
        cut: Option<Cut>,
    ) -> Vec<Action> {
        if let Some(why) = cut {
            return on_part(from, message, why);
        }
        if is_line(message)
            && let Some(actions) = self.on_control_line(message)
        {
            return actions;
        }
        let message = clean(message);
        let relayed = match relay_message(&message) {
            Relay::ForUs => None,
            Relay::Forward(dial) => Some(self.relay(dial)),
            Relay::Refused(event) => Some(Action::Show(event)),
        };
        let received = Action::Show(Event::Received(from, message));
        [received].into_iter().chain(relayed).collect()
    }

    /// A sender has made this dial, or has tried to.
    pub(crate) fn on_dialed(&mut self, dial: Dial, outcome: Outcome) -> Vec<Action> {
        match dial.purpose {
            Purpose::Message => {
                let to = dial.to;
                self.results.insert(to, Some(result_of(dial, outcome)));
                self.all_results()
            }
            Purpose::Relay => vec![Action::Show(result_of(dial, outcome))],
            Purpose::Goodbye => Vec::new(),
            Purpose::Question(_) => {
                let Some(search) = &mut self.search else { return Vec::new() };
                let dials = search.on_outcome(dial.to, &outcome);
                // Now, and not at the end: until then it may start, and ask us.
                if search.found_absent(dial.to) {
                    self.known.remove(&dial.to);
                }
                self.search_on(dials)
            }
        }
    }

    /// The user leaves, or the system ends us: `quit`, Ctrl-D, Ctrl-C, SIGTERM. Of the dials that
    /// still wait, our user's messages go first, then the goodbyes, and no others.
    pub(crate) fn on_quit(&mut self, waiting: Vec<Dial>) -> Vec<Action> {
        self.closing = true;
        self.search = None;
        let mut actions = vec![Action::Show(Event::Closing)];
        actions.extend(waiting.into_iter().filter_map(|dial| match dial.purpose {
            Purpose::Message => Some(Action::Dial(dial)),
            Purpose::Relay => Some(Action::Show(Event::NotSent(dial.to, Failure::Closing))),
            Purpose::Goodbye | Purpose::Question(_) => None,
        }));
        let goodbyes = c_shutdown::goodbyes(self.id, &self.known);
        actions.extend(goodbyes.into_iter().map(Action::Dial));
        actions
    }

    /// The peer ends, and has not shown all results of our user's last message.
    pub(crate) fn last_results(self) -> impl Iterator<Item = Event> {
        let results = self.results.into_iter();
        results.map(|(to, result)| result.unwrap_or(Event::Unfinished(to)))
    }

    fn on_command(&mut self, line: &str, now: Instant) -> Vec<Action> {
        match a_registry::read_command(line).unwrap_or_else(|| Command::read(line)) {
            Command::Send(id) if self.plan.address_of(id).is_none() => {
                vec![self.no_such_peer(id.to_string())]
            }
            Command::NoPeer(id) => vec![self.no_such_peer(id)],
            Command::Send(id) => self.ask_what(Some(id)),
            Command::Broadcast => self.ask_what(None),
            Command::List => vec![Action::Show(a_registry::list_peers(&self.known))],
            Command::Discover => self.search(now),
            Command::Help => vec![Action::Show(Event::Help)],
            Command::Quit => vec![Action::Quit],
            Command::Invalid => vec![Action::Show(Event::InvalidInput)],
        }
    }

    fn no_such_peer(&self, id: String) -> Action {
        Action::Show(Event::NoSuchPeer(id, self.plan.last_id()))
    }

    fn ask_what(&mut self, to: Option<PeerId>) -> Vec<Action> {
        self.asking = Asking::What(to);
        Vec::new()
    }

    fn send(&mut self, to: Option<PeerId>, text: String) -> Vec<Action> {
        let dials = match to {
            Some(to) => vec![Dial { to, text, purpose: Purpose::Message }],
            None => a_registry::broadcast(self.id, &self.known, &text),
        };
        if dials.is_empty() {
            return vec![Action::Show(Event::NobodyKnown)];
        }
        self.asking = Asking::Nothing;
        self.results = dials.iter().map(|dial| (dial.to, None)).collect();
        dials.into_iter().map(Action::Dial).collect()
    }

    fn search(&mut self, now: Instant) -> Vec<Action> {
        self.asking = Asking::Nothing;
        // The initial list is asked every time, forgotten peers as well: a peer that left may
        // have come back.
        let first = self.known.iter().copied().chain(KNOWN_PEERS).collect();
        let (search, dials) = Search::begin(self.id, first, now);
        self.search = Some(search);
        self.search_on(dials)
    }

    /// A goodbye or a question; `None` for any other line.
    fn on_control_line(&mut self, line: &[u8]) -> Option<Vec<Action>> {
        if let Some(peer) = c_shutdown::read_goodbye(line) {
            return Some(self.on_goodbye(peer));
        }
        let by = d_discovery::read_question(line)?;
        self.learn(by);
        let answer = d_discovery::answer(&self.known);
        Some(vec![Action::Show(Event::Asked(by)), Action::Reply(answer)])
    }

    fn on_goodbye(&mut self, peer: PeerId) -> Vec<Action> {
        if peer != self.id {
            self.known.remove(&peer);
            if let Some(search) = &mut self.search {
                search.on_goodbye(peer);
            }
        }
        vec![Action::Show(Event::Left(peer))]
    }

    fn relay(&self, dial: Dial) -> Action {
        if self.plan.address_of(dial.to).is_none() {
            return self.no_such_peer(dial.to.to_string());
        }
        if self.closing {
            return Action::Show(Event::NotSent(dial.to, Failure::Closing));
        }
        Action::Dial(dial)
    }

    /// The results of the user's message in the order of the ids, once all of them are known.
    fn all_results(&mut self) -> Vec<Action> {
        if self.results.values().any(Option::is_none) {
            return Vec::new();
        }
        self.asking = Asking::Whom;
        mem::take(&mut self.results).into_values().flatten().map(Action::Show).collect()
    }

    /// Asks more peers, or shows those that are online once all have answered. From then on we know
    /// these, the peers that asked us in the meantime, and those that were not asked, because they
    /// were too many or it was too late: up to [`MAX_KNOWN`].
    fn search_on(&mut self, dials: Vec<Dial>) -> Vec<Action> {
        let mut actions: Vec<_> = dials.into_iter().map(Action::Dial).collect();
        let Some(search) = self.search.take_if(|search| search.is_over()) else {
            return actions;
        };
        for &peer in &search.online {
            self.learn(peer);
        }
        self.asking = Asking::Whom;
        let online = search.online.into_iter().collect();
        actions.push(Action::Show(Event::Discovered(online)));
        actions
    }

    fn learn(&mut self, peer: PeerId) {
        if self.known.len() < MAX_KNOWN && self.plan.address_of(peer).is_some() {
            self.known.insert(peer);
        }
    }
}

/// A call ended before its message did. The part is shown, but never acted on.
fn on_part(from: SocketAddr, bytes: &[u8], why: Cut) -> Vec<Action> {
    let cut = Action::Show(Event::Cut(from, bytes.len(), why));
    if bytes.is_empty() {
        return vec![cut];
    }
    vec![Action::Show(Event::Received(from, clean(bytes))), cut]
}

fn result_of(dial: Dial, outcome: Outcome) -> Event {
    match outcome {
        Outcome::Failed(why) => Event::NotSent(dial.to, why),
        _ => Event::Sent(dial.to, dial.text),
    }
}

#[cfg(test)]
mod tests;
