//! The chat client.

use std::process::ExitCode;

fn main() -> ExitCode {
    realtime_chat::client::talk()
}
