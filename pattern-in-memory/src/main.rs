//! The terminal: chooses a story (the lab sheet's, or a script), prints it, and reports the end.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Arg, Command, value_parser};
use pattern_in_memory::event::{Event, FORMS, Trouble};
use pattern_in_memory::{demo, script};

fn main() -> ExitCode {
    let args = arguments().get_matches();
    let show = |event: &Event| writeln!(io::stdout(), "{event}");
    let ended = match args.get_one::<PathBuf>("script") {
        None => demo::story().iter().try_for_each(show).map_err(Trouble::Screen),
        Some(path) if path.as_os_str() == "-" => script::tell("-", io::stdin().lock(), show),
        Some(path) => script::tell_file(path, show),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read our output has seen enough of it (`| head -1`). Nothing has failed.
        Err(Trouble::Screen(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(trouble) => {
            let _ = writeln!(io::stderr(), "{trouble}"); // `eprintln!` panics if nobody reads it.
            trouble.exit_code().into()
        }
    }
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
