//! What a user can type. Pure text.

use crate::message::{MAX_MESSAGE, clean};

/// What the user wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// To say this to everybody.
    Say(String),
    /// To see who is there: `/list`.
    List,
    /// To read what can be typed: `/help`.
    Help,
    /// To leave: `/quit`.
    Quit,
    /// Something that begins with `/` and is no command. It may be a typing error, so it is
    /// told, and sent to nobody.
    Unknown(String),
    /// To say this many bytes, which is too much.
    TooLong(usize),
    /// This many lines were typed faster than they could be taken, and are lost.
    TooFast(usize),
    /// Nothing: the line is blank.
    Nothing,
}

impl Command {
    /// Reads what was typed, without its line end.
    ///
    /// ```
    /// use discovery_chat::command::Command;
    /// assert_eq!(Command::read(b"/list"), Command::List);
    /// assert_eq!(Command::read(b"Hello Bob!"), Command::Say("Hello Bob!".into()));
    /// assert_eq!(Command::read(b"//list"), Command::Say("/list".into()));
    /// assert_eq!(Command::read(b"/lsit"), Command::Unknown("/lsit".into()));
    /// ```
    pub fn read(line: &[u8]) -> Self {
        if line.trim_ascii().is_empty() {
            return Self::Nothing;
        }
        let line = clean(line);
        let text = match line.strip_prefix('/') {
            None => &*line,
            Some(said) if said.starts_with('/') => said,
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

/// How much of what is no command is repeated to the user, in characters.
const MAX_WORD: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slash_begins_a_command_and_two_begin_a_message() {
        assert_eq!(Command::read(b"/quit "), Command::Quit);
        assert_eq!(Command::read(b"/help"), Command::Help);
        assert_eq!(Command::read(b"/Quit"), Command::Unknown("/Quit".into()));
        assert_eq!(Command::read(b"/quit now"), Command::Unknown("/quit now".into()));
        assert_eq!(Command::read(b"/"), Command::Unknown("/".into()));
        assert_eq!(Command::read(b"//"), Command::Say("/".into()));
        assert_eq!(Command::read(b" /quit"), Command::Say(" /quit".into()));
        assert_eq!(Command::read(b"see /quit"), Command::Say("see /quit".into()));
        assert_eq!(Command::read(b" \t "), Command::Nothing);
    }

    #[test]
    fn the_limit_counts_what_would_be_sent() {
        let longest = "x".repeat(MAX_MESSAGE);
        assert_eq!(Command::read(longest.as_bytes()), Command::Say(longest.clone()));
        let said = Command::read(format!("//{}", &longest[1..]).as_bytes());
        assert_eq!(said, Command::Say(format!("/{}", &longest[1..])));
        assert_eq!(Command::read(format!("{longest}!").as_bytes()), Command::TooLong(4097));
    }
}
