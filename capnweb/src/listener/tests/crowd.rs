//! More callers than there are connection slots. `tests/crowd.rs` has a larger crowd.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::super::acceptor::MAX_REJECTED;
use super::super::activity::Activity;
use super::super::caller::Caller;
use super::super::service::Service;
use super::*;

/// Few, since all tests run at once, in one process that has only so many descriptors.
const SLOTS: usize = 8;

/// Waits for what has no event.
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + LONG;
    while !is_so() {
        assert!(Instant::now() < deadline, "it never came to this: {what}");
        thread::park_timeout(Duration::from_millis(2));
    }
}

#[test]
fn when_all_are_busy_the_others_are_told_so_at_once() {
    let peer = peer_for(SLOTS, ENDLESS);
    let mut busy: Vec<_> = (0..SLOTS).map(|_| peer.dial()).collect();
    for client in &mut busy {
        client.says(&get("/wait"));
    }
    for _ in 0..SLOTS {
        peer.called.recv_timeout(LONG).unwrap();
    }
    let before = sockets_at(peer.port);
    let mut rejected = Vec::new();
    for _ in 0..3 * MAX_REJECTED {
        let mut client = peer.dial();
        let head = client.hears_head();
        assert_eq!(head[0], "HTTP/1.1 503 Service Unavailable");
        assert!(head.contains(&"Retry-After: 1".to_owned()), "{head:?}");
        rejected.push(client); // It does not hang up, and so its socket at our side can be seen.
    }
    let kept = sockets_at(peer.port) - before;
    assert!(kept < 2 * MAX_REJECTED, "{kept}");
    drop(rejected);
    // A caller in the middle of a request may finish it first: nothing is reset.
    for _ in 0..20 {
        let mut client = peer.dial();
        assert_eq!(client.hears_status(), 503);
        client.says("POST /rpc/batch HTTP/1.1\r\nHost: local");
        client.says("host\r\nContent-Length: 2\r\n\r\nhi");
        client.hears_the_end();
    }
    // One answer later there is room.
    peer.go_on.send(()).unwrap();
    until("a call is accepted", || {
        let mut client = peer.dial();
        client.says(&get("/page"));
        client.hears_status() == 200
    });
    for _ in 1..SLOTS {
        peer.go_on.send(()).unwrap();
    }
    for client in &mut busy {
        assert_eq!(client.hears(), (200, "waited".to_owned()));
    }
    peer.stops();
}

#[test]
fn of_a_burst_each_is_served_or_told_that_it_is_not() {
    for asks_at_once in [true, false] {
        let peer = peer_for(SLOTS, Patience { new: LONG, ..ENDLESS });
        let mut burst = Vec::new();
        for _ in 0..SLOTS + 2 * MAX_REJECTED {
            let mut client = peer.dial();
            if asks_at_once {
                client.says(&get("/wait"));
            }
            burst.push(client);
        }
        if !asks_at_once {
            for client in &mut burst {
                client.says(&get("/wait"));
            }
        }
        let (served, rejected) = burst.split_at_mut(SLOTS);
        for client in rejected {
            assert_eq!(client.hears_status(), 503);
            client.hears_the_end();
            // What came before it was hung up on was read. So nothing was reset.
            let error = client.0.take_error().unwrap();
            assert!(!asks_at_once || error.is_none(), "{error:?}");
        }
        for _ in 0..SLOTS {
            peer.go_on.send(()).unwrap();
        }
        for client in served {
            assert_eq!(client.hears_status(), 200);
        }
        drop(burst);
        peer.stops();
    }
}

#[test]
fn a_thread_serves_one_caller_after_the_other() {
    let peer = peer(ENDLESS);
    let mut seen = HashSet::new();
    until("a thread serves a second caller", || {
        let mut client = peer.dial();
        client.says(&get("/thread"));
        !seen.insert(client.hears())
    });
    // One that waits for its next caller hinders nobody from stopping.
    assert!(peer.stops() < LONG / 2);
}

/// The acceptor gave the slot to another caller, and the thread has not noticed yet.
#[test]
fn a_caller_without_an_answer_is_told_that_its_slot_is_gone() {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    for said in [get("/page"), String::new()] {
        let mut client = TcpStream::connect(socket.local_addr().unwrap()).unwrap();
        client.write_all(said.as_bytes()).unwrap();
        let (stream, _) = socket.accept().unwrap();
        let here = stream.local_addr().unwrap();
        let service = Service {
            handle: Box::new(|_| panic!("it has no slot")),
            origins: [].into(),
            max_callers: 1,
            patience: PATIENCE,
            started: Instant::now(),
            is_closing: AtomicBool::new(false),
        };
        let activity = Arc::new(Activity::idle_since(0));
        assert!(activity.evict());
        stream.shutdown(Shutdown::Read).unwrap();
        Caller::new(service.into(), activity, stream.into(), here).serve();
        let mut heard = String::new();
        client.read_to_string(&mut heard).unwrap();
        assert!(heard.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{heard}");
    }
}
