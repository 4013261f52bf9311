//! The writer: the thread that owns one session, and the writing half of its link.
//!
//! Two kinds of things come to it: messages from the other side, by the reader, and orders from
//! the owner, in an outbox with a bound. Its [`Desk`] makes messages of both. What is due is
//! gathered, and goes out in one write: a `push` with its `release`, and all notes that have
//! piled up meanwhile.
//!
//! It may wait in a write for as long as the other side does not read. Meanwhile it takes no
//! messages in, so such a client makes nobody wait but itself; and when its outbox is full, the
//! owner drops it, alone.

use std::io::{self, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Instant;

use crossbeam_channel::{Receiver, TryRecvError};
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::protocol::{CloseFrame, Role};
use tungstenite::{Message, WebSocket};

use crate::websocket::inbox::Inbox;
use crate::websocket::{Incoming, PATIENCE, Patience, WriteHalf, config};

/// About how many bytes go out in one write.
const BATCH: usize = 32 * 1024;

/// How many looks at the inbox before that write, at most. There may be messages without end that
/// nothing is said to.
const LOOKS: usize = 128;

/// The longest reason in a close frame, in bytes (RFC 6455, section 5.5, less the code).
const MAX_REASON: usize = 123;

/// The stack of a writer, in bytes. There may be hundreds; deeply nested messages need some.
const STACK: usize = 256 * 1024;

/// Where the kind of a frame stands in its first byte, and that of a close frame (RFC 6455,
/// section 5.2).
const OPCODE: u8 = 0x0F;
const CLOSE: u8 = 8;

/// Makes messages of what comes in, and of what is ordered. It owns the session.
pub trait Desk: Send + 'static {
    /// What its owner may want.
    type Order: Send + 'static;

    /// The other side has sent this.
    fn on_text(&mut self, text: &str, out: &mut Out);

    /// The owner wants this.
    fn on_order(&mut self, order: Self::Order, out: &mut Out);

    /// The other side breaks the rules of WebSocket: the session is over.
    fn on_breach(&mut self, code: u16, why: &str, out: &mut Out);

    /// The other side says goodbye, and this is why. Nothing can be said any more.
    fn on_goodbye(&mut self, reason: &str) {
        let _ = reason;
    }

    /// Whether the other side has to wait: it has so many calls under way that no more of its
    /// messages are taken in.
    fn is_busy(&self) -> bool;

    /// The link is gone, and this is the last that the desk hears.
    fn on_end(self);
}

/// What is to be written.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Out {
    /// Messages, in this order.
    pub texts: Vec<String>,
    /// Then the link is closed, with this code and reason.
    pub close: Option<(u16, String)>,
}

impl Out {
    /// One more message.
    pub fn say(&mut self, text: String) {
        self.texts.push(text);
    }

    /// The link is to be closed; what counts is the first reason.
    pub fn close(&mut self, code: u16, reason: impl Into<String>) {
        self.close.get_or_insert_with(|| (code, reason.into()));
    }
}

/// Starts writing. The thread ends with the link, and hangs up; or when the reader has ended, or
/// the owner has dropped the outbox.
///
/// # Errors
///
/// If the system has no thread for it.
pub fn start<D: Desk>(
    stream: Arc<TcpStream>,
    role: Role,
    desk: D,
    inbox: Inbox<D::Order>,
) -> io::Result<JoinHandle<()>> {
    start_with(PATIENCE, stream, role, desk, inbox)
}

/// The same, with another patience.
pub(crate) fn start_with<D: Desk>(
    patience: Patience,
    stream: Arc<TcpStream>,
    role: Role,
    desk: D,
    inbox: Inbox<D::Order>,
) -> io::Result<JoinHandle<()>> {
    let mut writer = Writer::new(patience, Arc::clone(&stream), role, desk);
    thread::Builder::new().name("writer".into()).stack_size(STACK).spawn(move || {
        // Whatever has failed, the link is of no use any more, and that is all there is to say.
        let _ = writer.write_all(&inbox);
        drop(inbox); // From now on the owner's orders fail.
        writer.desk.on_end();
        let _ = stream.shutdown(Shutdown::Both); // Fails if the other side was first.
    })
}

struct Writer<D> {
    patience: Patience,
    socket: WebSocket<WriteHalf>,
    desk: D,
    out: Out,
    /// How many bytes have been gathered since the last write.
    unwritten: usize,
}

/// Why a link comes to its end: there is no way to go on.
type Ended = Box<tungstenite::Error>;

/// How it goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Talk,
    /// The reader has ended, or the owner does not want the link any more.
    HangUp,
    /// The other side has said goodbye, and so have we.
    Part,
}

impl<D: Desk> Writer<D> {
    fn new(patience: Patience, stream: Arc<TcpStream>, role: Role, desk: D) -> Self {
        let half = WriteHalf::new(stream, Instant::now());
        let settings = config().write_buffer_size(BATCH).read_buffer_size(0);
        let socket = WebSocket::from_raw_socket(half, role, Some(settings));
        Self { patience, socket, desk, out: Out::default(), unwritten: 0 }
    }

