//! Appearance: what people see of a text, for a program that tells people or things apart by name.

use unicode_normalization::UnicodeNormalization;

/// What a hasty reader sees of `text`: two texts that look the same have the same appearance.
///
/// Marks that cannot be seen are left out, and also the parts of emoji that cannot be seen alone.
/// All kinds of space, however many there are, are one space. Letters are small, and those with
/// accents are composed (Unicode's form NFC). Letters of different scripts that look alike stay
/// different: that takes a table of all scripts, and does not replace knowing who it is.
///
/// ```
/// use terminal::appearance;
/// assert_eq!(appearance("Jose\u{301}"), appearance("jos\u{e9}"));
/// assert_eq!(appearance(" Mary\u{3000}\u{200B} Ann"), "mary ann");
/// ```
pub fn appearance(text: &str) -> String {
    let words = text.split_whitespace().map(|word| {
        let seen = word.chars().filter(|c| !leaves_no_mark(*c)).collect::<String>();
        let small = seen.nfd().collect::<String>().to_lowercase();
        // Some small letters differ, and their capital ones do not: σ and ς, ß and ss.
        small.to_uppercase().to_lowercase().nfc().collect()
    });
    words.filter(|word: &String| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Whether nothing of `text` can be seen.
pub fn is_blank(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || leaves_no_mark(c))
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
        || matches!(c, '\u{16FE4}' | '\u{1D159}')
        || matches!(c, '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..) // for private use
}

/// Whether `c` is a colon or looks like one. In a name it would let `Alice says: hello` pass for one.
pub fn looks_like_colon(c: char) -> bool {
    matches!(c, ':' | '\u{2D0}' | '\u{2F8}' | '\u{589}' | '\u{205A}' | '\u{2236}' | '\u{A4FD}')
        || matches!(c, '\u{A789}' | '\u{FE13}' | '\u{FE30}' | '\u{FE55}' | '\u{FF1A}')
}

/// Whether `c` is a `#` or looks like one, as in `Bob#3f2a1c` or `#lobby`.
pub fn looks_like_hash(c: char) -> bool {
    matches!(c, '#' | '\u{22D5}' | '\u{266F}' | '\u{FE5F}' | '\u{FF03}')
}

/// Whether [`is_unseen`], and also U+200D, which joins emoji, U+FE0F, which makes an emoji of the character
/// before it, and marks that turn the text beside them.
fn leaves_no_mark(c: char) -> bool {
    is_unseen(c)
        || matches!(c, '\u{200D}' | '\u{FE0F}')
        || matches!(c, '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leaves_no_mark_is_unseen_and_a_part_of_an_emoji_is_not() {
        let unseen = "\u{AD}\u{200B}\u{2060}\u{3164}\u{FEFF}\u{E000}\u{E0041}\u{16FE4}";
        assert!(unseen.chars().all(is_unseen));
        assert!(!"aß 猫👋\u{200D}\u{FE0F}".chars().any(is_unseen));
    }

    #[test]
    fn what_looks_the_same_has_one_appearance() {
        for (one, other) in [
            ("José", "Jose\u{301}"),
            ("한글", "\u{1112}\u{1161}\u{11ab}\u{1100}\u{1173}\u{11af}"),
            ("Å", "\u{212b}"),
            ("ệ", "e\u{302}\u{323}"),
            ("ΟΔΟΣ", "οδος"),
            ("ΟΔΟΣ", "οδοσ"),
            ("straße", "STRASSE"),
            ("\u{B5}", "\u{3BC}"),
            ("\u{17F}am", "Sam"),
            ("İ", "I\u{307}"),
            ("Bob", "b\u{200D}\u{202E}O\u{FE0F}\u{200B}b\u{E0100}"),
            ("Al Ice", "\u{2003}al\u{A0}\u{200D}\t \u{3000}ice\u{2028}"),
        ] {
            assert_eq!(appearance(one), appearance(other), "{one:?} {other:?}");
        }
        for (one, other) in [("Al Ice", "AlIce"), ("Jose", "José"), ("o", "ο"), ("s", "ß")] {
            assert_ne!(appearance(one), appearance(other), "{one:?} {other:?}");
        }
    }

    #[test]
    fn each_character_looks_like_its_parts_and_an_appearance_like_itself() {
        for c in '\0'..='\u{3FFFF}' {
            let seen = appearance(&c.to_string());
            let parts = c.to_string().nfd().collect::<String>();
            assert_eq!(appearance(&parts), seen, "{c:?}");
            assert_eq!(appearance(&seen), seen, "{c:?}");
            assert_eq!(is_blank(&c.to_string()), seen.is_empty(), "{c:?}");
        }
    }
}
