//! Events: what happened, in the words of the lab sheet.
//!
//! Every line that a running peer prints is worded in this file. (The errors that keep a peer from
//! starting are worded in `main.rs` and `arguments.rs`, and go to stderr.)

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use terminal::LONGEST_TYPED;

use crate::frame::MAX_MESSAGE;
use crate::peer_info::{PeerId, PeerInfo};
use crate::version::VERSION;

/// The prompt.
pub const PROMPT: &str = "💬 ";

/// Something that happened, and that the user should read. A peer is given by its label: its name,
/// and a part of its id if the name alone would not tell it from another peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// This peer is up.
    Started(PeerInfo),
    /// A link to a peer at this address stands.
    Discovered(String, IpAddr),
    /// A peer at this address has the id of a linked one, and has taken the place of its link.
    Reconnected(String, IpAddr),
    /// Our user asked which peers are linked: these, each with the address to dial it at.
    Listed(Vec<(String, PeerId, SocketAddr)>),
    /// A peer says this message, which is clean.
    Said(String, String),
    /// Our user said something, and this many outboxes took it.
    Sent(usize),
    /// Our user said something, or asked which peers are linked, and none is.
    NoPeers,
    /// A peer is gone, for this reason.
    Gone(String, Gone),
    /// This many messages to a peer were not confirmed.
    Unconfirmed(String, u64),
    /// Our user typed this many bytes at once.
    TooLong(usize),
    /// Our user typed a command that does not exist.
    Unknown(String),
    /// Our user asked what can be typed.
    Help,
    /// Our announcements do not reach the network, for this reason.
    CannotAnnounce(String),
    /// Our announcements reach the network again.
    Announcing,
    /// No peer answers at this address, as our user named it; this is told once.
    NoAnswer(String, Failure),
    /// A peer at this address speaks this other version; this is told once.
    OtherVersion(u32, IpAddr),
    /// There are as many links as there may be; this is told once.
    Crowded(usize),
    /// The system accepts no call, for this reason.
    AcceptFailed(String),
    /// This is the last line.
    Goodbye,
}

/// How a peer went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gone {
    /// It said goodbye.
    Left,
    /// It hung up, or its program ended, without a goodbye.
    HungUp,
    /// It said nothing for this long.
    Silent(Duration),
    /// It did not read what we sent.
    NotReading,
    /// It sent a line that is longer than a frame may be.
    LineTooLong,
    /// The link broke, and the system gave this reason.
    Broken(String),
}

/// Why a dial did not become a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// There is another link between the same two peers, or there will be in a moment.
    Dup,
    /// No program listens at that port.
    Refused,
    /// No program accepted in time.
    NoAnswer,
    /// The link ended before its hello.
    Gone(Gone),
    /// Another peer listens there than the one we called.
    AnotherPeer,
    /// The peer speaks this other version.
    OtherVersion(u32),
    /// The program that answered is no peer.
    NotOurs,
    /// The address is not on this machine, and we stay there (`--local`).
    Elsewhere,
    /// Another failure, and the reason that the system gave.
    System(String),
}

impl Event {
    /// Whether a blank line follows on a screen that a person reads, as on the lab sheet.
    pub fn ends_a_paragraph(&self) -> bool {
        matches!(
            self,
            Self::Started(_)
                | Self::Discovered(..)
                | Self::Listed(_)
                | Self::Sent(_)
                | Self::NoPeers
                | Self::Help
        )
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Started(PeerInfo { id, port, name }) => write!(
                f,
                "🎙️  Starting P2P Chat...\n👤 Your ID: {id}\n📡 Your Name: {name}\n\
                 🔌 Listening on port: {port}\n🔗 TCP listener started on port {port}"
            ),
            Self::Discovered(who, from) => {
                write!(f, "🔍 Discovered new peer: {who} ({from})")
            }
            Self::Reconnected(who, from) => write!(f, "🔁 {who} reconnected from {from}"),
            Self::Listed(peers) => {
                write!(f, "👥 Discovered peers:")?;
                for (who, id, address) in peers {
                    write!(f, "\n  - {who} ({id}) at {address}")?;
                }
                Ok(())
            }
            Self::Said(who, text) => write!(f, "📨 {who} says: {text}"),
            Self::Sent(peers) => write!(f, "📤 Message sent to {peers} peer(s)"),
            Self::NoPeers => write!(f, "📭 No peers yet"),
            Self::Gone(who, Gone::Left) => write!(f, "👋 {who} left"),
            Self::Gone(who, Gone::HungUp) => {
                write!(f, "👋 {who} left (without saying goodbye)")
            }
            Self::Gone(who, how) => write!(f, "⚠️ lost {who} ({how})"),
            Self::Unconfirmed(who, messages) => {
                write!(f, "⚠️ {messages} message(s) to {who} may not have arrived")
            }
            // Only a terminal sets a lower limit than ours.
            Self::TooLong(..=MAX_MESSAGE) => write!(
                f,
                "⚠️ Not sent: a terminal cuts a line of more than {LONGEST_TYPED} bytes. Send it in \
                 parts"
            ),
            Self::TooLong(bytes) => write!(
                f,
                "⚠️ Not sent: a message has at most {MAX_MESSAGE} bytes, and this one has \
                 {bytes}. Send it in parts"
            ),
            Self::Unknown(word) => write!(
                f,
                "⚠️ Unknown command {word}: /help lists what there is, and a message that \
                 begins with / is typed with two of them"
            ),
            Self::Help => write!(f, "{HELP}"),
            Self::CannotAnnounce(why) => write!(
                f,
                "⚠️ Cannot announce to the network: {why}. Check the network, or name its broadcast \
                 address (--broadcast 192.168.1.255:9999) or a peer (--peer HOST:PORT). On Linux, \
                 peers on this machine can find you all the same"
            ),
            Self::Announcing => write!(f, "📡 Announcing to the network again"),
            Self::NoAnswer(address, why) => write!(
                f,
                "⚠️ No answer from {address} yet ({why}); trying again until there is"
            ),
            Self::OtherVersion(version, from) => write!(
                f,
                "⚠️ A peer at {from} speaks p2pchat/{version}, and this program only \
                 p2pchat/{VERSION}: they cannot talk"
            ),
            Self::Crowded(links) => {
                write!(f, "⚠️ {links} peers are linked, which is all there is room for")
            }
            Self::AcceptFailed(why) => write!(f, "⚠️ No call can be accepted for now: {why}"),
            Self::Goodbye => write!(f, "👋 Goodbye!"),
        }
    }
}

