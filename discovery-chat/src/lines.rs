//! Lines: where in a stream of bytes one frame ends and the next begins.
//!
//! TCP knows nothing of lines. One `read` may bring half a line, or three; what counts is `\n`.

use std::io::{self, BufRead, BufReader, Read};

use crate::frame::MAX_FRAME;

/// Reads a stream line by line, and never keeps more than one line of it.
#[derive(Debug)]
pub(crate) struct Lines<R> {
    stream: BufReader<R>,
    line: Vec<u8>,
}

/// Why there is no next line.
#[derive(Debug)]
pub(crate) enum NoLine {
    /// The stream has ended. Half a line before the end is not a line.
    End,
    /// No line end within [`MAX_FRAME`] bytes.
    TooLong,
    /// The stream is broken, or its deadline has passed.
    Broken(io::Error),
}

impl<R: Read> Lines<R> {
    /// The lines of `stream`.
    pub(crate) fn of(stream: R) -> Self {
        Self { stream: BufReader::new(stream), line: Vec::new() }
    }

    /// The stream itself, to set its deadline.
    pub(crate) fn stream(&mut self) -> &mut R {
        self.stream.get_mut()
    }

    /// Waits for the next line; its end, `\n` or `\r\n`, is cut off.
    pub(crate) fn next_line(&mut self) -> Result<&[u8], NoLine> {
        self.line.clear();
        let mut bounded = (&mut self.stream).take(MAX_FRAME as u64);
        bounded.read_until(b'\n', &mut self.line).map_err(NoLine::Broken)?;
        let Some(line) = self.line.strip_suffix(b"\n") else {
            let full = self.line.len() == MAX_FRAME;
            return Err(if full { NoLine::TooLong } else { NoLine::End });
        };
        Ok(line.strip_suffix(b"\r").unwrap_or(line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stream that hands out one byte at a time.
    struct Drops<'a>(&'a [u8]);

    impl Read for Drops<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let some = buffer.len().min(1);
            self.0.read(&mut buffer[..some])
        }
    }

    #[test]
    fn however_the_bytes_come_the_lines_are_the_same() {
        let bytes = b"say 1 hi\nsay 2 ho\r\n\n\r\r\nend\n";
        let expected: [&[u8]; 5] = [b"say 1 hi", b"say 2 ho", b"", b"\r", b"end"];
        let mut whole = Lines::of(&bytes[..]);
        let mut drops = Lines::of(Drops(bytes));
        for line in expected {
            assert_eq!(whole.next_line().unwrap(), line);
            assert_eq!(drops.next_line().unwrap(), line);
        }
        assert!(matches!(whole.next_line(), Err(NoLine::End)));
        assert!(matches!(drops.next_line(), Err(NoLine::End)));
    }

    #[test]
    fn a_line_without_end_is_given_up_and_never_kept() {
        let longest = [vec![b'x'; MAX_FRAME - 1], b"\n".to_vec()].concat();
        assert_eq!(Lines::of(&longest[..]).next_line().unwrap().len(), MAX_FRAME - 1);
        let mut endless = Lines::of(io::repeat(b'x'));
        assert!(matches!(endless.next_line(), Err(NoLine::TooLong)));
        assert!(endless.line.capacity() < 4 * MAX_FRAME, "{}", endless.line.capacity());
    }
}
