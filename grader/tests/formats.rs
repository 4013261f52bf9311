//! What other systems read of a grade, read again as they would: as JSON, and as XML.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::io::Write;
use std::process::{Command, Stdio};

use chrono::DateTime;
use grader::behaviour::Behaviour;
use grader::earned::Grade;
use grader::formats;
use grader::labs::Lab;
use grader::task::Task;
use grader::verdict::{Status, without_a_run};
use quick_junit::{NonSuccessKind, Report, TestCaseStatus};
use serde_json::{Value, json};

/// Everything that is hard to write as XML: a control character, the end of a CDATA section, a
/// character that no XML may have, and letters beyond ASCII.
const HARD: &str = "expected \"<a & b>\" ]]> \u{1}\u{7f}\u{fffe} \u{1b}[31mrot\u{1b}[0m äöü 🦀";

/// A message over the limit, whose letters are two bytes each.
fn long() -> String {
    format!("x{}", "ß".repeat(500_000))
}

/// Two tasks, and what becomes of each of their behaviours.
fn tasks() -> (Vec<Task>, Vec<(Status, String)>) {
    let a = [
        ("it_runs", 2, Status::Passed, String::new()),
        ("it_answers", 3, Status::Failed, HARD.into()),
        ("it_waits", 1, Status::TimedOut, long()),
        ("it_is_on_linux", 4, Status::NotAsked, String::new()),
    ];
    let b = [
        ("b1", 1, Status::NotStarted, "b is not written yet".into()),
        ("b2", 1, Status::Unstable { passed: 2, of: 3 }, "2 of 3".into()),
        ("b3", 1, Status::NoBuild, "error[E0308]".into()),
        ("b4", 1, Status::NoResult, String::new()),
        ("b5", 1, Status::TimedOut, String::new()),
    ];
    let behaviour = |(test, points, ..): &(&str, u32, Status, String)| Behaviour {
        test: (*test).into(),
        sentence: String::new(),
        points: *points,
        hints: Vec::new(),
        conditional: false,
    };
    let task = |id: &str, all: &[_]| Task {
        lab: Lab { package: "week05".into(), ..Lab::default() },
        id: id.into(),
        behaviours: all.iter().map(behaviour).collect(),
        ..Task::default()
    };
    let tasks = vec![task("a", &a), task("b", &b)];
    let verdicts = a.into_iter().chain(b).map(|(.., status, message)| (status, message));
    (tasks, verdicts.collect())
}

/// Calls `then` with a grade.
fn with_grade<T>(then: impl FnOnce(&Grade) -> T) -> T {
    let (tasks, verdicts) = tasks();
    let mut asked = without_a_run(&tasks, Status::NoResult, "");
    for (one, verdict) in asked.iter_mut().zip(verdicts) {
        (one.verdict.status, one.verdict.message) = verdict;
    }
    then(&Grade {
        asked,
        nearest: vec![None, Some("hangs".into())],
        confinement: "landlock",
        seconds: 1,
        ignored: vec!["week05-peer-to-peer-basic/build.rs".into()],
    })
}

#[test]
fn grade_json_has_each_behaviour_with_its_points() {
    let text = with_grade(|grade| format!("{:#}\n", grade.json()));
    assert!(
        text.starts_with("{\n  \"format\": 1,\n  \"points\": 2,\n  \"of\": 11,\n"),
        "{text}"
    );
    let mut grade = json(&text);
    let all: Vec<_> = [0, 1].map(|task| grade["tasks"][task]["behaviours"].take()).into();
    let expected = json!({
        "format": 1, "points": 2, "of": 11, "confinement": "landlock", "seconds": 1,
        "ignored": ["week05-peer-to-peer-basic/build.rs"],
        "tasks": [
            {"lab": "week05", "task": "a", "show": "full", "points": 2, "of": 6, "nearest_mistake": null, "behaviours": null},
            {"lab": "week05", "task": "b", "show": "full", "points": 0, "of": 5, "nearest_mistake": "hangs", "behaviours": null},
        ],
        "nearest_mistake": "hangs",
    });
    assert_eq!(grade, expected);
    let answers = json!({"test": "it_answers", "status": "failed", "points": 0, "of": 3, "message": HARD});
    assert_eq!(all[0][1], answers);
    assert_eq!((&all[0][3]["status"], &all[0][3]["of"]), (&json!("not_asked"), &json!(0)));
    let statuses: Vec<_> =
        all[1].as_array().unwrap().iter().map(|one| &one["status"]).collect();
    assert_eq!(statuses, ["not_started", "unstable", "no_build", "no_result", "timed_out"]);
}

