//! HTTP, as much as a stranger needs: a batch of calls and its reply, or a program's own call.

use std::env;
use std::io::{self, BufRead, Read};
use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use crate::stranger::{Stranger, accepts, is_an_end};

/// The longest wait of a stranger who speaks HTTP. A test that passes never waits it out; and one that
/// fails says why before the judge, which gives it 20 s, ends it.
pub const PATIENCE: Duration = Duration::from_secs(15);

/// Dials the program that listens on `port` of this machine, and says nothing yet.
pub fn dials(port: u16) -> io::Result<Stranger> {
    Stranger::dials((Ipv4Addr::LOCALHOST, port).into(), PATIENCE)
}

/// Dials with little room for unread bytes.
pub fn dials_with_a_small_buffer(port: u16) -> io::Result<Stranger> {
    Stranger::dials_with_a_small_buffer((Ipv4Addr::LOCALHOST, port).into(), PATIENCE)
}

/// A stranger whom a program has called on `listener`, if one does in time.
pub fn is_called(listener: &TcpListener) -> Option<Stranger> {
    let stranger = Stranger::on(accepts(listener, PATIENCE)?, PATIENCE);
    Some(stranger.expect("timeouts can be set"))
}

/// A stranger who speaks HTTP, or byte by byte what is almost HTTP.
impl Stranger {
    /// Sends a batch of calls, as it should be.
    #[track_caller]
    pub fn posts(&mut self, body: &[u8]) {
        let request = [batch_head(self.port, body.len()).as_bytes(), body].concat();
        self.sends(request);
    }

    /// The next reply. Whatever it is, it must tell nothing of this machine.
    #[track_caller]
    pub fn hears_reply(&mut self) -> Reply {
        let reply = self.reads_reply().expect("the program replies in time");
        tells_nothing_of_this_machine(&reply.text());
        reply
    }

    /// The next reply, if there is one.
    pub fn reads_reply(&mut self) -> io::Result<Reply> {
        Reply::read(&mut self.incoming)
    }

    /// Reads all bytes up to the end of the connection.
    #[track_caller]
    pub fn hears_the_end(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        match self.incoming.read_to_end(&mut rest) {
            Ok(_) => rest,
            Err(error) if is_an_end(&error) => rest,
            Err(error) => panic!("the program hangs up in time, but: {error}"),
        }
    }

    /// A whole request of a program that has called us.
    #[track_caller]
    pub fn hears_request(&mut self) -> String {
        let (head, body) = read_message(&mut self.incoming).expect("the program calls in time");
        assert!(head.to_lowercase().contains("\r\ncontent-length: "), "no length: {head}");
        head + &String::from_utf8_lossy(&body)
    }
}

/// Demands that this text names no file, neither of the source nor of this machine.
#[track_caller]
pub fn tells_nothing_of_this_machine(text: &str) {
    let folder = env::current_dir().expect("cargo runs a test in the folder of its package");
    let folder = folder.to_string_lossy();
    for secret in ["/src/", "\\src\\", ".rs", "panicked", &folder] {
        assert!(!text.contains(secret), "{secret:?} is in {text:?}");
    }
}

/// The reply of a program.
#[derive(Debug)]
pub struct Reply {
    /// The status code, such as 200.
    pub status: u16,
    /// The status line and the headers, up to the empty line.
    pub head: String,
    /// The body, as long as the head says.
    pub body: Vec<u8>,
}

impl Reply {
    /// Reads the next reply.
    ///
    /// ```
    /// let bytes = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi and more";
    /// let reply = scenario::http::Reply::read(&mut bytes.as_bytes()).unwrap();
    /// assert_eq!((reply.status, reply.text().as_str()), (200, "hi"));
    /// ```
    pub fn read(incoming: &mut impl BufRead) -> io::Result<Self> {
        let (head, body) = read_message(incoming)?;
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.ok_or_else(|| io::Error::other(format!("no HTTP: {head:?}")))?;
        Ok(Self { status, head, body })
    }

    /// The body.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The value of a header.
    pub fn field(&self, name: &str) -> Option<&str> {
        field(&self.head, name)
    }
}

/// Reads a head, and a body as long as the head says.
pub fn read_message(incoming: &mut impl BufRead) -> io::Result<(String, Vec<u8>)> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if incoming.read_line(&mut head)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    let length = field(&head, "content-length").map_or(Ok(0), str::parse);
    let length = length.map_err(|_| io::Error::other(format!("no length: {head:?}")))?;
    let mut body = vec![0; length];
    incoming.read_exact(&mut body)?;
    Ok((head, body))
}

/// The head of a batch of calls to a program on `port`, as it should be.
pub fn batch_head(port: u16, length: usize) -> String {
    format!(
        "POST /rpc/batch HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: {length}\r\n\r\n"
    )
}

fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut fields = head.lines().filter_map(|line| line.split_once(':'));
    fields.find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}
