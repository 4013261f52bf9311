//! Server URL: where a chat server is. Pure text.

use tungstenite::http::Uri;

/// Where calls of a chat are taken, unless the URL says otherwise.
const PATH: &str = "/rpc/ws";

/// The port of a URL without one.
const PORT: u16 = 80;

/// Where a chat server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServerUrl {
    /// As people name it, and as it is dialed: `host:port`.
    pub address: String,
    pub uri: Uri,
}

impl ServerUrl {
    /// Reads a URL. A path may be left out. An error says what to write.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        let example = "write a URL such as ws://127.0.0.1:8080/rpc/ws";
        if text.starts_with("wss://") {
            return Err(format!("this client does not encrypt: {example}"));
        }
        if !text.starts_with("ws://") || text.contains(['#', '@']) {
            return Err(example.into());
        }
        let uri: Uri = text.parse().map_err(|_| example)?;
        let authority = uri.authority().ok_or(example)?;
        let host = authority.host();
        let port = match authority.port_u16() {
            Some(port) => port,
            None if authority.as_str() == host => PORT,
            None => return Err(example.into()), // Such as `:`, or `:99999`.
        };
        if host.is_empty() || port == 0 {
            return Err(example.into());
        }
        let address = format!("{host}:{port}");
        let uri = match uri.path_and_query() {
            Some(path) if path.as_str() != "/" => uri,
            _ => format!("ws://{authority}{PATH}").parse().map_err(|_| example)?,
        };
        Ok(Self { address, uri })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_a_host_a_port_and_a_path() {
        for (text, address, url) in [
            ("ws://localhost", "localhost:80", "ws://localhost/rpc/ws"),
            ("ws://chat.lan:81/", "chat.lan:81", "ws://chat.lan:81/rpc/ws"),
            ("ws://a:1/x?y=1", "a:1", "ws://a:1/x?y=1"),
            ("ws://a?y=1", "a:80", "ws://a/?y=1"),
            ("ws://[::1]:9/rpc/ws", "[::1]:9", "ws://[::1]:9/rpc/ws"),
            ("ws://[::1]:8080", "[::1]:8080", "ws://[::1]:8080/rpc/ws"),
            ("ws://[::1]", "[::1]:80", "ws://[::1]/rpc/ws"),
        ] {
            let server = ServerUrl::read(text).unwrap();
            assert_eq!((&*server.address, &*server.uri.to_string()), (address, url));
        }
    }

    #[test]
    fn what_is_no_such_url_is_refused() {
        for text in [
            "",
            "chat",
            "ws://",
            "ws:///",
            "http://a",
            "ws://a b",
            "ws://a@b",
            "ws://a:x",
            "ws://a:",
            "ws://a:99999",
            "ws://a:0",
            "ws://a/#x",
            "ws://\u{1b}[2J",
            "127.0.0.1:8080",
        ] {
            assert!(ServerUrl::read(text).is_err(), "{text}: {:?}", ServerUrl::read(text));
        }
        assert!(ServerUrl::read("wss://a").unwrap_err().contains("does not encrypt"));
    }
}
