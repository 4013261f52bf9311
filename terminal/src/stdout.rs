//! Stdout for a thread that must not wait: it takes what it has room for now.
//!
//! A terminal may be stopped (Ctrl-S), and a pipe may have a reader that does not read. A write
//! would wait for them, so this stdout asks first.

use std::io::{self, ErrorKind, Write};

use crate::ready::has_room;

/// How many bytes a pipe that has any room takes at once (`PIPE_BUF` on Linux; less elsewhere,
/// where a nearly full pipe can then hold up a write).
const PIECE: usize = 4096;

/// Without the buffer of std, where nobody could count what waits.
#[cfg(unix)]
type File = std::fs::File;
#[cfg(not(unix))]
type File = io::Stdout;

/// Stdout that fails with [`ErrorKind::WouldBlock`] where a write would have to wait. Windows
/// cannot tell: there the write waits.
#[derive(Debug)]
pub struct NonBlockingStdout(File);

impl NonBlockingStdout {
    /// Opens stdout. Fails if it is closed.
    #[cfg(unix)]
    pub fn open() -> io::Result<Self> {
        use std::os::fd::AsFd;
        Ok(Self(io::stdout().as_fd().try_clone_to_owned()?.into()))
    }

    /// Opens stdout.
    #[cfg(not(unix))]
    pub fn open() -> io::Result<Self> {
        Ok(Self(io::stdout()))
    }
}

impl Write for NonBlockingStdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !has_room(&self.0)? {
            return Err(ErrorKind::WouldBlock.into());
        }
        self.0.write(&bytes[..bytes.len().min(PIECE)])
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
