//! Lab 3, capability-peers: Alice and Bob call each other, in Cap'n Web over HTTP.
//!
//! `peer.rs` is what can be called, `listener.rs` lets others call it, and `sender.rs` calls. The
//! protocol is the provided crate [`capnweb`]. `bin/alice.rs` and `bin/bob.rs` differ in nothing
//! but their roles.
//!
//! # Thread map
//!
//! One thread decides what is shown; every other thread waits for one thing and reports it.
//!
//! ```text
//!  ctrl-c ── interrupt ──────────┐
//!  listener ─▶ caller* ─ event ──┼─▶  alice  ──▶ screen
//!  sender ── event ──────────────┘   (select!)
//!                   (* one for each connection, kept for the next one)
//! ```
//!
//! | thread     | owns                       | waits in                | ends                         |
//! |------------|----------------------------|-------------------------|------------------------------|
//! | `alice`    | what is shown, the screen  | `select!`               | when the user ends it (main) |
//! | `listener` | the socket that is dialed  | `accept`                | when told to, and dialed     |
//! | `caller`   | one connection (0 to 256)  | `read`, `write`, `recv` | 250 ms after the last one    |
//! | `sender`   | our own calls              | `connect`, `read`       | when all calls are made      |
//! | `ctrl-c`   | nothing                    | a signal                | with the process             |
//!
//! (`bob`, if it is Bob.) `listener` and `caller` are threads of [`capnweb`], `ctrl-c` is one of
//! [`terminal`]. At the end the listener waits for its callers and closes its channel; the owner waits
//! for that, up to 3 s, and joins the sender. A `sender` that still waits for its friend is left to
//! the end of the process, and so is `ctrl-c`.
//!
//! All callers share the peer, in which two atomics change: how many messages have come, and whether
//! the terminal is stopped (`peer.rs`). There is no lock.

mod arguments;
mod event;
mod event_order;
mod listener;
mod owner;
mod peer;
mod repr;
mod role;
mod sender;

use std::io::{self, ErrorKind, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow};

pub use role::Role;

use arguments::Arguments;
use owner::Owner;

/// Plays a role until the user ends it: sockets first, then threads.
pub fn play(role: Role) -> ExitCode {
    match run(role) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Not `eprintln!`, which panics if stderr is closed too.
            let _ = writeln!(io::stderr(), "error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(role: Role) -> Result<()> {
    let Arguments { port, friend } = Arguments::read(&role);
    let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .map_err(|error| cannot_listen(port, &error))?;
    // Before the first line is printed: its reader may press Ctrl-C at once.
    let interrupts = terminal::interrupts().context("cannot wait for Ctrl-C")?;
    let owner = Owner::start(role, socket, friend).context("cannot start")?;
    match owner.run(&interrupts) {
        Err(error) if !terminal::is_gone(&error) => Err(error).context("cannot print"),
        // A user who closes the window has left.
        _ => Ok(()),
    }
}

fn cannot_listen(port: u16, error: &io::Error) -> anyhow::Error {
    match error.kind() {
        ErrorKind::AddrInUse => anyhow!(
            "port {port} is in use, perhaps by another peer: stop that one, or choose another \
             --port"
        ),
        ErrorKind::PermissionDenied => {
            anyhow!("port {port} is not open to you: choose another --port, from 1024 up")
        }
        _ => anyhow!("cannot listen on port {port}: {error}"),
    }
}
