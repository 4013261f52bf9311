//! The console: what the user sees. The owner alone writes it.
//!
//! What the terminal has no room for waits here: one that is stopped (Ctrl-S, or a pipe that nobody
//! reads) must not stop the owner, or nobody could end it any more.

use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

use crossbeam_channel::never;

use crate::stdout::Stdout;

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

/// Whether the terminal is gone: a pipe says so, and a window that was closed.
pub fn is_gone(error: &io::Error) -> bool {
    const EIO: i32 = 5; // On all systems where std tells of it.
    error.kind() == ErrorKind::BrokenPipe || cfg!(unix) && error.raw_os_error() == Some(EIO)
}
