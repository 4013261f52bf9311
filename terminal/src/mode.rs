//! The mode of the terminal, which a line editor changes and the program must restore.

#[cfg(all(feature = "editor", unix))]
pub(crate) use unix::{Mode, mode, restore};

#[cfg(all(feature = "editor", unix))]
mod unix {
    use std::io;

    use nix::sys::termios::{SetArg, Termios, tcgetattr, tcsetattr};

    /// The mode of the terminal at a moment; nothing if stdin is no terminal.
    pub(crate) type Mode = Option<Termios>;

    pub(crate) fn mode() -> Mode {
        tcgetattr(io::stdin()).ok()
    }

    pub(crate) fn restore(before: &Mode) {
        if let Some(before) = before {
            // Fails if the terminal is gone, and then there is nothing to restore.
            let _ = tcsetattr(io::stdin(), SetArg::TCSADRAIN, before);
        }
    }
}

#[cfg(all(feature = "editor", not(unix)))]
pub(crate) use other::Mode;
#[cfg(not(all(feature = "editor", unix)))]
pub(crate) use other::{mode, restore};

/// Without an editor the mode does not change, and a shell of Windows sets it again after each
/// program.
#[cfg(not(all(feature = "editor", unix)))]
mod other {
    #[derive(Debug)]
    pub(crate) struct Mode;

    pub(crate) fn mode() -> Mode {
        Mode
    }

    pub(crate) fn restore(_before: &Mode) {}
}
