//! The house of one test: a chat server in its terminal, on a port that is its alone; strangers
//! with bare sockets; and guests, who join the chat and say in Cap'n Web what they want.
#![allow(dead_code, reason = "each file of tests needs a part of it")]

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpStream};
use std::ops::{Deref, DerefMut};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use grader::{Neighbourhood, Program, Story, Terminal, vitals};
use serde_json::{Value, json};
use socket2::{Domain, Socket, Type};

pub(crate) const SERVER: &str = env!("CARGO_BIN_EXE_chat-server");

/// How long a stranger waits for the server. A test that passes never waits it out.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// The longest that anybody may be kept waiting by somebody else. What is promised is 250 ms; but
/// not on a machine that runs all tests at once.
pub(crate) const AT_THE_LATEST: Duration = Duration::from_secs(2);

/// Between two looks at something that nobody announces.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// Between two questions of an onlooker.
const ASK_AGAIN: Duration = Duration::from_millis(10);

/// What the server runs when nobody is there.
pub(crate) const ALONE: [&str; 3] = ["chat-server", "ctrl-c", "listener"];

pub(crate) const TEXT: u8 = 0x81;
pub(crate) const BINARY: u8 = 0x82;
pub(crate) const CLOSE: u8 = 0x88;
pub(crate) const PING: u8 = 0x89;
pub(crate) const PONG: u8 = 0x8A;

/// A house.
pub(crate) struct House {
    pub(crate) story: Story,
    pub(crate) ports: Neighbourhood,
}

/// A server that can be dialed, in its terminal.
pub(crate) struct Server {
    terminal: Terminal,
    pub(crate) port: u16,
}

impl House {
    pub(crate) fn open() -> Self {
        Self { story: Story::begin(), ports: Neighbourhood::lease() }
    }

    pub(crate) fn port(&self) -> u16 {
        self.ports.port(0)
    }

    /// Opens a terminal and starts a server in it. Whatever is in `options` comes last.
    #[track_caller]
    pub(crate) fn starts_server(&self, options: &[&str]) -> Terminal {
        let port = self.port().to_string();
        let words = [&["--port", &port], options].concat();
        self.story.terminal("Server", &Program::exactly(&[SERVER]), &words)
    }

    /// The same, and waits until it can be dialed.
    #[track_caller]
    pub(crate) fn server_with(&self, options: &[&str]) -> Server {
        let mut terminal = self.starts_server(options);
        terminal.sees("Press Ctrl+C to stop\n");
        Server { terminal, port: self.port() }
    }

    #[track_caller]
    pub(crate) fn server(&self) -> Server {
        self.server_with(&[])
    }
}

/// What a server has in use.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Stock {
    threads: Option<Vec<String>>,
    descriptors: Option<usize>,
}

impl Server {
    /// A stranger dials, and says nothing yet.
    pub(crate) fn is_dialed(&self) -> Stranger {
        Stranger::dials(self.port).expect("the server picks up")
    }

    /// A stranger opens a WebSocket.
    #[track_caller]
    pub(crate) fn opens_socket(&self) -> Stranger {
        let mut stranger = self.is_dialed();
        stranger.upgrades("");
        stranger
    }

    /// A client that has not joined.
    #[track_caller]
    pub(crate) fn is_visited(&self) -> Guest {
        Guest::of(self.opens_socket())
    }

    /// A client that has joined.
    #[track_caller]
    pub(crate) fn is_joined_by(&self, name: &str) -> Guest {
        let mut guest = self.is_visited();
        guest.joins(name).expect("it may join");
        guest
    }

    /// A batch of calls, on a connection of its own.
    #[track_caller]
    pub(crate) fn is_asked_for(&self, body: impl AsRef<[u8]>) -> Reply {
        let mut stranger = self.is_dialed();
        stranger.posts(body.as_ref());
        stranger.hears_reply()
    }

    /// Somebody who has joined asks something again and again, until he leaves.
    #[track_caller]
    pub(crate) fn is_watched(&self) -> Onlooker {
        let mut guest = self.is_joined_by("Onlooker");
        let (leave, leaving) = channel();
        let watch = move || {
            let mut worst = Duration::ZERO;
            loop {
                let asked = Instant::now();
                guest.asks("listUsers", &json!([])).expect("it is answered");
                worst = worst.max(asked.elapsed());
                guest.notes.clear();
                if leaving.recv_timeout(ASK_AGAIN) != Err(RecvTimeoutError::Timeout) {
                    break;
                }
            }
            guest.asks("leave", &json!(["Onlooker"])).expect("it may leave");
            worst
        };
        let thread = thread::Builder::new().name("onlooker".into()).spawn(watch);
        Onlooker { leave, thread: thread.expect("a thread") }
    }

