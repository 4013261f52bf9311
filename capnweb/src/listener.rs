//! The listener: an HTTP server with a thread for each connection, and a bound on them.

mod acceptor;
mod activity;
mod caller;
mod service;
#[cfg(test)]
mod tests;

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Sender, bounded};
use socket2::{Domain, SockRef, Socket, Type};

pub use self::acceptor::Report;
pub use self::service::{Answer, PATIENCE, Patience, TakeOver};

use self::acceptor::Acceptor;
use self::service::Service;
use crate::http::{Origin, Request};

/// A good number of connections at once. Each costs a thread.
pub const MAX_CALLERS: usize = 256;

/// How many calls may wait to be accepted. When there are more, the system lets them wait a second
/// and longer before they may try again; and std asks for no more than 128.
const BACKLOG: i32 = 1024;

/// How long the call that wakes the listener may take.
const WAKE_PATIENCE: Duration = Duration::from_millis(250);

/// How long the listener's thread may take to end, beyond [`Patience::stop`].
const ENDING: Duration = Duration::from_secs(1);

/// The listener's thread, and how to end it.
#[derive(Debug)]
pub struct Listener {
    address: SocketAddr,
    stop: Sender<()>,
    /// Dials the listener, to wake it. It is made at the start: at the end, the system may have no
    /// descriptor left.
    waker: Socket,
    /// How long the thread may take to end.
    patience: Duration,
}

impl Listener {
    /// Starts to answer calls on `socket`, at most `max_callers` at once. Every request that may
    /// come in is given to `handle`, on the thread that has its connection: so `handle` is called
    /// by many threads at once. `origins` is what browsers call this server behind a proxy.
    ///
    /// Fails if the socket is of no use, or the system has no thread for it.
    pub fn start<A: Into<Answer>>(
        socket: TcpListener,
        origins: &[Origin],
        max_callers: usize,
        patience: Patience,
        report: Sender<Report>,
        handle: impl Fn(&Request) -> A + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let address = socket.local_addr()?;
        SockRef::from(&socket).listen(BACKLOG)?;
        let waker = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
        let service = Service {
            handle: Box::new(move |request| handle(request).into()),
            origins: origins.into(),
            max_callers,
            patience,
            started: Instant::now(),
            is_closing: AtomicBool::new(false),
        };
        let (stop, stop_requested) = bounded(1);
        let acceptor = Acceptor::new(service, report, stop_requested);
        let body = move || acceptor.run(socket);
        thread::Builder::new().name("listener".into()).spawn(body)?;
        Ok(Self { address, stop, waker, patience: patience.stop + ENDING })
    }

    /// The address it listens on. `0.0.0.0` or `[::]` is any of this machine.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Frees the port, hangs up on idle callers, and gives the others [`Patience::stop`]. Does not
    /// wait for it: the listener's thread sees the others end, drops its end of `report` last, and
    /// has done so at the moment that is returned.
    ///
    /// Left to the end of the process are a listener that could not be woken, a handler that does
    /// not return, and on Windows a caller that is in the middle of a request, since hanging up
    /// does not wake its thread there.
    pub fn stop(&self) -> Instant {
        let _ = self.stop.try_send(()); // Fails if it was told before.
        let mut address = self.address;
        match address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
            IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
            _ => {}
        }
        // A thread in `accept` looks at nothing else. So we dial it. That fails if so many others
        // dial that there is no room for us; then they wake it. It fails, too, or reaches another
        // machine, if the address is ours no longer; then nothing wakes it.
        let _ = self.waker.connect_timeout(&address.into(), WAKE_PATIENCE);
        Instant::now() + self.patience
    }
}
