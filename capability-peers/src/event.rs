//! Events: what happened, and every line on the screen that tells of it. All wording is here.

use std::fmt;
use std::net::SocketAddr;

use crate::role::Role;

/// Something happened that the user should read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// This peer is about to listen on this port.
    Starting(u16),
    /// It can be called here.
    Running(SocketAddr),
    /// It looks for its friend at this URL.
    Connecting(String),
    /// It calls one of its friend's methods, with these arguments.
    Calls(&'static str, Vec<String>),
    /// This is what the friend has answered.
    Answered(String),
    /// The friend has answered with an error.
    Refused(String),
    /// It could not call its friend, for this reason.
    NotConnected(String),
    /// It has said all it had to say.
    Over,
    /// Somebody has called `chat` with this message.
    Received(String),
    /// There is nothing more to do but to be called.
    Waiting,
    /// Nobody can be let in, for this reason of the system's.
    CannotAccept(String),
    /// This is the last line.
    ShuttingDown,
}

impl Event {
    /// The line, or lines, as the peer in this role prints them, with their line ends.
    pub fn lines(&self, role: &Role) -> String {
        Told(self, role).to_string()
    }
}

struct Told<'a>(&'a Event, &'a Role);

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(event, Role { name, pronoun, friend, .. }) = self;
        match event {
            Event::Starting(port) => writeln!(f, "🚀 Starting {name} on port {port}..."),
            Event::Running(address) => write!(
                f,
                "✅ {name} is running!\n   - {name} exports {pronoun} capabilities at \
                 http://{address}/rpc/batch\n   - {name} can receive calls from {friend}\n\n"
            ),
            Event::Connecting(url) => writeln!(f, "🔗 Connecting to {friend} at {url}..."),
            Event::Calls(method, args) => {
                writeln!(f, "📞 {name} calls {friend}.{method}({})...", args.join(", "))
            }
            Event::Answered(value) => writeln!(f, "   ← {value}"),
            Event::Refused(error) => writeln!(f, "   ❌ {error}"),
            Event::NotConnected(why) => write!(
                f,
                "❌ Could not connect to {friend}: {why}\n   Start {friend} in another terminal, \
                 then {name} again; or name another place with --peer URL\n"
            ),
            Event::Over => writeln!(f),
            Event::Received(message) => writeln!(f, "📨 {name} received: {message}"),
            Event::Waiting => writeln!(f, "⏳ {name} is waiting for calls from {friend}..."),
            Event::CannotAccept(why) => {
                writeln!(f, "⚠️ Nobody can be let in for now: {why}")
            }
            Event::ShuttingDown => writeln!(f, "👋 {name} shutting down..."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_read_as_on_the_lab_sheet() {
        let alice = Role {
            name: "Alice",
            pronoun: "her",
            port: 8080,
            greeting: "",
            thanks: "",
            friend: "Bob",
            friends_port: 8081,
            message: "",
            message_in_short: "",
        };
        let running = Event::Running("127.0.0.1:8080".parse().unwrap()).lines(&alice);
        assert_eq!(
            running,
            "✅ Alice is running!\n   - Alice exports her capabilities at \
             http://127.0.0.1:8080/rpc/batch\n   - Alice can receive calls from Bob\n\n"
        );
        let calls = Event::Calls("chat", vec!["'Hi Bob!'".into()]).lines(&alice);
        assert_eq!(calls, "📞 Alice calls Bob.chat('Hi Bob!')...\n");
        let waiting = Event::Waiting.lines(&alice);
        assert_eq!(waiting, "⏳ Alice is waiting for calls from Bob...\n");
    }
}
