//! Extension D: who is online? Ask the peers we know whom they know, and go on until nobody
//! is new. No directory, so nobody whose absence would end the search.
//!
//! The question and its answer travel on one connection. The line ends make them notes
//! between programs; a message that somebody types has none:
//!
//! ```text
//! discover 1\n       peer 1 asks, and has spoken (its half of the connection is closed)
//! peers 2 3 7\n      the other answers, and hangs up
//! ```
//!
//! What a peer says of others is hearsay: an id counts as online when it picks up itself. So a
//! liar can waste our time, and [`MAX_ASKED`] and [`PATIENCE`] say how much of it. A peer that
//! takes the question and cannot answer (one of the lab sheet's, say) is online as well.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crossbeam_channel::{Sender, bounded};

use crate::call::Call;
use crate::config::{MAX_KNOWN, PeerId};
use crate::errand::{Errand, Outcome, Words};
use crate::message::{note, read_note};
use crate::peer::Report;

/// How many peers are asked in one search.
pub const MAX_ASKED: usize = MAX_KNOWN - 1; // And we know ourselves.

/// After this time a search asks nobody new.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// The word of the note that asks.
const DISCOVER: &str = "discover";

/// Reads a question: who wants to know.
///
/// ```
/// use week05::extensions::d_discovery::question;
/// assert_eq!(question(b"discover 7\n"), Some(7));
/// assert_eq!(question(b"discover 7"), None); // Somebody typed that.
/// ```
pub fn question(message: &[u8]) -> Option<PeerId> {
    read_note(DISCOVER, message)
}

/// Answers the question that peer `by` asked on `call`: the owner knows, this thread writes.
pub fn answer_question(call: &Call, by: PeerId, report: &Sender<Report>) {
    let (answer, answers) = bounded(1);
    // Either fails when the owner is shutting down; then hanging up is the answer.
    if report.send(Report::Asked { by, answer }).is_ok()
        && let Ok(known) = answers.recv_deadline(call.deadline())
    {
        let ids: Vec<_> = known.iter().map(PeerId::to_string).collect();
        let _ = call.write(format!("peers {}\n", ids.join(" ")).as_bytes());
    }
}

/// Reads an answer: whom a peer knows. Whatever is no answer names nobody.
fn answer(message: &[u8]) -> Vec<PeerId> {
    let Ok(text) = str::from_utf8(message) else { return Vec::new() };
    let ids = text.strip_prefix("peers ").and_then(|text| text.strip_suffix('\n'));
    ids.map(|ids| ids.split(' ').filter_map(|id| id.parse().ok()).collect()).unwrap_or_default()
}

/// One search, from the peers we know to the last one they know of.
#[derive(Debug)]
pub struct Search {
    me: PeerId,
    begun: Instant,
    asked: BTreeSet<PeerId>,
    unanswered: BTreeSet<PeerId>,
    online: BTreeSet<PeerId>,
}

impl Search {
    /// A search by peer `me` that begins `now`, and whom to ask first.
    pub fn begin(
        me: PeerId,
        first: impl IntoIterator<Item = PeerId>,
        now: Instant,
    ) -> (Self, Vec<Errand>) {
        let [asked, unanswered, online] = [const { BTreeSet::new() }; 3];
        let mut search = Self { me, begun: now, asked, unanswered, online };
        let errands = search.ask(first, now);
        (search, errands)
    }

    /// Takes note of what peer `from` answered, and says whom to ask next.
    pub fn on_answer(&mut self, from: PeerId, outcome: &Outcome, now: Instant) -> Vec<Errand> {
        self.unanswered.remove(&from);
        match outcome {
            // Only who picks up is online. A call that we could not even make proves nothing.
            Outcome::Failed(_) | Outcome::Delivered => Vec::new(),
            Outcome::Answered(message) => {
                self.online.insert(from);
                self.ask(answer(message), now)
            }
        }
    }

    /// Takes note that peer `gone` has said goodbye.
    pub fn on_farewell(&mut self, gone: PeerId) {
        self.online.remove(&gone);
    }

