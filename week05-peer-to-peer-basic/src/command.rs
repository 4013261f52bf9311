//! What a user may type, and what is made of it at the first prompt. Pure text.

use crate::config::PeerId;

/// A line from the keyboard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Typed {
    /// The line, without its line end.
    Line(String),
    /// A line of this many bytes, more than any message may have. It was not kept.
    TooLong(usize),
}

/// An answer to `Send to peer ID: `.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// A peer's number: send it a message.
    Send(PeerId),
    /// A number that is no peer's id, as it was typed.
    NoPeer(String),
    /// `help`
    Help,
    /// `list` (extension A)
    List,
    /// `broadcast` (extension A)
    Broadcast,
    /// `discover` (extension D)
    Discover,
    /// `quit` (extension C)
    Quit,
    /// Anything else.
    Invalid,
}

impl Command {
    /// Reads an answer to the first prompt.
    ///
    /// ```
    /// use week05::command::Command;
    /// assert_eq!(Command::read(" 2 "), Command::Send(2));
    /// assert_eq!(Command::read("broadcast"), Command::Broadcast);
    /// assert_eq!(Command::read("two"), Command::Invalid);
    /// ```
    pub fn read(line: &str) -> Self {
        match line.trim() {
            "help" => Self::Help,
            "list" => Self::List,
            "broadcast" => Self::Broadcast,
            "discover" => Self::Discover,
            "quit" => Self::Quit,
            text if is_number(text) => {
                text.parse().map_or_else(|_| Self::NoPeer(text.to_owned()), Self::Send)
            }
            _ => Self::Invalid,
        }
    }
}

/// Whether `text` is an integer of any size.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_is_no_id_is_a_number_all_the_same() {
        assert_eq!(Command::read("65535"), Command::Send(65535));
        for typed in ["65536", "-1", "99999999999999999999999999999999999999999999"] {
            assert_eq!(Command::read(typed), Command::NoPeer(typed.to_owned()));
        }
        assert_eq!(Command::read(""), Command::Invalid);
        assert_eq!(Command::read("1 2"), Command::Invalid);
    }
}
