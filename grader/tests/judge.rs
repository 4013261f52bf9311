//! The judge tells apart all that can become of a behaviour, and lets nothing run on.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::slice;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use grader::behaviour::behaviours;
use grader::judge::Judge;
use grader::labs::Lab;
use grader::task::Task;
use grader::verdict::Status::{
    Failed, NoResult, NotAsked, NotStarted, Passed, TimedOut, Unstable,
};
use grader::verdict::Verdict;

const TESTS: &str = r#"
use std::process::{Command, Stdio};

/// It passes.
///
/// Points: 1
#[test]
fn passes() {
    assert_eq!(std::env::var("LAB_WAIT").unwrap(), "3");
}

/// It fails.
///
/// Points: 1
#[test]
fn fails() {
    panic!("expected \"Hello\"\ntime | peer 1");
}

/// It reaches a stub.
///
/// Points: 1
#[test]
fn is_a_stub() {
    panic!("task a is not written yet");
}

/// It ends the test.
///
/// Points: 1
#[test]
fn exits() {
    std::process::exit(0);
}

/// It never ends.
///
/// Points: 1
#[test]
fn hangs() {
    eprintln!("before it hangs");
    loop {
        std::thread::park();
    }
}

/// It prints without end.
///
/// Points: 1
#[test]
fn floods() {
    loop {
        eprintln!("{}", "x".repeat(1000));
    }
}

/// Some systems do not ask for it.
///
/// Points: 1
#[test]
#[cfg(target_os = "none")]
fn is_not_asked() {}

/// It passes every other time.
///
/// Points: 1
#[test]
fn is_unstable() {
    let seen = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("seen");
    if std::fs::remove_file(&seen).is_err() {
        std::fs::write(&seen, "").unwrap();
        panic!("the first time");
    }
}

/// It leaves a process behind.
///
/// Points: 1
#[test]
#[cfg(unix)]
fn leaves_a_process() {
    let mut sleep = Command::new("sleep");
    sleep.arg("1000").stdout(Stdio::null()).stderr(Stdio::null());
    sleep.spawn().unwrap();
}

#[test]
fn has_no_points() {}
"#;

/// A lab of its own, in a folder that is removed when it is dropped.
struct Course(PathBuf);

impl Course {
    fn with(name: &str, program: &str) -> io::Result<(Self, Task)> {
        let package = format!("grader-judge-{name}-{}", std::process::id());
        let top = std::env::temp_dir().join(&package);
        fs::create_dir_all(top.join("lab/src"))?;
        fs::create_dir_all(top.join("lab/tests"))?;
        let manifest = format!("[package]\nname = \"{package}\"\nedition = \"2024\"\n");
        fs::write(top.join("Cargo.toml"), "[workspace]\nmembers = [\"lab\"]")?;
        fs::write(top.join("lab/Cargo.toml"), manifest)?;
        fs::write(top.join("lab/src/main.rs"), program)?;
        fs::write(top.join("lab/tests/suite.rs"), TESTS)?;
        let lab = Lab { folder: "lab".into(), package };
        let task = Task {
            lab,
            id: "a".into(),
            title: "A task".into(),
            suite: "suite".into(),
            behaviours: behaviours(TESTS).expect("they can be read"),
            ..Task::default()
        };
        Ok((Self(top), task))
    }
}

impl Drop for Course {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn build(workspace: &Path, task: &Task) -> Result<Judge, String> {
    let mut judge = Judge::build(workspace, slice::from_ref(task))?;
    judge.deadline = Duration::from_secs(2);
    Ok(judge)
}

#[test]
fn all_that_can_become_of_a_behaviour_is_told_apart() {
    let (course, task) = Course::with("all", "fn main() {}").unwrap();
    let mut judge = build(&course.0, &task).unwrap();
    let package = &task.lab.package;
    assert!(judge.built[package].programs[package].is_file(), "{:?}", judge.built);

    let judged = AtomicUsize::new(0);
    let begun = Instant::now();
    let asked = judge.judge([&task], || {
        judged.fetch_add(1, Ordering::Relaxed);
    });
    assert_eq!(judged.into_inner(), task.behaviours.len());
    let of = |test: &str| -> &Verdict {
        let one = asked.iter().find(|one| one.behaviour.test == test);
        &one.expect("it is asked").verdict
    };
    let all: Vec<_> = ["passes", "fails", "is_a_stub", "hangs", "is_not_asked"]
        .map(|test| of(test).status)
        .into();
    assert_eq!(all, [Passed, Failed, NotStarted, TimedOut, NotAsked]);
    assert_eq!(["exits", "floods"].map(|test| of(test).status), [NoResult; 2]);
    assert_eq!(of("fails").message, "expected \"Hello\"\ntime | peer 1\n");
    assert_eq!(of("hangs").message, "before it hangs\nThe test has not ended in 2s.\n");
    assert!(of("floods").message.len() < 2 << 20, "{}", of("floods").message.len());
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    if cfg!(unix) {
        assert_eq!(of("leaves_a_process").status, Failed);
        assert!(of("leaves_a_process").message.contains("still running"));
    }

    judge.times = 4;
    let only = |tests: &[&str]| {
        let mut task = task.clone();
        task.behaviours.retain(|behaviour| tests.contains(&&*behaviour.test));
        task
    };
    let two = only(&["passes", "is_unstable"]);
    let [passes, is_unstable] = &judge.judge([&two], || ())[..] else { panic!("two") };
    assert_eq!(is_unstable.verdict.status, Unstable { passed: 2, of: 4 });
    assert_eq!(is_unstable.verdict.message, "the first time\n");
    assert_eq!(passes.verdict.status, Passed);

    judge.times = 1;
    judge.deadline = Duration::from_mins(1);
    let hangs = only(&["hangs"]);
    for (left, message) in [(0, "Not asked: the"), (1, "The test has not ended: the")] {
        judge.all_by = Some(Instant::now() + Duration::from_secs(left));
        let verdict = &judge.judge([&hangs], || ())[0].verdict;
        assert_eq!(verdict.status, TimedOut);
        let message = format!("{message} submission has used its 60 s.\n");
        assert!(verdict.message.ends_with(&message), "{}", verdict.message);
    }
}

#[test]
fn a_lab_that_does_not_compile_is_answered_with_the_first_error() {
    let program = "fn main() {\n    let lost = nowhere;\n    elsewhere();\n}\n";
    let (course, task) = Course::with("broken", program).unwrap();
    let error = build(&course.0, &task).unwrap_err();
    assert!(error.contains("nowhere") && error.contains("src/main.rs:2:16"), "{error}");
    assert!(!error.contains("elsewhere"), "{error}");
}
