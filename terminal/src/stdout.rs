//! Stdout for a thread that must not wait, and for one that must.
//!
//! A terminal may be stopped (Ctrl-S), and a pipe may have a reader that does not read. A write
//! would wait for them, so the stdout of a thread that must not wait asks first.
//!
//! And stdout may be non-blocking (`O_NONBLOCK`), because a program that shares it has asked for
//! that. A write would fail where it should wait, so the stdout of a thread that waits tries again.

use std::io::{self, ErrorKind, Write};

use crate::ready::{LONG, NOW, has_room};

/// Stdout that waits until it has room, even where stdout is non-blocking.
#[derive(Debug)]
pub struct BlockingStdout;

impl Write for BlockingStdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        wait_and_try_again(|| io::stdout().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        wait_and_try_again(|| io::stdout().flush())
    }
}

fn wait_and_try_again<T>(mut write: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match write() {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                has_room(&io::stdout(), LONG)?;
            }
            done => return done,
        }
    }
}

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
        if !has_room(&self.0, NOW)? {
            return Err(ErrorKind::WouldBlock.into());
        }
        self.0.write(&bytes[..bytes.len().min(PIECE)])
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
