//! The keyboard: a thread that waits for lines, and that can be told to stop waiting.
//!
//! A thread that reads stdin cannot look at anything else, and std has no way to wake it. So on
//! Unix it waits for two things at once, with poll(2): for a key, and for a pipe to be closed
//! whose other end is ours. Windows has no such call that serves consoles and pipes alike; there
//! a thread that still waits is left to the end of the process. It owns nothing but stdin.

use std::io::{self, BufRead, BufReader, Read};
use std::thread::{self, JoinHandle};

use capability_peers::message::{MAX_MESSAGE, clean};
use crossbeam_channel::{Receiver, bounded};

/// How many lines may be typed ahead. Then the system keeps the rest, and then whoever types
/// waits.
const TYPED_AHEAD: usize = 256;

/// The longest line, in bytes: the longest message, and before it a command and a name.
pub const MAX_LINE: usize = MAX_MESSAGE + 256;

/// A line that was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// This one, fit for a terminal.
    Text(String),
    /// One of this many bytes, which is too much.
    TooLong(usize),
}

/// The thread that reads what is typed.
pub struct Keyboard {
    /// What was typed, line by line. The channel closes at Ctrl-D.
    pub lines: Receiver<Line>,
    order: StopOrder,
    thread: JoinHandle<()>,
}

impl Keyboard {
    /// Starts reading stdin.
    ///
    /// # Errors
    ///
    /// If the system has no thread or no pipe for it.
    pub fn plug_in() -> io::Result<Self> {
        let (input, order) = stdin()?;
        Self::read(input, order)
    }

    fn read(input: impl Read + Send + 'static, order: StopOrder) -> io::Result<Self> {
        let (typed, lines) = bounded(TYPED_AHEAD);
        let thread = thread::Builder::new().name("keyboard".into()).spawn(move || {
            let mut input = BufReader::new(input);
            while let Ok(Some(line)) = read_line(&mut input) {
                if typed.send(line).is_err() {
                    break;
                }
            }
        })?;
        Ok(Self { lines, order, thread })
    }

    /// Stops reading, however many lines are typed ahead, and joins the thread.
    pub fn unplug(self) {
        let Self { lines, order, thread } = self;
        drop(lines); // For a thread that waits to hand over a line.
        drop(order); // For a thread that waits for a key.
        if cfg!(unix) || thread.is_finished() {
            let _ = thread.join(); // It has panicked, and said so, or it has ended.
        }
    }
}

/// Reads one line; `None` at the end. A line without an end, but with text, is one too.
fn read_line(keyboard: &mut impl BufRead) -> io::Result<Option<Line>> {
    let mut line = Vec::new();
    let most = MAX_LINE + 2; // Its line end, `\r\n` on Windows.
    if keyboard.take(most as u64).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    if line.len() == most && !line.ends_with(b"\n") {
        let bytes = line.len() + keyboard.skip_until(b'\n')?;
        return Ok(Some(Line::TooLong(bytes - 1))); // The line end is not counted.
    }
    let text = line.strip_suffix(b"\n").unwrap_or(&line);
    Ok(Some(Line::Text(clean(text.strip_suffix(b"\r").unwrap_or(text)))))
}

/// Dropped to end the wait for a key.
type StopOrder = io::PipeWriter;

/// Stdin, and what ends the wait for it.
#[cfg(unix)]
fn stdin() -> io::Result<(impl Read + Send + 'static, StopOrder)> {
    use std::os::fd::AsFd;

    let (stopped, order) = io::pipe()?;
    // Not std's own stdin: it keeps bytes in a buffer where poll(2) cannot see them.
    let keys = io::stdin().as_fd().try_clone_to_owned()?;
    Ok((Keys { keys: keys.into(), stopped }, order))
}

#[cfg(not(unix))]
fn stdin() -> io::Result<(impl Read + Send + 'static, StopOrder)> {
    Ok((io::stdin(), io::pipe()?.1)) // An order that nobody waits for.
}

/// Bytes that are typed, until somebody says stop.
#[cfg(unix)]
struct Keys {
    keys: std::fs::File,
    stopped: io::PipeReader,
}

#[cfg(unix)]
impl Read for Keys {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        use std::os::fd::AsFd;

        use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

        let wanted = PollFlags::POLLIN;
        let mut ends =
            [PollFd::new(self.stopped.as_fd(), wanted), PollFd::new(self.keys.as_fd(), wanted)];
        poll(&mut ends, PollTimeout::NONE)?;
        // Nothing is ever written into the pipe: that it is ready means that it is closed.
        if ends[0].any() == Some(true) {
            return Ok(0);
        }
        self.keys.read(buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(mut bytes: &[u8]) -> Vec<Line> {
        std::iter::from_fn(|| read_line(&mut bytes).unwrap()).collect()
    }

    fn text(text: &str) -> Line {
        Line::Text(text.to_owned())
    }

    #[test]
    fn lines_end_as_the_system_ends_them() {
        assert_eq!(
            lines(b"one\ntwo\r\n\nlast"),
            [text("one"), text("two"), text(""), text("last")]
        );
        assert_eq!(lines(b""), []);
        assert_eq!(lines(b"caf\xe9\x1b\n"), [text("caf\u{FFFD}\u{FFFD}")]);
    }

    #[test]
    fn the_longest_line_is_kept_and_a_longer_one_counted() {
        for end in ["\n", "\r\n", ""] {
            let long = "x".repeat(MAX_LINE);
            assert_eq!(lines(format!("{long}{end}").as_bytes()), [text(&long)]);
        }
        for longer in [2, 3, 4, 10_000] {
            let long = format!("{}\nnext\n", "x".repeat(MAX_LINE + longer));
            assert_eq!(
                lines(long.as_bytes()),
                [Line::TooLong(MAX_LINE + longer), text("next")]
            );
        }
    }

    #[test]
    #[cfg(unix)]
    fn a_thread_that_waits_for_a_key_goes_home_when_it_is_told() {
        use std::os::fd::OwnedFd;
        use std::time::Duration;

        let (keys, mut typing) = io::pipe().unwrap();
        let (stopped, order) = io::pipe().unwrap();
        let keys = std::fs::File::from(OwnedFd::from(keys));
        let keyboard = Keyboard::read(Keys { keys, stopped }, order).unwrap();
        io::Write::write_all(&mut typing, b"whole\nhal").unwrap();
        assert_eq!(keyboard.lines.recv_timeout(Duration::from_secs(10)), Ok(text("whole")));

        // No end of input, and half a line: nothing that would end a read.
        let (unplugged, done) = bounded(1);
        let body = move || {
            keyboard.unplug();
            unplugged.send(()).unwrap();
        };
        let unplug = thread::Builder::new().spawn(body).unwrap();
        done.recv_timeout(Duration::from_secs(10)).expect("the thread was joined");
        unplug.join().unwrap();
        drop(typing);
    }
}
