//! The reading half of a WebSocket, on a thread of its own.
//!
//! It never writes to the stream: what it has to say, a pong or the answer to a close frame, it
//! hands to the writing half, as bytes.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use crossbeam_channel::Sender;
use terminal::{Deadline, Timed};
use tungstenite::error::{CapacityError, ProtocolError};
use tungstenite::protocol::CloseFrame;
use tungstenite::{Error, Message, Utf8Bytes, WebSocket};

use super::limits::{Patience, READ_BUFFER, code};

/// What the reading half hands to the writing half.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Incoming {
    Text(Utf8Bytes),
    /// A frame to be written as it is: a pong, or the answer to a close frame.
    Frame(Vec<u8>),
    /// The other side closes, for this reason. The answer follows as a frame.
    Closed(Utf8Bytes),
    /// The other side breaks the rules of WebSocket, and is to be told so with this code.
    Broken(u16, &'static str),
}

/// What `tungstenite` reads from, and believes to write to.
#[derive(Debug)]
pub(super) struct ReadHalf {
    stream: Arc<TcpStream>,
    timed: Timed<Arc<TcpStream>>,
    /// Where frames go. During the handshake there is no writing half, and they go to the stream.
    writer: Option<Sender<Incoming>>,
}

impl ReadHalf {
    pub(super) fn new(stream: Arc<TcpStream>, deadline: Deadline) -> Self {
        let timed = deadline.of(Arc::clone(&stream));
        Self { stream, timed, writer: None }
    }

    pub(super) fn stream(&self) -> Arc<TcpStream> {
        Arc::clone(&self.stream)
    }
}

impl Read for ReadHalf {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.timed.read(buffer)
    }
}

impl Write for ReadHalf {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(writer) = &self.writer else { return self.timed.write(bytes) };
        let frame = Incoming::Frame(bytes.to_vec());
        writer.send(frame).map_err(|_| ErrorKind::BrokenPipe)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Reads until the other side closes the WebSocket, breaks its rules, or falls silent.
pub(super) fn read(
    patience: Patience,
    mut socket: WebSocket<ReadHalf>,
    writer: &Sender<Incoming>,
) {
    socket.get_mut().writer = Some(writer.clone());
    loop {
        socket.get_mut().timed.wait_until(Deadline::after(patience.silence));
        let incoming = match socket.read() {
            Ok(Message::Text(text)) => Incoming::Text(text),
            Ok(Message::Close(Some(CloseFrame { reason, .. }))) => Incoming::Closed(reason),
            Ok(Message::Binary(_)) => {
                Incoming::Broken(code::UNSUPPORTED, "messages must be text, not binary")
            }
            // A ping is answered already, a pong has moved the deadline, and after a close frame
            // there is only the end.
            Ok(_) => continue,
            Err(error) => match breach(&error) {
                Some((code, why)) => Incoming::Broken(code, why),
                None => return,
            },
        };
        let is_broken = matches!(incoming, Incoming::Broken(..));
        if writer.send(incoming).is_err() {
            return; // The writer has ended.
        }
        if is_broken {
            return discard(socket.get_mut(), Deadline::after(patience.close));
        }
    }
}

/// What the other side did wrong, if it did.
fn breach(error: &Error) -> Option<(u16, &'static str)> {
    match error {
        Error::Capacity(CapacityError::MessageTooLong { .. }) => {
            Some((code::TOO_BIG, "a message has at most 256 KiB"))
        }
        Error::Utf8(_) => Some((code::INVALID, "text must be UTF-8")),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => None,
        Error::Protocol(_) => Some((code::PROTOCOL, "this is not the WebSocket protocol")),
        Error::Io(error) if error.kind() == ErrorKind::TimedOut => {
            Some((code::POLICY, "nothing was heard for 10 seconds"))
        }
        _ => None,
    }
}

/// Reads what the other side still sends. Closing with unread input sends a TCP reset, and then the
/// other side's system may discard what the writer has said.
fn discard(half: &mut ReadHalf, deadline: Deadline) {
    half.timed.wait_until(deadline);
    let mut piece = [0; READ_BUFFER];
    while deadline.left().is_some() && matches!(half.read(&mut piece), Ok(1..)) {}
}

#[cfg(test)]
mod tests;
