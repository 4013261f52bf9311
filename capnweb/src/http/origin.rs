//! An origin: scheme, host and port of a page, as a browser names it in `Origin`. A peer behind a
//! proxy has one that it cannot know by itself.

use std::net::Ipv6Addr;

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
        if ["http", "https"].contains(&scheme) && can_match(host) {
            let host = host.strip_suffix(default_port).unwrap_or(host); // As a browser does.
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
        let scheme = self.0.split(':').next().unwrap_or_default();
        Self::read(&format!("{scheme}://{header}")).as_ref() == Ok(self)
    }

    /// Whether the header `Origin` means it.
    pub(super) fn is(&self, header: &str) -> bool {
        self.0.eq_ignore_ascii_case(header)
    }
}

/// Whether a browser can name this host, with a port or without.
fn can_match(host: &str) -> bool {
    let (name, port) = split_port(host);
    let may_stand = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    let is_label = |label: &str| !label.is_empty() && label.bytes().all(may_stand);
    (read_v6(name).is_some() || name.split('.').all(is_label)) && port.is_none_or(is_port)
}

/// An address of IPv6 stands in brackets.
pub(super) fn read_v6(name: &str) -> Option<Ipv6Addr> {
    name.strip_prefix('[')?.strip_suffix(']')?.parse().ok()
}

/// The last colon is before the port, unless it is within the brackets of an address.
pub(super) fn split_port(host: &str) -> (&str, Option<&str>) {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
        _ => (host, None),
    }
}

/// Rust would also read "+80" and "080".
pub(super) fn is_port(port: &str) -> bool {
    port.parse::<u16>().is_ok_and(|number| number.to_string() == port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_may_have_the_port_that_the_scheme_has_by_itself() {
        for (text, host, is_ours) in [
            ("https://chat.example", "chat.example:443", true),
            ("https://chat.example", "Chat.Example:443", true),
            ("https://chat.example", "chat.example:80", false),
            ("http://chat.example", "chat.example:80", true),
            ("http://chat.example", "chat.example:443", false),
            ("https://chat.example:8443", "chat.example:8443:443", false),
            ("https://chat.example:8443", "chat.example", false),
            ("https://[2001:db8::1]", "[2001:db8::1]:443", true),
        ] {
            assert_eq!(Origin::read(text).unwrap().has_host(host), is_ours, "{text} {host}");
        }
    }

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
            "https://chat.example:",
            "https://chat.example:0443",
            "https://chat.example:99999",
            "https://chat.example:1:2",
            "https://chat.example:a",
            "https://:",
            "https://..",
            "https://.example",
            "https://chat..example",
            "https://[::1",
            "https://[::1]x",
            "https://[]",
            "https://[chat.example]",
            "https://::1",
            "https://a[b",
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
