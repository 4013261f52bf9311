//! What comes out of a reader, for requests good and bad, in every way to cut them in pieces.

use std::fmt::Write;
use std::io::{self, Read};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::limits::{MAX_BODY, MAX_EXTENSIONS, MAX_HEAD, MAX_HEADERS, MAX_TRAILERS};
use super::reader::Reader;
use super::refusal::Unread;
use super::*;

const HERE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

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
    let mut reader = Reader::new(Pieces::of(pieces), HERE);
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
    for (name, value) in request.fields() {
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

#[test]
fn requests_are_read_in_pieces_of_any_size() {
    for (bytes, requests) in [
        ("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", &["GET / [Host: localhost]"][..]),
        ("\r\n\r\nGET / HTTP/1.1\r\nHost: [::1]\r\n\r\n", &["GET / [Host: [::1]]"]),
        (
            "GET /a?b HTTP/1.0\r\nhost:127.0.0.1:8080\r\nX: \t y z\t \r\nEmpty:\r\n\r\n",
            &["GET /a [host: 127.0.0.1:8080] [X: y z] [Empty: ]"],
        ),
        (
            "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n\
             GET HTTP://127.0.0.1?x HTTP/1.1\r\nHost: localhost\r\n\r\n",
            &["OPTIONS * [Host: localhost]", "GET / [Host: localhost]"],
        ),
        (
            "POST /p HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello\
             POST /q HTTP/1.1\r\nHost: localhost\r\ntransfer-encoding: Chunked\r\n\r\n\
             3;x=\"y\"\r\nabc\r\n00a\r\n0123456789\r\n0;\r\nX: y\r\n\r\n\r\n\
             GET /r HTTP/1.1\r\nHost: localhost\r\n\r\n",
            &[
                "POST /p [Host: localhost] [Content-Length: 5] \"hello\"",
                "POST /q [Host: localhost] [transfer-encoding: Chunked] \"abc0123456789\"",
                "GET /r [Host: localhost]",
            ],
        ),
    ] {
        let verdict = in_any_pieces(bytes.as_bytes());
        assert_eq!(verdict.requests, requests);
        assert_eq!((verdict.refusal, verdict.stage), (None, Some(Stage::Idle)), "{bytes:?}");
    }
}

#[test]
fn what_has_not_come_yet_is_waited_for() {
    for (bytes, stage) in [
        ("", Stage::Idle),
        ("G", Stage::Head),
        ("\r", Stage::Head),
        ("\r\n", Stage::Head),
        ("GET / HTTP/1.1\r\nHost: localhost\r\n\r", Stage::Head),
        ("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n\r\n", Stage::Head),
        (&post("Content-Length: 3", ""), Stage::Body),
        (&post("Content-Length: 3", "ab"), Stage::Body),
        (&chunked(""), Stage::Body),
        (&chunked("3\r\nabc\r\n0\r\n"), Stage::Body),
    ] {
        let verdict = in_any_pieces(bytes.as_bytes());
        assert_eq!((verdict.refusal, verdict.stage), (None, Some(stage)), "{bytes:?}");
    }
}

#[test]
fn heads_that_are_none_are_refused() {
    let head = |rest: &str| format!("GET / HTTP/1.1\r\nHost: localhost\r\n{rest}\r\n\r\n");
    for (bytes, refusal) in [
        ("hello\r\n\r\n", Refusal::NOT_HTTP),
        ("GET /\r\n\r\n", Refusal::NOT_HTTP),
        ("GET / FTP/1.1\r\nHost: localhost\r\n\r\n", Refusal::NOT_HTTP),
        ("GET / http/1.1\r\nHost: localhost\r\n\r\n", Refusal::NOT_HTTP),
        ("GET  / HTTP/1.1\r\nHost: localhost\r\n\r\n", Refusal::NOT_HTTP),
        ("GET / HTTP/1.1 \r\nHost: localhost\r\n\r\n", Refusal::NOT_HTTP),
        ("G(T / HTTP/1.1\r\nHost: localhost\r\n\r\n", Refusal::NOT_HTTP),
        ("\x16\x03\x01\x02", Refusal::NOT_HTTP), // A browser that tries https.
        ("GET / HTTP/1.1\r\nHost: local\0host\r\n\r\n", Refusal::NOT_HTTP),
        (&head("X-\u{7f}: y"), Refusal::NOT_HTTP),
        (&head("no colon"), Refusal::NOT_HTTP),
        (&head(": no name"), Refusal::NOT_HTTP),
        (&head("X : space before the colon"), Refusal::NOT_HTTP),
        (&head("Transfer-Encoding : chunked"), Refusal::NOT_HTTP),
        (&head("Content-Length\t: 5"), Refusal::NOT_HTTP),
        (&head("X\u{e4}: y"), Refusal::NOT_HTTP),
        (&head("X: y\r\n folded"), Refusal::FOLDED),
        (&head("X: y\r\n\tfolded"), Refusal::FOLDED),
        (&head(" X: y"), Refusal::FOLDED),
        (" GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", Refusal::FOLDED),
        ("GET / HTTP/1.1\nHost: localhost\n\n", Refusal::LINE_END),
        ("\nGET / HTTP/1.1\r\nHost: localhost\r\n\r\n", Refusal::LINE_END),
        (&head("X: y\nContent-Length: 5"), Refusal::LINE_END),
        (&head("X: y\rContent-Length: 5"), Refusal::LINE_END),
        (&head("X: y\r\r"), Refusal::LINE_END),
        ("GET / HTTP/1.1\r\nHost: localhost\r\n\n", Refusal::LINE_END),
        ("GET / HTTP/2.0\r\nHost: localhost\r\n\r\n", Refusal::VERSION),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Refusal::VERSION),
        ("GET / HTTP/0.9\r\nHost: localhost\r\n\r\n", Refusal::VERSION),
        ("GET * HTTP/1.1\r\nHost: localhost\r\n\r\n", Refusal::TARGET),
        ("GET rpc HTTP/1.1\r\nHost: localhost\r\n\r\n", Refusal::TARGET),
        ("GET /\u{e4} HTTP/1.1\r\nHost: localhost\r\n\r\n", Refusal::TARGET),
        ("GET https://localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n", Refusal::TARGET),
        ("CONNECT localhost:1 HTTP/1.1\r\nHost: localhost\r\n\r\n", Refusal::TARGET),
    ] {
        assert_eq!(refusal_of(bytes), Some(refusal), "{bytes:?}");
    }
    let no_text = in_any_pieces(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: \xff\r\n\r\n");
    assert_eq!(no_text.refusal, Some(Refusal::NOT_HTTP));
}

#[test]
fn a_body_whose_end_can_be_read_in_two_ways_is_refused() {
    for (head, refusal) in [
        ("X: y", Refusal::NO_LENGTH),
        ("Content-Length: 5\r\nTransfer-Encoding: chunked", Refusal::BOTH_LENGTHS),
        ("Transfer-Encoding: chunked\r\nContent-Length: 5", Refusal::BOTH_LENGTHS),
        ("Transfer-Encoding: chunked\r\nContent-Length:", Refusal::BOTH_LENGTHS),
        ("Content-Length: 5\r\nContent-Length: 6", Refusal::LENGTH),
        ("Content-Length: 5\r\nContent-Length: 5", Refusal::LENGTH),
        ("Content-Length: 5, 5", Refusal::LENGTH),
        ("Content-Length:", Refusal::LENGTH),
        ("Content-Length: -5", Refusal::LENGTH),
        ("Content-Length: +5", Refusal::LENGTH),
        ("Content-Length: 0x5", Refusal::LENGTH),
        ("Content-Length: 5a", Refusal::LENGTH),
        ("Content-Length: 5.0", Refusal::LENGTH),
        ("Content-Length: 5 5", Refusal::LENGTH),
        ("Content-Length: \u{0665}", Refusal::LENGTH),
        ("Content-Length: 18446744073709551616", Refusal::LENGTH),
        ("Content-Length: 18446744073709551615", Refusal::BODY_TOO_LONG),
        ("Content-Length: 100000000", Refusal::BODY_TOO_LONG),
        ("Transfer-Encoding: chunked, x", Refusal::CODING),
        ("Transfer-Encoding: xchunked", Refusal::CODING),
        ("Transfer-Encoding: chunkedx", Refusal::CODING),
        ("Transfer-Encoding: x chunked", Refusal::CODING),
        ("Transfer-Encoding: \"chunked\"", Refusal::CODING),
        ("Transfer-Encoding: chunked;a=b", Refusal::CODING),
        ("Transfer-Encoding: chunked, chunked", Refusal::CODING),
        ("Transfer-Encoding: \u{a0}chunked", Refusal::CODING),
        ("Transfer-Encoding:", Refusal::CODING),
        ("Transfer-Encoding: identity", Refusal::CODING),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", Refusal::CODING),
        ("Transfer-Encoding: x\r\nTransfer-Encoding: chunked", Refusal::CODING),
        ("Transfer-Encoding: gzip, chunked", Refusal::UNKNOWN_CODING),
        ("Expect: 200-ok\r\nContent-Length: 5", Refusal::EXPECTATION),
    ] {
        assert_eq!(refusal_of(&post(head, "")), Some(refusal), "{head:?}");
    }
    let old =
        "POST / HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    assert_eq!(refusal_of(old), Some(Refusal::CODING));
}

#[test]
fn chunks_are_put_together_and_anything_but_chunks_is_refused() {
    for (bytes, body) in [
        ("0\r\n\r\n", ""),
        ("1\r\na\r\n1\r\nb\r\n0\r\n\r\n", "\"ab\""),
        ("A\r\n0123456789\r\n000\r\n\r\n", "\"0123456789\""),
        ("0000000000000001;a=b;c=\"\t\"\r\na\r\n0;x\r\nX: y\r\nZ: w\r\n\r\n", "\"a\""),
    ] {
        assert_eq!(body_of(&chunked(bytes)), body);
    }
    for (bytes, refusal) in [
        ("\r\n", Refusal::CHUNK),
        (";x\r\n", Refusal::CHUNK),
        ("g\r\n", Refusal::CHUNK),
        ("-1\r\n", Refusal::CHUNK),
        ("+1\r\n", Refusal::CHUNK),
        ("0x1\r\n", Refusal::CHUNK),
        (" 1\r\n", Refusal::CHUNK),
        ("1 \r\na\r\n", Refusal::CHUNK),
        ("1\na\r\n", Refusal::CHUNK),
        ("1\r\r\n", Refusal::CHUNK),
        ("1;x\ny\r\n", Refusal::CHUNK),
        ("1;x\0\r\n", Refusal::CHUNK),
        ("1\r\nab\r\n", Refusal::CHUNK),
        ("1\r\na\n", Refusal::CHUNK),
        ("1\r\na1\r\nb", Refusal::CHUNK),
        ("1\r\na\r1", Refusal::CHUNK),
        ("10000000000000000\r\n", Refusal::CHUNK),
        ("00000000000000001\r\n", Refusal::CHUNK),
        ("ffffffffffffffff\r\n", Refusal::BODY_TOO_LONG),
        ("1\r\na\r\nfffffffffffffffe\r\n", Refusal::BODY_TOO_LONG),
        ("0\r\nX\r\n\r\n", Refusal::CHUNK),
        ("0\r\nX : y\r\n\r\n", Refusal::CHUNK),
        ("0\r\n X: y\r\n\r\n", Refusal::FOLDED),
        ("0\r\nX: y\n\r\n", Refusal::LINE_END),
        ("0\r\nGET / HTTP/1.1\r\n\r\n", Refusal::CHUNK),
    ] {
        assert_eq!(refusal_of(&chunked(bytes)), Some(refusal), "{bytes:?}");
    }
}

#[test]
fn every_limit_is_reached_and_not_passed() {
    const FRAME: usize = "GET / HTTP/1.1\r\nHost: localhost\r\nX: \r\n\r\n".len();
    let head = |length| {
        let filler = "x".repeat(length - FRAME);
        whole(format!("GET / HTTP/1.1\r\nHost: localhost\r\nX: {filler}\r\n\r\n").as_bytes())
    };
    assert_eq!(head(MAX_HEAD).requests.len(), 1);
    assert_eq!(head(MAX_HEAD + 1).refusal, Some(Refusal::HEAD_TOO_LONG));
    assert_eq!(whole(&b"\r\n".repeat(MAX_HEAD)).refusal, Some(Refusal::HEAD_TOO_LONG));

    let headers = |count| {
        let filler = "X: y\r\n".repeat(count - 1);
        whole(format!("GET / HTTP/1.1\r\nHost: localhost\r\n{filler}\r\n").as_bytes())
    };
    assert_eq!(headers(MAX_HEADERS).requests.len(), 1);
    assert_eq!(headers(MAX_HEADERS + 1).refusal, Some(Refusal::TOO_MANY_HEADERS));

    let body = "x".repeat(MAX_BODY);
    let length = |length| whole(post(&format!("Content-Length: {length}"), &body).as_bytes());
    assert_eq!(length(MAX_BODY).requests.len(), 1);
    assert_eq!(length(MAX_BODY + 1).refusal, Some(Refusal::BODY_TOO_LONG));

    let in_chunks = |last: &str| {
        let (half, size) = (&body[..MAX_BODY / 2], MAX_BODY / 2);
        let bytes = format!("{size:x}\r\n{half}\r\n{size:x}\r\n{half}\r\n{last}\r\n\r\n");
        whole(chunked(&bytes).as_bytes())
    };
    assert_eq!(in_chunks("0").requests.len(), 1);
    assert_eq!(in_chunks("1").refusal, Some(Refusal::BODY_TOO_LONG));

    let extensions = |length: usize| {
        let (one, two) = ("x".repeat(length / 2), "x".repeat(length - length / 2));
        whole(chunked(&format!("1;{one}\r\na\r\n0;{two}\r\n\r\n")).as_bytes())
    };
    assert_eq!(extensions(MAX_EXTENSIONS).requests.len(), 1);
    assert_eq!(extensions(MAX_EXTENSIONS + 1).refusal, Some(Refusal::CHUNK));

    let trailers = |length: usize| {
        let filler = "x".repeat(length - "X: \r\n\r\n".len());
        whole(chunked(&format!("0\r\nX: {filler}\r\n\r\n")).as_bytes())
    };
    assert_eq!(trailers(MAX_TRAILERS).requests.len(), 1);
    assert_eq!(trailers(MAX_TRAILERS + 1).refusal, Some(Refusal::HEAD_TOO_LONG));
}

#[test]
fn only_names_of_this_machine_are_answered() {
    let ours = ["localhost", "LocalHost:8080", "127.0.0.1", "127.9.9.9:8080", "[::1]:8080"];
    for host in ours {
        assert!(guard::is_ours(host, HERE), "{host}");
    }
    for host in [
        "",
        ":8080",
        "localhost:",
        "localhost:80",
        "localhost:08080",
        "localhost:+8080",
        "localhost:8080:8080",
        "localhost.evil.example",
        "evil.example",
        "evil.example:8080",
        "localhost.",
        "user@localhost",
        "localhost@evil.example",
        "localhost/evil",
        "127.1",
        "0.0.0.0",
        "128.0.0.1",
        "192.168.0.1",
        "127.0.0.1.evil.example",
        "0x7f.0.0.1",
        "::1",
        "[::1",
        "::1]",
        "[::]",
        "[::1]x",
        "[::1]:80",
        "[::ffff:127.0.0.1]",
        "[127.0.0.1]",
        "2130706433",
    ] {
        assert!(!guard::is_ours(host, HERE), "{host}");
    }
    // A caller that dials another address of ours may call us by it, and by no other.
    let there = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 168, 0, 1)), 8080);
    assert!(guard::is_ours("192.168.0.1:8080", there) && guard::is_ours("localhost", there));
    assert!(!guard::is_ours("192.168.0.2", there) && !guard::is_ours("192.168.0.1:80", there));
    for (head, refusal) in [
        ("X: y", Some(Refusal::NO_HOST)),
        ("Host: localhost\r\nHost: localhost", Some(Refusal::TWO_HOSTS)),
        ("Host: localhost\r\nHost: evil.example", Some(Refusal::TWO_HOSTS)),
        ("Host: localhost, localhost", Some(Refusal::FOREIGN_HOST)),
        ("Host:", Some(Refusal::FOREIGN_HOST)),
        ("Host: evil.example:8080", Some(Refusal::FOREIGN_HOST)),
        ("Host: localhost:8080", None),
    ] {
        for version in ["1.0", "1.1"] {
            let bytes = format!("GET / HTTP/{version}\r\n{head}\r\n\r\n");
            assert_eq!(in_any_pieces(bytes.as_bytes()).refusal, refusal, "{bytes:?}");
        }
    }
    let other = "GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n";
    assert_eq!(refusal_of(other), Some(Refusal::FOREIGN_HOST));
    let hidden = "GET http://localhost@evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n";
    assert_eq!(refusal_of(hidden), Some(Refusal::FOREIGN_HOST));
}

