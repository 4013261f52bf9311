//! A script: bytes that are cut into lines, made safe to show, and told one by one.
//!
//! Another person may have written a script, and its text ends up on our terminal. So all of it is
//! cleaned here, where it enters, and no other file has to remember it. The story is an iterator,
//! so that each line is carried out before the next one is read: a person who types a script sees
//! every answer at once, and the lines above a bad one have been carried out.

use std::io::{self, BufRead, Read};
use std::iter;

use terminal::clean;

use crate::event::{Event, Refusal};
use crate::story::Story;

/// How many bytes a line may have. Without a bound, one line that never ends takes all the
/// memory there is; and 64 peers keep 64 messages each.
pub const MAX_LINE: usize = 4 * 1024;

/// The events of one line, or why it is refused.
pub type Told = Result<Vec<Event>, Refusal>;

/// Tells the story that `script` holds, one item a line of at most `limit` bytes. The caller
/// decides whether the story goes on after a refused line.
pub fn tell(mut script: impl BufRead, limit: usize) -> impl Iterator<Item = io::Result<Told>> {
    let mut story = Story::default();
    let mut line = Vec::new();
    iter::from_fn(move || match read_line(&mut script, &mut line, limit) {
        Ok(0) => None,
        Ok(_) => Some(Ok(readable(&line, limit).and_then(|line| story.tell(&line)))),
        Err(error) => Some(Err(error)),
    })
}

/// Puts the next line of `script` into `line`, but no more of it than shows that it is too long.
fn read_line(script: &mut impl BufRead, line: &mut Vec<u8>, limit: usize) -> io::Result<usize> {
    if line.len() > limit && !line.ends_with(b"\n") {
        script.skip_until(b'\n')?; // The line before this one was too long. Its rest is no line.
    }
    line.clear();
    // Two more for its end, as Windows writes it.
    script.by_ref().take(limit as u64 + 2).read_until(b'\n', line)
}

/// `line` as text, if it is not too long.
fn readable(line: &[u8], limit: usize) -> Result<String, Refusal> {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.len() > limit {
        return Err(Refusal::LongLine { limit });
    }
    let line = line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line); // Some editors mark UTF-8.
    Ok(clean(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The events of all lines of `script`, and the first refusal.
    fn told(script: &[u8]) -> (Vec<String>, Option<String>) {
        let (mut shown, mut refused) = (Vec::new(), None);
        for told in tell(script, MAX_LINE) {
            match told.expect("a slice can be read") {
                Ok(events) => shown.extend(events.iter().map(Event::to_string)),
                Err(refusal) => refused = refused.or(Some(refusal.to_string())),
            }
        }
        (shown, refused)
    }

    #[test]
    fn line_ends_of_every_system_are_read_and_the_last_may_be_missing() {
        let answer = vec!["A has no messages".to_owned()];
        for script in ["peer A\ninbox A\n", "peer A\r\ninbox A\r\n", "\u{FEFF}peer A\ninbox A"]
        {
            assert_eq!(told(script.as_bytes()), (answer.clone(), None), "{script:?}");
        }
    }

    #[test]
    fn a_line_has_a_bound_and_may_reach_it() {
        for end in ["\n", "\r\n"] {
            let just = format!("#{}{end}bad", "x".repeat(MAX_LINE - 1));
            assert!(told(just.as_bytes()).1.expect("a refusal").starts_with("\"bad\""));
        }

        let full = "#".repeat(MAX_LINE);
        for long in [format!("{full}#"), format!("{full}\rand more\n")] {
            let refused = told(long.as_bytes()).1.expect("a refusal");
            assert!(refused.starts_with("the line is too long"), "{refused}");
        }
    }

    #[test]
    fn the_rest_of_a_line_that_is_too_long_is_not_a_line() {
        for extra in [1, 2, MAX_LINE + 1, 3 * MAX_LINE] {
            let long = b"#".repeat(MAX_LINE + extra);
            let script = [b"peer A\n".as_slice(), &long, b"\ninbox A\n"].concat();
            assert_eq!(told(&script).0, ["A has no messages"], "{extra} bytes too long");
            assert_eq!(tell(&script[..], MAX_LINE).count(), 3, "{extra} bytes too long");
        }
    }

    #[test]
    fn bytes_that_are_no_text_become_replacement_characters() {
        assert_eq!(readable(b"a\xFFb\0c\n", MAX_LINE).expect("short"), "a\u{FFFD}b\u{FFFD}c");
    }
}
