//! `grade`: judges submissions, one after the other, and writes what each has earned.
//!
//! Of a submission only the `files` of the tasks are taken over, into a copy of the workspace in
//! which those tasks are stubs. The tests are built from the workspace, so nothing that a student
//! sends can reach them. Each behaviour begins as "no result", and only a run that is complete
//! and consistent changes that.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::judge::{Judge, Status, Verdict};
use crate::markers;
use crate::task::{Behaviour, Task};
use crate::tree::Tree;

/// The most bytes that one file of a submission may have. A longer one is not taken over.
const MAX_FILE: u64 = 1 << 20;

/// How a submission's program is kept from everything that it does not need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confinement {
    /// A network and process ids of its own, and the jail.
    Full,
    /// The jail alone.
    Landlock,
    /// Nothing.
    None,
}

impl Confinement {
    fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Landlock => "landlock",
            Self::None => "none",
        }
    }
}

/// What is judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Submission {
    /// A folder with a lab's files at their paths.
    Folder(PathBuf),
    /// A program in any language: the words that start it.
    Program(String),
}

impl Submission {
    /// What the folder of its results is called.
    pub fn name(&self) -> String {
        match self {
            Self::Folder(path) => {
                path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
            }
            Self::Program(_) => "program".to_owned(),
        }
    }
}

/// Judges submissions: the labs' tests, built once, and a tree to build submissions in.
#[derive(Debug)]
pub struct Grader {
    tasks: Vec<Task>,
    judges: BTreeMap<String, Judge>,
    tree: Tree,
    workspace: PathBuf,
    confinement: Confinement,
    /// The words in front of a program that confine it.
    jail: String,
}

/// What one submission has earned.
#[derive(Debug)]
pub struct Grade {
    /// The grade in the form of `grade.json`.
    pub json: Value,
    /// Points of how many.
    pub points: (u32, u32),
}

impl Grader {
    /// Builds the tests of these tasks. `jail` is the program that confines another one.
    pub fn new(
        workspace: &Path,
        tasks: Vec<Task>,
        confinement: Confinement,
        jail: &Path,
    ) -> Result<Self> {
        let mut judges = BTreeMap::new();
        for task in &tasks {
            if judges.contains_key(&task.lab.package) {
                continue;
            }
            let suites = tasks.iter().filter(|other| other.lab == task.lab);
            let suites: Vec<_> = suites.map(|task| &*task.suite).collect();
            let judge =
                Judge::build(workspace, &task.lab, &suites).map_err(anyhow::Error::msg)?;
            judges.insert(task.lab.package.clone(), judge);
        }
        let jail = match confinement {
            Confinement::None => String::new(),
            _ => format!("{} jail ", shell_words::quote(&jail.to_string_lossy())),
        };
        let tree = Tree::of(workspace)?;
        let workspace = workspace.to_owned();
        Ok(Self { tasks, judges, tree, workspace, confinement, jail })
    }

    /// Judges one submission.
    pub fn grade(&self, submission: &Submission) -> Result<Grade> {
        let mut verdicts = Vec::new();
        let mut ignored = Vec::new();
        for (package, judge) in &self.judges {
            let tasks: Vec<_> =
                self.tasks.iter().filter(|task| task.lab.package == *package).collect();
            let program = match submission {
                Submission::Program(words) => Ok(words.clone()),
                Submission::Folder(folder) => {
                    ignored.extend(self.take_over(folder, &tasks)?);
                    let built = self.tree.build(&tasks[0].lab);
                    built.map(|path| shell_words::quote(&path.to_string_lossy()).into_owned())
                }
            };
            let asked: Vec<(&Task, &Behaviour)> = tasks
                .iter()
                .flat_map(|task| task.behaviours.iter().map(|behaviour| (*task, behaviour)))
                .collect();
            let judged = match program {
                Ok(program) => {
                    let mut judge = judge.clone();
                    judge
                        .environment
                        .push(("LAB_PROGRAM".into(), format!("{}{program}", self.jail)));
                    judge.judge(&asked, || ())
                }
                Err(error) => asked.iter().map(|_| no_build(&error)).collect(),
            };
            verdicts.extend(asked.into_iter().zip(judged));
        }
        Ok(self.report(&verdicts, &ignored))
    }