impl fmt::Display for Gone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Left | Self::HungUp => write!(f, "it hung up"),
            Self::Silent(patience) => write!(f, "no answer for {} s", patience.as_secs()),
            Self::NotReading => write!(f, "it does not read what is sent"),
            Self::LineTooLong => write!(f, "it does not speak the protocol"),
            Self::Broken(error) => write!(f, "{error}"),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dup => write!(f, "another link goes there"),
            Self::Refused => write!(f, "nobody listens there"),
            Self::NoAnswer => write!(f, "its machine does not answer"),
            Self::Gone(how) => write!(f, "{how}"),
            Self::AnotherPeer => write!(f, "another peer listens there"),
            Self::OtherVersion(version) => write!(f, "it speaks p2pchat/{version}"),
            Self::NotOurs => write!(f, "it does not speak p2pchat"),
            Self::Elsewhere => write!(f, "it is not on this machine, and --local stays here"),
            Self::System(error) => write!(f, "{error}"),
        }
    }
}

/// What can be typed.
const HELP: &str = "\
❓ Type a message and press Enter: it goes to everybody who is there. Or type
  /list    to see who is there
  /help    to read this again
  /quit    to leave (Ctrl-D and Ctrl-C do the same)
  //...    to send a message that begins with /";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::Name;

    #[test]
    fn lines_read_as_on_the_lab_sheet() {
        let id = PeerId::from_bits(0x00ab_c123_def4_56ab_7789);
        let name = Name::claimed("Alice").unwrap();
        let started = Event::Started(PeerInfo { id, port: 8080, name });
        assert_eq!(
            started.to_string(),
            "🎙️  Starting P2P Chat...\n👤 Your ID: abc123-def456-ab7789\n📡 Your Name: Alice\n\
             🔌 Listening on port: 8080\n🔗 TCP listener started on port 8080"
        );
        let from = "192.168.1.101".parse().unwrap();
        let found = Event::Discovered("Bob".into(), from);
        assert_eq!(found.to_string(), "🔍 Discovered new peer: Bob (192.168.1.101)");
        let address = "192.168.1.101:8081".parse().unwrap();
        let listed = Event::Listed(vec![("Bob".into(), id, address)]);
        assert_eq!(
            listed.to_string(),
            "👥 Discovered peers:\n  - Bob (abc123-def456-ab7789) at 192.168.1.101:8081"
        );
        let said = Event::Said("Bob".into(), "Hey Alice!".into());
        assert_eq!(said.to_string(), "📨 Bob says: Hey Alice!");
        assert_eq!(Event::Sent(1).to_string(), "📤 Message sent to 1 peer(s)");
        assert_eq!(Event::NoPeers.to_string(), "📭 No peers yet");
    }

    #[test]
    fn a_peer_that_goes_is_told_with_the_reason() {
        let gone = |how| Event::Gone("Bob".into(), how).to_string();
        assert_eq!(gone(Gone::Left), "👋 Bob left");
        assert_eq!(gone(Gone::HungUp), "👋 Bob left (without saying goodbye)");
        let silent = Gone::Silent(Duration::from_secs(6));
        assert_eq!(gone(silent), "⚠️ lost Bob (no answer for 6 s)");
        let unconfirmed = Event::Unconfirmed("Bob".into(), 2);
        assert_eq!(unconfirmed.to_string(), "⚠️ 2 message(s) to Bob may not have arrived");
    }
}
