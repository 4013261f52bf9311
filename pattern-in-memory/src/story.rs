//! A story: peers by name, one line of a script in, what happened out.
//!
//! Two kinds of "no" stay apart. What a peer answers is an [`Event`], and the story goes on:
//! not being connected is an ordinary thing to hear. What the script itself got wrong is a
//! [`Refusal`], and the story ends there, because nobody can know what was meant.

use crate::event::{Event, EventKind, Refusal};
use crate::peer::Peer;
use crate::step::Step;

/// How many peers a story may have.
pub const MAX_PEERS: usize = 64;

/// Owns all peers of a script, in the order in which it introduced them.
#[derive(Debug, Default)]
pub struct Story {
    peers: Vec<Peer>,
}

impl Story {
    /// A story in which nothing has happened.
    pub fn new() -> Self {
        Self::default()
    }

    /// Does what `line` says, and tells what happened.
    ///
    /// # Errors
    ///
    /// If the line is no step, or names somebody who is not there; then nothing has happened.
    pub fn tell(&mut self, line: &str) -> Result<Vec<Event>, Refusal> {
        match Step::read(line)? {
            None => Ok(Vec::new()),
            Some(Step::Peer(name)) => self.introduce(name),
            Some(Step::Connect(a, b)) => self.between(a, b, Peer::add_peer),
            Some(Step::Send(a, b, text)) => {
                self.between(a, b, |from, to| from.send_message(to, text))
            }
            Some(Step::Disconnect(a, b)) => self.between(a, b, Peer::disconnect),
            Some(Step::Broadcast(a, text)) => self.broadcast(a, text),
            Some(Step::Inbox(a)) => Ok(self.peers[self.find(a)?].inbox()),
        }
    }

    fn introduce(&mut self, name: &str) -> Result<Vec<Event>, Refusal> {
        if self.find(name).is_ok() {
            return Err(Refusal::SameName { name: name.to_owned() });
        }
        if self.peers.len() == MAX_PEERS {
            return Err(Refusal::TooManyPeers { limit: MAX_PEERS });
        }
        self.peers.push(Peer::new(name));
        Ok(Vec::new())
    }

    /// Lends the peers called `a` and `b` to `call`, if these are two.
    fn between(
        &mut self,
        a: &str,
        b: &str,
        call: impl FnOnce(&mut Peer, &mut Peer) -> Vec<Event>,
    ) -> Result<Vec<Event>, Refusal> {
        let [a, b] = [self.find(a)?, self.find(b)?];
        // In Rust code, `peer1.add_peer(&mut peer1)` does not compile: there is one peer, and it
        // cannot be lent out twice at once. A script is read when the compiler has long gone
        // home, so the same question is asked again here, and its answer has to be worded.
        // Without the question there would be two ways left, and both are worse: `unsafe`, or
        // a `RefCell` that panics.
        Ok(match self.peers.get_disjoint_mut([a, b]) {
            Ok([a, b]) => call(a, b),
            Err(_the_same) => vec![self.peers[a].event(EventKind::BothEnds)],
        })
    }

    /// Takes the peer that `a` names out of the list, so that all others can be lent to it.
    fn broadcast(&mut self, a: &str, message: &str) -> Result<Vec<Event>, Refusal> {
        let at = self.find(a)?;
        let from = self.peers.remove(at);
        let events = from.broadcast_message(&mut self.peers, message);
        self.peers.insert(at, from);
        Ok(events)
    }

    fn find(&self, name: &str) -> Result<usize, Refusal> {
        let found = self.peers.iter().position(|peer| peer.name == name);
        found.ok_or_else(|| Refusal::NoSuchPeer { name: name.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tells `lines`, and returns what the last one led to.
    fn tell(lines: &[&str]) -> Result<Vec<String>, Refusal> {
        let mut story = Story::new();
        let mut told = Ok(Vec::new());
        for line in lines {
            told = story.tell(line);
        }
        Ok(told?.iter().map(Event::to_string).collect())
    }

    #[test]
    fn nobody_can_be_lent_twice_at_once() {
        for step in ["connect Alice Alice", "send Alice Alice hi", "disconnect Alice Alice"] {
            let told = tell(&["peer Alice", step]).expect("a peer's own answer, no refusal");
            assert_eq!(told, ["Alice cannot be both ends of a connection"], "{step}");
        }
    }

    #[test]
    fn a_broadcast_reaches_everyone_connected_in_the_order_of_the_script() {
        let lines = ["peer C", "peer A", "peer D", "peer B", "connect A B", "connect C A"];
        let told = tell(&[&lines[..], &["broadcast C hi", "broadcast A hi"]].concat());
        assert_eq!(
            told.expect("no refusal"),
            ["C received a message from A: hi", "B received a message from A: hi"]
        );
    }

    #[test]
    fn whoever_was_not_introduced_is_refused() {
        let refused = Err(Refusal::NoSuchPeer { name: "Bob".into() });
        for step in
            ["connect A Bob", "connect Bob A", "send A Bob hi", "broadcast Bob hi", "inbox Bob"]
        {
            assert_eq!(tell(&["peer A", step]), refused, "{step}");
        }
    }

    #[test]
    fn a_name_is_given_once() {
        assert_eq!(tell(&["peer A", "peer A"]), Err(Refusal::SameName { name: "A".into() }));
    }

    #[test]
    fn a_story_has_room_for_so_many_peers() {
        let mut story = Story::new();
        for number in 0..MAX_PEERS {
            assert_eq!(story.tell(&format!("peer {number}")), Ok(Vec::new()));
        }
        let refused = story.tell("peer one-more");
        assert_eq!(refused, Err(Refusal::TooManyPeers { limit: MAX_PEERS }));
    }
}
