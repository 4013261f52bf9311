//! Extension D: discovery. Which peers are online?
//!
//! We ask the peers that we know which peers they know, and go on until no peer is new. There is no
//! directory, so no single peer whose absence would end the search. The question and its answer
//! are control lines, and travel on one connection:
//!
//! ```text
//! discover 1\n       peer 1 asks, and ends its message (its half of the connection is closed)
//! peers 2 3 7\n      the other peer answers, and hangs up
//! ```
//!
//! What a peer says about others is hearsay: a peer counts as online when we have a connection to
//! it. So a liar can waste our time, and [`MAX_ASKED`] and [`PATIENCE`] limit how much of it. A peer
//! that takes the question and cannot answer (the example, say) is online as well.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use terminal::Deadline;

use crate::config::{MAX_KNOWN, PeerId};
use crate::control_line;
use crate::report::{Dial, Failure, Outcome, Purpose};

/// How many peers are asked in one search.
pub(crate) const MAX_ASKED: usize = MAX_KNOWN - 1; // And we know ourselves.

/// After this time a search dials no further peer. It ends at most one dial later.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// The word of the question.
const DISCOVER: &str = "discover";

/// Reads a question. Returns the peer that asks.
pub(crate) fn read_question(message: &[u8]) -> Option<PeerId> {
    // LAB:BEGIN d
    control_line::read(DISCOVER, message)
    // LAB:STUB
    //| let _ = (message, DISCOVER, control_line::read);
    //| None
    // LAB:END d
}

/// The answer to a question: the peers that we know.
pub(crate) fn answer(known: &BTreeSet<PeerId>) -> String {
    // LAB:BEGIN d
    let ids: Vec<_> = known.iter().map(PeerId::to_string).collect();
    format!("peers {}\n", ids.join(" "))
    // LAB:STUB
    //| let _ = known;
    //| String::new()
    // LAB:END d
}

/// Reads an answer. Returns the peers that it names; any other message names none.
fn read_answer(message: &[u8]) -> Vec<PeerId> {
    // LAB:BEGIN d
    let Ok(text) = str::from_utf8(message) else { return Vec::new() };
    let ids = text.strip_prefix("peers ").and_then(|text| text.strip_suffix('\n'));
    ids.map(|ids| ids.split(' ').filter_map(|id| id.parse().ok()).collect()).unwrap_or_default()
    // LAB:STUB
    //| let _ = message;
    //| Vec::new()
    // LAB:END d
}

/// One search, from the peers we know to the last one they know of.
#[derive(Debug)]
pub(crate) struct Search {
    me: PeerId,
    until: Deadline,
    asked: BTreeSet<PeerId>,
    unanswered: BTreeSet<PeerId>,
    /// The peers that have accepted our call.
    pub(crate) online: BTreeSet<PeerId>,
}

impl Search {
    /// A search by peer `me` that begins `now` with these peers, and its first dials.
    pub(crate) fn begin(me: PeerId, ids: BTreeSet<PeerId>, now: Instant) -> (Self, Vec<Dial>) {
        let [asked, unanswered, online] = [const { BTreeSet::new() }; 3];
        let until = Deadline::at(now + PATIENCE);
        let mut search = Self { me, until, asked, unanswered, online };
        let dials = search.ask(ids);
        (search, dials)
    }

    /// Takes the outcome of the question to peer `from`. Returns the next dials.
    pub(crate) fn on_outcome(&mut self, from: PeerId, outcome: &Outcome) -> Vec<Dial> {
        // LAB:BEGIN d
        self.unanswered.remove(&from);
        if let Outcome::Answered(message) = outcome {
            self.online.insert(from);
            return self.ask(read_answer(message));
        }
        if *outcome == Outcome::Failed(Failure::SearchOver) {
            self.asked.remove(&from); // It was not dialed, which says nothing about it.
        }
        Vec::new()
        // LAB:STUB
        //| let _ = (from, outcome, Outcome::Answered, Failure::SearchOver, read_answer);
        //| self.unanswered.clear();
        //| Vec::new()
        // LAB:END d
    }

    /// Peer `gone` has said goodbye.
    pub(crate) fn on_goodbye(&mut self, gone: PeerId) {
        self.online.remove(&gone);
    }

    /// Whether all peers that were asked have answered.
    pub(crate) fn is_over(&self) -> bool {
        self.unanswered.is_empty()
    }

    /// Whether `peer` was asked and has not accepted our call.
    pub(crate) fn found_absent(&self, peer: PeerId) -> bool {
        self.asked.contains(&peer) && !self.online.contains(&peer)
    }

