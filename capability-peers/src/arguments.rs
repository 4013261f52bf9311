//! Arguments: `alice [--port PORT] [--peer URL] [--wait SECONDS] [--pipeline]`.

use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use crate::listener::PATH;
use crate::role::Role;

/// How long to look for a friend who is not there, unless the user says otherwise.
const WAIT: Duration = Duration::from_secs(30);

/// Whom to call, and how.
#[derive(Clone, Debug)]
pub(crate) struct Friend {
    /// Where it is, without the path of the batch.
    pub(crate) url: String,
    /// How long to wait for it to be there.
    pub(crate) wait: Duration,
    /// Whether to make two calls in one request, too.
    pub(crate) pipeline: bool,
}

/// The arguments of a peer.
#[derive(Clone, Debug)]
pub(crate) struct Arguments {
    /// The port to listen on; 0 for any that is free.
    pub(crate) port: u16,
    /// Whom to call.
    pub(crate) friend: Friend,
}

impl Arguments {
    /// Reads the command line. On a mistake it says what was wrong and ends with status 2.
    pub(crate) fn read(role: &Role) -> Self {
        Self::of(role, &usage(role).get_matches())
    }

    fn of(role: &Role, matches: &ArgMatches) -> Self {
        let url = matches.get_one::<String>("peer").cloned();
        let url = url.unwrap_or_else(|| format!("http://127.0.0.1:{}", role.friends_port));
        let wait = matches.get_one("wait").copied().map_or(WAIT, Duration::from_secs);
        let port = matches.get_one("port").copied().unwrap_or(role.port);
        let pipeline = matches.get_flag("pipeline");
        Self { port, friend: Friend { url, wait, pipeline } }
    }
}

fn usage(role: &Role) -> Command {
    let Role { name, friend, port, friends_port, .. } = role;
    let port =
        Arg::new("port").long("port").value_name("PORT").value_parser(value_parser!(u16)).help(
            format!("The port to be called on; 0 for any that is free [default: {port}]"),
        );
    let peer = Arg::new("peer")
        .long("peer")
        .value_name("URL")
        .value_parser(url)
        .help(format!("Where {friend} is [default: http://127.0.0.1:{friends_port}]"));
    let wait = Arg::new("wait")
        .long("wait")
        .value_name("SECONDS")
        .value_parser(value_parser!(u64).range(0..=86_400))
        .help(format!("How long to look for {friend} [default: {}]", WAIT.as_secs()));
    let pipeline =
        Arg::new("pipeline").long("pipeline").action(ArgAction::SetTrue).help(format!(
            "Then make two calls in one request, the second with {friend}'s name from the first"
        ));
    Command::new(*name)
        .about(format!("{name}, who can be called by {friend}, and calls {friend}"))
        .after_help(format!("Start {friend} in another terminal. Ctrl-C ends {name}."))
        .args([port, peer, wait, pipeline])
}

/// Reads where the friend is; the path of the batch may be left out.
fn url(text: &str) -> Result<String, String> {
    let place = text.strip_prefix("http://").ok_or("write a URL that begins with http://")?;
    let place = place.trim_end_matches('/');
    let place = place.strip_suffix(PATH).unwrap_or(place);
    let strange =
        |c: char| c.is_whitespace() || c.is_control() || matches!(c, '/' | '?' | '#' | '@');
    let port = place.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
    if port.is_none_or(|port| port == 0) || place.contains(strange) {
        return Err("write a host and a port, such as http://127.0.0.1:8081".into());
    }
    Ok(format!("http://{place}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_a_host_and_nothing_else() {
        for text in [
            "http://127.0.0.1:8081",
            "http://127.0.0.1:8081/",
            "http://127.0.0.1:8081/rpc/batch",
        ] {
            assert_eq!(url(text).unwrap(), "http://127.0.0.1:8081");
        }
        for text in [
            "",
            "bob",
            "https://bob",
            "http://",
            "http:///",
            "http://a b:8081",
            "http://a@b:8081",
            "http://a:8081/x",
            "http://127.0.0.1",
            "http://127.0.0.1:8O81",
            "http://127.0.0.1:99999",
            "http://127.0.0.1:0",
        ] {
            assert!(url(text).is_err(), "{text}");
        }
    }
}
