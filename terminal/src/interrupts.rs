//! Ctrl-C and the signals that mean the same, as messages in a channel.

use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, bounded};

use crate::mode::{mode, restore};

/// The exit status of an interrupted program, as shells count: 128 + SIGINT.
const INTERRUPTED: i32 = 130;

/// Two signals within this time count as one: a system that closes a window or ends a session
/// often sends two.
const SAME_SIGNAL: Duration = Duration::from_millis(250);

/// Delivers Ctrl-C (SIGINT), SIGTERM and SIGHUP in a channel; a second one, 250 ms later or
/// more, ends the process at once with status 130, for a user who will not wait.
///
/// Call it before any thread starts, and before a line editor: the second signal gives the terminal
/// the mode that it has now. While a line is edited, Ctrl-C is a key and no signal: it closes
/// `Editor::lines`, and only the next one counts as the first here.
///
/// A signal that is ignored when the program starts stays ignored: SIGHUP under `nohup`, and SIGINT
/// behind the `&` of a script. (On Linux; elsewhere a program cannot tell without `unsafe`.)
///
/// # Errors
///
/// If the system refuses, or this was called before: a process has one handler.
pub fn interrupts() -> Result<Receiver<()>, ctrlc::Error> {
    #[cfg(target_os = "linux")]
    block_ignored_signals();
    let (interrupt, interrupts) = bounded(1);
    let before = mode();
    let mut first: Option<Instant> = None;
    ctrlc::set_handler(move || {
        if first.get_or_insert_with(Instant::now).elapsed() > SAME_SIGNAL {
            restore(&before);
            #[expect(clippy::disallowed_methods, reason = "the user will not wait for main")]
            std::process::exit(INTERRUPTED);
        }
        let _ = interrupt.try_send(()); // Fails if one is in the channel already.
    })?;
    Ok(interrupts)
}

/// The handler is set for all three signals, whatever was done with them before. One that is blocked
/// does not reach it, and the threads that start later inherit that.
#[cfg(target_os = "linux")]
fn block_ignored_signals() {
    use nix::sys::signal::{SigSet, Signal};

    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    let signals = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP];
    let is_ignored = |signal: &Signal| mask >> (*signal as u32 - 1) & 1 == 1;
    let blocked: SigSet = signals.into_iter().filter(is_ignored).collect();
    let _ = blocked.thread_block(); // Fails for no set of signals.
}
