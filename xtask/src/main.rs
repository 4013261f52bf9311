//! The verbs that a user types as `cargo xtask VERB ...` or `just VERB ...`.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Arg, ArgAction, value_parser};
use grader::labs::Misspelt;
use grader::{scratch, task};
use scenario::workspace;
use xtask::size::{self, Crate};
use xtask::{bench, book, class, delta, soak};

fn main() -> ExitCode {
    run().unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::from(if error.is::<Misspelt>() { 2 } else { 1 })
    })
}

fn run() -> Result<ExitCode> {
    let matches = usage().get_matches();
    let _scratch = scratch::enter().context("cannot make a folder for temporary files")?;
    let Some((verb, chosen)) = matches.subcommand() else { return Ok(ExitCode::from(2)) };

    let workspace = workspace();
    let word = |name| {
        let word = chosen.try_get_one::<String>(name).ok().flatten();
        word.map_or("", String::as_str)
    };
    let tasks = || task::named(&workspace, word("LAB"), word("TASK"));
    let times = || chosen.get_one("times").map_or(1, |times| *times);
    let crates = || Crate::all(&workspace).context("cannot read the crates");
    match verb {
        "bench" => bench::run(&workspace, &tasks()?)?,
        "book" => book::run(&workspace, chosen.get_flag("open"))?,
        "class" => class::run(&workspace, &tasks()?, times(), Path::new(word("to")))?,
        "delta" => {
            let all = crates()?;
            let lab = |side| size::find(&all, word(side));
            let (a, b) = (&lab("A")?.sources, &lab("B")?.sources);
            println!("{}\n{}", delta::between(a, b), delta::in_words(a, b));
        }
        "size" => {
            let all = crates()?;
            let one = Some(word("CRATE")).filter(|name| !name.is_empty());
            let one = one.map(|name| size::find(&all, name)).transpose()?;
            print!("{}", one.map_or_else(|| size::crates(&all), size::files));
        }
        _ => {
            let passes = soak::run(&workspace, &tasks()?, times())?;
            return Ok(if passes { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn usage() -> clap::Command {
    let word = |name, help| Arg::new(name).help(help);
    let lab = word("LAB", "A lab's folder or package, such as week05");
    let task = word("TASK", "A task, such as b");
    let week05 = lab.clone().default_value("week05");
    let to = word("to", "Where they are written").value_name("PATH").long("to").required(true);
    let often = Arg::new("times").value_name("N").help("How many, or how often");
    let often = often.value_parser(value_parser!(usize)).default_value("100");
    let open = Arg::new("open").long("open").help("Show it in a browser");
    let open = open.action(ArgAction::SetTrue);
    let one = word("CRATE", "A crate's folder or package [default: all]");
    let before = word("A", "A lab's folder or package").required(true);
    let after = word("B", "The lab to compare with it").required(true);
    let verb = |name: &'static str, about: &'static str| clap::Command::new(name).about(about);
    verb("xtask", "The upkeep of the course")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands([
            verb("size", "Print the size of all crates, or of one").arg(one),
            verb("delta", "Print what lab B adds to lab A").args([before, after]),
            verb("bench", "Measure all labs, or one, and write docs/performance.md").arg(&lab),
            verb("book", "Build the pages as a book").arg(open),
            verb("class", "Make submissions to try grading with").args([&often, &week05, &to]),
            verb("soak", "Ask N times for each behaviour, with all cores busy")
                .args([&often, &lab, &task]),
        ])
}
