//! Polling, up to a deadline, for a change that the system does not announce.

use std::thread;
use std::time::{Duration, Instant};

/// The time between two looks.
pub(crate) const LOOK_AGAIN: Duration = Duration::from_millis(5);

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
