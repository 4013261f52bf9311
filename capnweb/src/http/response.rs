//! A response: status, headers and body, and the bytes of them all.

use super::refusal::Refusal;
use super::request::Request;

/// What a caller waits for while its body is still to come.
pub(crate) const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// An answer to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    status: u16,
    fields: Vec<(&'static str, String)>,
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
    pub fn with(mut self, name: &'static str, value: impl AsRef<str>) -> Self {
        self.fields.push((name, value.as_ref().replace(char::is_control, " ")));
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

    /// The answer to `request`: head and body together, so that one write sends them. `closes` says
    /// whether the connection is closed after it.
    pub(crate) fn bytes(&self, request: &Request, closes: bool) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status));
        for (name, value) in &self.fields {
            head.extend([*name, ": ", value, "\r\n"]);
        }
        let has_body = self.status >= 200 && self.status != 204;
        if has_body {
            head.extend(["Content-Length: ", &self.body.len().to_string(), "\r\n"]);
        }
        if closes && self.status >= 200 {
            head.push_str("Connection: close\r\n");
        } else if !closes && !request.is_http_1_1 {
            head.push_str("Connection: keep-alive\r\n");
        }
        head.push_str("\r\n");
        let body = if has_body && request.method() != "HEAD" { &self.body[..] } else { b"" };
        [head.as_bytes(), body].concat()
    }
}

impl From<Refusal> for Response {
    fn from(refusal: Refusal) -> Self {
        let response = Self::text(refusal.0, format!("{refusal}\n"));
        match refusal {
            Refusal::TOO_MANY_CALLERS => response.with("Retry-After", "1"),
            _ => response,
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
