//! The terminal: a thread that waits for lines, and a screen that one thread writes.

use std::io::{self, BufRead, Read, Write};
use std::thread;

use crossbeam_channel::{Receiver, bounded};

use crate::Event;
use crate::command::Typed;
use crate::config::{MAX_MESSAGE, PeerId};
use crate::message::clean;

/// How many lines may be typed ahead. Then the system keeps the rest, and then the keyboard
/// waits.
const TYPED_AHEAD: usize = 16;

/// Starts the thread that reads the keyboard. The channel closes at Ctrl-D.
///
/// # Errors
///
/// If the system has no thread for it.
pub fn keyboard() -> io::Result<Receiver<Typed>> {
    let (typed, lines) = bounded(TYPED_AHEAD);
    thread::Builder::new().name("keyboard".into()).spawn(move || {
        let mut stdin = io::stdin().lock();
        while let Ok(Some(line)) = read_line(&mut stdin) {
            if typed.send(line).is_err() {
                break;
            }
        }
    })?;
    Ok(lines)
}

/// Reads one line; `None` at the end. A line without an end, but with text, is one too.
fn read_line(keyboard: &mut impl BufRead) -> io::Result<Option<Typed>> {
    let mut line = Vec::new();
    // Room for the longest message and its line end, `\r\n` on Windows.
    let most = MAX_MESSAGE as u64 + 2;
    if keyboard.take(most).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    let kept = line.len();
    let text = line.strip_suffix(b"\n").unwrap_or(&line);
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    if text.len() <= MAX_MESSAGE {
        return Ok(Some(Typed::Line(clean(text))));
    }
    let rest = if line.ends_with(b"\n") { 0 } else { keyboard.skip_until(b'\n')? };
    Ok(Some(Typed::TooLong(kept + rest)))
}

/// What the user sees: lines that tell what happened, and at most one open question.
///
/// Text is gathered, and written in one piece by [`Screen::refresh`]: many lines that arrive
/// together cost the terminal one write.
pub struct Screen<W> {
    me: PeerId,
    out: W,
    text: String,
    /// A question stands on the last line, and its answer is not yet typed.
    asked: bool,
}

impl<W: Write> Screen<W> {
    /// The screen of peer `me`.
    pub fn new(me: PeerId, out: W) -> Self {
        Self { me, out, text: String::new(), asked: false }
    }

    /// Tells what happened, on a line of its own. If a question is open, its line is left as
    /// it is, half-typed answer and all, and [`Screen::ask`] asks again below.
    pub fn show(&mut self, event: &Event) {
        if std::mem::take(&mut self.asked) {
            self.text.push('\n');
        }
        self.text.push_str(&event.line(self.me));
        self.text.push('\n');
    }

    /// Asks `question`, unless it is being asked already.
    pub fn ask(&mut self, question: &str) {
        if !std::mem::replace(&mut self.asked, true) {
            self.text.push_str(question);
        }
    }

    /// The user has answered: the Enter at the end of the answer has ended the line.
    pub fn answered(&mut self) {
        self.asked = false;
    }

    /// Writes everything to the terminal.
    ///
    /// # Errors
    ///
    /// If the terminal is gone.
    pub fn refresh(&mut self) -> io::Result<()> {
        self.out.write_all(self.text.as_bytes())?;
        self.text.clear();
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(mut bytes: &[u8]) -> Vec<Typed> {
        std::iter::from_fn(|| read_line(&mut bytes).unwrap()).collect()
    }

    #[test]
    fn lines_end_as_the_system_ends_them() {
        let line = |text: &str| Typed::Line(text.to_owned());
        assert_eq!(
            lines(b"one\ntwo\r\n\nlast"),
            [line("one"), line("two"), line(""), line("last")]
        );
        assert_eq!(lines(b""), []);
        assert_eq!(lines(b"caf\xe9\n"), [line("caf\u{FFFD}")]);
    }

    #[test]
    fn the_longest_message_is_kept_and_a_longer_one_counted() {
        for end in ["\n", "\r\n", ""] {
            let text = "x".repeat(MAX_MESSAGE);
            assert_eq!(lines(format!("{text}{end}").as_bytes()), [Typed::Line(text)]);
        }
        let long = [vec![b'x'; 3 * MAX_MESSAGE], b"\nnext\n".to_vec()].concat();
        let [Typed::TooLong(bytes), Typed::Line(next)] = &lines(&long)[..] else { panic!() };
        assert!(*bytes >= 3 * MAX_MESSAGE, "{bytes}");
        assert_eq!(next, "next");
    }

    #[test]
    fn a_line_does_not_stand_on_the_question_and_the_question_comes_again() {
        let mut screen = Screen::new(1, Vec::new());
        screen.show(&Event::Listening(9001));
        screen.ask("Send to peer ID: ");
        screen.ask("Send to peer ID: ");
        screen.show(&Event::Left(2));
        screen.ask("Send to peer ID: ");
        screen.answered();
        screen.show(&Event::InvalidInput);
        screen.refresh().unwrap();
        let expected = "[PEER 1] Listening on 9001\nSend to peer ID: \n[PEER 1] Peer 2 has left\n\
            Send to peer ID: [PEER] Invalid input. Enter peer ID as integer.\n";
        assert_eq!(String::from_utf8(screen.out).unwrap(), expected);
    }
}
