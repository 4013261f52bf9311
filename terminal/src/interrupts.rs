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
/// Call it before a line editor starts: the second signal gives the terminal the mode that it has
/// now.
///
/// # Errors
///
/// If the system refuses, or this was called before: a process has one handler.
pub fn interrupts() -> Result<Receiver<()>, ctrlc::Error> {
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
