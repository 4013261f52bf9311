//! Bob. Compare with `alice.rs`: there is no client and no server, only two roles.

use std::process::ExitCode;

use capability_peers::Role;

fn main() -> ExitCode {
    capability_peers::play(Role {
        name: "Bob",
        pronoun: "his",
        port: 8081,
        greeting: "Hey there! I'm Bob.",
        thanks: "Bob says: Got your message #",
        friend: "Alice",
        friends_port: 8080,
        message: "Hi Alice, this is Bob!",
        message_in_short: "Hi Alice!",
    })
}
