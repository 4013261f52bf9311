//! Extension D: discovery. Which peers are online?
//!
//! Ask the peers that we know which peers they know, and go on until no name is new. There is no
//! directory, so no single peer whose absence would end the search. The question and its answer
//! are control lines, and travel on one connection:
//!
//! ```text
//! discover 1\n       peer 1 asks, and ends its message (its half of the connection is closed)
//! peers 2 3 7\n      the other peer answers, and hangs up
//! ```
//!
//! What a peer says about others is hearsay: a peer counts as online when it picks up itself. So
//! a liar can waste our time, and [`MAX_ASKED`] and [`PATIENCE`] limit how much of it. A peer
//! that takes the question and cannot answer (the lab sheet's program, say) is online as well.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::config::{MAX_KNOWN, PeerId};
use crate::control_line;
use crate::report::{Dial, Outcome, Purpose};

/// How many peers are asked in one search.
pub(crate) const MAX_ASKED: usize = MAX_KNOWN - 1; // And we know ourselves.

/// After this time a search asks no further peer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// The word of the question.
const DISCOVER: &str = "discover";

/// Reads a question: the peer that asks.
pub(crate) fn read_question(message: &[u8]) -> Option<PeerId> {
    control_line::read(DISCOVER, message)
}

/// The answer to a question: the peers that we know.
pub(crate) fn answer(known: &BTreeSet<PeerId>) -> String {
    let ids: Vec<_> = known.iter().map(PeerId::to_string).collect();
    format!("peers {}\n", ids.join(" "))
}

/// Reads an answer: the peers that another one knows. Anything else names none.
fn read_answer(message: &[u8]) -> Vec<PeerId> {
    let Ok(text) = str::from_utf8(message) else { return Vec::new() };
    let ids = text.strip_prefix("peers ").and_then(|text| text.strip_suffix('\n'));
    ids.map(|ids| ids.split(' ').filter_map(|id| id.parse().ok()).collect()).unwrap_or_default()
}

/// One search, from the peers we know to the last one they know of.
#[derive(Debug)]
pub(crate) struct Search {
    me: PeerId,
    begun: Instant,
    asked: BTreeSet<PeerId>,
    unanswered: BTreeSet<PeerId>,
    online: BTreeSet<PeerId>,
}

impl Search {
    /// A search by peer `me` that begins `now`, and its first dials.
    pub(crate) fn begin(
        me: PeerId,
        first: BTreeSet<PeerId>,
        now: Instant,
    ) -> (Self, Vec<Dial>) {
        let [asked, unanswered, online] = [const { BTreeSet::new() }; 3];
        let mut search = Self { me, begun: now, asked, unanswered, online };
        let dials = search.ask(first, now);
        (search, dials)
    }

    /// Peer `from` has answered, or could not be asked. Returns the next dials.
    pub(crate) fn on_answer(
        &mut self,
        from: PeerId,
        outcome: &Outcome,
        now: Instant,
    ) -> Vec<Dial> {
        self.unanswered.remove(&from);
        match outcome {
            // Only a peer that picks up is online.
            Outcome::Failed(_) | Outcome::Delivered => Vec::new(),
            Outcome::Answered(message) => {
                self.online.insert(from);
                self.ask(read_answer(message), now)
            }
        }
    }

    /// Peer `gone` has said goodbye.
    pub(crate) fn on_goodbye(&mut self, gone: PeerId) {
        self.online.remove(&gone);
    }

    /// Whether all peers that were asked have answered.
    pub(crate) fn is_over(&self) -> bool {
        self.unanswered.is_empty()
    }

    /// The peers that have picked up.
    pub(crate) fn online(&self) -> &BTreeSet<PeerId> {
        &self.online
    }

    /// Whether `peer` was asked and has not picked up.
    pub(crate) fn found_absent(&self, peer: PeerId) -> bool {
        self.asked.contains(&peer) && !self.online.contains(&peer)
    }

    fn ask(&mut self, peers: impl IntoIterator<Item = PeerId>, now: Instant) -> Vec<Dial> {
        if now.duration_since(self.begun) >= PATIENCE {
            return Vec::new();
        }
        let mut dials = Vec::new();
        for to in peers {
            if to != self.me && self.asked.len() < MAX_ASKED && self.asked.insert(to) {
                self.unanswered.insert(to);
                let text = control_line::write(DISCOVER, self.me);
                dials.push(Dial { to, text, purpose: Purpose::Question });
            }
        }
        dials
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Failure;

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
        assert_eq!(asked(&search.on_answer(2, &knows("1 2 3 7"), now)), [7]);
        assert_eq!(search.on_answer(3, &Outcome::Failed(Failure::Offline), now), []);
        assert!(!search.is_over());
        assert_eq!(search.on_answer(7, &knows("1 2 7"), now), []);
        assert_eq!((search.is_over(), search.online()), (true, &BTreeSet::from([2, 7])));
    }

    #[test]
    fn a_peer_that_answers_nonsense_is_online_and_names_no_peers() {
        let now = Instant::now();
        for answer in ["", "peers", "peers 7", "peers seven\n", "PEERS 7\n", "peers -1 70000\n"]
        {
            let (mut search, _) = Search::begin(1, [2].into(), now);
            let outcome = Outcome::Answered(answer.as_bytes().to_vec());
            assert_eq!(search.on_answer(2, &outcome, now), [], "{answer:?}");
            assert_eq!(
                (search.is_over(), search.online()),
                (true, &BTreeSet::from([2])),
                "{answer:?}"
            );
        }
        assert!(read_answer(b"peers \xff\n").is_empty());
    }

    #[test]
    fn a_call_that_could_not_be_made_proves_nothing() {
        let now = Instant::now();
        let no_call = [Failure::Broken("too many open files".into()), Failure::Closing];
        for why in no_call {
            let (mut search, _) = Search::begin(1, [2].into(), now);
            assert_eq!(search.on_answer(2, &Outcome::Failed(why), now), []);
            assert_eq!((search.is_over(), search.online()), (true, &BTreeSet::new()));
        }
    }

    #[test]
    fn hearsay_is_no_proof() {
        let now = Instant::now();
        let (mut search, _) = Search::begin(1, [2].into(), now);
        assert_eq!(asked(&search.on_answer(2, &knows("7"), now)), [7]);
        search.on_answer(7, &Outcome::Failed(Failure::Offline), now);
        assert_eq!((search.is_over(), search.online()), (true, &BTreeSet::from([2])));
    }

    #[test]
    fn a_liar_wastes_a_bounded_number_of_calls_and_a_bounded_time() {
        let now = Instant::now();
        let all: Vec<_> = (0..=PeerId::MAX).map(|id| id.to_string()).collect();
        let (mut search, _) = Search::begin(1, [2].into(), now);
        let dials = search.on_answer(2, &knows(&all.join(" ")), now);
        assert_eq!(dials.len(), MAX_ASKED - 1);
        let (mut search, _) = Search::begin(1, [2].into(), now);
        assert_eq!(search.on_answer(2, &knows("7"), now + PATIENCE), []);
        assert_eq!((search.is_over(), search.online()), (true, &BTreeSet::from([2])));
    }
}
