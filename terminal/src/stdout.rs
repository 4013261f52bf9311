//! Stdout for a thread that must not wait.
//!
//! A terminal may be stopped (Ctrl-S), and a pipe may have a reader that does not read. A write
//! would wait for them, so it asks first.

use std::io::{self, ErrorKind, Write};

use crate::ready::{NOW, has_room};

/// How many bytes a pipe that has any room takes at once (`PIPE_BUF` on Linux; less elsewhere,
/// where a nearly full pipe can then hold up a write).
const PIECE: usize = 4096;

/// Without the buffer of std, where nobody could count what waits.
#[cfg(unix)]
type File = std::fs::File;
#[cfg(not(unix))]
type File = io::Stdout;

/// Stdout that fails with [`ErrorKind::WouldBlock`] where a write would have to wait. Windows
/// cannot tell: there the write waits. A terminal whose other end reads no more (a stalled ssh, not
/// Ctrl-S) may have room for a part of a write, and then the write waits for the rest.
#[derive(Debug)]
pub struct NonBlockingStdout(File);

impl NonBlockingStdout {
    /// Opens stdout. Fails if it is closed.
    pub fn open() -> io::Result<Self> {
        #[cfg(unix)]
        let stdout = std::os::fd::AsFd::as_fd(&io::stdout()).try_clone_to_owned()?.into();
        #[cfg(not(unix))]
        let stdout = io::stdout();
        Ok(Self(stdout))
    }
}

impl Write for NonBlockingStdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !has_room(&self.0, NOW)? {
            return Err(ErrorKind::WouldBlock.into());
        }
        self.0.write(&bytes[..bytes.len().min(PIECE)])
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
