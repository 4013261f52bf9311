//! `cargo grade [LAB] [TASK]` runs the tests of all labs, of one lab, or of one task. `just size`
//! prints how large the crates are, and `just delta` what a lab adds to another one.
//!
//! `test` only picks the tests; cargo runs them and prints. A misspelt name is an error that
//! lists the right ones, where cargo would run no test and report success.

use std::env;
use std::ffi::OsString;
use std::fmt;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use clap::Arg;
use grader::code::Source;
use grader::delta;
use grader::labs::{Lab, workspace};
use grader::size::{self, Crate};

fn main() -> ExitCode {
    run().unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::from(if error.is::<Misspelt>() { 2 } else { 1 })
    })
}

fn run() -> Result<ExitCode> {
    let lab = Arg::new("LAB").help("A lab's folder or package, e.g. week05 [default: all]");
    let task = Arg::new("TASK").help("A file of its tests, e.g. extension_b, or b for short");
    let test = clap::Command::new("test").about("Run the tests of all labs, a lab, or a task");
    let one = Arg::new("CRATE").help("A crate's folder or package [default: all]");
    let size = clap::Command::new("size")
        .about("Print the size of all crates, or of the files of one");
    let before = Arg::new("A").required(true).help("A lab's folder or package");
    let after = Arg::new("B").required(true).help("The lab to compare with it");
    let delta = clap::Command::new("delta").about("Print what lab B adds to lab A");
    let mut usage = clap::Command::new("grader")
        .about("Judges the labs from outside")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(test.arg(lab).arg(task))
        .subcommand(size.arg(one))
        .subcommand(delta.arg(before).arg(after));
    let matches = usage.get_matches_mut();
    let Some((verb, chosen)) = matches.subcommand() else { return Ok(ExitCode::from(2)) };

    let labs = Lab::all(&workspace()).context("cannot list the labs")?;
    let word = |name| chosen.get_one::<String>(name).filter(|word| !word.is_empty());
    match verb {
        "size" => print!("{}", size_of(word("CRATE"))?),
        "delta" => {
            let lab = |name| find_lab(&labs, word(name).map_or("", String::as_str));
            let (before, after) = (lab("A")?, lab("B")?);
            print!("{}", delta::between(&sources(before)?, &sources(after)?));
        }
        _ => return run_cargo(&tests_of(&labs, word("LAB"), word("TASK"))?),
    }
    Ok(ExitCode::SUCCESS)
}

/// The error for a name that no lab, task or crate has. It lists the right names.
#[derive(Debug)]
struct Misspelt(String);

impl fmt::Display for Misspelt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Misspelt {}

/// The arguments of `cargo test`.
fn tests_of(
    labs: &[Lab],
    lab: Option<&String>,
    task: Option<&String>,
) -> Result<Vec<String>, Misspelt> {
    // One failure says nothing of the tests behind it, so they all run.
    let mut arguments = vec!["test".to_owned(), "--no-fail-fast".to_owned()];
    let Some(name) = lab else {
        arguments.push("--workspace".to_owned());
        return Ok(arguments);
    };
    let lab = find_lab(labs, name)?;
    arguments.extend(["--package".to_owned(), lab.package.clone()]);
    if let Some(name) = task {
        let task = lab.task(name).ok_or_else(|| {
            let package = &lab.package;
            Misspelt(format!(
                "{package} has no task {name:?}; its tasks are: {}",
                lab.tasks.join(", ")
            ))
        })?;
        arguments.extend(["--test".to_owned(), task.to_owned()]);
    }
    Ok(arguments)
}

fn find_lab<'a>(labs: &'a [Lab], name: &str) -> Result<&'a Lab, Misspelt> {
    labs.iter().find(|lab| lab.is_called(name)).ok_or_else(|| {
        let names: Vec<_> = labs.iter().map(|lab| lab.package.as_str()).collect();
        Misspelt(format!("there is no lab {name:?}; the labs are: {}", names.join(", ")))
    })
}

fn sources(lab: &Lab) -> Result<Vec<Source>> {
    Source::all(&workspace().join(&lab.folder)).context("cannot read the lab")
}

fn size_of(name: Option<&String>) -> Result<String> {
    let crates = Crate::all(&workspace()).context("cannot read the crates")?;
    let Some(name) = name else { return Ok(size::crates(&crates)) };
    let found = crates.iter().find(|one| one.is_called(name)).ok_or_else(|| {
        let names: Vec<_> = crates.iter().map(|one| one.package.as_str()).collect();
        Misspelt(format!("there is no crate {name:?}; the crates are: {}", names.join(", ")))
    })?;
    Ok(size::files(found))
}

fn run_cargo(arguments: &[String]) -> Result<ExitCode> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let status = Command::new(cargo)
        .current_dir(workspace())
        .args(arguments)
        .status()
        .context("cannot start cargo")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labs() -> Vec<Lab> {
        vec![Lab {
            folder: "week05-peer-to-peer-basic".into(),
            package: "week05".into(),
            tasks: vec!["extension_b".into()],
        }]
    }

    #[test]
    fn a_task_is_one_test_file_of_one_lab() {
        let words = tests_of(&labs(), Some(&"week05".into()), Some(&"B".into())).unwrap();
        let task = ["test", "--no-fail-fast", "--package", "week05", "--test", "extension_b"];
        assert_eq!(words, task);
        let all = tests_of(&labs(), None, None).unwrap();
        assert_eq!(all, ["test", "--no-fail-fast", "--workspace"]);
    }

    #[test]
    fn a_misspelt_name_is_answered_with_the_right_ones() {
        let complaint = tests_of(&labs(), Some(&"week5".into()), None).unwrap_err().0;
        assert_eq!(complaint, "there is no lab \"week5\"; the labs are: week05");
        let complaint = tests_of(&labs(), Some(&"week05".into()), Some(&"x".into()));
        assert_eq!(
            complaint.unwrap_err().0,
            "week05 has no task \"x\"; its tasks are: extension_b"
        );
    }
}
