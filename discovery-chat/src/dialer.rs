//! The dialer: a thread that dials one peer, and becomes the link's reader if it answers. Or it
//! looks up a name, and then the rules say which of its addresses to dial, and when.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crossbeam_channel::Sender;
use socket2::{Domain, Socket, Type};

use crate::config::{LINK_STACK, Scope};
use crate::event::Failure;
use crate::link::{Call, LinkReport};
use crate::mesh::{Callee, LinkId, Report};
use crate::peer_info::PeerInfo;

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
        let body = move || {
            if let Err(why) = dialer.call(link, callee) {
                dialer.tell(Report::NotLinked(link, why));
            }
        };
        thread::Builder::new().name("link".into()).stack_size(LINK_STACK).spawn(body)?;
        Ok(())
    }

    fn call(&self, link: LinkId, callee: Callee) -> Result<(), Failure> {
        match callee {
            Callee::Name(name) => {
                self.tell(Report::LookedUp(link, self.look_up(&name)?));
                Ok(())
            }
            Callee::At { to, address, patience } => {
                let stream =
                    self.connect(address, patience).map_err(|error| failure(&error))?;
                let (stream, me, report) =
                    (Arc::new(stream), self.me.clone(), self.report.clone());
                Call { link, stream, me, report }.introduce(to, address)
            }
        }
    }

    fn tell(&self, report: Report) {
        let _ = self.report.send((report, None)); // Fails once the owner has gone.
    }

    /// Where a peer is that our user has named, wherever that is; but with `--local`, not
    /// elsewhere. If no name server answers, the system takes many seconds to say so.
    fn look_up(&self, name: &str) -> Result<Vec<SocketAddr>, Failure> {
        let found = name.to_socket_addrs().map_err(|error| failure(&error))?;
        let stays_here = self.scope == Scope::ThisMachine;
        let is_allowed = |found: &SocketAddr| !stays_here || found.ip().is_loopback();
        let addresses: Vec<_> = found.filter(is_allowed).collect();
        match addresses.is_empty() {
            false => Ok(addresses),
            true if stays_here => Err(Failure::Elsewhere),
            true => Err(Failure::System("the name has no address".into())),
        }
    }

    fn connect(&self, to: SocketAddr, patience: Duration) -> io::Result<TcpStream> {
        let socket = Socket::new(Domain::for_address(to), Type::STREAM, None)?;
        if let Some(from) = self.bind.filter(|_| to.is_ipv4()) {
            socket.bind(&SocketAddr::from((from, 0)).into())?;
        }
        socket.connect_timeout(&to.into(), patience)?;
        Ok(socket.into())
    }
}

fn failure(error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Failure::Refused,
        io::ErrorKind::TimedOut => Failure::NoAnswer,
        _ => Failure::System(error.to_string()),
    }
}
