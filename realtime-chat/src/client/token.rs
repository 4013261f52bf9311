//! The token, as a client shows it. Which ones let somebody in is the server's affair: see
//! `server/token.rs`. Pure text.

use std::fmt;

use tungstenite::http::HeaderValue;

/// A secret that the server knows, too. It is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(HeaderValue);

impl Token {
    /// Reads a secret.
    ///
    /// # Errors
    ///
    /// If it cannot be a part of an HTTP header.
    pub fn read(text: &str) -> Result<Self, String> {
        let fits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        let value = HeaderValue::from_str(&format!("Bearer {text}")).ok().filter(|_| fits);
        let mut value = value.ok_or("a token has letters, digits and signs of ASCII only")?;
        value.set_sensitive(true);
        Ok(Self(value))
    }

    /// What the header `Authorization` says.
    pub fn authorization(&self) -> HeaderValue {
        self.0.clone()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_never_shown() {
        assert!(!format!("{:?}", Token::read("hunter2").unwrap()).contains("hunter2"));
        assert_eq!(Token::read("a b").ok(), None);
        assert_eq!(Token::read("a\nb").ok(), None);
        assert_eq!(Token::read("").ok(), None);
    }
}
