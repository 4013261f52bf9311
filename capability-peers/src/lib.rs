//! Lab 3, capability-peers: Alice and Bob call each other, in Cap'n Web over HTTP.
//!
//! [`capnweb`] is the new idea: calls with answers, and capabilities; pure text in, text out. HTTP
//! carries it, [`listener`] answers calls and [`sender`] makes them. What can be called is in
//! [`peer`]. `bin/alice.rs` and `bin/bob.rs` differ in nothing but their roles.
//!
//! # Thread map
//!
//! One thread decides; every other thread waits for one thing, and reports it.
//!
//! ```text
//!  ctrl-c ── interrupt ──────────┐
//!  listener ─▶ caller* ─ event ──┼─▶  alice  ──▶ screen
//!  sender ── event ──────────────┘   (select!)
//!                   (* one for each connection)
//! ```
//!
//! | thread     | owns                       | waits in                | ends                         |
//! |------------|----------------------------|-------------------------|------------------------------|
//! | `alice`    | what is told, the screen   | `select!`               | when the user ends it (main) |
//! | `listener` | the socket that is dialed  | `accept`                | when woken and told to       |
//! | `caller`   | one connection             | `read`, `write`         | with the connection          |
//! | `sender`   | our own calls              | `connect`, `read`       | when all is said             |
//! | `ctrl-c`   | nothing                    | a signal                | with the process             |
//!
//! (`bob`, if it is Bob.) All but the last are joined, but for a sender whose friend lets it wait.
//!
//! What callers share is one number, see [`peer`], and the target they call, which does not change.

pub mod arguments;
pub mod console;
pub mod event;
pub mod interrupt;
pub mod message;
pub mod owner;
pub mod peer;
pub mod repr;
pub mod role;
pub mod sender;
pub mod stdout;
pub mod teller;

use std::io::{self, ErrorKind, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow};

pub use event::Event;

use arguments::Arguments;
use console::is_gone;
use interrupt::interrupts;
use role::Role;

/// Plays a role: sockets first, then threads, then it does what its role says.
pub fn play(role: Role) -> ExitCode {
    match run(role) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Not `eprintln!`: it panics if nobody reads that either.
            let _ = writeln!(io::stderr(), "error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(role: Role) -> Result<()> {
    let Arguments { port, friend } = Arguments::read(&role);
    let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .map_err(|error| cannot_listen(port, &error))?;
    // Before the first line, since whoever reads it may press Ctrl-C at once.
    let interrupts = interrupts().context("cannot wait for Ctrl-C")?;
    match owner::run(role, socket, friend, &interrupts) {
        // Whoever closes the window has ended us, and that is done.
        Err(error) if is_gone(&error) => Ok(()),
        ended => ended.context("cannot go on"),
    }
}

fn cannot_listen(port: u16, error: &io::Error) -> anyhow::Error {
    match error.kind() {
        ErrorKind::AddrInUse => anyhow!(
            "port {port} is in use, perhaps by another peer: stop that one, or choose another \
             --port"
        ),
        ErrorKind::PermissionDenied => {
            anyhow!("port {port} is not open to you: choose a --port of 1024 or more")
        }
        _ => anyhow!("cannot listen on port {port}: {error}"),
    }
}