/// The file of this name, with these environment variables.
fn written(name: &str, environment: &[(&str, &str)]) -> String {
    let given = |wanted: &str| {
        let found = environment.iter().find(|(name, _)| *name == wanted);
        found.map(|(_, value)| (*value).to_owned())
    };
    let files = with_grade(|grade| formats::all(grade, given).unwrap());
    files.into_iter().find(|file| file.0 == name).unwrap().1
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn gradescope_has_a_test_for_each_behaviour_that_is_asked() {
    let results = json(&written("results.json", &[]));
    let tests = results["tests"].as_array().unwrap();
    assert_eq!((results["score"].as_u64(), tests.len()), (Some(2), 8));
    let output = results["output"].as_str().unwrap();
    assert!(output.contains("Confinement: landlock."), "{output}");
    assert!(output.contains("week05-peer-to-peer-basic/build.rs"), "{output}");
    let expected = json!({
        "name": "week05:a it answers", "number": "1.2", "score": 0, "max_score": 3,
        "status": "failed", "output": format!("failed\n{HARD}"), "output_format": "ansi",
        "tags": ["week05:a"], "visibility": "visible",
    });
    assert_eq!(tests[1], expected);
    let passed: Vec<_> = tests.iter().map(|test| test["status"] == "passed").collect();
    assert_eq!(passed, [true, false, false, false, false, false, false, false]);
    let most: u64 = tests.iter().filter_map(|test| test["max_score"].as_u64()).sum();
    assert_eq!(most, 11);
}

#[test]
fn a_long_message_is_cut_between_letters_and_says_so() {
    let results = json(&written("results.json", &[]));
    let output = results["tests"][2]["output"].as_str().unwrap();
    let (kept, note) = output.split_once("\n[").unwrap();
    let kept = kept.strip_prefix("timed out\n").unwrap();
    assert!(kept.len() <= 32 * 1024 && kept.len() > 32 * 1024 - 4, "{}", kept.len());
    let rest = long().len() - kept.len();
    assert_eq!(note, format!("{rest} bytes more are in grade.json]"));
    assert!(written("junit.xml", &[]).contains(note), "the other formats have it as well");
}

#[test]
fn a_submission_that_was_not_graded_has_no_points_and_a_reason() {
    let results = json(&formats::not_graded(HARD));
    assert_eq!(results, json!({"score": 0, "output": format!("Not graded: {HARD}")}));
}

#[test]
fn classroom_50_is_told_what_it_asked_for_and_when_it_was_submitted() {
    let environment = [
        ("CLASSROOM", "p2p"),
        ("ASSIGNMENT", "week05"),
        ("SUBMISSION_TAG", "submit/1"),
        ("COMMIT_URL", "https://c"),
        ("RELEASE_URL", "https://r"),
        ("REVIEW_URL", "https://v"),
        ("SUBMITTED_AT", "2026-11-01T10:00:00Z"),
        ("OWNER", "ada"),
        ("ASSIGNMENT_TYPE", "individual"),
    ];
    let mut result = json(&written("result.json", &environment));
    let graded = result["graded_at"].take();
    let graded = graded.as_str().unwrap();
    assert!(DateTime::parse_from_rfc3339(graded).is_ok() && graded.ends_with('Z'), "{graded}");
    let tests = result["tests"].take();
    let expected = json!({
        "schema": "classroom50/result/v1", "classroom": "p2p", "assignment": "week05",
        "submission": "submit/1", "commit": "https://c", "release": "https://r",
        "review": "https://v", "datetime": "2026-11-01T10:00:00Z", "graded_at": null,
        "score": 2, "max-score": 11, "tests": null, "owner": "ada",
        "assignment_type": "individual",
    });
    assert_eq!(result, expected);
    assert_eq!(tests.as_array().unwrap().len(), 8);
    let first = json!({"test-name": "week05:a it_runs", "passed": true, "score": 2, "max-score": 2, "status": "passed"});
    assert_eq!(tests[0], first);
    assert_eq!(tests[1]["passed"], false);

    let bare = json(&written("result.json", &[]));
    assert_eq!((&bare["owner"], &bare["classroom"]), (&Value::Null, &json!("")));
    assert_eq!(bare["datetime"], bare["graded_at"]);
}

#[test]
fn junit_tells_failures_from_errors_and_from_what_was_not_asked() {
    let report = Report::deserialize_from_str(&written("junit.xml", &[])).unwrap();
    assert_eq!((report.tests, report.failures, report.errors, report.skipped), (9, 3, 4, 1));
    let suites: Vec<_> = report.test_suites.iter().map(|suite| suite.name.as_str()).collect();
    assert_eq!(suites, ["week05:a", "week05:b"]);
    let case = &report.test_suites[0].test_cases[1];
    assert_eq!(case.name.as_str(), "it_answers");
    assert_eq!(case.system_out.as_deref(), Some("0 of 3 points"));
    let TestCaseStatus::NonSuccess { kind, ty, description, .. } = &case.status else {
        panic!("{case:?}")
    };
    assert_eq!((*kind, ty.as_deref()), (NonSuccessKind::Failure, Some("failed")));
    let clean = "expected \"<a & b>\" ]]> ";
    let description = description.as_deref().unwrap();
    assert!(
        description.starts_with(clean) && description.ends_with("rot äöü 🦀"),
        "{description}"
    );
}

#[test]
fn a_strict_reader_takes_the_xml() {
    let mut python = Command::new("python3");
    python.args(["-c", "import sys, xml.etree.ElementTree as e; print(len(e.parse(sys.stdin.buffer).findall('.//testcase')))"]);
    let started = python.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut python) = started else {
        assert!(std::env::var_os("CI").is_none(), "there is no python3");
        eprintln!("not tried: there is no python3");
        return;
    };
    let mut stdin = python.stdin.take().unwrap();
    stdin.write_all(written("junit.xml", &[]).as_bytes()).unwrap();
    drop(stdin);
    let output = python.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "9");
}
