//! A listener on real sockets, and callers of all kinds: good, bad, slow, silent, and too many.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crossbeam_channel::{Receiver, TryRecvError, unbounded};

use super::acceptor::MAX_REJECTED;
use super::*;
use crate::http::{Response, is_post_to};

/// So long nothing takes that works, on a machine with other work to do.
const LONG: Duration = Duration::from_secs(30);

/// A patience that is meant to end within a test.
const SHORT: Duration = Duration::from_millis(300);

/// Longer than any test.
const FOREVER: Duration = Duration::from_mins(10);

/// With it nothing ends by itself.
const ENDLESS: Patience = Patience {
    idle: FOREVER,
    head: FOREVER,
    body: FOREVER,
    write: FOREVER,
    close: FOREVER,
    stop: LONG,
};

/// An answer that no system takes into its buffers.
const BIG: usize = 64 * 1024 * 1024;

/// A lock, though only in tests: a process has one list of threads, and one test at a time counts.
static ALONE: Mutex<()> = Mutex::new(());

/// A running listener, and what its handler tells and waits for.
struct Peer {
    listener: Listener,
    port: u16,
    /// One for every request. Every thread holds the other end as long as it is there.
    called: Receiver<()>,
    /// Lets a `/wait` go on.
    go_on: Sender<()>,
    /// How many threads of listeners there were before: those of a test that has failed.
    threads_before: usize,
    _alone: MutexGuard<'static, ()>,
}

fn peer(patience: Patience) -> Peer {
    let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let threads_before = threads();
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    let (call, called) = unbounded();
    let (go_on, wait) = unbounded();
    let (report, _) = unbounded();
    let handle = move |request: &Request| {
        let _ = call.send(()); // Fails when the test is over.
        handle(request, &wait)
    };
    let listener = Listener::start(socket, MAX_CALLERS, patience, report, handle).unwrap();
    Peer { listener, port, called, go_on, threads_before, _alone: alone }
}

fn handle(request: &Request, wait: &Receiver<()>) -> Answer {
    match request.path() {
        "/wait" => {
            let _ = wait.recv_timeout(LONG);
            Response::text(200, "waited").into()
        }
        "/big" => Response::text(200, vec![b'x'; BIG]).into(),
        "/panic" => panic!("as the test wants it"),
        "/echo" => Answer::TakeOver(
            Response::new(101).with("Upgrade", "echo").with("Connection", "Upgrade"),
            Box::new(|stream, early| {
                let timeouts =
                    (stream.read_timeout().unwrap(), stream.write_timeout().unwrap());
                let _ = write!(&*stream, "{timeouts:?} ");
                let _ = (&*stream).write_all(&early);
                let _ = io::copy(&mut &*stream, &mut &*stream); // Until we stop, or they do.
            }),
        ),
        "/page" if request.method() != "POST" => Response::text(200, "page").into(),
        _ => match is_post_to("/rpc/batch", request) {
            Ok(()) => Response::text(200, request.body()).into(),
            Err(answer) => answer.into(),
        },
    }
}

impl Peer {
    fn dial(&self) -> Client {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(LONG)).unwrap();
        stream.set_write_timeout(Some(LONG)).unwrap();
        Client(stream)
    }

    /// The next caller is served after anything.
    fn still_serves(&self) {
        let mut client = self.dial();
        client.says(&post("/rpc/batch", "", "still there?"));
        assert_eq!(client.hears(), (200, "still there?".to_owned()));
    }

    /// Stops it, and sees that nothing is left of it; how long that took.
    fn stops(self) -> Duration {
        let begun = Instant::now();
        self.listener.stop();
        self.listener.join();
        let took = begun.elapsed();
        self.called.try_iter().for_each(drop);
        let threads_are_gone = self.called.try_recv() == Err(TryRecvError::Disconnected);
        assert!(threads_are_gone, "somebody is still there");
        if cfg!(unix) {
            // Windows knows no way to ask for a port whose connections still rest, short of
            // sharing it with somebody who is there.
            TcpListener::bind(("127.0.0.1", self.port)).expect("the port is free");
        }
        if cfg!(target_os = "linux") {
            assert_eq!(sockets_at(self.port), 0);
            // A thread that has been joined can be in the list for a moment.
            until("all threads have ended", || threads() <= self.threads_before);
        }
        took
    }
}

/// Waits for what has no event.
fn until(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + LONG;
    while !is_so() {
        assert!(Instant::now() < deadline, "it never came to this: {what}");
        thread::park_timeout(Duration::from_millis(2));
    }
}

/// How many threads of listeners there are in this process.
fn threads() -> usize {
    let Ok(tasks) = std::fs::read_dir("/proc/self/task") else { return 0 }; // Not Linux.
    let tasks = tasks.flatten();
    let names = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("comm")).ok());
    names.filter(|name| ["listener", "caller"].contains(&name.trim())).count()
}

/// How many descriptors this process has.
#[cfg(target_os = "linux")]
fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// How many sockets at that port somebody has a descriptor of.
fn sockets_at(port: u16) -> usize {
    let table = std::fs::read_to_string("/proc/self/net/tcp").unwrap();
    let is_open_at_port = |line: &&str| {
        let columns: Vec<_> = line.split_whitespace().collect();
        columns[1].ends_with(&format!(":{port:04X}")) && columns[9] != "0"
    };
    table.lines().skip(1).filter(is_open_at_port).count()
}

/// A caller.
struct Client(TcpStream);

impl Client {
    fn says(&mut self, words: &str) {
        self.0.write_all(words.as_bytes()).unwrap();
    }

    /// One line, byte by byte, so that nothing of the next is taken.
    fn hears_line(&mut self) -> String {
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            let mut byte = [0];
            self.0.read_exact(&mut byte).expect("there is an answer");
            line.push(byte[0]);
        }
        String::from_utf8(line).unwrap().trim_end().to_owned()
    }

    fn hears_head(&mut self) -> Vec<String> {
        let lines = std::iter::from_fn(|| Some(self.hears_line()));
        lines.take_while(|line| !line.is_empty()).collect()
    }

    fn hears(&mut self) -> (u16, String) {
        let head = self.hears_head();
        let length = head.iter().find_map(|line| line.strip_prefix("Content-Length: "));
        let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
        self.0.read_exact(&mut body).unwrap();
        let status = head[0].split(' ').nth(1).unwrap().parse().unwrap();
        (status, String::from_utf8(body).unwrap())
    }

    fn hears_status(&mut self) -> u16 {
        self.hears().0
    }

    /// That the other side hangs up, and says nothing more.
    fn hears_the_end(&mut self) {
        let mut rest = Vec::new();
        // Fails if the connection is reset, with which an answer can be lost.
        self.0.read_to_end(&mut rest).expect("a clean end");
        assert_eq!(String::from_utf8_lossy(&rest), "");
    }

    /// Says it byte by byte, each well within a `SHORT` of the last, for as long as it can.
    fn drips(&self, words: String) -> JoinHandle<()> {
        let mut stream = self.0.try_clone().unwrap();
        let drip = move || {
            for byte in words.bytes() {
                if stream.write_all(&[byte]).is_err() {
                    return;
                }
                thread::park_timeout(SHORT / 10);
            }
        };
        thread::Builder::new().spawn(drip).unwrap()
    }
}

fn post(path: &str, head: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n{head}\r\n{body}"
    )
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n")
}

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

#[cfg(target_os = "linux")] // Elsewhere a process may have only 256 descriptors.
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

#[cfg(target_os = "linux")] // Elsewhere a process may have only 256 descriptors.
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
