//! A message: the bytes of one connection, shown as text that can do no harm.
//!
//! TCP carries a stream of bytes and knows nothing of messages. Here a message begins where
//! the connection begins and ends where it ends. What arrives comes from strangers, so it is
//! cleaned in this one place, where it enters; no other file has to remember that.

use crate::config::PeerId;

/// The text of a message, fit for a terminal.
///
/// Bytes that are no UTF-8, and characters that would *do* something to the reader's terminal
/// instead of standing on it, become U+FFFD, the replacement character. So nobody can move the
/// cursor, or forge a line of somebody else by sending a line end.
///
/// ```
/// use week05::message::clean;
/// assert_eq!(clean("grüß dich 👋".as_bytes()), "grüß dich 👋");
/// assert_eq!(clean(b"\x1b[2J"), "\u{FFFD}[2J");
/// assert_eq!(clean(b"hi\n[PEER 1] Shutting down"), "hi\u{FFFD}[PEER 1] Shutting down");
/// assert_eq!(clean(b"caf\xe9"), "caf\u{FFFD}");
/// ```
pub fn clean(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.chars().map(|c| if acts(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// A note from program to program, such as `bye 2`: a word and the sender's id, with a line end.
///
/// The line end is what tells it from a message: what a user types is one line, and the line
/// end is not sent. So nobody can type a note by accident, and a peer that knows nothing of
/// notes shows it as a message.
///
/// ```
/// use week05::message::{note, read_note};
/// assert_eq!(note("bye", 2), "bye 2\n");
/// assert_eq!(read_note("bye", b"bye 2\n"), Some(2));
/// assert_eq!(read_note("bye", b"bye 2"), None);
/// ```
pub fn note(word: &str, sender: PeerId) -> String {
    format!("{word} {sender}\n")
}

/// Reads a [`note`] that begins with `word`: who sent it.
pub fn read_note(word: &str, message: &[u8]) -> Option<PeerId> {
    let id = message.strip_prefix(word.as_bytes())?.strip_prefix(b" ")?.strip_suffix(b"\n")?;
    let id = str::from_utf8(id).ok()?;
    // Rust reads "+2" and "002" as numbers; here there is one way to write an id.
    id.parse().ok().filter(|number: &PeerId| number.to_string() == id)
}

/// Whether a terminal would obey `c` rather than show it.
fn acts(c: char) -> bool {
    c.is_control() // escape sequences, line ends, tabs, and the 8-bit controls U+0080 to U+009F
        || matches!(c, '\u{2028}' | '\u{2029}') // line and paragraph separator
        || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{206F}') // text runs backwards
        || matches!(c, '\u{61C}' | '\u{200E}' | '\u{200F}') // marks that turn what is beside them
        || matches!(c, '\u{FFF9}'..='\u{FFFB}') // notes between the lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_byte_and_no_pair_of_bytes_reaches_the_terminal_raw() {
        for first in 0..=255 {
            for second in 0..=255 {
                let text = clean(&[first, second]);
                assert!(!text.chars().any(char::is_control), "{first:#x} {second:#x}");
            }
        }
    }

    #[test]
    fn what_is_almost_a_note_is_a_message() {
        for message in [
            "bye\n",
            "bye \n",
            "bye 2",
            "bye 2\n\n",
            "bye  2\n",
            "bye +2\n",
            "bye 02\n",
            "bye 2 \n",
        ] {
            assert_eq!(read_note("bye", message.as_bytes()), None, "{message:?}");
        }
        assert_eq!(read_note("bye", b"bye 65536\n"), None);
        assert_eq!(read_note("bye", b"goodbye 2\n"), None);
    }

    #[test]
    fn text_cannot_be_turned_around_but_families_stay_together() {
        let marks = "\u{2028}\u{2029}\u{202A}\u{202E}\u{2066}\u{2069}\u{206F}\
                     \u{61C}\u{200E}\u{200F}\u{FFF9}\u{FFFB}";
        for acting in marks.chars() {
            assert_eq!(clean(format!("a{acting}b").as_bytes()), "a\u{FFFD}b", "{acting:?}");
        }
        assert_eq!(clean("👨‍👩‍👧".as_bytes()), "👨‍👩‍👧");
    }
}
