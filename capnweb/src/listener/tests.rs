//! A listener on real sockets, and callers of all kinds: good, bad, slow, silent, and too many.

#[cfg(target_os = "linux")] // Elsewhere a process may have only 256 descriptors.
mod crowd;
mod requests;
mod slow;
mod stop;

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, TryRecvError, unbounded};

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
    new: Duration::from_millis(20),
    head: FOREVER,
    body: FOREVER,
    write: FOREVER,
    close: FOREVER,
    next: FOREVER,
    stop: LONG,
};

/// An answer that no system takes into its buffers.
const BIG: usize = 64 * 1024 * 1024;

/// A running listener, and what its handler tells and waits for.
struct Peer {
    listener: Listener,
    reports: Receiver<Report>,
    port: u16,
    /// One for every request. Every thread holds the other end as long as it is there.
    called: Receiver<()>,
    /// Lets a `/wait` go on.
    go_on: Sender<()>,
}

fn peer(patience: Patience) -> Peer {
    peer_for(MAX_CALLERS, patience)
}

fn peer_for(max_callers: usize, patience: Patience) -> Peer {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    let (call, called) = unbounded();
    let (go_on, wait) = unbounded();
    let (report, reports) = unbounded();
    let handle = move |request: &Request| {
        let _ = call.send(()); // Fails when the test is over.
        handle(request, &wait)
    };
    let listener = Listener::start(socket, &[], max_callers, patience, report, handle).unwrap();
    Peer { listener, reports, port, called, go_on }
}

fn handle(request: &Request, wait: &Receiver<()>) -> Answer {
    match request.path() {
        "/wait" => {
            let _ = wait.recv_timeout(LONG);
            Response::text(200, "waited").into()
        }
        "/big" => Response::text(200, vec![b'x'; BIG]).into(),
        "/thread" => Response::text(200, format!("{:?}", thread::current().id())).into(),
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
        let until = self.listener.stop();
        while self.reports.recv_deadline(until).is_ok() {}
        assert_eq!(self.reports.try_recv(), Err(TryRecvError::Disconnected), "it has ended");
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
        }
        took
    }
}

/// How many sockets at that port a process has a descriptor of: the listener's own, one for each
/// thread of a caller, and those of rejected callers.
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
