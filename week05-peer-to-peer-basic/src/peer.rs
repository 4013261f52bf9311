//! The rules of a peer: what it knows, and what it does when something happens.
//!
//! Pure: events and the time go in, actions come out. There is no socket, no thread and no
//! terminal in this file, so every rule can be tried in a test without one. The owner
//! (`owner.rs`) carries the actions out.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Instant;

use crossbeam_channel::Sender;

use crate::Event;
use crate::command::{Command, Typed};
use crate::config::{KNOWN_PEERS, MAX_DIALS, MAX_KNOWN, Neighbourhood, PeerId};
use crate::errand::{Errand, Failure, Outcome, Words};
use crate::event::{ASK_WHAT, ASK_WHOM};
use crate::extensions::b_relay::{Relay, relay_message};
use crate::extensions::d_discovery::Search;
use crate::extensions::{a_registry, c_shutdown};

/// How many errands may wait for a sender. Others can make us relay, so there is an end.
pub const MAX_WAITING: usize = 256;

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
    /// How many senders are out.
    out: usize,
    waiting: VecDeque<Errand>,
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
            out: 0,
            waiting: VecDeque::new(),
            closing: false,
        }
    }

    /// What the user is being asked, if anything.
    pub fn question(&self) -> Option<&'static str> {
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
                self.out -= 1;
                let mut actions = self.on_outcome(errand, &outcome, now);
                actions.extend(self.waiting.pop_front().map(|next| self.send_out(next)));
                actions
            }
        }
    }

    /// The user wants to leave: `quit`, Ctrl-D, Ctrl-C, or the system asks us to.
    pub fn on_quit(&mut self) -> Vec<Action> {
        self.closing = true;
        self.asking = Asking::Nothing;
        let mut actions = vec![Action::Show(Event::Closing)];
        actions.extend(self.results.values().flatten().cloned().map(Action::Show));
        self.results.clear();
        for errand in std::mem::take(&mut self.waiting) {
            actions.extend(self.on_outcome(
                errand,
                &Outcome::Failed(Failure::Closing),
                Instant::now(),
            ));
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
            Command::Quit => self.on_quit(),
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
        } else if self.waiting.len() >= MAX_WAITING {
            Failure::TooMany(MAX_WAITING)
        } else {
            return self.run(vec![errand]);
        };
        vec![Action::Show(Event::NotSent { to: errand.to, why })]
    }

    /// Sends somebody out on each errand, or lets it wait until somebody comes home.
    fn run(&mut self, errands: Vec<Errand>) -> Vec<Action> {
        let mut actions = Vec::new();
        for errand in errands {
            if self.out < MAX_DIALS {
                actions.push(self.send_out(errand));
            } else {
                self.waiting.push_back(errand);
            }
        }
        actions
    }

    fn send_out(&mut self, errand: Errand) -> Action {
        self.out += 1;
        Action::SendOut(errand)
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
    /// who made themselves known in the meantime.
    fn search_result(&mut self) -> Option<Action> {
        let search = self.search.take_if(|search| search.result().is_some())?;
        let online = search.result()?;
        let me = self.id;
        self.known
            .retain(|&peer| peer == me || !search.has_asked(peer) || online.contains(&peer));
        self.known.extend(online);
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
mod tests {
    use crossbeam_channel::bounded;

    use super::*;
    use crate::config::{BASE_PORT, HOST};

    fn peer() -> Peer {
        Peer::new(1, Neighbourhood { host: HOST, base_port: BASE_PORT })
    }

    fn types(peer: &mut Peer, line: &str) -> Vec<Action> {
        peer.on_typed(Typed::Line(line.to_owned()), Instant::now())
    }

    fn returns(peer: &mut Peer, errand: Errand, outcome: Outcome) -> Vec<Action> {
        peer.on_report(Report::Returned(errand, outcome), Instant::now())
    }

    fn hears(peer: &mut Peer, message: &str) -> Vec<Action> {
        let from = "127.0.0.1:50123".parse().unwrap();
        let event = Event::Received { from, message: message.to_owned() };
        peer.on_report(Report::Happened(event), Instant::now())
    }

    fn errands(actions: Vec<Action>) -> Vec<Errand> {
        let errand = |action| match action {
            Action::SendOut(errand) => Some(errand),
            _ => None,
        };
        actions.into_iter().filter_map(errand).collect()
    }

    /// What is shown, as the user reads it.
    fn shown(actions: &[Action]) -> Vec<String> {
        let line = |action: &Action| match action {
            Action::Show(event) => Some(event.to_string()),
            _ => None,
        };
        actions.iter().filter_map(line).collect()
    }

    #[test]
    fn nothing_is_asked_until_the_last_answer_has_been_dealt_with() {
        let mut peer = peer();
        assert_eq!(peer.question(), Some(ASK_WHOM));
        types(&mut peer, "2");
        assert_eq!(peer.question(), Some(ASK_WHAT));
        let mut out = errands(types(&mut peer, "hi"));
        assert_eq!(peer.question(), None);
        let actions = returns(&mut peer, out.remove(0), Outcome::Delivered);
        assert_eq!(shown(&actions), ["Sent to peer 2: hi"]);
        assert_eq!(peer.question(), Some(ASK_WHOM));
    }

    #[test]
    fn a_broadcast_is_told_in_the_order_of_the_ids_however_it_went() {
        let mut peer = peer();
        types(&mut peer, "broadcast");
        let mut out = errands(types(&mut peer, "hi"));
        assert_eq!(out.iter().map(|errand| errand.to).collect::<Vec<_>>(), [2, 3, 4, 5]);
        while out.len() > 1 {
            let last = out.pop().unwrap();
            let actions = returns(&mut peer, last, Outcome::Failed(Failure::Offline));
            assert!(actions.is_empty(), "not before all are back");
        }
        let actions = returns(&mut peer, out.remove(0), Outcome::Delivered);
        let offline = |id| format!("ERROR: Peer {id} is not online");
        let expected = ["Sent to peer 2: hi".to_owned(), offline(3), offline(4), offline(5)];
        assert_eq!(shown(&actions), expected);
    }

    #[test]
    fn a_flood_of_relays_waits_up_to_a_limit_and_then_each_is_refused_aloud() {
        let mut peer = peer();
        let mut out = Vec::new();
        for _ in 0..MAX_DIALS + MAX_WAITING {
            let actions = hears(&mut peer, "relay 2 hi");
            assert_eq!(shown(&actions).len(), 1, "only the message itself");
            out.extend(errands(actions));
        }
        assert_eq!(out.len(), MAX_DIALS);
        let refused = shown(&hears(&mut peer, "relay 2 hi"));
        let why = "ERROR: Not sent to peer 2: 256 messages wait to be sent already";
        assert_eq!(refused[1..], [why]);
        // One comes home, and the next goes out.
        let next = returns(&mut peer, out.remove(0), Outcome::Delivered);
        assert_eq!(errands(next).len(), 1);
    }

    #[test]
    fn whoever_asks_is_answered_and_remembered_up_to_a_limit() {
        let mut peer = peer();
        for by in 0..=PeerId::MAX {
            let (answer, answers) = bounded(1);
            let actions = peer.on_report(Report::Asked { by, answer }, Instant::now());
            let [Action::Show(_), Action::Answer(answer, known)] = &actions[..] else {
                panic!()
            };
            answer.try_send(known.clone()).unwrap();
            assert!(answers.recv().unwrap().len() <= MAX_KNOWN);
        }
        assert_eq!(peer.known.len(), MAX_KNOWN);
    }

    #[test]
    fn a_search_forgets_the_absent_and_keeps_who_made_itself_known_meanwhile() {
        let mut peer = peer();
        let out = errands(types(&mut peer, "discover"));
        let (answer, _answers) = bounded(1);
        peer.on_report(Report::Asked { by: 9, answer }, Instant::now());
        for errand in out {
            let online = errand.to == 3 || errand.to == 4;
            let outcome = if online {
                Outcome::Answered(Vec::new())
            } else {
                Outcome::Failed(Failure::Offline)
            };
            // Peer 4 picks up, and leaves before the search is over.
            if errand.to == 5 {
                peer.on_report(Report::Happened(Event::Left(4)), Instant::now());
            }
            returns(&mut peer, errand, outcome);
        }
        assert_eq!(peer.known, BTreeSet::from([1, 3, 9]));
        assert_eq!(peer.question(), Some(ASK_WHOM));
    }

    #[test]
    fn what_is_still_unsent_when_the_user_leaves_is_told() {
        let mut peer = peer();
        for _ in 0..=MAX_DIALS {
            hears(&mut peer, "relay 2 hi");
        }
        let actions = peer.on_quit();
        let why = "ERROR: Not sent to peer 2: this peer is shutting down";
        assert_eq!(shown(&actions), ["Closing connections...", why]);
        let Some(Action::Close(farewells)) = actions.last() else { panic!("it closes") };
        assert_eq!(farewells.iter().map(|errand| errand.to).collect::<Vec<_>>(), [2, 3, 4, 5]);
        // And nothing is relayed any more.
        let actions = hears(&mut peer, "relay 3 hi");
        assert_eq!(
            shown(&actions)[1..],
            ["ERROR: Not sent to peer 3: this peer is shutting down"]
        );
        assert!(errands(actions).is_empty());
    }

    #[test]
    fn a_goodbye_in_our_own_name_changes_nothing() {
        let mut peer = peer();
        peer.on_report(Report::Happened(Event::Left(1)), Instant::now());
        assert!(peer.known.contains(&1));
    }
}
