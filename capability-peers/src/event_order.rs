//! The order of events on the screen. Pure: events and time in, events out.
//!
//! Two peers call each other at the same time, so a message may arrive in the middle of our own
//! calls. The lab sheet shows it below them. So it waits until they are made, but for one second
//! at most: we may still be looking for our friend, and a message is there to be read.

use std::time::{Duration, Instant};

use crate::event::Event;

/// How long a message waits for the end of our own calls.
const HELD: Duration = Duration::from_secs(1);

/// How long we look for a message, after our own calls, before we say that we are waiting.
const LULL: Duration = Duration::from_secs(1);

/// How many messages wait for the end of our own calls. With one more, all are shown: a flood must
/// not fill our memory.
const MAX_HELD: usize = 64;

/// Decides when to show what.
#[derive(Debug, Default)]
pub(crate) struct EventOrder {
    held: Vec<Event>,
    /// When the held messages are shown, whatever happens.
    held_until: Option<Instant>,
    over: bool,
    /// When we say that we are waiting.
    waits_at: Option<Instant>,
}

impl EventOrder {
    /// Takes in an event; returns the events to be shown now, in their order.
    pub(crate) fn on_event(&mut self, event: Event, now: Instant) -> Vec<Event> {
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
                let mut shown = vec![event];
                shown.append(&mut self.release());
                if shown.len() > 1 {
                    shown.push(Event::Waiting);
                } else {
                    self.waits_at = Some(now + LULL);
                }
                shown
            }
            other => vec![other],
        }
    }

    /// When [`EventOrder::on_time`] has something to show.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.held_until.or(self.waits_at)
    }

    /// The events to be shown because time has passed.
    pub(crate) fn on_time(&mut self, now: Instant) -> Vec<Event> {
        let mut shown = Vec::new();
        if self.held_until.is_some_and(|until| until <= now) {
            shown = self.release();
        }
        if self.waits_at.is_some_and(|at| at <= now) {
            self.waits_at = None;
            shown.push(Event::Waiting);
        }
        shown
    }

    /// The events that wait to be shown. There will be no better time.
    pub(crate) fn release(&mut self) -> Vec<Event> {
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
        let (mut order, now) = (EventOrder::default(), Instant::now());
        let called = Event::Calls("greet", Vec::new());
        assert_eq!(order.on_event(called.clone(), now), [called]);
        assert_eq!(order.on_event(message("hi"), now), []);
        assert_eq!(
            order.on_event(Event::Over, now),
            [Event::Over, message("hi"), Event::Waiting]
        );
        assert_eq!(order.on_event(message("ho"), now), [message("ho")]);
        assert_eq!(order.next_due(), None);
    }

    #[test]
    fn a_message_after_our_calls_comes_before_we_say_that_we_wait() {
        let (mut order, now) = (EventOrder::default(), Instant::now());
        assert_eq!(order.on_event(Event::Over, now), [Event::Over]);
        assert_eq!(order.on_event(message("hi"), now), [message("hi"), Event::Waiting]);
    }

    #[test]
    fn where_nobody_calls_we_say_so_after_a_lull() {
        let (mut order, now) = (EventOrder::default(), Instant::now());
        assert_eq!(order.on_event(Event::Over, now), [Event::Over]);
        assert_eq!(order.on_time(now), []);
        let later = order.next_due().unwrap();
        assert_eq!(order.on_time(later), [Event::Waiting]);
        assert_eq!((order.on_time(later), order.next_due()), (vec![], None));
    }

    #[test]
    fn a_flood_is_not_held() {
        let (mut order, now) = (EventOrder::default(), Instant::now());
        let mut told = 0;
        for n in 0..10_000 {
            told += order.on_event(message(&n.to_string()), now).len();
            assert!(order.held.len() <= 64, "{}", order.held.len());
        }
        assert_eq!(told + order.held.len(), 10_000, "none is lost");
    }

    #[test]
    fn no_message_is_held_for_longer_than_a_second() {
        let (mut order, now) = (EventOrder::default(), Instant::now());
        assert_eq!(order.on_event(message("one"), now), []);
        let later = now + HELD / 2;
        assert_eq!(order.on_event(message("two"), later), []);
        assert_eq!(order.next_due(), Some(now + HELD));
        assert_eq!(order.on_time(now + HELD), [message("one"), message("two")]);
        assert_eq!(order.on_event(Event::Over, later), [Event::Over]);
    }
}
