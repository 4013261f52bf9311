//! The dialer: a thread that dials one peer, and becomes the link's reader if it answers.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crossbeam_channel::Sender;
use socket2::{Domain, Socket, Type};
use terminal::Deadline;

use crate::config::{LINK_STACK, Scope};
use crate::event::Failure;
use crate::link::{Call, LinkReport};
use crate::mesh::{Callee, LinkId, NoLink, Report};
use crate::peer_info::PeerInfo;

/// How long a peer may take to answer. In a local network it takes a millisecond; the rest is
/// for a packet that gets lost and is sent again.
const PATIENCE: Duration = Duration::from_secs(2);

/// What each dial needs.
#[derive(Clone, Debug)]
pub(crate) struct Dialer {
    pub(crate) me: PeerInfo,
    /// The address of ours to dial from, if it is not the system's to choose.
    pub(crate) bind: Option<Ipv4Addr>,
    pub(crate) scope: Scope,
    pub(crate) report: Sender<LinkReport>,
}

impl Dialer {
    /// Dials, in a thread of its own. Fails if the system has none.
    pub(crate) fn dial(&self, link: LinkId, callee: Callee) -> io::Result<()> {
        let dialer = self.clone();
        let body = move || dialer.call(link, callee);
        thread::Builder::new().name("link".into()).stack_size(LINK_STACK).spawn(body)?;
        Ok(())
    }

    fn call(self, link: LinkId, callee: Callee) {
        let (to, called) = match callee {
            Callee::Heard(id, address) => (Some(id), self.connect(&[address])),
            Callee::Named(address) => (None, self.look_up(&address)),
        };
        match called {
            Ok((stream, address)) => {
                let stream = Arc::new(stream);
                Call { link, stream, me: self.me, report: self.report }.introduce(to, address);
            }
            Err(why) => {
                let report = Report::NotLinked(link, NoLink::Failed(why));
                let _ = self.report.send(report.into()); // Fails once the owner has gone.
            }
        }
    }

    /// Dials a peer that our user has named, wherever it is; but with `--local`, not elsewhere.
    fn look_up(&self, address: &str) -> Result<(TcpStream, SocketAddr), Failure> {
        let found = address.to_socket_addrs().map_err(|error| failure(&error))?;
        let stays_here = self.scope == Scope::ThisMachine;
        let is_allowed = |found: &SocketAddr| !stays_here || found.ip().is_loopback();
        let addresses: Vec<_> = found.filter(is_allowed).collect();
        if addresses.is_empty() && stays_here {
            return Err(Failure::Elsewhere);
        }
        self.connect(&addresses)
    }

    /// Dials one address after the other, all within [`PATIENCE`].
    fn connect(&self, addresses: &[SocketAddr]) -> Result<(TcpStream, SocketAddr), Failure> {
        let deadline = Deadline::after(PATIENCE);
        let mut why = Failure::System("the name has no address".into());
        for address in addresses {
            let Some(left) = deadline.left() else { break };
            match connect_from(self.bind, *address, left) {
                Ok(stream) => return Ok((stream, *address)),
                Err(error) => why = failure(&error),
            }
        }
        Err(why)
    }
}

fn connect_from(
    from: Option<Ipv4Addr>,
    to: SocketAddr,
    patience: Duration,
) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::for_address(to), Type::STREAM, None)?;
    if let Some(from) = from.filter(|_| to.is_ipv4()) {
        socket.bind(&SocketAddr::from((from, 0)).into())?;
    }
    socket.connect_timeout(&to.into(), patience)?;
    // A line goes out when it is said, not when there is enough for a packet.
    let _ = socket.set_tcp_nodelay(true);
    Ok(socket.into())
}

fn failure(error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Failure::Refused,
        // Unix says one, Windows the other.
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Failure::NoAnswer(PATIENCE),
        _ => Failure::System(error.to_string()),
    }
}
