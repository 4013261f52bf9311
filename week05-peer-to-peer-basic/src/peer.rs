//! The rules of a peer: what it knows, and what it does when something happens.
//!
//! Pure: events and the time go in, actions come out. There is no socket, no thread and no
//! terminal in this file, so every rule can be tried in a test without one. The owner
//! (`owner.rs`) carries the actions out.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use crossbeam_channel::Sender;

use crate::Event;
use crate::command::{Command, Typed};
use crate::config::{KNOWN_PEERS, MAX_KNOWN, Neighbourhood, PeerId};
use crate::errand::{Errand, Failure, Outcome, Words};
use crate::event::{ASK_WHAT, ASK_WHOM};
use crate::extensions::b_relay::{Relay, relay_message};
use crate::extensions::d_discovery::Search;
use crate::extensions::{a_registry, c_shutdown};
use crate::outbox::{MAX_WAITING, Outbox};

/// What the other threads tell the owner.
#[derive(Debug)]
pub enum Report {
    /// Something that the user may know.
    Happened(Event),
    /// A caller wants to know whom we know, and waits for `answer`.
    Asked {
        /// The peer that asks.
        by: PeerId,
        /// Where it waits. It has room for the answer, so nobody waits for it to be taken.
        answer: Sender<BTreeSet<PeerId>>,
    },
    /// A sender has come home.
    Returned(Errand, Outcome),
}

/// What the owner is to do.
#[derive(Debug)]
pub enum Action {
    /// Show this.
    Show(Event),
    /// Send somebody out on this errand.
    SendOut(Errand),
    /// Answer a caller who waits there.
    Answer(Sender<BTreeSet<PeerId>>, BTreeSet<PeerId>),
    /// Say these goodbyes, and end everything.
    Close(Vec<Errand>),
}

/// What the user is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asking {
    Whom,
    What(To),
    /// Nothing, until the last answer has been dealt with.
    Nothing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum To {
    Peer(PeerId),
    Everybody,
}

/// All that one peer knows.
#[derive(Debug)]
pub struct Peer {
    id: PeerId,
    neighbourhood: Neighbourhood,
    known: BTreeSet<PeerId>,
    asking: Asking,
    /// How the user's last message went, for each peer it was sent to; `None`: not known yet.
    results: BTreeMap<PeerId, Option<Event>>,
    search: Option<Search>,
    outbox: Outbox,
    closing: bool,
}

impl Peer {
    /// Peer `id`, who knows the peers of the initial list, and itself.
    pub fn new(id: PeerId, neighbourhood: Neighbourhood) -> Self {
        Self {
            id,
            neighbourhood,
            known: KNOWN_PEERS.into_iter().chain([id]).collect(),
            asking: Asking::Whom,
            results: BTreeMap::new(),
            search: None,
            outbox: Outbox::default(),
            closing: false,
        }
    }

