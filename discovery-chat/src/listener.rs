//! The listener: accepts calls, and leaves each to a thread of its own.
//!
//! A caller that says nothing costs a thread until its patience is over. So the handshakes are
//! bounded, and for one more the oldest is hung up on: a crowd of silent strangers cannot keep
//! out a peer that has something to say.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::config::LINK_STACK;
use crate::link::{Call, Handshake, LinkReport, hang_up};
use crate::mesh::{LinkId, Report};
use crate::peer_info::PeerInfo;

/// The most callers that are shaking hands at once. A newcomer is dialed by every peer that hears
/// it, so this is more than it takes to meet a full classroom.
const MAX_HANDSHAKES: usize = 128;

/// How long the listener pauses when the system accepts no call (too many open files, say),
/// because a second try at once would fail as well.
const PAUSE: Duration = Duration::from_millis(50);

/// The least time between two reports that the system accepts no call.
const REPORT_AGAIN: Duration = Duration::from_mins(1);

/// How long the call that wakes the listener may take.
const WAKE_PATIENCE: Duration = Duration::from_millis(250);

/// The listener thread, and how to stop it.
pub(crate) struct Listener {
    address: SocketAddr,
    stop: Sender<()>,
}

impl Listener {
    /// Starts to answer calls on `socket`.
    pub(crate) fn start(
        socket: TcpListener,
        me: PeerInfo,
        report: Sender<LinkReport>,
    ) -> io::Result<Self> {
        let address = socket.local_addr()?;
        let (stop, stop_requested) = bounded(1);
        let acceptor =
            Acceptor { me, report, stop_requested, accepted: 0, handshakes: Vec::new() };
        let body = move || acceptor.listen(&socket);
        thread::Builder::new().name("listener".into()).spawn(body)?;
        Ok(Self { address, stop })
    }

    /// Accepts no more calls, and frees the port. Nobody waits for that: an address that this machine
    /// has lost cannot be dialed, and then the thread ends with the process.
    pub(crate) fn stop(&self) {
        let _ = self.stop.try_send(());
        // A thread in `accept` looks at nothing else. So we dial it.
        let mut address = self.address;
        if address.ip().is_unspecified() {
            address.set_ip(Ipv4Addr::LOCALHOST.into());
        }
        let _ = TcpStream::connect_timeout(&address, WAKE_PATIENCE);
    }
}

/// What the listener thread owns.
struct Acceptor {
    me: PeerInfo,
    report: Sender<LinkReport>,
    stop_requested: Receiver<()>,
    /// How many calls were accepted.
    accepted: u64,
    /// The oldest first. Each is dropped by its thread when the owner knows of the caller, or when
    /// the call has ended.
    handshakes: Vec<Weak<Handshake>>,
}

impl Acceptor {
    fn listen(mut self, socket: &TcpListener) {
        use ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
        let mut last_failure: Option<Instant> = None;
        loop {
            let call = socket.accept();
            if self.stop_requested.try_recv().is_ok() {
                return;
            }
            self.handshakes.retain(|handshake| handshake.strong_count() > 0);
            let taken = call.and_then(|(stream, from)| self.take_call(stream, from));
            let Err(error) = taken else { continue };
            if matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted) {
                continue; // The caller has hung up already, and that harms no other caller.
            }
            if last_failure.is_none_or(|last| last.elapsed() > REPORT_AGAIN) {
                let report = Report::AcceptFailed(error.to_string());
                last_failure =
                    self.report.try_send((report, None)).ok().map(|()| Instant::now());
            }
            // If files or threads have run out, a silent caller can give some back.
            self.hang_up_on_the_oldest();
            if self.stop_requested.recv_timeout(PAUSE).is_ok() {
                return;
            }
        }
    }

    fn take_call(&mut self, stream: TcpStream, from: SocketAddr) -> io::Result<()> {
        if self.handshakes.len() >= MAX_HANDSHAKES {
            self.hang_up_on_the_oldest();
        }
        if self.handshakes.len() >= 2 * MAX_HANDSHAKES {
            return Ok(()); // All wait for our own owner, whose terminal is stopped. Hangs up.
        }
        self.accepted += 1;
        let (link, stream) = (LinkId::Accepted(self.accepted), Arc::new(stream));
        let handshake = Arc::new(Handshake(Arc::clone(&stream)));
        let pending = Arc::downgrade(&handshake);
        let call = Call { link, stream, me: self.me.clone(), report: self.report.clone() };
        let body = move || call.answer(from.ip(), handshake);
        thread::Builder::new().name("link".into()).stack_size(LINK_STACK).spawn(body)?;
        self.handshakes.push(pending);
        Ok(())
    }

    fn hang_up_on_the_oldest(&mut self) {
        if let Some(oldest) = self.handshakes.first() {
            let _ = oldest.upgrade().map(|handshake| hang_up(&handshake.0));
            // It is counted until its thread has ended, but is not the oldest any more.
            self.handshakes.rotate_left(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::Name;
    use crate::peer_info::PeerId;

    #[test]
    fn a_caller_that_the_owner_knows_by_now_is_not_hung_up_on() {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let call = || {
            let caller = TcpStream::connect(socket.local_addr().unwrap()).unwrap();
            caller.set_nonblocking(true).unwrap();
            (caller, Arc::new(socket.accept().unwrap().0))
        };
        let [(known, stream), (unknown, other_stream)] = [call(), call()];
        let [first, second] = [&stream, &other_stream].map(|s| Arc::new(Handshake(s.clone())));
        let name = Name::chosen("Alice").unwrap();
        let mut acceptor = Acceptor {
            me: PeerInfo { id: PeerId::from_bits(1), port: 1, name },
            report: bounded(1).0,
            stop_requested: bounded(1).1,
            accepted: 2,
            handshakes: vec![Arc::downgrade(&first), Arc::downgrade(&second)],
        };
        drop(first); // The owner takes the report, just before the listener looks.
        acceptor.hang_up_on_the_oldest();
        acceptor.hang_up_on_the_oldest();
        unknown.set_nonblocking(false).unwrap();
        assert_eq!(unknown.peek(&mut [0]).unwrap(), 0, "it is hung up on");
        assert_eq!(known.peek(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    }
}
