//! A connection, and where a message on it ends: all of HTTP that both sides here share.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// A benchmark that takes longer than this for one message has failed, not been slow.
const PATIENCE: Duration = Duration::from_secs(10);

/// More than the longest message here.
const ROOM: usize = 64 * 1024;

/// A connection that has at most one message under way.
pub(crate) struct Line {
    stream: TcpStream,
    bytes: Box<[u8]>,
    end: usize,
    body: Vec<u8>,
}

impl Line {
    pub(crate) fn of(stream: TcpStream) -> io::Result<Self> {
        Ok(Self {
            stream: prepared(stream)?,
            bytes: vec![0; ROOM].into(),
            end: 0,
            body: Vec::new(),
        })
    }

    pub(crate) fn dial(address: SocketAddr) -> io::Result<Self> {
        Self::of(TcpStream::connect(address)?)
    }

    /// Hangs up, and dials anew.
    pub(crate) fn redial(&mut self, address: SocketAddr) -> io::Result<()> {
        self.stream = prepared(TcpStream::connect(address)?)?;
        Ok(())
    }

    pub(crate) fn send(&mut self, message: &[u8]) -> io::Result<()> {
        self.stream.write_all(message)
    }

    /// Waits for a message, all of it, and returns its body.
    pub(crate) fn receive(&mut self) -> io::Result<&[u8]> {
        self.end = 0;
        loop {
            let count = self.stream.read(&mut self.bytes[self.end..])?;
            if count == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            self.end += count;
            if is_whole(&self.bytes[..self.end], &mut self.body) {
                return Ok(&self.body);
            }
        }
    }

    /// Whether the message just received begins so.
    pub(crate) fn starts_with(&self, text: &str) -> bool {
        self.bytes[..self.end].starts_with(text.as_bytes())
    }

    /// Whether the message just received was the last on this connection.
    pub(crate) fn is_last(&self) -> bool {
        head(&self.bytes[..self.end])
            .and_then(|head| field(head, "connection"))
            .is_some_and(|value| value.eq_ignore_ascii_case("close"))
    }
}

fn prepared(stream: TcpStream) -> io::Result<TcpStream> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// Whether the bytes are all of a message, whose body is then put into `body`.
fn is_whole(bytes: &[u8], body: &mut Vec<u8>) -> bool {
    let Some(head) = head(bytes) else {
        return false;
    };
    let mut rest = &bytes[head.len()..];
    body.clear();
    if let Some(length) = field(head, "content-length") {
        body.extend_from_slice(rest);
        return length.parse() == Ok(rest.len());
    }
    // Chunks: a length in hexadecimal, a line end, so many bytes, a line end. The last is empty.
    while let Some((length, after)) = chunk_length(rest) {
        let Some((chunk, after)) = after.split_at_checked(length) else {
            return false;
        };
        if length == 0 {
            return after == b"\r\n";
        }
        body.extend_from_slice(chunk);
        let Some(after) = after.strip_prefix(b"\r\n") else {
            return false;
        };
        rest = after;
    }
    false
}

fn head(bytes: &[u8]) -> Option<&str> {
    // The search for text is much faster than one for bytes.
    let text = str::from_utf8(bytes).ok()?;
    Some(&text[..text.find("\r\n\r\n")? + 4])
}

fn field<'a>(head: &'a str, wanted: &str) -> Option<&'a str> {
    let mut fields = head.split("\r\n").filter_map(|line| line.split_once(':'));
    let (_, value) = fields.find(|(name, _)| name.eq_ignore_ascii_case(wanted))?;
    Some(value.trim())
}

fn chunk_length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let end = bytes.windows(2).position(|two| two == b"\r\n")?;
    let digits = str::from_utf8(&bytes[..end]).ok()?;
    Some((usize::from_str_radix(digits, 16).ok()?, &bytes[end + 2..]))
}
