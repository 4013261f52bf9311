//! Receipts: which of our messages have arrived at a peer, and which may be lost. Pure.
//!
//! A peer confirms a message by its number, and nothing else proves that it has arrived: a link may
//! be one-way, and a peer that pings, hangs up or says goodbye may not have read to the end.

use std::mem;
use std::ops::Range;

/// The messages that one peer was sent, by number. Each link carries numbers in a row, so a peer
/// that has read one of them has read those before it on the same link, and on no other.
#[derive(Clone, Debug, Default)]
pub(super) struct Receipts {
    /// The unconfirmed ones on the link that stands.
    here: Range<u64>,
    /// Those on the link before it: what is on its way there may still arrive.
    before: Range<u64>,
    /// How many messages were not confirmed on the links before these two.
    lost: u64,
}

impl Receipts {
    /// Another link stands now, and will carry message `next` first.
    pub(super) fn relink(&mut self, next: u64) {
        let before = mem::replace(&mut self.here, next..next);
        self.lost += length(&mem::replace(&mut self.before, before));
    }

    /// The link carries this message.
    pub(super) fn sent(&mut self, seq: u64) {
        self.here.end = seq + 1;
    }

    /// The peer has read this message. Ignored if it was sent none of this number.
    pub(super) fn confirm(&mut self, seq: u64) {
        for link in [&mut self.here, &mut self.before] {
            if link.contains(&seq) {
                link.start = seq + 1;
            }
        }
    }

    /// How many messages may not have arrived.
    pub(super) fn missing(&self) -> u64 {
        self.lost + length(&self.before) + length(&self.here)
    }
}

fn length(numbers: &Range<u64>) -> u64 {
    numbers.end - numbers.start
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_confirms_what_came_before_it_on_its_link_and_nothing_else() {
        let mut receipts = Receipts::default();
        receipts.relink(5);
        for seq in 5..=7 {
            receipts.sent(seq);
        }
        for invented in [0, 4, 8, u64::MAX] {
            receipts.confirm(invented);
            assert_eq!(receipts.missing(), 3, "{invented}");
        }
        receipts.confirm(6);
        receipts.confirm(5);
        assert_eq!(receipts.missing(), 1);
        receipts.relink(8);
        receipts.sent(8);
        receipts.confirm(8);
        assert_eq!(receipts.missing(), 1, "7 was on another link");
        receipts.confirm(7);
        assert_eq!(receipts.missing(), 0);
    }

    #[test]
    fn what_many_links_have_lost_is_counted_together() {
        let mut receipts = Receipts::default();
        for seq in 1..=5 {
            receipts.relink(seq);
            receipts.sent(seq);
        }
        assert_eq!(receipts.missing(), 5);
        receipts.confirm(5);
        receipts.confirm(4);
        receipts.confirm(1);
        assert_eq!(receipts.missing(), 3, "the first link has ended long ago");
    }
}
