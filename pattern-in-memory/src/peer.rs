//! A peer: its own name, the names it is connected to, and its inbox.
//!
//! Peers know each other in circles, and plain values in Rust cannot own each other in a circle.
//! (Behind an `Rc` they can, and are never freed: see `examples/shared.rs`.) The way out is the one
//! that networks take: a peer does not *hold* another peer, it remembers what the other is
//! *called*. Here that address is a name; in the next lab it is a port.
//!
//! The other peer itself is borrowed for the length of one call, as `&mut Peer`. This borrow is
//! the wire: while it lasts, both ends are in our hands, and no other code can touch them.

use std::collections::BTreeSet;

use crate::event::{Event, EventKind};
use crate::inbox::{INBOX, Inbox};

/// A peer is client and server at once: it dials, and it answers when another peer dials it.
#[derive(Debug)]
pub struct Peer {
    pub(crate) name: String,
    connections: BTreeSet<String>,
    inbox: Inbox,
}

impl Peer {
    /// A peer without connections.
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), connections: BTreeSet::new(), inbox: Inbox::default() }
    }

    /// Whether a message to `other` would be sent.
    pub fn is_connected_to(&self, other: &Peer) -> bool {
        self.connections.contains(&other.name)
    }

    /// Asks `other` for a connection: the half of the handshake that dials.
    #[must_use]
    pub fn add_peer(&mut self, other: &mut Peer) -> Vec<Event> {
        // `peer.add_peer(&mut peer)` does not compile. A second peer under our own name does,
        // and to a network two peers with one address are one peer.
        if self.name == other.name {
            return vec![self.event(EventKind::BothEnds)];
        }
        // LAB:BEGIN handshake
        if self.is_connected_to(other) {
            return vec![self.event(EventKind::AlreadyConnected(other.name.clone()))];
        }
        let mut events = vec![self.event(EventKind::Dialing(other.name.clone()))];
        events.extend(other.establish_connection(self));
        self.connections.insert(other.name.clone());
        events.push(self.event(EventKind::Connected(other.name.clone())));
        events
        // LAB:STUB
        //| vec![self.event(EventKind::NotWritten("handshake"))]
        // LAB:END handshake
    }

    /// Accepts the connection `other` asks for: the half of the handshake that answers.
    #[must_use]
    pub(crate) fn establish_connection(&mut self, other: &Peer) -> Vec<Event> {
        // LAB:BEGIN handshake
        self.connections.insert(other.name.clone());
        vec![
            self.event(EventKind::Accepted(other.name.clone())),
            self.event(EventKind::Connected(other.name.clone())),
        ]
        // LAB:STUB
        //| let _ = other;
        //| vec![self.event(EventKind::NotWritten("handshake"))]
        // LAB:END handshake
    }

    /// Closes the connection with `other`, at both ends.
    #[must_use]
    pub fn disconnect(&mut self, other: &mut Peer) -> Vec<Event> {
        // LAB:BEGIN disconnect
        if let Some(refused) = self.cannot_talk_to(other) {
            return vec![refused];
        }
        other.connections.remove(&self.name);
        self.connections.remove(&other.name);
        vec![
            self.event(EventKind::HangingUp(other.name.clone())),
            other.event(EventKind::Disconnected(self.name.clone())),
            self.event(EventKind::Disconnected(other.name.clone())),
        ]
        // LAB:STUB
        //| let _ = other;
        //| vec![self.event(EventKind::NotWritten("disconnect"))]
        // LAB:END disconnect
    }

    /// Sends `message` to `other`, if the two are connected.
    #[must_use]
    pub fn send_message(&self, other: &mut Peer, message: &str) -> Vec<Event> {
        if let Some(refused) = self.cannot_talk_to(other) {
            return vec![refused];
        }
        other.receive_message(self, message)
    }

    /// Sends `message` to those of `others` that this peer is connected to.
    #[must_use]
    pub fn broadcast_message(&self, others: &mut [Peer], message: &str) -> Vec<Event> {
        // LAB:BEGIN broadcast
        if self.connections.is_empty() {
            return vec![self.event(EventKind::ConnectedToNobody)];
        }
        let listening = others.iter_mut().filter(|other| self.is_connected_to(other));
        listening.flat_map(|other| self.send_message(other, message)).collect()
        // LAB:STUB
        //| let _ = (others, message);
        //| vec![self.event(EventKind::NotWritten("broadcast"))]
        // LAB:END broadcast
    }

    /// Takes in `message`, which `other` sent.
    #[must_use]
    pub(crate) fn receive_message(&mut self, other: &Peer, message: &str) -> Vec<Event> {
        self.inbox.keep(&other.name, message);
        let (other, message) = (other.name.clone(), message.to_owned());
        vec![self.event(EventKind::Received { other, message })]
    }

    /// The messages in the inbox, oldest first; reading takes none of them out.
    #[must_use]
    pub fn inbox(&self) -> Vec<Event> {
        let mut events = Vec::new();
        if self.inbox.forgotten > 0 {
            let forgotten = self.inbox.forgotten;
            events.push(self.event(EventKind::Forgot { kept: INBOX, forgotten }));
        }
        for (other, message) in self.inbox.kept.iter().cloned() {
            events.push(self.event(EventKind::Keeps { other, message }));
        }
        if events.is_empty() {
            events.push(self.event(EventKind::KeepsNothing));
        }
        events
    }

    fn cannot_talk_to(&self, other: &Peer) -> Option<Event> {
        if self.name == other.name {
            Some(self.event(EventKind::BothEnds))
        } else if !self.is_connected_to(other) {
            Some(self.event(EventKind::NotConnected(other.name.clone())))
        } else {
            None
        }
    }

    pub(crate) fn event(&self, kind: EventKind) -> Event {
        Event { peer: self.name.clone(), kind }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(events: &[Event]) -> Vec<String> {
        events.iter().map(Event::to_string).collect()
    }

    fn connected_pair() -> (Peer, Peer) {
        let (mut alice, mut bob) = (Peer::new("Alice"), Peer::new("Bob"));
        let _ = alice.add_peer(&mut bob);
        (alice, bob)
    }

    #[test]
    fn a_connection_has_two_ends() {
        let (mut alice, mut bob) = connected_pair();
        assert!(alice.is_connected_to(&bob) && bob.is_connected_to(&alice));

        let _ = bob.disconnect(&mut alice);
        assert!(!alice.is_connected_to(&bob) && !bob.is_connected_to(&alice));
    }

    #[test]
    fn a_message_from_a_peer_that_is_not_connected_is_refused() {
        let (alice, mut bob) = (Peer::new("Alice"), Peer::new("Bob"));
        assert_eq!(
            told(&alice.send_message(&mut bob, "psst")),
            ["Alice is not connected to Bob"]
        );
        assert_eq!(bob.inbox(), [bob.event(EventKind::KeepsNothing)]);
    }

    #[test]
    fn a_second_peer_with_our_name_is_us() {
        let (mut alice, mut impostor) = (Peer::new("Alice"), Peer::new("Alice"));
        let refused = [alice.event(EventKind::BothEnds)];
        assert_eq!(alice.add_peer(&mut impostor), refused);
        assert_eq!(alice.send_message(&mut impostor, "hi"), refused);
        assert_eq!(alice.disconnect(&mut impostor), refused);
    }

    #[test]
    fn a_broadcast_reaches_the_borrowed_peers_that_are_connected() {
        let (alice, bob) = connected_pair();
        let events = alice.broadcast_message(&mut [Peer::new("Carol"), bob], "hi");
        assert_eq!(told(&events), ["Bob received a message from Alice: hi"]);
    }

    #[test]
    fn an_inbox_says_how_much_it_forgot() {
        let (alice, mut bob) = connected_pair();
        for number in 0..=INBOX {
            let _ = alice.send_message(&mut bob, &number.to_string());
        }
        let told = told(&bob.inbox());
        assert_eq!(
            told[..2],
            [
                "Bob keeps the newest 64 messages; forgotten: 1",
                "Bob has a message from Alice: 1",
            ]
        );
        assert_eq!(told.len(), 1 + INBOX);
    }
}
