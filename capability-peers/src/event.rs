//! Events: what happened, and every line on the screen that tells of it. All wording is here.

use std::fmt;
use std::net::SocketAddr;

use crate::listener::PATH;
use crate::role::Role;

/// Something that happened; one line on the screen, or a few.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// This peer is about to listen on this port.
    Starting(u16),
    /// It can be called here.
    Running(SocketAddr),
    /// It looks for its friend at this URL.
    Connecting(String),
    /// It calls one of its friend's methods, with these arguments.
    Calls(&'static str, Vec<String>),
    /// The friend has answered this.
    Answered(String),
    /// A call has no result: the friend has answered with an error, or not at all.
    Refused(String),
    /// It could not call its friend, for this reason.
    NotConnected(String),
    /// All its calls are made.
    Over,
    /// A caller has called `chat` with this message.
    Received(String),
    /// There is nothing more to do but to be called.
    Waiting,
    /// The system accepts no call, for this reason.
    AcceptFailed(String),
    /// This is the last line.
    ShuttingDown,
}

impl Event {
    /// The text as the peer in this role prints it, without its last line end.
    pub(crate) fn text(&self, role: &Role) -> String {
        Shown(self, role).to_string()
    }
}

struct Shown<'a>(&'a Event, &'a Role);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(event, Role { name, pronoun, friend, .. }) = self;
        match event {
            Event::Starting(port) => write!(f, "🚀 Starting {name} on port {port}..."),
            Event::Running(address) => write!(
                f,
                "✅ {name} is running!\n   - {name} exports {pronoun} capabilities at \
                 http://{address}{PATH}\n   - {name} can receive calls from {friend}\n"
            ),
            Event::Connecting(url) => write!(f, "🔗 Connecting to {friend} at {url}..."),
            Event::Calls(method, args) => {
                write!(f, "📞 {name} calls {friend}.{method}({})...", args.join(", "))
            }
            Event::Answered(value) => write!(f, "   ← {value}"),
            Event::Refused(error) => write!(f, "   ❌ {error}"),
            Event::NotConnected(why) => write!(
                f,
                "❌ Could not connect to {friend}: {why}\n   Start {friend} in another terminal, \
                 then {name} again; or name another place with --peer URL"
            ),
            Event::Over => Ok(()),
            Event::Received(message) => write!(f, "📨 {name} received: {message}"),
            Event::Waiting => write!(f, "⏳ {name} is waiting for calls from {friend}..."),
            Event::AcceptFailed(why) => {
                write!(f, "⚠️ No call can be accepted for now: {why}")
            }
            Event::ShuttingDown => write!(f, "👋 {name} shutting down..."),
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
        let running = Event::Running("127.0.0.1:8080".parse().unwrap()).text(&alice);
        assert_eq!(
            running,
            "✅ Alice is running!\n   - Alice exports her capabilities at \
             http://127.0.0.1:8080/rpc/batch\n   - Alice can receive calls from Bob\n"
        );
        let calls = Event::Calls("chat", vec!["'Hi Bob!'".into()]).text(&alice);
        assert_eq!(calls, "📞 Alice calls Bob.chat('Hi Bob!')...");
        let waiting = Event::Waiting.text(&alice);
        assert_eq!(waiting, "⏳ Alice is waiting for calls from Bob...");
    }
}
