//! The token: a secret that a client has to know. Programs put it into a header; a browser
//! cannot, for a WebSocket, so it may also stand in the URL.
//!
//! It lets a client in, and does not say who its user is. On the wire it can be read: this is HTTP.

use std::hint::black_box;

use capnweb::http::{Request, Response};

/// The longest token, in bytes.
const MAX_TOKEN: usize = 256;

/// A secret. It has no `Debug`: nothing prints it by mistake.
#[derive(Clone)]
pub(crate) struct Token(String);

impl Token {
    /// Reads a secret. Its characters mean only themselves, in a header and in a URL alike.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let may_stand = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        if (1..=MAX_TOKEN).contains(&text.len()) && text.bytes().all(may_stand) {
            Ok(Self(text.to_owned()))
        } else {
            Err(format!("a token is 1 to {MAX_TOKEN} of: letters from a to z, digits, - . _ ~"))
        }
    }

    /// Whether the request has it. If not, the error is the answer to the request.
    pub(crate) fn check(&self, request: &Request) -> Result<(), Response> {
        let from_header = request.headers("Authorization").filter_map(|value| {
            let (scheme, given) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("Bearer").then(|| given.trim_start_matches(' '))
        });
        let query = request.query().unwrap_or_default();
        let from_url = query.split('&').filter_map(|pair| pair.strip_prefix("token="));
        if from_header.chain(from_url).any(|given| self.is(given)) {
            return Ok(());
        }
        let words = "a token is needed here: Authorization: Bearer SECRET, or ?token=SECRET\n";
        Err(Response::text(401, words).with("WWW-Authenticate", "Bearer"))
    }

    /// The value of a client's header `Authorization`.
    pub(crate) fn authorization(&self) -> String {
        format!("Bearer {}", self.0)
    }

    /// Looks at every byte, wherever the first wrong one is: how long it takes must not say how
    /// much of a guess was right. It may say how long the token is.
    fn is(&self, given: &str) -> bool {
        let (given, secret) = (given.as_bytes(), self.0.as_bytes());
        let differs = given.iter().zip(secret).fold(0, |all, (a, b)| black_box(all | (a ^ b)));
        given.len() == secret.len() && differs == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_token_is_the_token() {
        let token = Token::read("open-sesame").unwrap();
        assert!(token.is("open-sesame"));
        for guess in ["", "o", "open-sesam", "open-sesame2", "Open-sesame", "open-sesamf"] {
            assert!(!token.is(guess), "{guess}");
        }
    }

    #[test]
    fn what_would_mean_something_else_in_a_url_is_no_token() {
        for text in ["a b", "a&b", "a=b", "a%b", "a+b", "a/b", "a?b", "a#b", "ä", "\n"] {
            assert!(Token::read(text).is_err(), "{text:?}");
        }
        assert!(Token::read(&"x".repeat(256)).is_ok());
        assert!(Token::read(&"x".repeat(257)).is_err());
    }
}
