//! A thousand idle connections, in a process of their own: all its threads are those of one
//! listener. Elsewhere a process may have only 256 descriptors.
#![cfg(target_os = "linux")]

use std::collections::VecDeque;
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use capnweb::http::{Request, Response};
use capnweb::listener::{Listener, MAX_CALLERS, PATIENCE, Patience};
use crossbeam_channel::bounded;

/// No working listener takes so long, also on a machine with other work to do.
const LONG: Duration = Duration::from_secs(30);

const FOREVER: Duration = Duration::from_mins(10);

/// With it no connection ends by itself.
const ENDLESS: Patience = Patience {
    idle: FOREVER,
    new: Duration::from_millis(20),
    head: FOREVER,
    body: FOREVER,
    write: FOREVER,
    close: FOREVER,
    ..PATIENCE
};

fn dial(listener: &Listener) -> TcpStream {
    let stream = TcpStream::connect(listener.address()).expect("it accepts");
    stream.set_read_timeout(Some(LONG)).expect("a timeout");
    stream
}

/// A request whose answer ends the connection. The server sends its body back.
fn post(body: &str) -> String {
    let length = body.len();
    format!(
        "POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n\
         \r\n{body}"
    )
}

/// All that comes up to a clean end of the connection.
fn answer_on(mut stream: TcpStream) -> String {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("a clean end, without a reset");
    answer
}

/// The server answers a new caller.
fn still_serves(listener: &Listener) {
    let mut caller = dial(listener);
    caller.write_all(post("still there?").as_bytes()).expect("it reads");
    let answer = answer_on(caller);
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\nstill there?"), "{answer}");
}

/// Dials a thousand times, and says nothing. The listener has taken all those dials at the end.
fn grow(crowd: &mut VecDeque<TcpStream>, listener: &Listener) {
    for _ in 0..1000 {
        crowd.push_back(dial(listener));
        // Those that are hung up on need no descriptor of ours.
        crowd.drain(..crowd.len().saturating_sub(MAX_CALLERS + 32));
    }
    still_serves(listener);
}

/// Waits until the listener has at most so many threads, its own one included.
fn has_threads(most: usize) {
    let deadline = Instant::now() + LONG;
    let is_ours = |name: &String| ["listener", "caller"].contains(&name.trim());
    loop {
        let tasks = fs::read_dir("/proc/self/task").expect("Linux").flatten();
        let names = tasks.filter_map(|task| fs::read_to_string(task.path().join("comm")).ok());
        let count = names.filter(is_ours).count();
        if count <= most {
            return;
        }
        assert!(Instant::now() < deadline, "{count} threads, and not {most}");
        thread::park_timeout(Duration::from_millis(2));
    }
}

#[test]
fn a_thousand_idle_connections_keep_nobody_out() {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let (report, reports) = bounded(1);
    let echo = |request: &Request| Response::text(200, request.body());
    let listener = Listener::start(socket, &[], MAX_CALLERS, ENDLESS, report, echo).unwrap();
    let mut known = dial(&listener);
    known.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut status = [0; 12];
    known.read_exact(&mut status).unwrap();
    assert_eq!(&status, b"HTTP/1.1 200");
    let first = dial(&listener);
    let mut crowd = VecDeque::new();
    grow(&mut crowd, &listener);
    let answer = answer_on(first);
    assert!(answer.starts_with("HTTP/1.1 503 "), "it had no answer yet: {answer}");
    let rest = answer_on(known);
    assert!(!rest.contains("HTTP/1.1"), "it had its answer: {rest}");
    // A caller with a request is served, and keeps its slot while it has one.
    let mut busy = dial(&listener);
    let request = post("hello");
    let (sent, unsent) = request.split_at(request.len() - 2);
    busy.write_all(sent.as_bytes()).unwrap();
    for _ in 0..10 {
        still_serves(&listener);
    }
    has_threads(MAX_CALLERS + 1);
    grow(&mut crowd, &listener);
    busy.write_all(unsent.as_bytes()).unwrap();
    assert!(answer_on(busy).ends_with("\r\n\r\nhello"));
    let begun = Instant::now();
    let until = listener.stop();
    while reports.recv_deadline(until).is_ok() {}
    assert!(begun.elapsed() < LONG / 2, "no idle caller is waited for");
    has_threads(0);
}
