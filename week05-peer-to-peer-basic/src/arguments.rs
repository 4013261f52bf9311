//! What is typed behind the program's name: `week05 ID [--host HOST] [--base-port PORT]`.

use std::net::{IpAddr, Ipv4Addr};

use clap::error::ErrorKind;
use clap::{Arg, ArgMatches, Command};

use crate::config::{BASE_PORT, HOST, Neighbourhood, PeerId};

/// The arguments of a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arguments {
    /// Who we are.
    pub id: PeerId,
    /// Where we and all others live.
    pub neighbourhood: Neighbourhood,
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
        let neighbourhood = Neighbourhood {
            host: matches.get_one("host").copied().unwrap_or(HOST),
            base_port: number("base-port").unwrap_or(BASE_PORT),
        };
        if neighbourhood.address_of(id).is_none() {
            let Neighbourhood { base_port, .. } = neighbourhood;
            let last = neighbourhood.last_id();
            return Err(format!(
                "peer {id} would listen on port {base_port} + {id}, and ports end at 65535: \
                 choose an ID from 0 to {last}, or a smaller --base-port"
            ));
        }
        Ok(Self { id, neighbourhood })
    }
}

fn usage() -> Command {
    let id = Arg::new("ID")
        .required(true)
        .value_parser(peer_id)
        .allow_negative_numbers(true)
        .help("The number of this peer; it listens on base port + ID");
    let host = Arg::new("host")
        .long("host")
        .value_name("HOST")
        .env("P2P_HOST")
        .value_parser(host)
        .help(format!("The address where all peers live [default: {HOST}]"));
    let base_port = Arg::new("base-port")
        .long("base-port")
        .value_name("PORT")
        .env("P2P_BASE_PORT")
        .value_parser(base_port)
        .help(format!("The port that all IDs are added to [default: {BASE_PORT}]"));
    Command::new("week05")
        .about("A peer that listens and speaks, at the same time")
        .after_help("Start one in each terminal, with the IDs 1, 2 and 3. Then type help.")
        .args([id, host, base_port])
}

/// Reads a peer's number.
fn peer_id(text: &str) -> Result<PeerId, String> {
    text.parse().map_err(|_| "write a whole number, such as 1".to_owned())
}

/// Reads a port; 0 would mean "any", and then nobody could compute where anybody is.
fn base_port(text: &str) -> Result<u16, String> {
    let port = text.parse().ok().filter(|port| *port > 0);
    port.ok_or_else(|| "write a port from 1 to 65535, here or in P2P_BASE_PORT".to_owned())
}

/// Reads an address, or the one name that means the same on every machine.
fn host(text: &str) -> Result<IpAddr, String> {
    if text == "localhost" {
        return Ok(Ipv4Addr::LOCALHOST.into());
    }
    text.parse()
        .map_err(|_| "write an IP address, such as 127.0.0.1, here or in P2P_HOST".to_owned())
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
    fn flags_move_the_neighbourhood() {
        let words = ["2", "--host", "localhost", "--base-port", "12000"];
        let arguments = read(&words).unwrap();
        assert_eq!(arguments.id, 2);
        assert_eq!(arguments.neighbourhood.address_of(2), "127.0.0.1:12002".parse().ok());
    }

    #[test]
    fn what_can_be_no_peer_is_refused() {
        for words in
            [&["one"][..], &["-1"], &["65536"], &[], &["1", "2"], &["1", "--base-port", "0"]]
        {
            assert!(read(words).is_err(), "{words:?}");
        }
        let complaint = read(&["60000", "--base-port", "9000"]).unwrap_err();
        assert!(complaint.contains("from 0 to 56535"), "{complaint}");
    }
}
