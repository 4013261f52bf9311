//! The console: what the user sees. The owner alone writes it.

use std::io::{self, Write};

use crate::Event;
use crate::config::PeerId;

/// What the user sees: lines that tell what happened, and at most one open question.
///
/// Text is gathered, and written in one piece by [`Screen::refresh`]: many lines that arrive
/// together cost the terminal one write.
pub struct Screen<W> {
    me: PeerId,
    out: W,
    text: String,
    /// A question stands on the last line, and its answer is not yet typed.
    asked: bool,
}

impl<W: Write> Screen<W> {
    /// The screen of peer `me`.
    pub fn new(me: PeerId, out: W) -> Self {
        Self { me, out, text: String::new(), asked: false }
    }

    /// Tells what happened, on a line of its own. If a question is open, its line is left as
    /// it is, half-typed answer and all, and [`Screen::ask`] asks again below.
    pub fn show(&mut self, event: &Event) {
        if std::mem::take(&mut self.asked) {
            self.text.push('\n');
        }
        self.text.push_str(&event.line(self.me));
        self.text.push('\n');
    }

    /// Asks `question`, unless it is being asked already.
    pub fn ask(&mut self, question: &str) {
        if !std::mem::replace(&mut self.asked, true) {
            self.text.push_str(question);
        }
    }

    /// The user has answered: the Enter at the end of the answer has ended the line.
    pub fn answered(&mut self) {
        self.asked = false;
    }

    /// Writes everything to the terminal.
    ///
    /// # Errors
    ///
    /// If the terminal is gone.
    pub fn refresh(&mut self) -> io::Result<()> {
        self.out.write_all(self.text.as_bytes())?;
        self.text.clear();
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_does_not_stand_on_the_question_and_the_question_comes_again() {
        let mut screen = Screen::new(1, Vec::new());
        screen.show(&Event::Listening(9001));
        screen.ask("Send to peer ID: ");
        screen.ask("Send to peer ID: ");
        screen.show(&Event::Left(2));
        screen.ask("Send to peer ID: ");
        screen.answered();
        screen.show(&Event::InvalidInput);
        screen.refresh().unwrap();
        let expected = "[PEER 1] Listening on 9001\nSend to peer ID: \n[PEER 1] Peer 2 has left\n\
            Send to peer ID: [PEER] Invalid input. Enter peer ID as integer.\n";
        assert_eq!(String::from_utf8(screen.out).unwrap(), expected);
    }
}
