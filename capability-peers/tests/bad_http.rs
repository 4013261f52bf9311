//! What strangers may send in HTTP: nothing of it ends a peer, each gets the refusal it deserves,
//! and the next caller is served.

mod fixture;

use std::io::{ErrorKind, Read};
use std::time::{Duration, Instant};

use fixture::{Fixture, GREET, GREETING, PATIENCE, Peer, Reply, comes_true};
use scenario::http::batch_head as head;
use scenario::http::dials_with_a_small_buffer;
use scenario::statistics;

/// `request` is answered with this status, and then the peer hangs up.
#[track_caller]
fn is_refused(alice: &Peer, request: impl AsRef<[u8]>, status: u16) -> Reply {
    let shown = String::from_utf8_lossy(request.as_ref()).chars().take(100).collect::<String>();
    let mut stranger = alice.is_dialed();
    stranger.sends(request);
    let reply = stranger.hears_reply();
    assert_eq!(reply.status, status, "{shown:?}: {}", reply.text());
    assert_eq!(reply.field("connection"), Some("close"), "{shown:?}: {}", reply.head);
    let rest = stranger.hears_the_end();
    assert_eq!(rest, b"", "{shown:?}: {:?}", String::from_utf8_lossy(&rest));
    alice.still_serves();
    reply
}

#[test]
fn what_is_no_http_is_refused() {
    let fixture = Fixture::open();
    let alice = fixture.alice_alone();
    let host = format!("Host: 127.0.0.1:{}\r\n", alice.port);
    for request in [
        "hello\r\n\r\n".into(),
        "\x16\x03\x01\x02\x00\x01\x00\x01".into(),
        "[\"push\",[\"pipeline\",0,[\"greet\"],[]]]\r\n\r\n".into(),
        format!("POST /rpc/batch\r\n{host}\r\n"),
        format!("POST  /rpc/batch HTTP/1.1\r\n{host}\r\n"),
        format!("POST rpc/batch HTTP/1.1\r\n{host}\r\n"),
        format!("POST /rpc/batch HTTP/1.1\n{host}\r\n"),
        format!("GET / HTTP/1.1\r\n{host} folded\r\n\r\n"),
        format!("GET / HTTP/1.1\r\n{host}A : b\r\n\r\n"),
        format!("GET / HTTP/1.1\r\n{host}A\0: b\r\n\r\n"),
        "GET / HTTP/1.1\r\n\r\n".into(),
        format!("GET / HTTP/1.1\r\n{host}{host}\r\n"),
    ] {
        is_refused(&alice, request, 400);
    }
    // Some would read two headers here, and some one.
    let reply = is_refused(&alice, format!("GET / HTTP/1.1\r\n{host}A: b\nC: d\r\n\r\n"), 400);
    assert_eq!(reply.text(), "every line must end in CR LF\n");
    is_refused(&alice, format!("GET / HTTP/2.0\r\n{host}\r\n"), 505);
}

#[test]
fn a_second_request_cannot_be_smuggled_inside_a_first() {
    let fixture = Fixture::open();
    let alice = fixture.alice_alone();
    let smuggled = head(alice.port, GREET.len()) + GREET;
    let begin = format!("POST /rpc/batch HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n", alice.port);
    for (lengths, status) in [
        ("Content-Length: 5\r\nTransfer-Encoding: chunked", 400),
        ("Transfer-Encoding: chunked\r\nContent-Length: 5", 400),
        ("Content-Length: 5\r\nContent-Length: 5", 400),
        ("Content-Length: 5\r\nContent-Length: 0", 400),
        ("Content-Length: 5, 5", 400),
        ("Content-Length: +5", 400),
        ("Content-Length: -5", 400),
        ("Content-Length: 0x5", 400),
        ("Content-Length: 5 5", 400),
        ("Content-Length: ", 400),
        ("Content-Length : 5", 400),
        ("Transfer-Encoding: chunked, chunked", 400),
        ("Transfer-Encoding: chunked, identity", 400),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", 400),
        ("Transfer-Encoding: xchunked", 400),
        ("Transfer-Encoding: gzip, chunked", 501),
    ] {
        is_refused(&alice, format!("{begin}{lengths}\r\n\r\n0\r\n\r\n{smuggled}"), status);
    }
    let chunked = format!("{begin}Transfer-Encoding: chunked\r\n\r\n");
    for chunks in [
        "5\nhello\r\n0\r\n\r\n",
        "-1\r\n",
        "0x5\r\nhello\r\n",
        "5\r\nhello0\r\n\r\n",
        " 5\r\nhello",
    ] {
        is_refused(&alice, format!("{chunked}{chunks}{smuggled}"), 400);
    }
}

