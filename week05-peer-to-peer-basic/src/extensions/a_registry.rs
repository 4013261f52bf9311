//! Extension A: a list of known peers, and one message to all of them.
//!
//! A broadcast is no new thing on the wire: it is the same message, once for every peer. What
//! is new is that some of them will be down, that each is told of, and that waiting for one
//! must not mean waiting for the next.

use std::collections::BTreeSet;

use crate::Event;
use crate::config::PeerId;
use crate::errand::{Errand, Words};

/// Shows all known peers, in order.
pub fn list_peers(known: &BTreeSet<PeerId>) -> Event {
    Event::KnownPeers(known.iter().copied().collect())
}

/// Sends `message` to every known peer but `me`: one errand each, all of them at once, so
/// that the time lost on peers that are down does not add up.
pub fn broadcast_message(me: PeerId, known: &BTreeSet<PeerId>, message: &str) -> Vec<Errand> {
    let others = known.iter().filter(|&&peer| peer != me);
    others.map(|&to| Errand { to, words: Words::Message(message.to_owned()) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broadcast_goes_to_everybody_else_once() {
        let known = BTreeSet::from([3, 1, 2]);
        let to: Vec<_> =
            broadcast_message(2, &known, "hi").iter().map(|errand| errand.to).collect();
        assert_eq!(to, [1, 3]);
        assert_eq!(list_peers(&known), Event::KnownPeers(vec![1, 2, 3]));
    }
}
