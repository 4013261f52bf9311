//! Deadlines: one moment for a whole conversation, however many reads and writes it takes.
//!
//! A socket timeout starts anew with every read, so a caller that sends one byte a second never
//! runs into a timeout of two seconds. A deadline does not move: the time left until then is
//! computed before each read and each write.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::ops::Deref;
use std::time::{Duration, Instant};

use crate::ready::{NOW, has_bytes, has_room};

/// The moment at which all waiting ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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

    /// `stream`, a `&TcpStream` or an `Arc<TcpStream>`, on which no read and no write waits
    /// longer than until the deadline. A wait that ends there fails with
    /// [`ErrorKind::TimedOut`]. A signal ends no wait.
    ///
    /// Afterwards a read or a write still takes what is there, and waits for nothing. So the
    /// other side is not blamed for a pause of our own, such as a stopped process.
    ///
    /// ```
    /// use std::io::{ErrorKind, Read};
    /// use std::{net::{TcpListener, TcpStream}, time::Duration};
    /// use terminal::Deadline;
    ///
    /// let listener = TcpListener::bind("127.0.0.1:0")?;
    /// let silent = TcpStream::connect(listener.local_addr()?)?;
    /// let mut timed = Deadline::after(Duration::from_millis(50)).of(&silent);
    /// let error = timed.read_to_end(&mut Vec::new()).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::TimedOut);
    /// # std::io::Result::Ok(())
    /// ```
    pub fn of<S: Deref<Target = TcpStream>>(self, stream: S) -> Timed<S> {
        Timed { stream, deadline: self, read_timeout: None, write_timeout: None }
    }
}

/// A stream with a deadline; see [`Deadline::of`].
///
/// The system keeps one timeout for reads and one for writes of a connection. So one thread may
/// read and another one write, each with a `Timed` of its own.
#[derive(Debug)]
pub struct Timed<S> {
    stream: S,
    deadline: Deadline,
    /// The timeouts that the system was told last.
    read_timeout: Option<Duration>,
    write_timeout: Option<Duration>,
}

/// The longest wait for bytes at a time. On Windows a thread that waits does not notice that
/// another one has hung up; a thread that begins to wait does.
const LONGEST_READ: Duration =
    if cfg!(windows) { Duration::from_millis(250) } else { Duration::MAX };

/// How long a read or write after the deadline may take, where the system did not say that it
/// would not wait.
const LATE: Duration = Duration::from_millis(1);

/// The most that a wait may end too late. To tell the system a new timeout before each read
/// would cost as much as the read.
const SLACK: Duration = Duration::from_millis(100);

impl<S> Timed<S> {
    /// Moves the deadline: a peer that has said something may have time for the next thing.
    pub fn wait_until(&mut self, deadline: Deadline) {
        self.deadline = deadline;
    }
}

impl<S: Deref<Target = TcpStream>> Read for Timed<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let left = self.deadline.left();
            if left.is_none() && !has_bytes(&*self.stream, NOW)? {
                return Err(ErrorKind::TimedOut.into());
            }
            let wait = left.unwrap_or(LATE).min(LONGEST_READ);
            if let Some(timeout) = new_timeout(self.read_timeout, wait) {
                self.stream.set_read_timeout(Some(timeout))?;
                self.read_timeout = Some(timeout);
            }
            match (&*self.stream).read(buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // That was a part of the wait, or the deadline: the next turn tells.
                Err(error) if has_timed_out(&error) && left.is_some() => {}
                done => return done.map_err(in_one_word),
            }
        }
    }
}

impl<S: Deref<Target = TcpStream>> Write for Timed<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        loop {
            let left = self.deadline.left();
            if left.is_none() && !has_room(&*self.stream, NOW)? {
                return Err(ErrorKind::TimedOut.into());
            }
            let wait = left.unwrap_or(LATE);
            if let Some(timeout) = new_timeout(self.write_timeout, wait) {
                self.stream.set_write_timeout(Some(timeout))?;
                self.write_timeout = Some(timeout);
            }
            match (&*self.stream).write(bytes) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // Not tried again: Windows does not tell how much of it was sent.
                done => return done.map_err(in_one_word),
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        (&*self.stream).flush()
    }
}

/// The timeout to tell the system for this wait; none if the one that it was told will do:
/// never too short, and not much too long.
fn new_timeout(told: Option<Duration>, wait: Duration) -> Option<Duration> {
    let slack = SLACK.min(wait / 8);
    let will_do = told.is_some_and(|told| (wait..=wait + slack).contains(&told));
    (!will_do).then_some(wait + slack / 2)
}

/// Unix says one, Windows the other.
fn has_timed_out(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock)
}

fn in_one_word(error: io::Error) -> io::Error {
    if has_timed_out(&error) { ErrorKind::TimedOut.into() } else { error }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::sync::Arc;
    use std::thread;

    use super::*;

    /// Two ends of one connection.
    fn connected() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let dialed = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (dialed, listener.accept().unwrap().0)
    }

    fn is_late<T>(result: io::Result<T>) -> bool {
        result.is_err_and(|error| error.kind() == ErrorKind::TimedOut)
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
        assert!(is_late(deadline.of(&stream).read_to_end(&mut text)));
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
        assert!(is_late(passed.of(&stream).read(&mut [0])));
        passed.of(&stream).write_all(b"late").unwrap();
        caller.read_exact(&mut [0; 4]).unwrap();
        caller.write_all(b"x").unwrap();
        stream.peek(&mut [0]).unwrap(); // Now it has arrived.
        assert_eq!(passed.of(&stream).read(&mut [0]).unwrap(), 1);
    }

    #[test]
    fn after_the_deadline_a_reader_that_takes_nothing_does_not_hold_up_a_writer() {
        let (_silent, stream) = connected();
        let passed = Deadline::after(Duration::ZERO);
        let begun = Instant::now();
        assert!(is_late(passed.of(&stream).write_all(&vec![b'x'; 64 << 20])));
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    }

    #[test]
    fn a_deadline_that_moves_lets_the_next_read_wait() {
        let (_silent, stream) = connected();
        let mut timed = Deadline::after(Duration::ZERO).of(Arc::new(stream));
        assert!(is_late(timed.read(&mut [0])));
        let later = Deadline::after(Duration::from_millis(100));
        timed.wait_until(later);
        assert!(is_late(timed.read(&mut [0])));
        assert_eq!(later.left(), None);
    }

    #[test]
    fn the_system_is_told_a_timeout_only_if_the_last_one_will_not_do() {
        let wait = Duration::from_secs(5);
        let is_told = |told| new_timeout(Some(Duration::from_millis(told)), wait).is_some();
        assert_eq!([4999, 5000, 5100, 5101].map(is_told), [true, false, false, true]);
        let first = new_timeout(None, wait);
        assert_eq!(new_timeout(first, wait), None);
        // A short wait stays short.
        let short = new_timeout(None, Duration::from_millis(20)).unwrap();
        assert!(short < Duration::from_millis(22), "{short:?}");
    }
}
