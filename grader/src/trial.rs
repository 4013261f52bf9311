//! Trials: builds a variant of the workspace's files, and asks the tests of the workspace for its
//! behaviours.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Error, Result};

use crate::catches;
use crate::judge::{Judge, quoted};
use crate::task::Task;
use crate::tree::{Files, Tree};
use crate::verdict::{Asked, Status, without_a_run};

/// What judges an answer, or is one. It is not there where an answer is built.
const HIDDEN: [&str; 4] = ["/tests/", "/mistakes/", "/lab.toml", "grader/examples/"];

/// The tests of some labs, built once, and a folder to build variants in.
#[derive(Debug)]
pub struct Trials {
    /// The judge, with the tests.
    pub judge: Judge,
    /// The programs that students' tests are tried on, by task.
    programs: BTreeMap<String, Vec<PathBuf>>,
    /// The folder in which variants are built.
    tree: Tree,
}

impl Trials {
    /// Builds the tests of these tasks from the workspace itself.
    pub fn new(workspace: &Path, tasks: &[Task]) -> Result<Self> {
        let judge = Judge::build(workspace, tasks).map_err(Error::msg)?;
        let mut programs = BTreeMap::new();
        for task in tasks.iter().filter(|task| task.is_to_catch()) {
            programs.insert(task.name(), catches::programs(&judge, task)?);
        }
        Ok(Self { judge, programs, tree: Tree::new()? })
    }

    /// Builds from these files the program that is asked for `task`, or the test that is to catch
    /// mistakes. The inner error is the compiler's.
    pub fn build(&mut self, files: &Files, task: &Task) -> Result<Result<PathBuf, String>> {
        let mut shown = files.clone();
        shown.retain(|file, _| !HIDDEN.iter().any(|part| file.contains(part)));
        if task.is_to_catch() {
            let test = task.paths().next().and_then(|path| files.get(&path));
            let test = test.with_context(|| format!("{task} has no file"))?.clone();
            // In a crate that no lab is linked with: it knows the program from outside alone.
            shown.insert(format!("scenario/tests/{}.rs", task.suite), test);
        }
        self.tree.set(shown)?;
        self.tree.clean(task)?;
        let jail = self.judge.jail.as_deref();
        let build = if task.is_to_catch() { Tree::build_test } else { Tree::build_program };
        Ok(build(&self.tree, task, jail))
    }

    /// Builds these files, and asks for all behaviours of these tasks.
    pub fn ask<'a>(&mut self, files: &Files, tasks: &[&'a Task]) -> Result<Vec<Asked<'a>>> {
        let mut asked = Vec::new();
        for of_lab in tasks.chunk_by(|a, b| a.is_asked_with(b)) {
            let task = of_lab[0];
            asked.extend(match self.build(files, task)? {
                Ok(test) if task.is_to_catch() => {
                    let mut judge = self.judge.clone();
                    let built = judge.built.entry(task.lab.package.clone()).or_default();
                    built.tests.insert(task.suite.clone(), test);
                    catches::judge(&judge, task, &self.programs[&task.name()])?
                }
                Ok(program) => self.ask_program(&quoted(&program), of_lab),
                Err(error) => without_a_run(of_lab.iter().copied(), Status::NoBuild, &error),
            });
        }
        Ok(asked)
    }

    /// Asks a program, given in words, for all behaviours of these tasks, which are asked together.
    pub fn ask_program<'a>(&self, program: &str, tasks: &[&'a Task]) -> Vec<Asked<'a>> {
        let tasks = tasks.iter().copied();
        if tasks.clone().any(Task::is_to_catch) {
            return without_a_run(tasks, Status::NotAsked, "");
        }
        self.judge.of_program(program).judge(tasks, || ())
    }
}
