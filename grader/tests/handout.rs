//! Editions, made of this workspace for one task of lab 1.
#![cfg(unix)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use scenario::workspace;

fn makes(to: &Path, more: &[&str]) -> Output {
    let mut handout = Command::new(env!("CARGO_BIN_EXE_grader"));
    handout.current_dir(workspace()).args(["handout", "--to"]).arg(to);
    handout.args(["--tasks", "pattern-in-memory:disconnect"]).args(more);
    handout.output().expect("the grader can be started")
}

#[test]
fn a_student_edition_is_proven_and_written() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let to = folder.path().join("edition");
    let output = makes(&to, &[]);
    let printed = String::from_utf8_lossy(&output.stdout);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{printed}{said}");
    assert!(printed.contains("compiles without a warning"), "{printed}");
    assert!(printed.contains("what is to be solved scores 0"), "{printed}");
    assert!(printed.contains("the points of its own task"), "{printed}");

    let peer =
        fs::read_to_string(to.join("pattern-in-memory/src/peer.rs")).expect("it is there");
    assert!(peer.contains("// LAB:BEGIN disconnect"), "{peer}");
    assert!(!peer.contains("#[cfg(test)]"), "{peer}");
    for left_out in [
        "pattern-in-memory/mistakes",
        "grader/tests",
        "grader/examples",
        "xtask/tests",
        ".ci",
        ".git",
    ] {
        assert!(!to.join(left_out).exists(), "{left_out}");
    }
}

#[test]
fn the_model_edition_passes_and_has_the_answers_without_their_marks() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let to = folder.path().join("model");
    let output = makes(&to, &["--solution"]);
    let printed = String::from_utf8_lossy(&output.stdout);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{printed}{said}");
    assert!(printed.contains("All tasks pass."), "{printed}");
    let peer =
        fs::read_to_string(to.join("pattern-in-memory/src/peer.rs")).expect("it is there");
    assert!(!peer.contains("LAB:"), "{peer}");
    assert!(peer.contains("other.connections.remove(&self.name);"), "{peer}");
}

#[test]
fn a_folder_with_files_is_left_alone() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    fs::write(folder.path().join("mine.txt"), "mine").expect("it is written");
    let output = makes(folder.path(), &[]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("is there already"), "{said}");
    assert_eq!(fs::read_dir(folder.path()).expect("it is there").count(), 1);
}
