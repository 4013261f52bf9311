//! What is said in answer.

use super::*;

/// A reader that has read one whole request.
fn request(bytes: &str) -> Reader<&[u8]> {
    let mut reader = reader(bytes.as_bytes());
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
        let out = answer.unwrap_or(Response::new(200)).bytes(&Request::default(), true);
        let allows = String::from_utf8(out).unwrap().contains("\r\nAllow: OPTIONS, POST\r\n");
        assert_eq!(allows, matches!(status, Some(204 | 405)), "{line}");
    }
}

#[test]
fn a_caller_that_waits_for_a_word_gets_one_and_only_then() {
    let expect = "Expect: 100-Continue\r\nContent-Length: 2";
    let words = |bytes: &str| {
        let mut reader = reader(bytes.as_bytes());
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
        let out = Response::from(refusal).bytes(&Request::default(), true);
        let out = String::from_utf8(out).unwrap();
        assert!(out.starts_with(&format!("HTTP/1.1 {} ", refusal.0)), "{out}");
        assert!(out.contains("\r\nConnection: close\r\n") && out.len() < 300, "{out}");
        assert!(out.ends_with(&format!("\r\n\r\n{refusal}\n")), "{out}");
    }
}

/// The words of a refusal are fixed; the limits that they name stand elsewhere.
#[test]
fn refusals_name_the_limits_as_they_are() {
    for (refusal, limit) in [
        (Refusal::BODY_TOO_LONG, format!("; {} MiB is the limit", MAX_BODY >> 20)),
        (Refusal::HEAD_TOO_LONG, format!("; {} KiB is the limit", MAX_HEAD >> 10)),
        (Refusal::TRAILERS_TOO_LONG, format!("; {} KiB is the limit", MAX_TRAILERS >> 10)),
        (Refusal::TOO_MANY_HEADERS, format!("; {MAX_HEADERS} is the limit")),
    ] {
        assert!(refusal.to_string().ends_with(&limit), "{refusal}");
    }
}
