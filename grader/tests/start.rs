//! `start` writes a stub, `solution` puts the answer back, and neither loses anybody's work.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::Command;

use grader::labs::Lab;
use grader::task::Task;
use grader::{history, solution, start};

const ANSWERED: &str = "\
fn broadcast() -> u8 {
    // LAB:BEGIN a
    1 + 2
    // LAB:STUB
    //| todo!(\"a is not written yet\")
    // LAB:END a
}

fn other() {}
";

const STUBBED: &str = "\
fn broadcast() -> u8 {
    // LAB:BEGIN a
    todo!(\"a is not written yet\")
    // LAB:END a
}

fn other() {}
";

/// A lab in a git repository of its own, in a folder that is removed when it is dropped.
struct Course {
    top: PathBuf,
    task: Task,
}

impl Course {
    fn with(name: &str, text: &str) -> io::Result<Self> {
        let top =
            std::env::temp_dir().join(format!("grader-start-{name}-{}", std::process::id()));
        fs::create_dir_all(top.join("lab/src"))?;
        let task = Task {
            lab: Lab { folder: "lab".into(), package: "lab".into() },
            id: "a".into(),
            title: "A task".into(),
            suite: "extension_a".into(),
            files: vec!["src/a.rs".into()],
            ..Task::default()
        };
        let course = Self { top, task };
        fs::write(course.file(), text)?;
        course.git(&["init", "--quiet"])?;
        course.commit()?;
        Ok(course)
    }

    fn commit(&self) -> io::Result<()> {
        self.git(&["add", "."])?;
        self.git(&["-c", "user.name=A", "-c", "user.email=a@b", "commit", "-qm", "work"])
    }

    fn git(&self, arguments: &[&str]) -> io::Result<()> {
        let status = Command::new("git").current_dir(&self.top).args(arguments).status()?;
        if status.success() { Ok(()) } else { Err(io::Error::other("git fails")) }
    }

    fn file(&self) -> PathBuf {
        self.top.join("lab/src/a.rs")
    }

    fn text(&self) -> String {
        fs::read_to_string(self.file()).expect("it is there")
    }

    fn writes(&self, text: &str) {
        fs::write(self.file(), text).expect("it can be written");
    }

    fn starts(&self) -> Result<String, String> {
        start::run(&self.top, &self.task).map_err(|error| format!("{error:#}"))
    }

    fn solution(&self, restore: bool) -> Result<String, String> {
        solution::run(&self.top, &self.task, restore).map_err(|error| format!("{error:#}"))
    }
}

impl Drop for Course {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.top);
    }
}

#[test]
fn start_writes_the_stub_and_says_what_to_do_next() {
    let course = Course::with("stub", ANSWERED).unwrap();
    // Other lines of the file may have changed.
    course.writes(&ANSWERED.replace("other() {}", "other() { g() }"));
    let next = course.starts().unwrap();
    let expected = "\
lab a: A task
Write it here:
  lab/src/a.rs:3
Then check it:
  just test lab a  (or: cargo lab test lab a)
";
    assert_eq!(next, expected);
    assert_eq!(course.text(), STUBBED.replace("other() {}", "other() { g() }"));
    assert_eq!(course.starts().unwrap(), expected);
}

#[test]
fn a_task_is_not_started_while_its_stub_is_untouched() {
    let course = Course::with("untouched", ANSWERED).unwrap();
    let is_not_started = || history::is_not_started(&course.top, &course.task);
    assert!(!is_not_started());
    course.starts().unwrap();
    assert!(is_not_started());
    course.writes(&course.text().replace("todo!", "panic!"));
    assert!(!is_not_started());
}

#[test]
fn start_does_not_overwrite_work() {
    let course = Course::with("work", ANSWERED).unwrap();
    let work = STUBBED.replace("todo!", "panic!");
    for work in [&ANSWERED.replace("1 + 2", "3"), &work] {
        course.writes(work);
        let complaint = course.starts().unwrap_err();
        assert!(complaint.starts_with("lab/src/a.rs has lines of yours in task a"));
        assert_eq!(course.text(), *work);
    }
    // Not even when it has been committed.
    course.commit().unwrap();
    assert!(course.starts().is_err());
    assert_eq!(course.text(), work);
}

#[test]
fn the_answer_is_shown_and_put_back_also_when_the_stub_was_committed() {
    let course = Course::with("answer", ANSWERED).unwrap();
    assert_eq!(course.solution(false).unwrap(), "// lab/src/a.rs\n    1 + 2\n\n");
    course.starts().unwrap();
    course.commit().unwrap();
    course.writes(&STUBBED.replace("todo!(\"a is not written yet\")", "mine()"));
    assert_eq!(course.solution(false).unwrap(), "// lab/src/a.rs\n    1 + 2\n\n");
    let restored = course.solution(true).unwrap();
    assert!(restored.ends_with("These lines stood there:\n    mine()\n\n"), "{restored}");
    assert_eq!(course.text(), ANSWERED);
}

#[test]
fn an_edition_without_answers_is_left_as_it_is() {
    let course = Course::with("edition", STUBBED).unwrap();
    let complaint = course.solution(true).unwrap_err();
    assert_eq!(complaint, "this edition has no answer of lab a: lab/src/a.rs");
    assert!(course.starts().unwrap().contains("lab/src/a.rs:3"));
    assert_eq!(course.text(), STUBBED);
}

#[test]
fn an_answer_that_could_not_be_restored_is_not_replaced() {
    let course = Course::with("uncommitted", "").unwrap();
    course.writes(ANSWERED);
    let complaint = course.starts().unwrap_err();
    assert!(complaint.contains("commit first"), "{complaint}");
    assert_eq!(course.text(), ANSWERED);
}
