//! The house of one test: peers in terminals, on ports that are theirs alone, and strangers with
//! bare sockets who call them, or whom they call.
#![allow(dead_code, reason = "each file of tests needs a part of it")]

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::ops::{Deref, DerefMut};
use std::thread;
use std::time::{Duration, Instant};

use grader::{PortLease, Program, Story, Terminal};
use socket2::{Domain, Socket, Type};

pub(crate) const ALICE: &str = env!("CARGO_BIN_EXE_alice");
pub(crate) const BOB: &str = env!("CARGO_BIN_EXE_bob");

/// How long a stranger waits for a peer. A test that passes never waits it out.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Between two looks at something that nobody announces.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// A batch that asks for a greeting.
pub(crate) const GREET: &str = "[\"push\",[\"pipeline\",0,[\"greet\"],[]]]\n[\"pull\",1]";

/// What Alice answers to it.
pub(crate) const GREETING: &str = r#"["resolve",1,"Hello! I'm Alice."]"#;

/// A house.
pub(crate) struct House {
    pub(crate) story: Story,
    pub(crate) ports: PortLease,
}

/// A peer that can be called, in its terminal.
pub(crate) struct Peer {
    terminal: Terminal,
    pub(crate) port: u16,
}

impl House {
    pub(crate) fn open() -> Self {
        Self { story: Story::begin(), ports: PortLease::lease() }
    }

    pub(crate) fn alices_port(&self) -> u16 {
        self.ports.port(0)
    }

    pub(crate) fn bobs_port(&self) -> u16 {
        self.ports.port(1)
    }

    /// Opens a terminal and starts Alice in it. Whatever is in `options` comes last.
    #[track_caller]
    pub(crate) fn starts_alice(&self, options: &[&str]) -> Terminal {
        self.starts("Alice", ALICE, self.alices_port(), self.bobs_port(), options)
    }

    /// The same for Bob.
    #[track_caller]
    pub(crate) fn starts_bob(&self, options: &[&str]) -> Terminal {
        self.starts("Bob", BOB, self.bobs_port(), self.alices_port(), options)
    }

    #[track_caller]
    fn starts(
        &self,
        name: &str,
        program: &str,
        port: u16,
        friends_port: u16,
        options: &[&str],
    ) -> Terminal {
        let (port, friend) = (port.to_string(), format!("http://127.0.0.1:{friends_port}"));
        let mut words = vec!["--port", &port, "--peer", &friend];
        words.extend(options);
        self.story.terminal(name, &Program::exactly(&[program]), &words)
    }

    /// Alice, who looks for Bob for as long as any test takes.
    #[track_caller]
    pub(crate) fn alice_who_looks(&self) -> Peer {
        Peer::is_up(self.starts_alice(&["--wait", "600"]), self.alices_port())
    }

    /// Alice, who has found nobody and looks no longer.
    #[track_caller]
    pub(crate) fn alice_alone(&self) -> Peer {
        let mut alice = Peer::is_up(self.starts_alice(&["--wait", "0"]), self.alices_port());
        alice.sees("⏳ Alice is waiting for calls from Bob...\n");
        alice
    }

    /// A stranger listens where Alice looks for Bob.
    pub(crate) fn somebody_else_is_bob(&self) -> TcpListener {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, self.bobs_port()));
        listener.expect("the port is leased")
    }

    /// Waits for a second to pass, in words: another Alice looks for Bob for so long, in vain.
    #[track_caller]
    pub(crate) fn a_second_is_spent_in_vain(&self, friends_port: u16) {
        let port = self.ports.port(2);
        let mut clock = self.starts("The clock", ALICE, port, friends_port, &["--wait", "1"]);
        clock.sees("❌ Could not connect to Bob: nobody listens there\n");
        clock.is_killed();
    }
}

impl Peer {
    /// Waits until it says that it can be called.
    #[track_caller]
    pub(crate) fn is_up(mut terminal: Terminal, port: u16) -> Self {
        terminal.sees(&format!("capabilities at http://127.0.0.1:{port}/rpc/batch\n"));
        Self::of(terminal, port)
    }

    /// It has said so before.
    pub(crate) fn of(terminal: Terminal, port: u16) -> Self {
        Self { terminal, port }
    }

    /// A stranger dials, and says nothing yet.
    pub(crate) fn is_dialed(&self) -> Stranger {
        Stranger::dials(self.port).expect("the peer picks up")
    }

    /// A stranger sends one request on a connection of its own.
    #[track_caller]
    pub(crate) fn is_asked_for(&self, body: impl AsRef<[u8]>) -> Reply {
        let mut stranger = self.is_dialed();
        stranger.posts(body.as_ref());
        stranger.hears_reply()
    }

    /// Whoever calls Alice now is answered as ever.
    #[track_caller]
    pub(crate) fn still_serves(&self) {
        let reply = self.is_asked_for(GREET);
        assert_eq!((reply.status, reply.text().as_str()), (200, GREETING));
    }

