//! Deadlines: one moment for a whole conversation, however many reads and writes it takes.
//!
//! A socket timeout starts anew with every read, so a caller that sends one byte a second never
//! runs into a timeout of two seconds. A deadline does not move: the time left until then is
//! computed before each read and each write.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// The moment at which all waiting ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline(Instant);

impl Deadline {
    /// The deadline at `moment`.
    pub fn at(moment: Instant) -> Self {
        Self(moment)
    }

    /// The deadline at the end of `patience`, which begins now.
    pub fn after(patience: Duration) -> Self {
        Self(Instant::now() + patience)
    }

    /// The time left; `None` once the deadline has passed.
    pub fn left(self) -> Option<Duration> {
        let left = self.0.saturating_duration_since(Instant::now());
        (!left.is_zero()).then_some(left)
    }

    /// `stream`, on which no read and no write waits longer than until the deadline. A wait that
    /// ends there fails with [`ErrorKind::WouldBlock`](io::ErrorKind::WouldBlock) (Unix) or
    /// [`ErrorKind::TimedOut`](io::ErrorKind::TimedOut) (Windows).
    ///
    /// Afterwards a read or a write still takes what is there, and waits for nothing. So the
    /// other side is not blamed for a pause of our own, such as a stopped process.
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
}

/// A stream with a deadline; see [`Deadline::of`].
#[derive(Debug)]
pub struct Timed<'a> {
    stream: &'a TcpStream,
    deadline: Deadline,
}

impl Timed<'_> {
    /// Does `io` on the stream without waiting.
    fn at_once<T>(
        &mut self,
        io: impl FnOnce(&mut &TcpStream) -> io::Result<T>,
    ) -> io::Result<T> {
        self.stream.set_nonblocking(true)?;
        let done = io(&mut self.stream);
        self.stream.set_nonblocking(false)?;
        done
    }
}

impl Read for Timed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.deadline.left() {
            None => self.at_once(|stream| stream.read(buffer)),
            left => {
                self.stream.set_read_timeout(left)?;
                self.stream.read(buffer)
            }
        }
    }
}

impl Write for Timed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.deadline.left() {
            None => self.at_once(|stream| stream.write(bytes)),
            left => {
                self.stream.set_write_timeout(left)?;
                self.stream.write(bytes)
            }
        }
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

    fn has_timed_out<T>(result: io::Result<T>) -> bool {
        use io::ErrorKind::{TimedOut, WouldBlock};
        result.is_err_and(|error| matches!(error.kind(), TimedOut | WouldBlock))
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
        assert!(has_timed_out(deadline.of(&stream).read_to_end(&mut text)));
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
        assert!(!text.is_empty(), "bytes that came before the deadline are kept");
        drop(stream);
        drip.unwrap().join().unwrap();
    }

    #[test]
    fn a_reader_that_takes_nothing_does_not_hold_up_a_writer() {
        let (_silent, stream) = connected();
        let begun = Instant::now();
        let deadline = Deadline::after(Duration::from_millis(300));
        // More than the system buffers.
        assert!(deadline.of(&stream).write_all(&vec![b'x'; 64 << 20]).is_err());
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    }

    #[test]
    fn after_the_deadline_what_is_there_is_taken_and_nothing_waited_for() {
        let passed = Deadline::after(Duration::ZERO);
        assert_eq!(passed.left(), None);
        let (mut caller, stream) = connected();
        assert!(has_timed_out(passed.of(&stream).read(&mut [0])));
        passed.of(&stream).write_all(b"late").unwrap();
        caller.read_exact(&mut [0; 4]).unwrap();
        caller.write_all(b"x").unwrap();
        stream.peek(&mut [0]).unwrap(); // Now it has arrived.
        assert_eq!(passed.of(&stream).read(&mut [0]).unwrap(), 1);
    }
}
