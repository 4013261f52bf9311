//! The screen: lines of output, and at most one open prompt.
//!
//! Text is gathered, and written by [`Screen::refresh`] or [`Screen::flush`]: many lines that arrive
//! together cost the terminal one write of up to 4 KiB, not one each. What the terminal has no room for
//! waits here, also where another program has made the terminal non-blocking.

use std::io::{self, ErrorKind, IsTerminal, Write};
use std::mem;
use std::time::Duration;

use crossbeam_channel::never;

use crate::deadline::Deadline;
use crate::ready::LONG;
use crate::stdout::NonBlockingStdout;

/// How many bytes may wait to be written before [`Screen::is_full`] says so.
const BACKLOG: usize = 16 * 1024;

/// The time between two looks at a terminal that had no room.
pub const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// A terminal that one thread writes to.
#[derive(Debug)]
pub struct Screen<W = NonBlockingStdout> {
    out: W,
    backlog: Vec<u8>,
    /// A prompt stands on the last line, and its answer is not yet typed.
    is_asking: bool,
}

impl Screen {
    /// The screen of this process. Fails if stdout is closed.
    pub fn stdout() -> io::Result<Self> {
        Ok(Self::new(NonBlockingStdout::open()?))
    }
}

impl<W: Write> Screen<W> {
    /// A screen that writes to `out`.
    pub fn new(out: W) -> Self {
        Self { out, backlog: Vec::new(), is_asking: false }
    }

    /// Shows `line` on a line of its own. If a prompt is open, its line is left as it is,
    /// half-typed answer and all, and [`Screen::ask`] asks again below.
    ///
    /// ```
    /// let mut out = Vec::new();
    /// let mut screen = terminal::Screen::new(&mut out);
    /// screen.ask("Name: ");
    /// screen.show("Bob has left");
    /// screen.ask("Name: ");
    /// screen.refresh()?;
    /// assert_eq!(out, b"Name: \nBob has left\nName: ");
    /// # std::io::Result::Ok(())
    /// ```
    pub fn show(&mut self, line: &str) {
        self.end_prompt();
        self.backlog.extend_from_slice(line.as_bytes());
        self.backlog.push(b'\n');
    }

    /// Ends the line of an open prompt that will not be answered: what other programs, and stderr,
    /// write next stands below it.
    pub fn end_prompt(&mut self) {
        if mem::take(&mut self.is_asking) {
            self.backlog.push(b'\n');
        }
    }

    /// Asks `prompt`, unless a prompt is open already.
    pub fn ask(&mut self, prompt: &str) {
        if !mem::replace(&mut self.is_asking, true) {
            self.backlog.extend_from_slice(prompt.as_bytes());
        }
    }

    /// The user has answered `prompt`; the Enter behind the answer has ended the line. An
    /// answer that was typed ahead still gets its prompt, so that the log reads well.
    pub fn answered(&mut self, prompt: &str) {
        self.ask(prompt);
        self.is_asking = false;
    }

    /// The user has pressed Ctrl-C, which a terminal shows (`^C`), so the next line begins below. So
    /// it does after `kill`, which comes the same way.
    pub fn interrupted(&mut self) -> io::Result<()> {
        if io::stdout().is_terminal() {
            self.backlog.push(b'\n');
            self.is_asking = false;
        }
        self.refresh()
    }

    /// Whether so much text waits that it is time to write it, although there is more to come.
    pub fn is_full(&self) -> bool {
        self.backlog.len() >= BACKLOG
    }

    /// How many bytes wait to be written.
    pub fn backlog(&self) -> usize {
        self.backlog.len()
    }

    /// Writes the waiting text to the terminal. What the terminal has no room for, because it is
    /// stopped (Ctrl-S) or a pipe that is not read, stays in the [`Screen::backlog`]; refresh again
    /// after [`LOOK_AGAIN`]. Fails if the terminal is gone.
    pub fn refresh(&mut self) -> io::Result<()> {
        if self.backlog.is_empty() {
            return Ok(());
        }
        let mut written = 0;
        let done = loop {
            match self.out.write(&self.backlog[written..]) {
                Ok(0) => break Err(ErrorKind::WriteZero.into()),
                Ok(count) => written += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => break Err(error),
            }
            if written == self.backlog.len() {
                break self.out.flush();
            }
        };
        self.backlog.drain(..written);
        match done {
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(()),
            done => done,
        }
    }

    /// Writes the waiting text, if the terminal has room for it within `patience`.
    pub fn finish(&mut self, patience: Duration) -> io::Result<()> {
        let deadline = Deadline::after(patience);
        self.refresh()?;
        while self.backlog() > 0 && deadline.left().is_some() {
            let _ = never::<()>().recv_timeout(LOOK_AGAIN);
            self.refresh()?;
        }
        Ok(())
    }

