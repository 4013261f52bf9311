//! The screen: lines of output, and at most one open prompt.
//!
//! Text is gathered, and written in one piece by [`Screen::refresh`]: many lines that arrive
//! together cost the terminal one write.

use std::io::{self, Stdout, Write};
use std::mem;

/// How many bytes may wait to be written before [`Screen::is_full`] says so.
const BACKLOG: usize = 16 * 1024;

/// A terminal that one thread writes to.
#[derive(Debug)]
pub struct Screen<W = Stdout> {
    out: W,
    backlog: String,
    /// A prompt stands on the last line, and its answer is not yet typed.
    is_asking: bool,
}

impl Screen {
    /// The screen of this process.
    pub fn stdout() -> Self {
        Self::new(io::stdout())
    }
}

impl<W: Write> Screen<W> {
    /// A screen that writes to `out`.
    pub fn new(out: W) -> Self {
        Self { out, backlog: String::new(), is_asking: false }
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
        if mem::take(&mut self.is_asking) {
            self.backlog.push('\n');
        }
        self.backlog.push_str(line);
        self.backlog.push('\n');
    }

    /// Asks `prompt`, unless a prompt is open already.
    pub fn ask(&mut self, prompt: &str) {
        if !mem::replace(&mut self.is_asking, true) {
            self.backlog.push_str(prompt);
        }
    }

    /// The user has answered `prompt`; the Enter behind the answer has ended the line. An
    /// answer that was typed ahead still gets its prompt, so that the log reads well.
    pub fn answered(&mut self, prompt: &str) {
        self.ask(prompt);
        self.is_asking = false;
    }

    /// Whether so much text waits that it is time to write it, although there is more to come.
    pub fn is_full(&self) -> bool {
        self.backlog.len() >= BACKLOG
    }

    /// Writes the waiting text to the terminal. Fails if the terminal is gone.
    pub fn refresh(&mut self) -> io::Result<()> {
        if self.backlog.is_empty() {
            return Ok(());
        }
        self.out.write_all(self.backlog.as_bytes())?;
        self.backlog.clear();
        self.out.flush()
    }
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
}
