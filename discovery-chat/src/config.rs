//! Configuration: where a peer listens, how far it announces itself, and whom it dials.

use std::net::{IpAddr, Ipv4Addr, SocketAddrV4};

/// The UDP port on which peers announce themselves, as on the lab sheet.
pub(crate) const DISCOVERY_PORT: u16 = 9999;

/// The stack of a link's threads, in bytes. There may be hundreds of them. Only the system's
/// resolver, which looks up the names of `--peer`, may need a deep one.
pub(crate) const LINK_STACK: usize = 512 * 1024;

/// Where a peer listens and announces itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The TCP port to be dialed on; 0 for any.
    pub port: u16,
    /// The UDP port on which all peers announce themselves.
    pub discovery_port: u16,
    /// The one address of ours to use.
    pub bind: Option<Ipv4Addr>,
    /// Where to announce, if not to the whole network.
    pub broadcast: Vec<SocketAddrV4>,
    /// Peers to dial without waiting to hear them, as `HOST:PORT`.
    pub peers: Vec<String>,
    /// How far announcements go, and which of them count.
    pub scope: Scope,
}

/// Which peers are dialed when they announce themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Peers in the same network: addresses that the internet does not route. So a forged
    /// datagram cannot make us dial a machine elsewhere.
    Lan,
    /// Peers on this machine.
    ThisMachine,
}

impl Scope {
    /// Whether announcements from this address count.
    pub(crate) fn covers(self, from: IpAddr) -> bool {
        let IpAddr::V4(from) = from else { return false };
        match self {
            Self::Lan => from.is_loopback() || from.is_private() || from.is_link_local(),
            Self::ThisMachine => from.is_loopback(),
        }
    }
}
