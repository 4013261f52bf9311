//! A lease on a block of ports that belong to one test alone, while it runs.
//!
//! Asking the system for a free port and closing it again is a race: the next process to ask
//! may be handed the same one. So a test *leases* a block: it locks the file that stands for
//! it. The system gives the lock back however the test ends, and two test processes on one
//! machine, ours or another student's, never share a block.

use std::fs::{File, OpenOptions};
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::net::{Ipv4Addr, TcpListener};

use crate::spawn_lock;

/// The ports of a lease: those of peers 0 to 31.
const PORTS: u16 = 32;

/// The first block. All blocks lie above the well-known ports, and below those that the
/// system hands out to callers (from 32768 on Linux, 49152 elsewhere).
const FIRST: u16 = 10_000;

/// The number of blocks: the last one ends at port 31,759.
const BLOCKS: u16 = 680;

/// A block of ports, leased until it is dropped.
#[derive(Debug)]
pub struct PortLease {
    base_port: u16,
    /// Closing it unlocks it, and so ends the lease.
    _lease: File,
}

impl PortLease {
    /// Leases a free block.
    pub fn lease() -> Self {
        // Any start will do; a different one each time keeps tests out of each other's way.
        let start = RandomState::new().hash_one(()) % u64::from(BLOCKS);
        let start = u16::try_from(start).expect("a number below BLOCKS");
        (0..BLOCKS)
            .find_map(|step| Self::lease_block((start + step) % BLOCKS))
            .expect("one of 680 blocks of ports is free: end tests that hang, then try again")
    }

    /// The first port of the block.
    pub fn base_port(&self) -> u16 {
        self.base_port
    }

    /// The port of peer `id`.
    pub fn port(&self, id: u16) -> u16 {
        assert!(id < PORTS, "peer {id} has no port in a lease of {PORTS} ports");
        self.base_port + id
    }

    /// All ports of the block.
    #[cfg(target_os = "linux")]
    pub(crate) fn all(&self) -> std::ops::Range<u16> {
        self.base_port..self.base_port + PORTS
    }

    /// Replaces the lab sheet's ports in `line` (32 of them, from `first` on) by the leased ones.
    pub fn translate(&self, line: &str, first: u16) -> String {
        let mut translated = String::new();
        let mut rest = line;
        while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
            let (before, number) = rest.split_at(start);
            let end = number.find(|c: char| !c.is_ascii_digit()).unwrap_or(number.len());
            let (number, after) = number.split_at(end);
            let id = number.parse().ok().and_then(|port: u16| port.checked_sub(first));
            translated += before;
            match id.filter(|id| *id < PORTS) {
                Some(id) => translated += &self.port(id).to_string(),
                None => translated += number,
            }
            rest = after;
        }
        translated + rest
    }

    fn lease_block(block: u16) -> Option<Self> {
        let base_port = FIRST + block * PORTS;
        let lease = open_lease(base_port).ok()?;
        lease.try_lock().ok()?;
        // The lease keeps other tests away; a program that knows nothing of leases may use one
        // of the ports all the same, for good. Then the block is no use, now or later.
        let _spawning = spawn_lock::hold();
        let free = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
        (base_port..base_port + PORTS).all(free).then_some(Self { base_port, _lease: lease })
    }
}

/// Another user's file can be read and locked, but not written; so it is only created if missing.
fn open_lease(base_port: u16) -> io::Result<File> {
    let path = std::env::temp_dir().join(format!("p2p-course-ports-{base_port}.lock"));
    File::open(&path)
        .or_else(|_| OpenOptions::new().write(true).create(true).truncate(false).open(&path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_leased_to_one_test_at_a_time() {
        let mine = PortLease::lease();
        let block = (mine.base_port() - FIRST) / PORTS;
        assert!(PortLease::lease_block(block).is_none());
    }

    #[test]
    fn a_block_with_a_used_port_is_passed_over() {
        let mine = PortLease::lease();
        let block = (mine.base_port() - FIRST) / PORTS;
        let used = TcpListener::bind((Ipv4Addr::LOCALHOST, mine.port(7))).unwrap();
        drop(mine);
        assert!(PortLease::lease_block(block).is_none());
        drop(used);
    }

    #[test]
    fn the_ports_of_the_sheet_become_the_leased_ones() {
        let ports = PortLease::lease();
        let line =
            format!("[PEER 1] on {}, not 19001 or 9032, and {}", ports.port(1), ports.port(31));
        assert_eq!(
            ports.translate("[PEER 1] on 9001, not 19001 or 9032, and 9031", 9000),
            line
        );
    }
}
