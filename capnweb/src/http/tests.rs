//! What comes out of a reader, for requests good and bad, in every way to cut them in pieces.

mod answering;
mod guarding;
mod noise;
mod reading;

use std::fmt::Write;
use std::io::{self, Read};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::limits::{MAX_BODY, MAX_EXTENSIONS, MAX_HEAD, MAX_HEADERS, MAX_TRAILERS};
use super::reader::Reader;
use super::refusal::Unread;
use super::*;

const HERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

/// A reader of a peer that was dialed at [`HERE`], without a proxy.
fn reader<R: Read>(stream: R) -> Reader<R> {
    Reader::new(stream, HERE, [].into())
}

/// What a reader waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Idle,
    Head,
    Body,
}

/// All that a reader makes of some bytes that come in these pieces.
#[derive(Debug, Default, PartialEq, Eq)]
struct Verdict {
    requests: Vec<String>,
    refusal: Option<Refusal>,
    /// What it waits for in the end. Not if it has refused.
    stage: Option<Stage>,
}

/// A connection that hands out one piece after the other, and then nothing for too long.
struct Pieces<'a>(Box<dyn Iterator<Item = &'a [u8]> + 'a>, &'a [u8]);

impl<'a> Pieces<'a> {
    fn of(pieces: impl IntoIterator<Item = &'a [u8], IntoIter: 'a>) -> Self {
        // An empty one would be the end of the connection.
        Self(Box::new(pieces.into_iter().filter(|piece| !piece.is_empty())), &[])
    }
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.1.is_empty() {
            self.1 = self.0.next().ok_or(io::ErrorKind::WouldBlock)?;
        }
        self.1.read(buffer)
    }
}

fn verdict<'a>(pieces: impl IntoIterator<Item = &'a [u8], IntoIter: 'a>) -> Verdict {
    verdict_of(reader(Pieces::of(pieces)))
}

fn verdict_of(mut reader: Reader<impl Read>) -> Verdict {
    let mut verdict = Verdict::default();
    loop {
        if !reader.wait_for_bytes().unwrap_or(false) {
            return Verdict { stage: Some(Stage::Idle), ..verdict };
        }
        let (stage, read) = match reader.read_head() {
            Ok(framing) => (Stage::Body, reader.read_body(framing)),
            Err(unread) => (Stage::Head, Err(unread)),
        };
        let (head, body) = reader.keeps();
        assert!(head <= MAX_HEAD && body <= MAX_BODY, "it keeps {head} and {body}");
        match read {
            Ok(()) => verdict.requests.push(told(reader.request())),
            Err(Unread::Refused(Refusal::TOO_SLOW)) => {
                return Verdict { stage: Some(stage), ..verdict };
            }
            Err(Unread::Refused(refusal)) => {
                return Verdict { refusal: Some(refusal), ..verdict };
            }
            Err(Unread::Gone) => panic!("nothing breaks here"),
        }
    }
}

/// All that a request says.
fn told(request: &Request) -> String {
    let mut told = format!("{} {}", request.method(), request.path());
    for (name, value) in &request.fields {
        let _ = write!(told, " [{name}: {value}]");
    }
    match request.body() {
        [] => {}
        body if body.len() <= 64 => {
            let _ = write!(told, " {:?}", String::from_utf8_lossy(body));
        }
        body => {
            let _ = write!(told, " {} bytes", body.len());
        }
    }
    told
}

fn whole(bytes: &[u8]) -> Verdict {
    verdict([bytes])
}

/// The verdict, after a look whether it is the same for all pieces.
fn in_any_pieces(bytes: &[u8]) -> Verdict {
    let verdict_of_whole = whole(bytes);
    assert_eq!(verdict(bytes.chunks(1)), verdict_of_whole, "byte by byte");
    for cut in 0..=bytes.len() {
        let (one, two) = bytes.split_at(cut);
        assert_eq!(verdict([one, two]), verdict_of_whole, "cut at {cut}");
        for width in [2, 3, 7] {
            let pieces = [one].into_iter().chain(two.chunks(width));
            assert_eq!(verdict(pieces), verdict_of_whole, "cut at {cut}, then by {width}");
        }
    }
    verdict_of_whole
}

fn post(head: &str, body: &str) -> String {
    format!("POST /rpc/batch HTTP/1.1\r\nHost: localhost:8080\r\n{head}\r\n\r\n{body}")
}

fn chunked(body: &str) -> String {
    post("Transfer-Encoding: chunked", body)
}

fn refusal_of(bytes: &str) -> Option<Refusal> {
    let verdict = in_any_pieces(bytes.as_bytes());
    assert!(verdict.requests.is_empty(), "{bytes:?} was taken: {verdict:?}");
    verdict.refusal
}

fn body_of(bytes: &str) -> String {
    let verdict = in_any_pieces(bytes.as_bytes());
    assert_eq!(verdict.stage, Some(Stage::Idle), "{bytes:?}: {verdict:?}");
    assert_eq!(verdict.requests.len(), 1, "{bytes:?}: {verdict:?}");
    verdict.requests[0].rsplit(']').next().unwrap_or_default().trim().to_owned()
}
