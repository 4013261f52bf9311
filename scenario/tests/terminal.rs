//! The judge judged: a terminal says yes to a program that keeps its promise, and no, in time
//! and with a picture, to one that does not. Played with `cat` and `sh`, so on Unix.

#![cfg(unix)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;
use std::time::{Duration, Instant};

use scenario::{Program, Story, Terminal, eventually, patience};

fn runs(story: &Story, words: &[&str]) -> Terminal {
    story.terminal("left", &Program::exactly(&words[..1]), &words[1..])
}

/// The message of a failing scenario.
fn complaint(scenario: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(scenario)).expect_err("the scenario fails");
    panic.downcast_ref::<String>().expect("a text").clone()
}

#[test]
fn lines_are_seen_in_the_order_in_which_they_come() {
    let story = Story::begin();
    let mut cat = runs(&story, &["cat"]);
    cat.types("one");
    cat.types("two");
    cat.sees("one\n");
    cat.sees("two\n");
    cat.presses_ctrl_d();
    cat.saw_times("one", 1);
    cat.ends_well();
    assert_eq!(cat.printed(), "one\ntwo\n");
}

#[test]
fn output_that_does_not_come_is_reported_with_a_picture() {
    let story = Story::begin();
    let mut sh = runs(&story, &["sh", "-c", "echo hello; echo oh >&2; exit 3"]);
    let told = complaint(|| sh.sees("good morning"));
    assert!(told.starts_with("expected \"good morning\"; but the program has ended"), "{told}");
    assert!(told.contains("(at terminal.rs:"), "where in the test: {told}");
    assert!(told.contains("|   hello") && told.contains("| ! oh"), "a picture: {told}");
}

#[test]
fn a_line_that_comes_too_early_is_not_the_next_one() {
    let story = Story::begin();
    let mut cat = runs(&story, &["cat"]);
    cat.types("first");
    cat.types("second");
    let told = complaint(|| cat.sees_next("second"));
    assert!(told.starts_with("expected \"second\", not \"first\""), "{told}");
}

#[test]
fn output_that_must_not_come_is_noticed() {
    let story = Story::begin();
    let mut cat = runs(&story, &["cat"]);
    cat.types("secret");
    cat.presses_ctrl_d();
    let told = complaint(|| cat.never_saw("secret"));
    assert!(told.starts_with("never expected \"secret\""), "{told}");
}

#[test]
fn output_that_must_not_come_is_noticed_although_a_sees_has_passed_it() {
    let story = Story::begin();
    let mut cat = runs(&story, &["cat"]);
    cat.types("secret");
    cat.sees("secret\n");
    cat.presses_ctrl_d();
    let told = complaint(|| cat.never_saw("secret"));
    assert!(told.starts_with("never expected \"secret\""), "{told}");
}

/// A program that asks for words, and knows two of them.
fn asks(story: &Story) -> Terminal {
    let script = "printf 'Word: '
        while read word; do
            case $word in
                tea) echo; echo a guest comes; printf 'Word: '; sleep 0.5; echo 'with milk';;
                slow) sleep 0.5; echo 'at last';;
                *) echo 'no such word';;
            esac
            printf 'Word: '
        done";
    let mut sh = runs(story, &["sh", "-c", script]);
    sh.knows_prompts(&["Word: "]);
    sh
}

#[test]
fn an_answer_that_will_not_come_is_not_waited_for() {
    let story = Story::begin();
    let mut sh = asks(&story);
    sh.types("coffee");
    let begun = Instant::now();
    let told = complaint(|| sh.sees("with sugar"));
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    let why = "expected \"with sugar\"; but the program already asks the next question";
    assert!(told.starts_with(why), "{told}");
}

#[test]
fn an_answer_that_is_still_to_come_is_waited_for() {
    let story = Story::begin();
    let mut sh = asks(&story);
    sh.types("coffee");
    sh.types("slow"); // Typed ahead: the next prompt ends the answer to the first word.
    sh.sees("at last\n");
    // A prompt that was broken off is asked again, and the answer comes below it.
    sh.types("tea");
    sh.sees("with milk\n");
    // An answer may take its time, also if its line was typed in two halves.
    sh.sees("Word: ");
    sh.types_half("sl");
    sh.types("ow");
    sh.sees("at last\n");
}

#[test]
fn a_text_is_counted_wherever_it_came() {
    let story = Story::begin();
    let mut cat = runs(&story, &["cat"]);
    cat.types("again");
    cat.sees("again\n");
    cat.types("and again");
    cat.presses_ctrl_d();
    cat.saw_times("again", 2);
    let told = complaint(|| cat.saw_times("and", 2));
    assert!(told.starts_with("expected \"and\" 2 times, and it came 1 times"), "{told}");
}

