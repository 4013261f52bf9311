//! `cargo grade [LAB] [TASK]`: runs the tests of everything, of one lab, or of one task.
//!
//! It only picks the tests; cargo runs them and prints. What it adds: a misspelt lab or task is
//! an error that lists the right names, where cargo would run no test and report success.

use std::env;
use std::ffi::OsString;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use clap::Arg;
use grader::labs::{Lab, workspace};

fn main() -> ExitCode {
    match run() {
        Ok(status) => status,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<ExitCode> {
    let lab = Arg::new("LAB").help("A lab's folder or package, e.g. week05 [default: all]");
    let task = Arg::new("TASK").help("A file of its tests, e.g. extension_b, or b for short");
    let test = clap::Command::new("test").about("Run the tests of all labs, a lab, or a task");
    let mut usage = clap::Command::new("grader")
        .about("Judges the labs from outside")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(test.arg(lab).arg(task));
    let matches = usage.get_matches_mut();
    let Some(("test", chosen)) = matches.subcommand() else { return Ok(ExitCode::from(2)) };

    let labs = Lab::all(&workspace()).context("cannot list the labs")?;
    let word = |name| chosen.get_one::<String>(name).filter(|word| !word.is_empty());
    match tests_of(&labs, word("LAB"), word("TASK")) {
        Ok(arguments) => run_cargo(&arguments),
        Err(complaint) => {
            eprintln!("error: {complaint}");
            Ok(ExitCode::from(2))
        }
    }
}

/// The arguments for cargo, or a complaint for the user.
fn tests_of(
    labs: &[Lab],
    lab: Option<&String>,
    task: Option<&String>,
) -> Result<Vec<String>, String> {
    // One failure says nothing of the tests behind it, so they all run.
    let mut arguments = vec!["test".to_owned(), "--no-fail-fast".to_owned()];
    let Some(name) = lab else {
        arguments.push("--workspace".to_owned());
        return Ok(arguments);
    };
    let lab = labs.iter().find(|lab| lab.is_called(name)).ok_or_else(|| {
        let names: Vec<_> = labs.iter().map(|lab| lab.package.as_str()).collect();
        format!("there is no lab {name:?}; the labs are: {}", names.join(", "))
    })?;
    arguments.extend(["--package".to_owned(), lab.package.clone()]);
    if let Some(name) = task {
        let task = lab.task(name).ok_or_else(|| {
            let package = &lab.package;
            format!("{package} has no task {name:?}; its tasks are: {}", lab.tasks.join(", "))
        })?;
        arguments.extend(["--test".to_owned(), task.to_owned()]);
    }
    Ok(arguments)
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
        let complaint = tests_of(&labs(), Some(&"week5".into()), None).unwrap_err();
        assert_eq!(complaint, "there is no lab \"week5\"; the labs are: week05");
        let complaint = tests_of(&labs(), Some(&"week05".into()), Some(&"x".into()));
        assert_eq!(
            complaint.unwrap_err(),
            "week05 has no task \"x\"; its tasks are: extension_b"
        );
    }
}
