//! The verdict on a behaviour that was asked for: whether it passed, and what its test says.

use crate::behaviour::Behaviour;
use crate::task::Task;

/// The result of asking for a behaviour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// The program behaves so.
    Passed,
    /// The program does not behave so.
    Failed,
    /// The program has reached the stub of a task.
    NotStarted,
    /// The program behaves so now and then.
    Unstable {
        /// The runs in which it did.
        passed: usize,
        /// All runs.
        of: usize,
    },
    /// The test has not ended in time.
    TimedOut,
    /// This system does not ask for it.
    NotAsked,
    /// The lab does not compile.
    NoBuild,
    /// The test has ended without a result.
    NoResult,
}

impl Status {
    /// The name in `grade.json`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::NotStarted => "not_started",
            Self::Unstable { .. } => "unstable",
            Self::TimedOut => "timed_out",
            Self::NotAsked => "not_asked",
            Self::NoBuild => "no_build",
            Self::NoResult => "no_result",
        }
    }
}

/// The result of asking for a behaviour, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The result.
    pub status: Status,
    /// The message of the test, with its picture. Empty if it passed.
    pub message: String,
}

impl Verdict {
    /// Whether the behaviour was asked for and did not pass.
    pub fn has_failed(&self) -> bool {
        !matches!(self.status, Status::Passed | Status::NotAsked)
    }
}

/// A behaviour that was asked for.
#[derive(Clone, Debug)]
pub struct Asked<'a> {
    /// Its task.
    pub task: &'a Task,
    /// The behaviour.
    pub behaviour: &'a Behaviour,
    /// The result.
    pub verdict: Verdict,
}

impl Asked<'_> {
    /// Whether it counts: whether this system asks for it.
    pub fn is_counted(&self) -> bool {
        self.verdict.status != Status::NotAsked
    }

    /// The points that it has earned, and of how many: of none if it was not asked for.
    pub fn points(&self) -> [u32; 2] {
        let points = self.behaviour.points;
        match self.verdict.status {
            Status::Passed => [points, points],
            Status::NotAsked => [0, 0],
            _ => [0, points],
        }
    }
}

/// The points that all of these have earned, and of how many.
pub fn points(asked: &[Asked]) -> [u32; 2] {
    [0, 1].map(|part| asked.iter().map(|one| one.points()[part]).sum())
}

/// The results, task by task.
pub fn by_task<'a, 'b>(asked: &'b [Asked<'a>]) -> impl Iterator<Item = &'b [Asked<'a>]> {
    asked.chunk_by(|a, b| std::ptr::eq(a.task, b.task))
}

/// All behaviours of these tasks, without a run: this has become of each.
pub fn without_a_run<'a>(
    tasks: impl IntoIterator<Item = &'a Task>,
    status: Status,
    message: &str,
) -> Vec<Asked<'a>> {
    let verdict = &Verdict { status, message: message.to_owned() };
    let of_task = |task: &'a Task| {
        let behaviours = task.behaviours.iter();
        behaviours.map(move |behaviour| Asked { task, behaviour, verdict: verdict.clone() })
    };
    tasks.into_iter().flat_map(of_task).collect()
}