    /// What it has in use now, when nobody is there.
    #[track_caller]
    pub(crate) fn takes_stock(&self) -> Stock {
        self.runs_threads(&ALONE);
        Stock {
            threads: vitals::threads(self.pid()),
            descriptors: vitals::descriptors(self.pid()),
        }
    }

    /// Whatever has happened since, nothing of it is left.
    #[track_caller]
    pub(crate) fn has_as_much_in_use_as(&self, before: &Stock) {
        let wanted = || {
            // The listener looks after those it has turned away when the next one comes.
            drop(Stranger::dials(self.port));
            vitals::threads(self.pid()) == before.threads
                && vitals::descriptors(self.pid()) == before.descriptors
        };
        let now = || (vitals::threads(self.pid()), vitals::descriptors(self.pid()));
        assert!(comes_true(wanted), "{:?}, before: {before:?}", now());
        let calls = [
            r#"["push",["pipeline",0,["userCount"]]]"#,
            r#"["push",["pipeline",0,["listRooms"],[]]]"#,
            r#"["pull",1]"#,
            r#"["pull",2]"#,
        ];
        let nobody =
            "[\"resolve\",1,0]\n[\"resolve\",2,[[{\"name\":\"#lobby\",\"userCount\":0}]]]";
        let told = || self.is_asked_for(calls.join("\n")).text();
        assert!(comes_true(|| told() == nobody), "{}", told());
    }

    /// Whoever comes now is let in and answered.
    #[track_caller]
    pub(crate) fn still_serves(&self) {
        let mut guest = self.is_joined_by("Somebody new");
        guest.asks("leave", &json!(["Somebody new"])).expect("it is answered");
    }
}

/// Whatever a server was sent, it has not complained: a panic of one of its threads would show.
impl Drop for Server {
    fn drop(&mut self) {
        if !thread::panicking() {
            let complained = self.terminal.complained();
            assert_eq!(complained, "", "a server that is well does not complain");
        }
    }
}

impl Deref for Server {
    type Target = Terminal;

    fn deref(&self) -> &Terminal {
        &self.terminal
    }
}

impl DerefMut for Server {
    fn deref_mut(&mut self) -> &mut Terminal {
        &mut self.terminal
    }
}

/// Somebody who asks again and again.
pub(crate) struct Onlooker {
    leave: Sender<()>,
    thread: JoinHandle<Duration>,
}

impl Onlooker {
    /// Nobody has kept it waiting. The longest it has waited is printed.
    #[track_caller]
    pub(crate) fn was_not_kept_waiting(self) {
        drop(self.leave);
        let worst = self.thread.join().expect("it was answered all the time");
        eprintln!("the onlooker has waited for at most {worst:?}");
        assert!(worst < AT_THE_LATEST, "{worst:?}");
    }
}

/// A bare TCP connection, and what a test says on it.
pub(crate) struct Stranger {
    pub(crate) stream: TcpStream,
    incoming: BufReader<TcpStream>,
    port: u16,
}

