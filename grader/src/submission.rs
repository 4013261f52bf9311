//! One submission: the files that are taken over from it, and its grade.
//!
//! Only the `files` of the tasks are taken over, into a copy of the workspace in which those
//! tasks are stubs. The tests are built from the workspace, so nothing that a student sends can
//! reach them. Each behaviour begins as "no result", and only a run that is complete and
//! consistent changes that.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Error, Result};

use crate::confinement::Confinement;
use crate::earned::Grade;
use crate::edition::{handout, stubbed};
use crate::intake;
use crate::judge::SUBMISSION_PATIENCE;
use crate::mistakes::nearest;
use crate::task::Task;
use crate::tree::{Files, tracked};
use crate::trial::Trials;
use crate::verdict::{Asked, Status, by_task, without_a_run};
use crate::walk::files_below;

/// The most bytes that one file of a submission may have. A longer one is not taken over.
const MAX_FILE: u64 = 1 << 20;

/// A submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Submission {
    /// A folder, zip file or git repository with a lab's files at their paths.
    Folder(PathBuf),
    /// A program in any language: the words that start it.
    Program(String),
}

impl Submission {
    /// The name of the folder with its results.
    pub fn name(&self) -> String {
        match self {
            Self::Folder(path) => {
                // Not of the words: `.` has no name.
                let whole = path.canonicalize().unwrap_or_else(|_| path.clone());
                let name = whole.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
                let endings = [".zip", ".git", ".bundle"];
                let mut names = endings.iter().filter_map(|ending| name.strip_suffix(ending));
                // A file called `.zip` has no other name.
                names.find(|name| !name.is_empty()).unwrap_or(&name).to_owned()
            }
            Self::Program(_) => "program".to_owned(),
        }
    }
}

/// Judges submissions, one after the other.
#[derive(Debug)]
pub struct Grader<'a> {
    workspace: &'a Path,
    tasks: Vec<&'a Task>,
    trials: Trials,
    /// The workspace, the edition for students, and the workspace with the tasks as stubs.
    files: Files,
    edition: Files,
    stubs: Files,
    confinement: Confinement,
}

impl<'a> Grader<'a> {
    /// Builds the tests of these tasks.
    pub fn new(
        workspace: &'a Path,
        tasks: &'a [Task],
        confinement: Confinement,
    ) -> Result<Self> {
        let mut trials = Trials::new(workspace, tasks)?;
        trials.judge.jail = confinement.jail()?;
        let files = tracked(workspace)?;
        let tasks: Vec<_> = tasks.iter().collect();
        let (stubs, edition) = (stubbed(&files, &tasks)?, handout(&files, &tasks)?);
        for of_lab in tasks.chunk_by(|a, b| a.is_asked_with(b)) {
            // What the labs stand on is built now, and in nobody's time.
            trials.build(&stubs, of_lab[0])?.map_err(Error::msg)?;
        }
        Ok(Self { workspace, tasks, trials, files, edition, stubs, confinement })
    }

    /// Judges one submission.
    pub fn grade(&mut self, submission: &Submission) -> Result<Grade<'a>> {
        let Self { workspace, tasks, trials, files, edition, stubs, confinement } = self;
        let begun = Instant::now();
        trials.judge.all_by = Some(begun + SUBMISSION_PATIENCE);
        let (asked, ignored) = match submission {
            Submission::Program(words) => {
                let labs = tasks.chunk_by(|a, b| a.is_asked_with(b));
                let asked = labs.flat_map(|of_lab| trials.ask_program(words, of_lab));
                (asked.collect(), Vec::new())
            }
            Submission::Folder(folder) => {
                let scratch = tempfile::tempdir()?;
                let labs: Vec<_> = tasks.iter().map(|task| &*task.lab.folder).collect();
                let folder = intake::folder(folder, scratch.path(), &labs)?;
                let (taken, ignored) = take_over(&folder, tasks, &[files, edition])?;
                (ask(trials, [stubs, edition], &taken, tasks)?, ignored)
            }
        };
        let nearest = by_task(&asked).map(|of_task| nearest(workspace, of_task)).collect();
        let seconds = begun.elapsed().as_secs();
        Ok(Grade { asked, nearest, confinement: confinement.name(), seconds, ignored })
    }
}

