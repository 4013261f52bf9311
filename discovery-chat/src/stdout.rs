//! Stdout that says whether it has room: whoever writes to it never has to wait.
//!
//! A terminal may be stopped (Ctrl-S), and a pipe may have a reader who does not read. Writing would
//! wait for them, so we ask first.

use std::io::{self, Write};

/// Stdout, without the buffer that std puts before it: what is in there could not be counted.
#[cfg(unix)]
pub struct Stdout(std::fs::File);

#[cfg(unix)]
impl Stdout {
    /// How many bytes a pipe that has any room takes without making anybody wait (`PIPE_BUF` on
    /// Linux; less elsewhere, where a full pipe can then hold us up).
    const PIECE: usize = 4096;

    /// Opens it.
    ///
    /// # Errors
    ///
    /// If it is closed.
    pub fn open() -> io::Result<Self> {
        use std::os::fd::AsFd;
        Ok(Self(io::stdout().as_fd().try_clone_to_owned()?.into()))
    }

    /// Takes as much of the text as there is room for now; returns how many bytes that was.
    ///
    /// # Errors
    ///
    /// If the terminal is gone.
    pub fn take(&mut self, text: &str) -> io::Result<usize> {
        use std::os::fd::AsFd;

        use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

        let mut ends = [PollFd::new(self.0.as_fd(), PollFlags::POLLOUT)];
        // Also ready when nobody reads any more; then writing says so.
        if !is_ready(poll(&mut ends, PollTimeout::ZERO))? {
            return Ok(0);
        }
        let piece = text.floor_char_boundary(Self::PIECE);
        self.0.write_all(&text.as_bytes()[..piece])?;
        Ok(piece)
    }
}

/// What poll(2) says. A signal that comes in meanwhile (Ctrl-C) is an error of the call, and says
/// nothing about the terminal.
#[cfg(unix)]
fn is_ready(polled: nix::Result<i32>) -> io::Result<bool> {
    match polled {
        Err(nix::errno::Errno::EINTR) => Ok(false),
        polled => Ok(polled? > 0),
    }
}

/// Stdout. Windows cannot say whether a console has room, so there a stopped one stops us.
#[cfg(not(unix))]
pub struct Stdout(io::Stdout);

#[cfg(not(unix))]
impl Stdout {
    /// Opens it.
    ///
    /// # Errors
    ///
    /// Never.
    pub fn open() -> io::Result<Self> {
        Ok(Self(io::stdout()))
    }

    /// Takes all of the text; returns how many bytes that was.
    ///
    /// # Errors
    ///
    /// If the terminal is gone.
    pub fn take(&mut self, text: &str) -> io::Result<usize> {
        self.0.write_all(text.as_bytes())?;
        self.0.flush()?;
        Ok(text.len())
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use nix::errno::Errno;

    #[test]
    fn a_signal_is_no_error_of_the_terminal() {
        assert!(!is_ready(Err(Errno::EINTR)).unwrap());
        assert!(!is_ready(Ok(0)).unwrap() && is_ready(Ok(1)).unwrap());
        assert!(is_ready(Err(Errno::EBADF)).is_err());
    }
}
