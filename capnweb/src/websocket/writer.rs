//! The writing half of a WebSocket: the thread that owns the session.
//!
//! It waits for two channels: messages of the other side, from the reading half, and orders of
//! other threads of the program. It takes in all that is there before it writes, so a push with
//! its release, and all notes that have piled up, cost one write.
//!
//! It may wait in a write for as long as the other side does not read. Meanwhile it takes no
//! messages in, so such a client makes nobody wait but itself.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, never, select};
use terminal::{Deadline, Timed};
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::protocol::{CloseFrame, Role};
use tungstenite::{Message, WebSocket};

use super::limits::{Patience, config};
use super::link::{End, Link, SessionHandler};
use super::reader::Incoming;
use crate::Session;

/// About how many bytes go out in one write.
const BATCH: usize = 32 * 1024;

/// How many messages and orders are taken in before that write, at most. There may be messages
/// without end that need no answer.
const MAX_TAKEN: usize = 128;

/// The longest reason in a close frame, in bytes (RFC 6455, section 5.5, less the code).
const MAX_REASON: usize = 123;

/// Where the kind of a frame stands in its first byte, and that of a close frame (RFC 6455,
/// section 5.2).
const OPCODE: u8 = 0x0F;
const CLOSE: u8 = 8;

/// What `tungstenite` writes to.
#[derive(Debug)]
struct WriteHalf {
    timed: Timed<Arc<TcpStream>>,
    #[cfg(test)]
    writes: usize,
}

impl Read for WriteHalf {
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
        self.timed.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What the thread `writer` owns.
pub(super) struct Writer<H: SessionHandler> {
    patience: Patience,
    socket: WebSocket<WriteHalf>,
    link: Link<H::Target>,
    handler: H,
    /// How many bytes wait in the socket's buffer.
    unwritten: usize,
}

/// Why the thread ends early: it cannot write.
pub(super) type CannotWrite = Box<tungstenite::Error>;

enum Event<O> {
    Order(O),
    Incoming(Incoming),
    /// One of both channels is closed: the reading half has ended, or the program drops the link.
    Ended,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Talk,
    HangUp,
    /// We have sent a close frame: nothing may follow it.
    Part,
}

impl<H: SessionHandler> Writer<H> {
    pub(super) fn new(
        patience: Patience,
        stream: Arc<TcpStream>,
        role: Role,
        session: Session<H::Target>,
        handler: H,
    ) -> Self {
        let half = WriteHalf {
            timed: Deadline::after(patience.write).of(stream),
            #[cfg(test)]
            writes: 0,
        };
        let config = config().write_buffer_size(BATCH).read_buffer_size(0);
        let socket = WebSocket::from_raw_socket(half, role, Some(config));
        Self { patience, socket, link: Link::new(session), handler, unwritten: 0 }
    }

    pub(super) fn end(mut self) -> (H, End) {
        let end = self.link.end();
        (self.handler, end)
    }

    /// Writes until one of both sides closes the WebSocket, or the program drops it.
    pub(super) fn run(&mut self, incoming: &Receiver<Incoming>, orders: &Receiver<H::Order>) {
        // When nothing can be written any more, nobody is left to tell; but the other side may have
        // said why, and the reading half may be about to hand that over.
        if !matches!(self.talk(incoming, orders), Ok(Next::HangUp)) {
            self.wait_for_the_end(incoming);
        }
    }

    fn talk(
        &mut self,
        incoming: &Receiver<Incoming>,
        orders: &Receiver<H::Order>,
    ) -> Result<Next, CannotWrite> {
        let mut ping_at = Instant::now() + self.patience.ping_every;
        loop {
            let wait = ping_at.saturating_duration_since(Instant::now());
            // Also while there is always something else to do: the other side may only listen,
            // and its pong is the only sign of life.
            if wait.is_zero() {
                self.extend_deadline();
                self.socket.write(Message::Ping(Vec::new().into())).map_err(Box::new)?;
                ping_at = Instant::now() + self.patience.ping_every;
            }
            let next = self.take_all(incoming, orders, wait)?;
            self.flush()?;
            if let Some((code, reason)) = self.link.take_close() {
                return self.close(code, &reason);
            }
            if next != Next::Talk {
                return Ok(next);
            }
        }
    }

