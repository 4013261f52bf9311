//! A request: a head that has been checked, and the body that came with it.

use httparse::{EMPTY_HEADER, Error, Status};

use super::limits::MAX_HEADERS;
use super::refusal::Refusal;

/// What a caller asks for.
#[derive(Debug, Default)]
pub struct Request {
    method: String,
    target: String,
    /// All headers, in order: name and value.
    pub(super) fields: Vec<(String, String)>,
    /// Whether it is HTTP/1.1, and not 1.0.
    pub(crate) is_http_1_1: bool,
    pub(super) body: Vec<u8>,
}

impl Request {
    /// `POST`, for example.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The path, without the query: `/rpc/batch`, for example.
    pub fn path(&self) -> &str {
        let path = self.split_target().1;
        let path = path.split('?').next().unwrap_or_default();
        if path.is_empty() { "/" } else { path }
    }

    /// The query after the `?`, if there is one.
    pub fn query(&self) -> Option<&str> {
        self.split_target().1.split_once('?').map(|(_, query)| query)
    }

    /// The values of all headers of that name, in any spelling.
    pub fn headers(&self, name: &str) -> impl Iterator<Item = &str> {
        let is_it = move |(field, _): &&(String, String)| field.eq_ignore_ascii_case(name);
        self.fields.iter().filter(is_it).map(|(_, value)| value.as_str())
    }

    /// The value of the first header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers(name).next()
    }

    /// Whether a header is a list, split by commas, with that word in it.
    pub fn says(&self, name: &str, word: &str) -> bool {
        let mut words = self.headers(name).flat_map(|value| value.split(','));
        words.any(|said| said.trim_matches([' ', '\t']).eq_ignore_ascii_case(word))
    }

    /// The body, put together if it came in chunks.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Whether the caller may send another request on this connection.
    pub(crate) fn keeps_alive(&self) -> bool {
        let stays = self.is_http_1_1 || self.says("Connection", "keep-alive");
        stays && !self.says("Connection", "close")
    }

    /// The address in the target, if there is one: `GET http://localhost/ HTTP/1.1`.
    pub(super) fn address(&self) -> Option<&str> {
        self.split_target().0
    }

    /// Takes in a whole head.
    pub(super) fn parse(&mut self, head: &[u8]) -> Result<(), Refusal> {
        let head = str::from_utf8(head).map_err(|_| Refusal::NOT_HTTP)?;
        let mut headers = [EMPTY_HEADER; MAX_HEADERS];
        let mut parsed = httparse::Request::new(&mut headers);
        match parsed.parse(head.as_bytes()) {
            Ok(Status::Complete(length)) if length == head.len() => {}
            Err(Error::TooManyHeaders) => return Err(Refusal::TOO_MANY_HEADERS),
            Err(Error::Version) if names_a_version(head) => return Err(Refusal::VERSION),
            Ok(_) | Err(_) => return Err(Refusal::NOT_HTTP),
        }
        self.is_http_1_1 = parsed.version == Some(1);
        self.method = parsed.method.unwrap_or_default().into();
        self.target = parsed.path.unwrap_or_default().into();
        let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
        let fields = parsed.headers.iter().map(|field| (field.name.into(), text(field.value)));
        self.fields = fields.collect();
        let (address, path) = self.split_target();
        let is_known = self.target.starts_with('/') && self.target.is_ascii()
            || address.is_some() && path.is_ascii()
            || self.target == "*" && self.method == "OPTIONS";
        if is_known { Ok(()) } else { Err(Refusal::TARGET) }
    }

    fn split_target(&self) -> (Option<&str>, &str) {
        const SCHEME: usize = "http://".len();
        let target = self.target.as_str();
        match target.get(..SCHEME) {
            Some(scheme) if scheme.eq_ignore_ascii_case("http://") => {
                let rest = &target[SCHEME..];
                let (address, path) =
                    rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
                (Some(address), path)
            }
            _ => (None, target),
        }
    }
}

/// Whether the first line of a head ends in a version of HTTP, of which we speak only two.
fn names_a_version(head: &str) -> bool {
    let is_digits = |part: &str| part.len() == 1 && part.as_bytes()[0].is_ascii_digit();
    let version = head.lines().next().and_then(|line| line.split(' ').nth(2));
    let version = version.and_then(|version| version.strip_prefix("HTTP/")?.split_once('.'));
    version.is_some_and(|(major, minor)| is_digits(major) && is_digits(minor))
}
