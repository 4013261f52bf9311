//! Students' tests, graded against known mistakes: one that catches all, and some that do not.
#![cfg(unix)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use grader::markers;
use scenario::workspace;
use serde_json::Value;

const TEST: &str = "week05-peer-to-peer-basic/tests/your_test.rs";

/// Bodies of the test, what each is worth, and what becomes of the right program and of the first
/// mistake.
const BODIES: [(&str, &str, u64, [&str; 2]); 6] = [
    ("always_fails", "panic!(\"{WEEK05}\")", 0, ["failed", "failed"]),
    ("always_passes", "println!(\"{WEEK05}\")", 0, ["passed", "failed"]),
    (
        "catches_two",
        "let fixture = Fixture::of(WEEK05);
        let other = fixture.stranger(1);
        let mut peer2 = fixture.peer(2);
        peer2.types(\"broadcast\");
        peer2.types(\" Hello \");
        assert_eq!(scenario::fixture::hears(&other), \" Hello \");",
        4,
        ["passed", "failed"],
    ),
    // It is to fail on the right program, and to pass on each mistake.
    (
        "is_the_wrong_way_round",
        "let fixture = Fixture::of(WEEK05);
        let other = fixture.stranger(5);
        let mut peer2 = fixture.peer(2);
        peer2.types(\"broadcast\");
        peer2.types(\" Hello \");
        assert_ne!(scenario::fixture::hears(&other), \" Hello \", \"not written yet\");",
        0,
        ["not_started", "not_started"],
    ),
    ("ends_at_once", "std::process::exit(WEEK05.len() as i32)", 0, ["no_result", "failed"]),
    ("is_no_test", "this is no Rust", 0, ["no_build", "no_build"]),
];

/// Submits this body of the test, or the file as it is.
fn submits(class: &Path, student: &str, body: Option<&str>) -> PathBuf {
    let text = fs::read_to_string(workspace().join(TEST)).expect("it is there");
    let text = match body {
        Some("") => markers::stub(&text, "t").expect("it is marked"),
        Some(body) => markers::replace(&text, "t", &[body.to_owned()]).expect("it is marked"),
        None => text,
    };
    let place = class.join(student).join(TEST);
    fs::create_dir_all(place.parent().expect("a folder")).expect("a folder can be made");
    fs::write(place, text).expect("it is written");
    class.join(student)
}

#[test]
fn a_test_earns_points_for_the_mistakes_that_it_catches() {
    let class = tempfile::tempdir().expect("a folder can be made");
    let all = [("answer", None), ("stub", Some(""))].into_iter();
    let all = all.chain(BODIES.iter().map(|(name, body, ..)| (*name, Some(*body))));
    let folders = all.map(|(name, body)| submits(class.path(), name, body));
    let mut grade = Command::new(env!("CARGO_BIN_EXE_grader"));
    grade.current_dir(workspace()).args([
        "grade",
        "--unconfined",
        "--tasks",
        "week05:t",
        "--to",
    ]);
    grade.arg(class.path().join("grades")).args(folders);
    let output = grade.output().expect("the grader can be started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    let expected = [("answer", 12, ["passed"; 2]), ("stub", 0, ["not_started"; 2])].into_iter();
    let bodies = BODIES.iter().map(|(name, _, points, statuses)| (*name, *points, *statuses));
    for (name, points, statuses) in expected.chain(bodies) {
        let path = class.path().join("grades").join(name).join("grade.json");
        let text = fs::read_to_string(path).expect("each has a grade");
        let grade: Value = serde_json::from_str(&text).expect("it is JSON");
        let behaviours = &grade["tasks"][0]["behaviours"];
        assert_eq!(grade["points"], points, "{name}: {behaviours:#}");
        assert_eq!(grade["of"], 12, "{name}: {behaviours:#}");
        let found = [0, 1].map(|index| behaviours[index]["status"].clone());
        assert_eq!(found, statuses, "{name}: {behaviours:#}");
    }
}
