//! How a listener ends.

use super::*;

#[test]
fn an_answer_that_is_being_made_is_waited_for_when_we_stop() {
    let peer = peer(Patience { close: SHORT, ..ENDLESS });
    let mut idle = peer.dial();
    let mut busy = peer.dial();
    busy.says(&get("/wait"));
    peer.called.recv_timeout(LONG).unwrap();
    let (port, go_on) = (peer.port, peer.go_on.clone());
    let callers = thread::Builder::new().spawn(move || {
        idle.hears_the_end();
        assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "nobody new is let in");
        go_on.send(()).unwrap();
        let head = busy.hears_head();
        assert!(head.contains(&"Connection: close".to_owned()), "{head:?}");
        let mut body = String::new();
        busy.0.read_to_string(&mut body).unwrap();
        assert_eq!(body, "waited");
    });
    assert!(peer.stops() < LONG / 2);
    callers.unwrap().join().unwrap();
}

#[test]
fn a_request_in_the_middle_when_we_stop_is_not_waited_for_for_ever() {
    let peer = peer(Patience { stop: SHORT, ..ENDLESS });
    let mut head = peer.dial();
    head.says("POST /rpc/batch HTTP/1.1\r\nHost: lo");
    let mut reader = peer.dial();
    reader.says(&get("/big"));
    peer.called.recv_timeout(LONG).unwrap();
    reader.hears_line(); // The answer is made, which takes a busy machine a while, and on its way.
    let took = peer.stops();
    assert!(took >= SHORT && took < LONG / 2, "{took:?}");
}