    /// What the user is being asked, if anything.
    pub fn prompt(&self) -> Option<&'static str> {
        match self.asking {
            Asking::Whom => Some(ASK_WHOM),
            Asking::What(_) => Some(ASK_WHAT),
            Asking::Nothing => None,
        }
    }

    /// The user has answered the question.
    pub fn on_typed(&mut self, typed: Typed, now: Instant) -> Vec<Action> {
        match (self.asking, typed) {
            (Asking::Whom, Typed::Line(line)) => self.on_command(Command::read(&line), now),
            (Asking::Whom, Typed::TooLong(_)) => vec![Action::Show(Event::InvalidInput)],
            (Asking::What(to), Typed::Line(message)) => self.say(to, &message),
            (Asking::What(_), Typed::TooLong(bytes)) => {
                self.asking = Asking::Whom;
                vec![Action::Show(Event::TooLong(bytes))]
            }
            (Asking::Nothing, _) => Vec::new(), // The owner reads no answer without a question.
        }
    }

    /// Another thread has something to tell.
    pub fn on_report(&mut self, report: Report, now: Instant) -> Vec<Action> {
        match report {
            Report::Happened(event) => self.on_event(event),
            Report::Asked { by, answer } => {
                if self.known.len() < MAX_KNOWN && self.neighbourhood.address_of(by).is_some() {
                    self.known.insert(by);
                }
                vec![Action::Show(Event::Asked(by)), Action::Answer(answer, self.known.clone())]
            }
            Report::Returned(errand, outcome) => {
                let next = self.outbox.returned();
                let mut actions = self.on_outcome(errand, &outcome, now);
                actions.extend(next.map(Action::SendOut));
                actions
            }
        }
    }

    /// The user wants to leave: `quit`, Ctrl-D, Ctrl-C, or the system asks us to.
    pub fn on_quit(&mut self, now: Instant) -> Vec<Action> {
        self.closing = true;
        self.asking = Asking::Nothing;
        let mut actions = vec![Action::Show(Event::Closing)];
        actions.extend(self.results.values().flatten().cloned().map(Action::Show));
        self.results.clear();
        for errand in self.outbox.empty() {
            actions.extend(self.on_outcome(errand, &Outcome::Failed(Failure::Closing), now));
        }
        actions.push(Action::Close(c_shutdown::say_goodbye(self.id, &self.known)));
        actions
    }

    fn on_command(&mut self, command: Command, now: Instant) -> Vec<Action> {
        let last = self.neighbourhood.last_id();
        match command {
            Command::Send(id) if id > last => {
                vec![Action::Show(Event::NoSuchPeer { id: id.to_string(), last })]
            }
            Command::Send(id) => self.ask_what(To::Peer(id)),
            Command::Broadcast => self.ask_what(To::Everybody),
            Command::NoPeer(id) => vec![Action::Show(Event::NoSuchPeer { id, last })],
            Command::List => vec![Action::Show(a_registry::list_peers(&self.known))],
            Command::Discover => self.search(now),
            Command::Help => vec![Action::Show(Event::Help)],
            Command::Quit => self.on_quit(now),
            Command::Invalid => vec![Action::Show(Event::InvalidInput)],
        }
    }

    fn ask_what(&mut self, to: To) -> Vec<Action> {
        self.asking = Asking::What(to);
        Vec::new()
    }

    fn say(&mut self, to: To, message: &str) -> Vec<Action> {
        let errands = match to {
            To::Peer(to) => vec![Errand { to, words: Words::Message(message.to_owned()) }],
            To::Everybody => a_registry::broadcast_message(self.id, &self.known, message),
        };
        if errands.is_empty() {
            self.asking = Asking::Whom;
            return vec![Action::Show(Event::NobodyKnown)];
        }
        self.asking = Asking::Nothing;
        self.results = errands.iter().map(|errand| (errand.to, None)).collect();
        self.run(errands)
    }

    fn search(&mut self, now: Instant) -> Vec<Action> {
        self.asking = Asking::Nothing;
        // The initial list is asked every time, also about peers that were forgotten: how else
        // would somebody be found who left and came back?
        let first: BTreeSet<_> = self.known.iter().copied().chain(KNOWN_PEERS).collect();
        let (search, errands) = Search::begin(self.id, first, now);
        self.search = Some(search);
        let mut actions = self.run(errands);
        actions.extend(self.search_result());
        actions
    }

    fn on_event(&mut self, event: Event) -> Vec<Action> {
        let mut actions = vec![Action::Show(event.clone())];
        match event {
            Event::Received { message, .. } => match relay_message(&message) {
                Relay::ForUs => {}
                Relay::Forward(errand) => actions.extend(self.relay(errand)),
                Relay::Refused(event) => actions.push(Action::Show(event)),
            },
            Event::Left(peer) if peer != self.id => {
                self.known.remove(&peer);
                if let Some(search) = &mut self.search {
                    search.on_farewell(peer);
                }
            }
            _ => {}
        }
        actions
    }

    fn relay(&mut self, errand: Errand) -> Vec<Action> {
        let last = self.neighbourhood.last_id();
        if errand.to > last {
            let id = errand.to.to_string();
            return vec![Action::Show(Event::NoSuchPeer { id, last })];
        }
        let why = if self.closing {
            Failure::Closing
        } else if self.outbox.is_full() {
            Failure::TooMany(MAX_WAITING)
        } else {
            return self.run(vec![errand]);
        };
        vec![Action::Show(Event::NotSent { to: errand.to, why })]
    }

    /// Sends somebody out on each errand, or lets it wait until somebody comes home.
    fn run(&mut self, errands: Vec<Errand>) -> Vec<Action> {
        errands
            .into_iter()
            .filter_map(|errand| self.outbox.put(errand))
            .map(Action::SendOut)
            .collect()
    }

    fn on_outcome(&mut self, errand: Errand, outcome: &Outcome, now: Instant) -> Vec<Action> {
        let Errand { to, words } = errand;
        match words {
            Words::Message(message) => {
                let event = told(to, message, outcome);
                if self.closing {
                    return vec![Action::Show(event)];
                }
                self.results.insert(to, Some(event));
                self.all_results()
            }
            Words::Relay(message) => vec![Action::Show(told(to, message, outcome))],
            Words::Farewell(_) => Vec::new(),
            Words::Question(_) => {
                let Some(search) = &mut self.search else { return Vec::new() };
                let errands = search.on_answer(to, outcome, now);
                let mut actions = self.run(errands);
                actions.extend(self.search_result());
                actions
            }
        }
    }

    /// Once the user's message has been sent to all: how it went, in the order of the ids.
    fn all_results(&mut self) -> Vec<Action> {
        if self.results.values().any(Option::is_none) {
            return Vec::new();
        }
        self.asking = Asking::Whom;
        std::mem::take(&mut self.results).into_values().flatten().map(Action::Show).collect()
    }

    /// Once the search is over: who is online. From then on we know exactly these, and those
    /// who made themselves known in the meantime, up to [`MAX_KNOWN`].
    fn search_result(&mut self) -> Option<Action> {
        let search = self.search.take_if(|search| search.result().is_some())?;
        let online = search.result()?;
        let me = self.id;
        self.known
            .retain(|&peer| peer == me || !search.has_asked(peer) || online.contains(&peer));
        for &peer in online {
            if self.known.len() < MAX_KNOWN {
                self.known.insert(peer);
            }
        }
        if !self.closing {
            self.asking = Asking::Whom;
        }
        Some(Action::Show(Event::Discovered(online.iter().copied().collect())))
    }
}

/// How the sending of `message` to peer `to` is told.
fn told(to: PeerId, message: String, outcome: &Outcome) -> Event {
    match outcome {
        Outcome::Failed(why) => Event::NotSent { to, why: why.clone() },
        Outcome::Delivered | Outcome::Answered(_) => Event::Sent { to, message },
    }
}

#[cfg(test)]
mod tests;
