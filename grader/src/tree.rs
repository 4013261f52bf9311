//! A copy of the workspace outside of it, in which other files can stand: a submission's, or
//! those of a known mistake. Its programs are built there, offline, and never its tests.

use std::env;
use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::build::build;
use crate::labs::Lab;

/// A copy of the workspace. It is removed when this is dropped.
#[derive(Debug)]
pub struct Tree {
    workspace: PathBuf,
    root: PathBuf,
    /// All files that git tracks, below the workspace.
    files: Vec<PathBuf>,
}

impl Tree {
    /// Copies `workspace` into a folder for temporary files.
    pub fn of(workspace: &Path) -> Result<Self> {
        let mut git = Command::new("git");
        git.current_dir(workspace).args(["ls-files", "-z"]);
        let output = git.output().context("git lists the files of the workspace")?;
        ensure!(output.status.success(), "git cannot list the files of the workspace");
        let listed = String::from_utf8_lossy(&output.stdout);
        let files = listed.split('\0').filter(|file| !file.is_empty()).map(PathBuf::from);
        let files = files.filter(|file| workspace.join(file).is_file()).collect();
        // Not by process id, which is 2 or so in a namespace of its own.
        let number = RandomState::new().hash_one(());
        let root = env::temp_dir().join(format!("p2p-course-tree-{number:016x}"));
        fs::create_dir(&root).with_context(|| root.display().to_string())?;
        let tree = Self { workspace: workspace.to_owned(), root, files };
        tree.reset()?;
        Ok(tree)
    }

    /// Makes every file what it is in the workspace. A file that is the same already keeps its
    /// time, so that cargo builds only what has changed.
    pub fn reset(&self) -> Result<()> {
        for file in &self.files {
            let text = fs::read(self.workspace.join(file))?;
            self.write(file, &text)?;
        }
        Ok(())
    }

    /// Puts `bytes` into this file.
    pub fn write(&self, file: impl AsRef<Path>, bytes: &[u8]) -> io::Result<()> {
        let path = self.root.join(file);
        if fs::read(&path).is_ok_and(|present| present == bytes) {
            return Ok(());
        }
        fs::create_dir_all(path.parent().unwrap_or(&self.root))?;
        fs::write(path, bytes)
    }

    /// Applies a patch that was made at the top of the workspace.
    pub fn apply(&self, patch: &Path) -> Result<()> {
        let mut git = Command::new("git");
        // The copy is no repository; one around the folder for temporary files does not count.
        git.env("GIT_CEILING_DIRECTORIES", self.root.parent().unwrap_or(&self.root));
        git.current_dir(&self.root).arg("apply").arg(patch);
        let output = git.output().context("git applies the patch")?;
        let complaint = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{}: {complaint}", patch.display());
        Ok(())
    }

    /// Builds the program of `lab`, offline. The error is the compiler's first one.
    pub fn build(&self, lab: &Lab) -> Result<PathBuf, String> {
        let target = self.root.join("target").display().to_string();
        let arguments = ["build", "--offline", "--bins", "--package", &lab.package];
        let built = build(&self.root, &[&arguments[..], &["--target-dir", &target]].concat())?;
        let program = built.programs.get(&lab.package).cloned();
        program.ok_or_else(|| format!("{} has no program of its name", lab.package))
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.root);
    }
}
