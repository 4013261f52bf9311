//! A role: all in which Alice and Bob differ. Everything else is the same program.

/// Who a peer is, what it answers, and whom it calls.
#[derive(Clone, Copy, Debug)]
pub struct Role {
    /// Its name.
    pub name: &'static str,
    /// `her`, `his`, `its`.
    pub pronoun: &'static str,
    /// The port it listens on, if the user names no other.
    pub port: u16,
    /// The answer of `greet()`.
    pub greeting: &'static str,
    /// The answer of `chat(message)`, before the number of the message.
    pub thanks: &'static str,
    /// The name of the peer it calls.
    pub friend: &'static str,
    /// The port its friend listens on, if the user names no other.
    pub friends_port: u16,
    /// What it says to its friend with `chat`.
    pub message: &'static str,
    /// The same in short, for its own terminal.
    pub message_in_short: &'static str,
}
