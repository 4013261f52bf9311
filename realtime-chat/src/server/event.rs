//! Events: what happened, and every line on the screen that tells of it. All wording is here.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Where a client looks, unless it is told otherwise.
const DEFAULT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

/// Something happened that the user should read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// Clients can come here, with or without a token.
    Running { address: SocketAddr, with_token: bool },
    /// Nobody can be let in, for this reason of the system's.
    CannotAccept(String),
    /// So many bytes at the beginning of the history file were not looked at.
    HistoryIsLong(u64),
    /// So many lines of the history file make no sense.
    LinesSkipped(usize),
    /// The last line of the history file is not whole.
    LineTorn,
    /// Notes cannot be written to the history, for this reason of the system's.
    CannotRecord(String),
    /// It can again; so many notes were lost.
    RecordsAgain(u64),
    /// This is the last line.
    ShuttingDown,
}

impl fmt::Display for Event {
    /// The line, or lines; the screen ends the last one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&match self {
            Self::Running { address, with_token } => return running(*address, *with_token, f),
            Self::CannotAccept(why) => format!("⚠️ No call can be accepted for now: {why}"),
            Self::HistoryIsLong(bytes) => format!(
                "⚠️ The history is long: its first {bytes} bytes stay in the file, but were not \
                 read"
            ),
            Self::LinesSkipped(1) => {
                "⚠️ One line of the history makes no sense and was skipped".to_owned()
            }
            Self::LinesSkipped(count) => {
                format!("⚠️ {count} lines of the history make no sense and were skipped")
            }
            Self::LineTorn => "⚠️ The last line of the history is torn and was skipped".to_owned(),
            Self::CannotRecord(why) => format!(
                "⚠️ The history cannot be written, and what is said now is not kept: {why}"
            ),
            Self::RecordsAgain(1) => {
                "✅ The history is written again; one message is missing in it".to_owned()
            }
            Self::RecordsAgain(lost) => {
                format!("✅ The history is written again; {lost} messages are missing in it")
            }
            Self::ShuttingDown => "👋 Chat server shutting down...".to_owned(),
        })
    }
}

fn running(address: SocketAddr, with_token: bool, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    // "Any address" cannot be dialed; this one can, on this machine.
    let mut shown = address;
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => shown.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => shown.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    writeln!(f, "🚀 Chat server running on http://{shown}")?;
    writeln!(f, "   WebSocket endpoint: ws://{shown}/rpc/ws")?;
    writeln!(f, "   HTTP endpoint: http://{shown}/rpc/batch")?;
    writeln!(f, "   Browser page: http://{shown}/")?;
    if shown != address {
        let here = shown.ip();
        writeln!(f, "   From other machines: with this one's address instead of {here}")?;
    }
    write!(f, "\nRun clients with: cargo run -p realtime-chat --bin chat-client")?;
    if shown != DEFAULT || with_token {
        write!(f, " --")?;
    }
    if shown != DEFAULT {
        write!(f, " --url ws://{shown}/rpc/ws")?;
    }
    if with_token {
        write!(f, " --token SECRET")?;
    }
    write!(f, "\nPress Ctrl+C to stop")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_banner_reads_as_on_the_lab_sheet() {
        let running = Event::Running { address: DEFAULT, with_token: false };
        let expected = "\
🚀 Chat server running on http://127.0.0.1:8080
   WebSocket endpoint: ws://127.0.0.1:8080/rpc/ws
   HTTP endpoint: http://127.0.0.1:8080/rpc/batch
   Browser page: http://127.0.0.1:8080/

Run clients with: cargo run -p realtime-chat --bin chat-client
Press Ctrl+C to stop";
        assert_eq!(running.to_string(), expected);
    }

    #[test]
    fn the_banner_says_what_a_client_must_be_told() {
        let address = "0.0.0.0:9000".parse().unwrap();
        let text = Event::Running { address, with_token: true }.to_string();
        assert!(
            text.contains(" -- --url ws://127.0.0.1:9000/rpc/ws --token SECRET\n"),
            "{text}"
        );
        assert!(text.contains("instead of 127.0.0.1\n") && !text.contains("0.0.0.0"), "{text}");
    }
}