#[test]
fn web_pages_of_others_are_not_answered() {
    for (head, is_taken) in [
        ("X: y", true),
        ("Origin: http://localhost:8080", true),
        ("Origin: http://LOCALHOST:8080", true),
        ("Sec-Fetch-Site: same-origin\r\nOrigin: http://localhost:8080", true),
        ("Sec-Fetch-Site: none", true),
        ("Origin: null", false),
        ("Origin:", false),
        ("Origin: localhost:8080", false),
        ("Origin: https://localhost:8080", false),
        ("Origin: http://localhost", false),
        ("Origin: http://localhost:8081", false),
        ("Origin: http://127.0.0.1:8080", false), // Another page, for a browser.
        ("Origin: http://localhost:8080/", false),
        ("Origin: http://localhost:8080 http://evil.example", false),
        ("Origin: http://localhost:8080\r\nOrigin: http://evil.example", false),
        ("Origin: http://evil.example\r\nOrigin: http://localhost:8080", false),
        ("Origin: http://evil.example", false),
        ("Origin: file://", false),
        ("Origin: http://localhost:8080.evil.example", false),
        ("Sec-Fetch-Site: cross-site", false),
        ("Sec-Fetch-Site: Cross-Site", false),
        ("Sec-Fetch-Site: same-site", false),
        ("Sec-Fetch-Site: none\r\nSec-Fetch-Site: cross-site", false),
        ("Origin: http://localhost:8080\r\nSec-Fetch-Site: cross-site", false),
    ] {
        let bytes = format!("GET / HTTP/1.1\r\nHost: localhost:8080\r\n{head}\r\n\r\n");
        let refusal = (!is_taken).then_some(Refusal::FOREIGN_PAGE);
        assert_eq!(in_any_pieces(bytes.as_bytes()).refusal, refusal, "{head}");
    }
    // Before a byte of the body has come.
    assert_eq!(
        refusal_of(&post("Origin: http://evil.example\r\nContent-Length: 5", "")),
        Some(Refusal::FOREIGN_PAGE)
    );
}

