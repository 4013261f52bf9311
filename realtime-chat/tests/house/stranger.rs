//! A stranger: a bare socket, and what a test says on it: HTTP, and frames of a WebSocket, right or
//! wrong, byte by byte.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use socket2::{Domain, Socket, Type};

/// How long a stranger waits for the server. A test that passes never waits it out.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) const TEXT: u8 = 0x81;
pub(crate) const BINARY: u8 = 0x82;
pub(crate) const CLOSE: u8 = 0x88;
pub(crate) const PING: u8 = 0x89;
pub(crate) const PONG: u8 = 0x8A;

/// A bare TCP connection, and what a test says on it.
pub(crate) struct Stranger {
    pub(crate) stream: TcpStream,
    incoming: BufReader<TcpStream>,
    port: u16,
}

/// What the server has answered in HTTP.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Stranger {
    pub(crate) fn dials(port: u16) -> io::Result<Self> {
        Self::on(TcpStream::connect((Ipv4Addr::LOCALHOST, port))?, port)
    }

    /// The same, with little room for what it has not read yet.
    pub(crate) fn dials_with_a_narrow_ear(port: u16) -> io::Result<Self> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.set_recv_buffer_size(4096)?;
        socket.connect(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into())?;
        Self::on(socket.into(), port)
    }

    fn on(stream: TcpStream, port: u16) -> io::Result<Self> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        let incoming = BufReader::new(stream.try_clone()?);
        Ok(Self { stream, incoming, port })
    }

    #[track_caller]
    pub(crate) fn sends(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).expect("the server takes it");
    }

    /// The same, if the server still listens.
    pub(crate) fn tries_to_send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream.write_all(bytes.as_ref()).is_ok()
    }

    /// A batch, as it should be.
    #[track_caller]
    pub(crate) fn posts(&mut self, body: &[u8]) {
        let request = [head(self.port, body.len()).as_bytes(), body].concat();
        self.sends(request);
    }

    /// Asks for a WebSocket, with these headers besides, and gets it.
    #[track_caller]
    pub(crate) fn upgrades(&mut self, headers: &str) {
        self.sends(upgrade(self.port, "/rpc/ws", headers));
        let reply = self.hears_reply();
        assert_eq!(reply.status, 101, "{}", reply.head);
        // What belongs to the key in `upgrade`, in RFC 6455.
        let accepted = reply.field("sec-websocket-accept");
        assert_eq!(accepted, Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{}", reply.head);
    }

    /// The next reply. Whatever it is, it must tell nothing of this machine.
    #[track_caller]
    pub(crate) fn hears_reply(&mut self) -> Reply {
        let reply = self.reads_reply().expect("the server replies in time");
        tells_nothing_of_this_machine(&reply.text());
        reply
    }

    pub(crate) fn reads_reply(&mut self) -> io::Result<Reply> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if self.incoming.read_line(&mut head)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        let no_http = || io::Error::other(format!("no HTTP: {head:?}"));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.ok_or_else(no_http)?;
        let length = field(&head, "content-length").map_or(Some(0), |it| it.parse().ok());
        let mut body = vec![0; length.ok_or_else(no_http)?];
        self.incoming.read_exact(&mut body)?;
        Ok(Reply { status, head, body })
    }

    /// Says that nothing more will come from here; it can still listen.
    pub(crate) fn hangs_up(&self) {
        let _ = self.stream.shutdown(Shutdown::Write); // Fails if the server was first.
    }

    /// Sends one frame.
    #[track_caller]
    pub(crate) fn says(&mut self, first: u8, payload: impl AsRef<[u8]>) {
        self.sends(frame(first, payload.as_ref()));
    }

    /// The next frame: its first byte, and what it carries. `None` when the server has hung up.
    #[track_caller]
    pub(crate) fn hears(&mut self) -> Option<(u8, Vec<u8>)> {
        match self.reads_frame() {
            Ok(frame) => Some(frame),
            Err(error) if is_an_end(&error) => None,
            Err(error) => panic!("the server says something in time, but: {error}"),
        }
    }

    fn reads_frame(&mut self) -> io::Result<(u8, Vec<u8>)> {
        let mut head = [0; 2];
        self.incoming.read_exact(&mut head)?;
        let length = match head[1] {
            126 => {
                let mut length = [0; 2];
                self.incoming.read_exact(&mut length)?;
                u64::from(u16::from_be_bytes(length))
            }
            127 => {
                let mut length = [0; 8];
                self.incoming.read_exact(&mut length)?;
                u64::from_be_bytes(length)
            }
            short => u64::from(short), // A server does not mask.
        };
        let mut payload = vec![0; usize::try_from(length).expect("a length")];
        self.incoming.read_exact(&mut payload)?;
        Ok((head[0], payload))
    }

    /// Reads up to the server's goodbye: what it said before, in texts, and code and reason of
    /// its close frame, if there was one.
    #[track_caller]
    pub(crate) fn hears_the_end(&mut self) -> (Vec<String>, Option<(u16, String)>) {
        let mut texts = Vec::new();
        loop {
            match self.hears() {
                None => return (texts, None),
                Some((CLOSE, payload)) => {
                    let code = payload.first_chunk().map_or(1005, |it| u16::from_be_bytes(*it));
                    let reason = payload.get(2..).unwrap_or_default();
                    let reason = String::from_utf8_lossy(reason).into_owned();
                    return (texts, Some((code, reason)));
                }
                Some((TEXT, payload)) => {
                    texts.push(String::from_utf8(payload).expect("texts are UTF-8"));
                }
                Some(_) => {}
            }
        }
    }
}

impl Reply {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        field(&self.head, name)
    }
}

/// A frame of a client's.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    const MASK: [u8; 4] = [1, 2, 3, 4];
    let mut frame = claim(first, payload.len() as u64);
    frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

/// The beginning of a frame of a client's, which says how long it is.
pub(crate) fn claim(first: u8, length: u64) -> Vec<u8> {
    let mut head = vec![first];
    match length {
        0..=125 => head.push(0x80 | u8::try_from(length).expect("it is short")),
        126..=0xFFFF => {
            head.push(0xFE);
            head.extend(u16::try_from(length).expect("it is not long").to_be_bytes());
        }
        _ => {
            head.push(0xFF);
            head.extend(length.to_be_bytes());
        }
    }
    head.extend([1, 2, 3, 4]);
    head
}

/// The head of a batch, as it should be.
pub(crate) fn head(port: u16, length: usize) -> String {
    format!(
        "POST /rpc/batch HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: {length}\r\n\r\n"
    )
}

/// A request for a WebSocket, as it should be, with these headers besides.
pub(crate) fn upgrade(port: u16, path: &str, headers: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n\
         Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Sec-WebSocket-Version: 13\r\n{headers}\r\n"
    )
}

/// The value of a header, whose name is in small letters.
fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        let (field, value) = line.split_once(':')?;
        field.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

/// Whether a connection has ended, in whatever way.
fn is_an_end(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    matches!(error.kind(), ConnectionReset | ConnectionAborted | BrokenPipe | UnexpectedEof)
}

/// What is shown or answered names no file, neither of the source nor of this machine.
#[track_caller]
pub(crate) fn tells_nothing_of_this_machine(text: &str) {
    for secret in [".rs:", "panicked", env!("CARGO_MANIFEST_DIR")] {
        assert!(!text.contains(secret), "{secret:?} is in {text:?}");
    }
}