    /// Every line printed so far that begins with one of these signs.
    pub(crate) fn lines_with(&mut self, signs: &[&str]) -> Vec<String> {
        let printed = self.printed();
        let lines = printed.lines().filter(|line| signs.iter().any(|s| line.starts_with(s)));
        lines.map(str::to_owned).collect()
    }

    /// It is asked to end, and ends as it should.
    #[cfg(unix)]
    #[track_caller]
    pub(crate) fn leaves(&mut self) {
        self.presses_ctrl_c();
        self.sees("👋 ");
        self.ends_well();
        assert_eq!(self.complained(), "", "a peer that is well does not complain");
        tells_nothing_of_this_machine(&self.printed());
    }
}

/// Whatever a peer was sent, it has not complained: a panic of one of its threads would show here.
impl Drop for Peer {
    fn drop(&mut self) {
        if !thread::panicking() {
            assert_eq!(self.terminal.complained(), "", "a peer that is well does not complain");
        }
    }
}

impl Deref for Peer {
    type Target = Terminal;

    fn deref(&self) -> &Terminal {
        &self.terminal
    }
}

impl DerefMut for Peer {
    fn deref_mut(&mut self) -> &mut Terminal {
        &mut self.terminal
    }
}

/// A bare TCP connection, and what a test says on it.
pub(crate) struct Stranger {
    pub(crate) stream: TcpStream,
    incoming: BufReader<TcpStream>,
    port: u16,
}

/// What a peer has answered.
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
        socket.connect(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into())?;
        Self::on(socket.into(), port)
    }

    pub(crate) fn on(stream: TcpStream, port: u16) -> io::Result<Self> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        let incoming = BufReader::new(stream.try_clone()?);
        Ok(Self { stream, incoming, port })
    }

    #[track_caller]
    pub(crate) fn sends(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).expect("the peer takes it");
    }

    /// The same, if the peer still listens.
    pub(crate) fn tries_to_send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream.write_all(bytes.as_ref()).is_ok()
    }

    /// A request to `/rpc/batch`, as it should be.
    #[track_caller]
    pub(crate) fn posts(&mut self, body: &[u8]) {
        let request = [head(self.port, body.len()).as_bytes(), body].concat();
        self.sends(request);
    }

    /// The next reply. Whatever it is, it must tell nothing of this machine.
    #[track_caller]
    pub(crate) fn hears_reply(&mut self) -> Reply {
        let reply = self.reads_reply().expect("the peer replies in time");
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

    /// Whatever is left to hear, up to the end of the connection.
    #[track_caller]
    pub(crate) fn hears_the_end(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        match self.incoming.read_to_end(&mut rest) {
            Ok(_) => rest,
            Err(error) if is_an_end(&error) => rest,
            Err(error) => panic!("the peer hangs up in time, but: {error}"),
        }
    }

    /// A whole request of a peer that has called us.
    #[track_caller]
    pub(crate) fn hears_request(&mut self) -> String {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            let count = self.incoming.read_line(&mut head).expect("the peer calls in time");
            assert!(count > 0, "the peer hangs up after {head:?}");
        }
        let length = field(&head, "content-length").expect("its length is told");
        let mut body = vec![0; length.parse().expect("a number")];
        self.incoming.read_exact(&mut body).expect("the body comes in time");
        head + &String::from_utf8_lossy(&body)
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

/// The head of a request to `/rpc/batch`, as it should be.
pub(crate) fn head(port: u16, length: usize) -> String {
    format!(
        "POST /rpc/batch HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: {length}\r\n\r\n"
    )
}

fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut fields = head.lines().filter_map(|line| line.split_once(':'));
    fields.find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

/// A connection can also end with a reset, if something was left unread.
fn is_an_end(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
    matches!(error.kind(), ConnectionReset | ConnectionAborted | BrokenPipe)
}

/// What is shown or answered names no file, neither of the source nor of this machine.
#[track_caller]
pub(crate) fn tells_nothing_of_this_machine(text: &str) {
    let home = env!("CARGO_MANIFEST_DIR");
    for secret in ["/src/", "\\src\\", ".rs", "panicked", home] {
        assert!(!text.contains(secret), "{secret:?} is in {text:?}");
    }
}

/// The next one who dials `listener`, if somebody does in time.
pub(crate) fn whoever_dials(listener: &TcpListener) -> Option<Stranger> {
    listener.set_nonblocking(true).expect("it need not wait");
    let mut call = None;
    comes_true(|| {
        call = listener.accept().ok();
        call.is_some()
    });
    let (stream, _) = call?;
    stream.set_nonblocking(false).expect("it may wait again");
    Some(Stranger::on(stream, 0).expect("timeouts can be set"))
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

/// A batch with one call of `chat`.
pub(crate) fn chat(message_in_json: &str) -> String {
    format!("[\"push\",[\"pipeline\",0,[\"chat\"],[{message_in_json}]]]\n[\"pull\",1]")
}
