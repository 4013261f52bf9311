//! A shell on a terminal of its own, which can suspend the peer that runs in it.

use scenario::{Terminal, pty};

use crate::fixture::{Fixture, Peer};

/// The shell; `None` where there is no such terminal.
pub(crate) fn shell(fixture: &Fixture) -> Option<Terminal> {
    let bash = pty::on_a_terminal("exec bash --norc --noprofile --noediting -i")?;
    Some(fixture.story.terminal_with("shell", &bash, &[], &[("PS1", "$ "), ("TERM", "xterm")]))
}

/// Ctrl-Z suspends the peer that runs in the shell.
#[track_caller]
pub(crate) fn suspends(shell: &mut Terminal) {
    shell.types_bytes(b"\x1a");
    shell.sees("Stopped");
}

/// Alice is suspended and killed, tells Bob that she leaves, and ends well.
#[track_caller]
pub(crate) fn suspends_and_kills(shell: &mut Terminal, bob: &mut Peer) {
    suspends(shell);
    shell.types("kill %1");
    bob.sees("👋 Alice left\n");
    shell.sees("👋 Goodbye!");
    shell.types("while jobs | grep -q Stopped; do sleep 0.1; done; wait");
    shell.sees("Done"); // A status other than 0 would be an `Exit`.
}
