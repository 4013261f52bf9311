//! The end of a story whose output is closed, or whose disk is full.
//!
//! A `Terminal` always reads, so here the program is started by hand. It is this lab's own
//! program: another one, in another language, may end in its own way at a closed pipe.

use std::fs::File;
use std::io::{self, Write};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::channel;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// How long the program may take to end.
const PATIENCE: Duration = Duration::from_secs(10);

/// Held while a program is started, and while a pipe has two ends: until it becomes its program, a
/// new process has all files that are open here, and would be the reader that is to be missing.
static TURN: Mutex<()> = Mutex::new(());

/// Runs the program with this stdout and stderr, and waits for its end.
fn run(args: &[&str], stdout: Stdio, stderr: Stdio) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pattern-in-memory"));
    command.args(args).stdin(Stdio::piped()).stdout(stdout).stderr(stderr);
    let mut program = {
        let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        command.spawn().expect("the program starts")
    };
    let mut keyboard = program.stdin.take().expect("stdin is piped");
    let _ = keyboard.write_all(b"peer A\ninbox A\nbad\n"); // It may have ended by now.
    drop(keyboard);

    let (report, ended) = channel();
    let wait = move || report.send(program.wait_with_output());
    let waiting = thread::Builder::new().name("waiting".into()).spawn(wait).expect("a thread");
    let ended = ended.recv_timeout(PATIENCE).expect("the program ends in time");
    let _ = waiting.join().expect("it has reported, so it ends");
    ended.expect("the program can be waited for")
}

/// A pipe whose other end is closed: the terminal window is gone.
fn closed_pipe() -> Stdio {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let (reader, writer) = io::pipe().expect("the system has a pipe left");
    drop(reader);
    writer.into()
}

#[test]
fn output_without_a_reader_is_no_failure() {
    for args in [&[][..], &["--script", "-"]] {
        let ended = run(args, closed_pipe(), Stdio::piped());
        assert_eq!(ended.status.code(), Some(0), "{args:?}: {ended:?}");
        assert_eq!(String::from_utf8_lossy(&ended.stderr), "", "{args:?}");
    }
}

#[test]
fn a_complaint_without_a_reader_still_has_its_exit_status() {
    let ended = run(&["--script", "-"], Stdio::piped(), closed_pipe());
    assert_eq!(ended.status.code(), Some(2), "{ended:?}");
    assert_eq!(String::from_utf8_lossy(&ended.stdout), "A has no messages\n");
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "only Linux has /dev/full")]
fn output_that_cannot_be_written_is_a_failure() {
    // The script's last line is bad: a story that goes on would end with status 2.
    for args in [&[][..], &["--script", "-"]] {
        let full = File::options().write(true).open("/dev/full").expect("Linux has this file");
        let ended = run(args, full.into(), Stdio::piped());
        let complaint = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(1), "{args:?}: {complaint}");
        assert!(complaint.starts_with("cannot print: "), "{complaint}");
        assert!(complaint.ends_with("; send the output somewhere else\n"), "{complaint}");
    }
}
