//! Text from strangers, made harmless before anybody else sees it.
//!
//! What arrives comes from whoever can call us, or answers when we call. It is cleaned here, where it
//! enters, and nowhere else: what this program shows is always fit for a terminal.

/// The longest message, in bytes of UTF-8.
pub const MAX_MESSAGE: usize = 4096;

/// The text in `bytes`, fit for a terminal.
///
/// Bytes that are no UTF-8, and characters that would *do* something to the reader's terminal
/// instead of standing on it, become U+FFFD, the replacement character. So nobody can move the
/// cursor, or forge a line of somebody else.
///
/// ```
/// use capability_peers::message::clean;
/// assert_eq!(clean("grüß dich 👋".as_bytes()), "grüß dich 👋");
/// assert_eq!(clean(b"\x1b[2J"), "\u{FFFD}[2J");
/// assert_eq!(clean("\u{9B}2J".as_bytes()), "\u{FFFD}2J");
/// assert_eq!(clean(b"caf\xe9"), "caf\u{FFFD}");
/// ```
pub fn clean(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.chars().map(|c| if acts(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// Whether a terminal would obey `c` rather than show it.
pub fn acts(c: char) -> bool {
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
    fn text_cannot_be_turned_around_but_families_stay_together() {
        for acting in
            "\u{2028}\u{2029}\u{202A}\u{202E}\u{2066}\u{206F}\u{61C}\u{200F}\u{FFF9}".chars()
        {
            assert_eq!(clean(format!("a{acting}b").as_bytes()), "a\u{FFFD}b", "{acting:?}");
        }
        assert_eq!(clean("👨‍👩‍👧".as_bytes()), "👨‍👩‍👧");
    }
}
