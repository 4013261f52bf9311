//! The outbox: errands that senders are out on, and errands that wait for a sender. Pure.

use std::collections::VecDeque;
use std::mem;

use crate::config::MAX_DIALS;
use crate::errand::{Errand, Words};

/// How many relays may wait for a sender. Others can make us relay, so there is an end.
pub const MAX_WAITING: usize = 256;

/// What is on its way, and what waits for its turn.
#[derive(Debug, Default)]
pub struct Outbox {
    /// How many senders are out.
    out: usize,
    /// What our own user wants.
    ours: VecDeque<Errand>,
    /// What strangers want relayed. They wait behind our user, who waits for an answer.
    relays: VecDeque<Errand>,
}

impl Outbox {
    /// Gives `errand` back if a sender is to go at once; otherwise it waits for its turn.
    pub fn put(&mut self, errand: Errand) -> Option<Errand> {
        if self.out < MAX_DIALS {
            self.out += 1;
            return Some(errand);
        }
        match errand.words {
            Words::Relay(_) => self.relays.push_back(errand),
            _ => self.ours.push_back(errand),
        }
        None
    }

    /// A sender has come home; the next errand, if one waits.
    pub fn returned(&mut self) -> Option<Errand> {
        let next = self.ours.pop_front().or_else(|| self.relays.pop_front());
        // The next one takes its place, so that there are never more than `MAX_DIALS` out.
        self.out -= usize::from(next.is_none());
        next
    }

    /// Whether enough relays are waiting already.
    pub fn is_full(&self) -> bool {
        self.relays.len() >= MAX_WAITING
    }

    /// Takes out everything that nobody is on the way with.
    pub fn empty(&mut self) -> impl Iterator<Item = Errand> + use<> {
        let (ours, relays) = (mem::take(&mut self.ours), mem::take(&mut self.relays));
        ours.into_iter().chain(relays)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn relay(to: u16) -> Errand {
        Errand { to, words: Words::Relay(String::new()) }
    }

    fn message(to: u16) -> Errand {
        Errand { to, words: Words::Message(String::new()) }
    }

    #[test]
    fn never_are_more_out_than_may_be() {
        let mut outbox = Outbox::default();
        let sent = (0..100).filter_map(|to| outbox.put(relay(to))).count();
        assert_eq!(sent, MAX_DIALS);
        // Whoever comes home is replaced by one that waits, and not by a newcomer as well.
        assert_eq!(outbox.returned(), Some(relay(64)));
        assert_eq!(outbox.put(relay(200)), None);
    }

    #[test]
    fn our_user_goes_before_strangers() {
        let mut outbox = Outbox::default();
        for to in 0..100 {
            outbox.put(relay(to));
        }
        outbox.put(message(7));
        assert_eq!(outbox.returned(), Some(message(7)));
        assert_eq!(outbox.returned(), Some(relay(64)));
    }

    #[test]
    fn when_nobody_waits_there_is_room_again() {
        let mut outbox = Outbox::default();
        for to in 0..64 {
            outbox.put(relay(to));
        }
        assert_eq!(outbox.returned(), None);
        assert_eq!(outbox.put(relay(64)), Some(relay(64)));
        assert_eq!(outbox.put(relay(65)), None);
    }
}
