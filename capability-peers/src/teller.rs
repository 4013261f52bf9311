//! The teller: in which order things are told. Pure: events and time in, events out.
//!
//! Two peers call each other at the same time, so a message may arrive in the middle of our own
//! calls. On the lab sheet it stands below them. So it waits until we are through, but never for
//! long: whoever calls us while we are still looking for our friend is shown soon enough.

use std::time::{Duration, Instant};

use crate::Event;

/// How long a message waits for the end of our own calls.
const HELD: Duration = Duration::from_secs(1);

/// How long it has to be quiet, after our own calls, before we say that we are waiting.
const LULL: Duration = Duration::from_secs(1);

/// How many messages wait for the end of our own calls. Whoever sends more has no wish to be read
/// in order, and must not fill our memory.
const MAX_HELD: usize = 64;

/// Decides when to tell what.
#[derive(Debug, Default)]
pub struct Teller {
    held: Vec<Event>,
    /// When the held messages are told, whatever happens.
    held_until: Option<Instant>,
    over: bool,
    /// When we say that we are waiting.
    waits_at: Option<Instant>,
}

impl Teller {
    /// Takes in what happened; returns what is to be told now, in this order.
    #[must_use]
    pub fn on(&mut self, event: Event, now: Instant) -> Vec<Event> {
        match event {
            Event::Received(_) if !self.over => {
                self.held.push(event);
                self.held_until.get_or_insert(now + HELD);
                if self.held.len() > MAX_HELD { self.release() } else { Vec::new() }
            }
            Event::Received(_) => {
                let waiting = self.waits_at.take().map(|_| Event::Waiting);
                [event].into_iter().chain(waiting).collect()
            }
            Event::Over => {
                self.over = true;
                let mut told = vec![event];
                told.append(&mut self.release());
                if told.len() > 1 {
                    told.push(Event::Waiting);
                } else {
                    self.waits_at = Some(now + LULL);
                }
                told
            }
            other => vec![other],
        }
    }

    /// When [`Teller::pass`] has something to tell.
    pub fn next_due(&self) -> Option<Instant> {
        self.held_until.or(self.waits_at)
    }

    /// What is to be told because time has passed.
    #[must_use]
    pub fn pass(&mut self, now: Instant) -> Vec<Event> {
        let mut told = Vec::new();
        if self.held_until.is_some_and(|until| until <= now) {
            told = self.release();
        }
        if self.waits_at.is_some_and(|at| at <= now) {
            self.waits_at = None;
            told.push(Event::Waiting);
        }
        told
    }

    fn release(&mut self) -> Vec<Event> {
        self.held_until = None;
        std::mem::take(&mut self.held)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> Event {
        Event::Received(text.into())
    }

    #[test]
    fn a_message_that_comes_between_our_calls_stands_below_them() {
        let (mut teller, now) = (Teller::default(), Instant::now());
        let called = Event::Calls("greet", Vec::new());
        assert_eq!(teller.on(called.clone(), now), [called]);
        assert_eq!(teller.on(message("hi"), now), []);
        assert_eq!(teller.on(Event::Over, now), [Event::Over, message("hi"), Event::Waiting]);
        assert_eq!(teller.on(message("ho"), now), [message("ho")]);
        assert_eq!(teller.next_due(), None);
    }

    #[test]
    fn a_message_after_our_calls_comes_before_we_say_that_we_wait() {
        let (mut teller, now) = (Teller::default(), Instant::now());
        assert_eq!(teller.on(Event::Over, now), [Event::Over]);
        assert_eq!(teller.on(message("hi"), now), [message("hi"), Event::Waiting]);
    }

    #[test]
    fn where_nobody_calls_we_say_so_after_a_lull() {
        let (mut teller, now) = (Teller::default(), Instant::now());
        assert_eq!(teller.on(Event::Over, now), [Event::Over]);
        assert_eq!(teller.pass(now), []);
        let later = teller.next_due().unwrap();
        assert_eq!(teller.pass(later), [Event::Waiting]);
        assert_eq!((teller.pass(later), teller.next_due()), (vec![], None));
    }

    #[test]
    fn a_flood_is_not_held() {
        let (mut teller, now) = (Teller::default(), Instant::now());
        let mut told = 0;
        for n in 0..10_000 {
            told += teller.on(message(&n.to_string()), now).len();
            assert!(teller.held.len() <= 64, "{}", teller.held.len());
        }
        assert_eq!(told + teller.held.len(), 10_000, "none is lost");
    }

    #[test]
    fn no_message_is_held_for_longer_than_a_second() {
        let (mut teller, now) = (Teller::default(), Instant::now());
        assert_eq!(teller.on(message("one"), now), []);
        let later = now + HELD / 2;
        assert_eq!(teller.on(message("two"), later), []);
        assert_eq!(teller.next_due(), Some(now + HELD));
        assert_eq!(teller.pass(now + HELD), [message("one"), message("two")]);
        assert_eq!(teller.on(Event::Over, later), [Event::Over]);
    }
}
