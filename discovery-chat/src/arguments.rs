//! Arguments: `p2p_chat start --name NAME [--port PORT] ...`.

use std::net::{Ipv4Addr, SocketAddrV4};

use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use crate::config::{Config, DISCOVERY_PORT, Scope};
use crate::name::{MAX_NAME, Name};

/// The arguments of a peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arguments {
    /// The name of this peer.
    pub name: Name,
    /// Where it listens and announces itself.
    pub config: Config,
    /// Print lines and nothing else.
    pub plain: bool,
}

impl Arguments {
    /// Reads the command line. On a mistake it says what was wrong and ends with status 2.
    pub fn read() -> Self {
        let mut usage = usage();
        let matches = usage.get_matches_mut();
        Self::checked(&matches).unwrap_or_else(|complaint| {
            let start = match usage.find_subcommand_mut("start") {
                Some(start) => start,
                None => &mut usage,
            };
            start.error(ErrorKind::ValueValidation, complaint).exit()
        })
    }

    fn checked(matches: &ArgMatches) -> Result<Self, String> {
        let start = matches.subcommand_matches("start").ok_or("there is one command: start")?;
        let bind = start.get_one::<Ipv4Addr>("bind").copied();
        let loopback = bind.is_some_and(|address| address.is_loopback());
        if start.get_flag("local") && bind.is_some() && !loopback {
            let why = "--local stays on this machine: with it, --bind takes an address that \
                       begins with 127, or none";
            return Err(why.into());
        }
        if loopback && start.contains_id("broadcast") {
            let why = "--bind with an address that begins with 127 stays on this machine: \
                       --broadcast needs another one, or none";
            return Err(why.into());
        }
        let here = start.get_flag("local") || loopback;
        let config = Config {
            port: start.get_one("port").copied().unwrap_or(0),
            discovery_port: start.get_one("discovery-port").copied().unwrap_or(DISCOVERY_PORT),
            bind,
            broadcast: start.get_many("broadcast").unwrap_or_default().copied().collect(),
            peers: start.get_many("peer").unwrap_or_default().cloned().collect(),
            scope: if here { Scope::ThisMachine } else { Scope::Lan },
        };
        Ok(Self {
            name: start.get_one::<Name>("name").cloned().ok_or("a peer needs a name")?,
            config,
            plain: start.get_flag("plain"),
        })
    }
}

fn usage() -> Command {
    let name = option("name", "NAME")
        .required(true)
        .value_parser(|text: &str| Name::chosen(text))
        .help(format!("What you are called, in at most {MAX_NAME} characters"));
    let port = option("port", "PORT")
        .value_parser(value_parser!(u16))
        .help("The TCP port to be dialed on; 0 for any that is free [default: 0]");
    let discovery_port = option("discovery-port", "PORT")
        .value_parser(value_parser!(u16).range(1..))
        .help("The UDP port for announcements, the same for all peers [default: 9999]");
    let broadcast = option("broadcast", "ADDR:PORT")
        .action(ArgAction::Append)
        .value_parser(broadcast)
        .help("Announce to this address; can be repeated [default: everybody]");
    let bind = option("bind", "IP")
        .value_parser(value_parser!(Ipv4Addr))
        .help("Listen, dial and announce from this IPv4 address only");
    let peer = option("peer", "HOST:PORT")
        .action(ArgAction::Append)
        .value_parser(host_and_port)
        .help("Dial this peer: for networks that drop broadcasts; can be repeated");
    let local = flag("local")
        .conflicts_with("broadcast")
        .help("Stay on this machine: nothing is sent to the network");
    let plain =
        flag("plain").help("Print lines and nothing else, for screen readers and pipes");
    let start = Command::new("start")
        .about("Start a peer, and chat")
        .next_line_help(true)
        .after_help(START_HELP)
        .args([name, port, local, peer, discovery_port, broadcast, bind, plain]);
    Command::new("p2p_chat")
        .about("Chat with the peers on your network, without a server")
        .after_help(HELP)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(start)
}

fn option(name: &'static str, value: &'static str) -> Arg {
    Arg::new(name).long(name).value_name(value)
}

fn flag(name: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue)
}

