//! Shared configuration: who listens where, and how much a peer puts up with.
//!
//! A peer is known by a number, and its address is computed from that number. All peers agree
//! on how, so nobody has to be asked where somebody is.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Every peer runs on this machine, unless `--host` or `P2P_HOST` says otherwise.
pub const HOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Peer `n` listens on `BASE_PORT + n`, unless `--base-port` or `P2P_BASE_PORT` moves it.
pub const BASE_PORT: u16 = 9000;

/// The peers that everybody knows from the start. All others must be discovered.
pub const KNOWN_PEERS: [PeerId; 5] = [1, 2, 3, 4, 5];

/// The most peers that one peer remembers. An id costs nothing to invent, so there is an end.
pub const MAX_KNOWN: usize = 256;

/// The longest message, in bytes. It is sent and shown whole; a longer one is refused by the
/// sender, and cut by the listener.
pub const MAX_MESSAGE: usize = 64 * 1024;

/// How many bytes are asked of the system in one read. A message may take many reads.
pub const BUFFER_SIZE: usize = 4096;

/// How many callers are listened to at once.
pub const MAX_CALLERS: usize = 64;

/// How many peers are dialed at once.
pub const MAX_DIALS: usize = 64;

/// A peer is known by a number.
pub type PeerId = u16;

/// The peers that can reach each other: one host, and one port for each of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Neighbourhood {
    /// Where all peers live.
    pub host: IpAddr,
    /// The port of the peer with id 0.
    pub base_port: u16,
}

impl Neighbourhood {
    /// Where peer `id` listens, unless the sum is no port.
    ///
    /// ```
    /// use week05::config::{BASE_PORT, HOST, Neighbourhood};
    /// let here = Neighbourhood { host: HOST, base_port: BASE_PORT };
    /// assert_eq!(here.address_of(1), "127.0.0.1:9001".parse().ok());
    /// assert_eq!(here.address_of(60_000), None);
    /// ```
    pub fn address_of(&self, id: PeerId) -> Option<SocketAddr> {
        Some(SocketAddr::new(self.host, self.base_port.checked_add(id)?))
    }

    /// The largest id that has a port.
    pub fn last_id(&self) -> PeerId {
        PeerId::MAX - self.base_port
    }
}