/// A reader that has read one whole request.
fn request(bytes: &str) -> Reader<&[u8]> {
    let mut reader = Reader::new(bytes.as_bytes(), HERE);
    let framing = reader.read_head().expect(bytes);
    reader.read_body(framing).expect(bytes);
    reader
}

#[test]
fn a_connection_stays_if_the_caller_wants_it_and_the_answer_says_what_it_has_to() {
    for (version, head, ends) in [
        ("1.1", "X: y", "Content-Length: 2\r\n\r\n"),
        ("1.1", "Connection: close", "Content-Length: 2\r\nConnection: close\r\n\r\n"),
        ("1.1", "Connection: x ,\tClose", "Content-Length: 2\r\nConnection: close\r\n\r\n"),
        ("1.1", "Connection: x\r\nConnection: close", "2\r\nConnection: close\r\n\r\n"),
        ("1.1", "Connection: closed", "Content-Length: 2\r\n\r\n"),
        ("1.0", "X: y", "Content-Length: 2\r\nConnection: close\r\n\r\n"),
        ("1.0", "Connection: Keep-Alive", "2\r\nConnection: keep-alive\r\n\r\n"),
        ("1.0", "Connection: keep-alive, close", "2\r\nConnection: close\r\n\r\n"),
    ] {
        for method in ["GET", "HEAD"] {
            let head =
                format!("{method} / HTTP/{version}\r\nHost: localhost\r\n{head}\r\n\r\n");
            let reader = request(&head);
            let out = Response::text(200, "hi")
                .bytes(reader.request(), !reader.request().keeps_alive());
            let body = if method == "HEAD" { "" } else { "hi" };
            let out = String::from_utf8(out).unwrap();
            assert!(out.ends_with(&format!("{ends}{body}")), "{head:?}: {out:?}");
        }
    }
}

