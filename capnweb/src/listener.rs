//! The listener: accepts whoever dials, and leaves each to a thread of its own.
//!
//! Most connections are idle most of the time: a caller keeps one for its next request. So there
//! is a bound, and when it is reached, the one that has been idle for longest makes room: a crowd
//! that says nothing cannot keep out a caller that has something to say. Only when all are busy
//! is somebody turned away.

mod caller;
mod line;
mod seat;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::convert::Infallible;
use std::fmt;
use std::io::{self, ErrorKind, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Weak};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TryRecvError, bounded};
use socket2::{Domain, SockRef, Socket, Type};

use crate::http::{Manner, Refusal, Request, Response};
use caller::Caller;
use seat::Seat;

/// The most connections at once that a peer has. Each costs a thread.
pub const MAX_CALLERS: usize = 256;

/// How many may wait to be let in. When there are more, the system lets them wait a second and
/// longer before they may try again; and it thinks that 128 are many.
const BACKLOG: i32 = 1024;

/// How many that were turned away are kept until they have read why, or had the time to.
const DOORSTEP: usize = 64;

/// How long to wait when the system lets nobody in (too many open files, say). It would only
/// say so again at once.
const PAUSE: Duration = Duration::from_millis(50);

/// How long to say nothing more about it. It may come and go many times a second.
const TELL_AGAIN: Duration = Duration::from_mins(1);

/// How long a dial to ourselves may take, which wakes the listener.
const WAKE_PATIENCE: Duration = Duration::from_millis(250);

/// How long we wait for threads that have nothing more to wait for themselves.
const JOINING: Duration = Duration::from_millis(250);

/// The stack of a connection's thread, in bytes. There may be hundreds; a handler that reads
/// deeply nested calls needs more than a little.
const STACK: usize = 512 * 1024;

/// How long we wait for a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For the first byte of a request.
    pub idle: Duration,
    /// For a head, from its first byte to its last.
    pub head: Duration,
    /// For a body, all of it.
    pub body: Duration,
    /// For our answer to be taken, all of it.
    pub write: Duration,
    /// For the other side to hang up after our last answer.
    pub close: Duration,
    /// When we stop: for answers that are being made, all together.
    pub stop: Duration,
}

/// What a peer uses.
pub const PATIENCE: Patience = Patience {
    idle: Duration::from_secs(30),
    head: Duration::from_secs(5),
    body: Duration::from_secs(10),
    write: Duration::from_secs(5),
    close: Duration::from_secs(1),
    stop: Duration::from_secs(2),
};

/// What the user should read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// The system lets nobody in, and says why. Told at most once a minute.
    CannotAccept(String),
}

/// What to do with a request.
pub enum Answer {
    /// Answer it.
    Reply(Response),
    /// Answer it, and then let somebody else talk on this connection.
    TakeOver(Response, TakeOver),
}

/// Goes on with a connection, on its thread, after `101 Switching Protocols`: it gets the stream,
/// without any timeout, and the bytes that were read too far. When we stop, it has as long as an
/// answer has; then the stream is shut down, and it has to return.
pub type TakeOver = Box<dyn FnOnce(Arc<TcpStream>, Vec<u8>) + Send>;

impl From<Response> for Answer {
    fn from(response: Response) -> Self {
        Self::Reply(response)
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reply(response) => f.debug_tuple("Reply").field(response).finish(),
            Self::TakeOver(response, _) => f.debug_tuple("TakeOver").field(response).finish(),
        }
    }
}

/// The listener's thread, and how to end it.
#[derive(Debug)]
pub struct Listener {
    address: SocketAddr,
    /// Dropped to say stop.
    order: Sender<Infallible>,
    /// Dials the listener, to wake it. It is made at the start: at the end, the system may have no
    /// descriptor left.
    waker: Socket,
    thread: JoinHandle<()>,
}

