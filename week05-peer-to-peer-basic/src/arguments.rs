//! Arguments: `week05 ID [--host HOST] [--base-port PORT]`.
//!
//! *What if you start a peer without an ID?* Then the program says what is missing, and ends
//! with status 2.

use std::net::IpAddr;

use clap::error::ErrorKind;
use clap::{Arg, ArgMatches, Command};

use crate::config::{AddressPlan, BASE_PORT, HOST, PeerId};

/// The arguments of a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arguments {
    /// Our own id.
    pub id: PeerId,
    /// The addresses of all peers.
    pub plan: AddressPlan,
}

impl Arguments {
    /// Reads the command line. On a mistake it says what was wrong and ends with status 2.
    pub fn read() -> Self {
        let mut usage = usage();
        let matches = usage.get_matches_mut();
        Self::checked(&matches).unwrap_or_else(|complaint| {
            usage.error(ErrorKind::ValueValidation, complaint).exit()
        })
    }

    fn checked(matches: &ArgMatches) -> Result<Self, String> {
        let number = |name| matches.get_one::<u16>(name).copied();
        let id = number("ID").ok_or("a peer needs an ID")?;
        let plan = AddressPlan {
            host: matches.get_one("host").copied().unwrap_or(HOST),
            base_port: number("base-port").unwrap_or(BASE_PORT),
        };
        if plan.address_of(id).is_none() {
            let (base_port, last) = (plan.base_port, plan.last_id());
            return Err(format!(
                "peer {id} would listen on port {base_port} + {id}, and ports end at 65535: \
                 choose an ID from 0 to {last}, or a smaller --base-port"
            ));
        }
        Ok(Self { id, plan })
    }
}

fn usage() -> Command {
    let id = Arg::new("ID")
        .required(true)
        .allow_negative_numbers(true)
        .value_parser(peer_id)
        .help("The number of this peer; it listens on base port + ID");
    let host = Arg::new("host")
        .long("host")
        .value_name("HOST")
        .env("P2P_HOST")
        .value_parser(host)
        .help("The address of all peers [default: 127.0.0.1]");
    let base_port = Arg::new("base-port")
        .long("base-port")
        .value_name("PORT")
        .env("P2P_BASE_PORT")
        .value_parser(base_port)
        .help("The port that all IDs are added to [default: 9000]");
    Command::new("week05")
        .about("A peer that listens and speaks, at the same time")
        .after_help("Start one in each terminal, with the IDs 1, 2 and 3. Then type help.")
        .args([id, host, base_port])
}

fn peer_id(text: &str) -> Result<PeerId, &'static str> {
    text.parse().map_err(|_| "write a whole number from 0 to 65535, such as 1")
}

/// Port 0 would mean "any", and then no peer could compute another peer's address.
fn base_port(text: &str) -> Result<u16, &'static str> {
    let port = text.parse().ok().filter(|port| *port > 0);
    port.ok_or("write a port from 1 to 65535, here or in P2P_BASE_PORT")
}

/// An address, or the one name that means the same on every machine.
fn host(text: &str) -> Result<IpAddr, &'static str> {
    let text = if text == "localhost" { "127.0.0.1" } else { text };
    let address = text.parse().ok().map(|address: IpAddr| address.to_canonical());
    // "Any address" (0.0.0.0) can be listened on, but peers also have to dial it.
    let is_of_one = |address: &IpAddr| !address.is_unspecified() && !address.is_multicast();
    address
        .filter(is_of_one)
        .ok_or("write an IP address that can be dialed, such as 127.0.0.1, here or in P2P_HOST")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &[&str]) -> Result<Arguments, String> {
        let words = ["week05"].iter().chain(words);
        let matches = usage().try_get_matches_from(words).map_err(|error| error.to_string())?;
        Arguments::checked(&matches)
    }

    #[test]
    fn flags_move_all_peers() {
        let words = ["2", "--host", "localhost", "--base-port", "12000"];
        let arguments = read(&words).unwrap();
        assert_eq!(arguments.id, 2);
        assert_eq!(arguments.plan.address_of(2), "127.0.0.1:12002".parse().ok());
    }

    #[test]
    fn an_address_that_cannot_be_dialed_is_refused() {
        for host in ["0.0.0.0", "::", "::ffff:0.0.0.0", "224.0.0.1", "somewhere"] {
            assert!(read(&["1", "--host", host]).is_err(), "{host}");
        }
        assert!(read(&["1", "--host", "::1"]).is_ok());
    }

    #[test]
    fn an_id_that_no_peer_can_have_is_refused() {
        for words in
            [&["one"][..], &["-1"], &["65536"], &[], &["1", "2"], &["1", "--base-port", "0"]]
        {
            assert!(read(words).is_err(), "{words:?}");
        }
        let complaint = read(&["60000", "--base-port", "9000"]).unwrap_err();
        assert!(complaint.contains("from 0 to 56535"), "{complaint}");
    }
}