/// What the server has answered in HTTP.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Stranger {
    pub(crate) fn dials(port: u16) -> io::Result<Self> {
        Self::on(TcpStream::connect((Ipv4Addr::LOCALHOST, port))?, port)
    }

    /// The same, with little room for what it has not read yet.
    pub(crate) fn dials_with_a_narrow_ear(port: u16) -> io::Result<Self> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.set_recv_buffer_size(4096)?;
        socket.connect(&std::net::SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into())?;
        Self::on(socket.into(), port)
    }

    fn on(stream: TcpStream, port: u16) -> io::Result<Self> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        let incoming = BufReader::new(stream.try_clone()?);
        Ok(Self { stream, incoming, port })
    }

    #[track_caller]
    pub(crate) fn sends(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).expect("the server takes it");
    }

    /// The same, if the server still listens.
    pub(crate) fn tries_to_send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream.write_all(bytes.as_ref()).is_ok()
    }

    /// A batch, as it should be.
    #[track_caller]
    pub(crate) fn posts(&mut self, body: &[u8]) {
        let request = [head(self.port, body.len()).as_bytes(), body].concat();
        self.sends(request);
    }

    /// Asks for a WebSocket, with these headers besides, and gets it.
    #[track_caller]
    pub(crate) fn upgrades(&mut self, headers: &str) {
        self.sends(upgrade(self.port, "/rpc/ws", headers));
        let reply = self.hears_reply();
        assert_eq!(reply.status, 101, "{}", reply.head);
        // What belongs to the key in `upgrade`, in RFC 6455.
        let accepted = reply.field("sec-websocket-accept");
        assert_eq!(accepted, Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{}", reply.head);
    }

    /// The next reply. Whatever it is, it must tell nothing of this machine.
    #[track_caller]
    pub(crate) fn hears_reply(&mut self) -> Reply {
        let reply = self.reads_reply().expect("the server replies in time");
        tells_nothing_of_this_machine(&reply.text());
        reply
    }

    pub(crate) fn reads_reply(&mut self) -> io::Result<Reply> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if self.incoming.read_line(&mut head)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        let no_http = || io::Error::other(format!("no HTTP: {head:?}"));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.ok_or_else(no_http)?;
        let length = field(&head, "content-length").map_or(Some(0), |it| it.parse().ok());
        let mut body = vec![0; length.ok_or_else(no_http)?];
        self.incoming.read_exact(&mut body)?;
        Ok(Reply { status, head, body })
    }

    /// Says that nothing more will come from here; it can still listen.
    pub(crate) fn hangs_up(&self) {
        let _ = self.stream.shutdown(Shutdown::Write); // Fails if the server was first.
    }

    /// Sends one frame.
    #[track_caller]
    pub(crate) fn says(&mut self, first: u8, payload: impl AsRef<[u8]>) {
        self.sends(frame(first, payload.as_ref()));
    }

    /// The next frame: its first byte, and what it carries. `None` when the server has hung up.
    #[track_caller]
    pub(crate) fn hears(&mut self) -> Option<(u8, Vec<u8>)> {
        match self.reads_frame() {
            Ok(frame) => Some(frame),
            Err(error) if is_an_end(&error) => None,
            Err(error) => panic!("the server says something in time, but: {error}"),
        }
    }

    fn reads_frame(&mut self) -> io::Result<(u8, Vec<u8>)> {
        let mut head = [0; 2];
        self.incoming.read_exact(&mut head)?;
        let length = match head[1] {
            126 => {
                let mut length = [0; 2];
                self.incoming.read_exact(&mut length)?;
                u64::from(u16::from_be_bytes(length))
            }
            127 => {
                let mut length = [0; 8];
                self.incoming.read_exact(&mut length)?;
                u64::from_be_bytes(length)
            }
            short => u64::from(short), // A server does not mask.
        };
        let mut payload = vec![0; usize::try_from(length).expect("a length")];
        self.incoming.read_exact(&mut payload)?;
        Ok((head[0], payload))
    }

    /// Reads up to the server's goodbye: what it said before, in texts, and code and reason of
    /// its close frame, if there was one.
    #[track_caller]
    pub(crate) fn hears_the_end(&mut self) -> (Vec<String>, Option<(u16, String)>) {
        let mut texts = Vec::new();
        loop {
            match self.hears() {
                None => return (texts, None),
                Some((CLOSE, payload)) => {
                    let code = payload.first_chunk().map_or(1005, |it| u16::from_be_bytes(*it));
                    let reason = payload.get(2..).unwrap_or_default();
                    let reason = String::from_utf8_lossy(reason).into_owned();
                    return (texts, Some((code, reason)));
                }
                Some((TEXT, payload)) => {
                    texts.push(String::from_utf8(payload).expect("texts are UTF-8"));
                }
                Some(_) => {}
            }
        }
    }
}

impl Reply {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        field(&self.head, name)
    }
}

/// Why a call has failed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) class: String,
    pub(crate) message: String,
    pub(crate) code: String,
}

/// A client: one who calls, and is called.
pub(crate) struct Guest {
    pub(crate) line: Stranger,
    /// How many calls it has made.
    pub(crate) calls: u64,
    /// What it was told and has not looked at: the arguments of `onMessage`.
    pub(crate) notes: VecDeque<Value>,
}

impl Guest {
    pub(crate) fn of(line: Stranger) -> Self {
        Self { line, calls: 0, notes: VecDeque::new() }
    }

    #[track_caller]
    pub(crate) fn joins(&mut self, name: &str) -> Result<Value, Refused> {
        self.asks("join", &json!([name, ["export", -1]]))
    }

    /// Calls a method, and wants to have the answer, which is number so and so.
    #[track_caller]
    pub(crate) fn calls(&mut self, method: &str, args: &Value) -> u64 {
        self.calls += 1;
        let id = self.calls;
        self.line.says(TEXT, json!(["push", ["pipeline", 0, [method], args]]).to_string());
        self.line.says(TEXT, json!(["pull", id]).to_string());
        id
    }

