//! Commands: the lines that a user may type at the first prompt.
//!
//! *What if you type `two`, or 70000, or `help`?* The example knows only numbers up to 65535. Here
//! each line is read into one of the cases below, and each case has a reply.

use crate::config::PeerId;

/// An answer to `Send to peer ID: `.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Send(PeerId),
    /// A number that is no peer's id, as it was typed.
    NoPeer(String),
    Help,
    List,
    Broadcast,
    Discover,
    Quit,
    Invalid,
}

impl Command {
    /// Reads a line that is no command of extension A, which reads its own.
    pub(crate) fn read(line: &str) -> Self {
        match line.trim() {
            "help" => Self::Help,
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
    fn a_number_that_is_no_id_is_still_a_number() {
        assert_eq!(Command::read(" 2 "), Command::Send(2));
        assert_eq!(Command::read("65535"), Command::Send(65535));
        for typed in ["65536", "-1", "99999999999999999999999999999999999999999999"] {
            assert_eq!(Command::read(typed), Command::NoPeer(typed.to_owned()));
        }
        assert_eq!(Command::read("discover"), Command::Discover);
        assert_eq!(Command::read("help"), Command::Help);
        for typed in ["", "two", "1 2"] {
            assert_eq!(Command::read(typed), Command::Invalid);
        }
    }
}
