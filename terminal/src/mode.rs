//! The terminal as the program found it: its mode, which a line editor changes, and the programs
//! that it belongs to.
//!
//! A terminal belongs to the programs in the foreground. The shell gives it to a program, and takes
//! it back when the program is suspended (Ctrl-Z). The system stops a program that changes the mode
//! or reads in the background, so a program that is killed there would not end.

#[cfg(unix)]
pub(crate) use unix::{mode, restore, wait_for_foreground};

#[cfg(all(feature = "editor", unix))]
pub(crate) use unix::{Mode, make_blocking, suspend};

#[cfg(unix)]
mod unix {
    use std::io;
    use std::time::Duration;

    use crossbeam_channel::never;
    use nix::sys::termios::{SetArg, Termios, tcgetattr, tcsetattr};
    use nix::unistd::{getpgrp, tcgetpgrp};

    /// The time between two looks for the foreground. The system does not announce it.
    const LOOK_AGAIN: Duration = Duration::from_millis(100);

    /// The mode of the terminal at a moment; nothing if stdin is no terminal.
    pub(crate) type Mode = Option<Termios>;

    pub(crate) fn mode() -> Mode {
        tcgetattr(io::stdin()).ok()
    }

    /// In the background the mode is the shell's, which has set its own.
    pub(crate) fn restore(before: &Mode) {
        if let Some(before) = before
            && !is_background()
        {
            // Fails if the terminal is gone, and then there is nothing to restore.
            let _ = tcsetattr(io::stdin(), SetArg::TCSADRAIN, before);
        }
    }

    /// Whether stdin is a terminal that belongs to other programs now.
    fn is_background() -> bool {
        // Fails where stdin is no terminal, or not the one that signals come from.
        tcgetpgrp(io::stdin()).is_ok_and(|foreground| foreground != getpgrp())
    }

    /// Waits until this program is in the foreground; returns whether it was not.
    pub(crate) fn wait_for_foreground() -> bool {
        let has_to_wait = is_background();
        while is_background() {
            let _ = never::<()>().recv_timeout(LOOK_AGAIN);
        }
        has_to_wait
    }

    /// Stops this program, and those that wait for it, such as `just`; returns when it goes on.
    #[cfg(feature = "editor")]
    pub(crate) fn suspend() {
        use nix::sys::signal::{Signal, kill};
        use nix::unistd::Pid;

        let _ = kill(Pid::from_raw(0), Signal::SIGTSTP);
        // The system may hand it to another thread first, and then this one runs on for a moment.
        let _ = never::<()>().recv_timeout(LOOK_AGAIN);
    }

    /// Takes `O_NONBLOCK` from stdin and stdout, which may share it with other programs.
    #[cfg(feature = "editor")]
    pub(crate) fn make_blocking() {
        use nix::fcntl::{FcntlArg, OFlag, fcntl};
        use std::os::fd::AsFd;

        for file in [io::stdin().as_fd(), io::stdout().as_fd()] {
            if let Ok(flags) = fcntl(file, FcntlArg::F_GETFL) {
                let flags = OFlag::from_bits_retain(flags) - OFlag::O_NONBLOCK;
                let _ = fcntl(file, FcntlArg::F_SETFL(flags));
            }
        }
    }
}

#[cfg(not(unix))]
pub(crate) use other::{mode, restore, wait_for_foreground};

#[cfg(all(feature = "editor", not(unix)))]
pub(crate) use other::{Mode, make_blocking, suspend};

/// A shell of Windows sets the mode again after each program, and has no background.
#[cfg(not(unix))]
mod other {
    #[derive(Debug)]
    pub(crate) struct Mode;

    pub(crate) fn mode() -> Mode {
        Mode
    }

    pub(crate) fn restore(_before: &Mode) {}

    pub(crate) fn wait_for_foreground() -> bool {
        false
    }

    #[cfg(feature = "editor")]
    pub(crate) fn suspend() {}

    #[cfg(feature = "editor")]
    pub(crate) fn make_blocking() {}
}
