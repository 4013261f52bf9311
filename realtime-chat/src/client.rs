//! The client: one user, at a terminal.
//!
//! The thread map is in `lib.rs`.
//!
//! | file | idea |
//! |---|---|
//! | [`arguments`], [`place`], [`token`] | what is said on the command line |
//! | [`keyboard`], [`command`] | what is typed, and what it means |
//! | [`chatter`] | the client's rules |
//! | [`dialer`] | from a URL to a link |
//! | [`desk`], [`answer`] | calls in both directions |
//! | [`shelf`] | files |
//! | [`event`] | all wording, and all colour |
//! | [`owner`] | the one thread that decides and prints |

pub mod answer;
pub mod arguments;
pub mod chatter;
pub mod command;
pub mod desk;
pub mod dialer;
pub mod event;
pub mod keyboard;
pub mod owner;
pub mod place;
pub mod shelf;
pub mod token;

use std::env;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use anyhow::{Context, Result};
use capability_peers::console::{Screen, is_gone};
use capability_peers::interrupt::interrupts;

use arguments::Arguments;
use chatter::Chatter;
use dialer::Dialer;
use event::Gone;
use keyboard::Keyboard;
use owner::Owner;
use shelf::Shelf;

/// Talks until the user leaves.
pub fn talk() -> ExitCode {
    let why = match run(Arguments::read()) {
        Ok(Ok(())) => return ExitCode::SUCCESS,
        Ok(Err(gone)) => gone.to_string(),
        Err(error) => format!("error: {error:#}"),
    };
    // Not `eprintln!`: it panics if nobody reads that either.
    let _ = writeln!(io::stderr(), "{why}");
    ExitCode::FAILURE
}

fn run(Arguments { place, name, token, downloads }: Arguments) -> Result<Result<(), Gone>> {
    // Before the first line, since whoever reads it may press Ctrl-C at once.
    let interrupts = interrupts().context("cannot wait for Ctrl-C")?;
    let screen = Screen::open().context("cannot print")?;
    let keyboard = Keyboard::plug_in().context("cannot read the keyboard")?;
    let (chatter, shelf) = (Chatter::new(name), Shelf::new(downloads));
    let owner = Owner::new(chatter, Dialer { place, token }, shelf, screen, has_colour());
    let ended = owner.run(&keyboard.lines, &interrupts);
    keyboard.unplug();
    match ended {
        // Whoever closes the window has left, and the others have been told.
        Err(error) if is_gone(&error) => Ok(Ok(())),
        ended => ended.context("cannot go on"),
    }
}

/// Whether there is somebody to see colours, who has not said that they are unwelcome
/// (<https://no-color.org>).
fn has_colour() -> bool {
    io::stdout().is_terminal() && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
