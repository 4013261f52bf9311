//! The console: what the user sees. The owner alone writes it.

use std::io;
use std::time::{Duration, Instant};

use crossbeam_channel::never;

use crate::Event;
use crate::editor::Printer;
use crate::stdout::Stdout;

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

/// What a screen is made of: it takes text as long as it has room, and never makes anybody wait.
pub trait Glass {
    /// Takes as much of the text as there is room for now; returns how many bytes that was.
    ///
    /// # Errors
    ///
    /// If the terminal is gone.
    fn take(&mut self, text: &str) -> io::Result<usize>;
}

/// Between two looks at a terminal that had no room.
pub const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// What the user sees.
///
/// Text is gathered, and written in one piece by [`Screen::refresh`]: many lines that arrive
/// together cost the terminal one write. What it has no room for stays here: a terminal that is
/// stopped (Ctrl-S, or a pipe that nobody reads) must not stop the owner.
pub struct Screen<G> {
    glass: G,
    style: Style,
    text: String,
    /// A prompt stands on the last line, and nothing has been typed behind it.
    asked: bool,
}

impl<G: Glass> Screen<G> {
    /// An empty screen.
    pub fn new(glass: G, style: Style) -> Self {
        Self { glass, style, text: String::new(), asked: false }
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

    /// Writes to the terminal what it has room for.
    ///
    /// # Errors
    ///
    /// If the terminal is gone.
    pub fn refresh(&mut self) -> io::Result<()> {
        while !self.text.is_empty() {
            let taken = self.glass.take(&self.text)?;
            if taken == 0 {
                break;
            }
            self.text.drain(..taken);
        }
        Ok(())
    }

    /// How many bytes the terminal has not had room for.
    pub fn backlog(&self) -> usize {
        self.text.len()
    }

    /// Writes what is left, if the terminal has room for it within this time.
    ///
    /// # Errors
    ///
    /// If the terminal is gone.
    pub fn finish(&mut self, patience: Duration) -> io::Result<()> {
        let deadline = Instant::now() + patience;
        self.refresh()?;
        while self.backlog() > 0 && Instant::now() < deadline {
            let _ = never::<()>().recv_timeout(LOOK_AGAIN);
            self.refresh()?;
        }
        Ok(())
    }
}

/// Where the screen of a peer is.
pub enum Window {
    /// On stdout.
    Stdout(Stdout),
    /// Above the line that is being edited.
    Above(Printer),
}

impl Glass for Window {
    fn take(&mut self, text: &str) -> io::Result<usize> {
        match self {
            Self::Stdout(out) => out.take(text),
            Self::Above(printer) => Ok(printer.take(text)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A glass that has room for some bytes.
    #[derive(Default)]
    struct Paper {
        text: String,
        room: usize,
    }

    impl Glass for Paper {
        fn take(&mut self, text: &str) -> io::Result<usize> {
            let taken = text.floor_char_boundary(self.room);
            self.text.push_str(&text[..taken]);
            self.room -= taken;
            Ok(taken)
        }
    }

    fn shown(style: Style, typed: bool) -> String {
        let mut screen = Screen::new(Paper { room: 1000, ..Paper::default() }, style);
        screen.show(&Event::Sent(1));
        screen.ask();
        screen.ask();
        if typed {
            screen.answered();
        }
        screen.show(&Event::Said { who: "Bob".into(), text: "hi".into() });
        screen.ask();
        screen.refresh().unwrap();
        screen.glass.text
    }

    #[test]
    fn a_line_does_not_stand_on_the_prompt_and_the_prompt_comes_again() {
        let expected = "📤 Message sent to 1 peer(s)\n\n💬 \n📨 Bob says: hi\n💬 ";
        assert_eq!(shown(Style::Prompt, false), expected);
        let expected = "📤 Message sent to 1 peer(s)\n\n💬 📨 Bob says: hi\n💬 ";
        assert_eq!(shown(Style::Prompt, true), expected);
    }

    #[test]
    fn what_the_terminal_has_no_room_for_waits_and_is_not_lost() {
        let mut screen = Screen::new(Paper { room: 9, ..Paper::default() }, Style::Plain);
        screen.show(&Event::Sent(1));
        screen.refresh().unwrap();
        assert_eq!(screen.glass.text, "📤 Mess");
        assert_eq!(screen.backlog(), "age sent to 1 peer(s)\n".len());
        screen.finish(Duration::from_millis(1)).unwrap();
        assert!(screen.backlog() > 0);
        screen.glass.room = 1000;
        screen.finish(Duration::ZERO).unwrap();
        assert_eq!(screen.glass.text, "📤 Message sent to 1 peer(s)\n");
    }

    #[test]
    fn plain_is_lines_and_nothing_else() {
        let expected = "📤 Message sent to 1 peer(s)\n📨 Bob says: hi\n";
        assert_eq!(shown(Style::Plain, false), expected);
    }
}
