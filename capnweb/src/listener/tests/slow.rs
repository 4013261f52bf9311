//! Callers that let us wait.

use super::*;

#[test]
fn a_byte_now_and_then_does_not_keep_a_head_or_a_body_open() {
    let peer = peer(Patience { head: SHORT, body: SHORT, close: SHORT, ..ENDLESS });
    let begun = Instant::now();
    let head = peer.dial();
    // All of it would take minutes.
    let head_drip = head.drips(format!("{}{}", get("/page").trim_end(), "y".repeat(9000)));
    let mut body = peer.dial();
    body.says("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000\r\n\r\n");
    let body_drip = body.drips("y".repeat(9000));
    let mut chunks = peer.dial();
    chunks.says("POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n");
    let chunk_drip = chunks.drips("1\r\ny\r\n".repeat(1500));
    for mut client in [head, body, chunks] {
        assert_eq!(client.hears_status(), 408);
    }
    assert!(begun.elapsed() < LONG, "{:?}", begun.elapsed());
    peer.still_serves();
    for drip in [head_drip, body_drip, chunk_drip] {
        drip.join().unwrap();
    }
    peer.stops();
}

#[test]
fn a_silent_caller_is_hung_up_on_without_a_word() {
    let peer = peer(Patience { idle: SHORT, ..ENDLESS });
    let mut new = peer.dial();
    let mut known = peer.dial();
    known.says(&get("/page"));
    assert_eq!(known.hears_status(), 200);
    new.hears_the_end();
    known.hears_the_end();
    peer.stops();
}

#[test]
fn a_caller_that_does_not_read_its_answer_is_dropped() {
    let peer = peer(Patience { write: SHORT, ..ENDLESS });
    let mut client = peer.dial();
    client.says(&get("/big"));
    peer.called.recv_timeout(LONG).unwrap();
    let mut flood = peer.dial(); // The same in small, with more and more to answer.
    let mut stream = flood.0.try_clone().unwrap();
    let ask = thread::Builder::new().spawn(move || {
        let request = post("/rpc/batch", "", &"x".repeat(1000));
        while stream.write_all(request.as_bytes()).is_ok() {}
    });
    ask.unwrap().join().unwrap(); // It could not go on, so it was hung up on.
    peer.still_serves();
    // A busy connection is waited for: so this is quick because it is not there any more.
    assert!(peer.stops() < LONG / 2);
    let read = io::copy(&mut client.0, &mut io::sink());
    assert!(read.is_ok_and(|count| count < BIG as u64) || flood.0.read(&mut [0]).is_err());
}
