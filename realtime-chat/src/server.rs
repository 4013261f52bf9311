//! The server: a room, and all that lets clients come in.
//!
//! The thread map is in `lib.rs`.
//!
//! | file | idea |
//! |---|---|
//! | [`owner`] | the one thread that has the room |
//! | [`goodbye`] | what everybody is told at the end |
//! | [`reception`] | what can be asked for in HTTP |
//! | [`token`] | who may come in |
//! | [`visitor`] | a client for one request: a batch |
//! | [`desk`] | a client that stays: its session, and the room |
//! | [`pressure`] | when the room waits for its clients |
//! | [`archive`] | what was said, in a file |
//! | [`event`] | every line on the screen |

pub mod archive;
pub mod arguments;
pub mod desk;
pub mod event;
pub mod goodbye;
pub mod owner;
pub mod pressure;
pub mod reception;
pub mod token;
pub mod visitor;

use std::io::{self, ErrorKind, Write};
use std::net::{SocketAddr, TcpListener};
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow};
use capability_peers::console::is_gone;
use capability_peers::interrupt::interrupts;

use archive::Archive;
use arguments::Arguments;
use owner::Owner;

/// Serves until the user ends it.
pub fn serve() -> ExitCode {
    match run(Arguments::read()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Not `eprintln!`: it panics if nobody reads that either.
            let _ = writeln!(io::stderr(), "error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Sockets and files first, then threads, then it does what its rules say.
fn run(Arguments { place, token, history, rate }: Arguments) -> Result<()> {
    let socket = TcpListener::bind(place).map_err(|error| cannot_listen(place, &error))?;
    let opened = history.map(|path| Archive::open(&path)).transpose();
    let (archive, past) = opened.map_err(|why| anyhow!("{why}"))?.unzip();
    // Before the first line, since whoever reads it may press Ctrl-C at once.
    let interrupts = interrupts().context("cannot wait for Ctrl-C")?;
    let owner = Owner::new(rate, archive, past.unwrap_or_default());
    match owner.and_then(|owner| owner.run(socket, token, &interrupts)) {
        // Whoever closes the window has ended us, and that is done.
        Err(error) if is_gone(&error) => Ok(()),
        ended => ended.context("cannot go on"),
    }
}

fn cannot_listen(place: SocketAddr, error: &io::Error) -> anyhow::Error {
    let (host, port) = (place.ip(), place.port());
    match error.kind() {
        ErrorKind::AddrInUse => anyhow!(
            "port {port} is in use, perhaps by another chat server: stop that one, or choose \
             another --port"
        ),
        ErrorKind::PermissionDenied => {
            anyhow!("port {port} is not open to you: choose a --port of 1024 or more")
        }
        ErrorKind::AddrNotAvailable => {
            anyhow!("{host} is no address of this machine: choose another --host")
        }
        _ => anyhow!("cannot listen on {place}: {error}"),
    }
}
