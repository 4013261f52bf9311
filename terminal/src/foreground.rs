//! The foreground: whether the terminal belongs to this program.
//!
//! The shell gives the terminal to a program, and takes it back when the program is suspended
//! (Ctrl-Z). The system stops a program that reads the terminal, or changes its mode, in the
//! background; a stopped program that is killed cannot say goodbye. Windows has no background.

use std::time::Duration;

use crossbeam_channel::never;

/// The time between two looks for the foreground. The system does not announce it.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// Waits until this program is in the foreground; returns whether it was not.
pub(crate) fn wait_for_foreground() -> bool {
    let has_to_wait = is_background();
    while is_background() {
        let _ = never::<()>().recv_timeout(LOOK_AGAIN);
    }
    has_to_wait
}

/// Whether stdin is a terminal that belongs to other programs now.
#[cfg(unix)]
pub(crate) fn is_background() -> bool {
    use nix::unistd::{getpgrp, tcgetpgrp};

    // Fails where stdin is no terminal, or not the one that signals come from.
    tcgetpgrp(std::io::stdin()).is_ok_and(|foreground| foreground != getpgrp())
}

#[cfg(not(unix))]
fn is_background() -> bool {
    false
}

/// Stops this program, and those that wait for it, such as `just`; returns when it goes on.
#[cfg(feature = "editor")]
pub(crate) fn suspend() {
    #[cfg(unix)]
    {
        use nix::sys::signal::{Signal, kill};
        use nix::unistd::Pid;

        let _ = kill(Pid::from_raw(0), Signal::SIGTSTP);
        // The system may hand it to another thread first, and then this one runs on for a moment.
        let _ = never::<()>().recv_timeout(LOOK_AGAIN);
    }
}