    /// Waits for something to come, and takes in as much as goes out in one write.
    fn take_all(
        &mut self,
        incoming: &Receiver<Incoming>,
        orders: &Receiver<H::Order>,
        mut wait: Duration,
    ) -> Result<Next, CannotWrite> {
        let nothing = never();
        for _ in 0..MAX_TAKEN {
            // Nobody notices then that the reading half has ended; but the calls that are under
            // way are answered within moments, or run into a deadline.
            let incoming = if self.handler.is_busy() { &nothing } else { incoming };
            // Of two channels that are ready, it takes either: so neither keeps the other waiting.
            let event = select! {
                recv(orders) -> order => order.map_or(Event::Ended, Event::Order),
                recv(incoming) -> it => it.map_or(Event::Ended, Event::Incoming),
                default(wait) => break,
            };
            wait = Duration::ZERO;
            let next = self.take(event)?;
            if next != Next::Talk || self.link.is_closing() || self.unwritten >= BATCH {
                return Ok(next);
            }
        }
        Ok(Next::Talk)
    }

    fn take(&mut self, event: Event<H::Order>) -> Result<Next, CannotWrite> {
        let Self { link, handler, .. } = self;
        match event {
            Event::Order(order) => link.take_order(order, handler),
            Event::Incoming(Incoming::Text(text)) => link.take_text(&text, handler),
            Event::Incoming(Incoming::Closed(reason)) => link.on_close_frame(&reason),
            Event::Incoming(Incoming::Broken(code, why)) => link.break_off(code, why, handler),
            Event::Incoming(Incoming::Frame(bytes)) => return self.write_frame(&bytes),
            Event::Ended => return Ok(Next::HangUp),
        }
        // The texts become frames, which wait in the socket's buffer.
        self.extend_deadline();
        for text in self.link.take_said() {
            self.unwritten += text.len();
            self.socket.write(Message::text(text)).map_err(Box::new)?;
        }
        Ok(Next::Talk)
    }

    fn write_frame(&mut self, bytes: &[u8]) -> Result<Next, CannotWrite> {
        self.flush()?; // A frame ends before another one begins.
        self.socket.get_mut().write_all(bytes).map_err(|error| Box::new(error.into()))?;
        // Nothing may follow a close frame.
        let is_close = bytes.first().is_some_and(|first| first & OPCODE == CLOSE);
        Ok(if is_close { Next::Part } else { Next::Talk })
    }

    fn flush(&mut self) -> Result<(), CannotWrite> {
        self.unwritten = 0;
        self.extend_deadline();
        self.socket.flush().map_err(Box::new)
    }

    /// The other side has this long to take what is written next.
    fn extend_deadline(&mut self) {
        let deadline = Deadline::after(self.patience.write);
        self.socket.get_mut().timed.wait_until(deadline);
    }

    fn close(&mut self, code: u16, reason: &str) -> Result<Next, CannotWrite> {
        let reason = &reason[..reason.floor_char_boundary(MAX_REASON)];
        let frame = CloseFrame { code: CloseCode::from(code), reason: reason.into() };
        self.socket.close(Some(frame)).map_err(Box::new)?;
        Ok(Next::Part)
    }

    /// Waits a moment for the other side to hang up. What it still sends comes too late, but for
    /// its reason to close.
    fn wait_for_the_end(&mut self, incoming: &Receiver<Incoming>) {
        let deadline = Instant::now() + self.patience.close;
        while let Ok(last) = incoming.recv_deadline(deadline)
            && Instant::now() < deadline
        {
            if let Incoming::Closed(reason) = last {
                self.link.on_close_frame(&reason);
            }
        }
    }
}

#[cfg(test)]
mod tests;
