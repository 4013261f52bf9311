//! The console: the screen, and how it looks. The owner alone writes it.

use std::io::{self, Write};

use terminal::Screen;

use crate::event::{Event, PROMPT};

/// How the screen looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Lines, and nothing but lines: for pipes, tests and screen readers (`--plain`).
    Plain,
    /// Lines, and a prompt below them. A half-typed line stays where it is.
    Prompt,
    /// Lines above a line editor, which has the prompt and the half-typed line.
    Editor,
}

/// A screen in one of these styles. A terminal that stands still never stops its thread.
pub struct Console {
    style: Style,
    /// The lines that are shown, and what the terminal has not had room for.
    pub screen: Screen<Box<dyn Write>>,
}

impl Console {
    /// A console that writes to `out`.
    pub fn new(style: Style, out: impl Write + 'static) -> Self {
        Self { style, screen: Screen::new(Box::new(out)) }
    }

    /// Shows `event` below all other lines.
    pub fn show(&mut self, event: &Event) {
        self.screen.show(&event.to_string());
        if self.style != Style::Plain && event.ends_a_paragraph() {
            self.screen.show("");
        }
    }

    /// Shows the prompt, unless it stands there already or is not ours to show.
    pub(crate) fn ask(&mut self) {
        if self.style == Style::Prompt {
            self.screen.ask(PROMPT);
        }
    }

    /// The user has typed a line. One that was typed ahead gets its prompt now.
    pub(crate) fn answered(&mut self) {
        if self.style == Style::Prompt {
            self.screen.answered(PROMPT);
        }
    }

    /// The user has pressed Ctrl-C, which a terminal shows, and a line editor does not.
    pub(crate) fn interrupted(&mut self) -> io::Result<()> {
        if self.style == Style::Editor { Ok(()) } else { self.screen.interrupted() }
    }
}
