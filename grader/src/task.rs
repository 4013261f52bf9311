//! The tasks of a lab, read from its `lab.toml`.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use toml::Spanned;

use crate::behaviour::{Behaviour, behaviours};
use crate::labs::{Lab, Misspelt};

/// The points of a mistake that a student's test catches.
const CATCH: u32 = 2;

/// A task of a lab.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Task {
    /// Its lab.
    #[serde(skip)]
    pub lab: Lab,
    /// Its short name, such as `a`.
    pub id: String,
    /// Its name on the lab sheet.
    pub title: String,
    /// The ids of the tasks that come before it.
    #[serde(default)]
    pub needs: Vec<String>,
    /// The file of its tests, without folder and ending.
    pub suite: String,
    /// The files that a student edits, below the lab's folder.
    pub files: Vec<String>,
    /// The known mistakes that a student's test must catch: then the suite is the student's.
    #[serde(default)]
    pub catches: Vec<String>,
    /// The part of a failure that a report may show.
    #[serde(default)]
    pub show: Show,
    /// The behaviours that its tests ask for, in their order.
    #[serde(skip)]
    pub behaviours: Vec<Behaviour>,
    /// The known mistakes in it, each a patch in the lab's `mistakes/`.
    #[serde(skip)]
    pub mistakes: Vec<Mistake>,
}

/// The part of a failed behaviour that a student may see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Show {
    /// All of it.
    #[default]
    Full,
    /// Its sentence alone.
    Names,
    /// Its sentence alone, until an instructor makes it `full` because the task is no longer due.
    AfterDue,
}

/// A wrong answer that the tests are known to catch.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mistake {
    /// The name of its patch.
    pub name: String,
    /// The id of the task that it is made in.
    pub task: String,
    /// The test that must fail.
    pub caught_by: String,
    /// The words that must stand in the message of the first failure.
    pub says: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LabToml {
    format: u32,
    task: Vec<Spanned<Task>>,
    #[serde(default)]
    mistake: Vec<Spanned<Mistake>>,
}

impl Task {
    /// All tasks of `lab`, in the order of its `lab.toml`.
    pub fn of(workspace: &Path, lab: &Lab) -> Result<Vec<Self>> {
        let folder = workspace.join(&lab.folder);
        let read = |file: &str| fs::read_to_string(folder.join(file)).context("cannot be read");
        let tasks = read("lab.toml").and_then(|text| Self::parse(lab, &text, read));
        tasks.with_context(|| format!("{}/lab.toml", lab.folder))
    }

    pub(crate) fn parse(
        lab: &Lab,
        text: &str,
        read: impl Fn(&str) -> Result<String>,
    ) -> Result<Vec<Self>> {
        let parsed: LabToml = toml::from_str(text)?;
        ensure!(parsed.format == 1, "format {} is unknown: only 1 is known", parsed.format);
        let mut tasks: Vec<Self> = Vec::new();
        for entry in parsed.task {
            let line = line_at(text, entry.span().start);
            let mut task = entry.into_inner();
            task.lab = lab.clone();
            task.complete(&tasks, &read).with_context(|| format!("line {line}"))?;
            tasks.push(task);
        }
        let mut known = Vec::new();
        for entry in parsed.mistake {
            let line = line_at(text, entry.span().start);
            let mistake = entry.into_inner();
            let Mistake { name, task: id, caught_by, .. } = &mistake;
            known.push(name.clone());
            let task = tasks.iter_mut().find(|task| task.id == *id);
            let task = task.with_context(|| format!("line {line}: there is no task {id:?}"))?;
            ensure!(
                task.behaviours.iter().any(|behaviour| behaviour.test == *caught_by),
                "line {line}: {name} is caught by {caught_by:?}, no behaviour of task {id}"
            );
            task.mistakes.push(mistake);
        }
        for name in tasks.iter().flat_map(|task| &task.catches) {
            // An edition has no mistakes.
            ensure!(known.is_empty() || known.contains(name), "there is no mistake {name:?}");
        }
        Ok(tasks)
    }

    /// The files that a student edits, below the workspace.
    pub fn paths(&self) -> impl Iterator<Item = String> {
        self.files.iter().map(|file| format!("{}/{file}", self.lab.folder))
    }

    /// Pairs of this task and each of its mistakes.
    pub fn with_mistakes(&self) -> impl Iterator<Item = (&Self, &Mistake)> + Clone {
        self.mistakes.iter().map(move |mistake| (self, mistake))
    }

