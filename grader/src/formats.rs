//! A grade in the formats of other systems: Gradescope, Classroom 50, and all that read `JUnit`.
//!
//! Each is a view of `grade.json`, and fails closed as that does: a behaviour passes only if its
//! status says so. A behaviour that this system does not ask for is not counted.

use anyhow::{Context, Result};
use chrono::{SecondsFormat, Utc};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use serde_json::{Value, json};

use crate::earned::{Grade, OfBehaviour, OfTask};
use crate::task::Show;

/// The most bytes of a message that other systems are given.
const MAX_MESSAGE: usize = 32 << 10;

/// The files beside a `grade.json`, each with its name. `given` reads an environment variable, by
/// which Classroom 50 says what is graded.
pub fn all(
    grade: &Grade,
    given: impl Fn(&str) -> Option<String>,
) -> Result<[(&'static str, String); 3]> {
    Ok([
        ("results.json", format!("{:#}\n", gradescope(grade))),
        ("result.json", format!("{:#}\n", classroom50(grade, given))),
        ("junit.xml", junit(grade)?),
    ])
}

/// Gradescope's `results.json` for a submission that could not be graded.
pub fn not_graded(why: &str) -> String {
    format!("{:#}\n", json!({"score": 0, "output": format!("Not graded: {}", cut(why))}))
}

/// The behaviours that count, each with its task and a number such as `1.2`: the second behaviour
/// of the first task.
fn counted<'a>(
    grade: &'a Grade,
) -> impl Iterator<Item = (String, &'a OfTask, &'a OfBehaviour)> {
    let of_task = |(index, task): (usize, &'a OfTask)| {
        let number = move |at| format!("{}.{}", index + 1, at + 1);
        task.behaviours.iter().enumerate().map(move |(at, one)| (number(at), task, one))
    };
    let all = grade.tasks.iter().enumerate().flat_map(of_task);
    all.filter(|(_, _, one)| one.is_counted())
}

/// The name of a task, such as `week05:a`.
fn name(task: &OfTask) -> String {
    format!("{}:{}", task.lab, task.task)
}

/// The message of a test, as far as students may see it.
fn message(task: &OfTask, one: &OfBehaviour) -> String {
    if task.show == Show::Full { cut(&one.message) } else { String::new() }
}

/// A message that is not longer than the limit.
fn cut(message: &str) -> String {
    let end = message.floor_char_boundary(MAX_MESSAGE);
    if end == message.len() {
        return message.to_owned();
    }
    format!("{}\n[{} bytes more are in grade.json]", &message[..end], message.len() - end)
}

fn gradescope(grade: &Grade) -> Value {
    let tests = counted(grade).map(|(number, task, one)| {
        let output = format!("{}\n{}", one.status.replace('_', " "), message(task, one));
        json!({
            "name": format!("{} {}", name(task), one.test.replace('_', " ")),
            "number": number,
            "score": one.points,
            "max_score": one.of,
            "status": if one.passed() { "passed" } else { "failed" },
            "output": output.trim_end(),
            "output_format": "ansi",
            "tags": [name(task)],
            "visibility": "visible",
        })
    });
    let mut output = format!("Confinement: {}.", grade.confinement);
    if !grade.ignored.is_empty() {
        output += &cut(&format!("\nNot taken over: {}.", grade.ignored.join(", ")));
    }
    json!({
        "score": grade.points,
        "output": output,
        "output_format": "text",
        "visibility": "visible",
        "tests": tests.collect::<Value>(),
    })
}

fn classroom50(grade: &Grade, given: impl Fn(&str) -> Option<String>) -> Value {
    let text = |name| given(name).unwrap_or_default();
    let now = Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true);
    // A late mark must not depend on when it was graded.
    let submitted = given("SUBMITTED_AT").unwrap_or_else(|| now.clone());
    let tests = counted(grade).map(|(_, task, one)| {
        json!({
            "test-name": format!("{} {}", name(task), one.test),
            "passed": one.passed(),
            "score": one.points,
            "max-score": one.of,
            "status": one.status,
        })
    });
    let mut result = json!({
        "schema": "classroom50/result/v1",
        "classroom": text("CLASSROOM"),
        "assignment": text("ASSIGNMENT"),
        "submission": text("SUBMISSION_TAG"),
        "commit": text("COMMIT_URL"),
        "release": text("RELEASE_URL"),
        "review": text("REVIEW_URL"),
        "datetime": submitted,
        "graded_at": now,
        "score": grade.points,
        "max-score": grade.of,
        "tests": tests.collect::<Value>(),
    });
    // Classroom 50's own runner writes these two itself.
    for (field, name) in [("owner", "OWNER"), ("assignment_type", "ASSIGNMENT_TYPE")] {
        if let Some(value) = given(name) {
            result[field] = value.into();
        }
    }
    result
}

fn junit(grade: &Grade) -> Result<String> {
    let mut report = Report::new("grade");
    for task in &grade.tasks {
        let mut suite = TestSuite::new(name(task));
        for one in &task.behaviours {
            let mut status = match one.status.as_str() {
                "passed" => TestCaseStatus::success(),
                "not_asked" => TestCaseStatus::skipped(),
                "failed" | "not_started" | "unstable" => {
                    TestCaseStatus::non_success(NonSuccessKind::Failure)
                }
                _ => TestCaseStatus::non_success(NonSuccessKind::Error),
            };
            // The crate leaves out all other characters that XML may not have.
            let message = message(task, one).replace(['\u{fffe}', '\u{ffff}'], "");
            status.set_type(one.status.as_str());
            status.set_message(message.lines().next().unwrap_or_default());
            status.set_description(message);
            let mut case = TestCase::new(one.test.as_str(), status);
            case.set_classname(name(task));
            case.set_system_out(format!("{} of {} points", one.points, one.of));
            suite.add_test_case(case);
        }
        report.add_test_suite(suite);
    }
    report.to_string().context("the grade can be written as XML")
}
