//! The keyboard: a thread that reads stdin line by line.

use std::io::{self, BufRead, IsTerminal, Read};
use std::thread;

use crossbeam_channel::{Receiver, bounded};

use crate::clean;
use crate::stdin::stdin;

/// How many lines may be typed ahead. The system keeps the rest. When lines are piped in, fewer
/// would make the two threads wait for each other every few lines: 16 halves the throughput.
pub(crate) const TYPED_AHEAD: usize = 256;

/// The byte order mark, which some editors and shells put in front of UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// The longest line, in bytes, that a terminal is sure to deliver whole.
///
/// A terminal keeps a line until Enter is pressed, for Backspace to work. It has room for 4095
/// bytes (on macOS for 1023), and what is typed or pasted behind them it drops silently. So a
/// line with so many may have lost its end.
pub const LONGEST_TYPED: usize = if cfg!(target_os = "macos") { 1022 } else { 4094 };

/// A line from the keyboard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Typed {
    /// The line, [`clean`] and without its line end.
    Line(String),
    /// A line of this many bytes, more than the caller of [`lines`] allows, or more than
    /// [`LONGEST_TYPED`] from a terminal. It was not kept.
    TooLong(usize),
}

/// Starts the thread `keyboard`, which reads stdin; a line has at most `max_bytes`, its end not
/// counted. The channel closes at the end of the input (Ctrl-D).
///
/// Nothing in std wakes a thread that waits for a key, so this one is not joined: it owns
/// nothing, and ends with the process.
pub fn lines(max_bytes: usize) -> io::Result<Receiver<Typed>> {
    let (typed, lines) = bounded(TYPED_AHEAD);
    let most = if io::stdin().is_terminal() { LONGEST_TYPED } else { usize::MAX };
    let max_bytes = max_bytes.min(most);
    thread::Builder::new().name("keyboard".into()).spawn(move || {
        // Up to the end of the input, or until no thread receives any more.
        let _ = read_lines(stdin(), max_bytes).try_for_each(|line| typed.send(line));
    })?;
    Ok(lines)
}

/// All lines up to the end of the input, or to the first error.
fn read_lines(mut input: impl BufRead, max_bytes: usize) -> impl Iterator<Item = Typed> {
    let mut is_first = true;
    std::iter::from_fn(move || {
        let mark = if is_first { BYTE_ORDER_MARK } else { b"" };
        is_first = false;
        read_line(&mut input, mark, max_bytes).ok()?
    })
}

/// Reads one line; `None` at the end. A last line without a line end is a line too.
fn read_line(
    input: &mut impl BufRead,
    mark: &[u8],
    max_bytes: usize,
) -> io::Result<Option<Typed>> {
    let mut line = Vec::new();
    // Room for the longest line, and for its end, which has two bytes on Windows.
    let most = max_bytes + mark.len() + b"\r\n".len();
    input.take(most as u64).read_until(b'\n', &mut line)?;
    if line.starts_with(mark) {
        line.drain(..mark.len());
    }
    if line.is_empty() {
        return Ok(None);
    }
    let text = line.strip_suffix(b"\n").unwrap_or(&line);
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    if text.len() <= max_bytes {
        return Ok(Some(Typed::Line(clean(text))));
    }
    let mut rest = input.chain(&b"\n"[..]); // The last line may have no end.
    let rest = if line.ends_with(b"\n") { 0 } else { rest.skip_until(b'\n')? };
    Ok(Some(Typed::TooLong(line.len() + rest - b"\n".len()))) // Its end is not counted.
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX: usize = 1024;

    fn typed(bytes: impl AsRef<[u8]>) -> Vec<Typed> {
        read_lines(bytes.as_ref(), MAX).collect()
    }

    fn line(text: &str) -> Typed {
        Typed::Line(text.to_owned())
    }

    #[test]
    fn line_ends_of_every_system_are_read() {
        let lines = [line("one"), line("two"), line(""), line("last")];
        assert_eq!(typed("one\ntwo\r\n\nlast"), lines);
        assert_eq!(typed(""), []);
    }

    #[test]
    fn bytes_that_are_not_text_are_replaced_and_a_tab_stays() {
        assert_eq!(typed(b"caf\xe9\tau lait\x1b\n"), [line("caf\u{FFFD}\tau lait\u{FFFD}")]);
    }

    #[test]
    fn one_byte_order_mark_at_the_start_is_dropped() {
        assert_eq!(typed("\u{FEFF}list\n\u{FEFF}list\n"), [line("list"), line("\u{FEFF}list")]);
        let longest = "x".repeat(MAX);
        assert_eq!(typed(format!("\u{FEFF}{longest}\r\n")), [line(&longest)]);
        let too_long = "x".repeat(2 * MAX);
        assert_eq!(typed(format!("\u{FEFF}{too_long}\n")), [Typed::TooLong(2 * MAX)]);
        assert_eq!((typed("\u{FEFF}"), typed("\u{FEFF}\n")), (vec![], vec![line("")]));
    }

    #[test]
    fn the_longest_line_is_kept_and_a_longer_one_counted() {
        for end in ["\n", "\r\n", ""] {
            let text = "x".repeat(MAX);
            assert_eq!(typed(format!("{text}{end}")), [line(&text)]);
            let text = "x".repeat(MAX + 1);
            assert!(
                matches!(typed(format!("{text}{end}"))[..], [Typed::TooLong(_)]),
                "{end:?}"
            );
        }
        for too_long in [MAX + 1, MAX + 2, MAX + 3, 3 * MAX] {
            let last = "x".repeat(too_long);
            assert_eq!(typed(last), [Typed::TooLong(too_long)], "no line end");
        }
        let long = format!("{}\nnext\n", "x".repeat(3 * MAX));
        assert_eq!(typed(long), [Typed::TooLong(3 * MAX), line("next")]);
    }
}
