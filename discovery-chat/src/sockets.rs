//! The sockets of a peer: one to be dialed on, one to hear announcements, one to send them.
//!
//! They are opened before any thread starts, so that a port in use is an error of `main`. What std
//! lacks, `socket2` has: options that must be set before `bind`.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener, UdpSocket};

use socket2::{Domain, Socket, Type};

use crate::config::{Config, Scope};

/// How many callers the system keeps for us until we accept them. std asks for 128, and a caller
/// beyond that is dropped, to try again after a second.
const BACKLOG: i32 = 1024;

/// All machines on the network that the default route leads to.
const NETWORK: Ipv4Addr = Ipv4Addr::BROADCAST;

/// All peers on this machine. On Linux all of them hear what is sent here, and it does not leave the
/// machine.
const THIS_MACHINE: Ipv4Addr = Ipv4Addr::new(127, 255, 255, 255);

/// All peers on this machine, where the system does not broadcast on loopback. A group for use
/// within one organisation (RFC 2365), sent over 127.0.0.1 with a time to live of 0.
const GROUP_ON_THIS_MACHINE: Ipv4Addr = Ipv4Addr::new(239, 255, 99, 99);

/// All sockets of a peer.
#[derive(Debug)]
pub struct Sockets {
    /// Where other peers dial us.
    pub listener: TcpListener,
    /// Where announcements are heard. Other peers on this machine share its port.
    pub receiver: UdpSocket,
    /// What we announce ourselves with.
    pub broadcaster: Broadcaster,
}

/// The address to bind: the one that was given, or else loopback with `--local`, or else any.
fn own_address(config: &Config) -> Ipv4Addr {
    config.bind.unwrap_or(match config.scope {
        Scope::Lan => Ipv4Addr::UNSPECIFIED,
        Scope::ThisMachine => Ipv4Addr::LOCALHOST,
    })
}

/// Opens the socket to be dialed on.
pub fn open_listener(config: &Config) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    // On Unix a port is then free again as soon as its last owner is gone. On Windows the same
    // option would let two programs share it.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.bind(&SocketAddr::from((own_address(config), config.port)).into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Opens the socket to hear announcements.
pub fn open_receiver(config: &Config) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, None)?;
    // Several peers on one machine hear the same port. Systems differ in which option they want
    // for that, and sockets with one of them exclude those with the other; both go with all.
    socket.set_reuse_address(true)?;
    #[cfg(unix)]
    socket.set_reuse_port(true)?;
    // Not bound to an address of ours: such a socket hears no broadcast.
    let address = SocketAddr::from((Ipv4Addr::UNSPECIFIED, config.discovery_port));
    socket.bind(&address.into())?;
    if config.scope == Scope::ThisMachine && !cfg!(target_os = "linux") {
        socket.join_multicast_v4(&GROUP_ON_THIS_MACHINE, &Ipv4Addr::LOCALHOST)?;
    }
    Ok(socket.into())
}

/// Sends datagrams to all peers.
#[derive(Debug)]
pub struct Broadcaster {
    socket: UdpSocket,
    to: Vec<SocketAddrV4>,
    /// Where to send when the network is not there.
    fallback: SocketAddrV4,
}

impl Broadcaster {
    /// Opens the socket to announce with.
    pub fn open(config: &Config) -> io::Result<Self> {
        let socket = Socket::new(Domain::IPV4, Type::DGRAM, None)?;
        socket.set_broadcast(true)?;
        socket.bind(&SocketAddr::from((own_address(config), 0)).into())?;
        // A network that is stuck must not hold up the owner, who sends.
        socket.set_nonblocking(true)?;
        let all = |address| SocketAddrV4::new(address, config.discovery_port);
        let to = match config.scope {
            Scope::ThisMachine if cfg!(target_os = "linux") => vec![all(THIS_MACHINE)],
            Scope::ThisMachine => {
                socket.set_multicast_if_v4(&Ipv4Addr::LOCALHOST)?;
                socket.set_multicast_ttl_v4(0)?;
                vec![all(GROUP_ON_THIS_MACHINE)]
            }
            Scope::Lan if config.broadcast.is_empty() => vec![all(NETWORK)],
            Scope::Lan => config.broadcast.clone(),
        };
        Ok(Self { socket: socket.into(), to, fallback: all(THIS_MACHINE) })
    }

    /// Sends `text` to all peers; if that fails, on Linux peers on this machine get it all the same.
    /// The error says in words to which addresses it could not be sent.
    pub(crate) fn broadcast(&self, text: &str) -> Result<(), String> {
        let send = |to: &SocketAddrV4| self.socket.send_to(text.as_bytes(), to);
        let failure = |to| send(to).err().map(|error| format!("{to}: {error}"));
        let failures: Vec<_> = self.to.iter().filter_map(failure).collect();
        if failures.is_empty() {
            return Ok(());
        }
        // What went wrong with the network is told; that not even this works says no more.
        let _ = send(&self.fallback);
        Err(failures.join(", "))
    }
}