#[test]
fn an_answer_is_one_piece_and_nothing_in_it_ends_a_line_too_early() {
    let reader = request("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let out =
        Response::text(200, "hi").with("X", "a\r\nY: b\u{85}").bytes(reader.request(), false);
    assert_eq!(
        String::from_utf8(out).unwrap(),
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nX: a  Y: b \r\n\
         Content-Length: 2\r\n\r\nhi"
    );
    for status in [101, 204] {
        let out = Response::new(status).bytes(reader.request(), false);
        assert!(!String::from_utf8(out).unwrap().contains("Content-Length"), "{status}");
    }
}

#[test]
fn only_a_post_to_the_path_gets_through() {
    for (line, status) in [
        ("POST /rpc/batch", None),
        ("POST /rpc/batch?x=/y", None),
        ("POST http://localhost/rpc/batch", None),
        ("GET /rpc/batch", Some(405)),
        ("HEAD /rpc/batch", Some(405)),
        ("PUT /rpc/batch", Some(405)),
        ("OPTIONS /rpc/batch", Some(204)),
        ("OPTIONS *", Some(204)),
        ("BREW /rpc/batch", Some(501)),
        ("post /rpc/batch", Some(501)),
        ("POST /", Some(404)),
        ("POST /rpc/batch/", Some(404)),
        ("POST /rpc/%62atch", Some(404)),
        ("GET /nope", Some(404)),
        ("OPTIONS /nope", Some(404)),
    ] {
        let head = format!("{line} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
        let answer = is_post_to("/rpc/batch", request(&head).request()).err();
        assert_eq!(answer.as_ref().map(Response::status), status, "{line}");
        let out = answer.unwrap_or(Response::new(200)).last_bytes();
        let allows = String::from_utf8(out).unwrap().contains("\r\nAllow: OPTIONS, POST\r\n");
        assert_eq!(allows, matches!(status, Some(204 | 405)), "{line}");
    }
}

#[test]
fn a_caller_that_waits_for_a_word_gets_one_and_only_then() {
    let expect = "Expect: 100-Continue\r\nContent-Length: 2";
    let words = |bytes: &str| {
        let mut reader = Reader::new(bytes.as_bytes(), HERE);
        let framing = reader.read_head().unwrap();
        reader.owes_continue(framing)
    };
    assert!(words(&post(expect, "")));
    assert!(!words(&post(expect, "h")), "it does not wait");
    assert!(!words(&post(expect, "hi")));
    assert!(!words(&post("Content-Length: 2", "")));
    assert!(!words(&post("Expect: 100-continue\r\nContent-Length: 0", "")), "all is here");
    let old = post(expect, "").replace("HTTP/1.1", "HTTP/1.0");
    assert!(!words(&old), "HTTP/1.0 knows no such word");
}

#[test]
fn refusals_are_short_and_clean() {
    for refusal in
        [Refusal::NOT_HTTP, Refusal::FOREIGN_PAGE, Refusal::TOO_MANY_CALLERS, Refusal::BROKEN]
    {
        let out = Response::from(refusal).last_bytes();
        let out = String::from_utf8(out).unwrap();
        assert!(out.starts_with(&format!("HTTP/1.1 {} ", refusal.0)), "{out}");
        assert!(out.contains("\r\nConnection: close\r\n") && out.len() < 300, "{out}");
        assert!(out.ends_with(&format!("\r\n\r\n{refusal}\n")), "{out}");
    }
}

/// Xorshift: numbers without a pattern, and the same ones every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides as u64).unwrap()
    }

    fn pick<'a>(&mut self, words: &[&'a [u8]]) -> &'a [u8] {
        words[self.roll(words.len())]
    }
}

