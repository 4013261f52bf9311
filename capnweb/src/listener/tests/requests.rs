//! Requests, good and bad, each with its answer.

use super::*;

#[test]
fn a_connection_serves_one_request_after_the_other() {
    let peer = peer(ENDLESS);
    let mut client = peer.dial();
    for round in 0..3 {
        client.says(&post("/rpc/batch", "", &format!("hi {round}")));
        assert_eq!(client.hears(), (200, format!("hi {round}")));
    }
    client.says(&get("/rpc/batch"));
    assert_eq!(client.hears_status(), 405);
    client.says(&get("/nope"));
    assert_eq!(client.hears_status(), 404);
    client.says("HEAD /page HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert!(client.hears_head().contains(&"Content-Length: 4".to_owned()));
    client.says(&post("/rpc/batch", "Connection: close\r\n", "bye"));
    assert_eq!(client.hears(), (200, "bye".to_owned()));
    client.hears_the_end();

    let mut old = peer.dial();
    let keep = "GET /page HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n";
    old.says(keep);
    assert_eq!(old.hears_status(), 200);
    old.says(&keep.replace("keep-alive", "x"));
    assert_eq!(old.hears_status(), 200);
    old.hears_the_end();
    drop((client, old));
    peer.stops();
}

/// RFC 9110, 9.3.2: the answer to a HEAD has no body, not even if it is a refusal.
#[test]
fn a_head_request_that_is_refused_gets_a_head() {
    let peer = peer(ENDLESS);
    let mut client = peer.dial();
    client.says("HEAD /page HTTP/1.1\r\nHost: elsewhere.example\r\n\r\n");
    assert!(client.hears_head().contains(&"HTTP/1.1 421 Misdirected Request".to_owned()));
    client.0.shutdown(Shutdown::Write).unwrap();
    client.hears_the_end();
    drop(client);
    peer.stops();
}

#[test]
fn requests_that_come_all_at_once_are_answered_in_order() {
    let peer = peer(ENDLESS);
    let mut client = peer.dial();
    let all: String = (0..500).map(|n| post("/rpc/batch", "", &n.to_string())).collect();
    client.says(&all);
    for round in 0..500 {
        assert_eq!(client.hears(), (200, round.to_string()));
    }
    // What comes after a refusal is not read as a request.
    client.says(&format!("{}{}", post("/rpc/batch", "Host: x\r\n", ""), get("/page")));
    assert_eq!(client.hears_status(), 400);
    client.0.shutdown(Shutdown::Write).unwrap();
    client.hears_the_end();
    peer.stops();
}

#[test]
fn bodies_come_in_chunks_or_after_a_word() {
    let peer = peer(ENDLESS);
    let mut client = peer.dial();
    client
        .says("POST /rpc/batch HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n");
    for piece in ["\r\n5", "\r\nhel", "lo\r", "\n6;x=y\r\n world\r\n0", "\r\nX: y\r\n", "\r\n"]
    {
        client.says(piece);
    }
    assert_eq!(client.hears(), (200, "hello world".to_owned()));

    let request = post("/rpc/batch", "Expect: 100-continue\r\n", "hello");
    let (head, body) = request.split_at(request.len() - 5);
    client.says(head);
    assert_eq!(client.hears_status(), 100);
    client.says(body);
    assert_eq!(client.hears(), (200, "hello".to_owned()));
    // Nobody is asked for a body that is not wanted.
    client.says(&head.replace("Length: 5", "Length: 100000000"));
    assert_eq!(client.hears_status(), 413);
    drop(client);
    peer.stops();
}

#[test]
fn every_bad_request_gets_its_refusal_and_the_next_caller_is_served() {
    let peer = peer(ENDLESS);
    let long = format!("GET / HTTP/1.1\r\nX: {}", "x".repeat(20_000));
    let many = format!("GET / HTTP/1.1\r\nHost: localhost\r\n{}\r\n", "X: y\r\n".repeat(100));
    let bare =
        |head: &str| format!("POST /rpc/batch HTTP/1.1\r\nHost: localhost\r\n{head}\r\n\r\n");
    for (bytes, status) in [
        ("hello\r\n\r\n", 400),
        ("\x16\x03\x01\x02\x00\x01\x00\x01\x7c\x03\x03", 400),
        (&"\0".repeat(100_000), 400),
        ("GET / HTTP/1.1\nHost: localhost\n\n", 400),
        ("GET / HTTP/1.1\r\n\r\n", 400),
        (&post("/rpc/batch", "Transfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400),
        (&post("/rpc/batch", "Content-Length: 3\r\n", "hello"), 400),
        (&post("/rpc/batch", "X: y\r\n folded\r\n", ""), 400),
        (&post("/rpc/batch", "X : y\r\n", ""), 400),
        (&bare("Transfer-Encoding: chunked, x"), 400),
        (&bare("Transfer-Encoding: xchunked"), 400),
        (&bare("Content-Length: -1"), 400),
        (&bare("Content-Length: +1"), 400),
        (&bare("Content-Length: 0x1"), 400),
        (&bare("Content-Length: 99999999999999999999"), 400),
        (&format!("{}fffffffffffffffff\r\n", bare("Transfer-Encoding: chunked")), 400),
        (&format!("{}1\r\nab\r\n", bare("Transfer-Encoding: chunked")), 400),
        (&post("/rpc/batch", "Origin: http://evil.example\r\n", "hi"), 403),
        (&post("/rpc/batch", "Origin: null\r\n", "hi"), 403),
        (&post("/rpc/batch", "Sec-Fetch-Site: cross-site\r\n", "hi"), 403),
        (&bare("X: y"), 411),
        (&bare("Content-Length: 100000000"), 413),
        (&bare("Expect: x\r\nContent-Length: 1"), 417),
        ("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421),
        (&long, 431),
        (&many, 431),
        (&bare("Transfer-Encoding: gzip, chunked"), 501),
        ("GET / HTTP/2.0\r\nHost: localhost\r\n\r\n", 505),
    ] {
        let mut client = peer.dial();
        client.says(bytes);
        assert_eq!(client.hears_status(), status, "{:?}", &bytes[..bytes.len().min(200)]);
        client.0.shutdown(Shutdown::Write).unwrap();
        client.hears_the_end();
        peer.still_serves();
    }
    let mut client = peer.dial();
    client.says("BREW / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(client.hears_status(), 501, "and it may go on: this is no bad request");
    client.says(&get("/panic"));
    assert_eq!(client.hears_status(), 500);
    client.hears_the_end();
    peer.still_serves();
    let mut client = peer.dial();
    client.says("POST /rpc/batch HTTP/1.1\r\nHost: loc");
    client.0.shutdown(Shutdown::Write).unwrap();
    assert_eq!(client.hears_status(), 400, "it ended in the middle");
    drop(client);
    peer.stops();
}

#[test]
fn a_caller_that_sends_100_mb_is_stopped_at_one_and_still_hears_why() {
    let peer = peer(ENDLESS);
    let mut client = peer.dial();
    client.says(
        "POST /rpc/batch HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n",
    );
    let mut stream = client.0.try_clone().unwrap();
    let flood = thread::Builder::new().spawn(move || {
        let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
        let sent = (0..1600).take_while(|_| stream.write_all(chunk.as_bytes()).is_ok()).count();
        stream.shutdown(Shutdown::Write).map(|()| sent)
    });
    assert_eq!(client.hears_status(), 413);
    // The rest is thrown away, so that the answer is not.
    assert!(flood.unwrap().join().unwrap().is_ok_and(|sent| sent == 1600));
    client.hears_the_end();
    peer.still_serves();
    peer.stops();
}

#[test]
fn a_connection_can_be_taken_over_with_all_that_was_said_on_it() {
    let peer = peer(Patience { stop: SHORT, idle: SHORT, ..ENDLESS });
    let mut client = peer.dial();
    client.says(&format!("{}early", get("/echo")));
    assert_eq!(client.hears_head()[0], "HTTP/1.1 101 Switching Protocols");
    let hears = |words: &str, client: &mut Client| {
        let mut echo = vec![0; words.len()];
        client.0.read_exact(&mut echo).unwrap();
        assert_eq!(String::from_utf8(echo).unwrap(), words);
    };
    hears("(None, None) early", &mut client);
    client.says("later");
    hears("later", &mut client);
    peer.stops();
    client.hears_the_end();
}
