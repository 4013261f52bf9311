//! What is typed after the program's name: `chat-server [--port PORT] [--host HOST] ...`.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use capnweb::http::Origin;
use clap::{Arg, ArgAction, Command, value_parser};

use crate::room::Rate;
use crate::token::Token;

/// The arguments of a server.
pub(crate) struct Arguments {
    /// The address to listen on; port 0 for any that is free.
    pub bind_address: SocketAddr,
    /// The addresses under which browsers know this server, behind a proxy.
    pub origins: Vec<Origin>,
    /// The secret that a client has to know.
    pub token: Option<Token>,
    /// The file that keeps all notes.
    pub history: Option<PathBuf>,
    /// How much one client may say.
    pub rate: Rate,
}

impl Arguments {
    /// Reads the command line. On a mistake it says what was wrong and ends with status 2.
    pub(crate) fn read() -> Self {
        const HAS_DEFAULT: &str = "there is a default";
        let matches = usage().get_matches();
        let number = |name| *matches.get_one::<u32>(name).expect(HAS_DEFAULT);
        let host = *matches.get_one::<IpAddr>("host").expect(HAS_DEFAULT);
        let port = *matches.get_one::<u16>("port").expect(HAS_DEFAULT);
        Self {
            bind_address: (host, port).into(),
            origins: matches.get_many("origin").into_iter().flatten().cloned().collect(),
            token: matches.get_one("token").cloned(),
            history: matches.get_one("history").cloned(),
            rate: Rate { burst: number("burst"), per_second: number("rate") },
        }
    }
}

fn usage() -> Command {
    let option = |name, value, help| Arg::new(name).long(name).value_name(value).help(help);
    let rate = value_parser!(u32).range(1..=MAX_RATE);
    let about_host = "The address to be dialed on: localhost, or an IP address of this machine";
    let about_origin = "What browsers call this server, such as https://chat.example, if a proxy or a \
                        name leads to it; may be given again";
    let about_token = "Let in only who knows this secret; nobody else on this machine sees it if \
                       it is given in";
    let about_history = "Keep what is said in this file, one JSON line a message";
    let about_burst = "How many messages a client may send at once, after a pause";
    let about_rate = "How many messages a second a client may send in the long run";
    Command::new("chat-server")
        .about("A chat room that calls its clients, in Cap'n Web over WebSocket")
        .after_help(
            "Start clients in other terminals, or open the page in a browser. Ctrl-C ends the \
             server.",
        )
        .args([
            option("port", "PORT", "The port to be dialed on; 0 for any that is free")
                .value_parser(value_parser!(u16))
                .default_value("8080"),
            option("host", "HOST", about_host).value_parser(host).default_value("127.0.0.1"),
            option("origin", "URL", about_origin)
                .value_parser(Origin::read)
                .action(ArgAction::Append),
            option("token", "SECRET", about_token)
                .value_parser(Token::read)
                .env("CHAT_TOKEN")
                .hide_env_values(true),
            option("history", "FILE", about_history).value_parser(value_parser!(PathBuf)),
            option("rate", "NUMBER", about_rate).value_parser(rate).default_value("5"),
            option("burst", "NUMBER", about_burst).value_parser(rate).default_value("20"),
        ])
}

/// The most of either that can be allowed: for measuring, no bound at all.
const MAX_RATE: i64 = 1_000_000;

/// Reads where to be dialed. A name could mean several addresses, so there is but the one.
fn host(text: &str) -> Result<IpAddr, String> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    if text.eq_ignore_ascii_case("localhost") {
        return Ok(Ipv4Addr::LOCALHOST.into());
    }
    bare.parse().map_err(|_| "write localhost, or an IP address of this machine".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_an_address_or_localhost() {
        for (text, address) in [
            ("localhost", "127.0.0.1"),
            ("::1", "::1"),
            ("[::1]", "::1"),
            ("0.0.0.0", "0.0.0.0"),
        ] {
            assert_eq!(host(text).unwrap().to_string(), address);
        }
        for text in ["", "example.org", "127.0.0.1:8080", "[::1", "127.1"] {
            assert!(host(text).is_err(), "{text}");
        }
    }
}
