//! The judge: builds the tests of labs once, then asks for each behaviour in a process of its own.
//!
//! It fails closed: a behaviour passes only if its test says so, and ends with success.

use std::collections::BTreeMap;
use std::env;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use scenario::child::{Child, End, Outcome};
use scenario::environment::{LAB_JUDGED, LAB_PROGRAM, LAB_WAIT};
use scenario::{NOT_WRITTEN, Program};
use shell_words::quote;

use crate::behaviour::Behaviour;
use crate::build::{Built, build};
use crate::task::Task;
use crate::verdict::{Asked, Status, Verdict, without_a_run};

/// The longest run of one test.
const TEST_PATIENCE: Duration = Duration::from_secs(20);

/// The longest run of all tests of one submission, where [`Judge::all_by`] is set.
pub const SUBMISSION_PATIENCE: Duration = Duration::from_mins(1);

/// The seconds that a test waits for one thing, unless `LAB_WAIT` is set.
const WAIT: &str = "3";

/// The most bytes of output that are read of a test.
const MOST: usize = 1 << 20;

const OVER: &str = "the submission has used its";

/// The tests of some labs, built, and how they are run.
#[derive(Clone, Debug, Default)]
pub struct Judge {
    /// The workspace that they were built from.
    pub workspace: PathBuf,
    /// The test programs, by suite, and the lab's own, by the package of the lab.
    pub built: BTreeMap<String, Built>,
    /// Further environment variables of the tests, such as `LAB_PROGRAM`.
    pub environment: Vec<(String, String)>,
    /// The words in front of a test: what confines it.
    pub inside: Vec<String>,
    /// The number of runs of each test.
    pub times: usize,
    /// The longest run of one test.
    pub deadline: Duration,
    /// When all of them must have ended: [`SUBMISSION_PATIENCE`] after the first began.
    pub all_by: Option<Instant>,
    /// The program that confines another one, where one is to be confined.
    pub jail: Option<PathBuf>,
}

impl Judge {
    /// Builds the tests of these tasks, and the programs of their labs. The error is the first one
    /// of the compiler, or else what cargo says.
    pub fn build(workspace: &Path, tasks: &[Task]) -> Result<Self, String> {
        let mut built = BTreeMap::new();
        for of_lab in tasks.chunk_by(|a, b| a.lab == b.lab) {
            let package = &of_lab[0].lab.package;
            let mut arguments = vec!["test", "--no-run", "--package", package];
            arguments.extend(of_lab.iter().flat_map(|task| ["--test", &task.suite]));
            built.insert(package.clone(), build(workspace, &arguments)?);
        }
        Ok(Self {
            workspace: workspace.to_owned(),
            built,
            times: 1,
            deadline: TEST_PATIENCE,
            ..Self::default()
        })
    }

    /// The same judge, for the program that these words start.
    pub(crate) fn of_program(&self, words: &str) -> Self {
        let mut judge = self.clone();
        let jail = self.jail.as_ref().map(|jail| format!("{} jail ", quoted(jail)));
        judge.environment.push((LAB_PROGRAM.into(), jail.unwrap_or_default() + words));
        judge
    }

