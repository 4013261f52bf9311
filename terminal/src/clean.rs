//! Text from the network or from a keyboard, made harmless for a terminal.

/// Decodes `bytes` and replaces everything that a terminal would obey instead of show.
///
/// Bytes that are not UTF-8, control characters and characters that change the direction of
/// writing become U+FFFD, the replacement character, so that a reader sees that something was
/// there. A sender can neither move the cursor nor forge a line by sending a line end. A tab
/// stays: it moves the cursor to the right, and a space could do that, too.
///
/// ```
/// use terminal::clean;
/// assert_eq!(clean("grüß dich 👋".as_bytes()), "grüß dich 👋");
/// assert_eq!(clean(b"\x1b[2J"), "\u{FFFD}[2J");
/// assert_eq!(clean(b"hi\n[PEER 1] Shutting down"), "hi\u{FFFD}[PEER 1] Shutting down");
/// assert_eq!(clean(b"caf\xe9"), "caf\u{FFFD}");
/// assert_eq!(clean(b"one\ttwo"), "one\ttwo");
/// ```
pub fn clean(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.chars().map(|c| if is_harmless(c) { c } else { char::REPLACEMENT_CHARACTER }).collect()
}

/// Whether a terminal shows `c`, and does not obey it: what [`clean`] lets pass. For a name, say,
/// which is refused rather than changed.
pub fn is_harmless(c: char) -> bool {
    // Escape sequences, line ends, and the 8-bit controls U+0080 to U+009F.
    let is_obeyed = (c.is_control() && c != '\t')
        || matches!(c, '\u{2028}' | '\u{2029}') // line and paragraph separator
        || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{206F}') // bidirectional overrides
        || matches!(c, '\u{61C}' | '\u{200E}' | '\u{200F}') // marks that turn the text beside them
        || matches!(c, '\u{FFF9}'..='\u{FFFB}'); // interlinear annotation
    !is_obeyed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_byte_and_no_pair_of_bytes_reaches_the_terminal_raw() {
        for first in 0..=255 {
            for second in 0..=255 {
                let text = clean(&[first, second]);
                let raw = text.chars().find(|c| c.is_control() && *c != '\t');
                assert_eq!(raw, None, "{first:#x} {second:#x}");
            }
        }
    }

    #[test]
    fn direction_marks_are_replaced_and_joined_emoji_stay_joined() {
        let marks = "\u{2028}\u{2029}\u{202A}\u{202E}\u{2066}\u{2069}\u{206F}\
                     \u{61C}\u{200E}\u{200F}\u{FFF9}\u{FFFB}";
        for mark in marks.chars() {
            assert_eq!(clean(format!("a{mark}b").as_bytes()), "a\u{FFFD}b", "{mark:?}");
        }
        assert_eq!(clean("👨‍👩‍👧".as_bytes()), "👨‍👩‍👧");
    }
}
