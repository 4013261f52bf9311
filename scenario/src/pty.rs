//! Real terminals, shells, and files and signals in a state that other programs leave them in: what a
//! [`Terminal`] of two pipes is not.
//!
//! A real terminal comes from script(1), as Linux has it. Where a machine lacks it, a test that
//! needs it is not played, and says so; in CI, where `CI` is set, that is a failure.

use std::env;
use std::io::{self, Write};
use std::sync::Once;

use crate::program::Program;
use crate::terminal::Terminal;

/// Makes stdin and stdout non-blocking, and becomes the program that its arguments name.
const NON_BLOCKING: &str = "import os, sys; [os.set_blocking(file, False) for file in (0, 1)]; \
                            os.execvp(sys.argv[1], sys.argv[1:])";

/// The notice that a program is missing. Once is enough.
static TOLD: Once = Once::new();

/// `line`, a command for sh, on a terminal of its own.
pub fn on_a_terminal(line: &str) -> Option<Program> {
    let is_here = is_installed("script", "bsdutils, or util-linux");
    is_here.then(|| Program::exactly(&["script", "-qec", line, "/dev/null"]))
}

/// `words`, with a non-blocking stdin and stdout (`O_NONBLOCK`).
pub fn non_blocking(words: &[&str]) -> Option<Program> {
    is_installed("python3", "python3")
        .then(|| Program::exactly(&[&["python3", "-c", NON_BLOCKING], words].concat()))
}

/// `line`, a program and its arguments, on a terminal of its own that is non-blocking.
pub fn on_a_non_blocking_terminal(line: &str) -> Option<Program> {
    let line = format!("exec python3 -c '{NON_BLOCKING}' {line}");
    is_installed("python3", "python3").then(|| on_a_terminal(&line))?
}

/// A shell on a terminal of its own, with the prompt `$ `.
pub fn shell() -> Option<Program> {
    on_a_terminal("export PS1='$ '; exec bash --norc --noprofile --noediting -i")
}

/// Presses Ctrl-Z in a shell, which suspends the program in the foreground.
#[track_caller]
pub fn suspends(shell: &mut Terminal) {
    shell.types_bytes(b"\x1a");
    shell.sees("Stopped");
}

/// Kills the program that was suspended, in a shell. A signal by process ID waits until `bg` lets the
/// program go on. One line, because at its next prompt the shell may forget the status of the job.
pub const KILL_JOB: &str = "kill $(jobs -p); bg; wait %1; echo \"Job status: $?\"";

/// Demands that the program that was killed reports success.
#[track_caller]
pub fn job_ends_well(shell: &mut Terminal) {
    shell.sees("Job status: 0");
}

/// `line`, a program and its arguments, told to ignore SIGHUP and SIGINT, as `nohup` and the `&` of a
/// script tell it.
pub fn ignoring_signals(line: &str) -> Program {
    Program::exactly(&["sh", "-c", &format!("trap '' HUP INT; exec {line}")])
}

/// Whether a test that needs this program can be played. It is about the lab's own program alone.
fn is_installed(program: &str, packages: &str) -> bool {
    if Program::is_replaced() {
        return false;
    }
    if Program::exactly(&[program]).runs_with("--version") {
        return true;
    }
    assert!(env::var_os("CI").is_none(), "no {program} here: install {packages}");
    TOLD.call_once(|| {
        let notice = format!(
            "\n##########\n# NOTICE: {program} is not here, so some things were not tried.\n# \
             Install {packages}.\n##########\n"
        );
        // Not `eprintln!`: of a test that passes, nobody would see it.
        let _ = io::stderr().write_all(notice.as_bytes());
    });
    false
}