const HELP: &str = "\
Try it in three terminals of one machine:
  p2p_chat start --local --name Alice
  p2p_chat start --local --name Bob
  p2p_chat start --local --name Charlie
They find each other. Type a message, or /help. Without --local, everybody on
your network who runs it finds you, too.

`p2p_chat start --help` explains every option.";

const START_HELP: &str = "\
Peers announce themselves by UDP and are then linked by TCP, each with each.
Nothing is encrypted, and nobody proves who they are: use it among people you
trust.

Everybody on this network:
  p2p_chat start --name Alice
Where broadcasts are dropped:
  p2p_chat start --name Alice --peer bob.lan:8081
On two networks:
  p2p_chat start --name Alice --broadcast 10.0.0.255:9999 \\
                              --broadcast 10.1.0.255:9999

Messages are lines typed or piped in. Status: 0 after /quit, Ctrl-D or Ctrl-C;
1 if it could not go on; 2 if it was called wrongly.";

/// Reads an address to announce to.
fn broadcast(text: &str) -> Result<SocketAddrV4, String> {
    let address: Option<SocketAddrV4> = text.parse().ok();
    address.filter(|address| address.port() > 0).ok_or_else(|| {
        "write an IPv4 address and a port, such as 192.168.1.255:9999".to_owned()
    })
}

/// Reads the address of a peer. Whether the host exists is seen when it is dialed.
fn host_and_port(text: &str) -> Result<String, String> {
    let wrong = || "write a host and a port, such as bob.lan:8081".to_owned();
    let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
    let port_is_fine = port.parse::<u16>().is_ok_and(|port| port > 0);
    let host_is_fine = !host.is_empty() && !host.contains(|c: char| c.is_control() || c == ' ');
    if port_is_fine && host_is_fine { Ok(text.to_owned()) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &str) -> Result<Arguments, String> {
        let words = words.split_whitespace();
        let words = ["p2p_chat"].into_iter().chain(words);
        let matches = usage().try_get_matches_from(words).map_err(|error| error.to_string())?;
        Arguments::checked(&matches)
    }

    #[test]
    fn the_lab_sheets_command_is_enough() {
        let Arguments { name, config, plain } = read("start --port 8080 --name Alice").unwrap();
        assert_eq!((name.to_string().as_str(), config.port), ("Alice", 8080));
        assert_eq!((config.discovery_port, config.scope), (9999, Scope::Lan));
        assert!(config.broadcast.is_empty() && config.peers.is_empty() && !plain);
    }

    #[test]
    fn what_can_be_repeated_can_be_repeated() {
        let words = "start --name A --peer a:1 --peer [::1]:2 --broadcast 10.0.0.255:3 \
                     --broadcast 10.0.1.255:4 --bind 10.0.0.1";
        let Arguments { config, .. } = read(words).unwrap();
        assert_eq!(config.peers, ["a:1", "[::1]:2"]);
        assert_eq!(config.broadcast.len(), 2);
        assert_eq!(config.bind, Some(Ipv4Addr::new(10, 0, 0, 1)));
    }

    #[test]
    fn an_address_of_this_machine_means_this_machine() {
        assert_eq!(read("start --name A --local").unwrap().config.scope, Scope::ThisMachine);
        let bound = read("start --name A --bind 127.0.0.5").unwrap();
        assert_eq!(bound.config.scope, Scope::ThisMachine);
        assert!(read("start --name A --local --bind 10.0.0.1").unwrap_err().contains("127"));
        assert!(read("start --name A --local --broadcast 10.0.0.255:9999").is_err());
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for words in [
            "",
            "stop",
            "start",
            "start --name",
            "start --name A --port 65536",
            "start --name A --port x",
            "start --name A --discovery-port 0",
            "start --name A --broadcast 10.0.0.255",
            "start --name A --broadcast here:9999",
            "start --name A --peer bob",
            "start --name A --peer bob:0",
            "start --name A --peer :8080",
            "start --name A --bind bob",
            "start --name A:B",
            "start --name A extra",
        ] {
            assert!(read(words).is_err(), "{words:?}");
        }
        let complaint = read("start --name A:B").unwrap_err();
        assert!(complaint.contains("a name cannot contain ':'"), "{complaint}");
    }
}
