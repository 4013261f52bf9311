//! The server: a room, and all that lets clients come in.
//!
//! The thread map is in `lib.rs`.
//!
//! | file | idea |
//! |---|---|
//! | `server/owner.rs` | the one thread that has the room |
//! | `server/wait_budget.rs` | how long the room waits for clients that do not read |
//! | `server/goodbye.rs` | the last message to all clients |
//! | `server/routes.rs` | the page, the batch and the WebSocket in HTTP |
//! | `server/batch_client.rs` | a client for one request |
//! | `server/session.rs` | a client that stays: its session, and the room |
//! | `server/history_file.rs` | the history, in a file |
//! | `server/event.rs` | every line on the screen |

mod arguments;
mod batch_client;
mod event;
mod goodbye;
mod history_file;
mod owner;
mod routes;
mod session;
mod wait_budget;

use std::io::{self, ErrorKind, Write};
use std::net::{SocketAddr, TcpListener};
use std::process::ExitCode;

use anyhow::{Context, Result, anyhow};
use terminal::{Screen, interrupts, is_gone};

use crate::room::ChatRoom;
use arguments::Arguments;
use history_file::HistoryFile;
use owner::Owner;

/// Serves until the user ends it.
pub fn serve() -> ExitCode {
    match run(Arguments::read()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Not `eprintln!`: it panics if stderr is closed. In one write, so that no other output
            // can stand between the line and its end.
            let _ = io::stderr().write_all(format!("error: {error:#}\n").as_bytes());
            ExitCode::FAILURE
        }
    }
}

/// Sockets and files first, then threads.
fn run(Arguments { bind_address, origins, token, history, rate }: Arguments) -> Result<()> {
    let socket =
        TcpListener::bind(bind_address).map_err(|error| cannot_listen(bind_address, &error))?;
    let (history, past) = history.map(|path| HistoryFile::open(&path)).transpose()?.unzip();
    let past = past.unwrap_or_default();
    // Before the first line: its reader may press Ctrl-C at once.
    let interrupts = interrupts().context("cannot wait for Ctrl-C")?;
    let screen = Screen::stdout().context("cannot print")?;
    let owner = Owner::new(ChatRoom::new(rate, past.notes), history, screen);
    match owner.run(socket, token, &origins, &past.news, &interrupts) {
        // The user has closed the window, which ends the program.
        Err(error) if is_gone(&error) => Ok(()),
        ended => ended.context("cannot go on"),
    }
}

fn cannot_listen(address: SocketAddr, error: &io::Error) -> anyhow::Error {
    let (host, port) = (address.ip(), address.port());
    match error.kind() {
        ErrorKind::AddrInUse => anyhow!(
            "port {port} is in use, perhaps by another chat server: stop that one, or choose \
             another --port"
        ),
        ErrorKind::PermissionDenied => {
            anyhow!("port {port} is not open to you: choose another --port, from 1024 up")
        }
        ErrorKind::AddrNotAvailable => {
            anyhow!("{host} is no address of this machine: choose another --host")
        }
        _ => anyhow!("cannot listen on {address}: {error}"),
    }
}