#[test]
fn a_body_may_have_one_mebibyte() {
    const LIMIT: usize = 1 << 20;
    let fixture = Fixture::open();
    let alice = fixture.alice_alone();
    // White space is no message, but it is read.
    let reply = alice.is_asked_for(" ".repeat(LIMIT));
    assert_eq!(reply.status, 500);
    assert!(reply.text().contains("bad JSON"), "{}", reply.text());
    // A claim is enough; nobody waits for the rest.
    is_refused(&alice, head(alice.port, LIMIT + 1), 413);
    is_refused(&alice, head(alice.port, 100_000_000), 413);
    let claim = head(alice.port, 0).replace(": 0\r\n", ": 99999999999999999999\r\n");
    assert!(claim.contains("99\r\n"));
    is_refused(&alice, claim, 400);
    let chunked =
        head(alice.port, 0).replace("Content-Length: 0", "Transfer-Encoding: chunked");
    let mut stranger = alice.is_dialed();
    let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
    stranger.sends(&chunked);
    for _ in 0..=LIMIT / 0x10000 {
        // She may have refused already.
        stranger.tries_to_send(&chunk);
    }
    assert_eq!(stranger.hears_reply().status, 413);
    is_refused(&alice, chunked.clone() + "100001\r\n", 413);
    is_refused(&alice, chunked + "fffffffffffffffff\r\n", 400);
    alice.still_serves();
}

#[test]
fn a_head_may_have_sixteen_kibibytes_and_sixty_four_headers() {
    let fixture = Fixture::open();
    let alice = fixture.alice_alone();
    let plain = head(alice.port, GREET.len());
    let plain = plain.strip_suffix("\r\n").expect("it ends with an empty line");
    let padded = |length: usize| {
        let padding = length - plain.len() - "X: \r\n\r\n".len();
        format!("{plain}X: {}\r\n\r\n{GREET}", "x".repeat(padding))
    };
    let mut stranger = alice.is_dialed();
    stranger.sends(padded(16 * 1024));
    assert_eq!(stranger.hears_reply().text(), GREETING);
    is_refused(&alice, padded(16 * 1024 + 1), 431);
    is_refused(&alice, "x".repeat(16 * 1024 + 1), 431);
    // Two are there already.
    stranger.sends(format!("{plain}{}\r\n{GREET}", "X: x\r\n".repeat(62)));
    assert_eq!(stranger.hears_reply().text(), GREETING);
    is_refused(&alice, format!("{plain}{}\r\n{GREET}", "X: x\r\n".repeat(63)), 431);
}

