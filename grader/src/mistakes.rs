//! `mistakes [LAB]`: tries every known mistake, and prints which behaviours catch it.
//!
//! A mistake is a patch of a plausible wrong answer. It is caught if the behaviour that is named
//! in `lab.toml` fails, in the mistake's own task, and if the first message names the cause.

use std::fmt::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::judge::{Judge, Status};
use crate::labs::Lab;
use crate::task::{Behaviour, Mistake, Task, Tasks};
use crate::tree::Tree;

/// Tries all mistakes of these labs. The last line is how many were caught as they should be.
pub fn run(workspace: &Path, labs: &[Lab]) -> Result<ExitCode> {
    let (mut caught, mut missed) = (0, 0);
    for lab in labs {
        let Some(tasks) = Tasks::of(workspace, lab)? else { continue };
        let of_lab = try_all(workspace, lab, &tasks)?;
        (caught, missed) = (caught + of_lab.0, missed + of_lab.1);
    }
    println!("\n{caught} passed, {missed} failed");
    Ok(if missed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Tries all mistakes of `lab`. Prints a row for each, and returns how many were caught as they
/// should be, and how many were not.
fn try_all(workspace: &Path, lab: &Lab, tasks: &Tasks) -> Result<(usize, usize)> {
    let suites: Vec<_> = tasks.all.iter().map(|task| &*task.suite).collect();
    let judge = Judge::build(workspace, lab, &suites).map_err(anyhow::Error::msg)?;
    let tree = Tree::of(workspace)?;
    let (mut caught, mut missed) = (0, 0);
    for mistake in &tasks.mistakes {
        let row = try_one(workspace, lab, tasks, mistake, &judge, &tree)
            .with_context(|| format!("mistake {}", mistake.name))?;
        if row.complaint.is_empty() {
            caught += 1;
        } else {
            missed += 1;
        }
        println!("{:<44} {:<12} {}", mistake.name, mistake.task, row.failures.join(", "));
        for line in row.complaint.lines() {
            println!("    {line}");
        }
    }
    Ok((caught, missed))
}

struct Row {
    /// The behaviours that fail, in their order.
    failures: Vec<String>,
    /// Why this is not what it should be; empty if it is.
    complaint: String,
}

fn try_one(
    workspace: &Path,
    lab: &Lab,
    tasks: &Tasks,
    mistake: &Mistake,
    judge: &Judge,
    tree: &Tree,
) -> Result<Row> {
    tree.reset()?;
    let patch = format!("{}/mistakes/{}.patch", lab.folder, mistake.name);
    tree.apply(&workspace.join(patch))?;
    let program = match tree.build(lab) {
        Ok(program) => program,
        Err(error) => return Ok(Row { failures: Vec::new(), complaint: error }),
    };
    let program = shell_words::quote(&program.to_string_lossy()).into_owned();
    let mut judge = judge.clone();
    judge.environment = vec![("LAB_PROGRAM".into(), program)];
    let asked: Vec<(&Task, &Behaviour)> = tasks
        .all
        .iter()
        .flat_map(|task| task.behaviours.iter().map(move |behaviour| (task, behaviour)))
        .collect();
    let verdicts = judge.judge(&asked, || ());

    let mut complaint = String::new();
    let failed = asked
        .iter()
        .zip(&verdicts)
        .filter(|(_, verdict)| !matches!(verdict.status, Status::Passed | Status::NotAsked));
    let failed: Vec<_> = failed.collect();
    if !failed.iter().any(|((_, behaviour), _)| behaviour.test == mistake.caught_by) {
        writeln!(complaint, "not caught by {}", mistake.caught_by)?;
    }
    let ours = failed.iter().find(|((task, _), _)| task.id == mistake.task);
    match ours {
        None => writeln!(complaint, "not caught in task {}", mistake.task)?,
        Some((_, verdict)) if !verdict.message.contains(&mistake.says) => {
            writeln!(complaint, "the first message does not say {:?}:", mistake.says)?;
            writeln!(complaint, "{}", verdict.message.lines().next().unwrap_or_default())?;
        }
        Some(_) => {}
    }
    let failures =
        failed.iter().map(|((task, behaviour), _)| format!("{}:{}", task.id, behaviour.test));
    Ok(Row { failures: failures.collect(), complaint })
}
