//! Grading, tried on submissions of lab 1: a right one, an empty one, a wrong one, and one that
//! brings more than it is asked for.
#![cfg(unix)]

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Command;
#[cfg(target_os = "linux")]
use std::time::Duration;

#[cfg(target_os = "linux")]
use nix::{
    sys::signal::{Signal, kill, killpg},
    unistd::Pid,
};
use scenario::workspace;

const DISCONNECT: &str = "pattern-in-memory:disconnect";

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

    fn grader(&self, tasks: &str, students: &[&str]) -> Command {
        let mut grade = Command::new(env!("CARGO_BIN_EXE_grader"));
        grade.current_dir(workspace()).args(["grade", "--unconfined", "--tasks", tasks]);
        grade.arg("--to").arg(self.0.join("grades"));
        grade.args(students.iter().map(|student| self.0.join(student)));
        grade
    }

    /// Grades these students. Returns each `grade.json`.
    fn is_graded(&self, tasks: &str, students: &[&str]) -> Vec<serde_json::Value> {
        let mut grader = self.grader(tasks, students);
        let output = grader.output().expect("the grader can be started");
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

    let grades = class.is_graded(DISCONNECT, &["right", "empty", "wrong", "cheat"]);
    let points: Vec<_> = grades.iter().map(|grade| grade["points"].as_u64()).collect();
    let expected = (Some(20), Some(0), Some(20));
    assert_eq!((points[0], points[1], points[3]), expected, "{points:?} {:#}", grades[0]);
    assert!(points[2] > Some(0) && points[2] < Some(20), "{points:?}");
    assert_eq!(grades[1]["tasks"][0]["behaviours"][0]["status"], "not_started");
    assert_eq!(grades[2]["nearest_mistake"], "only_the_other_end_forgets");
    assert_eq!(grades[3]["nearest_mistake"], serde_json::Value::Null);
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
    assert_eq!(class.is_graded(DISCONNECT, &["linked"])[0]["points"], 0);
}

#[test]
fn an_error_in_one_task_takes_nothing_from_another() {
    let class = Class::new("error");
    // The handshake also needs `story.rs`; hanging up does not.
    let source = class.submits("half");
    fs::write(source.join("story.rs"), "this is no Rust").expect("it is written");
    let tasks = "pattern-in-memory:handshake,pattern-in-memory:disconnect";
    let grade = &class.is_graded(tasks, &["half"])[0];
    let [handshake, disconnect] = [0, 1].map(|index| &grade["tasks"][index]);
    assert_eq!(handshake["behaviours"][0]["status"], "no_build");
    assert_eq!((&handshake["points"], &disconnect["points"]), (&0.into(), &20.into()));
}

/// It holds a complete answer of week 5, and is in no edition.
#[test]
fn an_answer_of_another_design_is_not_there_where_a_submission_is_built() {
    let class = Class::new("shown");
    let answer = class.submits("curious").join("peer.rs");
    let text = fs::read_to_string(&answer).expect("it is there");
    let shown = "const _: &str = include_str!(\"../../grader/examples/thread_per_call.rs\");";
    fs::write(&answer, format!("{text}\n{shown}\n")).expect("it is written");
    let grade = &class.is_graded(DISCONNECT, &["curious"])[0];
    assert_eq!(grade["tasks"][0]["behaviours"][0]["status"], "no_build");
}

