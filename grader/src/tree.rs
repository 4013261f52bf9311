//! A folder outside of the workspace in which a variant of its files stands: with a submission's
//! answers, with a known mistake, or without answers. Programs and students' tests are built there, offline.

use std::collections::BTreeMap;
use std::env::consts::EXE_EXTENSION;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use crate::build::build_submission;
use crate::labs::{Lab, value};
use crate::task::Task;
use crate::walk::files_below;

/// Files by their path below the top, with `/` between folders.
pub type Files = BTreeMap<String, Vec<u8>>;

/// All files of the workspace that git tracks, as they are now.
pub fn tracked(workspace: &Path) -> Result<Files> {
    let listed = git(workspace, &["ls-files", "-z"]);
    let listed = listed.context("git cannot list the files of the workspace")?;
    let files = listed.split('\0').filter(|file| workspace.join(file).is_file());
    let read = |file: &str| Ok((file.to_owned(), fs::read(workspace.join(file))?));
    files.map(read).collect()
}

/// The output of git, if it succeeds.
pub(crate) fn git(workspace: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").current_dir(workspace).args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The text of one of these files.
pub fn text<'a>(files: &'a Files, file: &str) -> Result<&'a str> {
    let bytes = files.get(file).with_context(|| format!("there is no file {file}"))?;
    str::from_utf8(bytes).with_context(|| format!("{file} is not UTF-8"))
}

/// Writes these files below a folder.
pub fn write<'a>(
    folder: &Path,
    files: impl IntoIterator<Item = (&'a String, &'a Vec<u8>)>,
) -> Result<()> {
    for (file, bytes) in files {
        let path = folder.join(file);
        fs::create_dir_all(path.parent().unwrap_or(folder))?;
        fs::write(&path, bytes).with_context(|| path.display().to_string())?;
    }
    Ok(())
}

/// A folder for temporary files. It is removed when this is dropped.
#[derive(Debug)]
pub struct Tree {
    root: TempDir,
    present: Files,
}

impl Tree {
    /// An empty folder.
    pub fn new() -> Result<Self> {
        Ok(Self { root: tempfile::tempdir()?, present: Files::new() })
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        self.root.path()
    }

    /// Makes these the files of the folder. A file that is the same already keeps its time, so
    /// that cargo builds only what has changed.
    pub fn set(&mut self, files: Files) -> Result<()> {
        for file in self.present.keys().filter(|file| !files.contains_key(*file)) {
            fs::remove_file(self.path().join(file))?;
        }
        let is_new =
            |(file, bytes): &(&String, &Vec<u8>)| self.present.get(*file) != Some(bytes);
        write(self.path(), files.iter().filter(is_new))?;
        self.present = files;
        Ok(())
    }

    /// Removes all programs that were built, and the library of `lab`: the next files could include
    /// them.
    pub(crate) fn clean(&self, lab: &Lab) -> Result<()> {
        let library = format!("lib{}", lab.package.replace('-', "_"));
        for (name, path) in files_below(&self.path().join("target/debug")) {
            let name = name.strip_prefix("deps/").unwrap_or(&name);
            let is_program = path.extension().is_none_or(|end| end == EXE_EXTENSION);
            if !name.contains('/') && (is_program || name.starts_with(&library)) {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }

    /// Builds the program of the lab of `task` in this jail. The error is the compiler's first one.
    pub(crate) fn build_program(
        &self,
        task: &Task,
        jail: Option<&Path>,
    ) -> Result<PathBuf, String> {
        let lab = &task.lab;
        let arguments = ["build", "--bins", "--package", &lab.package];
        let built = build_submission(self.path(), &arguments, &[], jail)?;
        // Of a lab with several programs, such as `alice` and `bob`, the one that `cargo run`
        // means is judged, or the first one.
        let manifest = self.path().join(&lab.folder).join("Cargo.toml");
        let manifest = fs::read_to_string(manifest).unwrap_or_default();
        let default = value(&manifest, "default-run").unwrap_or(&lab.package);
        let named = built.programs.get(default);
        let program = named.or_else(|| built.programs.values().next());
        program.cloned().ok_or_else(|| format!("{} has no program", lab.package))
    }

    /// Builds the test of a student that stands in the crate `scenario`.
    pub(crate) fn build_test(
        &self,
        task: &Task,
        jail: Option<&Path>,
    ) -> Result<PathBuf, String> {
        // The program is named by LAB_PROGRAM when the test runs.
        let environment = [(&*format!("CARGO_BIN_EXE_{}", task.lab.package), "none")];
        let arguments = ["test", "--no-run", "--package", "scenario", "--test", &task.suite];
        let mut built = build_submission(self.path(), &arguments, &environment, jail)?;
        built.tests.remove(&task.suite).ok_or_else(|| format!("{task} has no test"))
    }
}

/// These files with a patch applied that was made at the top of the workspace.
pub fn patched(files: &Files, patch: &Path) -> Result<Files> {
    let mut tree = Tree::new()?;
    tree.set(files.clone())?;
    let mut git = Command::new("git");
    // The copy is no repository; one around the folder for temporary files does not count.
    git.env("GIT_CEILING_DIRECTORIES", tree.path().parent().unwrap_or(tree.path()));
    git.current_dir(tree.path()).arg("apply").arg(patch);
    let output = git.output().context("git applies the patch")?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{}: {complaint}", patch.display());
    let read = |file: &String| Ok((file.clone(), fs::read(tree.path().join(file))?));
    files.keys().map(read).collect()
}
