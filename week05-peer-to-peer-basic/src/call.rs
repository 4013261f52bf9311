//! A call: one connection between two peers, dialed or accepted, with a deadline.
//!
//! *What if a caller sends 100 kB, or "é" in two pieces, or one byte a second?* TCP delivers
//! bytes, not messages: one `read` may return half a message, or half a letter. So a message is
//! read until the end of the stream, up to a limit, and until a deadline. A program that reads
//! once works in every demonstration and fails with the first long message.

use std::io::ErrorKind::{ConnectionRefused, TimedOut};
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::{Arc, Weak};
use std::time::Duration;

use terminal::Deadline;

use crate::config::MAX_MESSAGE;

/// A connection, and the deadline at which it is over, finished or not.
#[derive(Debug)]
pub struct Call {
    stream: Arc<TcpStream>,
    deadline: Deadline,
    /// The other side's message so far.
    pub(crate) message: Vec<u8>,
}

/// Why a message ended before its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cut {
    /// It is longer than a message may be.
    TooLong,
    /// It was not finished in time.
    TooSlow,
    /// There were too many slow callers, and this one was the oldest.
    Crowded,
    /// We are shutting down.
    Closing,
    /// The connection broke, and the system gave this reason.
    Broken(String),
}

impl Call {
    /// Takes the call that came in on `stream`; it has `patience` from now.
    pub(crate) fn accepted(stream: TcpStream, patience: Duration) -> Self {
        Self::new(stream, Deadline::after(patience))
    }

    /// Dials `peer`; connecting and everything after it has `patience` from now.
    pub(crate) fn dial(peer: SocketAddr, patience: Duration) -> io::Result<Self> {
        let deadline = Deadline::after(patience);
        let stream = TcpStream::connect_timeout(&peer, patience)?;
        // The system gives our end of the connection any free port. If that is the very one we
        // dial, and no peer listens there, we are talking to ourselves.
        if stream.local_addr()? == peer {
            return Err(ConnectionRefused.into());
        }
        Ok(Self::new(stream, deadline))
    }

    fn new(stream: TcpStream, deadline: Deadline) -> Self {
        Self { stream: Arc::new(stream), deadline, message: Vec::new() }
    }

    /// Reads the rest of the message: everything up to the end of the stream.
    pub(crate) fn read_message(&mut self) -> Result<(), Cut> {
        self.read_message_until(self.deadline)
    }

    /// Reads for `time` at most. After [`Cut::TooSlow`], [`Call::read_message`] reads on.
    pub(crate) fn read_message_within(&mut self, time: Duration) -> Result<(), Cut> {
        self.read_message_until(Deadline::after(time))
    }

    fn read_message_until(&mut self, deadline: Deadline) -> Result<(), Cut> {
        let room = (MAX_MESSAGE + 1 - self.message.len()) as u64;
        // What came before an error stays in the message.
        match deadline.of(&*self.stream).take(room).read_to_end(&mut self.message) {
            Ok(_) if self.message.len() > MAX_MESSAGE => {
                self.message.truncate(MAX_MESSAGE);
                Err(Cut::TooLong)
            }
            Ok(_) => Ok(()),
            Err(error) if error.kind() == TimedOut => Err(Cut::TooSlow),
            Err(error) => Err(Cut::Broken(error.to_string())),
        }
    }

    /// Writes all of `text`, or fails at the deadline.
    pub(crate) fn write(&self, text: &str) -> io::Result<()> {
        self.deadline.of(&*self.stream).write_all(text.as_bytes())
    }

    /// Writes `text` without waiting. A short text on a call that was only read from fits into
    /// the system's buffer; of a longer one the other side may get a part.
    pub(crate) fn write_at_once(&self, text: &str) -> io::Result<()> {
        self.stream.set_nonblocking(true)?;
        (&*self.stream).write_all(text.as_bytes())
    }

