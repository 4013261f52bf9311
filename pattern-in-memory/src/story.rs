//! A story: it has peers by name, takes one line of a script, and returns the events.
//!
//! Two kinds of "no" stay apart. The answer of a peer is an [`Event`]: "not connected" is an
//! ordinary answer. A mistake in the script itself leads to a [`Refusal`]: the program
//! cannot know what was meant, so it does nothing, and the line has to be written again.

use crate::event::{Event, EventKind, Refusal};
use crate::peer::Peer;
use crate::words::{self, MAX_NAME};

/// How many peers a story may have.
const MAX_PEERS: usize = 64;

/// Owns all peers of a script, in the order in which it introduced them.
#[derive(Default)]
pub(crate) struct Story {
    peers: Vec<Peer>,
}

impl Story {
    /// Carries out `line`, and returns the events. A refused line has changed nothing.
    pub(crate) fn tell(&mut self, line: &str) -> Result<Vec<Event>, Refusal> {
        let (words, texts) = words::split(line);
        match words[..] {
            [] => Ok(Vec::new()),
            [comment, ..] if comment.starts_with('#') => Ok(Vec::new()),
            ["peer", a] => self.introduce(words::name(a)?),
            ["connect", a, b] => self.between(a, b, Peer::add_peer),
            ["send", a, b, _, ..] => self.between(a, b, |a, b| a.send_message(b, texts[3])),
            ["disconnect", a, b] => self.between(a, b, Peer::disconnect),
            ["broadcast", a, _, ..] => self.broadcast(a, texts[2]),
            ["inbox", a] => Ok(self.peers[self.find(a)?].inbox()),
            [step, ..] if step.contains(char::REPLACEMENT_CHARACTER) => Err(Refusal::NotText),
            [step, ref others @ ..] => {
                others.iter().try_for_each(|word| words::name(word).map(drop))?;
                // No more of it is quoted than a name may have: a person reads the refusal.
                let step = step.chars().take(MAX_NAME).collect();
                Err(Refusal::NotAStep { step, words: others.len() })
            }
        }
    }

    fn introduce(&mut self, name: &str) -> Result<Vec<Event>, Refusal> {
        if self.peers.iter().any(|peer| peer.name == name) {
            return Err(Refusal::SameName { name: name.to_owned() });
        }
        if self.peers.len() == MAX_PEERS {
            return Err(Refusal::TooManyPeers { limit: MAX_PEERS });
        }
        self.peers.push(Peer::new(name));
        Ok(Vec::new())
    }

    /// Borrows the peers that `a` and `b` name for `call`, if these are two.
    fn between(
        &mut self,
        a: &str,
        b: &str,
        call: impl FnOnce(&mut Peer, &mut Peer) -> Vec<Event>,
    ) -> Result<Vec<Event>, Refusal> {
        let [a, b] = [self.find(a)?, self.find(b)?];
        // In Rust code, `peer1.add_peer(&mut peer1)` does not compile: there is one peer, and it
        // cannot be borrowed twice at once. A script is read at run time, after the compiler has
        // checked the program, so the same check is made again here, and its result is worded.
        // Without the check there would be two ways left, and both are worse: `unsafe`, or
        // a `RefCell` that panics.
        Ok(match self.peers.get_disjoint_mut([a, b]) {
            Ok([a, b]) => call(a, b),
            // LAB:BEGIN handshake
            Err(_the_same) => vec![self.peers[a].event(EventKind::BothEnds)],
            // LAB:STUB
            //| Err(_the_same) => vec![self.peers[a].event(EventKind::NotWritten("handshake"))],
            // LAB:END handshake
        })
    }

    /// Takes the peer that `a` names out of the list, so that it can borrow all others.
    fn broadcast(&mut self, a: &str, message: &str) -> Result<Vec<Event>, Refusal> {
        let at = self.find(a)?;
        let from = self.peers.remove(at);
        let events = from.broadcast_message(&mut self.peers, message);
        self.peers.insert(at, from);
        Ok(events)
    }

