//! Polling for what nobody announces, up to a deadline.

use std::thread;
use std::time::{Duration, Instant};

/// Between two looks at something that nobody announces.
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
