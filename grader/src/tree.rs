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
use crate::labs::value;
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

/// Leaves out of a program in which folder it was built: a student's test could look. In a jail,
/// where students' programs are built, it has no effect.
pub(crate) const STRIPPED: [(&str, &str); 1] = [("CARGO_PROFILE_DEV_STRIP", "symbols")];

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
        // Should this fail, the next files are all written.
        let before = std::mem::take(&mut self.present);
        for file in before.keys().filter(|file| !files.contains_key(*file)) {
            fs::remove_file(self.path().join(file))?;
        }
        let is_new = |(file, bytes): &(&String, &Vec<u8>)| before.get(*file) != Some(bytes);
        write(self.path(), files.iter().filter(is_new))?;
        self.present = files;
        Ok(())
    }

    /// Removes all that was built of the lab of `task`, or of a student's test. The next files could
    /// include it, or be taken for built if a program has changed its time. What the compiler keeps
    /// for its next run stays: its names are random.
    pub(crate) fn clean(&self, task: &Task) -> Result<()> {
        let own = [&task.lab.package, &task.suite].map(|name| name.replace('-', "_"));
        let is_own = |part: &str| own.iter().any(|own| part.replace('-', "_").contains(own));
        let debug = self.path().join("target/debug");
        let is_random = |name: &str| name.starts_with("incremental/");
        for (name, path) in files_below(&debug).filter(|(name, _)| !is_random(name)) {
            let in_place = name.strip_prefix("deps/").unwrap_or(&name);
            let is_program = path.extension().is_none_or(|end| end == EXE_EXTENSION);
            if is_program && !in_place.contains('/') || name.split('/').any(is_own) {
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
        let built = build_submission(self.path(), &arguments, &STRIPPED, jail)?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::labs::Lab;

    #[test]
    fn nothing_is_left_of_what_was_built_but_what_others_stand_on() {
        let tree = Tree::new().unwrap();
        let kept = [
            ".fingerprint/scenario-12/lib-scenario",
            "build/libc-12/build-script-build",
            "deps/libscenario-12.rlib",
            "deps/scenario-12.d",
            "incremental/chat_server-12/s-12/query-cache.bin",
        ];
        let gone = [
            ".fingerprint/realtime-chat-12/dep-lib-realtime_chat",
            ".fingerprint/scenario-13/output-test-integration-test-your_test",
            "chat-server",
            "deps/chat_server-12",
            "deps/librealtime_chat-12.rmeta",
            "deps/your_test-12",
        ];
        let debug = tree.path().join("target/debug");
        for file in kept.iter().chain(&gone) {
            fs::create_dir_all(debug.join(file).parent().unwrap()).unwrap();
            fs::write(debug.join(file), "").unwrap();
        }
        let lab = Lab { package: "realtime-chat".into(), ..Lab::default() };
        tree.clean(&Task { lab, suite: "your_test".into(), ..Task::default() }).unwrap();
        let mut left: Vec<_> = files_below(&debug).map(|(name, _)| name).collect();
        left.sort();
        assert_eq!(left, kept);
    }
}
