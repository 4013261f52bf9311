//! Trials: builds a variant of the workspace's files, and asks the tests of the workspace for its
//! behaviours.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Error, Result};

use crate::catches;
use crate::judge::{Asked, Judge, Status, quoted, without_a_run};
use crate::labs::Lab;
use crate::task::Task;
use crate::tree::{Files, Tree};

/// The tests of some labs, built once, and a folder to build variants in.
#[derive(Debug)]
pub struct Trials {
    /// When all behaviours must have been asked for, if there is such a time.
    pub all_by: Option<Instant>,
    /// The program that confines another one, where one is to be confined.
    pub jail: Option<PathBuf>,
    /// The tests, by the package of their lab.
    judges: BTreeMap<String, Judge>,
    /// What students' tests are tried on, by task.
    programs: BTreeMap<String, Vec<PathBuf>>,
    /// Where variants are built.
    tree: Tree,
}

impl Trials {
    /// Builds the tests of these tasks from the workspace itself.
    pub fn new(workspace: &Path, tasks: &[Task]) -> Result<Self> {
        let (mut judges, mut programs) = (BTreeMap::new(), BTreeMap::new());
        for of_lab in tasks.chunk_by(|a, b| a.lab == b.lab) {
            let suites: Vec<_> = of_lab.iter().map(|task| &*task.suite).collect();
            let lab = &of_lab[0].lab;
            let judge = Judge::build(workspace, lab, &suites).map_err(Error::msg)?;
            for task in of_lab.iter().filter(|task| task.is_to_catch()) {
                programs.insert(task.name(), catches::programs(workspace, &judge, task)?);
            }
            judges.insert(lab.package.clone(), judge);
        }
        Ok(Self { all_by: None, jail: None, judges, programs, tree: Tree::new()? })
    }

    fn judge(&self, task: &Task) -> Judge {
        let mut judge = self.judges[&task.lab.package].clone();
        judge.all_by = self.all_by;
        judge.jail.clone_from(&self.jail);
        judge
    }

    /// Asks for all behaviours of these tasks, which are asked together, what the workspace itself
    /// has, `times` times. The tests have this environment.
    pub fn ask_own<'a>(
        &self,
        tasks: &'a [Task],
        times: usize,
        environment: &[(String, String)],
        progress: impl Fn() + Sync,
    ) -> Result<Vec<Asked<'a>>> {
        let mut judge = self.judge(&tasks[0]);
        judge.times = times;
        judge.environment.extend_from_slice(environment);
        if tasks[0].is_to_catch() {
            return catches::judge(&judge, &tasks[0], &self.programs[&tasks[0].name()]);
        }
        Ok(judge.judge(tasks, progress))
    }

    /// Builds the program of `lab` from these files. The inner error is the compiler's.
    pub fn build(&mut self, files: &Files, lab: &Lab) -> Result<Result<String, String>> {
        self.tree.set(files)?;
        Ok(self.tree.build(lab, self.jail.as_deref()).map(|program| quoted(&program)))
    }

    /// Builds these files, and asks for all behaviours of these tasks.
    pub fn ask<'a>(&mut self, files: &Files, tasks: &[&'a Task]) -> Result<Vec<Asked<'a>>> {
        let mut asked = Vec::new();
        for of_lab in tasks.chunk_by(|a, b| a.is_asked_with(b)) {
            if of_lab[0].is_to_catch() {
                asked.extend(self.ask_test(files, of_lab[0])?);
                continue;
            }
            asked.extend(match self.build(files, &of_lab[0].lab)? {
                Ok(program) => self.ask_program(&program, of_lab),
                Err(error) => without_a_run(of_lab.iter().copied(), Status::NoBuild, &error),
            });
        }
        Ok(asked)
    }

    /// Builds the test of these files, and asks for all behaviours of its task.
    fn ask_test<'a>(&self, files: &Files, task: &'a Task) -> Result<Vec<Asked<'a>>> {
        let path = task.paths().next().context("a task has a file")?;
        let text = files.get(&path).context(path)?;
        match catches::build(&self.judge(task), task, text)? {
            Ok((judge, _folder)) => catches::judge(&judge, task, &self.programs[&task.name()]),
            Err(error) => Ok(without_a_run([task], Status::NoBuild, &error)),
        }
    }

    /// Asks a program, given in words, for all behaviours of these tasks, which are asked together.
    pub fn ask_program<'a>(&self, program: &str, tasks: &[&'a Task]) -> Vec<Asked<'a>> {
        if tasks[0].is_to_catch() {
            return without_a_run(tasks.iter().copied(), Status::NotAsked, "");
        }
        let judge = self.judge(tasks[0]).of_program(program);
        judge.judge(tasks.iter().copied(), || ())
    }
}
