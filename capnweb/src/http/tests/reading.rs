//! Which bytes are a request, where it ends, and how long it may be.

use super::*;

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
fn the_rest_of_a_request_is_waited_for() {
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
    assert_eq!(trailers(MAX_TRAILERS + 1).refusal, Some(Refusal::TRAILERS_TOO_LONG));
}