    /// Asks for all behaviours of these tasks, a few at once. `progress` is called whenever one
    /// more is judged.
    pub fn judge<'a>(
        &self,
        tasks: impl IntoIterator<Item = &'a Task>,
        progress: impl Fn() + Sync,
    ) -> Vec<Asked<'a>> {
        let mut asked = without_a_run(tasks, Status::NoResult, "");
        in_threads(&mut asked, |one| {
            one.verdict = self.ask_times(one.task, one.behaviour);
            progress();
        });
        asked
    }

    /// Asks `times` times. Mixed results are unstable, with the message of the first failure.
    pub(crate) fn ask_times(&self, task: &Task, behaviour: &Behaviour) -> Verdict {
        let ask = |_| {
            self.ask(task, behaviour).unwrap_or_else(|error| {
                let message = format!("the test cannot be started: {error}");
                Verdict { status: Status::NoResult, message }
            })
        };
        let verdicts: Vec<_> = (0..self.times.max(1)).map(ask).collect();
        let is_passed = |verdict: &&Verdict| verdict.status == Status::Passed;
        let passed = verdicts.iter().filter(is_passed).count();
        let of = verdicts.len();
        let failed = verdicts.iter().find(|verdict| !is_passed(verdict));
        let mut verdict = failed.unwrap_or(&verdicts[0]).clone();
        if passed > 0 && passed < of {
            verdict.status = Status::Unstable { passed, of };
        }
        verdict
    }

    fn ask(&self, task: &Task, behaviour: &Behaviour) -> io::Result<Verdict> {
        let begun = Instant::now();
        let deadline = begun + self.deadline;
        let deadline = self.all_by.map_or(deadline, |all_by| all_by.min(deadline));
        if deadline <= begun {
            let message = format!("Not asked: {OVER} {} s.\n", SUBMISSION_PATIENCE.as_secs());
            return Ok(Verdict { status: Status::TimedOut, message });
        }
        let tests = &self.built[&task.lab.package].tests;
        let path = tests.get(&task.suite).ok_or(io::ErrorKind::NotFound)?.to_string_lossy();
        let words: Vec<_> = self.inside.iter().map(String::as_str).chain([&*path]).collect();
        let folder = self.workspace.join(&task.lab.folder);
        let test = Program::exactly(&words).in_folder(&folder);
        let folder = folder.to_string_lossy();
        let wait = env::var(LAB_WAIT).unwrap_or(WAIT.to_owned());
        let mut environment = vec![
            (LAB_WAIT, wait.as_str()),
            (LAB_JUDGED, "1"),
            ("CARGO_MANIFEST_DIR", &folder),
            ("RUST_BACKTRACE", "0"),
        ];
        environment.extend(self.environment.iter().map(|(name, value)| (&**name, &**value)));
        let arguments = ["--exact", &behaviour.test, "--nocapture"];
        let mut child = Child::start(&test, &arguments, &environment, |_| ())?;
        child.unplugs_keyboard();

        let Outcome { printed, mut complained, end } = child.outcome(deadline, MOST);
        let (status, end) = match end {
            End::Exited(_) if child.left_a_process() => {
                complained += "\nA process was still running when the test had ended.\n";
                (Status::Failed, String::new())
            }
            End::Exited(exit) => {
                match result(exit.success(), &printed, &complained, behaviour.conditional) {
                    status @ Status::NoResult => {
                        (status, format!("The test has ended without a result.\n{printed}"))
                    }
                    status => (status, String::new()),
                }
            }
            End::TooMuch => (Status::NoResult, "The test prints without end.\n".into()),
            End::TimedOut if self.all_by == Some(deadline) => {
                let seconds = SUBMISSION_PATIENCE.as_secs();
                (Status::TimedOut, format!("The test has not ended: {OVER} {seconds} s.\n"))
            }
            End::TimedOut => {
                (Status::TimedOut, format!("The test has not ended in {:?}.\n", self.deadline))
            }
        };
        Ok(Verdict { status, message: message_in(&complained) + &end })
    }
}

/// Does this work on each of these, on a few at once.
pub(crate) fn in_threads<T: Send>(all: &mut [T], work: impl Fn(&mut T) + Sync) {
    // The lock is held only to take the next one.
    let open = Mutex::new(all.iter_mut());
    let next = || open.lock().unwrap_or_else(PoisonError::into_inner).next();
    let body = || {
        while let Some(one) = next() {
            work(one);
        }
    };
    // Most behaviours wait most of the time, so there may be more than cores.
    let cores = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..(3 * cores).min(12) {
            let thread = thread::Builder::new().name("judge".into()).spawn_scoped(scope, body);
            thread.expect("the system has one more thread");
        }
    });
}

/// A program as it stands in `LAB_PROGRAM`.
pub(crate) fn quoted(program: &Path) -> String {
    quote(&program.to_string_lossy()).into_owned()
}

