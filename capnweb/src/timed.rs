//! A connection on which every wait has a deadline.
//!
//! A timeout of the system starts anew with every read: a caller that sends one byte a second
//! never runs into a timeout of two. So the time left until the deadline is computed before each
//! read and each write. The system is told only if it was told something quite different before,
//! since telling it costs as much as a read.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How much longer than until the deadline the system may wait.
const SLACK: Duration = Duration::from_millis(100);

/// One connection, its deadline, and the timeouts that the system was told.
#[derive(Debug)]
pub(crate) struct Timed {
    stream: Arc<TcpStream>,
    deadline: Instant,
    read_timeout: Duration,
    write_timeout: Duration,
}

impl Timed {
    /// A connection whose deadline has passed: set one with [`Timed::wait`].
    pub(crate) fn new(stream: Arc<TcpStream>) -> Self {
        let [read_timeout, write_timeout] = [Duration::MAX; 2];
        Self { stream, deadline: Instant::now(), read_timeout, write_timeout }
    }

    /// From now on, all reads and writes together may take this long.
    pub(crate) fn wait(&mut self, patience: Duration) {
        self.deadline = Instant::now() + patience;
    }

    /// Says that no more comes from here, and waits until the other side has read it: if we closed
    /// while something of theirs is unread, the system would take back what we have said.
    pub(crate) fn close(&mut self) {
        if self.stream.shutdown(Shutdown::Write).is_ok() {
            let _ = io::copy(self, &mut io::sink()); // Fails if it takes them too long.
        }
    }

    /// The connection itself, without any timeout.
    pub(crate) fn release(self) -> io::Result<Arc<TcpStream>> {
        self.stream.set_read_timeout(None)?;
        self.stream.set_write_timeout(None)?;
        Ok(self.stream)
    }

    /// The timeout that the system is to be told, if what it was told does not fit.
    fn new_timeout(&self, told: Duration) -> io::Result<Option<Duration>> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        // The system would take zero for "no timeout".
        if left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        let fits = (left..=left + SLACK).contains(&told);
        Ok((!fits).then_some(left + SLACK / 2))
    }
}

impl Read for Timed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(timeout) = self.new_timeout(self.read_timeout)? {
            self.stream.set_read_timeout(Some(timeout))?;
            self.read_timeout = timeout;
        }
        loop {
            match (&*self.stream).read(buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {} // For somebody else.
                read => return read,
            }
        }
    }
}

impl Write for Timed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(timeout) = self.new_timeout(self.write_timeout)? {
            self.stream.set_write_timeout(Some(timeout))?;
            self.write_timeout = timeout;
        }
        (&*self.stream).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
