//! A grade in the formats of other systems: Gradescope, Classroom 50, and all that read `JUnit`.
//!
//! Each fails closed: a behaviour passes only if its status says so. A behaviour that this system does
//! not ask for is not counted.

use anyhow::{Context, Result};
use chrono::{SecondsFormat, Utc};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use serde_json::{Value, json};

use crate::earned::Grade;
use crate::task::Show;
use crate::verdict::{Asked, Status, by_task, points};

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

/// The message of a test, as far as students may see it.
fn message(Asked { task, verdict, .. }: &Asked) -> String {
    if task.show == Show::Full { cut(&verdict.message) } else { String::new() }
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
    let tests = by_task(&grade.asked).enumerate().flat_map(|(index, asked)| {
        let counted = asked.iter().enumerate().filter(|(_, one)| one.is_counted());
        counted.map(move |(at, one)| {
            let ([points, of], status) = (one.points(), one.verdict.status);
            let output = format!("{}\n{}", status.name().replace('_', " "), message(one));
            json!({
                "name": format!("{} {}", one.task.name(), one.behaviour.test.replace('_', " ")),
                "number": format!("{}.{}", index + 1, at + 1),
                "score": points,
                "max_score": of,
                "status": if status == Status::Passed { "passed" } else { "failed" },
                "output": output.trim_end(),
                "output_format": "ansi",
                "tags": [one.task.name()],
                "visibility": "visible",
            })
        })
    });
    let mut output = format!("Confinement: {}.", grade.confinement);
    if !grade.ignored.is_empty() {
        output += &cut(&format!("\nNot taken over: {}.", grade.ignored.join(", ")));
    }
    json!({
        "score": points(&grade.asked)[0],
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
    let tests = grade.asked.iter().filter(|one| one.is_counted()).map(|one| {
        let ([points, of], status) = (one.points(), one.verdict.status);
        json!({
            "test-name": format!("{} {}", one.task.name(), one.behaviour.test),
            "passed": status == Status::Passed,
            "score": points,
            "max-score": of,
            "status": status.name(),
        })
    });
    let [points, of] = points(&grade.asked);
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
        "score": points,
        "max-score": of,
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
    for asked in by_task(&grade.asked) {
        let name = asked[0].task.name();
        let mut suite = TestSuite::new(name.as_str());
        for one in asked {
            let mut status = match one.verdict.status {
                Status::Passed => TestCaseStatus::success(),
                Status::NotAsked => TestCaseStatus::skipped(),
                Status::Failed | Status::NotStarted | Status::Unstable { .. } => {
                    TestCaseStatus::non_success(NonSuccessKind::Failure)
                }
                Status::TimedOut | Status::NoBuild | Status::NoResult => {
                    TestCaseStatus::non_success(NonSuccessKind::Error)
                }
            };
            // The crate leaves out all other characters that XML may not have.
            let message = message(one).replace(['\u{fffe}', '\u{ffff}'], "");
            status.set_type(one.verdict.status.name());
            status.set_message(message.lines().next().unwrap_or_default());
            status.set_description(message);
            let mut case = TestCase::new(one.behaviour.test.as_str(), status);
            case.set_classname(name.as_str());
            let [points, of] = one.points();
            case.set_system_out(format!("{points} of {of} points"));
            suite.add_test_case(case);
        }
        report.add_test_suite(suite);
    }
    report.to_string().context("the grade can be written as XML")
}
