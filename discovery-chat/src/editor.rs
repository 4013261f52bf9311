//! The editor: a keyboard for people. What others say appears above the line being typed.
//!
//! A terminal by itself shows what is typed and what is printed on the same line, as they come.
//! To keep them apart, somebody has to read key by key, and to draw the line again after every
//! message. That is no lesson of this lab, and hard to do well (wide characters, long lines), so
//! it is the work of `rustyline`, which needs seven small crates, four of them new here.
//!
//! What it costs. Nothing can wake a thread that waits in it; so at the end that thread is left to
//! the process, after the terminal has got back the mode it had before. And in the middle of a key
//! (Esc, say, which may be the beginning of another one) it prints nothing until the next key; so
//! there is one more thread, `screen`, that waits for it in the owner's place.

use std::io::{self, IsTerminal, Write};
use std::thread;

use crossbeam_channel::{Receiver, Sender, TryRecvError, TrySendError, bounded};
use rustyline::error::ReadlineError;
use rustyline::history::MemHistory;
use rustyline::{Config, Editor as Rustyline, ExternalPrinter};

use crate::command::Command;
use crate::console::PROMPT;

/// How many lines may wait for the owner: more than anybody pastes into a chat.
const TYPED_AHEAD: usize = 4096;

/// How many lines the editor remembers, for the key that goes up.
const HISTORY: usize = 100;

/// A terminal whose line is being edited.
pub struct Editor {
    /// What was typed, line by line. The channel closes at Ctrl-D and Ctrl-C.
    pub lines: Receiver<Command>,
    mode: Mode,
}

impl Editor {
    /// Whether stdin and stdout are a terminal that lines can be edited on.
    pub fn is_possible() -> bool {
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        io::stdin().is_terminal() && io::stdout().is_terminal() && !dumb
    }

    /// Starts to edit on a terminal of this mode. The printer prints above the line.
    ///
    /// # Errors
    ///
    /// If the terminal cannot do it, or the system has no thread.
    pub fn open(mode: Mode) -> io::Result<(Self, Printer)> {
        let config = Config::builder()
            // Every line that is pasted is a message of its own.
            .bracketed_paste(false)
            .auto_add_history(true)
            .max_history_size(HISTORY)
            .map_err(io::Error::other)?
            .build();
        let history = MemHistory::with_config(&config);
        let mut line =
            Rustyline::<(), _>::with_history(config, history).map_err(io::Error::other)?;
        let printer = line.create_external_printer().map_err(io::Error::other)?;
        let (typed, lines) = bounded(TYPED_AHEAD);
        let body = move || edit(&mut line, &typed);
        thread::Builder::new().name("keyboard".into()).spawn(body)?;
        Ok((Self { lines, mode }, Printer::start(printer)?))
    }

    /// Gives the terminal back as it was, with the cursor on a line of its own. A thread that
    /// still edits is left to the end of the process.
    ///
    /// # Errors
    ///
    /// If the terminal is gone.
    pub fn close(self) -> io::Result<()> {
        self.mode.restore();
        while self.lines.try_recv().is_ok() {}
        if self.lines.try_recv() == Err(TryRecvError::Empty) {
            writeln!(io::stdout())?;
        }
        Ok(())
    }
}

fn edit(line: &mut Rustyline<(), MemHistory>, typed: &Sender<Command>) {
    // How many lines there was no room for.
    let mut lost = 0;
    loop {
        let command = match line.readline(PROMPT) {
            Ok(text) => Command::read(text.as_bytes()),
            // Not a key that we can read; the line is empty again.
            Err(ReadlineError::Io(error)) if error.kind() == io::ErrorKind::InvalidData => {
                continue;
            }
            // Ctrl-D, Ctrl-C, or a terminal that is gone: the channel closes.
            Err(_) => return,
        };
        let last = command == Command::Quit;
        if lost > 0 && typed.try_send(Command::TooFast(lost)).is_ok() {
            lost = 0;
        }
        match typed.try_send(command) {
            Err(TrySendError::Full(_)) => lost += 1,
            Err(TrySendError::Disconnected(_)) => return,
            Ok(()) if last => return,
            Ok(()) => {}
        }
    }
}

/// Prints above the line that is being edited, through a thread that waits for the editor.
pub struct Printer(Sender<String>);

impl Printer {
    fn start(mut printer: impl ExternalPrinter + Send + 'static) -> io::Result<Self> {
        let (show, texts) = bounded::<String>(1);
        let body = move || {
            for text in texts {
                if printer.print(text).is_err() {
                    return; // The terminal is gone; the keyboard will say so.
                }
            }
        };
        thread::Builder::new().name("screen".into()).spawn(body)?;
        Ok(Self(show))
    }

    /// Takes the text, if the one before has been printed; returns how many bytes that was.
    pub fn take(&mut self, text: &str) -> usize {
        // Closed when the terminal is gone. Then nobody reads it, wherever it goes.
        let full = matches!(self.0.try_send(text.to_owned()), Err(TrySendError::Full(_)));
        if full { 0 } else { text.len() }
    }
}

/// The mode of the terminal before it was ours.
#[derive(Clone)]
pub struct Mode {
    #[cfg(unix)]
    before: Option<nix::sys::termios::Termios>,
}

impl Mode {
    /// The mode that the terminal has now, if stdin is one.
    #[cfg(unix)]
    pub fn now() -> Self {
        Self { before: nix::sys::termios::tcgetattr(io::stdin()).ok() }
    }

    /// Gives it this mode again.
    #[cfg(unix)]
    pub fn restore(&self) {
        use nix::sys::termios::{SetArg, tcsetattr};
        if let Some(before) = &self.before {
            // Without a terminal there is nothing to restore.
            let _ = tcsetattr(io::stdin(), SetArg::TCSADRAIN, before);
        }
    }

    /// A console of Windows has its own mode, and the shell sets it again after each program.
    #[cfg(not(unix))]
    pub fn now() -> Self {
        Self {}
    }

    /// There is nothing to do.
    #[cfg(not(unix))]
    pub fn restore(&self) {}
}