    fn find(&self, word: &str) -> Result<usize, Refusal> {
        let name = words::name(word)?;
        let found = self.peers.iter().position(|peer| peer.name == name);
        found.ok_or_else(|| Refusal::NoSuchPeer { word: word.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::FORMS;

    fn why_not(line: &str) -> String {
        Story::default().tell(line).expect_err("a refusal").to_string()
    }

    /// Tells `lines`, and returns the events of the last one.
    fn tell(lines: &[&str]) -> Result<Vec<String>, Refusal> {
        let mut story = Story::default();
        let mut told = Ok(Vec::new());
        for line in lines {
            told = story.tell(line);
        }
        Ok(told?.iter().map(Event::to_string).collect())
    }

    #[test]
    fn no_peer_is_borrowed_twice_at_once() {
        for step in ["connect Alice Alice", "send Alice Alice hi", "disconnect Alice Alice"] {
            let told = tell(&["peer Alice", step]).expect("a peer's own answer, no refusal");
            assert_eq!(told, ["Alice cannot be both ends of a connection"], "{step}");
        }
    }

    #[test]
    fn a_broadcast_reaches_all_connected_peers_in_the_order_of_the_script() {
        let lines = ["peer C", "peer A", "peer D", "peer B", "connect A B", "connect C A"];
        let told = tell(&[&lines[..], &["broadcast C hi", "broadcast A hi"]].concat());
        assert_eq!(
            told.expect("no refusal"),
            ["C received a message from A: hi", "B received a message from A: hi"]
        );
    }

    #[test]
    fn a_peer_that_was_not_introduced_is_refused() {
        let refused = Err(Refusal::NoSuchPeer { word: "Bob".into() });
        for step in
            ["connect A Bob", "connect Bob A", "send A Bob hi", "broadcast Bob hi", "inbox Bob"]
        {
            assert_eq!(tell(&["peer A", step]), refused, "{step}");
        }
    }

    #[test]
    fn every_form_is_a_step() {
        let peers = ["peer A", "peer B"];
        for form in FORMS {
            assert!(tell(&[&peers[..], &[form]].concat()).is_ok(), "{form}");
        }
    }

    #[test]
    fn blank_lines_and_comments_hold_no_step() {
        for line in ["", " \t ", "# peer A", "  #peer A", "#\"peer A"] {
            assert_eq!(tell(&[line]), Ok(Vec::new()), "{line:?}");
        }
    }

    #[test]
    fn a_wrong_form_is_shown_the_right_one() {
        assert_eq!(
            why_not("peer Peer 1"),
            "\"peer\" with 2 words after it is not a step; write: peer NAME \
             (a name of several words stands in quotes: \"Peer 1\")"
        );
        assert!(why_not("peer").contains(r#""peer" with nothing after it"#));
        assert!(why_not("connect \"Peer 1\"").contains(r#""connect" with 1 word after it"#));
        assert!(why_not("send A B").contains("write: send A B TEXT"));
        assert!(why_not("disconnect A B C").contains("with 3 words after it"));
        assert!(why_not("broadcast A").contains("write: broadcast A TEXT"));
        assert!(why_not("inbox A B").contains("write: inbox A"));
    }

    #[test]
    fn a_word_that_is_no_step_is_shown_all_of_them() {
        let why = why_not(&"x".repeat(1000));
        assert!(why.starts_with(&format!("\"{}\" is not a step", "x".repeat(MAX_NAME))));
        assert!(FORMS.iter().all(|form| why.contains(form)));
    }

    #[test]
    fn quotes_in_the_wrong_place_are_refused() {
        for line in ["peer \"Peer 1", "send \"Peer 1 B hi", "connect \"Peer 1 \"Peer 2\""] {
            assert_eq!(tell(&[line]), Err(Refusal::BadQuotes), "{line}");
        }
    }

    #[test]
    fn a_damaged_name_is_refused_and_a_damaged_text_is_not() {
        for line in ["p\u{FFFD}er A", "peer A\u{FFFD}", "send A\u{FFFD} B hi", "inbox \u{FFFD}"]
        {
            assert_eq!(tell(&[line]), Err(Refusal::NotText), "{line:?}");
        }
        assert!(tell(&["peer A", "peer B", "send A B \u{FFFD}"]).is_ok());
    }

    #[test]
    fn a_refusal_shows_the_line_to_write() {
        let why = why_not("inbox \"Peer 1\"");
        let expected =
            r#"there is no peer called "Peer 1"; write above this line: peer "Peer 1""#;
        assert_eq!(why, expected);
    }

    #[test]
    fn a_name_is_given_once() {
        assert_eq!(tell(&["peer A", "peer A"]), Err(Refusal::SameName { name: "A".into() }));
    }

    #[test]
    fn the_number_of_peers_has_a_bound() {
        let mut story = Story::default();
        for number in 0..MAX_PEERS {
            assert_eq!(story.tell(&format!("peer {number}")), Ok(Vec::new()));
        }
        let refused = story.tell("peer one-more");
        assert_eq!(refused, Err(Refusal::TooManyPeers { limit: MAX_PEERS }));
    }
}
