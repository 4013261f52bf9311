//! A section: lines up to an empty one. A head is one, and so are the trailers after a body.
//!
//! It is judged byte by byte, in order. So the first fault decides, and a program that speaks
//! something else is refused before it has ended its first line.

use std::io::BufRead;

use super::limits::{MAX_HEAD, MAX_TRAILERS};
use super::refusal::{Refusal, Unread};

/// What a section is, and so whether it may be empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The head of a request. Before it, some callers send an empty line too many.
    Head,
    /// What comes after the last chunk, usually nothing.
    Trailers,
}

/// Reads a section into `text`, line ends included.
pub(super) fn read_section(
    input: &mut impl BufRead,
    kind: Kind,
    text: &mut Vec<u8>,
) -> Result<(), Unread> {
    let (limit, too_long) = match kind {
        Kind::Head => (MAX_HEAD, Refusal::HEAD_TOO_LONG),
        Kind::Trailers => (MAX_TRAILERS, Refusal::TRAILERS_TOO_LONG),
    };
    text.clear();
    let mut line_start = 0;
    let mut skipped = 0; // Empty lines before a head count, too.
    loop {
        let bytes = next_bytes(input)?;
        let line_end = bytes.iter().position(|byte| *byte == b'\n');
        let length = line_end.map_or(bytes.len(), |end| end + 1);
        for byte in &bytes[..length] {
            if skipped + text.len() >= limit {
                return Err(too_long.into());
            }
            check(*byte, &text[line_start..])?;
            text.push(*byte);
        }
        input.consume(length);
        if line_end.is_none() {
            continue;
        }
        let is_empty_line = text.len() == line_start + "\r\n".len();
        if is_empty_line && line_start == 0 && kind == Kind::Head {
            skipped += text.len();
            text.clear();
        } else if is_empty_line {
            return Ok(());
        }
        line_start = text.len();
    }
}

/// Whether `byte` may come next in this line.
fn check(byte: u8, line: &[u8]) -> Result<(), Refusal> {
    match (byte, line.ends_with(b"\r")) {
        (b'\n', true) => Ok(()),
        (b'\n', false) | (_, true) => Err(Refusal::LINE_END),
        (b' ' | b'\t', _) if line.is_empty() => Err(Refusal::FOLDED),
        (b'\t' | b'\r', _) => Ok(()),
        _ if byte.is_ascii_control() => Err(Refusal::NOT_HTTP),
        _ => Ok(()),
    }
}

/// Reads one byte.
pub(super) fn next_byte(input: &mut impl BufRead) -> Result<u8, Unread> {
    let byte = next_bytes(input)?[0];
    input.consume(1);
    Ok(byte)
}

/// The bytes that are here; at least one. A caller that hangs up does so in the middle of a request.
pub(super) fn next_bytes(input: &mut impl BufRead) -> Result<&[u8], Unread> {
    let bytes = input.fill_buf()?;
    if bytes.is_empty() { Err(Refusal::CUT_SHORT.into()) } else { Ok(bytes) }
}
