//! When to announce: three times at the start, then every few seconds. Pure.

use std::time::{Duration, Instant};

use super::dials::jitter;
use crate::peer_info::PeerId;

/// After the first announcement, how long until the second, and from there until the third. A
/// datagram can get lost, and on Wi-Fi a broadcast often does.
const AT_FIRST: [Duration; 2] = [Duration::from_millis(300), Duration::from_millis(700)];

/// Then about this often: a fifth more or less, so that many peers do not announce at once.
const EVERY: Duration = Duration::from_secs(5);

/// Knows when the next announcement is due.
#[derive(Clone, Debug)]
pub(super) struct Announcer {
    me: PeerId,
    made: usize,
    pub(super) due: Instant,
}

impl Announcer {
    /// The first announcement is due `now`.
    pub(super) fn new(me: PeerId, now: Instant) -> Self {
        Self { me, made: 0, due: now }
    }

    /// Whether one is to be made now. If many are overdue (this machine was asleep, say), it is
    /// still one.
    pub(super) fn take_due(&mut self, now: Instant) -> bool {
        if now < self.due {
            return false;
        }
        let pause = AT_FIRST.get(self.made).copied().unwrap_or_else(|| {
            let percent = 80 + jitter(self.me, self.made, 41);
            EVERY * percent / 100
        });
        self.made += 1;
        self.due = now + pause;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_soon_and_then_every_few_seconds() {
        let start = Instant::now();
        let mut announcer = Announcer::new(PeerId::from_bits(7), start);
        let mut made = Vec::new();
        for _ in 0..40 {
            let now = announcer.due;
            assert!(announcer.take_due(now) && !announcer.take_due(now));
            made.push(now);
        }
        let ms = |index: usize| made[index].duration_since(start).as_millis();
        assert_eq!((ms(0), ms(1), ms(2)), (0, 300, 1000));
        let pauses: Vec<_> =
            made[2..].windows(2).map(|pair| pair[1].duration_since(pair[0])).collect();
        let (least, most) = (Duration::from_secs(4), Duration::from_secs(6));
        assert!(pauses.iter().all(|pause| (least..=most).contains(pause)), "{pauses:?}");
        let (least, most) = (Duration::from_millis(4500), Duration::from_millis(5500));
        assert!(pauses.iter().any(|pause| *pause < least), "{pauses:?}");
        assert!(pauses.iter().any(|pause| *pause > most), "{pauses:?}");
    }

    #[test]
    fn a_machine_that_slept_announces_once() {
        let start = Instant::now();
        let mut announcer = Announcer::new(PeerId::from_bits(7), start);
        let late = start + Duration::from_hours(1);
        assert!(announcer.take_due(late));
        assert!(!announcer.take_due(late));
    }
}