#[test]
fn only_a_post_to_the_right_path_is_a_call() {
    let fixture = Fixture::open();
    let alice = fixture.alice_alone();
    let host = format!("HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n", alice.port);
    // All of them on one connection: they are requests, only not for us.
    let mut stranger = alice.is_dialed();
    for (request, status) in [
        (format!("POST / {host}Content-Length: 2\r\n\r\n[]"), 404),
        (format!("POST /rpc/batch/ {host}Content-Length: 2\r\n\r\n[]"), 404),
        (format!("POST /rpc/../rpc/batch {host}Content-Length: 2\r\n\r\n[]"), 404),
        (format!("GET /etc/passwd {host}\r\n"), 404),
        (format!("GET /rpc/batch {host}\r\n"), 405),
        (format!("DELETE /rpc/batch {host}\r\n"), 405),
        (format!("BREW /rpc/batch {host}\r\n"), 501),
    ] {
        stranger.sends(&request);
        let reply = stranger.hears_reply();
        assert_eq!(reply.status, status, "{request}");
        let allowed = (status == 405).then_some("OPTIONS, POST");
        assert_eq!(reply.field("allow"), allowed, "{request}");
    }
    stranger.posts(GREET.as_bytes());
    assert_eq!(stranger.hears_reply().text(), GREETING);
    is_refused(&alice, format!("POST /rpc/batch {host}\r\n"), 411);
    is_refused(
        &alice,
        format!("POST /rpc/batch {host}Expect: miracles\r\nContent-Length: 2\r\n\r\n"),
        417,
    );
}

#[test]
fn no_web_page_and_no_foreign_name_may_call() {
    let fixture = Fixture::open();
    let alice = fixture.alice_alone();
    let port = alice.port;
    let with = |host: &str, more: &str| {
        let length = GREET.len();
        format!(
            "POST /rpc/batch HTTP/1.1\r\nHost: {host}\r\n{more}Content-Length: {length}\r\n\r\n\
             {GREET}"
        )
    };
    let other_port = port + 1;
    for host in [
        "evil.example".to_owned(),
        format!("evil.example:{port}"),
        format!("localhost.evil.example:{port}"),
        format!("192.0.2.1:{port}"),
        format!("0.0.0.0:{port}"),
        String::new(),
    ] {
        is_refused(&alice, with(&host, ""), 421);
    }
    let here = format!("127.0.0.1:{port}");
    let neighbour = format!("http://127.0.0.1:{other_port}");
    for more in [
        "Origin: http://evil.example\r\n".to_owned(),
        "Origin: null\r\n".to_owned(),
        "Origin: \r\n".to_owned(),
        format!("Origin: {neighbour}\r\n"),
        format!("Origin: https://{here}\r\n"),
        format!("Origin: http://{here}\r\nOrigin: null\r\n"),
        "Sec-Fetch-Site: cross-site\r\n".to_owned(),
        "Sec-Fetch-Site: same-site\r\n".to_owned(),
    ] {
        is_refused(&alice, with(&here, &more), 403);
    }
    // A browser asks first, whether it may; that is refused, too.
    let ask = format!(
        "OPTIONS /rpc/batch HTTP/1.1\r\nHost: {here}\r\nOrigin: http://evil.example\r\n\
         Access-Control-Request-Method: POST\r\n\r\n"
    );
    let reply = is_refused(&alice, ask, 403);
    assert_eq!(reply.field("access-control-allow-origin"), None);
    let same = format!("Origin: http://{here}\r\n");
    // A tunnel has another port.
    let (localhost, tunnel) = (format!("localhost:{port}"), format!("localhost:{other_port}"));
    for request in
        [with(&here, &same), with(&localhost, ""), with("127.0.0.1", ""), with(&tunnel, "")]
    {
        let mut stranger = alice.is_dialed();
        stranger.sends(&request);
        assert_eq!(stranger.hears_reply().text(), GREETING, "{request}");
    }
}

/// A caller that sends a byte a second is always about to say something, and has 5 s all the same.
#[test]
fn a_byte_a_second_is_not_enough() {
    const BEAT: Duration = Duration::from_secs(1);
    let fixture = Fixture::open();
    let alice = fixture.alice_alone();
    let mut slow = alice.is_dialed();
    slow.stream.set_read_timeout(Some(BEAT)).unwrap();
    let begun = Instant::now();
    let head = head(alice.port, GREET.len());
    let answered = head.as_bytes().iter().find_map(|byte| {
        slow.tries_to_send([*byte]);
        alice.still_serves();
        let mut first = [0];
        match slow.stream.read(&mut first) {
            Ok(count) => Some((count, first)),
            Err(error) => {
                let is_a_beat =
                    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut);
                assert!(is_a_beat && begun.elapsed() < PATIENCE, "no answer, but: {error}");
                None
            }
        }
    });
    assert_eq!(answered, Some((1, *b"H")));
    let waited = begun.elapsed();
    assert!(waited >= Duration::from_millis(4900), "only {waited:?}");
    slow.stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let rest = slow.hears_the_end();
    let rest = String::from_utf8_lossy(&rest);
    assert!(rest.starts_with("TTP/1.1 408 Request Timeout\r\n"), "{rest}");
}

