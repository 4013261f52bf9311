//! Whether a read or a write would have to wait.
//!
//! Unix says so, with poll(2). Windows has no call that serves sockets, pipes and consoles alike,
//! so there the answer is always that it need not wait.

use std::io;

/// Whether `source` has bytes to read, or has ended.
#[cfg(unix)]
pub(crate) fn has_bytes(source: &impl std::os::fd::AsFd) -> io::Result<bool> {
    unix::poll(source, nix::poll::PollFlags::POLLIN)
}

/// Whether `sink` has room for some bytes, or is broken; then the write says so.
#[cfg(unix)]
pub(crate) fn has_room(sink: &impl std::os::fd::AsFd) -> io::Result<bool> {
    unix::poll(sink, nix::poll::PollFlags::POLLOUT)
}

#[cfg(unix)]
mod unix {
    use std::io;
    use std::os::fd::AsFd;

    use nix::errno::Errno;
    use nix::poll::{PollFd, PollFlags, PollTimeout};

    pub(super) fn poll(file: &impl AsFd, what_for: PollFlags) -> io::Result<bool> {
        let mut files = [PollFd::new(file.as_fd(), what_for)];
        is_ready(nix::poll::poll(&mut files, PollTimeout::ZERO))
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
pub(crate) fn has_bytes<T>(_source: &T) -> io::Result<bool> {
    Ok(true)
}

#[cfg(not(unix))]
pub(crate) fn has_room<T>(_sink: &T) -> io::Result<bool> {
    Ok(true)
}
