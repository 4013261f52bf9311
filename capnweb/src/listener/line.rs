//! A line: a connection on which every wait has a deadline.
//!
//! A timeout of the system is counted anew for every read: a caller who sends one byte a second
//! never runs into a timeout of two. So what is left until the deadline is computed before each
//! read and each write. The system is told only if it has been told something else before.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// One connection, and the timeouts that the system knows.
#[derive(Debug)]
pub(super) struct Line {
    stream: Arc<TcpStream>,
    reading: Option<Duration>,
    writing: Option<Duration>,
}

impl Line {
    pub(super) fn of(stream: Arc<TcpStream>) -> Self {
        Self { stream, reading: None, writing: None }
    }

    /// The connection itself, without any timeout.
    pub(super) fn release(self) -> io::Result<Arc<TcpStream>> {
        self.stream.set_read_timeout(None)?;
        self.stream.set_write_timeout(None)?;
        Ok(self.stream)
    }

    /// Reads what comes first, within that time.
    pub(super) fn read_within(
        &mut self,
        patience: Duration,
        buffer: &mut [u8],
    ) -> io::Result<usize> {
        if self.reading != Some(patience) {
            self.stream.set_read_timeout(Some(patience))?;
            self.reading = Some(patience);
        }
        loop {
            match (&*self.stream).read(buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                read => return read,
            }
        }
    }

    /// Reads what comes next, up to that moment.
    pub(super) fn read_by(
        &mut self,
        deadline: Instant,
        buffer: &mut [u8],
    ) -> io::Result<usize> {
        self.read_within(time_left(deadline)?, buffer)
    }

    /// Writes it all, in one piece if the other side takes it.
    pub(super) fn write_within(&mut self, patience: Duration, bytes: &[u8]) -> io::Result<()> {
        let deadline = Instant::now() + patience;
        let mut left = patience;
        let mut rest = bytes;
        loop {
            if self.writing != Some(left) {
                self.stream.set_write_timeout(Some(left))?;
                self.writing = Some(left);
            }
            match (&*self.stream).write(rest) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(count) if count == rest.len() => return Ok(()),
                Ok(count) => rest = &rest[count..],
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
            left = time_left(deadline)?;
        }
    }

    /// Says that no more comes from here, and waits until the other side has seen it: if we
    /// closed while something of theirs is unread, the system would take back what we have said.
    pub(super) fn close_within(&mut self, patience: Duration, buffer: &mut [u8]) {
        let deadline = Instant::now() + patience;
        if self.stream.shutdown(Shutdown::Write).is_ok() {
            while self.read_by(deadline, buffer).is_ok_and(|count| count > 0) {}
        }
    }
}

/// Whether a wait was in vain. Unix says the one, Windows the other.
pub(super) fn is_too_late(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

/// Never zero, which the system would take for "no timeout".
fn time_left(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(ErrorKind::TimedOut.into()) } else { Ok(left) }
}
