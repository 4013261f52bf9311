//! Ctrl-C and SIGTERM, as a message in a channel of its own: no flood of other events can keep
//! the user from leaving.

use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, bounded};

/// The status of an interrupted program, as shells count: 128 + SIGINT.
const INTERRUPTED: i32 = 130;

/// Two signals that come closer together than this are one: a system that closes a window or ends
/// a session often sends two.
const ONE_AND_THE_SAME: Duration = Duration::from_millis(250);

/// Makes them arrive in a channel. A second one ends the process at once, after `at_the_end`.
///
/// # Errors
///
/// If the system refuses a handler.
pub fn interrupts(
    at_the_end: impl Fn() + Send + 'static,
) -> Result<Receiver<()>, ctrlc::Error> {
    let (interrupt, interrupts) = bounded(1);
    let mut first: Option<Instant> = None;
    ctrlc::set_handler(move || {
        if first.get_or_insert_with(Instant::now).elapsed() > ONE_AND_THE_SAME {
            at_the_end();
            #[expect(clippy::disallowed_methods, reason = "the user will not wait for main")]
            std::process::exit(INTERRUPTED);
        }
        let _ = interrupt.try_send(()); // Fails if there is one in it already.
    })?;
    Ok(interrupts)
}