/// The result in the last line of a test, if its exit status agrees.
fn result(success: bool, printed: &str, complained: &str, conditional: bool) -> Status {
    let mut results = printed.lines().filter_map(|line| line.strip_prefix("test result: "));
    let result = results.next().filter(|_| results.next().is_none()).unwrap_or_default();
    let is = |start: &str| result.starts_with(start);
    if success && is("ok. 1 passed; 0 failed; 0 ignored;") {
        Status::Passed
    } else if !success && is("FAILED. 0 passed; 1 failed; 0 ignored;") {
        let at_stub = complained.contains(NOT_WRITTEN);
        if at_stub { Status::NotStarted } else { Status::Failed }
    } else if success && conditional && is("ok. 0 passed; 0 failed; 0 ignored;") {
        Status::NotAsked
    } else {
        Status::NoResult
    }
}

/// The message of a panic, with the picture behind it. In the tests, what is compared stands on
/// the left, and what it should be on the right.
fn message_in(complained: &str) -> String {
    let is_frame = |line: &&str| {
        line.contains(" panicked at ") || line.starts_with("note: run with `RUST_BACKTRACE")
    };
    let lines = complained.split_inclusive('\n').filter(|line| !is_frame(line));
    let message: String = lines.skip_while(|line| line.trim().is_empty()).collect();
    let Some(compared) = message.strip_prefix("assertion `left == right` failed") else {
        return message;
    };
    let compared = compared.replacen("\n  left: ", "\n  it is:     ", 1);
    format!("not as expected{}", compared.replacen("\n right: ", "\n  should be: ", 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSED: &str = "\nrunning 1 test\ntest a ... ok\n\ntest result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 3 filtered out\n";
    const FAILED: &str = "test result: FAILED. 0 passed; 1 failed; 0 ignored; 0 measured";
    const NONE: &str = "test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured";

    #[test]
    fn nothing_passes_but_one_test_that_says_so_and_ends_well() {
        let result = |success, printed| result(success, printed, "", false);
        assert_eq!(result(true, PASSED), Status::Passed);
        assert_eq!(result(false, FAILED), Status::Failed);
        let ignored = "test result: ok. 0 passed; 0 failed; 1 ignored; 0 measured";
        let twice = format!("{PASSED}{PASSED}");
        for (success, printed) in [
            (false, PASSED),
            (true, FAILED),
            (true, ""),
            (false, ""),
            (true, NONE),
            (true, ignored),
            (true, "test result: ok. 2 passed; 0 failed; 0 ignored"),
            (true, &twice),
        ] {
            assert_eq!(result(success, printed), Status::NoResult, "{success} {printed}");
        }
    }

    #[test]
    fn a_test_that_is_not_there_is_not_asked_if_it_is_conditional() {
        assert_eq!(result(true, NONE, "", true), Status::NotAsked);
        assert_eq!(result(false, NONE, "", true), Status::NoResult);
    }

    #[test]
    fn a_stub_is_told_from_a_wrong_answer() {
        let complained = "PEER 1: extension A is not written yet";
        assert_eq!(result(false, FAILED, complained, false), Status::NotStarted);
        assert_eq!(result(true, PASSED, complained, false), Status::Passed);
    }

    #[test]
    fn the_message_of_a_panic_is_what_stands_between_its_frame() {
        let complained = "\nthread 'a' (12) panicked at tests/a.rs:3:5:\nexpected \"x\"\n\ntime | peer 1\nnote: run with `RUST_BACKTRACE=1` environment variable\n";
        assert_eq!(message_in(complained), "expected \"x\"\n\ntime | peer 1\n");
        assert_eq!(message_in(""), "");
        let compared =
            "assertion `left == right` failed: peer 2\n  left: \"a\"\n right: \"b\"\n\n";
        let expected = "not as expected: peer 2\n  it is:     \"a\"\n  should be: \"b\"\n\n";
        assert_eq!(message_in(compared), expected);
    }
}