    fn ask(&mut self, peers: impl IntoIterator<Item = PeerId>) -> Vec<Dial> {
        // LAB:BEGIN d
        let mut dials = Vec::new();
        for to in peers {
            if to != self.me && self.asked.len() < MAX_ASKED && self.asked.insert(to) {
                self.unanswered.insert(to);
                let text = control_line::write(DISCOVER, self.me);
                dials.push(Dial { to, text, purpose: Purpose::Question(self.until) });
            }
        }
        dials
        // LAB:STUB
        //| let _ = (MAX_ASKED, Purpose::Question(self.until), control_line::write);
        //| self.asked.extend(peers);
        //| let text = "task d is not written yet".to_owned();
        //| vec![Dial { to: self.me, text, purpose: Purpose::Message }]
        // LAB:END d
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(dials: &[Dial]) -> Vec<PeerId> {
        dials.iter().map(|dial| dial.to).collect()
    }

    fn knows(ids: &str) -> Outcome {
        Outcome::Answered(format!("peers {ids}\n").into_bytes())
    }

    #[test]
    fn the_search_goes_on_until_no_peer_is_new() {
        let now = Instant::now();
        let (mut search, first) = Search::begin(1, [1, 2, 3].into(), now);
        assert_eq!(asked(&first), [2, 3]);
        assert_eq!(asked(&search.on_outcome(2, &knows("1 2 3 7"))), [7]);
        assert_eq!(search.on_outcome(3, &Outcome::Failed(Failure::Offline)), []);
        assert!(!search.is_over());
        assert_eq!(search.on_outcome(7, &knows("1 2 7")), []);
        assert_eq!((search.is_over(), &search.online), (true, &BTreeSet::from([2, 7])));
    }

    #[test]
    fn a_peer_that_answers_nonsense_is_online_and_names_no_peers() {
        let now = Instant::now();
        for answer in ["", "peers", "peers 7", "peers seven\n", "PEERS 7\n", "peers -1 70000\n"]
        {
            let (mut search, _) = Search::begin(1, [2].into(), now);
            let outcome = Outcome::Answered(answer.as_bytes().to_vec());
            assert_eq!(search.on_outcome(2, &outcome), [], "{answer:?}");
            assert_eq!(
                (search.is_over(), &search.online),
                (true, &BTreeSet::from([2])),
                "{answer:?}"
            );
        }
        assert!(read_answer(b"peers \xff\n").is_empty());
    }

    #[test]
    fn a_peer_that_could_not_be_dialed_does_not_count_as_online() {
        let now = Instant::now();
        let no_call = [Failure::Broken("too many open files".into()), Failure::Closing];
        for why in no_call {
            let (mut search, _) = Search::begin(1, [2].into(), now);
            assert_eq!(search.on_outcome(2, &Outcome::Failed(why)), []);
            assert_eq!((search.is_over(), &search.online), (true, &BTreeSet::new()));
        }
    }

    #[test]
    fn a_peer_that_was_not_dialed_in_time_is_not_absent() {
        let (mut search, _) = Search::begin(1, [2, 3].into(), Instant::now());
        search.on_outcome(2, &Outcome::Failed(Failure::SearchOver));
        search.on_outcome(3, &Outcome::Failed(Failure::Offline));
        assert_eq!((search.is_over(), &search.online), (true, &BTreeSet::new()));
        assert_eq!([2, 3].map(|peer| search.found_absent(peer)), [false, true]);
    }

    #[test]
    fn a_peer_that_others_name_is_not_online_until_it_accepts() {
        let now = Instant::now();
        let (mut search, _) = Search::begin(1, [2].into(), now);
        assert_eq!(asked(&search.on_outcome(2, &knows("7"))), [7]);
        search.on_outcome(7, &Outcome::Failed(Failure::Offline));
        assert_eq!((search.is_over(), &search.online), (true, &BTreeSet::from([2])));
    }

    #[test]
    fn a_liar_wastes_a_bounded_number_of_calls_and_a_bounded_time() {
        let now = Instant::now();
        let all: Vec<_> = (0..=PeerId::MAX).map(|id| id.to_string()).collect();
        let (mut search, _) = Search::begin(1, [2].into(), now);
        let dials = search.on_outcome(2, &knows(&all.join(" ")));
        // All that we can know, but ourselves and peer 2.
        assert_eq!(dials.len(), MAX_KNOWN - 2);
        // The senders dial none of them after this deadline.
        let until = Purpose::Question(Deadline::at(now + PATIENCE));
        assert!(dials.iter().all(|dial| dial.purpose == until));
    }
}
