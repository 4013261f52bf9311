//! A response: what the answer to a request says, and its bytes.

use std::borrow::Cow;

use super::refusal::Refusal;
use super::request::Request;

/// What a caller waits for while its body is still to come.
pub(crate) const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// An answer to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    status: u16,
    fields: Vec<(&'static str, Cow<'static, str>)>,
    body: Vec<u8>,
}

impl Response {
    /// An answer without a body.
    pub fn new(status: u16) -> Self {
        Self { status, fields: Vec::new(), body: Vec::new() }
    }

    /// An answer in words.
    pub fn text(status: u16, words: impl Into<Vec<u8>>) -> Self {
        Self::of(status, "text/plain; charset=utf-8", words)
    }

    /// An answer of that media type.
    pub fn of(status: u16, media_type: &'static str, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        Self { body, ..Self::new(status) }.with("Content-Type", media_type)
    }

    /// The same with one more header. Its value cannot end its line.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Cow<'static, str>>) -> Self {
        let mut value = value.into();
        if value.contains(char::is_control) {
            value = value.replace(char::is_control, " ").into();
        }
        self.fields.push((name, value));
        self
    }

    /// Its status: 200 if all is well.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Its body.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Head and body together, so that one write sends them.
    pub(crate) fn bytes(&self, manner: Manner) -> Vec<u8> {
        let mut head = vec![format!("HTTP/1.1 {} {}", self.status, reason(self.status))];
        head.extend(self.fields.iter().map(|(name, value)| format!("{name}: {value}")));
        let has_body = self.status >= 200 && self.status != 204;
        if has_body {
            head.push(format!("Content-Length: {}", self.body.len()));
        }
        if manner.closes && self.status >= 200 {
            head.push("Connection: close".into());
        } else if manner.says_keep_alive {
            head.push("Connection: keep-alive".into());
        }
        head.push("\r\n".into()); // Its own line end, and an empty line.
        let head = head.join("\r\n");
        let body = if has_body && !manner.without_body { &self.body[..] } else { b"" };
        [head.as_bytes(), body].concat()
    }
}

impl From<Refusal> for Response {
    fn from(refusal: Refusal) -> Self {
        let response = Self::text(refusal.status(), format!("{refusal}\n"));
        match refusal {
            Refusal::TooManyCallers => response.with("Retry-After", "1"),
            _ => response,
        }
    }
}

/// How an answer is to be given, whatever is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Manner {
    /// The connection is closed after it.
    pub(crate) closes: bool,
    /// Only the head of it was asked for.
    pub(crate) without_body: bool,
    /// The caller of HTTP/1.0 has to be told that the connection stays.
    pub(crate) says_keep_alive: bool,
}

impl Manner {
    /// The last answer on a connection.
    pub(crate) const CLOSING: Self =
        Self { closes: true, without_body: false, says_keep_alive: false };

    /// For the answer to that request.
    pub(crate) fn of(request: &Request) -> Self {
        let stays = request.keeps_alive();
        Self {
            closes: !stays,
            without_body: request.method() == "HEAD",
            says_keep_alive: stays && !request.is_http_1_1(),
        }
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        101 => "Switching Protocols",
        200 => "OK",
        204 => "No Content",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        411 => "Length Required",
        413 => "Content Too Large",
        417 => "Expectation Failed",
        421 => "Misdirected Request",
        426 => "Upgrade Required",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        503 => "Service Unavailable",
        505 => "HTTP Version Not Supported",
        _ => "", // The number is what counts.
    }
}
