//! Back-pressure: when our own user has to wait for a slow peer, and when the peer has to go. Pure.
//!
//! What is said goes into an outbox for each link, and a writer takes it out. If the other side
//! does not read, the outbox fills. To let it grow would cost memory; to wait for ever would let
//! one peer silence all; to drop the peer at once would punish every short delay. So our user's
//! next line waits a moment, and a peer that has not caught up by then is dropped, alone.

use std::time::{Duration, Instant};

/// How many frames an outbox holds. All outboxes share their frames, so together they keep at
/// most this many messages in memory.
pub(crate) const OUTBOX: usize = 256;

/// From this many waiting frames on, our user's next line waits ...
const HIGH: usize = 192;

/// ... until there are only this many ...
const LOW: usize = 64;

/// ... or until this much time has passed. Less than what a person notices.
const PATIENCE: Duration = Duration::from_millis(200);

/// How full an outbox is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    /// There is room.
    Low,
    /// Our user's next line waits.
    High,
    /// It has been high for too long.
    TooLong,
}

/// Watches one outbox.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Backpressure {
    high_since: Option<Instant>,
}

impl Backpressure {
    /// The level of an outbox in which this many frames wait now.
    pub(crate) fn look(&mut self, waiting: usize, now: Instant) -> Level {
        match self.high_since {
            None if waiting < HIGH => Level::Low,
            None => {
                self.high_since = Some(now);
                Level::High
            }
            Some(_) if waiting <= LOW => {
                self.high_since = None;
                Level::Low
            }
            Some(since) if now.duration_since(since) > PATIENCE => Level::TooLong,
            Some(_) => Level::High,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_that_catches_up_stays_and_one_that_does_not_is_dropped() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut outbox = Backpressure::default();
        assert_eq!(outbox.look(191, at(0)), Level::Low);
        assert_eq!(outbox.look(192, at(1)), Level::High);
        assert_eq!(outbox.look(65, at(150)), Level::High);
        assert_eq!(outbox.look(64, at(190)), Level::Low);
        assert_eq!(outbox.look(200, at(300)), Level::High);
        // A frame now and then is not catching up.
        assert_eq!(outbox.look(100, at(500)), Level::High);
        assert_eq!(outbox.look(65, at(501)), Level::TooLong);
    }
}
