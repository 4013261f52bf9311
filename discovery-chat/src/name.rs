//! A name: what a peer calls itself. It proves nothing; the id beside it tells peers apart.

use std::fmt;

use terminal::{
    appearance, is_blank, is_harmless, is_unseen, looks_like_colon, looks_like_hash,
};

/// The longest name, in characters.
pub(crate) const MAX_NAME: usize = 32;

/// A name that can be shown on one line and cannot be taken for anything but a name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    shown: String,
    appearance: String,
}

impl Name {
    /// The name that our own user has chosen. It is taken as it is, or not at all. The error says
    /// what is wrong: no visible character, more than [`MAX_NAME`] characters, or one that a name
    /// cannot have.
    pub(crate) fn chosen(text: &str) -> Result<Self, String> {
        if let Some(bad) = text.chars().find(|&c| !belongs(c)) {
            return Err(format!("a name cannot contain {bad:?}"));
        }
        let length = text.chars().count();
        if length > MAX_NAME {
            return Err(format!("a name has at most {MAX_NAME} characters, this one {length}"));
        }
        Self::of(text).ok_or_else(|| "a name needs a character that can be seen".to_owned())
    }

    /// The name that a stranger claims to have: what cannot stand in a name becomes U+FFFD, and
    /// what goes beyond [`MAX_NAME`] is cut. `None` if nothing can be seen of it.
    pub(crate) fn claimed(text: &str) -> Option<Self> {
        let seen = text.trim().chars().take(MAX_NAME);
        let clean: String =
            seen.map(|c| if belongs(c) { c } else { char::REPLACEMENT_CHARACTER }).collect();
        Self::of(&clean)
    }

    /// Whether both look the same to a hasty reader.
    pub(crate) fn looks_like(&self, other: &Self) -> bool {
        self.appearance == other.appearance
    }

    fn of(text: &str) -> Option<Self> {
        let shown = text.trim().to_owned();
        // A name of nothing but U+FFFD tells no peer apart.
        let is_seen = !is_blank(&shown.replace(char::REPLACEMENT_CHARACTER, ""));
        is_seen.then(|| Self { appearance: appearance(&shown), shown })
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

/// Whether `c` may stand in a name: no character that acts, none that cannot be seen (or two
/// different names would look the same), and none with which a name could pass for more than a
/// name: `Alice says: pay me` or `Bob#3f2a1c`. Letters of other scripts that look like these are
/// not told apart: that takes a table of all scripts, and does not replace knowing who it is.
fn belongs(c: char) -> bool {
    c != '\t'
        && is_harmless(c)
        && !is_unseen(c)
        && !looks_like_colon(c)
        && !looks_like_hash(c)
        && c != char::REPLACEMENT_CHARACTER
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claimed(text: &str) -> Option<String> {
        Name::claimed(text).map(|name| name.to_string())
    }

    #[test]
    fn a_stranger_cannot_claim_a_name_that_acts_or_pretends() {
        assert_eq!(claimed("Bob\x1b[2J").unwrap(), "Bob\u{FFFD}[2J");
        assert_eq!(claimed("a\u{202E}b\r\nc").unwrap(), "a\u{FFFD}b\u{FFFD}\u{FFFD}c");
        assert_eq!(claimed("Alice says: pay me").unwrap(), "Alice says\u{FFFD} pay me");
        assert_eq!(claimed("Bob#3f2a1c").unwrap(), "Bob\u{FFFD}3f2a1c");
        assert_eq!(claimed(&"x".repeat(10_000)).unwrap(), "x".repeat(MAX_NAME));
    }

    #[test]
    fn a_name_that_nobody_can_see_is_none() {
        for empty in ["", " ", "\u{3000}", "\u{200B}", "\u{200D}", "\x1b", "\u{2060} \u{FEFF}"]
        {
            assert_eq!(claimed(empty), None, "{empty:?}");
            assert!(Name::chosen(empty).is_err(), "{empty:?}");
        }
    }

    #[test]
    fn names_that_look_the_same_are_recognised() {
        let bob = Name::claimed("Bob").unwrap();
        for same in ["bob", "Bob\u{FE0F}", "B\u{200D}ob"] {
            assert!(bob.looks_like(&Name::claimed(same).unwrap()), "{same:?}");
        }
        for (one, other) in [
            ("José", "Jose\u{301}"),
            ("한글", "\u{1112}\u{1161}\u{11ab}\u{1100}\u{1173}\u{11af}"),
            ("Mary Ann", "Mary\u{A0}\u{3000}ann"),
        ] {
            let [one, other] = [one, other].map(|name| Name::claimed(name).unwrap());
            assert!(one.looks_like(&other), "{one} {other}");
        }
        for unseen in ['\u{34F}', '\u{2065}', '\u{206A}', '\u{FE00}', '\u{E0041}', '\u{F8FF}'] {
            assert_eq!(claimed(&format!("Bob{unseen}")).unwrap(), "Bob\u{FFFD}", "{unseen:?}");
        }
        for pretends in [
            "Alice says\u{FF1A} hi",
            "Alice says\u{FE13} hi",
            "Bob\u{266F}3f2a1c",
            "Alice says\u{A789} hi",
            "Bob\u{FF03}3f2a1c",
        ] {
            assert!(claimed(pretends).unwrap().contains('\u{FFFD}'), "{pretends}");
        }
    }

    #[test]
    fn our_own_user_is_told_and_not_corrected() {
        assert!(Name::chosen(&"x".repeat(32)).is_ok());
        assert!(Name::chosen(&"x".repeat(33)).unwrap_err().contains("at most 32"));
        assert!(Name::chosen("a\tb").unwrap_err().contains("'\\t'"));
        assert_eq!(Name::chosen("Zoë 👩‍🚀").unwrap().to_string(), "Zoë 👩‍🚀");
    }
}
