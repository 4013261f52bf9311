//! Whether a connection is idle, so that only an idle one is hung up on.
//!
//! The caller's thread and the listener may want to change that at the same moment. So it is one
//! number, and a change succeeds only if the number is still what it was thought to be. That takes
//! no lock.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

/// A request is coming in, or is being answered.
const BUSY: u64 = u64::MAX;

/// The listener has hung up.
const EVICTED: u64 = u64::MAX - 1;

/// What one connection is doing. Any other number is the moment since which it is idle.
#[derive(Debug)]
pub(super) struct Activity(AtomicU64);

impl Activity {
    /// A new connection, on which nothing has come yet.
    pub(super) fn idle_since(moment: u64) -> Self {
        Self(AtomicU64::new(moment))
    }

    /// A request is answered. From now on the connection can be evicted.
    pub(super) fn set_idle(&self, moment: u64) {
        // Fails if it has been idle all along: then that is how long it has been.
        let _ = self.0.compare_exchange(BUSY, moment, SeqCst, SeqCst);
    }

    /// Something has come. Returns whether the connection had not been evicted before.
    pub(super) fn set_busy(&self) -> bool {
        let set = |now| (now != EVICTED).then_some(BUSY);
        self.0.fetch_update(SeqCst, SeqCst, set).is_ok()
    }

    /// Since when it is idle, if it is.
    pub(super) fn idle(&self) -> Option<u64> {
        Some(self.0.load(SeqCst)).filter(|moment| *moment < EVICTED)
    }

    /// Evicts it if it is idle. Returns whether it was.
    pub(super) fn evict(&self) -> bool {
        let evict = |moment| (moment < EVICTED).then_some(EVICTED);
        self.0.fetch_update(SeqCst, SeqCst, evict).is_ok()
    }

    /// Whether the listener has evicted it.
    pub(super) fn is_evicted(&self) -> bool {
        self.0.load(SeqCst) == EVICTED
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_idle_connection_is_evicted_and_stays_so() {
        let activity = Activity::idle_since(7);
        activity.set_idle(8);
        assert_eq!(activity.idle(), Some(7), "it was idle before");
        assert!(activity.set_busy());
        let is_evicted = activity.evict() || activity.is_evicted();
        assert_eq!((activity.idle(), is_evicted), (None, false));
        activity.set_idle(9);
        assert_eq!(activity.idle(), Some(9));
        assert!(activity.evict() && activity.is_evicted());
        assert!(!activity.evict(), "only once");
        assert!(!activity.set_busy(), "it is too late");
        activity.set_idle(10);
        assert_eq!(activity.idle(), None);
    }
}
