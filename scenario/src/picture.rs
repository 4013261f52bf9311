//! The picture of a failed scenario: a column per terminal, a line per event, with its time, and
//! never wider than 120 cells.
//!
//! Pure text. A student reads it from top to bottom and sees which program said what when, which
//! output was expected last, and where in the test that is written; no debugger needed.

use std::fmt::Write;
use std::mem;
use std::time::Duration;

use unicode_width::UnicodeWidthStr;

/// How wide the picture is, in terminal cells.
const WIDTH: usize = 120;

/// How wide the column with the times is.
const TIME: usize = 9;

const BORDER: &str = " | ";

/// How many terminals stand side by side: each still has 34 cells.
const SIDE_BY_SIDE: usize = 3;

/// The heading of the names, where more terminals share one column.
const TERMINAL: &str = "terminal";

/// How much of a name is drawn there.
const MOST_NAME: usize = 16;

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
    /// From port to port, in the column of the wire.
    #[cfg_attr(
        not(any(target_os = "linux", test)),
        expect(dead_code, reason = "what crosses the wire is recorded on Linux only")
    )]
    Crosses(String),
    /// The expectation that failed, and where in the test it stands.
    Fails(String),
}

impl What {
    /// The line of the program's output that has `words` in it.
    pub(crate) fn line_with(&self, words: &str) -> Option<&str> {
        let (Self::Prints(text) | Self::Complains(text)) = self else { return None };
        // Most texts have no such line, and some have a million lines.
        text.contains(words).then(|| text.lines().find(|line| line.contains(words))).flatten()
    }

    /// The sign in front, and the text.
    pub(crate) fn drawn(&self) -> (&'static str, String) {
        match self {
            Self::Runs(command) => ("$ ", command.clone()),
            Self::Prints(text) => ("  ", text.clone()),
            Self::Complains(text) => ("! ", text.clone()),
            Self::Types(text) => ("> ", text.clone()),
            Self::Presses(key) => ("> ", format!("({key})")),
            Self::Crosses(text) => ("", text.clone()),
            Self::Ends(how) => ("  ", format!("({how})")),
            Self::Fails(why) => ("✗ ", why.clone()),
        }
    }
}

/// Draws the story so far.
pub(crate) fn draw(titles: &[String], moments: &[Moment]) -> String {
    let layout = Layout::of(titles);
    let mut picture = String::from("\n");
    layout.row(&mut picture, "time", |column| layout.headings[column].clone());
    layout.row(&mut picture, &"-".repeat(TIME), |column| "-".repeat(layout.widths[column]));
    let left_out = moments.len().saturating_sub(MOST_MOMENTS);
    if left_out > 0 {
        let _ = writeln!(picture, "({left_out} earlier events are not drawn)");
    }
    for moment in &moments[left_out..] {
        layout.draw(&mut picture, &titles[moment.column], moment);
    }
    picture.push_str("$ started   > typed   ! on stderr   ✗ what went wrong\n");
    picture
}

/// The columns of a picture. A few terminals stand side by side. More of them would leave
/// each too narrow to read, so they share one column, beside the names of whose line it is.
struct Layout {
    headings: Vec<String>,
    widths: Vec<usize>,
    side_by_side: bool,
}

impl Layout {
    fn of(titles: &[String]) -> Self {
        let side_by_side = titles.len() <= SIDE_BY_SIDE;
        let (headings, widths) = if side_by_side {
            let width = (WIDTH - TIME) / titles.len().max(1) - BORDER.len();
            let headings = titles.iter().map(|title| cut(title, width)).collect();
            (headings, vec![width; titles.len()])
        } else {
            let name = titles.iter().map(|title| title.width()).max().unwrap_or(0);
            let name = name.clamp(TERMINAL.len(), MOST_NAME);
            let rest = WIDTH - TIME - BORDER.len() - name - BORDER.len();
            (vec![TERMINAL.to_owned(), String::new()], vec![name, rest])
        };
        Self { headings, widths, side_by_side }
    }

    fn draw(&self, picture: &mut String, title: &str, moment: &Moment) {
        let (sign, text) = moment.what.drawn();
        let time = format!("{:1$.3} s", moment.at.as_secs_f64(), TIME - 2);
        let column = if self.side_by_side { moment.column } else { 1 };
        let lines = wrapped(sign, &shortened(&text), self.widths[column]);
        for (index, line) in lines.into_iter().enumerate() {
            let first = index == 0;
            self.row(picture, if first { &time } else { "" }, |cell| {
                if cell == column {
                    line.clone()
                } else if first && !self.side_by_side {
                    cut(title, self.widths[cell])
                } else {
                    String::new()
                }
            });
        }
    }

