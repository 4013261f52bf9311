//! The picture of a failed scenario: a column per terminal, a line per event, with its time.
//!
//! Pure text. A student reads it from top to bottom and sees who said what when, what was
//! expected last, and where in the test that is written; no debugger needed.

use std::fmt::Write;
use std::time::Duration;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// How wide a column is, in terminal cells.
const WIDTH: usize = 46;

/// How much of one event is drawn, in characters: a message may be 64 KiB long.
const MOST_TEXT: usize = 400;

/// How many events are drawn; the earlier ones are counted instead.
const MOST_MOMENTS: usize = 120;

/// Something that happened in one terminal.
#[derive(Clone, Debug)]
pub(crate) struct Moment {
    /// Since the story began.
    pub(crate) at: Duration,
    /// In which terminal, counted from 0.
    pub(crate) column: usize,
    pub(crate) what: What,
}

#[derive(Clone, Debug)]
pub(crate) enum What {
    Runs(String),
    Prints(String),
    Complains(String),
    Types(String),
    Presses(&'static str),
    Ends(String),
    /// What did not come true, and where in the test it was expected.
    Fails(String),
}

impl What {
    /// The sign in front, and the text.
    fn drawn(&self) -> (&'static str, String) {
        match self {
            Self::Runs(command) => ("$ ", command.clone()),
            Self::Prints(text) => ("  ", text.clone()),
            Self::Complains(text) => ("! ", text.clone()),
            Self::Types(text) => ("> ", text.clone()),
            Self::Presses(key) => ("> ", format!("({key})")),
            Self::Ends(how) => ("  ", format!("({how})")),
            Self::Fails(why) => ("✗ ", why.clone()),
        }
    }
}

/// Draws the story so far.
pub(crate) fn draw(titles: &[String], moments: &[Moment]) -> String {
    let mut picture = String::from("\n");
    row(&mut picture, "time", titles.len(), |column| titles[column].clone());
    row(&mut picture, "--------", titles.len(), |_| "-".repeat(WIDTH));
    let left_out = moments.len().saturating_sub(MOST_MOMENTS);
    if left_out > 0 {
        let _ = writeln!(picture, "({left_out} earlier events are not drawn)");
    }
    for moment in &moments[left_out..] {
        let (sign, text) = moment.what.drawn();
        let time = format!("{:6.3} s", moment.at.as_secs_f64());
        for (index, line) in wrapped(sign, &shortened(&text)).into_iter().enumerate() {
            let time = if index == 0 { &time } else { "" };
            row(&mut picture, time, titles.len(), |column| {
                if column == moment.column { line.clone() } else { String::new() }
            });
        }
    }
    picture.push_str("$ started   > typed   ! on stderr   ✗ what went wrong\n");
    picture
}

fn row(picture: &mut String, time: &str, columns: usize, cell: impl Fn(usize) -> String) {
    let mut line = format!("{time:8}");
    for text in (0..columns).map(cell) {
        let padding = " ".repeat(WIDTH.saturating_sub(text.width()));
        let _ = write!(line, " | {text}{padding}");
    }
    picture.push_str(line.trim_end());
    picture.push('\n');
}

/// Cuts `text` into lines that fit in a column; control characters are drawn, not obeyed.
fn wrapped(sign: &str, text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for line in text.trim_matches('\n').split('\n') {
        let mut drawn = sign.to_owned();
        for character in line.chars() {
            let visible = match character {
                '\t' => "→".to_owned(),
                control if control.is_control() => control.escape_unicode().to_string(),
                character => character.to_string(),
            };
            if drawn.width() + character.width().unwrap_or(visible.len()) > WIDTH {
                lines.push(std::mem::replace(&mut drawn, "  ".to_owned()));
            }
            drawn.push_str(&visible);
        }
        lines.push(drawn);
    }
    lines
}

fn shortened(text: &str) -> String {
    let count = text.chars().count();
    if count <= MOST_TEXT {
        return text.to_owned();
    }
    let start: String = text.chars().take(MOST_TEXT).collect();
    format!("{start}… ({count} characters)")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(millis: u64, column: usize, what: What) -> Moment {
        Moment { at: Duration::from_millis(millis), column, what }
    }

    #[test]
    fn every_terminal_has_a_column_and_every_event_its_time() {
        let titles = ["peer 1".to_owned(), "peer 2".to_owned()];
        let picture = draw(
            &titles,
            &[
                moment(0, 0, What::Runs("week05 1".into())),
                moment(12, 1, What::Types("Hello\u{1b}".into())),
                moment(5012, 0, What::Fails("expected \"Hello\"".into())),
            ],
        );
        let lines: Vec<_> = picture.lines().collect();
        assert!(lines[1].contains("| peer 1 ") && lines[1].contains("| peer 2"), "{picture}");
        assert!(lines[3].starts_with(" 0.000 s | $ week05 1"), "{picture}");
        assert!(lines[4].ends_with("| > Hello\\u{1b}"), "{picture}");
        assert!(lines[5].starts_with(" 5.012 s | ✗ expected"), "{picture}");
    }

    #[test]
    fn a_long_text_is_counted_and_a_long_line_wrapped() {
        let picture = draw(&["one".into()], &[moment(0, 0, What::Prints("x".repeat(65_536)))]);
        assert!(picture.contains("(65536 characters)"), "{picture}");
        assert!(picture.lines().all(|line| line.width() <= 8 + 3 + WIDTH), "{picture}");
    }

    #[test]
    fn a_long_story_starts_late_and_says_so() {
        let moments: Vec<_> =
            (0..200).map(|n| moment(n, 0, What::Types(n.to_string()))).collect();
        let picture = draw(&["one".into()], &moments);
        assert!(picture.contains("(80 earlier events are not drawn)"), "{picture}");
        assert!(!picture.contains("> 79\n") && picture.contains("> 80\n"), "{picture}");
    }
}
