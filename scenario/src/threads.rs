//! The threads of a program under test, held against the thread map of its lab.

use std::thread;
use std::time::{Duration, Instant};

use crate::statistics;
use crate::terminal::Terminal;
use crate::wait::patience;

/// The time for which a thread map must match at every look. A wrong map can match at one look,
/// while some thread is just between its end and its next start.
const STEADY: Duration = Duration::from_millis(30);

/// Between two looks at a thread map.
const LOOK_CLOSELY: Duration = Duration::from_millis(1);

impl Terminal {
    /// Waits until the program runs exactly these threads, as its thread map promises, at every
    /// look for 30 ms. Where the system does not list threads (anywhere but on Linux), this
    /// checks nothing.
    #[track_caller]
    pub fn runs_threads(&self, names: &[&str]) {
        let mut promised: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
        promised.sort();
        let expected = format!("the threads {promised:?}");
        self.runs_steadily(&expected, |running| running == promised);
    }

    /// Waits until exactly `count` threads called `name` run, at every look for 30 ms.
    #[track_caller]
    pub fn runs_threads_called(&self, name: &str, count: usize) {
        self.runs_steadily(&format!("{count} threads called {name:?}"), |running| {
            running.iter().filter(|thread| *thread == name).count() == count
        });
    }

    #[track_caller]
    fn runs_steadily(&self, expected: &str, as_promised: impl Fn(&[String]) -> bool) {
        let deadline = Instant::now() + patience();
        let mut held_since = None;
        while let Some(running) = statistics::threads(self.pid()) {
            let now = Instant::now();
            held_since = since(held_since, !running.is_empty() && as_promised(&running), now);
            if held_since.is_some_and(|since| now - since >= STEADY) {
                return;
            }
            if now >= deadline {
                self.fail(&format!("expected {expected}, but {running:?} run"));
            }
            thread::park_timeout(LOOK_CLOSELY);
        }
    }
}

/// The time since which a promise has held at every look.
fn since(before: Option<Instant>, holds: bool, now: Instant) -> Option<Instant> {
    holds.then(|| before.unwrap_or(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_promise_that_flickers_holds_since_its_last_break() {
        let at = |millis| Instant::now() + Duration::from_millis(millis);
        let [first, later, broken, again, last] = [0, 10, 20, 30, 40].map(at);
        let mut held = since(None, true, first);
        held = since(held, true, later);
        assert_eq!(held, Some(first));
        held = since(held, false, broken);
        held = since(held, true, again);
        assert_eq!(since(held, true, last), Some(again));
    }
}
