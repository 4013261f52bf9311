//! The line editor: text that is shown meanwhile appears above the line that is being typed.
//!
//! A terminal by itself shows what is typed and what is printed in one place, as it comes. To keep
//! them apart, a program has to read key by key and to draw the line again after every message.
//! That is hard to do well (wide characters, long lines), so it is the work of `rustyline`.
//!
//! What it costs: nothing can wake a thread that waits in it, so at the end that thread is left to
//! the process, after the terminal has got back its mode. And in the middle of a key (Esc, say,
//! which may be the beginning of another one) it prints nothing until the next key, so one more
//! thread, `screen`, waits for it in the place of the thread that prints.

use std::io::{self, ErrorKind, Write};
use std::mem;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded, never};
use rustyline::error::ReadlineError::Io;
use rustyline::history::MemHistory;
use rustyline::{
    Cmd, ConditionalEventHandler, Config, Editor as Rustyline, Event, EventContext,
    EventHandler, ExternalPrinter, KeyEvent, RepeatCount,
};

use crate::clean;
use crate::foreground::{suspend, wait_for_foreground};
use crate::keyboard::{TYPED_AHEAD, Typed};
use crate::mode::{Mode, make_blocking, mode, restore};

/// How long the last text may take at the end. In the middle of a key it would take for ever.
const LAST_TEXT: Duration = Duration::from_millis(250);

/// A terminal on which one line is being edited. Dropped, it gives the terminal back as it was,
/// with the cursor on a line of its own.
#[derive(Debug)]
pub struct Editor {
    /// The lines that were typed. The channel closes at Ctrl-D and Ctrl-C.
    pub lines: Receiver<Typed>,
    before: Mode,
    keyboard: JoinHandle<()>,
    /// It closes when the printer is dropped and its last text is printed.
    printed: Receiver<()>,
}

/// What the thread `keyboard` needs.
struct Keyboard<F> {
    editor: Rustyline<(), MemHistory>,
    prompt: String,
    max_bytes: usize,
    is_last: F,
    typed: Sender<Typed>,
    /// The line at which Ctrl-Z was pressed.
    suspended: Receiver<Line>,
}

/// A line that is being edited: what stands before the cursor, and what behind it.
type Line = (String, String);

impl Editor {
    /// Whether stdin and stdout are a terminal that lines can be edited on. `rustyline` knows
    /// some on which it cannot, by the names that they have in `TERM`.
    pub fn is_possible() -> bool {
        let editor = Rustyline::<(), _>::with_history(Config::default(), MemHistory::new());
        editor.is_ok_and(|mut editor| editor.create_external_printer().is_ok())
    }

    /// Starts to edit lines of at most `max_bytes` behind `prompt`, up to the line of which
    /// `is_last` says so: after it, the terminal is not touched again. The printer prints above
    /// the line.
    pub fn open(
        prompt: &str,
        max_bytes: usize,
        is_last: impl Fn(&str) -> bool + Send + 'static,
    ) -> io::Result<(Self, Printer)> {
        let before = mode();
        let config = Config::builder()
            // Every line that is pasted is a line of its own.
            .bracketed_paste(false)
            .auto_add_history(true) // 100 lines of it, for the key that goes up.
            .build();
        let history = MemHistory::with_config(&config);
        let mut editor = Rustyline::with_history(config, history).map_err(io::Error::other)?;
        let (suspend, suspended) = bounded(1);
        if cfg!(unix) {
            let handler = EventHandler::Conditional(Box::new(CtrlZ(suspend)));
            editor.bind_sequence(KeyEvent::ctrl('Z'), handler);
        }
        // As without an editor. For `rustyline` it is a wish to complete the line.
        editor.bind_sequence(KeyEvent::from('\t'), Cmd::Insert(1, "\t".into()));
        // Without an editor they stop the terminal. Here they would search, and quote the next key.
        for key in ['S', 'Q'] {
            editor.bind_sequence(KeyEvent::ctrl(key), Cmd::Noop);
        }
        let printer = editor.create_external_printer().map_err(io::Error::other)?;
        let (printer, printed) = Printer::start(printer)?;
        let (typed, lines) = bounded(TYPED_AHEAD);
        let prompt = prompt.into();
        let reader = Keyboard { editor, prompt, max_bytes, is_last, typed, suspended };
        let keyboard = thread::Builder::new().name("keyboard".into());
        let keyboard = keyboard.spawn(|| reader.read())?;
        Ok((Self { lines, before, keyboard, printed }, printer))
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        // If the thread waits for room, it ends now, and does not ask for a further line.
        self.lines = never();
        let _ = self.printed.recv_timeout(LAST_TEXT);
        restore(&self.before);
        // If it has not ended, it sits behind a prompt.
        if !self.keyboard.is_finished() {
            let _ = writeln!(io::stdout()); // Fails if the terminal is gone.
        }
    }
}

