//! The reader: bytes in, requests out, one at a time.
//!
//! Head and body are read apart: each has a deadline of its own, and between them the caller may
//! wait for a `100 Continue`. Bytes beyond the end of a request stay for the next one.

use std::io::{self, BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::sync::Arc;

use super::chunks::{read_chunks, read_exactly};
use super::framing::{Framing, framing};
use super::guard;
use super::origin::Origin;
use super::refusal::{Refusal, Unread};
use super::request::Request;
use super::section::{Kind, read_section};

/// How many bytes are read at once.
const PIECE: usize = 8 * 1024;

/// Reads the requests of one connection.
#[derive(Debug)]
pub(crate) struct Reader<R> {
    input: BufReader<R>,
    here: SocketAddr,
    origins: Arc<[Origin]>,
    head: Vec<u8>,
    request: Request,
}

impl<R: Read> Reader<R> {
    /// A reader for a connection whose end on our side has the address `here`, of a server that
    /// browsers call by `origins`.
    pub(crate) fn new(stream: R, here: SocketAddr, origins: Arc<[Origin]>) -> Self {
        let input = BufReader::with_capacity(PIECE, stream);
        Self { input, here, origins, head: Vec::new(), request: Request::default() }
    }

    /// Whether bytes of the next request are here already.
    pub(crate) fn has_more(&self) -> bool {
        !self.input.buffer().is_empty()
    }

    /// Waits for the first bytes of a request, and keeps nothing of the last one meanwhile. Returns
    /// whether they came, and not the end.
    pub(crate) fn wait_for_bytes(&mut self) -> io::Result<bool> {
        self.request = Request::default();
        Ok(!self.input.fill_buf()?.is_empty())
    }

    /// Reads a head. Returns how the body ends. A caller that the guard refuses is refused here,
    /// before its body is read.
    pub(crate) fn read_head(&mut self) -> Result<Framing, Unread> {
        self.request = Request::default();
        read_section(&mut self.input, Kind::Head, &mut self.head)?;
        self.request.parse(&self.head)?;
        guard::check(&self.request, self.here, &self.origins)?;
        let framing = framing(&self.request)?;
        let is_known = |expected: &str| expected.eq_ignore_ascii_case("100-continue");
        if !self.request.headers("Expect").all(is_known) {
            return Err(Refusal::EXPECTATION.into());
        }
        Ok(framing)
    }

    /// Whether the caller waits for a "100 Continue" before it sends the body.
    pub(crate) fn owes_continue(&self, framing: Framing) -> bool {
        // A caller of HTTP/1.0 would take it for the answer.
        let is_expected = self.request.header("Expect").is_some() && self.request.is_http_1_1;
        is_expected && framing != Framing::Length(0) && !self.has_more()
    }

    /// Reads the body. Then the request is whole.
    pub(crate) fn read_body(&mut self, framing: Framing) -> Result<(), Unread> {
        let body = &mut self.request.body;
        match framing {
            Framing::Length(length) => read_exactly(&mut self.input, length, body),
            Framing::Chunked => read_chunks(&mut self.input, body),
        }
    }

    /// The request that was read last.
    pub(crate) fn request(&self) -> &Request {
        &self.request
    }

    /// The stream, for writing and for its deadlines.
    pub(crate) fn stream(&mut self) -> &mut R {
        self.input.get_mut()
    }

    /// The bytes that were read beyond the last request.
    pub(crate) fn into_early_bytes(self) -> Vec<u8> {
        self.input.buffer().to_vec()
    }

    /// How many bytes it keeps: of the head, and of the body.
    #[cfg(test)]
    pub(super) fn keeps(&self) -> (usize, usize) {
        (self.head.len(), self.request.body.len())
    }
}
