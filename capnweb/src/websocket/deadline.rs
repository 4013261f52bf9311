//! Deadlines: reading and writing up to a moment in time, however many pieces it takes.

use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

/// The timeout that the system was told last, for one half of a stream.
pub type Timeout = Option<Duration>;

/// How much longer than up to the deadline the system may wait. To tell it anew before each read
/// would cost as much as the read.
const SLACK: Duration = Duration::from_millis(100);

/// The longest wait for something to read, at a time. On Windows, whoever waits already does not
/// notice that somebody else has hung up; whoever begins to wait does.
const LONGEST: Duration =
    if cfg!(windows) { Duration::from_millis(250) } else { Duration::MAX };

/// Reads by `go`, and does not wait much longer than until then. `set` tells the system how long it
/// may wait.
///
/// # Errors
///
/// `TimedOut` or `WouldBlock` when the deadline has passed; whatever `go` and `set` say.
pub fn read_by(
    deadline: Instant,
    timeout: &mut Timeout,
    set: impl Fn(Timeout) -> io::Result<()>,
    go: impl FnMut() -> io::Result<usize>,
) -> io::Result<usize> {
    by(LONGEST, deadline, timeout, set, go)
}

/// The same for writing. A write that has timed out is not tried again: Windows does not tell how
/// much of it was sent.
///
/// # Errors
///
/// As for [`read_by`].
pub fn write_by(
    deadline: Instant,
    timeout: &mut Timeout,
    set: impl Fn(Timeout) -> io::Result<()>,
    go: impl FnMut() -> io::Result<usize>,
) -> io::Result<usize> {
    by(Duration::MAX, deadline, timeout, set, go)
}

fn by(
    longest: Duration,
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
        let wait = left.min(longest);
        let told = if let Some(told) = still_right(*timeout, wait) {
            told
        } else {
            let told = wait + SLACK / 2;
            set(Some(told))?;
            *timeout.insert(told)
        };
        match go() {
            // By a signal, which is for somebody else: Ctrl-C, say.
            Err(error) if error.kind() == Interrupted => {}
            // That was not the whole wait.
            Err(error) if matches!(error.kind(), TimedOut | WouldBlock) && told < left => {}
            done => return done,
        }
    }
}

/// What the system was told, if it is right for this wait, too: never too little, and not much too
/// long.
fn still_right(told: Timeout, wait: Duration) -> Timeout {
    told.filter(|told| (wait..=wait + SLACK).contains(told))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAIT: Duration = Duration::from_secs(5);

    #[test]
    fn the_system_is_told_anew_only_if_it_would_be_wrong() {
        let right = |millis| still_right(Some(Duration::from_millis(millis)), WAIT).is_some();
        assert_eq!([4999, 5000, 5100, 5101].map(right), [false, true, true, false]);
        assert_eq!(still_right(None, WAIT), None);
    }

    #[test]
    fn a_write_that_has_timed_out_is_not_tried_again() {
        for told in [None, Some(WAIT.mul_f32(0.99)), Some(WAIT), Some(2 * WAIT)] {
            for error in [ErrorKind::TimedOut, ErrorKind::WouldBlock] {
                let (mut timeout, mut tries) = (told, 0);
                let go = || {
                    tries += 1;
                    Err(error.into())
                };
                let written = write_by(Instant::now() + WAIT, &mut timeout, |_| Ok(()), go);
                assert_eq!((written.unwrap_err().kind(), tries), (error, 1), "{told:?}");
            }
        }
    }

    #[test]
    fn a_wait_for_something_to_read_goes_on_after_a_part_of_it() {
        let (mut timeout, mut tries) = (None, 0);
        let deadline = Instant::now() + WAIT;
        let go = || {
            tries += 1;
            if tries < 3 { Err(ErrorKind::TimedOut.into()) } else { Ok(7) }
        };
        let a_part = Duration::from_millis(250);
        let read = by(a_part, deadline, &mut timeout, |_| Ok(()), go);
        assert_eq!((read.unwrap(), tries), (7, 3));
        assert!(timeout < Some(2 * a_part), "{timeout:?}");
    }

    #[test]
    fn a_signal_ends_no_wait_but_the_deadline_does() {
        let mut timeout = None;
        let deadline = Instant::now() + Duration::from_millis(20);
        let interrupted = || Err(ErrorKind::Interrupted.into());
        let read = read_by(deadline, &mut timeout, |_| Ok(()), interrupted);
        assert_eq!(read.unwrap_err().kind(), ErrorKind::TimedOut);
        assert!(Instant::now() >= deadline);
    }
}
