//! Chunks: a body in pieces, each with its length before it, for those who do not know the whole.
//!
//! ```text
//! 5 CR LF  hello CR LF      a length in hexadecimal, so many bytes, a line end
//! 0 CR LF  CR LF            the last one is empty; then trailers, usually none
//! ```

use super::limits::{MAX_BODY, MAX_EXTENSIONS, MAX_TRAILERS};
use super::refusal::Refusal;
use super::section::Section;

/// The longest length that fits into 64 bits, in hexadecimal digits.
const MAX_DIGITS: u32 = 16;

/// Puts chunks together.
#[derive(Debug)]
pub(super) struct Chunks {
    next: Next,
    /// What extensions have taken so far.
    extensions: usize,
}

/// What has to come next.
#[derive(Debug)]
enum Next {
    /// Another digit of a length, or its end.
    Digit { size: u64, digits: u32 },
    /// The rest of an extension, which comes after a `;` and means nothing to us.
    Extension { size: u64 },
    /// The LF after a length.
    SizeLf { size: u64 },
    /// So many bytes of the body.
    Data { left: usize },
    /// The CR after them.
    DataCr,
    /// The LF after that.
    DataLf,
    /// What comes after the last chunk.
    Trailers(Section),
}

impl Chunks {
    /// Before the first chunk.
    pub(super) fn new() -> Self {
        Self { next: Next::Digit { size: 0, digits: 0 }, extensions: 0 }
    }

    /// Takes bytes up to the end of the body, which grows by what is in the chunks; whether the
    /// end has come.
    pub(super) fn take(
        &mut self,
        bytes: &mut &[u8],
        body: &mut Vec<u8>,
    ) -> Result<bool, Refusal> {
        loop {
            if let Next::Trailers(section) = &mut self.next {
                let is_over = section.take(bytes)?;
                if is_over {
                    check_trailers(&section.text)?;
                }
                return Ok(is_over);
            }
            if let Next::Data { left } = &mut self.next {
                let (data, rest) = bytes.split_at(bytes.len().min(*left));
                body.extend_from_slice(data);
                *bytes = rest;
                *left -= data.len();
                if *left > 0 {
                    return Ok(false);
                }
                self.next = Next::DataCr;
            }
            let Some((&byte, rest)) = bytes.split_first() else { return Ok(false) };
            *bytes = rest;
            self.take_one(byte, body.len())?;
        }
    }

    fn take_one(&mut self, byte: u8, have: usize) -> Result<(), Refusal> {
        self.next = match (&self.next, byte) {
            (&(Next::Digit { digits: 1.., size } | Next::Extension { size }), b'\r') => {
                Next::SizeLf { size }
            }
            (&Next::Digit { digits: 1.., size }, b';') => Next::Extension { size },
            (&Next::Digit { size, digits }, _) if digits < MAX_DIGITS => {
                let digit = char::from(byte).to_digit(16).ok_or(Refusal::Chunk)?;
                Next::Digit { size: size * 16 + u64::from(digit), digits: digits + 1 }
            }
            (&Next::Extension { size }, _) if byte == b'\t' || !byte.is_ascii_control() => {
                self.extensions += 1;
                if self.extensions > MAX_EXTENSIONS {
                    return Err(Refusal::Chunk);
                }
                Next::Extension { size }
            }
            (Next::SizeLf { size: 0 }, b'\n') => {
                Next::Trailers(Section::trailers(MAX_TRAILERS))
            }
            (Next::SizeLf { size }, b'\n') => match usize::try_from(*size) {
                Ok(left) if left <= MAX_BODY - have => Next::Data { left },
                _ => return Err(Refusal::BodyTooLong),
            },
            (Next::DataCr, b'\r') => Next::DataLf,
            (Next::DataLf, b'\n') => Next::Digit { size: 0, digits: 0 },
            _ => return Err(Refusal::Chunk),
        };
        Ok(())
    }
}

/// Trailers are headers; what they say is not heard, but they must be well-formed.
fn check_trailers(text: &[u8]) -> Result<(), Refusal> {
    let mut headers = [httparse::EMPTY_HEADER; super::limits::MAX_HEADERS];
    match httparse::parse_headers(text, &mut headers) {
        Ok(httparse::Status::Complete((length, _))) if length == text.len() => Ok(()),
        Err(httparse::Error::TooManyHeaders) => Err(Refusal::TooManyHeaders),
        Ok(_) | Err(_) => Err(Refusal::Chunk),
    }
}