#[test]
fn three_hundred_who_say_nothing_keep_nobody_out() {
    let fixture = Fixture::open();
    let alice = fixture.alice_alone();
    let mut silent: Vec<_> = (0..300).map(|_| alice.is_dialed()).collect();
    for _ in 0..10 {
        alice.still_serves();
    }
    let callers = || {
        let threads = statistics::threads(alice.pid())?;
        Some(threads.iter().filter(|thread| *thread == "caller").count())
    };
    // A thread whose caller had to go ends soon after that.
    let is_bounded = || callers().is_none_or(|count| (200..=257).contains(&count));
    assert!(comes_true(is_bounded), "{:?}", callers());
    // The first had to go, and is told so; and the last is still welcome.
    assert!(silent[0].hears_the_end().starts_with(b"HTTP/1.1 503 Service Unavailable\r\n"));
    let last = silent.last_mut().expect("there are 300");
    last.posts(GREET.as_bytes());
    assert_eq!(last.hears_reply().text(), GREETING);
}

#[test]
fn when_all_are_busy_the_next_one_is_told_to_come_again() {
    let fixture = Fixture::open();
    let alice = fixture.alice_alone();
    let busy =
        head(alice.port, GREET.len()).replace("\r\n\r\n", "\r\nExpect: 100-continue\r\n\r\n");
    let mut busy: Vec<_> = (0..256)
        .map(|_| {
            let mut stranger = alice.is_dialed();
            stranger.sends(&busy);
            stranger
        })
        .collect();
    for stranger in &mut busy {
        assert_eq!(stranger.hears_reply().status, 100);
    }
    let mut one_more = alice.is_dialed();
    let reply = one_more.hears_reply();
    assert_eq!((reply.status, reply.field("retry-after")), (503, Some("1")));
    assert_eq!(one_more.hears_the_end(), b"");
    let first = &mut busy[0];
    first.sends(GREET);
    assert_eq!(first.hears_reply().text(), GREETING);
    // That one is idle as soon as Alice knows that she is done, and then it makes room.
    assert!(comes_true(|| {
        let mut next = alice.is_dialed();
        next.tries_to_send(head(alice.port, GREET.len()) + GREET);
        next.reads_reply().is_ok_and(|reply| reply.status == 200)
    }));
}

/// One that calls, and does not read: 5 s later it is given up.
#[test]
fn a_caller_that_never_reads_is_given_up_and_keeps_nobody_waiting() {
    let fixture = Fixture::open();
    let alice = fixture.alice_alone();
    let mut deaf = dials_with_a_small_buffer(alice.port).expect("Alice accepts");
    // Eight times the same half mebibyte, out of one: a long reply to a short request.
    let body = format!("[\"push\",\"{}\"]\n[\"pull\",1]", "x".repeat(500_000));
    let body = (2..=7)
        .fold(body, |body, n| body + &format!("\n[\"push\",[\"pipeline\",1]]\n[\"pull\",{n}]"));
    // She stops reading when she cannot write.
    deaf.stream.set_write_timeout(Some(Duration::from_secs(1))).unwrap();
    let mut sent = 0;
    while deaf.tries_to_send(head(alice.port, body.len()) + &body) {
        sent += 1;
        assert!(sent < 100, "she has read on, and writes to nobody");
    }
    alice.runs_threads_called("caller", 1);
    alice.still_serves();
    alice.runs_threads_called("caller", 0);
    alice.still_serves();
}
