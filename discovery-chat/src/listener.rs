//! The listener: accepts whoever dials, and leaves each to a thread of its own.
//!
//! Whoever dials and says nothing costs a thread until its patience is over. So there is a bound,
//! and when it is reached, the one who has been silent for longest makes room: a crowd of silent
//! strangers cannot keep out a peer that has something to say.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Weak};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TryRecvError, bounded};

use crate::card::Card;
use crate::link::{Call, News, STACK};
use crate::mesh::{LinkId, Report};

/// The most callers that are shaking hands at once. A newcomer is dialed by everybody who hears
/// it, so this is more than it takes to meet a full classroom.
pub const MAX_HANDSHAKES: usize = 128;

/// How long to wait when the system lets nobody in (too many open files, say). It would only
/// say so again at once.
const PAUSE: Duration = Duration::from_millis(50);

/// How long to say nothing more about it. It may come and go many times a second.
const TELL_AGAIN: Duration = Duration::from_mins(1);

/// How long a dial to ourselves may take, which wakes the listener.
const WAKE_PATIENCE: Duration = Duration::from_millis(250);

/// The listener's thread, and how to end it.
#[derive(Debug)]
pub struct Listener {
    address: SocketAddr,
    /// Dropped to say stop.
    order: Sender<Infallible>,
    thread: JoinHandle<Vec<JoinHandle<()>>>,
}

/// Starts accepting.
///
/// # Errors
///
/// If the system has no thread for it.
pub fn listen(socket: TcpListener, me: Card, report: Sender<News>) -> io::Result<Listener> {
    let address = socket.local_addr()?;
    let (order, stopped) = bounded(0);
    let doorkeeper =
        Doorkeeper { me, report, stopped, threads: Vec::new(), knocking: VecDeque::new() };
    let body = move || doorkeeper.accept_all(&socket);
    let thread = thread::Builder::new().name("listener".into()).spawn(body)?;
    Ok(Listener { address, order, thread })
}

impl Listener {
    /// Stops accepting, frees the port, and returns the threads of the links, to be joined.
    pub fn stop(self) -> Vec<JoinHandle<()>> {
        drop(self.order);
        // `accept` waits for a call and for nothing else. So we make one.
        let mut address = self.address;
        if address.ip().is_unspecified() {
            address.set_ip(Ipv4Addr::LOCALHOST.into());
        }
        let _ = TcpStream::connect_timeout(&address, WAKE_PATIENCE);
        self.thread.join().unwrap_or_default()
    }
}

/// What the listener's thread owns.
struct Doorkeeper {
    me: Card,
    report: Sender<News>,
    stopped: Receiver<Infallible>,
    threads: Vec<JoinHandle<()>>,
    /// Callers that have not shaken hands yet, the oldest first.
    knocking: VecDeque<Caller>,
}

/// Somebody who has dialed us.
struct Caller {
    /// Not its owner: when its thread ends, the connection is closed, and not only when the next
    /// caller comes. If the system has no descriptor left, there will be no next one.
    stream: Weak<TcpStream>,
    /// Closed when hands are shaken, or when it is gone.
    knocking: Receiver<Infallible>,
}

impl Doorkeeper {
    fn accept_all(mut self, socket: &TcpListener) -> Vec<JoinHandle<()>> {
        let mut accepted = 0;
        let mut told: Option<Instant> = None;
        loop {
            let call = socket.accept();
            if let Err(TryRecvError::Disconnected) = self.stopped.try_recv() {
                return self.threads;
            }
            match call {
                Ok((stream, from)) => {
                    accepted += 1;
                    self.let_in(LinkId::Accepted(accepted), stream, from);
                }
                Err(error) if is_the_callers_own(&error) => {}
                Err(error) => {
                    if told.is_none_or(|told| told.elapsed() > TELL_AGAIN) {
                        told = Some(Instant::now());
                        let report = Report::CannotAccept(error.to_string());
                        let _ = self.report.try_send(report.into());
                    }
                    // If it was for want of descriptors, a silent caller can help out.
                    self.close_the_oldest();
                    match self.stopped.recv_timeout(PAUSE) {
                        Err(RecvTimeoutError::Timeout) => {}
                        _ => return self.threads,
                    }
                }
            }
        }
    }

    fn let_in(&mut self, link: LinkId, stream: TcpStream, from: SocketAddr) {
        self.forget_those_who_are_in();
        for thread in self.threads.extract_if(.., |thread| thread.is_finished()) {
            let _ = thread.join(); // It has panicked, and said so, or it has ended.
        }
        if self.knocking.len() >= MAX_HANDSHAKES {
            self.close_the_oldest();
        }
        if self.knocking.len() >= 2 * MAX_HANDSHAKES {
            return; // They wait for our own owner, whose terminal is stopped. Hangs up.
        }
        // A line goes out when it is said, not when there is enough for a packet.
        let _ = stream.set_nodelay(true);
        let stream = Arc::new(stream);
        let (knock, knocking) = bounded(0);
        self.knocking.push_back(Caller { stream: Arc::downgrade(&stream), knocking });
        let call = Call { link, stream, me: self.me.clone(), report: self.report.clone() };
        let body = move || call.answer(from.ip(), knock);
        // Without a thread there is no link: what was moved into it is dropped, which hangs up.
        let thread = thread::Builder::new().name("link".into()).stack_size(STACK).spawn(body);
        self.threads.extend(thread);
    }

    /// Whoever has shaken hands, or is gone, knocks no more.
    fn forget_those_who_are_in(&mut self) {
        let is_knocking =
            |caller: &Caller| caller.knocking.try_recv() == Err(TryRecvError::Empty);
        self.knocking.retain(is_knocking);
    }

    /// Hangs up on the caller that has been knocking for longest; its thread then ends.
    fn close_the_oldest(&mut self) {
        self.forget_those_who_are_in();
        if let Some(caller) = self.knocking.front() {
            let _ = caller.stream.upgrade().map(|stream| stream.shutdown(Shutdown::Both));
            // It stays in the line until its thread is gone, but is not the oldest any more.
            self.knocking.rotate_left(1);
        }
    }
}

/// The caller was gone again before it was let in; that is no trouble of ours.
fn is_the_callers_own(error: &io::Error) -> bool {
    use ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted)
}
