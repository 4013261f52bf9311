//! An origin: scheme, host and port of a page, as a browser names it in `Origin`. A peer behind a
//! proxy has one that it cannot know by itself.

/// An origin, such as `https://chat.example`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

impl Origin {
    /// Reads an origin.
    ///
    /// ```
    /// use capnweb::http::Origin;
    /// let origin = Origin::read("https://Chat.example:443/").unwrap();
    /// assert_eq!(origin, Origin::read("https://chat.example").unwrap());
    /// assert_eq!(origin.websocket(), "wss://chat.example");
    /// assert!(Origin::read("chat.example").is_err());
    /// ```
    ///
    /// # Errors
    ///
    /// A text that says what to write, for anything else.
    pub fn read(text: &str) -> Result<Self, String> {
        let text = text.strip_suffix('/').unwrap_or(text).to_ascii_lowercase();
        let (scheme, host) = text.split_once("://").unwrap_or_default();
        let default_port = if scheme == "https" { ":443" } else { ":80" };
        let host = host.strip_suffix(default_port).unwrap_or(host); // As a browser does.
        let may_stand = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
        if ["http", "https"].contains(&scheme)
            && !host.is_empty()
            && host.bytes().all(may_stand)
        {
            Ok(Self(format!("{scheme}://{host}")))
        } else {
            Err("write a scheme and a host, such as https://chat.example".into())
        }
    }

    /// The same for a `WebSocket`, such as `wss://chat.example`.
    pub fn websocket(&self) -> String {
        self.0.replacen("http", "ws", 1)
    }

    /// Whether the header `Host` means it.
    pub(super) fn has_host(&self, header: &str) -> bool {
        let parts = self.0.split_once("://");
        parts.is_some_and(|(_, host)| host.eq_ignore_ascii_case(header))
    }

    /// Whether the header `Origin` means it.
    pub(super) fn is(&self, header: &str) -> bool {
        self.0.eq_ignore_ascii_case(header)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_a_scheme_a_host_and_a_port() {
        for (text, header) in [
            ("https://chat.example", "https://chat.example"),
            ("https://chat.example/", "https://chat.example"),
            ("HTTPS://Chat.Example:443", "https://chat.example"),
            ("https://chat.example:80", "https://chat.example:80"),
            ("http://chat.local:8080", "http://chat.local:8080"),
            ("http://192.168.1.5:80", "http://192.168.1.5"),
            ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
            ("https://[2001:db8::443]", "https://[2001:db8::443]"),
        ] {
            let origin = Origin::read(text).unwrap();
            assert!(origin.is(header), "{text}: {origin:?}");
            assert!(origin.has_host(header.split_once("://").unwrap().1), "{origin:?}");
            assert_eq!(origin.websocket(), header.replacen("http", "ws", 1));
        }
        for text in [
            "",
            "https://",
            "https://:443",
            "chat.example",
            "wss://chat.example",
            "https://chat.example/rooms",
            "https://chat.example//",
            "https://chat.example?x",
            "https://chat.example#x",
            "https://user@chat.example",
            "https://chat.example:+1",
            "https://bücher.example",
            "https://*.example",
            "https://a b",
            "null",
            "*",
        ] {
            assert!(Origin::read(text).is_err(), "{text}");
        }
    }
}
