//! The chat server.

use std::process::ExitCode;

fn main() -> ExitCode {
    realtime_chat::server::serve()
}
