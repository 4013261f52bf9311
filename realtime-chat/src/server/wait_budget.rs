//! The wait budget: how long the chat waits for clients whose outbox is full. Pure.
//!
//! If much is said, the outbox of an honest client is full now and then, until the system lets its
//! writer run; so the chat waits for it, and the messages of all others wait, too. A client that
//! does not read fills its outbox as well, and is dropped after the wait. Each wait costs the budget its
//! own length, but at most half of what is left, and what a busy machine adds to it; and a tenth of the
//! time that passes flows in. So clients that do not read, however many, cost the others less than 250 ms
//! in a row, and a sixth of all time in the long run.
//! That also holds for a client that reads one message just in time, again and again.

use std::time::{Duration, Instant};

/// The longest wait. Half of it, and a quarter, and so on, are as much again.
const LONGEST: Duration = Duration::from_millis(100);

/// A shorter wait is none: on a busy machine it would last for longer than was meant.
const SHORTEST: Duration = Duration::from_millis(1);

/// One part in so many of the time that passes flows into the budget.
const REGAIN: u32 = 10;

/// What is left of the budget: a token bucket, filled with time.
#[derive(Debug)]
pub(crate) struct WaitBudget {
    left: Duration,
    /// From when on it grows again.
    since: Instant,
}

impl WaitBudget {
    pub(crate) fn new(now: Instant) -> Self {
        Self { left: LONGEST, since: now }
    }

    /// How long to wait for the next client, if at all.
    pub(crate) fn left(&self, now: Instant) -> Option<Duration> {
        let left = (self.left + now.duration_since(self.since) / REGAIN).min(LONGEST);
        (left >= SHORTEST).then_some(left)
    }

    /// The chat has waited from then until `now`.
    pub(crate) fn has_waited(&mut self, began: Instant, now: Instant) {
        let Some(left) = self.left(began) else { return }; // It did not wait.
        // Half is left even after a wait in vain, for an honest client that comes next.
        // What the system has added to the wait is paid in full.
        let waited = now.duration_since(began);
        let cost = waited.min(left / 2) + waited.saturating_sub(left);
        // What is more than is left is paid later; not all of it, if the program was stopped.
        let debt = cost.saturating_sub(left).min(LONGEST);
        (self.left, self.since) = (left.saturating_sub(cost), now + REGAIN * debt);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Clients that do not read, one after the other, each as soon as the chat waits no more: how long
    /// the chat waits within this time, if each wait lasts for this part of the budget.
    fn waited_within(time: Duration, part: u32) -> Duration {
        let begin = Instant::now();
        let (mut budget, mut now, mut waited) = (WaitBudget::new(begin), begin, Duration::ZERO);
        while now < begin + time {
            let wait = budget.left(now).unwrap_or_default() / part;
            budget.has_waited(now, now + wait);
            waited += wait;
            now += wait + Duration::from_micros(100); // It does something in between.
        }
        waited
    }

    #[test]
    fn clients_that_do_not_read_hold_the_chat_up_for_a_moment_in_all() {
        for part in 1..=64 {
            let waited = waited_within(Duration::from_millis(250), part);
            assert!(waited < Duration::from_millis(240), "{part}: {waited:?}");
        }
    }

    #[test]
    fn clients_that_do_not_read_without_end_cost_a_small_part_of_the_time() {
        for part in 1..=64 {
            let waited = waited_within(Duration::from_mins(1), part);
            // A sixth, and the waits of the beginning.
            assert!(waited < Duration::from_millis(10_500), "{part}: {waited:?}");
        }
    }

    /// How long the chat waits for 200 of them, and how long it all takes, if each wait lasts for
    /// 25 ms longer than was meant, and so much time is between two of them.
    fn waited_when_busy(between: Duration) -> (Duration, Duration) {
        let (late, begin) = (Duration::from_millis(25), Instant::now());
        let (mut budget, mut now, mut waited) = (WaitBudget::new(begin), begin, Duration::ZERO);
        for _ in 0..200 {
            let took = budget.left(now).map_or(Duration::ZERO, |wait| wait + late);
            budget.has_waited(now, now + took);
            waited += took;
            now += took + between;
        }
        (waited, now - begin)
    }

    #[test]
    fn what_the_system_adds_to_a_wait_is_paid_in_full() {
        let (waited, _) = waited_when_busy(Duration::from_micros(100));
        assert!(waited < Duration::from_millis(250), "{waited:?}");
        let (waited, all) = waited_when_busy(Duration::from_millis(25));
        assert!(waited < all / 6 + Duration::from_millis(250), "{waited:?} of {all:?}");
    }

    #[test]
    fn a_program_that_was_stopped_in_a_wait_has_a_budget_again_after_a_moment() {
        let begin = Instant::now();
        let mut budget = WaitBudget::new(begin);
        let stopped = begin + Duration::from_hours(1);
        budget.has_waited(begin, stopped);
        assert_eq!(budget.left(stopped), None);
        assert_eq!(budget.left(stopped + 2 * REGAIN * LONGEST), Some(LONGEST));
    }

    #[test]
    fn a_wait_costs_its_length_and_at_most_half_and_time_flows_in() {
        let begin = Instant::now();
        let at = |millis| begin + Duration::from_millis(millis);
        let mut budget = WaitBudget::new(begin);
        budget.has_waited(at(0), at(20));
        assert_eq!(budget.left(at(20)), Some(Duration::from_millis(80)));
        assert_eq!(budget.left(at(220)), Some(LONGEST));
        budget.has_waited(at(220), at(320));
        assert_eq!(budget.left(at(320)), Some(LONGEST / 2));
        assert_eq!(budget.left(at(420)), Some(LONGEST / 2 + Duration::from_millis(10)));
        assert_eq!(budget.left(at(820)), Some(LONGEST));
    }
}
