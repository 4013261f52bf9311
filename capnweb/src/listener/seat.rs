//! A seat: whether a connection is in use, so that only one that is not is hung up on.
//!
//! The connection's thread and the listener may want to change that at the same moment. So it is
//! one number, and whoever changes it says what it was before: the faster one gets its way, and
//! the other one learns of it. That takes no lock.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

/// A request is coming in, or is being answered.
const BUSY: u64 = u64::MAX;

/// Hung up on, by the listener.
const CLEARED: u64 = u64::MAX - 1;

/// One connection's place among those that we talk to. Any other number is the moment since which
/// nothing has come.
#[derive(Debug)]
pub(super) struct Seat(AtomicU64);

impl Seat {
    /// The seat of somebody who has just come, and has said nothing yet.
    pub(super) fn idle_since(moment: u64) -> Self {
        Self(AtomicU64::new(moment))
    }

    /// What was to be done is done. From now on it can be cleared.
    pub(super) fn gets_idle(&self, moment: u64) {
        // Fails if it has been idle all along: then that is how long it has been.
        let _ = self.0.compare_exchange(BUSY, moment, SeqCst, SeqCst);
    }

    /// Something has come; whether the seat had not been cleared before.
    pub(super) fn gets_busy(&self) -> bool {
        let idle = self.0.load(SeqCst);
        idle != CLEARED && self.0.compare_exchange(idle, BUSY, SeqCst, SeqCst).is_ok()
    }

    /// Since when it has been idle, if it is.
    pub(super) fn idle(&self) -> Option<u64> {
        Some(self.0.load(SeqCst)).filter(|moment| *moment < CLEARED)
    }

    /// Clears it, if it is idle; whether it was.
    pub(super) fn clear(&self) -> bool {
        let clear = |moment| (moment < CLEARED).then_some(CLEARED);
        self.0.fetch_update(SeqCst, SeqCst, clear).is_ok()
    }

    /// Whether the listener has cleared it.
    pub(super) fn is_cleared(&self) -> bool {
        self.0.load(SeqCst) == CLEARED
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_idle_seat_is_cleared_and_a_cleared_one_stays_so() {
        let seat = Seat::idle_since(7);
        seat.gets_idle(8);
        assert_eq!(seat.idle(), Some(7), "it was idle before");
        assert!(seat.gets_busy());
        assert_eq!((seat.idle(), seat.clear(), seat.is_cleared()), (None, false, false));
        seat.gets_idle(9);
        assert_eq!(seat.idle(), Some(9));
        assert!(seat.clear() && seat.is_cleared());
        assert!(!seat.clear(), "only once");
        assert!(!seat.gets_busy(), "it is too late");
        seat.gets_idle(10);
        assert_eq!(seat.idle(), None);
    }
}
