//! The console: what the user sees. The owner alone writes it.
//!
//! What the terminal has no room for waits here: one that is stopped (Ctrl-S, or a pipe that nobody
//! reads) must not stop the owner, or nobody could end it any more.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use crossbeam_channel::never;

/// Between two looks at a terminal that had no room.
pub const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// What the user sees.
pub struct Screen {
    out: Stdout,
    text: String,
}

impl Screen {
    /// An empty screen, on stdout.
    ///
    /// # Errors
    ///
    /// If it is closed.
    pub fn open() -> io::Result<Self> {
        Ok(Self { out: Stdout::open()?, text: String::new() })
    }

    /// Shows these lines, below everything else, as far as there is room for them now.
    ///
    /// # Errors
    ///
    /// If the terminal is gone.
    pub fn show(&mut self, lines: &str) -> io::Result<()> {
        self.text.push_str(lines);
        self.refresh()
    }

    /// Writes what has waited, as far as there is room for it now.
    ///
    /// # Errors
    ///
    /// If the terminal is gone.
    pub fn refresh(&mut self) -> io::Result<()> {
        while !self.text.is_empty() {
            let taken = self.out.take(&self.text)?;
            if taken == 0 {
                break;
            }
            self.text.drain(..taken);
        }
        Ok(())
    }

    /// How many bytes the terminal has not had room for.
    pub fn backlog(&self) -> usize {
        self.text.len()
    }

    /// Writes what is left, if the terminal has room for it within this time.
    ///
    /// # Errors
    ///
    /// If the terminal is gone.
    pub fn finish(&mut self, patience: Duration) -> io::Result<()> {
        let deadline = Instant::now() + patience;
        self.refresh()?;
        while self.backlog() > 0 && Instant::now() < deadline {
            let _ = never::<()>().recv_timeout(LOOK_AGAIN);
            self.refresh()?;
        }
        Ok(())
    }
}

/// Stdout, without the buffer that std puts before it: what is in there could not be counted.
#[cfg(unix)]
struct Stdout(std::fs::File);

#[cfg(unix)]
impl Stdout {
    /// How many bytes a pipe that has any room takes without making anybody wait (`PIPE_BUF` on
    /// Linux; less elsewhere, where a full pipe can then hold us up).
    const PIECE: usize = 4096;

    fn open() -> io::Result<Self> {
        use std::os::fd::AsFd;
        Ok(Self(io::stdout().as_fd().try_clone_to_owned()?.into()))
    }

    fn take(&mut self, text: &str) -> io::Result<usize> {
        use std::os::fd::AsFd;

        use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

        let mut ends = [PollFd::new(self.0.as_fd(), PollFlags::POLLOUT)];
        // Also ready when nobody reads any more; then writing says so.
        if poll(&mut ends, PollTimeout::ZERO)? == 0 {
            return Ok(0);
        }
        let piece = text.floor_char_boundary(Self::PIECE);
        self.0.write_all(&text.as_bytes()[..piece])?;
        Ok(piece)
    }
}

/// Stdout. Windows cannot say whether a console has room, so there a stopped one stops us.
#[cfg(not(unix))]
struct Stdout(io::Stdout);

#[cfg(not(unix))]
impl Stdout {
    fn open() -> io::Result<Self> {
        Ok(Self(io::stdout()))
    }

    fn take(&mut self, text: &str) -> io::Result<usize> {
        self.0.write_all(text.as_bytes())?;
        self.0.flush()?;
        Ok(text.len())
    }
}
