//! The handshake: how an HTTP connection becomes a WebSocket (RFC 6455, section 4).

use std::io::{Error as IoError, ErrorKind};
use std::net::TcpStream;
use std::sync::Arc;

use data_encoding::BASE64;
use terminal::Deadline;
use tungstenite::client::{IntoClientRequest, client_with_config};
use tungstenite::handshake::{HandshakeError, derive_accept_key};
use tungstenite::protocol::Role;
use tungstenite::{Error, WebSocket};

use super::limits::{PATIENCE, config};
use super::reader::ReadHalf;
use crate::http::{Request, Response};
use crate::listener::Answer;

/// The one version of WebSocket that there is.
const VERSION: &str = "13";

/// A WebSocket after its handshake, for [`talk`](super::talk).
#[derive(Debug)]
pub struct Socket {
    pub(super) socket: WebSocket<ReadHalf>,
    pub(super) role: Role,
}

impl Socket {
    /// Asks the server at the other end of `stream` for a WebSocket; it has until `deadline`.
    ///
    /// # Errors
    ///
    /// If the answer is another one ([`Error::Http`]), or none comes in time ([`Error::Io`]).
    pub fn dial(
        stream: Arc<TcpStream>,
        request: impl IntoClientRequest,
        deadline: Deadline,
    ) -> Result<Self, Error> {
        let half = ReadHalf::new(stream, deadline);
        let request = request.into_client_request()?;
        match client_with_config(request, half, Some(config())) {
            Ok((socket, _)) => Ok(Self { socket, role: Role::Client }),
            Err(HandshakeError::Interrupted(_)) => {
                Err(Error::Io(IoError::from(ErrorKind::TimedOut)))
            }
            Err(HandshakeError::Failure(error)) => Err(error),
        }
    }

    /// The server's side, after its answer; `early` was read too far.
    pub(super) fn accepted(stream: Arc<TcpStream>, early: Vec<u8>) -> Self {
        let deadline = Deadline::after(PATIENCE.silence);
        let half = ReadHalf::new(stream, deadline);
        let (role, config) = (Role::Server, Some(config()));
        Self { socket: WebSocket::from_partially_read(half, early, role, config), role }
    }
}

/// Answers a request for a WebSocket, and then lets `talk` go on with it, on the thread of its
/// connection. A request for anything else is refused.
pub fn accept(request: &Request, talk: impl FnOnce(Socket) + Send + 'static) -> Answer {
    match check(request) {
        Ok(accepted) => {
            let talk = move |stream, early| talk(Socket::accepted(stream, early));
            Answer::TakeOver(accepted, Box::new(talk))
        }
        Err(refused) => refused.into(),
    }
}

fn check(request: &Request) -> Result<Response, Response> {
    let upgrade = |status, words: &str| {
        Response::text(status, words).with("Upgrade", "websocket").with("Connection", "Upgrade")
    };
    if (request.method(), request.is_http_1_1) != ("GET", true)
        || !request.says("Upgrade", "websocket")
        || !request.says("Connection", "upgrade")
    {
        return Err(upgrade(426, "this is for a WebSocket: ask for an upgrade to it\n"));
    }
    if !request.headers("Sec-WebSocket-Version").eq([VERSION]) {
        return Err(upgrade(426, "the version of WebSocket that is spoken here is 13\n")
            .with("Sec-WebSocket-Version", VERSION));
    }
    let mut keys = request.headers("Sec-WebSocket-Key");
    let is_key = |key: &&str| BASE64.decode(key.as_bytes()).is_ok_and(|key| key.len() == 16);
    match (keys.next().filter(is_key), keys.next()) {
        (Some(key), None) => Ok(Response::new(101)
            .with("Upgrade", "websocket")
            .with("Connection", "Upgrade")
            .with("Sec-WebSocket-Accept", derive_accept_key(key.as_bytes()))),
        _ => Err(Response::text(400, "Sec-WebSocket-Key must be 16 bytes in base64\n")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Reader;

    #[test]
    fn only_get_asks_for_a_websocket() {
        for (method, expected) in [("GET", 101), ("POST", 426)] {
            let request = format!(
                "{method} / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\
                 Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
                 Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
            );
            let here = "127.0.0.1:8080".parse().unwrap();
            let mut reader = Reader::new(request.as_bytes(), here, [].into());
            let _ = reader.read_head().unwrap();
            let response = check(reader.request()).unwrap_or_else(|refused| refused);
            let bytes = response.bytes(reader.request(), true);
            let start = format!("HTTP/1.1 {expected} ");
            assert!(bytes.starts_with(start.as_bytes()), "{method}: {}", bytes.escape_ascii());
        }
    }
}
