//! A call: one connection between two peers, whoever dialed, with a deadline.
//!
//! A timeout of the system is counted anew for every read: a caller who sends one byte a
//! second never runs into a timeout of two. So a call has a *deadline*, and what is left until
//! then is computed before each read and each write.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crate::config::{BUFFER_SIZE, MAX_MESSAGE};
use crate::event::Cut;

/// A connection, and the moment at which it is over, finished or not.
#[derive(Debug)]
pub struct Call {
    stream: TcpStream,
    begun: Instant,
    deadline: Instant,
    patience: Duration,
    hung_up: OnceLock<Cut>,
}

impl Call {
    /// Takes the call that came in on `stream`; it has `patience` from now.
    pub fn accepted(stream: TcpStream, patience: Duration) -> Self {
        Self::since(Instant::now(), stream, patience)
    }

    /// Dials `peer`; picking up and everything after it has `patience` from now.
    ///
    /// # Errors
    ///
    /// If nobody picks up in time, or nobody listens there.
    pub fn dial(peer: SocketAddr, patience: Duration) -> io::Result<Self> {
        let begun = Instant::now();
        let stream = TcpStream::connect_timeout(&peer, patience)?;
        // The system gives our end of the line any free port. If that is the very one we dial,
        // and nobody listens there, we are talking to ourselves.
        if stream.local_addr()? == stream.peer_addr()? {
            return Err(ErrorKind::ConnectionRefused.into());
        }
        Ok(Self::since(begun, stream, patience))
    }

    fn since(begun: Instant, stream: TcpStream, patience: Duration) -> Self {
        let deadline = begun + patience;
        Self { stream, begun, deadline, patience, hung_up: OnceLock::new() }
    }

    /// When the call began.
    pub fn begun(&self) -> Instant {
        self.begun
    }

    /// When the call is over.
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Reads one message: everything up to the end of the stream. If it does not come to an
    /// end, what came so far, and why there was no more.
    pub fn read_message(&self) -> (Vec<u8>, Option<Cut>) {
        let mut message = Vec::new();
        let mut buffer = [0; BUFFER_SIZE];
        let cut = loop {
            match self.read(&mut buffer) {
                Ok(0) => break self.hung_up.get().cloned(),
                Ok(count) => message.extend_from_slice(&buffer[..count]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => break Some(self.cut_by(&error)),
            }
            if message.len() > MAX_MESSAGE {
                message.truncate(MAX_MESSAGE);
                break Some(Cut::TooLong);
            }
        };
        (message, cut)
    }

    /// Writes all of `text`.
    ///
    /// # Errors
    ///
    /// If the other side does not take it in time, or is gone.
    pub fn write(&self, text: &[u8]) -> io::Result<()> {
        let mut rest = text;
        while !rest.is_empty() {
            self.stream.set_write_timeout(Some(self.time_left()?))?;
            match (&self.stream).write(rest) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(count) => rest = &rest[count..],
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Says that no more words will come from this side; the other may still answer.
    ///
    /// # Errors
    ///
    /// If the connection is broken.
    pub fn has_spoken(&self) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Write)
    }

    /// Ends the call from another thread; the one that reads it notices at once, and says why.
    pub fn hang_up(&self, why: Cut) {
        let _ = self.hung_up.set(why); // The first reason stands.
        // Fails when the other side was faster, and then there is nothing left to end.
        let _ = self.stream.shutdown(Shutdown::Both);
    }

    fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(Some(self.time_left()?))?;
        (&self.stream).read(buffer)
    }

    /// Never zero, which the system would take for "no timeout".
    fn time_left(&self) -> io::Result<Duration> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(ErrorKind::TimedOut.into()) } else { Ok(left) }
    }

    fn cut_by(&self, error: &io::Error) -> Cut {
        if let Some(why) = self.hung_up.get() {
            return why.clone();
        }
        match error.kind() {
            // Unix says the one, Windows the other.
            ErrorKind::WouldBlock | ErrorKind::TimedOut => Cut::TooSlow(self.patience),
            _ => Cut::Broken(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    /// Two ends of one connection.
    fn connected() -> (TcpStream, TcpStream) {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let dialed = TcpStream::connect(socket.local_addr().unwrap()).unwrap();
        (dialed, socket.accept().unwrap().0)
    }

    #[test]
    fn a_caller_of_many_small_bytes_runs_into_the_deadline_all_the_same() {
        let (mut caller, stream) = connected();
        caller.write_all(b".").unwrap();
        let call = Call::accepted(stream, Duration::from_millis(300));
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
        let (message, cut) = call.read_message();
        assert_eq!(cut, Some(Cut::TooSlow(Duration::from_millis(300))));
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
        assert!(!message.is_empty());
        drop(call);
        drip.unwrap().join().unwrap();
    }

    #[test]
    fn a_message_at_the_limit_is_whole_and_one_byte_more_is_cut() {
        for (length, cut) in [(MAX_MESSAGE, None), (MAX_MESSAGE + 1, Some(Cut::TooLong))] {
            let (mut caller, stream) = connected();
            let speak = thread::Builder::new().spawn(move || {
                let _ = caller.write_all(&vec![b'x'; length]);
            });
            let call = Call::accepted(stream, Duration::from_secs(10));
            let (message, why) = call.read_message();
            assert_eq!((message.len(), why), (MAX_MESSAGE, cut));
            speak.unwrap().join().unwrap();
        }
    }

    #[test]
    fn hanging_up_wakes_the_reader() {
        let (_caller, stream) = connected();
        let call = Call::accepted(stream, Duration::from_mins(1));
        thread::scope(|scope| {
            let begun = Instant::now();
            let reader = scope.spawn(|| call.read_message());
            call.hang_up(Cut::Crowded);
            assert_eq!(reader.join().unwrap(), (Vec::new(), Some(Cut::Crowded)));
            assert!(begun.elapsed() < Duration::from_secs(20), "and not its 60 s deadline");
        });
    }
}
