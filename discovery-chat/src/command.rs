//! Commands: what a user can type. Pure text.

use terminal::Typed;

use crate::frame::MAX_MESSAGE;

/// The longest line that can be typed: a message, and the `/` that may escape its first character.
pub const MAX_TYPED: usize = MAX_MESSAGE + 1;

/// How much of an unknown command is repeated to the user, in characters.
const MAX_WORD: usize = 32;

/// What the user wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// To say this to all peers.
    Say(String),
    /// To see which peers are linked: `/list`.
    List,
    /// To read what can be typed: `/help`.
    Help,
    /// To leave: `/quit`.
    Quit,
    /// A line that begins with `/` and is no command. It may be a typing error, so the user is
    /// told, and it is sent to no peer.
    Unknown(String),
    /// To say this many bytes, which is too much.
    TooLong(usize),
    /// Nothing: the line is blank.
    Nothing,
}

impl Command {
    pub(crate) fn of(typed: Typed) -> Self {
        match typed {
            Typed::Line(line) => Self::read(&line),
            Typed::TooLong(bytes) => Self::TooLong(bytes),
        }
    }

    fn read(line: &str) -> Self {
        if line.trim().is_empty() {
            return Self::Nothing;
        }
        let text = match line.strip_prefix('/') {
            None => line,
            Some(escaped) if escaped.starts_with('/') => escaped,
            Some(_) => match line.trim_end() {
                "/list" => return Self::List,
                "/help" => return Self::Help,
                "/quit" => return Self::Quit,
                other => return Self::Unknown(other.chars().take(MAX_WORD).collect()),
            },
        };
        if text.len() > MAX_MESSAGE {
            return Self::TooLong(text.len());
        }
        Self::Say(text.to_owned())
    }
}

/// Whether the user wants to leave with this line, so that no further one is read.
pub fn is_quit(line: &str) -> bool {
    Command::read(line) == Command::Quit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slash_begins_a_command_and_two_begin_a_message() {
        assert_eq!(Command::read("/list"), Command::List);
        assert_eq!(Command::read("Hello Bob!"), Command::Say("Hello Bob!".into()));
        assert_eq!(Command::read("//list"), Command::Say("/list".into()));
        assert_eq!(Command::read("/quit "), Command::Quit);
        assert_eq!(Command::read("/help"), Command::Help);
        assert_eq!(Command::read("/Quit"), Command::Unknown("/Quit".into()));
        assert_eq!(Command::read("/quit now"), Command::Unknown("/quit now".into()));
        assert_eq!(Command::read("/"), Command::Unknown("/".into()));
        assert_eq!(Command::read("//"), Command::Say("/".into()));
        assert_eq!(Command::read(" /quit"), Command::Say(" /quit".into()));
        assert_eq!(Command::read("see /quit"), Command::Say("see /quit".into()));
        assert_eq!(Command::read(" \t "), Command::Nothing);
        assert_eq!(Command::read("a\tb"), Command::Say("a\tb".into()));
    }

    #[test]
    fn the_limit_counts_what_would_be_sent() {
        let longest = "x".repeat(MAX_MESSAGE);
        assert_eq!(Command::read(&longest), Command::Say(longest.clone()));
        let said = Command::read(&format!("//{}", &longest[1..]));
        assert_eq!(said, Command::Say(format!("/{}", &longest[1..])));
        assert_eq!(Command::read(&format!("{longest}!")), Command::TooLong(4097));
        assert_eq!(Command::of(Typed::TooLong(9000)), Command::TooLong(9000));
    }
}
