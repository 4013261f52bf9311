//! The dialer: a thread that dials one peer, and becomes the link's reader if it picks up.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;

use crate::card::Card;
use crate::event::Failure;
use crate::link::{Call, News, STACK};
use crate::mesh::{Callee, LinkId, NoLink, Report, Scope};
use crate::sockets;

/// How long a peer may take to pick up. In a local network it takes a millisecond; the rest is
/// for a packet that gets lost and is sent again.
pub const PATIENCE: Duration = Duration::from_secs(2);

/// Looking up a name goes through the system's resolver, which may go deep.
const NAMED_STACK: usize = 512 * 1024;

/// Who dials, and from where.
#[derive(Clone, Debug)]
pub struct Dialer {
    /// Who we are.
    pub me: Card,
    /// The address of ours to dial from, if it is not the system's to choose.
    pub from: Option<Ipv4Addr>,
    /// How far we go.
    pub scope: Scope,
    /// Where to tell what happens.
    pub report: Sender<News>,
}

impl Dialer {
    /// Dials, in a thread of its own.
    ///
    /// # Errors
    ///
    /// If the system has no thread for it.
    pub fn dial(&self, link: LinkId, callee: Callee) -> io::Result<JoinHandle<()>> {
        let stack = match callee {
            Callee::Heard(..) => STACK,
            Callee::Named(_) => NAMED_STACK,
        };
        let dialer = self.clone();
        let body = move || dialer.call(link, callee);
        thread::Builder::new().name("link".into()).stack_size(stack).spawn(body)
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
                let _ = self.report.send(report.into()); // Fails when we are closing.
            }
        }
    }

    /// Dials whoever our user has named, wherever that is; but not outside of our scope, if that
    /// is this machine.
    fn look_up(&self, address: &str) -> Result<(TcpStream, SocketAddr), Failure> {
        let found = address.to_socket_addrs().map_err(|error| in_words(&error))?;
        let stays_here = self.scope == Scope::ThisMachine;
        let addresses: Vec<_> =
            found.filter(|address| !stays_here || address.ip().is_loopback()).collect();
        if addresses.is_empty() && stays_here {
            return Err(Failure::Elsewhere);
        }
        self.connect(&addresses)
    }

    /// Dials one address after the other, all within [`PATIENCE`].
    fn connect(&self, addresses: &[SocketAddr]) -> Result<(TcpStream, SocketAddr), Failure> {
        let deadline = Instant::now() + PATIENCE;
        let mut failure = Failure::System("the name has no address".into());
        for address in addresses {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            match sockets::dial(self.from, *address, left) {
                Ok(stream) => return Ok((stream, *address)),
                Err(error) => failure = in_words(&error),
            }
        }
        Err(failure)
    }
}

fn in_words(error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Failure::Refused,
        // What a system says when the time is over: Unix the one, Windows the other.
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Failure::NoAnswer(PATIENCE),
        _ => Failure::System(error.to_string()),
    }
}