    /// Ends our message; the other side may still answer.
    pub(crate) fn finish_message(&self) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Write)
    }

    /// A handle with which another thread can hang up. It does not keep the call open.
    pub(crate) fn handle(&self) -> Weak<TcpStream> {
        Arc::downgrade(&self.stream)
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;
    use std::time::Instant;

    use socket2::SockRef;

    use super::*;

    /// Two ends of one connection.
    fn connected() -> (TcpStream, TcpStream) {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let dialed = TcpStream::connect(socket.local_addr().unwrap()).unwrap();
        (dialed, socket.accept().unwrap().0)
    }

    #[test]
    fn a_message_at_the_limit_is_whole_and_one_byte_more_is_cut() {
        for (length, expected) in [(MAX_MESSAGE, Ok(())), (MAX_MESSAGE + 1, Err(Cut::TooLong))]
        {
            let (mut caller, stream) = connected();
            let speak = thread::Builder::new().spawn(move || {
                let _ = caller.write_all(&vec![b'x'; length]);
            });
            let mut call = Call::accepted(stream, Duration::from_secs(10));
            assert_eq!(call.read_message(), expected);
            assert_eq!(call.message.len(), MAX_MESSAGE);
            speak.unwrap().join().unwrap();
        }
    }

    #[test]
    fn a_message_that_comes_in_two_parts_has_the_same_limit() {
        let (mut caller, stream) = connected();
        let mut call = Call::accepted(stream, Duration::from_secs(10));
        caller.write_all(b"x").unwrap();
        assert_eq!(call.read_message_within(Duration::from_millis(20)), Err(Cut::TooSlow));
        let speak = thread::Builder::new().spawn(move || {
            let _ = caller.write_all(&vec![b'x'; MAX_MESSAGE]);
            caller // It stays open, so no end comes.
        });
        assert_eq!(call.read_message(), Err(Cut::TooLong));
        assert_eq!(call.message.len(), MAX_MESSAGE);
        speak.unwrap().join().unwrap();
    }

    #[test]
    fn a_call_that_its_caller_resets_is_broken_and_not_slow() {
        let (mut caller, stream) = connected();
        let mut call = Call::accepted(stream, Duration::from_secs(10));
        caller.write_all(b"half").unwrap();
        SockRef::from(&caller).set_linger(Some(Duration::ZERO)).unwrap();
        drop(caller);
        assert!(matches!(call.read_message(), Err(Cut::Broken(_))));
    }

    #[test]
    fn a_message_that_was_too_slow_at_first_is_read_to_its_end() {
        let (mut caller, stream) = connected();
        let mut call = Call::accepted(stream, Duration::from_secs(10));
        caller.write_all("caf\u{e9}".as_bytes().split_last().unwrap().1).unwrap();
        assert_eq!(call.read_message_within(Duration::from_millis(20)), Err(Cut::TooSlow));
        caller.write_all(b"\xa9").unwrap();
        drop(caller);
        assert_eq!(call.read_message(), Ok(()));
        assert_eq!(call.message, "caf\u{e9}".as_bytes());
    }

    #[test]
    fn a_caller_that_finished_in_time_is_not_blamed_for_our_own_pause() {
        let (mut caller, stream) = connected();
        let mut call = Call::accepted(stream, Duration::ZERO); // Its deadline has passed.
        caller.write_all(b"slow but whole").unwrap();
        drop(caller);
        // The end of the stream may take a moment to arrive.
        let begun = Instant::now();
        while call.read_message() != Ok(()) {
            assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", call.message);
        }
        assert_eq!(call.message, b"slow but whole");
    }

    #[test]
    fn the_handle_hangs_up_and_does_not_keep_the_call_open() {
        let (mut caller, stream) = connected();
        let mut call = Call::accepted(stream, Duration::from_mins(1));
        let handle = call.handle();
        thread::scope(|scope| {
            let begun = Instant::now();
            let reader = scope.spawn(|| call.read_message());
            handle.upgrade().unwrap().shutdown(Shutdown::Both).unwrap();
            assert_eq!(reader.join().unwrap(), Ok(()));
            assert!(begun.elapsed() < Duration::from_secs(20), "before its 60 s deadline");
        });
        drop(call);
        assert!(handle.upgrade().is_none());
        assert_eq!(caller.read(&mut [0]).unwrap(), 0);
    }
}
