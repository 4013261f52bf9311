//! A script: bytes from somewhere, cut into lines, made safe to show, and told one by one.
//!
//! A script may be somebody else's, and what it says ends up on our terminal. So everything is
//! cleaned here, where it enters, and no other file has to remember it. Each line is told before
//! the next one is read: whoever types a script sees every answer at once, and what stands above
//! a bad line has happened.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use crate::event::Event;
use crate::event::{Refusal, Trouble};
use crate::story::Story;

/// How many bytes a line may have. Without a bound, one line that never ends takes all the
/// memory there is; and 64 peers keep 64 messages each.
pub const MAX_LINE: usize = 4 * 1024;

/// Tells the story in the file at `path`.
///
/// # Errors
///
/// As [`tell`], and if the file cannot be opened.
pub fn tell_file(
    path: &Path,
    show: impl FnMut(&Event) -> io::Result<()>,
) -> Result<(), Trouble> {
    let name = clean(&path.to_string_lossy());
    match File::open(path) {
        Ok(file) => tell(&name, BufReader::new(file), show),
        Err(error) => Err(Trouble::Script { name, error }),
    }
}

/// Tells the story that `script` holds, line by line, and hands each event to `show`.
///
/// # Errors
///
/// If a line is refused, cannot be read, or what it tells cannot be shown. The lines before it
/// have been told.
pub fn tell(
    name: &str,
    mut script: impl BufRead,
    mut show: impl FnMut(&Event) -> io::Result<()>,
) -> Result<(), Trouble> {
    let mut story = Story::default();
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        let mut bounded = script.by_ref().take(MAX_LINE as u64 + 1); // One more for its end.
        match bounded.read_until(b'\n', &mut line) {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) => return Err(Trouble::Script { name: name.to_owned(), error }),
        }
        let told = readable(&line).and_then(|line| story.tell(&line));
        for event in told.map_err(|refusal| Trouble::Line { number, refusal })? {
            show(&event).map_err(Trouble::Screen)?;
        }
    }
    Ok(())
}

/// `line` as text, if it is not too long.
fn readable(line: &[u8]) -> Result<String, Refusal> {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    if line.len() > MAX_LINE {
        return Err(Refusal::LongLine { limit: MAX_LINE });
    }
    let line = line.strip_suffix(b"\r").unwrap_or(line); // Windows ends its lines with both.
    let line = line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line); // Some editors say "UTF-8".
    Ok(clean(&String::from_utf8_lossy(line)))
}

/// `text` without what could move the cursor, color the screen or turn the writing around:
/// each such character becomes U+FFFD, so that a reader sees that something was there.
///
/// ```
/// use pattern_in_memory::script::clean;
///
/// assert_eq!(clean("hi\tthere \x1b[2J"), "hi there \u{FFFD}[2J");
/// ```
pub fn clean(text: &str) -> String {
    let shown = |c: char| match c {
        '\t' => ' ',
        // Line ends that are not called control characters, and overrides of the direction.
        '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => char::REPLACEMENT_CHARACTER,
        c if c.is_control() => char::REPLACEMENT_CHARACTER,
        c => c,
    };
    text.chars().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is shown of `script`, and the trouble it ends in.
    fn shown(script: &[u8]) -> (Vec<String>, Option<String>) {
        let mut shown = Vec::new();
        let ended = tell("it", script, |event| {
            shown.push(event.to_string());
            Ok(())
        });
        (shown, ended.err().map(|trouble| trouble.to_string()))
    }

    #[test]
    fn line_ends_of_every_system_are_read_and_the_last_may_be_missing() {
        let answer = vec!["A has no messages".to_owned()];
        for script in ["peer A\ninbox A\n", "peer A\r\ninbox A\r\n", "\u{FEFF}peer A\ninbox A"]
        {
            assert_eq!(shown(script.as_bytes()), (answer.clone(), None), "{script:?}");
        }
    }

    #[test]
    fn a_line_has_a_bound_and_may_reach_it() {
        let just = [b"peer A\ninbox A #".as_slice(), &b"x".repeat(MAX_LINE)].concat();
        let long = [b"#".as_slice(), &b"x".repeat(MAX_LINE - 1), b"\nbad"].concat();
        assert!(shown(&long).1.expect("a refusal").starts_with("line 2: \"bad\""));

        let trouble = shown(&just).1.expect("a refusal");
        assert!(trouble.starts_with("line 2: the line is too long"), "{trouble}");
    }

    #[test]
    fn what_is_no_text_is_shown_as_such() {
        assert_eq!(clean("\x07\x1b\r\u{85}\u{202E}\u{2069}\u{2028}"), "\u{FFFD}".repeat(7));
        assert_eq!(readable(b"a\xFFb\0c\n").expect("short"), "a\u{FFFD}b\u{FFFD}c");
        assert_eq!(clean("żółw 🐢"), "żółw 🐢");
    }

    #[test]
    fn a_screen_that_fails_ends_the_story() {
        let full = || io::Error::from(io::ErrorKind::StorageFull);
        let ended = tell("it", &b"peer A\ninbox A\nbad"[..], |_| Err(full()));
        assert!(matches!(ended, Err(Trouble::Screen(_))), "{ended:?}");
    }
}