    /// The file of a mistake in it, with this ending: `patch` or `golden`.
    pub fn mistake(&self, workspace: &Path, name: &str, ending: &str) -> PathBuf {
        workspace.join(&self.lab.folder).join(format!("mistakes/{name}.{ending}"))
    }

    /// The name among the tasks of all labs: `week05:a`.
    pub fn name(&self) -> String {
        format!("{}:{}", self.lab.package, self.id)
    }

    /// Whether a student is to write a test, which catches mistakes.
    pub fn is_to_catch(&self) -> bool {
        !self.catches.is_empty()
    }

    /// Whether one program is asked for both tasks.
    pub fn is_asked_with(&self, other: &Self) -> bool {
        self.lab == other.lab && !self.is_to_catch() && !other.is_to_catch()
    }

    /// Whether a user who types `name` means this task: its id or its suite.
    pub fn is_called(&self, name: &str) -> bool {
        let name = name.to_lowercase();
        self.id == name || self.suite == name
    }

    /// Checks what stands in `lab.toml`, and reads the behaviours.
    fn complete(
        &mut self,
        before: &[Self],
        read: impl Fn(&str) -> Result<String>,
    ) -> Result<()> {
        let Self { id, needs, suite, files, .. } = self;
        ensure!(*id == id.to_lowercase(), "the id {id:?} is not in lower case");
        for other in before {
            ensure!(other.id != *id, "there are two tasks {id:?}");
            ensure!(other.suite != *suite, "two tasks have the suite {suite:?}");
        }
        for need in needs {
            let known = before.iter().any(|other| other.id == *need);
            ensure!(known, "task {id} needs {need:?}, which is no task above it");
        }
        ensure!(!files.is_empty(), "task {id} has no files");
        for file in files {
            read(file).with_context(|| file.clone())?;
        }
        let path = format!("tests/{suite}.rs");
        self.behaviours = if self.is_to_catch() {
            to_catch(&self.catches)
        } else {
            read(&path).and_then(|tests| behaviours(&tests)).with_context(|| path.clone())?
        };
        ensure!(!self.behaviours.is_empty(), "{path}: no test has `Points:`");
        Ok(())
    }
}

impl fmt::Display for Task {
    /// The words that a user types: `week05 a`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.lab.package, self.id)
    }
}

/// The tasks of all labs.
pub fn all(workspace: &Path) -> Result<Vec<Task>> {
    let labs = Lab::all(workspace).context("cannot list the labs")?;
    let of = |lab| Task::of(workspace, lab);
    Ok(labs.iter().map(of).collect::<Result<Vec<_>>>()?.concat())
}

/// The tasks that a user means by `LAB:TASK,...`, where `LAB` alone means all of its tasks, and `all`
/// means all of them.
pub fn chosen(all: &[Task], words: &str) -> Result<Vec<Task>, Misspelt> {
    let is_meant = |task: &Task, word: &str| {
        let (lab, id) = word.split_once(':').unwrap_or((word, ""));
        word == "all" || task.lab.is_called(lab) && (id.is_empty() || task.is_called(id))
    };
    let words: Vec<_> = words.split(',').map(str::trim).collect();
    if let Some(word) = words.iter().find(|word| !all.iter().any(|task| is_meant(task, word))) {
        let names: Vec<_> = all.iter().map(Task::name).collect();
        return Err(Misspelt::of("task", word.trim_end_matches(':'), &names));
    }
    let is_chosen = |task: &&Task| words.iter().any(|word| is_meant(task, word));
    Ok(all.iter().filter(is_chosen).cloned().collect())
}

/// The tasks that a user means by a lab and a task of it. Where neither is named, all are meant, and
/// all of a lab where the task is not.
pub fn named(workspace: &Path, lab: &str, task: &str) -> Result<Vec<Task>> {
    let words = if lab.is_empty() { "all".to_owned() } else { format!("{lab}:{task}") };
    Ok(chosen(&all(workspace)?, &words)?)
}

/// The behaviours of a student's test: nothing is won by one that passes on every program.
fn to_catch(mistakes: &[String]) -> Vec<Behaviour> {
    let right = Behaviour {
        test: "it_passes_on_the_right_program".to_owned(),
        sentence: "Your test passes on the right program.".to_owned(),
        ..Behaviour::default()
    };
    let mistake = |name: &String| Behaviour {
        test: format!("it_fails_on_{name}"),
        sentence: format!("Your test fails on a program that {}.", name.replace('_', " ")),
        points: CATCH,
        ..Behaviour::default()
    };
    [right].into_iter().chain(mistakes.iter().map(mistake)).collect()
}

