//! The verb `handout`: writes an edition of the workspace, once it is proven.
//!
//! The student edition is written only if no answer can be read in it, it compiles without a
//! warning, what is not to be solved works, each task that is to be solved scores 0 and fails as a
//! stub does, the answers put back earn all points, and each answer alone earns those of its own
//! task and of no other.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

use crate::build::cargo;
use crate::edition::{answered, handout, leaks, model, restored, stubbed};
use crate::task::{self, Task};
use crate::tree::{Files, Tree, tracked, write};
use crate::trial::Trials;
use crate::verdict::{Asked, Status};

/// Writes the edition for students who are to solve the tasks in `chosen`, or the model, into the
/// folder `to`.
pub fn run(workspace: &Path, chosen: &[Task], to: &Path, is_model: bool) -> Result<()> {
    let is_free = fs::read_dir(to).map_or(!to.exists(), |mut files| files.next().is_none());
    ensure!(is_free, "{} is there already: name a new folder", to.display());
    let files = tracked(workspace)?;
    let all = task::all(workspace)?;
    let all: Vec<_> = all.iter().collect();
    let chosen: Vec<_> = chosen.iter().collect();
    let make = || if is_model { model(&files, &all) } else { handout(&files, &chosen) };
    let edition = make()?;
    ensure!(edition == make()?, "a second edition differs from the first");
    println!("The edition has {} files, and is the same twice.", edition.len());
    let of_labs = |task: &&Task| is_model || chosen.iter().any(|other| other.lab == task.lab);
    let tasks: Vec<_> = all.into_iter().filter(of_labs).collect();
    has_no_warning(workspace, &edition, &tasks)?;
    let owned: Vec<_> = tasks.iter().map(|task| (*task).clone()).collect();
    let mut trials = Trials::new(workspace, &owned)?;
    if is_model {
        passes(&trials.ask(&edition, &tasks)?, |_| true).context("the model")?;
        println!("All tasks pass.");
    } else {
        is_proven(&mut trials, &files, &edition, &tasks, &chosen)?;
    }
    // The folder is there whole, or not at all.
    let beside = to.parent().filter(|parent| !parent.as_os_str().is_empty());
    let beside = beside.unwrap_or(Path::new("."));
    fs::create_dir_all(beside)?;
    let unfinished = tempfile::Builder::new().prefix(".handout-").tempdir_in(beside)?;
    write(&unfinished.path().join("edition"), &edition)?;
    let _ = fs::remove_dir(to);
    fs::rename(unfinished.path().join("edition"), to)
        .with_context(|| to.display().to_string())?;
    println!("Written to {}.", to.display());
    Ok(())
}

/// Formatted, and nothing that clippy has to say.
fn has_no_warning(workspace: &Path, edition: &Files, tasks: &[&Task]) -> Result<()> {
    let mut tree = Tree::new()?;
    tree.set(edition.clone())?;
    let target = workspace.join("target/editions").display().to_string();
    let mut clippy = vec!["clippy", "--quiet", "--offline", "--all-targets"];
    clippy.extend(["--target-dir", &target]);
    for of_lab in tasks.chunk_by(|a, b| a.lab == b.lab) {
        clippy.extend(["--package", &of_lab[0].lab.package]);
    }
    clippy.extend(["--", "-D", "warnings"]);
    for arguments in [&["fmt", "--all", "--check"][..], &clippy] {
        // What it has to say of the edition, it says on the terminal.
        let status = cargo(tree.path()).args(arguments).status()?;
        ensure!(status.success(), "the edition fails in `cargo {}`", arguments[0]);
    }
    println!("It is formatted, and compiles without a warning.");
    Ok(())
}

fn is_proven(
    trials: &mut Trials,
    files: &Files,
    edition: &Files,
    tasks: &[&Task],
    chosen: &[&Task],
) -> Result<()> {
    let leaks = leaks(edition, files, chosen)?;
    ensure!(leaks.is_empty(), "answers can be read in it:\n{}", leaks.join("\n"));
    println!("No line of an answer can be read in it.");

    let starter = trials.ask(edition, tasks)?;
    passes(&starter, |task| {
        chosen.iter().all(|of| *of != task && !comes_after(task, of, tasks))
    })
    .context("what is not to be solved")?;
    fails_as_a_stub(&starter, |task| chosen.contains(&task)).context("the edition")?;
    println!("What is not to be solved works, and what is to be solved scores 0.");

    let restored = restored(edition, files, chosen)?;
    let is_same = restored == answered(files, chosen)?;
    ensure!(is_same, "with the answers put back it is not what it was");
    passes(&trials.ask(&restored, tasks)?, |_| true).context("with the answers put back")?;
    println!("With the answers put back, all tasks pass.");

    for task in chosen {
        let is_open = |other: &&&Task| *other != task && !comes_after(task, other, tasks);
        let open: Vec<_> = chosen.iter().filter(is_open).copied().collect();
        let asked = trials.ask(&stubbed(files, &open)?, chosen)?;
        passes(&asked, |of| of == *task)
            .and_then(|()| fails_as_a_stub(&asked, |of| open.contains(&of)))
            .with_context(|| format!("with the answer of {task} and of what it needs"))?;
        println!("The answer of {task} earns the points of its own task.");
    }
    Ok(())
}

/// Whether `task` needs the task `other`, be it by way of others.
fn comes_after(task: &Task, other: &Task, tasks: &[&Task]) -> bool {
    let needed = tasks.iter().filter(|of| of.lab == task.lab && task.needs.contains(&of.id));
    needed.into_iter().any(|of| **of == *other || comes_after(of, other, tasks))
}

/// Fails with the first behaviour of these tasks that does not pass.
fn passes(asked: &[Asked], is_meant: impl Fn(&Task) -> bool) -> Result<()> {
    refuse(asked, is_meant, |Asked { verdict, .. }| verdict.has_failed())
}

/// Fails with the first behaviour of these tasks that has points and does not fail as it should.
fn fails_as_a_stub(asked: &[Asked], is_meant: impl Fn(&Task) -> bool) -> Result<()> {
    let fails =
        |status| matches!(status, Status::Failed | Status::NotStarted | Status::NotAsked);
    refuse(asked, is_meant, |one| one.behaviour.points > 0 && !fails(one.verdict.status))
}

fn refuse(
    asked: &[Asked],
    is_meant: impl Fn(&Task) -> bool,
    is_bad: impl Fn(&Asked) -> bool,
) -> Result<()> {
    let bad = asked.iter().find(|one| is_meant(one.task) && is_bad(one));
    bad.map_or(Ok(()), |Asked { task, behaviour, verdict }| {
        let (test, status, message) = (&behaviour.test, verdict.status, &verdict.message);
        bail!("{task}, {test}: {status:?}\n{message}")
    })
}
