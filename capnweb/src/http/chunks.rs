//! Chunks: a body in pieces, each with its length before it, for those who do not know the whole.
//!
//! ```text
//! 5 CR LF  hello CR LF      a length in hexadecimal, so many bytes, a line end
//! 0 CR LF  CR LF            the last one is empty; then trailers, usually none
//! ```

use std::io::BufRead;

use super::limits::{MAX_BODY, MAX_EXTENSIONS, MAX_HEADERS};
use super::refusal::{Refusal, Unread};
use super::section::{Kind, next_byte, next_bytes, read_section};

/// The longest length that fits into 64 bits, in hexadecimal digits.
const MAX_DIGITS: u32 = 16;

/// Reads chunks up to the end of the body.
pub(super) fn read_chunks(input: &mut impl BufRead, body: &mut Vec<u8>) -> Result<(), Unread> {
    let mut extensions = 0;
    loop {
        let size = read_size(input, &mut extensions)?;
        if size == 0 {
            return read_trailers(input);
        }
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        if size > MAX_BODY - body.len() {
            return Err(Refusal::BODY_TOO_LONG.into());
        }
        read_exactly(input, size, body)?;
        expect(input, b'\r')?;
        expect(input, b'\n')?;
    }
}

/// Reads so many bytes.
pub(super) fn read_exactly(
    input: &mut impl BufRead,
    count: usize,
    body: &mut Vec<u8>,
) -> Result<(), Unread> {
    let mut left = count;
    while left > 0 {
        let bytes = next_bytes(input)?;
        let taken = bytes.len().min(left);
        body.extend_from_slice(&bytes[..taken]);
        input.consume(taken);
        left -= taken;
    }
    Ok(())
}

/// Reads the line before a chunk: its length, and extensions, which mean nothing to us.
fn read_size(input: &mut impl BufRead, extensions: &mut usize) -> Result<u64, Unread> {
    let (mut size, mut digits, mut is_extended) = (0, 0, false);
    loop {
        match next_byte(input)? {
            b'\r' if digits > 0 => break,
            byte if is_extended && (byte == b'\t' || !byte.is_ascii_control()) => {
                *extensions += 1;
                if *extensions > MAX_EXTENSIONS {
                    return Err(Refusal::CHUNK.into());
                }
            }
            b';' if digits > 0 => is_extended = true,
            byte if !is_extended && digits < MAX_DIGITS => {
                let digit = char::from(byte).to_digit(16).ok_or(Refusal::CHUNK)?;
                size = size * 16 + u64::from(digit);
                digits += 1;
            }
            _ => return Err(Refusal::CHUNK.into()),
        }
    }
    expect(input, b'\n')?;
    Ok(size)
}

fn expect(input: &mut impl BufRead, expected: u8) -> Result<(), Unread> {
    if next_byte(input)? == expected { Ok(()) } else { Err(Refusal::CHUNK.into()) }
}

/// Reads trailers, which are headers. They are ignored, but must be well-formed.
fn read_trailers(input: &mut impl BufRead) -> Result<(), Unread> {
    let mut text = Vec::new();
    read_section(input, Kind::Trailers, &mut text)?;
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    match httparse::parse_headers(&text, &mut headers) {
        Ok(httparse::Status::Complete((length, _))) if length == text.len() => Ok(()),
        Err(httparse::Error::TooManyHeaders) => Err(Refusal::TOO_MANY_HEADERS.into()),
        Ok(_) | Err(_) => Err(Refusal::CHUNK.into()),
    }
}
