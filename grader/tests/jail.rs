//! The jail judged: what a confined program can do, and what it cannot.
#![cfg(target_os = "linux")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use scenario::eventually;
use scenario::statistics::memory_kib;

fn jailed(script: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_grader"));
    command.args(["jail", "sh", "-c", script]).env("SECRET", "not for you");
    command.output().expect("the grader can be started")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Whether this system has what the jail needs. Where it has not, nothing is started.
fn has_a_jail() -> bool {
    let output = jailed("echo started");
    if output.status.success() {
        return true;
    }
    assert_eq!(said(&output), "", "a program that is not confined is not started");
    eprintln!("No jail here: {}", String::from_utf8_lossy(&output.stderr));
    false
}

#[test]
fn a_confined_program_runs_speaks_and_ends_with_its_own_status() {
    if !has_a_jail() {
        return;
    }
    let output = jailed("echo hello; exit 3");
    assert_eq!((said(&output).as_str(), output.status.code()), ("hello\n", Some(3)));
}

#[test]
fn it_reads_no_file_of_ours_and_writes_none() {
    if !has_a_jail() {
        return;
    }
    let ours = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let written = std::env::temp_dir().join(format!("jail-{}", std::process::id()));
    for script in [
        format!("exec cat {ours}"),
        "exec cat /etc/passwd".to_owned(),
        format!("echo forged > {}", written.display()),
        "echo forged > /proc/$PPID/fd/1".to_owned(),
    ] {
        let output = jailed(&script);
        assert!(!output.status.success(), "{script}");
        assert_eq!(said(&output), "", "{script}");
    }
    assert!(fs::metadata(written).is_err(), "the file was not written");
}

#[test]
fn it_reaches_no_process_outside_and_sees_no_environment_of_ours() {
    if !has_a_jail() {
        return;
    }
    assert!(!jailed("kill -9 $PPID").status.success());
    assert_eq!(said(&jailed("echo \"[$SECRET]\"")), "[]\n");
}

#[test]
fn it_starts_no_other_process() {
    if !has_a_jail() {
        return;
    }
    let output = jailed("echo one; (echo two)");
    assert!(!output.status.success());
    assert_eq!(said(&output), "one\n");
}

#[test]
fn it_ends_with_the_test_that_started_it() {
    if !has_a_jail() {
        return;
    }
    let mut test = Command::new("sh");
    test.args(["-c", "\"$GRADER\" jail sleep 60 & echo $!; wait"]);
    test.env("GRADER", env!("CARGO_BIN_EXE_grader")).stdout(Stdio::piped());
    let mut test = test.spawn().expect("sh can be started");
    let stdout = test.stdout.take().expect("it is piped");
    let line = BufReader::new(stdout).lines().next().expect("a line").expect("a text");
    let pid = line.parse().expect("a process id");
    let is_asleep = || {
        let name = fs::read_to_string(format!("/proc/{pid}/comm"));
        name.is_ok_and(|name| name == "sleep\n")
    };
    assert!(eventually(Duration::from_secs(10), is_asleep), "it has become `sleep`");
    test.kill().expect("it still waits");
    test.wait().expect("it was killed");
    // It may stay a zombie where nobody waits for orphans; a zombie has no memory.
    assert!(eventually(Duration::from_secs(10), || memory_kib(pid).is_none()), "it has ended");
}
