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
            ErrorKind::WouldBlock | ErrorKind::TimedOut => Self::Refused(Refusal::TooSlow),
            _ => Self::Gone,
        }
    }
}

/// Why a request is not taken. The connection is closed after it: where a request that we did
/// not understand ends, and the next begins, nobody knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The bytes are no HTTP request.
    NotHttp,
    /// A line that does not end in CR LF, or a CR within a line.
    LineEnd,
    /// A line that begins with a space: a header that goes on, which is long obsolete.
    Folded,
    /// What is called is neither a path nor an address of ours.
    Target,
    /// No `Host`.
    NoHost,
    /// More than one `Host`.
    TwoHosts,
    /// A length that is not a plain decimal number, or more than one.
    Length,
    /// A length, and chunks as well.
    BothLengths,
    /// Chunks are not what comes last, or not once, or not in HTTP/1.1.
    Coding,
    /// A chunk that is not well-formed.
    Chunk,
    /// The caller hung up in the middle.
    CutShort,
    /// A `Host` that is not this machine.
    ForeignHost,
    /// Sent by a web page that is not ours.
    ForeignPage,
    /// The request did not come in time.
    TooSlow,
    /// A request that should have a body, and does not say how long it is.
    NoLength,
    /// The body is longer than [`MAX_BODY`](super::limits::MAX_BODY).
    BodyTooLong,
    /// An `Expect` that is not `100-continue`.
    Expectation,
    /// The head is longer than [`MAX_HEAD`](super::limits::MAX_HEAD), or the trailers than
    /// [`MAX_TRAILERS`](super::limits::MAX_TRAILERS).
    HeadTooLong,
    /// More headers than [`MAX_HEADERS`](super::limits::MAX_HEADERS).
    TooManyHeaders,
    /// The answer could not be made, and that is our fault.
    Broken,
    /// A transfer coding that we do not know.
    UnknownCoding,
    /// All connection slots are taken.
    TooManyCallers,
    /// HTTP, but neither 1.0 nor 1.1.
    Version,
}

impl Refusal {
    /// The status it is answered with.
    pub(crate) fn status(self) -> u16 {
        self.answer().0
    }

    fn answer(self) -> (u16, &'static str) {
        match self {
            Self::NotHttp => (400, "this is not an HTTP request"),
            Self::LineEnd => (400, "every line must end in CR LF"),
            Self::Folded => (400, "a header must be on one line"),
            Self::Target => (400, "ask for a path, such as /rpc/batch"),
            Self::NoHost => (400, "a Host header is needed, such as Host: localhost"),
            Self::TwoHosts => (400, "one Host header is enough"),
            Self::Length => (400, "Content-Length must be one decimal number"),
            Self::BothLengths => (400, "Content-Length or chunked, not both"),
            Self::Coding => (400, "Transfer-Encoding must be chunked, once, in HTTP/1.1"),
            Self::Chunk => (400, "a chunk of the body is not well-formed"),
            Self::CutShort => (400, "the request ends in the middle"),
            Self::ForeignHost => (421, "this peer answers only to names of its own machine"),
            Self::ForeignPage => (403, "web pages may not call this peer"),
            Self::TooSlow => (408, "the request took too long"),
            Self::NoLength => (411, "say how long the body is, with Content-Length"),
            Self::BodyTooLong => (413, "the body is too long; 1 MiB is the limit"),
            Self::Expectation => (417, "the only expectation known here is 100-continue"),
            Self::HeadTooLong => (431, "the headers are too long; 16 KiB is the limit"),
            Self::TooManyHeaders => (431, "there are too many headers; 64 is the limit"),
            Self::Broken => (500, "this peer could not make an answer"),
            Self::UnknownCoding => (501, "the only transfer coding known here is chunked"),
            Self::TooManyCallers => {
                (503, "this peer talks to too many callers; try again soon")
            }
            Self::Version => (505, "this peer speaks HTTP/1.1"),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.answer().1)
    }
}
