//! The same pattern with shared peers: the program holds each peer by an `Rc`, and peers hold
//! each other by a `Weak`.
//!
//! This design is the closest to Python, where every variable is a shared reference, and the
//! one that most people reach for first. Its methods take `&Rc<Peer>`, so any peer may call any
//! other at any time. That is the convenience, and also the price: the compiler no longer knows
//! which code changes a peer, and three promises of `src/peer.rs` become rules of ours.
//!
//! | promise | `src/peer.rs` | here |
//! |---|---|---|
//! | a peer is not changed while it is read | a compiler error | a panic (`RefCell`) |
//! | a peer is not both ends of a connection | a compiler error | a check at run time |
//! | a peer that is no longer used is freed | one owner | only if connections are `Weak` |
//!
//! `Rc` also keeps all of this in one thread. `mailboxes.rs` shows what changes with several.

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::{Rc, Weak};

use pattern_in_memory::Inbox;
use pattern_in_memory::event::{Event, EventKind};

/// A peer that is changed through a shared reference.
pub(crate) struct Peer {
    name: String,
    /// With `Rc` in place of `Weak`, two connected peers would keep each other for ever.
    connections: RefCell<Vec<Weak<Peer>>>,
    inbox: RefCell<Inbox>,
}

impl Peer {
    pub(crate) fn new(name: &str) -> Rc<Self> {
        Rc::new(Self {
            name: name.to_owned(),
            connections: RefCell::default(),
            inbox: RefCell::default(),
        })
    }

    pub(crate) fn is_connected_to(&self, other: &Rc<Peer>) -> bool {
        self.connections.borrow().iter().any(|peer| peer.as_ptr() == Rc::as_ptr(other))
    }

    pub(crate) fn add_peer(self: &Rc<Self>, other: &Rc<Peer>) -> Vec<Event> {
        // `peer.add_peer(&peer)` compiles in this design, so it is checked at run time.
        if Rc::ptr_eq(self, other) {
            return vec![self.event(EventKind::BothEnds)];
        }
        if self.is_connected_to(other) {
            return vec![self.event(EventKind::AlreadyConnected(other.name.clone()))];
        }
        let mut events = vec![self.event(EventKind::Dialing(other.name.clone()))];
        // No `borrow` is held across this call. The other peer may call back, and a `RefCell` that
        // is borrowed twice panics: the rule is the same as for a lock and a network.
        events.extend(other.establish_connection(self));
        events.push(self.remember(other));
        events
    }

    fn establish_connection(&self, other: &Rc<Peer>) -> Vec<Event> {
        vec![self.event(EventKind::Accepted(other.name.clone())), self.remember(other)]
    }

    fn remember(&self, other: &Rc<Peer>) -> Event {
        self.connections.borrow_mut().push(Rc::downgrade(other));
        self.event(EventKind::Connected(other.name.clone()))
    }

    pub(crate) fn send_message(&self, other: &Rc<Peer>, message: &str) -> Vec<Event> {
        if !self.is_connected_to(other) {
            return vec![self.event(EventKind::NotConnected(other.name.clone()))];
        }
        other.receive_message(self, message)
    }

    fn receive_message(&self, other: &Peer, message: &str) -> Vec<Event> {
        self.inbox.borrow_mut().keep(&other.name, message);
        let (other, message) = (other.name.clone(), message.to_owned());
        vec![self.event(EventKind::Received { other, message })]
    }

    fn event(&self, kind: EventKind) -> Event {
        Event { peer: self.name.clone(), kind }
    }
}

/// The lab sheet's example, line by line as in `src/demo.rs`, with fewer `mut`.
fn story() -> Vec<Event> {
    let [peer1, peer2, peer3] = ["Peer 1", "Peer 2", "Peer 3"].map(Peer::new);

    [
        peer1.add_peer(&peer2),
        peer1.add_peer(&peer3),
        peer1.send_message(&peer2, "Hello"),
        peer2.send_message(&peer1, "Hi there"),
        peer2.send_message(&peer3, "Try hello"),
    ]
    .concat()
}

fn tell(screen: &mut impl Write) -> io::Result<()> {
    story().iter().try_for_each(|event| writeln!(screen, "{event}"))
}

fn main() -> io::Result<()> {
    tell(&mut io::stdout())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_tells_the_story_of_the_lab_sheet() {
        let sheet = scenario::lab_sheet::block(include_str!("../README.md"), "## Output");
        let mut screen = Vec::new();
        tell(&mut screen).expect("a `Vec` takes everything");
        assert_eq!(String::from_utf8_lossy(&screen), sheet);
    }

    #[test]
    fn two_connected_peers_are_freed_when_they_are_dropped() {
        let (alice, bob) = (Peer::new("Alice"), Peer::new("Bob"));
        alice.add_peer(&bob);
        let (weak_alice, weak_bob) = (Rc::downgrade(&alice), Rc::downgrade(&bob));
        drop((alice, bob));
        assert!(weak_alice.upgrade().is_none() && weak_bob.upgrade().is_none());
    }

    #[test]
    #[should_panic(expected = "already borrowed")]
    fn a_borrow_held_during_a_call_panics() {
        let (alice, bob) = (Peer::new("Alice"), Peer::new("Bob"));
        let looking = alice.connections.borrow();
        alice.add_peer(&bob);
        drop(looking); // Too late.
    }

    #[test]
    fn a_peer_that_dials_itself_is_refused() {
        let alice = Peer::new("Alice");
        assert_eq!(alice.add_peer(&alice), [alice.event(EventKind::BothEnds)]);
    }
}