#[test]
fn another_exit_status_is_noticed() {
    let story = Story::begin();
    let mut sh = runs(&story, &["sh", "-c", "exit 3"]);
    let told = complaint(|| sh.ends_well());
    assert!(told.starts_with("expected exit status 0, but: exit status: 3"), "{told}");
    runs(&story, &["sh", "-c", "exit 3"]).ends_with(3);
}

#[test]
fn a_program_that_was_started_by_the_program_ends_with_the_terminal() {
    let story = Story::begin();
    let mut sh = runs(&story, &["sh", "-c", "sleep 1000 & echo $!; wait"]);
    sh.sees("\n");
    let pid = sh.printed().trim().to_owned();
    // A process that has ended and was not yet collected by its new parent shows as Z.
    let is_running = || {
        let mut ps = runs(&story, &["ps", "-o", "stat=", "-p", &pid]);
        ps.exit_status();
        !matches!(ps.printed().trim().chars().next(), None | Some('Z'))
    };
    assert!(is_running());
    drop(sh);
    // It has been killed; on a busy machine it may take a moment to die.
    assert!(eventually(patience(), || !is_running()), "process {pid} was left behind");
}

#[test]
#[cfg(target_os = "linux")]
fn another_thread_map_is_noticed() {
    let story = Story::begin();
    let mut cat = runs(&story, &["cat"]);
    cat.types("ready");
    cat.sees("ready\n");
    cat.runs_threads(&["cat"]);
    let told = complaint(|| cat.runs_threads(&["cat", "mouse"]));
    assert!(told.starts_with("expected the threads"), "{told}");
    let ended = runs(&story, &["true"]);
    let told = complaint(|| ended.runs_threads_called("mouse", 0));
    assert!(told.starts_with("expected 0 threads called \"mouse\", but [] run"), "{told}");
}

#[test]
fn ctrl_c_is_a_signal() {
    let story = Story::begin();
    let mut sh = runs(
        &story,
        &[
            "sh",
            "-c",
            "trap 'echo interrupted; exit 0' INT; echo ready; while :; do read line; done",
        ],
    );
    sh.sees("ready\n");
    sh.presses_ctrl_c();
    sh.sees("interrupted\n");
    sh.ends_well();
}

/// A script ignores SIGINT in what it starts with `&`, and `nohup` ignores SIGHUP.
#[test]
fn a_program_has_the_default_for_signals_that_the_judge_was_told_to_ignore() {
    const NAME: &str =
        "a_program_has_the_default_for_signals_that_the_judge_was_told_to_ignore";
    if std::env::var_os("LAB_IGNORES").is_none() {
        let this = std::env::current_exe().expect("it has a path");
        let mut again = Command::new("sh");
        again.args(["-c", "trap '' INT HUP; exec \"$@\"", "sh"]).arg(this);
        again.args(["--exact", NAME, "--nocapture"]).env("LAB_IGNORES", "1");
        let output = again.output().expect("sh can be started");
        let told = [output.stdout, output.stderr].concat();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&told));
        return;
    }
    let story = Story::begin();
    for signal in ["INT", "HUP"] {
        let script = format!("kill -{signal} $$; echo it is ignored");
        let mut sh = runs(&story, &["sh", "-c", &script]);
        assert_eq!((sh.exit_status(), sh.printed().as_str()), (None, ""), "{signal}");
        // The judge itself still ignores it.
        let judge = std::process::id().to_string();
        runs(&story, &["sh", "-c", "kill \"$@\"", "sh", &format!("-{signal}"), &judge])
            .ends_well();
    }
}

#[test]
fn a_program_that_prints_without_end_is_not_read_to_the_end() {
    let story = Story::begin();
    let begun = Instant::now();
    let mut yes = runs(&story, &["yes"]);
    let told = complaint(|| yes.sees("no"));
    assert!(told.starts_with("has printed more than 16 MiB"), "{told}");
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
}

#[test]
fn a_stub_is_named_in_one_piece_below_the_picture() {
    let story = Story::begin();
    let text = format!("echo '{} task a is not written yet'", "long ".repeat(30));
    let mut sh = runs(&story, &["sh", "-c", &text]);
    let told = complaint(|| sh.sees("good morning"));
    let last = told.lines().last().unwrap_or_default();
    assert!(last.starts_with("A program says: long long "), "{told}");
    assert!(last.ends_with("task a is not written yet"), "{told}");
}

#[test]
fn the_picture_of_a_test_that_passes_is_drawn_if_somebody_asks_for_it() {
    let passes = "lines_are_seen_in_the_order_in_which_they_come";
    for (when, drawn) in [("always", 1), ("never", 0)] {
        let mut again = Command::new(std::env::current_exe().expect("it has a path"));
        again.args(["--exact", passes, "--nocapture"]).env("LAB_PICTURE", when);
        let output = again.output().expect("it can be started");
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{told}");
        assert_eq!(told.matches("| > two").count(), drawn, "{when}: {told}");
    }
}
