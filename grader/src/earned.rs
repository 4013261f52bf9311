//! The grade of a submission: the contents of its `grade.json`. All other results are views of it.

use serde::{Deserialize, Serialize};

use crate::judge::{Asked, Status};
use crate::task::Show;

/// The format that is written.
const FORMAT: u32 = 1;

/// The grade of one submission.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Grade {
    /// The version of this format.
    pub format: u32,
    /// All points.
    pub points: u32,
    /// Of how many.
    pub of: u32,
    /// The confinement of its program: `full`, `landlock` or `none`.
    pub confinement: String,
    /// The duration of grading.
    pub seconds: u64,
    /// Its files that were not taken over.
    pub ignored: Vec<String>,
    /// Task by task.
    pub tasks: Vec<OfTask>,
    /// The known mistake that its first wrong task is like.
    pub nearest_mistake: Option<String>,
}

/// Its grade in one task.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OfTask {
    /// The package of the lab.
    pub lab: String,
    /// The id of the task.
    pub task: String,
    /// The part that students may see.
    pub show: Show,
    /// All points.
    pub points: u32,
    /// Of how many.
    pub of: u32,
    /// The known mistake that it is like.
    pub nearest_mistake: Option<String>,
    /// Behaviour by behaviour.
    pub behaviours: Vec<OfBehaviour>,
}

/// Its grade for one behaviour.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OfBehaviour {
    /// The name of the test.
    pub test: String,
    /// The name of its [`Status`].
    pub status: String,
    /// The points.
    pub points: u32,
    /// Of how many: of none if it was not asked for.
    pub of: u32,
    /// The message of the test, with its picture.
    pub message: String,
}

impl Grade {
    /// The grade of these results, which are in the order of their tasks. `nearest` names the known
    /// mistake that a task is like.
    pub fn of(asked: &[Asked], nearest: impl Fn(&[Asked]) -> Option<String>) -> Self {
        let by_task = asked.chunk_by(|a, b| std::ptr::eq(a.task, b.task));
        let of_task = |asked: &[Asked]| {
            let task = asked[0].task;
            let behaviours: Vec<_> = asked.iter().map(OfBehaviour::of).collect();
            OfTask {
                lab: task.lab.package.clone(),
                task: task.id.clone(),
                show: task.show,
                points: behaviours.iter().map(|one| one.points).sum(),
                of: behaviours.iter().map(|one| one.of).sum(),
                nearest_mistake: nearest(asked),
                behaviours,
            }
        };
        let tasks: Vec<_> = by_task.map(of_task).collect();
        Self {
            format: FORMAT,
            points: tasks.iter().map(|task| task.points).sum(),
            of: tasks.iter().map(|task| task.of).sum(),
            nearest_mistake: tasks.iter().find_map(|task| task.nearest_mistake.clone()),
            tasks,
            ..Self::default()
        }
    }
}

impl OfBehaviour {
    fn of(Asked { behaviour, verdict, .. }: &Asked) -> Self {
        let is = |status| verdict.status == status;
        Self {
            test: behaviour.test.clone(),
            status: verdict.status.name().to_owned(),
            points: if is(Status::Passed) { behaviour.points } else { 0 },
            of: if is(Status::NotAsked) { 0 } else { behaviour.points },
            message: verdict.message.clone(),
        }
    }

    /// Whether it passes. Only this word says so.
    pub fn passed(&self) -> bool {
        self.status == Status::Passed.name()
    }

    /// Whether it counts: whether this system asks for it.
    pub fn is_counted(&self) -> bool {
        self.status != Status::NotAsked.name()
    }
}