/// Asks for all tasks at once. A task whose files are still those of the edition is not started.
/// If the others do not compile together, the files of one after the other are added, so that an
/// error in one takes nothing from the others.
fn ask<'a>(
    trials: &mut Trials,
    [stubs, edition]: [&Files; 2],
    taken: &Files,
    tasks: &[&'a Task],
) -> Result<Vec<Asked<'a>>> {
    let is_stub = |path: String| {
        let bytes = taken.get(&path);
        bytes.is_none() || bytes == stubs.get(&path) || bytes == edition.get(&path)
    };
    let (untouched, begun): (Vec<_>, Vec<_>) =
        tasks.iter().copied().partition(|task: &&Task| task.paths().all(is_stub));
    let mut unasked = without_a_run(untouched, Status::NotStarted, "the stub stands there");
    let mut files = stubs.clone();
    files.extend(taken.clone());
    // A student's test stands in a crate without a lab: the file of no other task breaks it.
    let is_broken =
        |one: &Asked| one.verdict.status == Status::NoBuild && !one.task.is_to_catch();
    let mut asked = trials.ask(&files, &begun)?;
    let is_open = |task: &&Task| asked.iter().any(|one| one.task == *task && is_broken(one));
    let broken: Vec<_> = begun.into_iter().filter(is_open).collect();
    // The error of a task that is alone is its own, and a second build would say the same.
    if broken.len() > 1 {
        asked.retain(|one| !is_broken(one));
        files.clone_from(stubs);
        let mut built = Vec::new();
        for task in broken {
            let mut with = files.clone();
            let handed_in = |path: String| Some((path.clone(), taken.get(&path)?.clone()));
            with.extend(task.paths().filter_map(handed_in));
            let error = if trials.judge.all_by.is_some_and(|all_by| Instant::now() > all_by) {
                Err(format!("not built: the submission has used its {SUBMISSION_PATIENCE:?}"))
            } else {
                trials.build(&with, task)?
            };
            match error {
                Ok(_) => {
                    files = with;
                    built.push(task);
                }
                Err(error) => unasked.extend(without_a_run([task], Status::NoBuild, &error)),
            }
        }
        asked.extend(trials.ask(&files, &built)?);
    }
    asked.extend(unasked);
    asked.sort_by_key(|one| tasks.iter().position(|task| *task == one.task));
    Ok(asked)
}

/// The files of the tasks in a submission, and the names of its other files that none of these
/// variants of the workspace has: they are ignored.
fn take_over(
    folder: &Path,
    tasks: &[&Task],
    variants: &[&Files],
) -> Result<(Files, Vec<String>)> {
    let (mut taken, whole) = (Files::new(), folder.canonicalize()?);
    for path in tasks.iter().flat_map(|task| task.paths()) {
        let place = folder.join(&path);
        // A link to a folder could lead out of the submission.
        let is_inside = place.canonicalize().is_ok_and(|place| place.starts_with(&whole));
        taken.extend(read(&place).filter(|_| is_inside).map(|bytes| (path, bytes)));
    }
    let is_known = |name: &String, path: &Path| {
        let bytes = read(path);
        bytes.is_some() && variants.iter().any(|files| files.get(name) == bytes.as_ref())
    };
    let others = files_below(folder)
        .filter(|(name, path)| !taken.contains_key(name) && !is_known(name, path));
    let mut ignored: Vec<_> = others.map(|(name, _)| name).collect();
    ignored.sort();
    Ok((taken, ignored))
}

/// The bytes of a file that is no link, and not too long.
fn read(path: &Path) -> Option<Vec<u8>> {
    let meta = fs::symlink_metadata(path).ok()?;
    (meta.is_file() && meta.len() <= MAX_FILE).then(|| fs::read(path).ok()).flatten()
}
