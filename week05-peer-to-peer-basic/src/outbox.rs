//! The outbox: errands that senders are out on, and errands that wait for a sender. Pure.

use std::collections::VecDeque;

use crate::config::MAX_DIALS;
use crate::errand::Errand;

/// How many errands may wait for a sender before relays are refused. Others can make us relay,
/// so there is an end.
pub const MAX_WAITING: usize = 256;

/// What is on its way, and what waits for its turn.
#[derive(Debug, Default)]
pub struct Outbox {
    /// How many senders are out.
    out: usize,
    waiting: VecDeque<Errand>,
}

impl Outbox {
    /// Gives `errand` back if a sender is to go at once; otherwise it waits for its turn.
    pub fn put(&mut self, errand: Errand) -> Option<Errand> {
        if self.out < MAX_DIALS {
            self.out += 1;
            return Some(errand);
        }
        self.waiting.push_back(errand);
        None
    }

    /// A sender has come home; the next errand, if one waits.
    pub fn returned(&mut self) -> Option<Errand> {
        let next = self.waiting.pop_front();
        self.out -= usize::from(next.is_none());
        next
    }

    /// Whether enough is waiting already.
    pub fn is_full(&self) -> bool {
        self.waiting.len() >= MAX_WAITING
    }

    /// Takes out everything that nobody is on the way with.
    pub fn empty(&mut self) -> impl Iterator<Item = Errand> + use<> {
        std::mem::take(&mut self.waiting).into_iter()
    }
}
