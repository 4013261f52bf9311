//! The link: the reading half of one WebSocket, and what both halves agree on.
//!
//! A WebSocket is read and written at once, by two threads; but `tungstenite` does both through
//! one `&mut`, since whoever reads a ping must answer it. So there are two of its sockets on one
//! stream. The reading one never touches the stream for writing: what it has to say, a pong or
//! the answer to a close, it hands to the [writer](crate::websocket::writer), as bytes. The writing one never
//! reads. Nobody polls, and there is no lock.

pub mod deadline;
pub mod inbox;
pub mod writer;

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tungstenite::error::CapacityError;
use tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tungstenite::{Error, Message, Utf8Bytes, WebSocket};

use crate::websocket::deadline::{Timeout, read_by, write_by};
use crate::websocket::inbox::Ringing;

/// The longest message, in bytes, however many frames it comes in. The longest that is needed is a
/// piece of a file, see [`CHUNK`](crate::interface::CHUNK).
pub const MAX_TEXT: usize = 256 * 1024;

/// How long we wait for the other side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// How long a link may be silent: no whole message, and not even the answer to a ping. Then
    /// nobody is there any more, or somebody who sends a message bit by bit.
    pub silence: Duration,
    /// How often the writer asks for a sign of life.
    pub ping_every: Duration,
    /// How long the other side may take for what is written.
    pub write: Duration,
    /// How long we wait for the other side to hang up after a close frame of ours.
    pub close: Duration,
}

/// What both programs use. Two pings fit into a silence, so one may be late.
pub const PATIENCE: Patience = Patience {
    silence: Duration::from_secs(10),
    ping_every: Duration::from_secs(4),
    write: Duration::from_secs(5),
    close: Duration::from_secs(1),
};

/// What the reading half needs for itself, in bytes.
const READ_BUFFER: usize = 4 * 1024;

/// Why a link is closed, as codes: of RFC 6455, section 7.4.1, and of npm's `capnweb`.
pub mod code {
    /// All is said.
    pub const NORMAL: u16 = 1000;
    /// The server ends.
    pub const GOING_AWAY: u16 = 1001;
    /// What came is no WebSocket.
    pub const PROTOCOL: u16 = 1002;
    /// What came was not text.
    pub const UNSUPPORTED: u16 = 1003;
    /// What came was not UTF-8.
    pub const INVALID: u16 = 1007;
    /// A rule of the chat.
    pub const POLICY: u16 = 1008;
    /// What came was too long.
    pub const TOO_BIG: u16 = 1009;
    /// The session is over: a message made no sense.
    pub const SESSION: u16 = 3000;
}

/// What the reading half hands to the writer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incoming {
    /// A message.
    Text(Utf8Bytes),
    /// A pong, or the answer to a close, to be written as it is.
    Raw(Vec<u8>),
    /// The other side says goodbye, for this reason. The answer to it is one more [`Self::Raw`].
    Goodbye(Utf8Bytes),
    /// The other side breaks the rules of WebSocket; to be told so with this code, and no more.
    Broken(u16, &'static str),
}

/// Where the reading half is read from, and what it says goes to.
#[derive(Debug)]
pub struct ReadHalf {
    stream: Arc<TcpStream>,
    /// When we stop waiting.
    deadline: Instant,
    timeout: Timeout,
    /// Before there is a writer, during the handshake, what it says goes to the stream itself.
    writer: Option<Ringing<Incoming>>,
}

impl ReadHalf {
    /// The half of a stream that is still silent.
    pub fn new(stream: Arc<TcpStream>, deadline: Instant) -> Self {
        Self { stream, deadline, timeout: Timeout::default(), writer: None }
    }

    /// From now on, what it says goes to the writer.
    pub fn speak_through(&mut self, writer: Ringing<Incoming>) {
        self.writer = Some(writer);
    }

    /// The stream, for the writer.
    pub fn stream(&self) -> Arc<TcpStream> {
        Arc::clone(&self.stream)
    }
}

impl Read for ReadHalf {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Self { stream, deadline, timeout, .. } = self;
        read_by(
            *deadline,
            timeout,
            |left| stream.set_read_timeout(left),
            || (&**stream).read(buffer),
        )
    }
}

