//! The mode of the terminal, as the program found it: a line editor changes it. And whether a read or
//! a write waits, which a program that shares the terminal may change at any time.

#[cfg(unix)]
use nix::sys::termios::{SetArg, Termios, tcgetattr, tcsetattr};

/// The mode of the terminal at a moment; nothing if stdin is no terminal.
#[derive(Debug)]
pub(crate) struct Mode(#[cfg(unix)] Option<Termios>);

#[cfg(unix)]
pub(crate) fn mode() -> Mode {
    Mode(tcgetattr(std::io::stdin()).ok())
}

/// In the background the mode is the shell's, which has set its own.
#[cfg(unix)]
pub(crate) fn restore(Mode(before): &Mode) {
    if let Some(before) = before
        && !crate::foreground::is_background()
    {
        // Fails if the terminal is gone, and then there is nothing to restore. Now, and not when all
        // output has gone out: a terminal may take none.
        let _ = tcsetattr(std::io::stdin(), SetArg::TCSANOW, before);
    }
}

/// A shell of Windows sets the mode again after each program.
#[cfg(not(unix))]
pub(crate) fn mode() -> Mode {
    Mode()
}

#[cfg(not(unix))]
pub(crate) fn restore(_before: &Mode) {}

/// Takes `O_NONBLOCK` from stdin and stdout, for a line editor, which would take it for their end.
#[cfg(feature = "editor")]
pub(crate) fn make_blocking() {
    #[cfg(unix)]
    {
        use nix::fcntl::{FcntlArg, OFlag, fcntl};
        use std::os::fd::AsFd;

        for file in [std::io::stdin().as_fd(), std::io::stdout().as_fd()] {
            if let Ok(flags) = fcntl(file, FcntlArg::F_GETFL) {
                let flags = OFlag::from_bits_retain(flags) - OFlag::O_NONBLOCK;
                let _ = fcntl(file, FcntlArg::F_SETFL(flags));
            }
        }
    }
}
