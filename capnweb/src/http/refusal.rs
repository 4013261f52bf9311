//! Refusals: every reason not to take a request, with its status and its words.
//!
//! The words are fixed. They repeat nothing of what was sent, so there is nothing to clean, and
//! they tell nothing of this machine.

use std::fmt;
use std::io::{self, ErrorKind};

/// Why there is no request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unread {
    /// The connection is broken.
    Gone,
    /// The caller is to be told why.
    Refused(Refusal),
}

impl From<Refusal> for Unread {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<io::Error> for Unread {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            // When its timeout is over, Unix says the one and Windows the other.
            ErrorKind::WouldBlock | ErrorKind::TimedOut => Self::Refused(Refusal::TOO_SLOW),
            _ => Self::Gone,
        }
    }
}

/// Why a request is not taken: a status, and words. The connection is closed after it: where a
/// request that we did not understand ends, and the next begins, nobody knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal(pub(crate) u16, &'static str);

impl Refusal {
    /// The bytes are no HTTP request.
    pub(crate) const NOT_HTTP: Self = Self(400, "this is not an HTTP request");
    /// A line that does not end in CR LF, or a CR within a line.
    pub(crate) const LINE_END: Self = Self(400, "every line must end in CR LF");
    /// A line that begins with a space: a header that goes on, which is long obsolete.
    pub(crate) const FOLDED: Self = Self(400, "a header must be on one line");
    /// The target is neither a path nor an `http` URL.
    pub(crate) const TARGET: Self = Self(400, "ask for a path, such as /rpc/batch");
    /// No `Host`.
    pub(crate) const NO_HOST: Self =
        Self(400, "a Host header is needed, such as Host: localhost");
    /// More than one `Host`.
    pub(crate) const TWO_HOSTS: Self = Self(400, "one Host header is enough");
    /// A length that is not a plain decimal number, or more than one.
    pub(crate) const LENGTH: Self = Self(400, "Content-Length must be one decimal number");
    /// A length, and chunks as well.
    pub(crate) const BOTH_LENGTHS: Self = Self(400, "Content-Length or chunked, not both");
    /// Chunks are not what comes last, or not once, or not in HTTP/1.1.
    pub(crate) const CODING: Self =
        Self(400, "Transfer-Encoding must be chunked, once, in HTTP/1.1");
    /// A chunk that is not well-formed.
    pub(crate) const CHUNK: Self = Self(400, "a chunk of the body is not well-formed");
    /// The caller hung up in the middle.
    pub(crate) const CUT_SHORT: Self = Self(400, "the request ends in the middle");
    /// A `Host` that is not this machine.
    pub(crate) const FOREIGN_HOST: Self =
        Self(421, "this peer answers only to names of its own machine");
    /// Sent by a web page that is not ours.
    pub(crate) const FOREIGN_PAGE: Self = Self(403, "web pages may not call this peer");
    /// The request did not come in time.
    pub(crate) const TOO_SLOW: Self = Self(408, "the request took too long");
    /// A request that should have a body, and does not say how long it is.
    pub(crate) const NO_LENGTH: Self =
        Self(411, "say how long the body is, with Content-Length");
    /// The body is longer than `MAX_BODY`.
    pub(crate) const BODY_TOO_LONG: Self =
        Self(413, "the body is too long; 1 MiB is the limit");
    /// An `Expect` that is not `100-continue`.
    pub(crate) const EXPECTATION: Self =
        Self(417, "the only expectation known here is 100-continue");
    /// The head is longer than [`MAX_HEAD`](super::limits::MAX_HEAD).
    pub(crate) const HEAD_TOO_LONG: Self =
        Self(431, "the headers are too long; 16 KiB is the limit");
    /// The trailers are longer than [`MAX_TRAILERS`](super::limits::MAX_TRAILERS).
    pub(crate) const TRAILERS_TOO_LONG: Self =
        Self(431, "the trailers are too long; 4 KiB is the limit");
    /// More headers than [`MAX_HEADERS`](super::limits::MAX_HEADERS).
    pub(crate) const TOO_MANY_HEADERS: Self =
        Self(431, "there are too many headers; 64 is the limit");
    /// The answer could not be made, and that is our fault.
    pub(crate) const BROKEN: Self = Self(500, "this peer could not make an answer");
    /// A transfer coding that we do not know.
    pub(crate) const UNKNOWN_CODING: Self =
        Self(501, "the only transfer coding known here is chunked");
    /// HTTP, but neither 1.0 nor 1.1.
    pub(crate) const VERSION: Self = Self(505, "this peer speaks HTTP/1.1");
    /// All connection slots are taken.
    pub(crate) const TOO_MANY_CALLERS: Self =
        Self(503, "this peer talks to too many callers; try again soon");
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.1)
    }
}