/// Starts listening on `socket`, for at most `callers` connections at once. Every request that
/// may come in is given to `handle`, on the thread of its connection: so `handle` is called by
/// many threads at once.
///
/// # Errors
///
/// If the socket is of no use, or the system has no thread for it.
pub fn listen<A: Into<Answer>>(
    socket: TcpListener,
    callers: usize,
    patience: Patience,
    report: Sender<Report>,
    handle: impl Fn(&Request) -> A + Send + Sync + 'static,
) -> io::Result<Listener> {
    let address = socket.local_addr()?;
    SockRef::from(&socket).listen(BACKLOG)?;
    let waker = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    let house = House {
        handle: Box::new(move |request| handle(request).into()),
        patience,
        callers,
        opened: Instant::now(),
        closing: AtomicBool::new(false),
    };
    let (order, stopped) = bounded(0);
    let (here, gone) = bounded(0);
    let mut sorry = Vec::new();
    Response::from(Refusal::Crowded).write_to(&mut sorry, Manner::CLOSING);
    let door = Door {
        house: Arc::new(house),
        report,
        stopped,
        guests: Vec::new(),
        here,
        gone,
        doorstep: VecDeque::new(),
        sorry,
    };
    let body = move || door.accept_all(socket);
    let thread = thread::Builder::new().name("listener".into()).spawn(body)?;
    Ok(Listener { address, order, waker, thread })
}

impl Listener {
    /// Where it can be dialed.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Frees the port, hangs up on whoever is idle, gives the others [`Patience::stop`], and
    /// joins all threads. Only a handler that does not return is left to the end of the process;
    /// and on Windows a thread that waits for its caller, since hanging up does not wake it there.
    pub fn stop(self) {
        let _ = self.close().join(); // It has panicked, and said so, or it has ended.
    }

    /// The same, for whoever has something to do meanwhile: the listener's thread, which is to be
    /// joined. Until it ends, it keeps the channel of its reports open.
    #[must_use]
    pub fn close(self) -> JoinHandle<()> {
        drop(self.order);
        // `accept` waits for a call and for nothing else. So we make one.
        let mut address = self.address;
        match address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
            IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
            _ => {}
        }
        // Fails if so many others dial that there is no room for us; then they wake it.
        let _ = self.waker.connect_timeout(&address.into(), WAKE_PATIENCE);
        self.thread
    }
}

/// What all connections share. Nothing in it changes, but for one flag.
struct House {
    handle: Box<dyn Fn(&Request) -> Answer + Send + Sync>,
    callers: usize,
    patience: Patience,
    opened: Instant,
    closing: AtomicBool,
}

impl House {
    /// Now, as a number: in nanoseconds, of which there are enough for 500 years.
    fn moment(&self) -> u64 {
        self.opened.elapsed().as_nanos().try_into().unwrap_or_default()
    }

    fn is_closing(&self) -> bool {
        self.closing.load(SeqCst)
    }
}

/// What the listener's thread owns.
struct Door {
    house: Arc<House>,
    report: Sender<Report>,
    stopped: Receiver<Infallible>,
    guests: Vec<Guest>,
    /// Every connection's thread has one of these. When the last is dropped, all have ended.
    here: Sender<Infallible>,
    gone: Receiver<Infallible>,
    doorstep: VecDeque<(Instant, TcpStream)>,
    /// What they are told there.
    sorry: Vec<u8>,
}

/// Somebody who was let in.
struct Guest {
    seat: Arc<Seat>,
    /// Not its owner: when its thread ends, the connection is closed, and not only when the next
    /// caller comes. If the system has no descriptor left, there will be no next one.
    stream: Weak<TcpStream>,
    thread: JoinHandle<()>,
}

impl Guest {
    fn hang_up(&self) {
        if let Some(stream) = self.stream.upgrade() {
            let _ = stream.shutdown(Shutdown::Both); // Fails if it is hung up already.
        }
    }
}

impl Door {
    fn accept_all(mut self, socket: TcpListener) {
        let mut told: Option<Instant> = None;
        loop {
            let call = socket.accept();
            if let Err(TryRecvError::Disconnected) = self.stopped.try_recv() {
                break;
            }
            match call {
                Ok((stream, _)) => {
                    self.welcome(stream);
                }
                Err(error) if is_the_callers_own(&error) => {}
                Err(error) => {
                    if told.is_none_or(|told| told.elapsed() > TELL_AGAIN) {
                        told = Some(Instant::now());
                        // If nobody has read the last one, this one is not needed.
                        let _ = self.report.try_send(Report::CannotAccept(error.to_string()));
                    }
                    // If it was for want of descriptors, these can help out.
                    self.doorstep.clear();
                    self.clear_the_longest_idle();
                    match self.stopped.recv_timeout(PAUSE) {
                        Err(RecvTimeoutError::Timeout) => {}
                        _ => break,
                    }
                }
            }
        }
        drop(socket);
        self.close();
    }

