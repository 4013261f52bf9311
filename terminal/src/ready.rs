//! Whether a read or a write would have to wait, now or for some time.
//!
//! Unix says so, with poll(2). Windows has no call that serves sockets, pipes and consoles alike,
//! so there the answer is always that it need not wait.

use std::time::Duration;

#[cfg(unix)]
pub(crate) use unix::{has_bytes, has_room};

/// No time at all.
pub(crate) const NOW: Duration = Duration::ZERO;

/// Time enough for a thread that has nothing else to do, and asks again after that.
pub(crate) const LONG: Duration = Duration::from_mins(1);

#[cfg(unix)]
mod unix {
    use std::io;
    use std::os::fd::AsFd;
    use std::time::Duration;

    use nix::errno::Errno;
    use nix::poll::{PollFd, PollFlags, PollTimeout};

    /// Whether `source` has bytes to read within `time`, or has ended.
    pub(crate) fn has_bytes(source: &impl AsFd, time: Duration) -> io::Result<bool> {
        poll(source, PollFlags::POLLIN, time)
    }

    /// Whether `sink` has room for some bytes within `time`, or is broken; then the write says so.
    pub(crate) fn has_room(sink: &impl AsFd, time: Duration) -> io::Result<bool> {
        poll(sink, PollFlags::POLLOUT, time)
    }

    fn poll(file: &impl AsFd, what_for: PollFlags, time: Duration) -> io::Result<bool> {
        let mut files = [PollFd::new(file.as_fd(), what_for)];
        let time = PollTimeout::try_from(time).unwrap_or(PollTimeout::MAX);
        is_ready(nix::poll::poll(&mut files, time))
    }

    /// A signal that comes in meanwhile (Ctrl-C) is an error of the call, and says nothing about
    /// the file.
    fn is_ready(polled: nix::Result<i32>) -> io::Result<bool> {
        match polled {
            Err(Errno::EINTR) => Ok(false),
            polled => Ok(polled? > 0),
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_signal_is_no_error_of_the_file() {
            assert!(!is_ready(Err(Errno::EINTR)).unwrap());
            assert!(!is_ready(Ok(0)).unwrap() && is_ready(Ok(1)).unwrap());
            assert!(is_ready(Err(Errno::EBADF)).is_err());
        }
    }
}

#[cfg(not(unix))]
pub(crate) use {always as has_bytes, always as has_room};

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "on Unix it can fail")]
pub(crate) fn always<T>(_file: &T, _time: Duration) -> std::io::Result<bool> {
    Ok(true)
}
