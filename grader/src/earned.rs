//! The grade of a submission: the contents of its `grade.json`. All other results are views of it.

use serde_json::{Value, json};

use crate::verdict::{Asked, by_task, points};

/// The format that is written.
const FORMAT: u32 = 1;

/// The grade of one submission.
#[derive(Debug)]
pub struct Grade<'a> {
    /// The results, in the order of their tasks.
    pub asked: Vec<Asked<'a>>,
    /// For each task, the known mistake that it is like.
    pub nearest: Vec<Option<String>>,
    /// The confinement of its program: `full`, `landlock` or `none`.
    pub confinement: &'static str,
    /// The duration of grading.
    pub seconds: u64,
    /// Its files that were not taken over.
    pub ignored: Vec<String>,
}

impl<'a> Grade<'a> {
    /// The results of each task, with the known mistake that it is like.
    pub fn tasks(&self) -> impl Iterator<Item = (&[Asked<'a>], Option<&str>)> {
        by_task(&self.asked).zip(self.nearest.iter().map(Option::as_deref))
    }

    /// The known mistake that its first wrong task is like.
    pub fn nearest_mistake(&self) -> Option<&str> {
        self.nearest.iter().flatten().map(String::as_str).next()
    }

    /// The contents of `grade.json`.
    pub fn json(&self) -> Value {
        let of_behaviour = |one: &Asked| {
            let [points, of] = one.points();
            json!({
                "test": one.behaviour.test,
                "status": one.verdict.status.name(),
                "points": points,
                "of": of,
                "message": one.verdict.message,
            })
        };
        let of_task = |(asked, nearest): (&[Asked], _)| {
            let (task, [points, of]) = (asked[0].task, points(asked));
            json!({
                "lab": task.lab.package,
                "task": task.id,
                "show": task.show,
                "points": points,
                "of": of,
                "nearest_mistake": nearest,
                "behaviours": asked.iter().map(of_behaviour).collect::<Value>(),
            })
        };
        let [points, of] = points(&self.asked);
        json!({
            "format": FORMAT,
            "points": points,
            "of": of,
            "confinement": self.confinement,
            "seconds": self.seconds,
            "ignored": self.ignored,
            "tasks": self.tasks().map(of_task).collect::<Value>(),
            "nearest_mistake": self.nearest_mistake(),
        })
    }
}
