//! A peer: sockets first, then threads, then it does what its rules say.

use std::io::{self, ErrorKind, Write};
use std::net::{SocketAddr, TcpListener};
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow};
use week05::arguments::Arguments;
use week05::console::Screen;
use week05::extensions::c_shutdown;
use week05::keyboard::Keyboard;
use week05::owner::Owner;
use week05::{Event, Peer};

fn main() -> ExitCode {
    match run(Arguments::read()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Not `eprintln!`: it panics if nobody reads that either.
            let _ = writeln!(io::stderr(), "error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(Arguments { id, neighbourhood }: Arguments) -> Result<()> {
    let address = neighbourhood.address_of(id).context("this peer has no port")?;
    let socket = TcpListener::bind(address).map_err(|error| cannot_listen(address, &error))?;
    // Before the first line, since whoever reads it may press Ctrl-C at once.
    let interrupts = c_shutdown::interrupts().context("cannot wait for Ctrl-C")?;
    let mut screen = Screen::new(id, io::stdout());
    screen.show(&Event::Listening(address.port()));
    screen.refresh().context("cannot print")?;

    let keyboard = Keyboard::plug_in().context("cannot read the keyboard")?;
    let peer = Peer::new(id, neighbourhood);
    let owner = Owner::start(peer, neighbourhood, socket, screen).context("cannot listen")?;
    let ended = owner.run(&keyboard.lines, &interrupts).context("cannot print");
    keyboard.unplug();
    ended
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
            anyhow!("port {port} is not open to you: choose a --base-port of 1024 or more")
        }
        _ => anyhow!("cannot listen on {address}: {error}"),
    }
}
