//! Grading, tried on submissions of lab 1: a right one, an empty one, a wrong one, and one that
//! brings more than it is asked for.
#![cfg(unix)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use grader::labs::workspace;

/// The folder in which one test has its submissions and their grades. Removed at the end.
struct Class(PathBuf);

impl Class {
    fn new(test: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("cargo's folder for such files can be written to");
        Self(folder)
    }

    /// A submission with the right answers of `disconnect`.
    fn submits(&self, student: &str) -> PathBuf {
        let source = self.0.join(student).join("pattern-in-memory/src");
        fs::create_dir_all(&source).expect("a folder can be made");
        let right = workspace().join("pattern-in-memory/src/peer.rs");
        fs::copy(right, source.join("peer.rs")).expect("a file can be copied");
        source
    }

    /// Grades these students. Returns each `grade.json`.
    fn is_graded(&self, students: &[&str]) -> Vec<serde_json::Value> {
        let mut grade = Command::new(env!("CARGO_BIN_EXE_grader"));
        grade.current_dir(workspace()).args(["grade", "--unconfined"]);
        grade
            .args(["--tasks", "pattern-in-memory:disconnect", "--to"])
            .arg(self.0.join("grades"));
        grade.args(students.iter().map(|student| self.0.join(student)));
        let output = grade.output().expect("the grader can be started");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let read = |student: &&str| {
            let path = self.0.join("grades").join(student).join("grade.json");
            let text = fs::read_to_string(path).expect("each student has a grade");
            serde_json::from_str(&text).expect("it is JSON")
        };
        students.iter().map(read).collect()
    }
}

impl Drop for Class {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn each_submission_gets_the_points_of_what_it_does() {
    let class = Class::new("class");
    class.submits("right");
    fs::create_dir_all(class.0.join("empty")).expect("a folder can be made");

    // The other end forgets, and the end that hangs up does not.
    let wrong = class.submits("wrong").join("peer.rs");
    let text = fs::read_to_string(&wrong).expect("it is there");
    let end = text.find("// LAB:END disconnect").expect("the task is marked");
    let line = text[..end].rfind("self.connections.remove").expect("the answer removes a name");
    let next = line + text[line..].find('\n').expect("a line ends");
    fs::write(&wrong, format!("{}{}", &text[..line], &text[next..])).expect("it is written");

    // A program that ends as if all were well, and files that are not asked for.
    let cheat = class.submits("cheat");
    let text = fs::read_to_string(cheat.join("peer.rs")).expect("it is there");
    let text = text
        .replace("pub fn name(", "pub fn end() { std::process::exit(0) }\n    pub fn name(");
    fs::write(cheat.join("peer.rs"), text).expect("it is written");
    fs::write(cheat.join("../build.rs"), "fn main() { panic!() }").expect("it is written");
    fs::write(cheat.join("main.rs"), "fn main() {}").expect("it is written");

    let grades = class.is_graded(&["right", "empty", "wrong", "cheat"]);
    let points: Vec<_> = grades.iter().map(|grade| grade["points"].as_u64()).collect();
    let expected = (Some(20), Some(0), Some(20));
    assert_eq!((points[0], points[1], points[3]), expected, "{points:?} {:#}", grades[0]);
    assert!(points[2] > Some(0) && points[2] < Some(20), "{points:?}");
    assert_eq!(grades[1]["tasks"][0]["behaviours"][0]["status"], "not_started");
    let ignored = ["pattern-in-memory/build.rs", "pattern-in-memory/src/main.rs"];
    assert_eq!(grades[3]["ignored"], serde_json::json!(ignored));
}

#[test]
fn a_link_out_of_a_submission_is_not_followed() {
    let class = Class::new("links");
    class.submits("linked");
    let source = class.0.join("linked/pattern-in-memory/src/peer.rs");
    fs::remove_file(&source).expect("it is there");
    let right = workspace().join("pattern-in-memory/src/peer.rs");
    std::os::unix::fs::symlink(right, &source).expect("a link can be made");
    assert_eq!(class.is_graded(&["linked"])[0]["points"], 0);
}

#[test]
fn a_misspelt_task_is_a_usage_error_with_the_right_names() {
    let mut grade = Command::new(env!("CARGO_BIN_EXE_grader"));
    grade
        .current_dir(workspace())
        .args(["grade", "--to", "nowhere", "--tasks", "week5:x", "."]);
    let output = grade.output().expect("the grader can be started");
    assert_eq!(output.status.code(), Some(2));
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(complaint.contains("pattern-in-memory:disconnect"), "{complaint}");
}
