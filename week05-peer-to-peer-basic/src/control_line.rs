//! Control lines: messages from program to program, such as `bye 2`.
//!
//! *How can a peer say that it leaves, if all it can send is messages?* By a message that ends in
//! a line end. A typed message never does: it is one line, and its end is not sent. So a user
//! cannot type a control line by accident, and a peer that knows none of them (the example, say)
//! shows it as a message.

use crate::config::PeerId;

/// Whether `message` ends in a line end.
pub(crate) fn is_line(message: &[u8]) -> bool {
    message.ends_with(b"\n")
}

/// The control line with `word` and the id of its sender.
pub(crate) fn write(word: &str, sender: PeerId) -> String {
    format!("{word} {sender}\n")
}

/// Reads a control line that begins with `word`. Returns the id of its sender.
pub(crate) fn read(word: &str, message: &[u8]) -> Option<PeerId> {
    let id = message.strip_prefix(word.as_bytes())?.strip_prefix(b" ")?.strip_suffix(b"\n")?;
    let id = str::from_utf8(id).ok()?;
    // Rust reads "+2" and "002" as numbers; in these lines there is one way to write an id.
    id.parse().ok().filter(|number: &PeerId| number.to_string() == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_control_line_is_read_as_it_was_written() {
        assert_eq!(write("bye", 2), "bye 2\n");
        assert_eq!(read("bye", b"bye 2\n"), Some(2));
    }

    #[test]
    fn a_message_that_resembles_a_control_line_is_a_message() {
        let almost = [
            "bye\n",
            "bye \n",
            "bye 2",
            "bye 2\n\n",
            "bye  2\n",
            "bye +2\n",
            "bye 02\n",
            "bye 2 \n",
            "bye 65536\n",
            "goodbye 2\n",
        ];
        for message in almost {
            assert_eq!(read("bye", message.as_bytes()), None, "{message:?}");
            assert_eq!(is_line(message.as_bytes()), message.contains('\n'), "{message:?}");
        }
    }
}