    /// Finds a seat for a caller, if there is any.
    fn welcome(&mut self, stream: TcpStream) {
        for guest in self.guests.extract_if(.., |guest| guest.thread.is_finished()) {
            let _ = guest.thread.join(); // It has panicked, and said so, or it has ended.
        }
        let close = self.house.patience.close;
        while self.doorstep.front().is_some_and(|(since, _)| since.elapsed() > close) {
            self.doorstep.pop_front();
        }
        let cleared = self.guests.iter().filter(|guest| guest.seat.is_cleared()).count();
        let is_full = self.guests.len() - cleared >= self.house.callers;
        // Whoever was cleared is about to end; but on a busy machine that may take a while.
        let has_room =
            cleared < self.house.callers && (!is_full || self.clear_the_longest_idle());
        if !has_room {
            return self.turn_away(stream);
        }
        // An answer goes out when it is made, not when there is enough for a packet.
        let _ = stream.set_nodelay(true);
        // Fails if it is gone again: then there is nobody to be answered.
        let Ok(here) = stream.local_addr() else { return };
        let stream = Arc::new(stream);
        let seat = Arc::new(Seat::idle_since(self.house.moment()));
        let door_to = Arc::downgrade(&stream);
        let caller = Caller::new(Arc::clone(&self.house), Arc::clone(&seat), stream, here);
        let here = self.here.clone();
        let body = move || {
            caller.serve();
            drop(here);
        };
        // Without a thread nobody answers: what was moved into it is dropped, which hangs up.
        let thread = thread::Builder::new().name("caller".into()).stack_size(STACK).spawn(body);
        self.guests.extend(thread.map(|thread| Guest { seat, stream: door_to, thread }));
    }

    /// Hangs up on the guest that has been idle for longest; false if nobody is idle.
    fn clear_the_longest_idle(&mut self) -> bool {
        loop {
            let idle = self.guests.iter().filter(|guest| guest.seat.idle().is_some());
            let Some(longest) = idle.min_by_key(|guest| guest.seat.idle()) else {
                return false;
            };
            // If it has just become busy, there may be another.
            if longest.seat.clear() {
                longest.hang_up();
                return true;
            }
        }
    }

    /// Says that there is no room, and waits for nothing.
    fn turn_away(&mut self, mut stream: TcpStream) {
        // What cannot be sent at once is not sent; to a new connection a few bytes always can.
        if stream.set_nonblocking(true).is_ok() && stream.write(&self.sorry).is_ok() {
            let _ = stream.shutdown(Shutdown::Write); // Fails if it is gone.
            // If we closed at once, a request that is under way would make the system take back
            // what we have said.
            self.doorstep.push_back((Instant::now(), stream));
        }
        if self.doorstep.len() > DOORSTEP {
            self.doorstep.pop_front();
        }
    }

    /// Ends all connections, and joins their threads.
    fn close(self) {
        let Self { house, guests, here, gone, .. } = self;
        house.closing.store(true, SeqCst);
        for guest in &guests {
            if guest.seat.clear() {
                guest.hang_up();
            }
        }
        drop(here);
        let mut all_are_gone = is_over_within(house.patience.stop, &gone);
        if !all_are_gone {
            guests.iter().for_each(Guest::hang_up);
            all_are_gone = is_over_within(JOINING, &gone);
        }
        for Guest { thread, .. } in guests {
            if all_are_gone || thread.is_finished() {
                let _ = thread.join(); // It has panicked, and said so, or it has ended.
            }
        }
    }
}

/// Whether a channel, in which nothing can be sent, is closed before that time is over.
fn is_over_within(patience: Duration, gone: &Receiver<Infallible>) -> bool {
    gone.recv_timeout(patience) == Err(RecvTimeoutError::Disconnected)
}

/// The caller was gone again before it was let in; that is no trouble of ours.
fn is_the_callers_own(error: &io::Error) -> bool {
    use ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted)
}