    /// Whether the search has looked for `peer`.
    pub fn has_asked(&self, peer: PeerId) -> bool {
        self.asked.contains(&peer)
    }

    /// Who is online, once everybody has answered.
    pub fn result(&self) -> Option<&BTreeSet<PeerId>> {
        self.unanswered.is_empty().then_some(&self.online)
    }

    fn ask(&mut self, peers: impl IntoIterator<Item = PeerId>, now: Instant) -> Vec<Errand> {
        if now.duration_since(self.begun) >= PATIENCE {
            return Vec::new();
        }
        let mut errands = Vec::new();
        for to in peers {
            if to != self.me && self.asked.len() < MAX_ASKED && self.asked.insert(to) {
                self.unanswered.insert(to);
                let question = note(DISCOVER, self.me);
                errands.push(Errand { to, words: Words::Question(question) });
            }
        }
        errands
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::errand::Failure;

    fn asked(errands: &[Errand]) -> Vec<PeerId> {
        errands.iter().map(|errand| errand.to).collect()
    }

    fn knows(ids: &str) -> Outcome {
        Outcome::Answered(format!("peers {ids}\n").into_bytes())
    }

    #[test]
    fn the_search_goes_on_until_nobody_is_new() {
        let now = Instant::now();
        let (mut search, first) = Search::begin(1, [1, 2, 3], now);
        assert_eq!(asked(&first), [2, 3]);
        assert_eq!(asked(&search.on_answer(2, &knows("1 2 3 7"), now)), [7]);
        assert_eq!(search.on_answer(3, &Outcome::Failed(Failure::Offline), now), []);
        assert_eq!(search.result(), None);
        assert_eq!(search.on_answer(7, &knows("1 2 7"), now), []);
        assert_eq!(search.result(), Some(&BTreeSet::from([2, 7])));
    }

    #[test]
    fn who_picks_up_and_answers_nonsense_is_online_and_names_nobody() {
        let now = Instant::now();
        for answer in ["", "peers", "peers 7", "peers seven\n", "PEERS 7\n", "peers -1 70000\n"]
        {
            let (mut search, _) = Search::begin(1, [2], now);
            let outcome = Outcome::Answered(answer.as_bytes().to_vec());
            assert_eq!(search.on_answer(2, &outcome, now), [], "{answer:?}");
            assert_eq!(search.result(), Some(&BTreeSet::from([2])), "{answer:?}");
        }
        assert!(answer(b"peers \xff\n").is_empty());
    }

    #[test]
    fn a_call_that_could_not_be_made_proves_nothing() {
        let now = Instant::now();
        let no_call = [Failure::Broken("too many open files".into()), Failure::Closing];
        for why in no_call {
            let (mut search, _) = Search::begin(1, [2], now);
            assert_eq!(search.on_answer(2, &Outcome::Failed(why), now), []);
            assert_eq!(search.result(), Some(&BTreeSet::new()));
        }
    }

    #[test]
    fn hearsay_is_no_proof() {
        let now = Instant::now();
        let (mut search, _) = Search::begin(1, [2], now);
        assert_eq!(asked(&search.on_answer(2, &knows("7"), now)), [7]);
        search.on_answer(7, &Outcome::Failed(Failure::Offline), now);
        assert_eq!(search.result(), Some(&BTreeSet::from([2])));
    }

    #[test]
    fn a_liar_wastes_a_bounded_number_of_calls_and_a_bounded_time() {
        let now = Instant::now();
        let everybody: Vec<_> = (0..=PeerId::MAX).map(|id| id.to_string()).collect();
        let (mut search, _) = Search::begin(1, [2], now);
        let errands = search.on_answer(2, &knows(&everybody.join(" ")), now);
        assert_eq!(errands.len(), MAX_ASKED - 1);
        let (mut search, _) = Search::begin(1, [2], now);
        assert_eq!(search.on_answer(2, &knows("7"), now + PATIENCE), []);
        assert_eq!(search.result(), Some(&BTreeSet::from([2])));
    }
}