impl Write for ReadHalf {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &self.writer {
            Some(writer) => {
                let gone = |_| ErrorKind::BrokenPipe.into();
                writer.send(Incoming::Raw(bytes.to_vec())).map(|()| bytes.len()).map_err(gone)
            }
            None => WriteHalf::new(Arc::clone(&self.stream), self.deadline).write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Where the writing half writes to.
#[derive(Debug)]
pub struct WriteHalf {
    stream: Arc<TcpStream>,
    deadline: Instant,
    timeout: Timeout,
    /// How often it was written to.
    #[cfg(test)]
    pub(crate) writes: usize,
}

impl WriteHalf {
    /// The half of a stream, which has until `deadline` to take what is written.
    pub fn new(stream: Arc<TcpStream>, deadline: Instant) -> Self {
        Self {
            stream,
            deadline,
            timeout: Timeout::default(),
            #[cfg(test)]
            writes: 0,
        }
    }

    /// It has until then.
    pub fn wait_until(&mut self, deadline: Instant) {
        self.deadline = deadline;
    }
}

impl Read for WriteHalf {
    /// There is nothing to be read here.
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(ErrorKind::Unsupported.into())
    }
}

impl Write for WriteHalf {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        #[cfg(test)]
        {
            self.writes += 1;
        }
        let Self { stream, deadline, timeout, .. } = self;
        write_by(
            *deadline,
            timeout,
            |left| stream.set_write_timeout(left),
            || (&**stream).write(bytes),
        )
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What both sides, and both halves, agree on.
pub fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .max_frame_size(Some(MAX_TEXT))
        .max_message_size(Some(MAX_TEXT))
}

/// The server's reading half, after its handshake; `early` was read too far.
pub fn accepted(stream: Arc<TcpStream>, early: Vec<u8>) -> WebSocket<ReadHalf> {
    let half = ReadHalf::new(stream, Instant::now() + PATIENCE.silence);
    WebSocket::from_partially_read(half, early, Role::Server, Some(config()))
}

/// Reads until the other side has closed the link, breaks its rules, or falls silent.
pub fn read(socket: WebSocket<ReadHalf>, writer: &Ringing<Incoming>) {
    read_with(PATIENCE, socket, writer);
}

fn read_with(patience: Patience, mut socket: WebSocket<ReadHalf>, writer: &Ringing<Incoming>) {
    socket.get_mut().speak_through(writer.clone());
    loop {
        socket.get_mut().deadline = Instant::now() + patience.silence;
        match socket.read() {
            Ok(Message::Text(text)) => {
                if writer.send(Incoming::Text(text)).is_err() {
                    return; // The writer has ended.
                }
            }
            Ok(Message::Binary(_)) => {
                let why = "messages must be text, not binary";
                return refuse(patience, socket, writer, (code::UNSUPPORTED, why));
            }
            Ok(Message::Close(Some(CloseFrame { reason, .. }))) => {
                // Its writer may have ended, and then there is nobody to be told.
                let _ = writer.send(Incoming::Goodbye(reason));
            }
            // A ping is answered already, a pong is why we have not lost patience, and after a
            // close there is only the end.
            Ok(_) => {}
            Err(error) => match breach(&error) {
                Some(breach) => return refuse(patience, socket, writer, breach),
                None => return,
            },
        }
    }
}

/// What the other side did wrong, if it did.
fn breach(error: &Error) -> Option<(u16, &'static str)> {
    use tungstenite::error::ProtocolError::ResetWithoutClosingHandshake;
    match error {
        Error::Capacity(CapacityError::MessageTooLong { .. }) => {
            Some((code::TOO_BIG, "a message has at most 256 KiB"))
        }
        Error::Utf8(_) => Some((code::INVALID, "text must be UTF-8")),
        Error::Protocol(ResetWithoutClosingHandshake) => None,
        Error::Protocol(_) => Some((code::PROTOCOL, "this is not the WebSocket protocol")),
        // The stream may say either, when its time is over.
        Error::Io(error)
            if matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock) =>
        {
            Some((code::POLICY, "nothing was heard for 10 seconds"))
        }
        _ => None,
    }
}

/// Has the other side told, and reads what it still sends, for a moment: if we closed at once, the
/// system would take back what we have said.
fn refuse(
    patience: Patience,
    mut socket: WebSocket<ReadHalf>,
    writer: &Ringing<Incoming>,
    (code, why): (u16, &'static str),
) {
    if writer.send(Incoming::Broken(code, why)).is_err() {
        return;
    }
    let half = socket.get_mut();
    half.deadline = Instant::now() + patience.close;
    let mut piece = [0; READ_BUFFER];
    while matches!(half.read(&mut piece), Ok(1..)) {}
}

#[cfg(test)]
pub(crate) mod tests;