impl<F: Fn(&str) -> bool> Keyboard<F> {
    fn read(mut self) {
        let mut begun = Line::default();
        loop {
            wait_for_foreground();
            make_blocking();
            let (left, right) = mem::take(&mut begun);
            let line = match self.editor.readline_with_initial(&self.prompt, (&left, &right)) {
                Ok(line) => line,
                // No key that we can read; the line is empty again.
                Err(Io(error)) if error.kind() == ErrorKind::InvalidData => continue,
                Err(_) => {
                    // Ctrl-D, Ctrl-C, or a terminal that is gone: the channel closes.
                    let Ok(line) = self.suspended.try_recv() else { return };
                    suspend();
                    begun = line;
                    continue;
                }
            };
            let bytes = line.len();
            let line = clean(line.as_bytes());
            let is_last = (self.is_last)(&line);
            let line =
                if bytes > self.max_bytes { Typed::TooLong(bytes) } else { Typed::Line(line) };
            // While this waits, the terminal has its own mode, and Ctrl-C is a signal again.
            if self.typed.send(line).is_err() || is_last {
                return;
            }
        }
    }
}

/// The Ctrl-Z key ends the line, and the program is suspended after that. `rustyline` would suspend
/// it, and then take the terminal as soon as the program goes on, also in the background.
struct CtrlZ(Sender<Line>);

impl ConditionalEventHandler for CtrlZ {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, key: &EventContext) -> Option<Cmd> {
        let (left, right) = key.line().split_at(key.pos());
        self.0.try_send((left.into(), right.into())).map(|()| Cmd::Interrupt).ok()
    }
}

/// Prints above the line that is being edited, through a thread that waits for the editor. It
/// takes a text whole, or fails with [`ErrorKind::WouldBlock`] until the one before is printed. Once
/// the terminal is gone, it fails with [`ErrorKind::BrokenPipe`].
#[derive(Debug)]
pub struct Printer(Sender<String>);

impl Printer {
    /// A printer, and a channel that closes when the thread has ended.
    fn start(
        mut printer: impl ExternalPrinter + Send + 'static,
    ) -> io::Result<(Self, Receiver<()>)> {
        let (show, texts) = bounded::<String>(1);
        let (ends, ended) = bounded(0);
        let body = move || {
            let _ends: Sender<()> = ends; // Dropped last.
            for text in texts {
                make_blocking(); // Another program may have asked for the opposite since.
                if printer.print(text).is_err() {
                    return; // The channel closes.
                }
            }
        };
        thread::Builder::new().name("screen".into()).spawn(body)?;
        Ok((Self(show), ended))
    }
}

impl Write for Printer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0.try_send(String::from_utf8_lossy(bytes).into_owned()) {
            Ok(()) => Ok(bytes.len()),
            Err(TrySendError::Full(_)) => Err(ErrorKind::WouldBlock.into()),
            Err(TrySendError::Disconnected(_)) => Err(ErrorKind::BrokenPipe.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crossbeam_channel::RecvTimeoutError;

    use super::*;

    /// An editor in the middle of a key: it prints when the test lets it.
    struct MiddleOfAKey(Receiver<()>, Sender<String>);

    impl ExternalPrinter for MiddleOfAKey {
        fn print(&mut self, text: String) -> rustyline::Result<()> {
            self.0.recv().expect("the test goes on");
            self.1.send(text).expect("the test goes on");
            Ok(())
        }
    }

    #[test]
    fn a_text_that_the_editor_cannot_print_yet_holds_up_nobody() {
        let (next, nexts) = bounded(1);
        let (print, printed) = bounded(3);
        let (mut printer, ended) = Printer::start(MiddleOfAKey(nexts, print)).unwrap();
        let mut taken = 0;
        // One text is with the thread, one in the channel.
        while printer.write("é\n".as_bytes()).is_ok() {
            taken += 1;
            assert!(taken <= 2, "an editor that prints nothing has taken {taken} texts");
        }
        assert!(taken > 0);
        for _ in 0..taken {
            next.send(()).unwrap();
            assert_eq!(printed.recv().unwrap(), "é\n");
            assert!(ended.try_recv().unwrap_err().is_empty(), "there may be more");
        }
        drop(printer);
        let ended = ended.recv_timeout(Duration::from_secs(10));
        assert_eq!(ended, Err(RecvTimeoutError::Disconnected), "all texts are printed");
    }

    /// A terminal that is gone. The channel closes when no thread prints on it any more.
    struct Gone {
        _in_use: Sender<()>,
    }

    impl ExternalPrinter for Gone {
        fn print(&mut self, _text: String) -> rustyline::Result<()> {
            Err(io::Error::from(ErrorKind::BrokenPipe).into())
        }
    }

    #[test]
    fn a_text_for_a_terminal_that_is_gone_is_not_swallowed() {
        let (held, in_use) = bounded(0);
        let (mut printer, _) = Printer::start(Gone { _in_use: held }).unwrap();
        printer.write_all(b"one\n").unwrap();
        let ended = in_use.recv_timeout(Duration::from_secs(10));
        assert_eq!(ended, Err(RecvTimeoutError::Disconnected));
        assert_eq!(printer.write(b"two\n").unwrap_err().kind(), ErrorKind::BrokenPipe);
    }
}
