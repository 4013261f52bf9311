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
        assert!(
            TcpStream::connect(("127.0.0.1", port)).is_err(),
            "no call is accepted any more"
        );
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

/// The address of the listener can be taken away from the machine, or be one that nobody can dial.
#[test]
#[cfg(target_os = "linux")] // Elsewhere nothing can listen there.
fn a_listener_that_cannot_be_woken_is_not_waited_for_for_ever() {
    let socket = TcpListener::bind("127.255.255.255:0").unwrap();
    let patience = Patience { stop: SHORT, ..ENDLESS };
    let (report, reports) = bounded(1);
    let answer = |_: &Request| Response::text(200, "");
    let listener = Listener::start(socket, &[], 1, patience, report, answer).unwrap();
    let begun = Instant::now();
    assert_eq!(
        reports.recv_deadline(listener.stop()),
        Err(crossbeam_channel::RecvTimeoutError::Timeout)
    );
    assert!(begun.elapsed() < LONG / 2);
}
