//! The answers of a task in git's history, where the edition has them.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

use crate::markers::{bodies, has_answer, stubs};
use crate::task::Task;
use crate::tree::git;

/// A file of a task, as it is and as it was when it had the answer.
#[derive(Debug)]
pub(crate) struct Marked {
    /// Its path below the workspace.
    pub(crate) path: String,
    /// Its text.
    pub(crate) text: String,
    /// The text in each region of the task.
    pub(crate) now: Vec<String>,
    /// The text of these regions when the answer was last committed.
    pub(crate) answers: Option<Vec<String>>,
}

/// The files of `task` that have regions of it.
pub(crate) fn files(workspace: &Path, task: &Task) -> Result<Vec<Marked>> {
    let mut files = Vec::new();
    for path in task.paths() {
        files.push(read(workspace, &path, &task.id).context(path)?);
    }
    files.retain(|file| !file.now.is_empty());
    ensure!(!files.is_empty(), "no file of {task} has a `LAB:BEGIN {}`", task.id);
    Ok(files)
}

/// Whether the stubs of `task` stand in all of its files, as they were written.
pub fn is_not_started(workspace: &Path, task: &Task) -> bool {
    let is_stub = |file: Marked| file.answers.is_some_and(|all| file.now == stubs(&all));
    files(workspace, task).is_ok_and(|files| files.into_iter().all(is_stub))
}

fn read(workspace: &Path, path: &str, task: &str) -> Result<Marked> {
    let text = std::fs::read_to_string(workspace.join(path))?;
    let now = bodies(&text, task)?;
    let commits = git(workspace, &["log", "--format=%H", "--", path]).unwrap_or_default();
    let mut versions = commits
        .lines()
        .filter_map(|commit| git(workspace, &["show", &format!("{commit}:./{path}")]));
    let committed = versions.find(|text| has_answer(text, task).unwrap_or(false));
    let answers = committed.map(|text| bodies(&text, task)).transpose()?;
    if let Some(then) = answers.as_ref().map(Vec::len).filter(|then| *then != now.len()) {
        bail!("it has {} regions of task {task}, and {then} in its commit", now.len());
    }
    Ok(Marked { path: path.to_owned(), text, now, answers })
}