    fn row(&self, picture: &mut String, time: &str, cell: impl Fn(usize) -> String) {
        let mut line = format!("{time:TIME$}");
        for (column, width) in self.widths.iter().enumerate() {
            let text = cell(column);
            let padding = " ".repeat(width.saturating_sub(text.width()));
            let _ = write!(line, "{BORDER}{text}{padding}");
        }
        picture.push_str(line.trim_end());
        picture.push('\n');
    }
}

/// As much of `text` as fits.
fn cut(text: &str, width: usize) -> String {
    wrapped("", text, width).swap_remove(0)
}

/// Whether a terminal or a browser obeys this character: a control character, or one that changes
/// the direction of writing.
fn acts(c: char) -> bool {
    let turns = matches!(c, '\u{61C}' | '\u{200E}'..='\u{200F}' | '\u{2028}'..='\u{202E}');
    c.is_control() || turns || matches!(c, '\u{2066}'..='\u{206F}' | '\u{FFF9}'..='\u{FFFB}')
}

/// Cuts `text` into lines of `width` cells, between words where that fills half of them. A character
/// that acts is drawn, not obeyed.
pub(crate) fn wrapped(sign: &str, text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for line in text.trim_matches('\n').split('\n') {
        let mut drawn = sign.to_owned();
        for character in line.chars() {
            let visible = match character {
                '\t' => "→".to_owned(),
                control if acts(control) => control.escape_unicode().to_string(),
                character => character.to_string(),
            };
            if drawn.width() + visible.width() > width {
                let words = drawn.rfind(' ').map_or(0, |space| space + 1);
                let is_inside = visible != " " && 2 * drawn[..words].width() > width;
                let rest = drawn.split_off(if is_inside { words } else { drawn.len() });
                lines.push(mem::replace(&mut drawn, format!("  {rest}")));
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
        assert!(lines[3].starts_with("  0.000 s | $ week05 1"), "{picture}");
        assert!(lines[4].ends_with("| > Hello\\u{1b}"), "{picture}");
        assert!(lines[5].starts_with("  5.012 s | ✗ expected"), "{picture}");
    }

    #[test]
    fn a_long_text_is_counted_and_a_long_line_wrapped() {
        let picture = draw(&["one".into()], &[moment(0, 0, What::Prints("x".repeat(65_536)))]);
        assert!(picture.contains("(65536 characters)"), "{picture}");
        assert!(picture.lines().all(|line| line.width() <= WIDTH), "{picture}");
    }

    #[test]
    fn a_line_is_wrapped_between_words_unless_one_is_long() {
        let wrapped = |text| wrapped("> ", text, 12);
        assert_eq!(wrapped("Hello peer, and you"), ["> Hello ", "  peer, and ", "  you"]);
        assert_eq!(wrapped("a http://127.0.0.1"), ["> a http://1", "  27.0.0.1"]);
        assert_eq!(wrapped("Hello you! Hi"), ["> Hello you!", "   Hi"]);
    }

    #[test]
    fn a_picture_is_80_to_120_cells_wide_however_many_terminals_there_are() {
        for terminals in 1..=12 {
            let titles: Vec<_> = (0..terminals).map(|n| format!("peer {n} 👋")).collect();
            let long = "wide 广 ".repeat(60);
            let moments: Vec<_> = (0..terminals)
                .map(|n| moment(n as u64 * 100_000, n, What::Prints(long.clone())))
                .collect();
            let picture = draw(&titles, &moments);
            let widest = picture.lines().map(UnicodeWidthStr::width).max().unwrap();
            assert!((80..=120).contains(&widest), "{widest} cells for {terminals}: {picture}");
            for title in titles {
                assert!(picture.contains(&title), "{title}: {picture}");
            }
        }
    }

    #[test]
    fn of_many_terminals_each_line_says_whose_it_is() {
        let titles: Vec<_> = (1..=5).map(|n| format!("peer {n}")).collect();
        let picture = draw(&titles, &[moment(12, 4, What::Types("Hello".into()))]);
        assert!(picture.contains("0.012 s | peer 5   | > Hello"), "{picture}");
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
