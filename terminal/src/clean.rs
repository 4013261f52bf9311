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

/// Whether `c` leaves no mark, or one that only a private font has. In a name it would let two
/// different ones look the same. U+200D and U+FE0F, which are parts of emoji, do not count.
pub fn is_unseen(c: char) -> bool {
    matches!(c, '\u{AD}' | '\u{34F}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}')
        || matches!(c, '\u{180B}'..='\u{180F}' | '\u{200B}' | '\u{200C}')
        || matches!(c, '\u{2060}'..='\u{206F}' | '\u{2800}' | '\u{3164}' | '\u{FEFF}')
        || matches!(c, '\u{FE00}'..='\u{FE0E}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}')
        || matches!(c, '\u{13430}'..='\u{1343F}' | '\u{1BCA0}'..='\u{1BCA3}')
        || matches!(c, '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E1FFF}')
        || matches!(c, '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..) // for private use
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

    #[test]
    fn what_leaves_no_mark_is_unseen_and_a_part_of_an_emoji_is_not() {
        let unseen = "\u{AD}\u{200B}\u{2060}\u{3164}\u{FEFF}\u{E000}\u{E0041}";
        assert!(unseen.chars().all(is_unseen));
        assert!(!"aß 猫👋\u{200D}\u{FE0F}".chars().any(is_unseen));
    }
}
