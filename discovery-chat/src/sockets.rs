//! The sockets of a peer: one to be dialed on, one to hear announcements, one to shout them.
//!
//! Opened before any thread starts, so that a port in use is an error of `main`. What std lacks,
//! `socket2` has: options that must be set before `bind`.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener, TcpStream, UdpSocket};
use std::time::Duration;

use socket2::{Domain, Socket, Type};

use crate::mesh::Scope;

/// How many callers the system keeps for us until we accept them. std asks for 128, and drops
/// whoever comes in a burst beyond that, to try again after a second.
const BACKLOG: i32 = 1024;

/// Between two looks of the thread that hears announcements at whether it is to stop.
pub const LOOK_UP: Duration = Duration::from_millis(250);

/// Everybody on the network that the default route leads to.
const EVERYBODY: Ipv4Addr = Ipv4Addr::BROADCAST;

/// Everybody on this machine. On Linux, what is sent here is heard by all, and leaves nothing.
const THIS_MACHINE: Ipv4Addr = Ipv4Addr::new(127, 255, 255, 255);

/// Everybody on this machine, where the system does not broadcast on loopback. A group for use
/// within one organisation (RFC 2365), sent over 127.0.0.1 with no hop to live.
const THIS_MACHINES_GROUP: Ipv4Addr = Ipv4Addr::new(239, 255, 99, 99);

/// Where a peer lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The TCP port to be dialed on; 0 for any.
    pub port: u16,
    /// The UDP port on which all peers announce themselves.
    pub discovery_port: u16,
    /// The one address of ours to use.
    pub bind: Option<Ipv4Addr>,
    /// Where to shout, if not to everybody.
    pub broadcast: Vec<SocketAddrV4>,
    /// How far to shout, and who is answered.
    pub scope: Scope,
}

/// All sockets of a peer.
#[derive(Debug)]
pub struct Sockets {
    /// Where others dial us.
    pub tcp: TcpListener,
    /// Where announcements are heard. Other peers on this machine share its port.
    pub ears: UdpSocket,
    /// What we shout with.
    pub voice: Voice,
}

/// A socket that could not be opened.
#[derive(Debug)]
pub enum CannotOpen {
    /// The one to be dialed on.
    Tcp(io::Error),
    /// The one to hear announcements.
    Ears(io::Error),
    /// The one to announce with.
    Voice(io::Error),
}

impl Sockets {
    /// Opens them all.
    ///
    /// # Errors
    ///
    /// If one cannot be opened.
    pub fn open(place: &Place) -> Result<Self, CannotOpen> {
        let tcp = open_tcp(place).map_err(CannotOpen::Tcp)?;
        let ears = open_ears(place).map_err(CannotOpen::Ears)?;
        let voice = Voice::open(place).map_err(CannotOpen::Voice)?;
        Ok(Self { tcp, ears, voice })
    }
}

/// Our own address: the one we were given, or one that cannot be reached from elsewhere, or any.
fn own_address(place: &Place) -> Ipv4Addr {
    place.bind.unwrap_or(match place.scope {
        Scope::Lan => Ipv4Addr::UNSPECIFIED,
        Scope::ThisMachine => Ipv4Addr::LOCALHOST,
    })
}

fn open_tcp(place: &Place) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    // On Unix: a port is free again at once when its last owner is gone. On Windows the same
    // option would let two programs share it.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.bind(&SocketAddr::from((own_address(place), place.port)).into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

fn open_ears(place: &Place) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, None)?;
    // Several peers on one machine hear the same port. Systems differ in which option they want
    // for that, and sockets with one of them exclude those with the other; both go with all.
    socket.set_reuse_address(true)?;
    #[cfg(unix)]
    socket.set_reuse_port(true)?;
    // Not bound to an address of ours: such a socket hears no broadcast.
    let address = SocketAddr::from((Ipv4Addr::UNSPECIFIED, place.discovery_port));
    socket.bind(&address.into())?;
    let socket = UdpSocket::from(socket);
    if place.scope == Scope::ThisMachine && !cfg!(target_os = "linux") {
        socket.join_multicast_v4(&THIS_MACHINES_GROUP, &Ipv4Addr::LOCALHOST)?;
    }
    socket.set_read_timeout(Some(LOOK_UP))?;
    Ok(socket)
}

/// What a peer announces itself with.
#[derive(Debug)]
pub struct Voice {
    socket: UdpSocket,
    /// Where to shout.
    to: Vec<SocketAddrV4>,
    /// Where to shout when the network is not there.
    fallback: Option<SocketAddrV4>,
}

impl Voice {
    fn open(place: &Place) -> io::Result<Self> {
        let socket = Socket::new(Domain::IPV4, Type::DGRAM, None)?;
        socket.set_broadcast(true)?;
        socket.bind(&SocketAddr::from((own_address(place), 0)).into())?;
        // A network that is stuck must not hold up the owner, who shouts.
        socket.set_nonblocking(true)?;
        let everybody = |address| SocketAddrV4::new(address, place.discovery_port);
        let (to, fallback) = match place.scope {
            Scope::ThisMachine if cfg!(target_os = "linux") => {
                (vec![everybody(THIS_MACHINE)], None)
            }
            Scope::ThisMachine => {
                socket.set_multicast_if_v4(&Ipv4Addr::LOCALHOST)?;
                socket.set_multicast_ttl_v4(0)?;
                (vec![everybody(THIS_MACHINES_GROUP)], Some(everybody(THIS_MACHINE)))
            }
            Scope::Lan if place.broadcast.is_empty() => {
                (vec![everybody(EVERYBODY)], Some(everybody(THIS_MACHINE)))
            }
            Scope::Lan => (place.broadcast.clone(), Some(everybody(THIS_MACHINE))),
        };
        Ok(Self { socket: socket.into(), to, fallback })
    }

    /// Shouts. If that fails, peers on this machine hear it all the same.
    ///
    /// # Errors
    ///
    /// In words, if it could not be sent to all addresses.
    pub fn shout(&self, words: &str) -> Result<(), String> {
        let failures: Vec<_> = self
            .to
            .iter()
            .filter_map(|to| {
                let error = self.socket.send_to(words.as_bytes(), to).err()?;
                Some(format!("{to}: {error}"))
            })
            .collect();
        if failures.is_empty() {
            return Ok(());
        }
        if let Some(fallback) = self.fallback {
            // What went wrong with the network is told; that not even this works says no more.
            let _ = self.socket.send_to(words.as_bytes(), fallback);
        }
        Err(failures.join(", "))
    }
}

/// Dials `to`, from a given address of ours or from any.
///
/// # Errors
///
/// If nobody picks up within `patience`.
pub fn dial(
    from: Option<Ipv4Addr>,
    to: SocketAddr,
    patience: Duration,
) -> io::Result<TcpStream> {
    let stream = match from {
        Some(from) if to.is_ipv4() => {
            let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
            socket.bind(&SocketAddr::from((from, 0)).into())?;
            socket.connect_timeout(&to.into(), patience)?;
            socket.into()
        }
        _ => TcpStream::connect_timeout(&to, patience)?,
    };
    // A line goes out when it is said, not when there is enough for a packet.
    let _ = stream.set_nodelay(true);
    Ok(stream)
}
