//! Polling, up to a deadline, for a change that the system does not announce.

use std::env;
use std::thread;
use std::time::{Duration, Instant};

use crate::environment::LAB_WAIT;

/// The time between two looks.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// The longest wait for something that the lab sheet promises. Generous, since a test that
/// passes never waits it out, and a busy machine may keep a program waiting for seconds.
pub fn patience() -> Duration {
    let seconds =
        env::var(LAB_WAIT).map_or(10, |n| n.parse().expect("LAB_WAIT: whole seconds"));
    Duration::from_secs(seconds)
}

/// Waits until `wanted` is true, at most `patience`. Returns whether it came true.
pub fn eventually(patience: Duration, mut wanted: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + patience;
    while !wanted() {
        if Instant::now() >= deadline {
            return false;
        }
        thread::park_timeout(LOOK_AGAIN);
    }
    true
}
