//! A right program has full marks, in whatever language and design: eight programs are graded with
//! the real program, as an instructor would.
#![cfg(unix)]

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use scenario::lab_sheet;
use scenario::workspace;
use serde_json::Value;

/// Gradings one after the other: each keeps all cores busy.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// What the lab sheet's own program does right. It reads one buffer of a message, which also ends a
/// call that would not end; it waits for one caller after the other, ends when one resets its call, dials without a timeout, and
/// knows no extension.
const OF_THE_SHEET: [&str; 16] = [
    "a_message_is_shown_with_the_address_of_its_caller",
    "a_message_is_shown_with_all_its_spaces",
    "a_line_end_does_not_end_a_message",
    "one_caller_after_the_other_is_heard",
    "a_caller_that_never_ends_is_hung_up_on",
    "a_message_without_end_is_cut",
    "callers_that_wait_for_each_other_are_shown_in_their_order",
    "a_message_goes_out_byte_for_byte",
    "each_message_is_a_call_of_its_own",
    "the_id_chooses_the_peer",
    "a_peer_that_is_not_online_is_named",
    "a_message_is_shown_while_ours_waits",
    "a_long_message_is_sent_whole",
    "a_message_may_have_letters_of_any_language",
    "a_message_is_sent_as_it_was_typed",
    "messages_that_were_typed_ahead_arrive_in_their_order",
];

/// The path of Python itself, if this machine has it: a shim would start other programs, and the
/// jail lets it start none. In CI, where `CI` is set, a missing Python is a failure.
fn python() -> Option<String> {
    let path = |name: &&str| {
        let mut python = Command::new(name);
        let output = python.args(["-c", "import sys; print(sys.executable)"]).output().ok()?;
        let path = String::from_utf8(output.stdout).ok()?.trim().to_owned();
        (output.status.success() && !path.is_empty()).then_some(path)
    };
    let found = ["python3", "python"].iter().find_map(path);
    if found.is_none() {
        assert!(env::var_os("CI").is_none(), "no Python here: install python3");
        eprintln!("No Python on this machine: the Python programs were not tried.");
    }
    found
}

fn source(name: &str) -> PathBuf {
    workspace().join("grader/tests/programs").join(name)
}

/// A folder for what one test writes.
fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("right_programs").join(test);
    fs::create_dir_all(&folder).expect("cargo's folder for such files can be written to");
    folder
}

/// Grades the program that these words start. Returns its `grade.json`.
fn graded(test: &str, tasks: &str, words: &[&str]) -> Value {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let to = folder(test);
    let mut grade = Command::new(env!("CARGO_BIN_EXE_grader"));
    grade.current_dir(workspace()).args(["grade", "--unconfined", "--to"]).arg(&to);
    grade.args(["--tasks", tasks, "--program", &shell_words::join(words)]);
    let output = grade.output().expect("the grader can be started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let grade = fs::read_to_string(to.join("program/grade.json")).expect("there is a grade");
    serde_json::from_str(&grade).expect("it is JSON")
}

fn behaviours(grade: &Value) -> impl Iterator<Item = &Value> {
    let tasks = grade["tasks"].as_array().into_iter().flatten();
    tasks.flat_map(|task| task["behaviours"].as_array().into_iter().flatten())
}

#[track_caller]
fn has_full_marks(grade: &Value, tasks: usize) {
    let failed = behaviours(grade).filter(|one| one["points"] != one["of"]);
    let failures: Vec<_> = failed
        .map(|one| format!("{} {}\n{}", one["test"], one["status"], text(&one["message"])))
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert_eq!(grade["tasks"].as_array().map(Vec::len), Some(tasks));
    assert!(grade["points"].as_u64() > Some(0) && grade["points"] == grade["of"]);
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[test]
fn a_peer_in_python_has_full_marks() {
    let Some(python) = python() else { return };
    let peer = source("peer.py");
    has_full_marks(&graded("peer", "week05", &[&python, &peer.to_string_lossy()]), 7);
}

#[test]
fn a_peer_with_a_thread_per_call_has_full_marks() {
    let build = ["build", "--package", "grader", "--example", "thread_per_call"];
    let built = grader::build::build(&workspace(), &build).expect("it compiles");
    let program = &built.programs["thread_per_call"];
    has_full_marks(&graded("thread_per_call", "week05", &[&program.to_string_lossy()]), 7);
}

#[test]
fn the_sheets_own_program_has_the_marks_for_what_it_does_and_no_others() {
    let Some(python) = python() else { return };
    let peer = workspace().join("week05-peer-to-peer-basic/tests/peer.py");
    let grade = graded("sheet", "week05", &[&python, &peer.to_string_lossy()]);
    let passed = behaviours(&grade).filter(|one| one["status"] == "passed");
    let passed: BTreeSet<_> = passed.map(|one| text(&one["test"])).collect();
    assert_eq!(passed, BTreeSet::from(OF_THE_SHEET), "{:#}", grade["tasks"]);
}

#[test]
fn the_example_of_the_page_has_full_marks_for_task_2() {
    let Some(python) = python() else { return };
    let page = fs::read_to_string(workspace().join("docs/judging-any-program.md"));
    let example =
        lab_sheet::block(&page.expect("the page is there"), "## The smallest example");
    let path = folder("example").join("peer.py");
    fs::write(&path, example).expect("it can be written");
    let grade = graded("example", "week05:sender", &[&python, &path.to_string_lossy()]);
    has_full_marks(&grade, 1);
}

#[test]
fn lab_1_in_python_has_full_marks() {
    let Some(python) = python() else { return };
    let pattern = source("pattern.py");
    let words = [&*python, &pattern.to_string_lossy()];
    has_full_marks(&graded("pattern", "pattern-in-memory", &words), 3);
}

#[test]
fn lab_3_in_python_has_full_marks() {
    let Some(python) = python() else { return };
    let peer = source("capability_peer.py");
    let words = [&*python, &peer.to_string_lossy(), "alice"];
    has_full_marks(&graded("capability_peer", "capability-peers", &words), 3);
}

#[test]
fn lab_4_in_python_has_full_marks() {
    let Some(python) = python() else { return };
    let server = source("chat_server.py");
    let words = [&*python, &server.to_string_lossy()];
    has_full_marks(&graded("chat_server", "realtime-chat", &words), 3);
}

#[test]
fn lab_5_in_python_has_full_marks() {
    let Some(python) = python() else { return };
    let chat = source("p2p_chat.py");
    let words = [&*python, &chat.to_string_lossy()];
    has_full_marks(&graded("p2p_chat", "discovery-chat", &words), 3);
}
