//! Deadlines: reading and writing up to a moment in time, however many pieces it takes.

use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

/// The timeout that the system was told last, for one half of a stream.
pub type Timeout = Option<Duration>;

/// How far that may be from what is left until the deadline. To tell it before each read would
/// cost as much as the read.
const SLACK: Duration = Duration::from_millis(100);

/// The longest wait at a time. On Windows, whoever waits already does not notice that somebody
/// else has hung up; whoever begins to wait does.
const LONGEST: Duration =
    if cfg!(windows) { Duration::from_millis(250) } else { Duration::MAX };

/// Reads or writes by `go`, and does not wait longer than until then. `set` tells the system how
/// long it may wait.
///
/// # Errors
///
/// `TimedOut` or `WouldBlock` when the deadline has passed; whatever `go` and `set` say.
pub fn by(
    deadline: Instant,
    timeout: &mut Timeout,
    set: impl Fn(Timeout) -> io::Result<()>,
    mut go: impl FnMut() -> io::Result<usize>,
) -> io::Result<usize> {
    use ErrorKind::{Interrupted, TimedOut, WouldBlock};
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(TimedOut.into());
        }
        let told = match *timeout {
            Some(told) if told.abs_diff(left.min(LONGEST)) <= SLACK => told,
            _ => {
                let told = left.min(LONGEST);
                set(Some(told))?;
                *timeout.insert(told)
            }
        };
        match go() {
            // By a signal, which is for somebody else: Ctrl-C, say.
            Err(error) if error.kind() == Interrupted => {}
            // It was told a little too little.
            Err(error) if matches!(error.kind(), TimedOut | WouldBlock) && told < left => {
                *timeout = None;
            }
            done => return done,
        }
    }
}