    /// Writes all of the waiting text, for a thread that may wait as long as the terminal is stopped.
    pub fn flush(&mut self) -> io::Result<()> {
        while self.backlog() > 0 {
            self.finish(LONG)?;
        }
        Ok(())
    }
}

/// Whether `error` says that the terminal is gone: a closed pipe says so, and a closed window. A
/// program may take that for a user who has left, and not for a failure.
pub fn is_gone(error: &io::Error) -> bool {
    const EIO: i32 = 5; // On all systems where std tells of it.
    error.kind() == ErrorKind::BrokenPipe || cfg!(unix) && error.raw_os_error() == Some(EIO)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(tell: impl FnOnce(&mut Screen<&mut Vec<u8>>)) -> String {
        let mut out = Vec::new();
        let mut screen = Screen::new(&mut out);
        tell(&mut screen);
        screen.refresh().unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_line_does_not_stand_on_the_prompt_and_the_prompt_comes_again() {
        let shown = shown(|screen| {
            screen.show("Listening");
            screen.ask("To: ");
            screen.ask("To: ");
            screen.show("Peer 2 has left");
            screen.ask("To: ");
            screen.answered("To: ");
            screen.show("Invalid input");
        });
        assert_eq!(shown, "Listening\nTo: \nPeer 2 has left\nTo: Invalid input\n");
    }

    #[test]
    fn a_prompt_that_is_open_ends_its_line_and_no_other_does() {
        let shown = shown(|screen| {
            screen.end_prompt();
            screen.ask("To: ");
            screen.end_prompt();
            screen.end_prompt();
        });
        assert_eq!(shown, "To: \n");
    }

    #[test]
    fn an_answer_that_was_typed_ahead_still_gets_its_prompt() {
        let shown = shown(|screen| {
            screen.answered("To: ");
            screen.answered("Message: ");
            screen.show("Sent");
        });
        assert_eq!(shown, "To: Message: Sent\n");
    }

    #[test]
    fn text_waits_for_the_refresh_and_a_full_screen_says_so() {
        let mut screen = Screen::new(Vec::new());
        screen.show(&"x".repeat(BACKLOG - 2));
        assert!(screen.out.is_empty() && !screen.is_full());
        screen.show("");
        assert!(screen.is_full());
        screen.refresh().unwrap();
        assert_eq!((screen.out.len(), screen.is_full()), (BACKLOG, false));
    }

    /// A terminal that has room for some bytes.
    struct Paper {
        text: Vec<u8>,
        room: usize,
    }

    impl Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.room == 0 {
                return Err(ErrorKind::WouldBlock.into());
            }
            let taken = bytes.len().min(self.room).min(3);
            self.room -= taken;
            self.text.extend_from_slice(&bytes[..taken]);
            Ok(taken)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_the_terminal_has_no_room_for_waits_and_is_not_lost() {
        let mut screen = Screen::new(Paper { text: Vec::new(), room: 8 });
        screen.show("grüß dich"); // Cut in the middle of a letter.
        screen.refresh().unwrap();
        assert_eq!((screen.out.text.len(), screen.backlog()), (8, "grüß dich\n".len() - 8));
        screen.finish(Duration::from_millis(1)).unwrap();
        assert!(screen.backlog() > 0);
        screen.out.room = 100;
        screen.finish(Duration::ZERO).unwrap();
        assert_eq!(screen.out.text, "grüß dich\n".as_bytes());
        assert_eq!(screen.backlog(), 0);
    }

    /// A terminal that has room at every second look.
    #[derive(Default)]
    struct Slow {
        text: Vec<u8>,
        has_room: bool,
    }

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.has_room = !self.has_room;
            if self.has_room {
                self.text.write(&bytes[..1])
            } else {
                Err(ErrorKind::WouldBlock.into())
            }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_flush_waits_until_all_is_written() {
        let mut screen = Screen::new(Slow::default());
        screen.show("wait");
        screen.refresh().unwrap();
        assert_eq!(screen.out.text, b"w");
        screen.flush().unwrap();
        assert_eq!(screen.out.text, b"wait\n");
    }

    #[test]
    #[cfg(unix)]
    fn a_closed_pipe_and_a_closed_window_are_gone_and_a_full_disk_is_not() {
        let [eio, enospc] = [5, 28].map(io::Error::from_raw_os_error);
        assert!(is_gone(&ErrorKind::BrokenPipe.into()) && is_gone(&eio) && !is_gone(&enospc));
    }
}
