//! A request: a head that has been checked, and the body that came with it.
//!
//! The head stays the text that it is. `httparse` says whether it is well-formed; after that, we
//! only have to remember where in it the headers are.

use std::ops::Range;

use httparse::{EMPTY_HEADER, Error, Status};

use super::limits::MAX_HEADERS;
use super::refusal::Refusal;

/// What somebody wants from us.
#[derive(Debug, Default)]
pub struct Request {
    head: String,
    pub(super) body: Vec<u8>,
    /// Where in the head each name is, and each value.
    places: Vec<(Range<usize>, Range<usize>)>,
    is_http_1_1: bool,
}

impl Request {
    /// `POST`, for example.
    pub fn method(&self) -> &str {
        self.word(0)
    }

    /// What is called, without what comes after a `?`: `/rpc/batch`, for example.
    pub fn path(&self) -> &str {
        let path = self.split_target().1;
        let path = path.split('?').next().unwrap_or_default();
        if path.is_empty() { "/" } else { path }
    }

    /// What comes after the `?`, if there is one.
    pub fn query(&self) -> Option<&str> {
        self.split_target().1.split_once('?').map(|(_, query)| query)
    }

    /// All headers, in order: name and value.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        let text = |place: &Range<usize>| &self.head[place.clone()];
        self.places.iter().map(move |(name, value)| (text(name), text(value)))
    }

    /// The values of all headers of that name, in any spelling.
    pub fn headers(&self, name: &str) -> impl Iterator<Item = &str> {
        let is_it = move |(field, _): &(&str, &str)| field.eq_ignore_ascii_case(name);
        self.fields().filter(is_it).map(|(_, value)| value)
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

    /// Whether it is HTTP/1.1, and not 1.0.
    pub fn is_http_1_1(&self) -> bool {
        self.is_http_1_1
    }

    /// Whether the caller may want to say more on this connection.
    pub fn keeps_alive(&self) -> bool {
        let stays = self.is_http_1_1 || self.says("Connection", "keep-alive");
        stays && !self.says("Connection", "close")
    }

    /// The address in the target, if there is one: `GET http://localhost/ HTTP/1.1`.
    pub(super) fn address(&self) -> Option<&str> {
        self.split_target().0
    }

    /// Takes in a whole head.
    pub(super) fn parse(&mut self, head: &[u8]) -> Result<(), Refusal> {
        self.head.clear();
        self.head.push_str(str::from_utf8(head).map_err(|_| Refusal::NotHttp)?);
        let mut headers = [EMPTY_HEADER; MAX_HEADERS];
        let mut parsed = httparse::Request::new(&mut headers);
        match parsed.parse(self.head.as_bytes()) {
            Ok(Status::Complete(length)) if length == self.head.len() => {}
            Err(Error::TooManyHeaders) => return Err(Refusal::TooManyHeaders),
            Err(Error::Version) if self.names_a_version() => return Err(Refusal::Version),
            Ok(_) | Err(_) => return Err(Refusal::NotHttp),
        }
        self.is_http_1_1 = parsed.version == Some(1);
        self.find_fields();
        let target = self.word(1);
        let (address, path) = self.split_target();
        let is_known = target.starts_with('/') && target.is_ascii()
            || address.is_some() && path.is_ascii()
            || target == "*" && self.method() == "OPTIONS";
        if is_known { Ok(()) } else { Err(Refusal::Target) }
    }

    fn find_fields(&mut self) {
        self.places.clear();
        let mut start = 0;
        for line in self.head.split_inclusive("\r\n") {
            // The first line is no header. The last one is empty, and has no colon.
            if let (1.., Some((name, value))) = (start, line.split_once(':')) {
                let name = start..start + name.len();
                let trimmed = value.trim_start_matches([' ', '\t']);
                let value_start = start + line.len() - trimmed.len();
                let length = trimmed.trim_end_matches([' ', '\t', '\r', '\n']).len();
                self.places.push((name, value_start..value_start + length));
            }
            start += line.len();
        }
    }

    /// The parts of the first line are split by single spaces.
    fn word(&self, index: usize) -> &str {
        let first = self.head.lines().next().unwrap_or_default();
        first.split(' ').nth(index).unwrap_or_default()
    }

    fn names_a_version(&self) -> bool {
        let is_digits = |part: &str| part.len() == 1 && part.as_bytes()[0].is_ascii_digit();
        let version = self.word(2).strip_prefix("HTTP/");
        version
            .and_then(|version| version.split_once('.'))
            .is_some_and(|(major, minor)| is_digits(major) && is_digits(minor))
    }

    fn split_target(&self) -> (Option<&str>, &str) {
        const SCHEME: usize = "http://".len();
        let target = self.word(1);
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