#[test]
fn one_that_cannot_be_read_is_passed_over_and_if_none_can_grading_fails() {
    let class = Class::new("unreadable");
    fs::write(class.0.join("broken.zip"), "no zip file").expect("it is written");
    let none = class.grader(DISCONNECT, &["broken.zip"]).output().expect("it can be started");
    assert_eq!(none.status.code(), Some(1));

    // An archive with an umlaut of another time.
    let name = OsStr::from_bytes(b"M\xfcller");
    class.submits("right");
    fs::rename(class.0.join("right"), class.0.join(name)).expect("it can be renamed");
    let mut grader = class.grader(DISCONNECT, &["broken.zip"]);
    let output = grader.arg(class.0.join(name)).output().expect("it can be started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let table = fs::read_to_string(class.0.join("grades/grades.csv")).expect("it is there");
    let [_, broken, right] = table.lines().collect::<Vec<_>>()[..] else { panic!("{table}") };
    assert!(broken.starts_with("\"broken\",\"\",") && !broken.ends_with(",\"\""), "{table}");
    assert!(right.starts_with("\"M\u{fffd}ller\",\"20\",\"20\","), "{table}");
}

#[test]
fn submissions_whose_results_would_get_into_each_others_way_are_a_usage_error() {
    let class = Class::new("names");
    for (students, twice) in [
        (&["ada", "ada.zip"][..], "ada"),
        (&["grades.csv.zip"], "grades.csv"),
        (&["summary.md"], "summary.md"),
        (&["grades.unfinished.zip"], "grades.unfinished"),
        (&["ada/.git", "bob/.git"], ".git"),
    ] {
        let output = class.grader(DISCONNECT, students).output().expect("it can be started");
        assert_eq!(output.status.code(), Some(2));
        let complaint = String::from_utf8_lossy(&output.stderr);
        let expected = format!("two results would be called {twice}\n");
        assert!(complaint.contains(&expected), "{complaint}");
    }
    let output = class.grader("", &["ada"]).output().expect("it can be started");
    assert_eq!(output.status.code(), Some(2), "no tasks are not all tasks");
}

#[test]
#[cfg(target_os = "linux")]
fn ctrl_c_ends_a_grading() {
    is_ended_by("ctrl-c", |grader| killpg(grader, Signal::SIGINT));
}

#[test]
#[cfg(target_os = "linux")]
fn a_signal_to_the_grader_alone_ends_a_grading() {
    is_ended_by("sigterm", |grader| kill(grader, Signal::SIGTERM));
}

/// In namespaces of its own the grader is another process, and the first one of them, which a signal
/// does not end by itself. What is left behind is removed by the next grader.
#[cfg(target_os = "linux")]
fn is_ended_by(name: &str, end: impl Fn(Pid) -> nix::Result<()>) {
    use std::io::Read;
    use std::os::unix::process::CommandExt;
    use std::process::Stdio;
    use std::sync::mpsc::channel;

    scenario::signals::are_not_inherited();
    let class = Class::new(name);
    let scratch = tempfile::tempdir().expect("a folder can be made");
    // Each keeps the grader for some seconds.
    let students = ["1", "2", "3", "4", "5", "6"];
    for student in students {
        let peer = class.submits(student).join("peer.rs");
        let text = fs::read_to_string(&peer).expect("it is there");
        let hangs = "// LAB:BEGIN disconnect\n        loop { std::thread::park(); }\n";
        let text = text.replacen("// LAB:BEGIN disconnect\n", hangs, 1);
        fs::write(&peer, text).expect("it is written");
    }
    let mut grader = class.grader(DISCONNECT, &students);
    let mut grader = grader
        .process_group(0)
        .env("TMPDIR", scratch.path())
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("the grader can be started");
    let mut stderr = grader.stderr.take().expect("it is piped");
    let (tell, told) = channel();
    let body = move || {
        let mut begun = [0; 5];
        let _ = stderr.read_exact(&mut begun);
        let _ = tell.send(begun);
        // To the end: every process of the grading has it.
        let _ = stderr.read_to_end(&mut Vec::new());
        let _ = tell.send(begun);
    };
    let reader = std::thread::Builder::new().name("reader".into()).spawn(body);
    let reader = reader.expect("the system has one more thread");
    let group = Pid::from_raw(grader.id().try_into().expect("a process id is small"));
    // It builds the tests and the lab before, and a build may take two minutes.
    let begun = told.recv_timeout(Duration::from_mins(3)).expect("it grades");
    assert_eq!(&begun, b"[1/6]");
    end(group).expect("it runs");
    let ended = told.recv_timeout(Duration::from_secs(10));
    let _ = killpg(group, Signal::SIGKILL); // What has not ended.
    let status = grader.wait().expect("it can be waited for");
    reader.join().expect("it only reads");
    assert!(ended.is_ok() && !status.success(), "{ended:?} {status}");

    let mut next = Command::new(env!("CARGO_BIN_EXE_grader"));
    next.args(["solution", "pattern-in-memory", "disconnect"]).env("TMPDIR", scratch.path());
    assert!(next.output().expect("it can be started").status.success());
    let left: Vec<_> = fs::read_dir(&scratch).expect("it is there").collect();
    let is_run = |entry: &std::io::Result<fs::DirEntry>| {
        entry.as_ref().is_ok_and(|entry| entry.path().is_dir())
    };
    assert!(!left.iter().any(is_run), "{left:?}");
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