/// Pieces of requests, so that chance gets further than the first line.
const WORDS: [&[u8]; 36] = [
    b"GET / HTTP/1.1\r\n",
    b"POST /rpc/batch HTTP/1.1\r\nHost: localhost\r\n",
    b"POST /rpc/batch HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n",
    b"POST /rpc/batch HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"POST /rpc/batch HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"5\r\nhello\r\n",
    b"5\r\nhello\r\n",
    b"0\r\n\r\n",
    b"0\r\n\r\n",
    b"HTTP/1.0\r\n",
    b"Host: localhost\r\n",
    b"Host: evil.example\r\n",
    b"Origin: null\r\n",
    b"Content-Length: 5\r\n",
    b"Content-Length: 9999999999\r\n",
    b"Content-Length: 1048577\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: gzip\r\n",
    b"Connection: close\r\n",
    b"Expect: 100-continue\r\n",
    b"\r\n",
    b"\r\n\r\n",
    b"\n",
    b"\r",
    b" ",
    b"\t",
    b":",
    b";x=y",
    b"0",
    b"f",
    b"ffffffffffffffff\r\n",
    b"hello",
    b"\0",
    b"\xc3\xa4",
    b"\xff",
    b"GET",
];

fn noise(dice: &mut Dice) -> Vec<u8> {
    let mut bytes = Vec::new();
    for _ in 0..=dice.roll(12) {
        bytes.extend_from_slice(dice.pick(&WORDS));
    }
    match dice.roll(20) {
        0 => bytes = bytes.repeat(1 + dice.roll(200)),
        1 => bytes.extend((0..dice.roll(40)).map(|_| b"\r\n\0 :/Gz"[dice.roll(8)])),
        2 => bytes.resize(bytes.len() + dice.roll(2 * MAX_HEAD), b'x'),
        _ => {}
    }
    for _ in 0..dice.roll(3) {
        let spot = dice.roll(bytes.len());
        match dice.roll(3) {
            0 => bytes[spot] = u8::try_from(dice.roll(256)).unwrap(),
            1 => bytes.insert(spot, u8::try_from(dice.roll(256)).unwrap()),
            _ if bytes.len() > 1 => drop(bytes.remove(spot)),
            _ => {}
        }
    }
    bytes
}

