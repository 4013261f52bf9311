//! Framing: where a body ends. The rules of RFC 9112, and wherever it leaves a choice, refusal.

use super::limits::MAX_BODY;
use super::refusal::Refusal;
use super::request::Request;

/// How the end of a body is marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// It is so many bytes long.
    Length(usize),
    /// It comes in chunks, the last of which is empty.
    Chunked,
}

/// Reads it from the head.
pub(super) fn framing(request: &Request) -> Result<Framing, Refusal> {
    let mut codings = request.headers("Transfer-Encoding");
    let mut lengths = request.headers("Content-Length");
    match (codings.next(), lengths.next()) {
        (Some(_), Some(_)) => Err(Refusal::BOTH_LENGTHS),
        (Some(_), None) if codings.next().is_some() || !request.is_http_1_1 => {
            Err(Refusal::CODING)
        }
        (Some(coding), None) => read_coding(coding),
        // Even if both say the same: the program that wrote the second one has not seen the first.
        (None, Some(_)) if lengths.next().is_some() => Err(Refusal::LENGTH),
        (None, Some(length)) => read_length(length),
        // HTTP would take it for an empty body. Nearly always it is a line that was forgotten.
        (None, None) if ["POST", "PUT", "PATCH"].contains(&request.method()) => {
            Err(Refusal::NO_LENGTH)
        }
        (None, None) => Ok(Framing::Length(0)),
    }
}

fn read_coding(coding: &str) -> Result<Framing, Refusal> {
    // Not `trim`, for which there are more spaces than for HTTP.
    let is_chunked =
        |coding: &str| coding.trim_matches([' ', '\t']).eq_ignore_ascii_case("chunked");
    if is_chunked(coding) {
        return Ok(Framing::Chunked);
    }
    // If chunks come last, we would know where the body ends, but not what is in it.
    match coding.rsplit_once(',') {
        Some((others, last)) if is_chunked(last) && !others.split(',').any(is_chunked) => {
            Err(Refusal::UNKNOWN_CODING)
        }
        _ => Err(Refusal::CODING),
    }
}

fn read_length(length: &str) -> Result<Framing, Refusal> {
    // Rust would also read "+5".
    if !length.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Refusal::LENGTH);
    }
    let length: u64 = length.parse().map_err(|_| Refusal::LENGTH)?;
    match usize::try_from(length) {
        Ok(length) if length <= MAX_BODY => Ok(Framing::Length(length)),
        _ => Err(Refusal::BODY_TOO_LONG),
    }
}
