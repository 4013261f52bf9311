//! The console: what the user sees. The owner alone writes it.

use std::io::{self, Stdout, Write};

use crate::Event;
use crate::editor::Printer;

/// What is asked, again and again.
pub const PROMPT: &str = "💬 ";

/// How the screen looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Lines, and nothing but lines: for pipes, tests and screen readers (`--plain`).
    Plain,
    /// Lines, and a prompt below them. What is being typed stays where it is.
    Prompt,
    /// Lines above a line editor, which has the prompt and what is being typed.
    Editor,
}

/// Where the screen is.
pub enum Glass {
    /// On stdout.
    Stdout(Stdout),
    /// Above the line that is being edited.
    Above(Printer),
}

/// What the user sees.
///
/// Text is gathered, and written in one piece by [`Screen::refresh`]: many lines that arrive
/// together cost the terminal one write.
pub struct Screen<W> {
    out: W,
    style: Style,
    text: String,
    /// A prompt stands on the last line, and nothing has been typed behind it.
    asked: bool,
}

impl<W: Write> Screen<W> {
    /// An empty screen.
    pub fn new(out: W, style: Style) -> Self {
        Self { out, style, text: String::new(), asked: false }
    }

    /// Tells what happened, below everything else. If a prompt is open, its line is left as it
    /// is, and [`Screen::ask`] asks again below.
    pub fn show(&mut self, event: &Event) {
        if std::mem::take(&mut self.asked) {
            self.text.push('\n');
        }
        self.text.push_str(&event.to_string());
        self.text.push('\n');
        if self.style != Style::Plain && event.ends_a_paragraph() {
            self.text.push('\n');
        }
    }

    /// Shows the prompt, unless it stands there already, or it is not ours to show.
    pub fn ask(&mut self) {
        if self.style == Style::Prompt && !std::mem::replace(&mut self.asked, true) {
            self.text.push_str(PROMPT);
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
        if self.text.is_empty() {
            return Ok(());
        }
        self.out.write_all(self.text.as_bytes())?;
        self.text.clear();
        self.out.flush()
    }
}

impl Write for Glass {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stdout(out) => out.write(bytes),
            Self::Above(line) => line.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout(out) => out.flush(),
            Self::Above(line) => line.flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(style: Style, typed: bool) -> String {
        let mut screen = Screen::new(Vec::new(), style);
        screen.show(&Event::Sent(1));
        screen.ask();
        screen.ask();
        if typed {
            screen.answered();
        }
        screen.show(&Event::Said { who: "Bob".into(), text: "hi".into() });
        screen.ask();
        screen.refresh().unwrap();
        String::from_utf8(screen.out).unwrap()
    }

    #[test]
    fn a_line_does_not_stand_on_the_prompt_and_the_prompt_comes_again() {
        let expected = "📤 Message sent to 1 peer(s)\n\n💬 \n📨 Bob says: hi\n💬 ";
        assert_eq!(shown(Style::Prompt, false), expected);
        let expected = "📤 Message sent to 1 peer(s)\n\n💬 📨 Bob says: hi\n💬 ";
        assert_eq!(shown(Style::Prompt, true), expected);
    }

    #[test]
    fn plain_is_lines_and_nothing_else() {
        let expected = "📤 Message sent to 1 peer(s)\n📨 Bob says: hi\n";
        assert_eq!(shown(Style::Plain, false), expected);
    }
}
