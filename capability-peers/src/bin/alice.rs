//! Alice. Compare with `bob.rs`: there is no client and no server, only two roles.

use std::process::ExitCode;

use capability_peers::Role;

fn main() -> ExitCode {
    capability_peers::play(Role {
        name: "Alice",
        pronoun: "her",
        port: 8080,
        greeting: "Hello! I'm Alice.",
        thanks: "Alice says: Thanks for the message #",
        friend: "Bob",
        friends_port: 8081,
        message: "Hi Bob, this is Alice!",
        message_in_short: "Hi Bob!",
    })
}