    /// Lays the tree: the tasks as stubs, and over them the submission's files. Returns the
    /// submission's other files of these labs, which are ignored.
    fn take_over(&self, folder: &Path, tasks: &[&Task]) -> Result<Vec<String>> {
        ensure!(folder.is_dir(), "{} is no folder", folder.display());
        self.tree.reset()?;
        let lab = &tasks[0].lab;
        let mut taken = Vec::new();
        for task in tasks {
            for file in &task.files {
                let file = format!("{}/{file}", lab.folder);
                let path = folder.join(&file);
                // A link could lead out of the submission.
                let usable = fs::symlink_metadata(&path)
                    .is_ok_and(|meta| meta.is_file() && meta.len() <= MAX_FILE);
                let bytes =
                    if usable && path.canonicalize()?.starts_with(folder.canonicalize()?) {
                        fs::read(&path)?
                    } else {
                        self.stubbed(&file, tasks)?
                    };
                self.tree.write(&file, &bytes)?;
                taken.push(file);
            }
        }
        let mut others = Vec::new();
        self.changed_files(folder, &folder.join(&lab.folder), &mut others)?;
        others.retain(|file| !taken.contains(file));
        others.sort();
        Ok(others)
    }

    /// A file of the workspace in which all of these tasks are stubs.
    fn stubbed(&self, file: &str, tasks: &[&Task]) -> Result<Vec<u8>> {
        let mut text =
            fs::read_to_string(self.workspace.join(file)).context(file.to_owned())?;
        for task in tasks {
            text = markers::stub(&text, &task.id).with_context(|| file.to_owned())?;
        }
        Ok(text.into_bytes())
    }

    /// The files below `place` that the workspace has not, or has otherwise.
    fn changed_files(&self, top: &Path, place: &Path, found: &mut Vec<String>) -> Result<()> {
        let Ok(entries) = fs::read_dir(place) else { return Ok(()) };
        for entry in entries {
            let entry = entry?;
            let (path, kind) = (entry.path(), entry.file_type()?);
            let name = path.strip_prefix(top).unwrap_or(&path);
            let skipped = [".git", "target", "node_modules"];
            if skipped.iter().any(|skipped| entry.file_name() == *skipped) {
                continue;
            }
            if kind.is_dir() {
                self.changed_files(top, &path, found)?;
            } else if kind.is_symlink()
                || entry.metadata()?.len() > MAX_FILE
                || fs::read(&path).ok() != fs::read(self.workspace.join(name)).ok()
            {
                found.push(name.to_string_lossy().replace('\\', "/"));
            }
        }
        Ok(())
    }

    fn report(&self, verdicts: &[((&Task, &Behaviour), Verdict)], ignored: &[String]) -> Grade {
        let mut all = (0, 0);
        let mut tasks = Vec::new();
        for task in &self.tasks {
            let mut sum = (0, 0);
            let mut behaviours = Vec::new();
            for ((_, behaviour), verdict) in
                verdicts.iter().filter(|((of, _), _)| of.lab == task.lab && of.id == task.id)
            {
                let passed = verdict.status == Status::Passed;
                let asked = verdict.status != Status::NotAsked;
                let points = if passed { behaviour.points } else { 0 };
                let of = if asked { behaviour.points } else { 0 };
                sum = (sum.0 + points, sum.1 + of);
                behaviours.push(json!({
                    "test": behaviour.test,
                    "status": status_name(verdict.status),
                    "points": points,
                    "of": of,
                    "message": verdict.message,
                }));
            }
            all = (all.0 + sum.0, all.1 + sum.1);
            tasks.push(json!({
                "lab": task.lab.package,
                "task": task.id,
                "points": sum.0,
                "of": sum.1,
                "behaviours": behaviours,
            }));
        }
        let json = json!({
            "format": 1,
            "points": all.0,
            "of": all.1,
            "confinement": self.confinement.name(),
            "ignored": ignored,
            "tasks": tasks,
            "nearest_mistake": null,
        });
        Grade { json, points: all }
    }
}

fn no_build(error: &str) -> Verdict {
    let took = std::time::Duration::ZERO;
    Verdict { status: Status::NoBuild, message: error.to_owned(), took }
}

fn status_name(status: Status) -> &'static str {
    match status {
        Status::Passed => "passed",
        Status::Failed => "failed",
        Status::NotStarted => "not_started",
        Status::Unstable { .. } => "unstable",
        Status::TimedOut => "timed_out",
        Status::NotAsked => "not_asked",
        Status::NoBuild => "no_build",
        Status::NoResult => "no_result",
    }
}
