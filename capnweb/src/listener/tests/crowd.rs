//! More callers than there are connection slots.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::super::acceptor::MAX_REJECTED;
use super::super::activity::Activity;
use super::super::caller::Caller;
use super::super::service::Service;
use super::*;

#[test]
fn a_thousand_idle_connections_keep_nobody_out() {
    let peer = peer(ENDLESS);
    let mut known = peer.dial();
    known.says(&get("/page"));
    assert_eq!(known.hears_status(), 200);
    let mut first = peer.dial();
    let mut crowd = VecDeque::new();
    for _ in 0..1000 {
        crowd.push_back(peer.dial());
        // Those that are hung up on need no descriptor of ours.
        crowd.drain(..crowd.len().saturating_sub(MAX_CALLERS + 32));
    }
    assert_eq!(first.hears_status(), 503, "it has not been answered yet");
    first.hears_the_end();
    known.hears_the_end();
    // A caller with a request is served, and keeps its slot while it has one.
    let mut busy = peer.dial();
    busy.says("POST /rpc/batch HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhel");
    for _ in 0..10 {
        peer.still_serves();
    }
    until("only so many have a seat", || threads() <= peer.threads_before + MAX_CALLERS + 1);
    for _ in 0..1000 {
        crowd.push_back(peer.dial());
        crowd.drain(..crowd.len().saturating_sub(MAX_CALLERS + 32));
    }
    busy.says("lo");
    assert_eq!(busy.hears(), (200, "hello".to_owned()));
    assert!(peer.stops() < LONG / 2, "nobody who is idle is waited for");
}

#[test]
fn when_all_are_busy_the_others_are_told_so_at_once() {
    let peer = peer(ENDLESS);
    let mut busy: Vec<_> = (0..MAX_CALLERS).map(|_| peer.dial()).collect();
    for client in &mut busy {
        client.says(&get("/wait"));
    }
    for _ in 0..MAX_CALLERS {
        peer.called.recv_timeout(LONG).unwrap();
    }
    let before = descriptors();
    for _ in 0..3 * MAX_REJECTED {
        let mut client = peer.dial();
        let head = client.hears_head();
        assert_eq!(head[0], "HTTP/1.1 503 Service Unavailable");
        assert!(head.contains(&"Retry-After: 1".to_owned()), "{head:?}");
    }
    let kept = descriptors() - before;
    assert!(kept < 2 * MAX_REJECTED, "{kept}");
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
    until("somebody is let in", || {
        let mut client = peer.dial();
        client.says(&get("/page"));
        client.hears_status() == 200
    });
    for _ in 1..MAX_CALLERS {
        peer.go_on.send(()).unwrap();
    }
    for client in &mut busy {
        assert_eq!(client.hears(), (200, "waited".to_owned()));
    }
    peer.stops();
}

#[test]
fn of_a_burst_each_is_served_or_told_that_it_is_not() {
    const SLOTS: usize = 8;
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

/// The acceptor gave the slot to another caller, and the thread has not noticed yet.
#[test]
fn whoever_has_had_no_answer_is_told_that_its_slot_is_gone() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
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
