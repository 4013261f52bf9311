//! The verbs that a user types as `cargo lab VERB ...` or `just VERB ...`.
//!
//! A misspelt name is an error that lists the right ones, where cargo would run no test and
//! report success.

#[cfg(target_os = "linux")]
use std::env;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Arg, ArgAction, value_parser};
use grader::code::Source;
use grader::delta;
use grader::labs::{Lab, Misspelt, find, workspace};
use grader::size::{self, Crate};
use grader::task;
use grader::{class, mistakes, solution, start, test};

fn main() -> ExitCode {
    run().unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::from(if error.is::<Misspelt>() { 2 } else { 1 })
    })
}

fn run() -> Result<ExitCode> {
    // Before clap: the words behind `jail` belong to the program.
    #[cfg(target_os = "linux")]
    if env::args_os().nth(1).is_some_and(|verb| verb == "jail") {
        match grader::jail::become_program(env::args_os().skip(2))? {}
    }
    let lab = Arg::new("LAB").help("A lab's folder or package, such as week05");
    let task = Arg::new("TASK").help("A task, such as b, or a file of its tests");
    let times = Arg::new("times").long("repeat").help("Ask N times for each behaviour");
    let times = times.value_name("N").default_value("1").value_parser(value_parser!(u16));
    let lab2 = lab.clone();
    let restore = Arg::new("restore").long("restore").help("Put the answer back");
    let restore = restore.action(ArgAction::SetTrue);
    let (this_lab, this_task) = (lab.clone().required(true), task.clone().required(true));
    let one = Arg::new("CRATE").help("A crate's folder or package [default: all]");
    let before = Arg::new("A").required(true).help("A lab's folder or package");
    let after = Arg::new("B").required(true).help("The lab to compare with it");
    let verb = clap::Command::new;
    let mut usage = verb("grader")
        .about("Judges the labs from outside")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(
            verb("test").about("Test all tasks, a lab, or a task").args([lab, task, times]),
        )
        .subcommand(
            verb("start").about("Begin a task: write its stub").args([&this_lab, &this_task]),
        )
        .subcommand(
            verb("solution")
                .about("Show the answer of a task")
                .args([this_lab, this_task, restore]),
        )
        .subcommand(class::usage())
        .subcommand(
            verb("mistakes")
                .about("Try all known mistakes, and say what catches them")
                .arg(lab2),
        )
        .subcommand(verb("size").about("Print the size of all crates, or of one").arg(one))
        .subcommand(
            verb("delta").about("Print what lab B adds to lab A").args([before, after]),
        );
    let matches = usage.get_matches_mut();
    let Some((verb, chosen)) = matches.subcommand() else { return Ok(ExitCode::from(2)) };

    let workspace = workspace();
    let labs = Lab::all(&workspace).context("cannot list the labs")?;
    let word = |name| chosen.get_one::<String>(name).filter(|word| !word.is_empty());
    let word = |name| word(name).map(String::as_str);
    let lab = |name| find(&labs, word(name).unwrap_or_default());
    let task = || {
        let (lab, task) = (word("LAB"), word("TASK"));
        task::find(&workspace, &labs, lab.unwrap_or_default(), task.unwrap_or_default())
    };
    match verb {
        "size" => print!("{}", size_of(word("CRATE"))?),
        "delta" => print!("{}", delta::between(&sources(lab("A")?)?, &sources(lab("B")?)?)),
        "grade" => return class::run(&workspace, &labs, chosen),
        "mistakes" => {
            let chosen = word("LAB").map(|_| lab("LAB")).transpose()?;
            return mistakes::run(&workspace, chosen.map_or(&labs[..], std::slice::from_ref));
        }
        "start" => print!("{}", start::run(&workspace, &task()?)?),
        "solution" => {
            print!("{}", solution::run(&workspace, &task()?, chosen.get_flag("restore"))?);
        }
        _ => {
            let times = chosen.get_one("times").map_or(1, |times: &u16| usize::from(*times));
            let passed = test::run(&workspace, &labs, word("LAB"), word("TASK"), times)?;
            return Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn sources(lab: &Lab) -> Result<Vec<Source>> {
    Source::all(&workspace().join(&lab.folder)).context("cannot read the lab")
}

fn size_of(name: Option<&str>) -> Result<String> {
    let crates = Crate::all(&workspace()).context("cannot read the crates")?;
    let Some(name) = name else { return Ok(size::crates(&crates)) };
    let found = crates.iter().find(|one| one.is_called(name)).ok_or_else(|| {
        let names: Vec<_> = crates.iter().map(|one| one.package.as_str()).collect();
        Misspelt(format!("there is no crate {name:?}; the crates are: {}", names.join(", ")))
    })?;
    Ok(size::files(found))
}
