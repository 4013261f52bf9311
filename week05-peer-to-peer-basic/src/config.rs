//! Configuration: where each peer listens, and the limits that every peer keeps.
//!
//! *How does peer 1 know where peer 3 is?* A peer is known by a number, and its address is
//! computed from that number. All peers compute it the same way, so none has to be asked.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

/// All peers run on this machine, unless `--host` or `P2P_HOST` names another address.
pub const HOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Peer `n` listens on `BASE_PORT + n`, unless `--base-port` or `P2P_BASE_PORT` moves it.
pub const BASE_PORT: u16 = 9000;

/// The peers that every peer knows from the start. All others must be discovered.
pub(crate) const KNOWN_PEERS: [PeerId; 5] = [1, 2, 3, 4, 5];

/// The most peers that one peer remembers. Inventing an id costs nothing, so there is a limit.
pub(crate) const MAX_KNOWN: usize = 256;

/// The longest message, in bytes. It is sent and shown whole; a longer one is refused by the
/// sender, and cut by the listener.
pub const MAX_MESSAGE: usize = 64 * 1024;

/// How long a caller may take for its whole message.
pub(crate) const CALLER_PATIENCE: Duration = Duration::from_secs(2);

/// How long a dial may take, from connecting to hanging up. Less than [`SHUTDOWN_PATIENCE`],
/// because nothing but its deadline can end a dial.
pub(crate) const DIAL_PATIENCE: Duration = Duration::from_millis(800);

/// How long a peer that shuts down waits for its threads.
pub(crate) const SHUTDOWN_PATIENCE: Duration = Duration::from_millis(950);

/// The number by which a peer is known.
pub type PeerId = u16;

/// How an id becomes an address: one host for all, and one port for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressPlan {
    /// The machine of all peers.
    pub host: IpAddr,
    /// The port of the peer with id 0.
    pub base_port: u16,
}

impl AddressPlan {
    /// The address of peer `id`; `None` if the sum is no port.
    ///
    /// ```
    /// use week05::config::{AddressPlan, BASE_PORT, HOST};
    /// let plan = AddressPlan { host: HOST, base_port: BASE_PORT };
    /// assert_eq!(plan.address_of(1), "127.0.0.1:9001".parse().ok());
    /// assert_eq!(plan.address_of(60_000), None);
    /// ```
    pub fn address_of(&self, id: PeerId) -> Option<SocketAddr> {
        Some(SocketAddr::new(self.host, self.base_port.checked_add(id)?))
    }

    /// The largest id that has a port.
    pub(crate) fn last_id(&self) -> PeerId {
        PeerId::MAX - self.base_port
    }
}