    fn write_all(&mut self, inbox: &Inbox<D::Order>) -> Result<(), Ended> {
        let mut ping_at = Instant::now() + self.patience.ping_every;
        loop {
            // Also when there is always something else to do: who only listens, and never says a
            // word, would be taken for dead.
            if ping_at <= Instant::now() {
                self.wait_for_the_other_side();
                self.socket.write(Message::Ping(Vec::new().into())).map_err(Box::new)?;
                self.flush()?;
                ping_at = Instant::now() + self.patience.ping_every;
            }
            let Some(next) = self.take_what_is_there(inbox)? else {
                inbox.bell.wait_until(ping_at);
                continue;
            };
            self.flush()?;
            if let Some((code, reason)) = self.out.close.take() {
                return self.close(code, &reason, &inbox.incoming);
            }
            match next {
                Next::Talk => {}
                Next::HangUp => return Ok(()),
                Next::Part => {
                    self.wait_for_the_end(&inbox.incoming);
                    return Ok(());
                }
            }
        }
    }

    /// Takes in what is there, as much as goes out in one write, and tells how it goes on. `None`
    /// if nothing was there.
    fn take_what_is_there(&mut self, inbox: &Inbox<D::Order>) -> Result<Option<Next>, Ended> {
        let mut talks = None;
        let mut empty = 0;
        for look in 0..LOOKS {
            if empty == 2 || self.unwritten >= BATCH || self.out.close.is_some() {
                break;
            }
            // In turns, so that neither channel keeps the other one waiting.
            let takes_order = look % 2 == 0;
            let next = if takes_order {
                self.obey(&inbox.orders)
            } else {
                self.take_in(&inbox.incoming)?
            };
            match next {
                None => empty += 1,
                Some(Next::Talk) => {
                    self.gather()?;
                    (talks, empty) = (next, 0);
                }
                Some(Next::HangUp | Next::Part) => return Ok(next),
            }
        }
        Ok(talks)
    }

    /// Takes in one message, if there is one. At the end of them, the reader has ended.
    fn take_in(&mut self, incoming: &Receiver<Incoming>) -> Result<Option<Next>, Ended> {
        // Nobody notices then that the reader has ended; but what it is busy with is answered
        // within moments, or runs into a deadline.
        if self.desk.is_busy() {
            return Ok(None);
        }
        match incoming.try_recv() {
            Ok(Incoming::Text(text)) => self.desk.on_text(&text, &mut self.out),
            Ok(Incoming::Raw(bytes)) => {
                self.flush()?; // A frame ends before another one begins.
                let half = self.socket.get_mut();
                half.write_all(&bytes).map_err(|error| Box::new(error.into()))?;
                // Nothing may follow a close frame.
                let is_close = bytes.first().is_some_and(|first| first & OPCODE == CLOSE);
                return Ok(Some(if is_close { Next::Part } else { Next::Talk }));
            }
            Ok(Incoming::Goodbye(reason)) => self.desk.on_goodbye(&reason),
            Ok(Incoming::Broken(code, why)) => self.desk.on_breach(code, why, &mut self.out),
            Err(TryRecvError::Empty) => return Ok(None),
            Err(TryRecvError::Disconnected) => return Ok(Some(Next::HangUp)),
        }
        Ok(Some(Next::Talk))
    }

    /// Obeys one order, if there is one. At the end of them, the owner does not want the link any
    /// more.
    fn obey(&mut self, orders: &Receiver<D::Order>) -> Option<Next> {
        match orders.try_recv() {
            Ok(order) => self.desk.on_order(order, &mut self.out),
            Err(TryRecvError::Empty) => return None,
            Err(TryRecvError::Disconnected) => return Some(Next::HangUp),
        }
        Some(Next::Talk)
    }

    /// Puts what is to be said into frames, which wait in the socket's buffer.
    fn gather(&mut self) -> Result<(), Ended> {
        self.wait_for_the_other_side();
        for text in self.out.texts.drain(..) {
            self.unwritten += text.len();
            self.socket.write(Message::text(text)).map_err(Box::new)?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), Ended> {
        self.unwritten = 0;
        self.wait_for_the_other_side();
        self.socket.flush().map_err(Box::new)
    }

    /// It has this long to take what is written next.
    fn wait_for_the_other_side(&mut self) {
        let deadline = Instant::now() + self.patience.write;
        self.socket.get_mut().wait_until(deadline);
    }

    /// Says goodbye, and waits a moment for the other side to do so, too.
    fn close(
        &mut self,
        code: u16,
        reason: &str,
        incoming: &Receiver<Incoming>,
    ) -> Result<(), Ended> {
        let reason = &reason[..reason.floor_char_boundary(MAX_REASON)];
        let frame = CloseFrame { code: CloseCode::from(code), reason: reason.into() };
        self.socket.close(Some(frame)).map_err(Box::new)?;
        self.wait_for_the_end(incoming);
        Ok(())
    }

    /// Waits a moment for the reader to see the end. Whatever comes until then comes too late.
    fn wait_for_the_end(&self, incoming: &Receiver<Incoming>) {
        let deadline = Instant::now() + self.patience.close;
        while incoming.recv_deadline(deadline).is_ok() && Instant::now() < deadline {}
    }
}

#[cfg(test)]
mod tests;