    /// Calls a method, and waits for the answer. In `args`, a list is wrapped once more.
    #[track_caller]
    pub(crate) fn asks(&mut self, method: &str, args: &Value) -> Result<Value, Refused> {
        let id = self.calls(method, args);
        self.hears_answer(id)
    }

    #[track_caller]
    pub(crate) fn hears_answer(&mut self, id: u64) -> Result<Value, Refused> {
        loop {
            let message = self.next_message().expect("the server answers before it hangs up");
            if message[1] != json!(id) || message[0] == "release" {
                continue;
            }
            self.line.says(TEXT, json!(["release", id, 1]).to_string());
            return match message[0].as_str() {
                Some("resolve") => Ok(message[2].clone()),
                _ => Err(Refused {
                    class: message[2][1].as_str().unwrap_or_default().to_owned(),
                    message: message[2][2].as_str().unwrap_or_default().to_owned(),
                    code: message[2][4]["code"].as_str().unwrap_or_default().to_owned(),
                }),
            };
        }
    }

    /// The next note, whatever it is.
    #[track_caller]
    pub(crate) fn next_note(&mut self) -> Value {
        loop {
            if let Some(note) = self.notes.pop_front() {
                return note;
            }
            self.next_message().expect("the server tells it before it hangs up");
        }
    }

    /// Waits for a note that says this; passes over others.
    #[track_caller]
    pub(crate) fn is_told(&mut self, text: &str) {
        while self.next_note()["text"] != text {}
    }

    /// The next message that is no push; `None` when the server has hung up. What it is told goes
    /// to the notes, and pings are answered.
    #[track_caller]
    pub(crate) fn next_message(&mut self) -> Option<Value> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            assert!(Instant::now() < deadline, "the server says something, and not only pings");
            match self.line.hears()? {
                (PING, payload) => self.line.says(PONG, payload),
                (TEXT, payload) => {
                    let message: Value = serde_json::from_slice(&payload).expect("it is JSON");
                    if message[0] != "push" {
                        return Some(message);
                    }
                    if message[1][2] == json!(["onMessage"]) {
                        self.notes.push_back(message[1][3][0].clone());
                        return Some(Value::Null);
                    }
                }
                (CLOSE, _) => return None,
                _ => {}
            }
        }
    }
}

/// A frame of a client's.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    const MASK: [u8; 4] = [1, 2, 3, 4];
    let mut frame = claim(first, payload.len() as u64);
    frame.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

/// The beginning of a frame of a client's, which says how long it is.
pub(crate) fn claim(first: u8, length: u64) -> Vec<u8> {
    let mut head = vec![first];
    match length {
        0..=125 => head.push(0x80 | u8::try_from(length).expect("it is short")),
        126..=0xFFFF => {
            head.push(0xFE);
            head.extend(u16::try_from(length).expect("it is not long").to_be_bytes());
        }
        _ => {
            head.push(0xFF);
            head.extend(length.to_be_bytes());
        }
    }
    head.extend([1, 2, 3, 4]);
    head
}

/// The head of a batch, as it should be.
pub(crate) fn head(port: u16, length: usize) -> String {
    format!(
        "POST /rpc/batch HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: {length}\r\n\r\n"
    )
}

/// A request for a WebSocket, as it should be, with these headers besides.
pub(crate) fn upgrade(port: u16, path: &str, headers: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n\
         Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Sec-WebSocket-Version: 13\r\n{headers}\r\n"
    )
}

/// The value of a header, whose name is in small letters.
fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        let (field, value) = line.split_once(':')?;
        field.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

/// Whether a connection has ended, in whatever way.
fn is_an_end(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    matches!(error.kind(), ConnectionReset | ConnectionAborted | BrokenPipe | UnexpectedEof)
}

/// What is shown or answered names no file, neither of the source nor of this machine.
#[track_caller]
pub(crate) fn tells_nothing_of_this_machine(text: &str) {
    for secret in [".rs:", "panicked", env!("CARGO_MANIFEST_DIR")] {
        assert!(!text.contains(secret), "{secret:?} is in {text:?}");
    }
}

/// Whether `wanted` comes true in time.
pub(crate) fn comes_true(mut wanted: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + PATIENCE;
    while !wanted() {
        if Instant::now() >= deadline {
            return false;
        }
        thread::park_timeout(LOOK_AGAIN);
    }
    true
}
