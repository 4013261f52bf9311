//! The token, as a client shows it. Which ones let somebody in is the server's affair: see
//! `server/token.rs`. Pure text.

use tungstenite::http::HeaderValue;

/// A secret that the server knows, too. It is never shown: its value is marked as sensitive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token(HeaderValue);

impl Token {
    /// Reads a secret.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let fits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        let value = HeaderValue::from_str(&format!("Bearer {text}")).ok().filter(|_| fits);
        let mut value = value.ok_or("a token has letters, digits and signs of ASCII only")?;
        value.set_sensitive(true);
        Ok(Self(value))
    }

    /// What the header `Authorization` says.
    pub(crate) fn authorization(&self) -> HeaderValue {
        self.0.clone()
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