/// Cuts bytes into pieces at random, some of them empty.
fn cut<'a>(mut bytes: &'a [u8], dice: &mut Dice) -> Vec<&'a [u8]> {
    let longest = [1, 3, 20, 5000][dice.roll(4)];
    let mut pieces = Vec::new();
    while !bytes.is_empty() {
        let (piece, rest) = bytes.split_at(dice.roll(longest + 1).min(bytes.len()));
        pieces.push(piece);
        bytes = rest;
    }
    pieces
}

#[test]
fn the_verdict_on_any_input_does_not_depend_on_the_pieces() {
    let mut dice = Dice(0x2545_F491_4F6C_DD1D);
    let (mut taken, mut refused, mut waiting) = (0, 0, 0);
    for round in 0..40_000 {
        let bytes = noise(&mut dice);
        let expected = whole(&bytes); // Which also looks at how much is kept.
        let pieces = cut(&bytes, &mut dice);
        assert_eq!(
            verdict(pieces.iter().copied()),
            expected,
            "round {round}: {:?} in {pieces:?}",
            String::from_utf8_lossy(&bytes)
        );
        taken += expected.requests.len();
        refused += usize::from(expected.refusal.is_some());
        waiting += usize::from(expected.stage.is_some_and(|stage| stage != Stage::Idle));
    }
    // The noise is worth something: it comes to all ends.
    assert!(taken > 1000 && refused > 1000 && waiting > 1000, "{taken} {refused} {waiting}");
}

#[test]
fn we_read_the_same_headers_as_the_parser_that_has_judged_them() {
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    let parts: [&[u8]; 9] =
        [b"X", b"Y-z", b":", b" ", b"\t", b"a b", b"\r\n", b": ", b"\xc3\xa4"];
    let mut compared = 0;
    for _ in 0..40_000 {
        let mut bytes = b"GET / HTTP/1.1\r\nHost: localhost\r\n".to_vec();
        for _ in 0..dice.roll(12) {
            bytes.extend_from_slice(dice.pick(&parts));
        }
        bytes.extend_from_slice(b"\r\n\r\n");
        let mut reader = Reader::new(&bytes[..], HERE);
        if reader.read_head().is_err() {
            continue;
        }
        let mut headers = [httparse::EMPTY_HEADER; 32];
        let mut parsed = httparse::Request::new(&mut headers);
        parsed.parse(&bytes).unwrap().unwrap();
        let theirs = parsed.headers.iter().map(|header| (header.name.as_bytes(), header.value));
        let ours = reader.request().fields();
        assert!(ours.map(|(name, value)| (name.as_bytes(), value.as_bytes())).eq(theirs));
        compared += 1;
    }
    assert!(compared > 1000, "{compared}");
}
