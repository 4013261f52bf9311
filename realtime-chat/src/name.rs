//! Names: of users, of rooms, and of files. Each is read once, where it enters; a wrong name is
//! refused, and never mended in silence.

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use terminal::{
    appearance, is_blank, is_harmless, is_unseen, looks_like_colon, looks_like_hash,
};

/// The longest name of a user or of a room, in characters.
pub(crate) const MAX_NAME: usize = 32;

/// The longest name of a file, in bytes: what most file systems take.
pub(crate) const MAX_FILE_NAME: usize = 255;

/// Names that the chat itself uses; nobody else may.
const RESERVED: [&str; 2] = ["System", "You"];

/// The name of a user. It is shown as the user has written it, and compared by what people see.
/// Each call and each order has one, so it is not copied.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Name {
    shown: Arc<str>,
    appearance: Arc<str>,
}

impl Name {
    /// Reads a name. White space around it is not part of it. An error is what the user reads.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let shown = text.trim();
        fits(shown)?;
        let appearance = appearance(shown);
        match RESERVED.iter().find(|word| word.to_lowercase() == appearance) {
            Some(word) => Err(format!("{word} is not a name for a user")),
            None => Ok(Self { shown: shown.into(), appearance: appearance.into() }),
        }
    }

    /// Whether both look the same to a hasty reader.
    pub(crate) fn looks_like(&self, other: &Self) -> bool {
        self.appearance == other.appearance
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

/// The name of a room: `#` and a name in small letters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RoomName(String);

impl RoomName {
    /// The room in which everybody begins.
    pub(crate) fn lobby() -> Self {
        Self("#lobby".to_owned())
    }

    /// Reads a room's name, with or without its `#`. It is what people see of it, so that nobody
    /// waits for somebody in a room that only looks the same.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let text = text.strip_prefix('#').unwrap_or(text);
        all_belong(text)?;
        let seen = appearance(text);
        fits(&seen)?;
        if text.contains(' ') {
            return Err("the name of a room is one word".into());
        }
        if let Some(unseen) = text.chars().find(|c| is_blank(&c.to_string())) {
            return Err(format!("the name of a room cannot contain {unseen:?}"));
        }
        Ok(Self(format!("#{seen}")))
    }
}

impl fmt::Display for RoomName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of a file: one part of a path, which can name no other folder and no device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileName(String);

impl FileName {
    /// Reads the name of a file. It can be nothing but a plain file in its folder, on any system.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let bad = |c: char| {
            acts(c)
                || is_unseen(c)
                || matches!(c, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|')
        };
        if let Some(bad) = text.chars().find(|&c| bad(c)) {
            return Err(format!("the name of a file cannot contain {bad:?}"));
        }
        if text.len() > MAX_FILE_NAME {
            return Err(format!("the name of a file has at most {MAX_FILE_NAME} bytes"));
        }
        // Hidden on Unix; not to be created, or not to be deleted, on Windows.
        if text.is_empty() || text.starts_with(['.', ' ']) || text.ends_with(['.', ' ']) {
            return Err(
                "a file's name cannot be empty, nor begin or end with a dot or a space".into(),
            );
        }
        let stem = text.split('.').next().unwrap_or_default().trim_end().to_ascii_uppercase();
        let port = stem.strip_prefix("COM").or_else(|| stem.strip_prefix("LPT"));
        let is_digit = |c: char| c.is_ascii_digit() || "¹²³".contains(c);
        let is_port = port.is_some_and(|n| n.chars().count() == 1 && n.chars().all(is_digit));
        if is_port || ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"].contains(&&*stem) {
            return Err(format!("{text} names a device on Windows"));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether this can be a name of a user or a room.
fn fits(text: &str) -> Result<(), String> {
    all_belong(text)?;
    let length = text.chars().count();
    if length > MAX_NAME {
        return Err(format!("a name has at most {MAX_NAME} characters, this one {length}"));
    }
    if is_blank(text) {
        return Err("a name needs a character that can be seen".to_owned());
    }
    Ok(())
}

fn all_belong(text: &str) -> Result<(), String> {
    let bad = text.chars().find(|&c| !belongs(c));
    bad.map_or(Ok(()), |bad| Err(format!("a name cannot contain {bad:?}")))
}

/// Whether `c` may stand in a name: no character that acts, none that cannot be seen, no space but
/// the common one, since all look the same, and none with which a name could pass for more than a
/// name: `Alice] hi`, `Alice, Bob`, `#rust`.
/// Letters of other scripts that look like these are not told apart: that takes a table of all
/// scripts, and does not replace knowing who it is.
fn belongs(c: char) -> bool {
    let pretends =
        looks_like_colon(c) || looks_like_hash(c) || matches!(c, '[' | ']' | ',' | '*' | '/');
    let strange_space = c.is_whitespace() && c != ' ';
    !acts(c) && !is_unseen(c) && !strange_space && !pretends && c != char::REPLACEMENT_CHARACTER
}

/// Whether a terminal would obey `c`; a tab is no part of a name, either.
fn acts(c: char) -> bool {
    c.is_control() || !is_harmless(c)
}
