//! A grade in the words of other systems: Gradescope, Classroom 50, and all that read `JUnit`.
//!
//! Each is a view of `grade.json`, and fails closed as that does: a behaviour passes only if its
//! status says so. A behaviour that this system does not ask for is not counted.

use anyhow::{Context, Result};
use chrono::{SecondsFormat, Utc};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use serde_json::{Value, json};

/// The most bytes of a message that other systems are given.
const MAX_MESSAGE: usize = 32 << 10;

/// The files beside a `grade.json`, each with its name. `given` reads an environment variable, by
/// which Classroom 50 says what is graded.
pub fn all(
    grade: &Value,
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

/// A behaviour with where it stands.
struct Asked<'a> {
    /// Such as `week05:a`.
    task: String,
    /// Such as `1.2`: the second behaviour of the first task.
    number: String,
    test: &'a str,
    status: &'a str,
    points: u64,
    of: u64,
    message: String,
}

impl Asked<'_> {
    fn passed(&self) -> bool {
        self.status == "passed"
    }

    fn is_counted(&self) -> bool {
        self.status != "not_asked"
    }

    /// What failed, for a reader: the status, and what the test says.
    fn output(&self) -> String {
        format!("{}\n{}", self.status.replace('_', " "), self.message).trim_end().to_owned()
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn asked(task: (usize, &Value)) -> impl Iterator<Item = Asked<'_>> {
    let (index, task) = task;
    let is_shown = !matches!(text(&task["show"]), "names" | "after_due");
    list(&task["behaviours"]).iter().enumerate().map(move |(at, behaviour)| Asked {
        task: name(task),
        number: format!("{}.{}", index + 1, at + 1),
        test: text(&behaviour["test"]),
        status: text(&behaviour["status"]),
        points: behaviour["points"].as_u64().unwrap_or(0),
        of: behaviour["of"].as_u64().unwrap_or(0),
        message: if is_shown { cut(text(&behaviour["message"])) } else { String::new() },
    })
}

/// Such as `week05:a`.
fn name(task: &Value) -> String {
    format!("{}:{}", text(&task["lab"]), text(&task["task"]))
}

fn counted(grade: &Value) -> impl Iterator<Item = Asked<'_>> {
    list(&grade["tasks"]).iter().enumerate().flat_map(asked).filter(Asked::is_counted)
}

/// A message that is not longer than the limit.
fn cut(message: &str) -> String {
    let end = message.floor_char_boundary(MAX_MESSAGE);
    if end == message.len() {
        return message.to_owned();
    }
    format!("{}\n[{} bytes more are in grade.json]", &message[..end], message.len() - end)
}

fn gradescope(grade: &Value) -> Value {
    let tests = counted(grade).map(|one| {
        json!({
            "name": format!("{} {}", one.task, one.test.replace('_', " ")),
            "number": one.number,
            "score": one.points,
            "max_score": one.of,
            "status": if one.passed() { "passed" } else { "failed" },
            "output": one.output(),
            "output_format": "ansi",
            "tags": [one.task],
            "visibility": "visible",
        })
    });
    let tests: Vec<_> = tests.collect();
    let mut output = format!("Confinement: {}.", text(&grade["confinement"]));
    let ignored: Vec<_> = list(&grade["ignored"]).iter().map(text).collect();
    if !ignored.is_empty() {
        output += &cut(&format!("\nNot taken over: {}.", ignored.join(", ")));
    }
    json!({
        "score": grade["points"],
        "output": output,
        "output_format": "text",
        "visibility": "visible",
        "tests": tests,
    })
}

fn classroom50(grade: &Value, given: impl Fn(&str) -> Option<String>) -> Value {
    let text = |name| given(name).unwrap_or_default();
    let now = Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true);
    // A late mark must not depend on when it was graded.
    let submitted = given("SUBMITTED_AT").unwrap_or_else(|| now.clone());
    let tests = counted(grade).map(|one| {
        json!({
            "test-name": format!("{} {}", one.task, one.test),
            "passed": one.passed(),
            "score": one.points,
            "max-score": one.of,
            "status": one.status,
        })
    });
    let tests: Vec<_> = tests.collect();
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
        "score": grade["points"],
        "max-score": grade["of"],
        "tests": tests,
    });
    // Classroom 50's own runner writes these two itself.
    for (field, name) in [("owner", "OWNER"), ("assignment_type", "ASSIGNMENT_TYPE")] {
        if let Some(value) = given(name) {
            result[field] = value.into();
        }
    }
    result
}

fn junit(grade: &Value) -> Result<String> {
    let mut report = Report::new("grade");
    for (index, task) in list(&grade["tasks"]).iter().enumerate() {
        let mut suite = TestSuite::new(name(task));
        for one in asked((index, task)) {
            let mut status = match one.status {
                "passed" => TestCaseStatus::success(),
                "not_asked" => TestCaseStatus::skipped(),
                "failed" | "not_started" | "unstable" => {
                    TestCaseStatus::non_success(NonSuccessKind::Failure)
                }
                _ => TestCaseStatus::non_success(NonSuccessKind::Error),
            };
            // The crate leaves out all other characters that XML may not have.
            let message = one.message.replace(['\u{fffe}', '\u{ffff}'], "");
            status.set_type(one.status);
            status.set_message(message.lines().next().unwrap_or_default());
            status.set_description(message);
            let mut case = TestCase::new(one.test, status);
            case.set_classname(name(task));
            case.set_system_out(format!("{} of {} points", one.points, one.of));
            suite.add_test_case(case);
        }
        report.add_test_suite(suite);
    }
    report.to_string().context("the grade can be written as XML")
}
