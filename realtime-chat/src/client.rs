//! The client: one user, at a terminal.
//!
//! The thread map is in `lib.rs`.
//!
//! | file | idea |
//! |---|---|
//! | `client/arguments.rs`, `client/server_url.rs` | the command line |
//! | `client/command.rs` | typed lines, and their meaning |
//! | `client/chat_client.rs` | the client's rules |
//! | `client/dialer.rs` | from a URL to a link |
//! | `client/session.rs` | calls in both directions |
//! | `client/shared_file.rs` | a file of ours that others read |
//! | `client/downloads.rs` | files of others that are saved |
//! | `client/event.rs` | all wording, and all colour |
//! | `client/owner.rs` | the one thread that decides and prints |

mod arguments;
mod chat_client;
mod command;
mod dialer;
mod downloads;
mod event;
mod owner;
mod server_url;
mod session;
mod shared_file;

use std::env;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result};
use terminal::{Screen, interrupts, is_gone, lines};

use crate::interface::MAX_MESSAGE;
use arguments::Arguments;
use chat_client::ChatClient;
use dialer::Dialer;
use downloads::Downloads;
use event::Gone;
use owner::Owner;

/// The longest line, in bytes: the longest message, and before it a command and a name.
const MAX_LINE: usize = MAX_MESSAGE + 256;

/// Talks until the user leaves.
pub fn talk() -> ExitCode {
    let why = match run(Arguments::read()) {
        Ok(Ok(())) => return ExitCode::SUCCESS,
        Ok(Err(gone)) => gone.to_string(),
        Err(error) => format!("error: {error:#}"),
    };
    // Not `eprintln!`: it panics if stderr is closed. In one write, so that no other output can
    // stand between the line and its end.
    let _ = io::stderr().write_all(format!("{why}\n").as_bytes());
    ExitCode::FAILURE
}

fn run(Arguments { server, name, token, downloads }: Arguments) -> Result<Result<(), Gone>> {
    // Before the first line: its reader may press Ctrl-C at once.
    let interrupts = interrupts().context("cannot wait for Ctrl-C")?;
    let screen = Screen::stdout().context("cannot print")?;
    let lines = lines(MAX_LINE).context("cannot read the keyboard")?;
    let (chat, downloads) = (ChatClient::new(name, Instant::now()), Downloads::new(downloads));
    let (dialer, has_colour) = (Dialer { server, token }, has_colour());
    let has_prompt = io::stdin().is_terminal() && io::stdout().is_terminal();
    let owner = Owner { chat, dialer, downloads, screen, has_colour, has_prompt, link: None };
    match owner.run(&lines, &interrupts) {
        // The user has closed the window, and the others have been told.
        Err(error) if is_gone(&error) => Ok(Ok(())),
        ended => ended.context("cannot go on"),
    }
}

/// Whether the terminal shows colours, and the user has not turned them off
/// (<https://no-color.org>).
fn has_colour() -> bool {
    io::stdout().is_terminal() && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

#[cfg(test)]
mod tests;
