//! A peer: it opens its socket, starts its threads, and does what the rules say.
//!
//! *What if you start two peers with the same ID?* In the example only the listener thread
//! panics; the prompt goes on, and no message can arrive. Here the socket is opened before any
//! thread starts, so a used port is an error message, and the program ends.

use std::io::{self, ErrorKind, Write};
use std::net::{SocketAddr, TcpListener};
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow};
use week05::arguments::Arguments;
use week05::config::MAX_MESSAGE;
use week05::owner::Owner;

fn main() -> ExitCode {
    match run(Arguments::read()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Not `eprintln!`, which panics if stderr is closed too.
            let _ = writeln!(io::stderr(), "error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(Arguments { id, plan }: Arguments) -> Result<()> {
    let address = plan.address_of(id).context("this peer has no port")?;
    let socket = TcpListener::bind(address).map_err(|error| cannot_listen(address, &error))?;
    // Before the first line is printed: its reader may press Ctrl-C at once.
    let interrupts = terminal::interrupts().context("cannot wait for Ctrl-C")?;
    let lines = terminal::lines(MAX_MESSAGE).context("cannot read the keyboard")?;
    let owner = Owner::start(id, plan, socket).context("cannot start the threads")?;
    owner.run(&lines, &interrupts).context("cannot go on")
}

fn cannot_listen(address: SocketAddr, error: &io::Error) -> anyhow::Error {
    let port = address.port();
    match error.kind() {
        ErrorKind::AddrInUse => anyhow!(
            "port {port} is in use, perhaps by a peer with the same ID: stop that one, start \
             this one with another ID, or move all peers with --base-port"
        ),
        ErrorKind::AddrNotAvailable => anyhow!(
            "{} is no address of this machine: choose another --host, such as 127.0.0.1",
            address.ip()
        ),
        ErrorKind::PermissionDenied => {
            anyhow!("port {port} is not open to you: choose another --base-port, from 1024 up")
        }
        _ => anyhow!("cannot listen on {address}: {error}"),
    }
}
