//! The reader: bytes in, in pieces of any size, whole requests out.
//!
//! It keeps one request at a time, within the [limits](super::limits), and takes no byte beyond
//! its end: what comes after it stays with the caller of [`Reader::take`].

use std::net::SocketAddr;

use super::chunks::Chunks;
use super::framing::{Framing, framing};
use super::guard;
use super::limits::{KEPT_BUFFER, MAX_HEAD};
use super::refusal::Refusal;
use super::request::Request;
use super::section::Section;

/// Puts requests together.
#[derive(Debug)]
pub struct Reader {
    here: SocketAddr,
    head: Section,
    request: Request,
    next: Next,
    /// The caller waits for a word from us before it sends the body.
    expects_word: bool,
}

/// What has to come next.
#[derive(Debug)]
enum Next {
    Head,
    /// So many bytes of a body.
    Body(usize),
    Chunks(Chunks),
    /// Nothing: the request is whole.
    Nothing,
}

/// How far a request has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It needs more bytes; all that were there have been taken.
    Part,
    /// It is whole: see [`Reader::request`]. The bytes that are left begin the next one.
    Whole,
}

/// What is being waited for. Each has a patience of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// For anything.
    Idle,
    /// For the rest of a head.
    Head,
    /// For the rest of a body.
    Body,
}

impl Reader {
    /// A reader for the requests on a connection whose end on our side has that address.
    pub fn new(here: SocketAddr) -> Self {
        Self {
            here,
            head: Section::head(MAX_HEAD),
            request: Request::default(),
            next: Next::Head,
            expects_word: false,
        }
    }

    /// Takes bytes up to the end of a request, and leaves the rest.
    ///
    /// ```
    /// use capnweb::http::{Progress, Reader};
    /// let mut reader = Reader::new("127.0.0.1:8080".parse().unwrap());
    /// let mut bytes = &b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\nGET"[..];
    /// assert_eq!(reader.take(&mut bytes), Ok(Progress::Whole));
    /// assert_eq!((reader.request().path(), bytes), ("/", &b"GET"[..]));
    /// ```
    ///
    /// # Errors
    ///
    /// If this is no request that we take. Nothing can be read after that.
    pub fn take(&mut self, bytes: &mut &[u8]) -> Result<Progress, Refusal> {
        if matches!(self.next, Next::Nothing) {
            self.forget();
        }
        if matches!(self.next, Next::Head) && self.head.take(bytes)? {
            self.next = self.begin_body()?;
        }
        let is_whole = match &mut self.next {
            Next::Head => false,
            Next::Body(left) => {
                let (body, rest) = bytes.split_at(bytes.len().min(*left));
                self.request.body.extend_from_slice(body);
                *bytes = rest;
                *left -= body.len();
                *left == 0
            }
            Next::Chunks(chunks) => chunks.take(bytes, &mut self.request.body)?,
            Next::Nothing => true,
        };
        if is_whole {
            self.next = Next::Nothing;
            return Ok(Progress::Whole);
        }
        Ok(Progress::Part)
    }

    /// The request, when it is whole.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// What is being waited for.
    pub fn stage(&self) -> Stage {
        match self.next {
            Next::Nothing => Stage::Idle,
            Next::Head if self.head.is_untouched() => Stage::Idle,
            Next::Head => Stage::Head,
            Next::Body(_) | Next::Chunks(_) => Stage::Body,
        }
    }

    /// Whether a "100 Continue" is to be sent before more bytes are waited for. Says it once.
    pub fn owes_a_word(&mut self) -> bool {
        let is_waiting = self.stage() == Stage::Body && self.request.body.is_empty();
        std::mem::take(&mut self.expects_word) && is_waiting
    }

    /// How many bytes it keeps: of the head, and of the body.
    #[cfg(test)]
    pub(super) fn keeps(&self) -> (usize, usize) {
        (self.head.text.len() + self.request.head.len(), self.request.body.len())
    }

    /// A head has come: what follows it, if we take it at all. Nobody who may not call us is
    /// listened to any longer.
    fn begin_body(&mut self) -> Result<Next, Refusal> {
        self.request.begin(std::mem::take(&mut self.head.text))?;
        guard::check(&self.request, self.here)?;
        let next = match framing(&self.request)? {
            Framing::Length(length) => Next::Body(length),
            Framing::Chunked => Next::Chunks(Chunks::new()),
        };
        let is_known = |expected: &str| expected.eq_ignore_ascii_case("100-continue");
        if !self.request.headers("Expect").all(is_known) {
            return Err(Refusal::Expectation);
        }
        // A caller of HTTP/1.0 would take the word for the answer.
        self.expects_word =
            self.request.is_http_1_1() && self.request.header("Expect").is_some();
        Ok(next)
    }

    /// Makes ready for the next request, and keeps the buffers.
    fn forget(&mut self) {
        self.head.begin_again(std::mem::take(&mut self.request.head).into_bytes());
        self.request.body.clear();
        self.request.body.shrink_to(KEPT_BUFFER);
        self.next = Next::Head;
    }
}