/// The number of the line in which the byte `at` stands.
fn line_at(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    const TESTS: &str = r"
/// A broadcast reaches every known peer.
///
/// Points: 4
#[test]
fn a_broadcast() {}
";

    const LAB: &str = r#"format = 1
[[task]]
id = "a"
title = "Peer list"
suite = "extension_a"
files = ["src/a.rs"]

[[task]]
id = "b"
title = "Relay"
needs = ["a"]
suite = "extension_b"
files = ["src/b.rs"]
show = "names"

[[mistake]]
name = "includes_self"
task = "a"
caught_by = "a_broadcast"
says = "Hello"
"#;

    fn parse(lab_toml: &str, tests: &str) -> Result<Vec<Task>, String> {
        let lab = Lab { folder: "lab".into(), package: "lab".into() };
        let read = |_: &str| Ok(tests.to_owned());
        Task::parse(&lab, lab_toml, read).map_err(|error| format!("{error:#}"))
    }

    fn points(task: &Task) -> u32 {
        task.behaviours.iter().map(|behaviour| behaviour.points).sum()
    }

    #[test]
    fn tasks_are_read_in_order_and_found_by_id_or_suite() {
        let tasks = parse(LAB, TESTS).unwrap();
        let ids: Vec<_> = tasks.iter().map(|task| task.id.as_str()).collect();
        assert_eq!(ids, ["a", "b"]);
        assert_eq!((tasks[0].show, tasks[1].show), (Show::Full, Show::Names));
        assert_eq!(points(&tasks[0]), 4);
        assert_eq!(tasks[0].mistakes[0].name, "includes_self");
        for name in ["b", "B", "extension_b"] {
            let found: Vec<_> = tasks.iter().map(|task| task.is_called(name)).collect();
            assert_eq!(found, [false, true], "{name}");
        }
    }

    #[test]
    fn a_user_means_tasks_of_a_lab_all_of_them_or_one() {
        let all = parse(LAB, TESTS).unwrap();
        let chosen = |words: &str| chosen(&all, words).map(|tasks| tasks.len());
        for (words, count) in [("all", 2), ("lab", 2), ("lab:b, lab:B", 1), ("lab,lab:a", 2)] {
            assert_eq!(chosen(words).unwrap(), count, "{words}");
        }
        let complaint = chosen("lab:a,lab:z").unwrap_err().0;
        assert_eq!(complaint, "there is no task \"lab:z\"; the tasks are: lab:a, lab:b");
    }

    #[test]
    fn of_a_test_that_catches_mistakes_each_mistake_is_a_behaviour() {
        let with = |catches: &str| LAB.replace("[\"src/a.rs\"]", catches);
        let lab = with("[\"tests/a.rs\"]\ncatches = [\"includes_self\"]");
        let lab = lab.replace("\"a_broadcast\"", "\"it_fails_on_includes_self\"");
        let tasks = parse(&lab, TESTS).unwrap();
        let found = tasks[0].behaviours.iter().map(|one| (&*one.sentence, one.points));
        let expected = [
            ("Your test passes on the right program.", 0),
            ("Your test fails on a program that includes self.", 2),
        ];
        assert_eq!(found.collect::<Vec<_>>(), expected);
        let unknown = lab.replace("[\"includes_self\"]", "[\"includes_self\", \"hangs\"]");
        assert_eq!(parse(&unknown, TESTS).unwrap_err(), "there is no mistake \"hangs\"");
        let edition = unknown.split("\n[[mistake]]").next().unwrap();
        assert_eq!(points(&parse(edition, TESTS).unwrap()[0]), 4);
    }

    #[test]
    fn an_error_names_the_line() {
        let bad = |old: &str, new: &str| parse(&LAB.replace(old, new), TESTS).unwrap_err();
        assert_eq!(bad("\"b\"", "\"a\""), "line 8: there are two tasks \"a\"");
        assert_eq!(
            bad("[\"a\"]", "[\"z\"]"),
            "line 8: task b needs \"z\", which is no task above it"
        );
        assert_eq!(
            bad("\"a_broadcast\"", "\"x\""),
            "line 16: includes_self is caught by \"x\", no behaviour of task a"
        );
        assert_eq!(bad("format = 1", "format = 2"), "format 2 is unknown: only 1 is known");
        assert!(bad("title = \"Relay\"", "tittle = \"Relay\"").contains("line 10, column 1"));

        let four = parse(LAB, &TESTS.replace("Points: 4", "Points: four")).unwrap_err();
        let complaint = "line 6: a_broadcast: \"Points: four\" is no number";
        assert_eq!(four, format!("line 2: tests/extension_a.rs: {complaint}"));
    }
}
