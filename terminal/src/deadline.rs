//! Deadlines: one moment for a whole conversation, however many reads and writes it takes.
//!
//! A socket timeout starts anew with every read, so a caller who sends one byte a second never
//! runs into a timeout of two seconds. A deadline does not move: the time left until then is
//! computed before each read and each write.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// A moment after which nothing is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline(Instant);

impl Deadline {
    /// This moment.
    pub fn at(moment: Instant) -> Self {
        Self(moment)
    }

    /// The moment that is `patience` from now.
    pub fn after(patience: Duration) -> Self {
        Self(Instant::now() + patience)
    }

    /// The time left; `None` once the deadline has passed.
    pub fn left(self) -> Option<Duration> {
        let left = self.0.saturating_duration_since(Instant::now());
        (!left.is_zero()).then_some(left)
    }

    /// `stream`, on which no read and no write goes on after the deadline. Afterwards each of
    /// them fails with [`ErrorKind::TimedOut`] (or [`ErrorKind::WouldBlock`], as Unix says).
    ///
    /// ```
    /// use std::{io::Read, net::{TcpListener, TcpStream}, time::Duration};
    /// use terminal::Deadline;
    ///
    /// let listener = TcpListener::bind("127.0.0.1:0")?;
    /// let silent = TcpStream::connect(listener.local_addr()?)?;
    /// let deadline = Deadline::after(Duration::from_millis(50));
    /// assert!(deadline.of(&silent).read_to_end(&mut Vec::new()).is_err());
    /// # std::io::Result::Ok(())
    /// ```
    pub fn of(self, stream: &TcpStream) -> Timed<'_> {
        Timed { stream, deadline: self }
    }

    /// Never zero, which a socket would take for "no timeout".
    fn timeout(self) -> io::Result<Option<Duration>> {
        self.left().map(Some).ok_or_else(|| ErrorKind::TimedOut.into())
    }
}

/// A stream with a deadline; see [`Deadline::of`].
#[derive(Debug)]
pub struct Timed<'a> {
    stream: &'a TcpStream,
    deadline: Deadline,
}

impl Read for Timed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(self.deadline.timeout()?)?;
        self.stream.read(buffer)
    }
}

impl Write for Timed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(self.deadline.timeout()?)?;
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    /// Two ends of one connection.
    fn connected() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let dialed = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (dialed, listener.accept().unwrap().0)
    }

    #[test]
    fn many_small_bytes_do_not_move_the_deadline() {
        let (mut caller, stream) = connected();
        let drip = thread::Builder::new().spawn(move || {
            // Each byte comes well before a timeout of 300 ms; all of them would take 20 s.
            for _ in 0..1000 {
                if caller.write_all(b".").is_err() {
                    return;
                }
                thread::park_timeout(Duration::from_millis(20));
            }
        });
        let begun = Instant::now();
        let deadline = Deadline::after(Duration::from_millis(300));
        let mut text = Vec::new();
        let error = deadline.of(&stream).read_to_end(&mut text).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock), "{error}");
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
        assert!(!text.is_empty(), "what came before the deadline is kept");
        drop(stream);
        drip.unwrap().join().unwrap();
    }

    #[test]
    fn a_reader_that_takes_nothing_does_not_hold_a_writer_up() {
        let (_silent, stream) = connected();
        let begun = Instant::now();
        let deadline = Deadline::after(Duration::from_millis(300));
        // More than the system buffers.
        assert!(deadline.of(&stream).write_all(&vec![b'x'; 64 << 20]).is_err());
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    }

    #[test]
    fn no_time_is_left_once_it_has_passed() {
        let passed = Deadline::after(Duration::ZERO);
        assert_eq!(passed.left(), None);
        let (_caller, stream) = connected();
        assert_eq!(passed.of(&stream).read(&mut [0]).unwrap_err().kind(), ErrorKind::TimedOut);
    }
}
