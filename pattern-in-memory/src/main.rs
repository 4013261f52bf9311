//! The terminal: chooses a story (the lab sheet's, or a script), prints it, and reports the end.

use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Arg, Command, value_parser};
use pattern_in_memory::event::{Error, Event, FORMS};
use pattern_in_memory::{demo, script};

fn main() -> ExitCode {
    let ended = match arguments().get_matches().get_one::<PathBuf>("script") {
        None => print(&demo::story()),
        Some(path) if path.as_os_str() == "-" => tell(path, Ok(terminal::stdin())),
        Some(path) => tell(path, File::open(path).map(BufReader::new)),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        // The reader of our output has seen enough of it (`| head -1`). Nothing has failed.
        Err(Error::Screen(error)) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            // 2: the script is wrong. 1: the program failed.
            ExitCode::from(if matches!(error, Error::Line { .. }) { 2 } else { 1 })
        }
    }
}

/// Prints what each line of `script` leads to. If it is typed, a refused line does not end the
/// story: a person at a terminal types it again, but the rest of a file may need the refused step.
fn tell(path: &Path, script: io::Result<impl BufRead>) -> Result<(), Error> {
    let is_typed = path.as_os_str() == "-" && io::stdin().is_terminal();
    let name = || terminal::clean(path.to_string_lossy().as_bytes());
    // A terminal drops the end of a longer line silently.
    let limit = if is_typed { terminal::LONGEST_TYPED } else { script::MAX_LINE };
    let unreadable = |error| Error::Script { name: name(), error };
    for (number, told) in (1..).zip(script::tell(script.map_err(unreadable)?, limit)) {
        match told.map_err(unreadable)? {
            Ok(events) => print(&events)?,
            Err(refusal) if is_typed => complain(&Error::Line { number, refusal }),
            Err(refusal) => return Err(Error::Line { number, refusal }),
        }
    }
    Ok(())
}

fn print(events: &[Event]) -> Result<(), Error> {
    let mut screen = terminal::Screen::stdout().map_err(Error::Screen)?;
    events.iter().map(Event::to_string).for_each(|line| screen.show(&line));
    screen.flush().map_err(Error::Screen)
}

fn complain(error: &Error) {
    let _ = writeln!(io::stderr(), "{error}"); // `eprintln!` panics if stderr is closed.
}

fn arguments() -> Command {
    let script = Arg::new("script").long("script").value_name("FILE");
    let script = script.value_parser(value_parser!(PathBuf));
    Command::new(env!("CARGO_PKG_NAME"))
        .version(env!("CARGO_PKG_VERSION"))
        .about("Tells a story of peers that talk to each other, with no network at all")
        .arg(script.help("Tell the story in this file, or the one that is typed (-)"))
        .after_help(format!("A script has one step a line:\n  {}", FORMS.join("\n  ")))
}
