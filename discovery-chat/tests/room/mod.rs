//! The room of one test: peers in terminals that find each other, and strangers with bare sockets.
//!
//! Every room has a discovery port of its own, so rooms do not hear each other.
#![allow(dead_code, reason = "each file of tests needs a part of it")]

use std::io::{BufRead, BufReader, Write};
use std::net::{
    Ipv4Addr, Shutdown, SocketAddr, SocketAddrV4, TcpListener, TcpStream, UdpSocket,
};
use std::ops::{Deref, DerefMut};
use std::thread;
use std::time::{Duration, Instant};

use grader::{PortLease, Program, Story, Terminal};
use socket2::{Domain, Socket, Type};

/// The lab's own program.
pub(crate) const P2P_CHAT: &str = env!("CARGO_BIN_EXE_p2p_chat");

/// How long a stranger waits for a peer. A test that passes never waits it out.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// What happens at once happens within this time, even on a busy machine. It is less than the
/// 4 s between two announcements, and less than the 6 s after which a silent peer is lost: what
/// comes sooner has not waited for either.
pub(crate) const SOON: Duration = Duration::from_millis(3500);

/// Between two looks at something that nobody announces.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// A room.
pub(crate) struct Room {
    pub(crate) story: Story,
    pub(crate) ports: PortLease,
    program: Program,
}

/// A peer that is up, in its terminal.
pub(crate) struct Peer {
    pub(crate) terminal: Terminal,
    /// 18 hex digits, as on the wire.
    pub(crate) id: String,
    /// As on the screen.
    pub(crate) shown_id: String,
    pub(crate) port: u16,
}

impl Room {
    pub(crate) fn open() -> Self {
        let program = Program::under_test(P2P_CHAT);
        Self { story: Story::begin(), ports: PortLease::lease(), program }
    }

    /// Where everybody in this room announces.
    pub(crate) fn discovery_port(&self) -> u16 {
        self.ports.port(31)
    }

    /// Opens a terminal and starts a peer in it, on this machine only, with plain lines.
    #[track_caller]
    pub(crate) fn starts(&self, name: &str, options: &[&str]) -> Terminal {
        self.starts_program(&self.program, name, options)
    }

    /// The same, with a program of the test's choice.
    #[track_caller]
    pub(crate) fn starts_program(
        &self,
        program: &Program,
        name: &str,
        options: &[&str],
    ) -> Terminal {
        let words = self.words(name, options);
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        self.story.terminal(name, program, &words)
    }

    /// What stands behind the program's name.
    pub(crate) fn words(&self, name: &str, options: &[&str]) -> Vec<String> {
        let discovery = self.discovery_port().to_string();
        let always = ["start", "--plain", "--local", "--discovery-port", &discovery];
        let words = [&always[..], &["--name", name], options].concat();
        words.into_iter().map(str::to_owned).collect()
    }

    /// The same, and waits until the peer is up.
    #[track_caller]
    pub(crate) fn peer(&self, name: &str) -> Peer {
        self.peer_with(name, &[])
    }

    #[track_caller]
    pub(crate) fn peer_with(&self, name: &str, options: &[&str]) -> Peer {
        Peer::is_up(self.starts(name, options))
    }

    /// All of them, each linked with each.
    #[track_caller]
    pub(crate) fn peers<const N: usize>(&self, names: [&str; N]) -> [Peer; N] {
        let mut peers = names.map(|name| self.peer(name));
        for (index, peer) in peers.iter_mut().enumerate() {
            let others = names.iter().enumerate().filter(|(other, _)| *other != index);
            let found: Vec<_> = others
                .map(|(_, name)| format!("🔍 Discovered new peer: {name} (127.0.0.1)\n"))
                .collect();
            peer.sees_all(&found.iter().map(String::as_str).collect::<Vec<_>>());
        }
        peers
    }

    /// A stranger shouts a datagram to everybody in the room.
    pub(crate) fn shouts(&self, datagram: impl AsRef<[u8]>) {
        shouts_from(Ipv4Addr::LOCALHOST, self.discovery_port(), datagram.as_ref());
    }

    /// A stranger shouts that `id` can be dialed at `port`.
    pub(crate) fn announces(&self, id: &str, port: u16, name: &str) {
        self.shouts(format!("p2pchat/1 here {id} {port} {name}"));
    }

    /// Waits until so many peers have taken in whatever was shouted so far. One more announcement
    /// tells: its turn comes after all others, and whoever has heard it dials.
    #[track_caller]
    pub(crate) fn has_been_heard_by(&self, peers: usize) {
        let listener = a_stranger_listens();
        self.announces(&invented_id(u64::MAX), port_of(&listener), "Marker");
        for _ in 0..peers {
            whoever_dials(&listener, PATIENCE).expect("a peer dials whom it hears");
        }
    }

    /// A stranger listens to what is shouted in the room.
    pub(crate) fn is_overheard(&self) -> UdpSocket {
        let socket = Socket::new(Domain::IPV4, Type::DGRAM, None).expect("a socket");
        socket.set_reuse_address(true).expect("the port is shared");
        #[cfg(unix)]
        socket.set_reuse_port(true).expect("the port is shared");
        let everywhere = SocketAddr::from((Ipv4Addr::UNSPECIFIED, self.discovery_port()));
        socket.bind(&everywhere.into()).expect("the port is shared");
        let socket = UdpSocket::from(socket);
        socket.set_read_timeout(Some(PATIENCE)).expect("a timeout can be set");
        socket
    }
}

/// Whether `wanted` comes true within `patience`.
pub(crate) fn comes_true(patience: Duration, mut wanted: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + patience;
    while !wanted() {
        if Instant::now() >= deadline {
            return false;
        }
        thread::park_timeout(LOOK_AGAIN);
    }
    true
}

/// The next one who dials `listener` within `patience`, if there is one.
pub(crate) fn whoever_dials(listener: &TcpListener, patience: Duration) -> Option<Stranger> {
    listener.set_nonblocking(true).expect("it need not wait");
    let mut call = None;
    comes_true(patience, || {
        call = listener.accept().ok();
        call.is_some()
    });
    let (stream, _) = call?;
    stream.set_nonblocking(false).expect("it may wait again");
    Some(Stranger::on(stream))
}

/// Where a stranger listens.
pub(crate) fn port_of(listener: &TcpListener) -> u16 {
    listener.local_addr().expect("it listens").port()
}

/// A stranger listens somewhere.
pub(crate) fn a_stranger_listens() -> TcpListener {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free")
}

/// A stranger at `from`, an address of loopback, shouts to everybody who hears `port`.
pub(crate) fn shouts_from(from: Ipv4Addr, port: u16, datagram: &[u8]) {
    let socket = UdpSocket::bind((from, 0)).expect("a socket");
    socket.set_broadcast(true).expect("broadcast is allowed");
    let everybody = SocketAddrV4::new(Ipv4Addr::new(127, 255, 255, 255), port);
    socket.send_to(datagram, everybody).expect("it is sent");
}

/// An id that nobody else has, if `n` is different.
pub(crate) fn invented_id(n: u64) -> String {
    format!("ee{n:016x}")
}

impl Peer {
    /// Waits for the banner.
    #[track_caller]
    pub(crate) fn is_up(mut terminal: Terminal) -> Self {
        terminal.sees("🔗 TCP listener started on port ");
        terminal.sees("\n");
        let printed = terminal.printed();
        let after = |label: &str| {
            let line = printed.lines().find_map(|line| line.strip_prefix(label));
            line.expect("the banner has it").to_owned()
        };
        let shown_id = after("👤 Your ID: ");
        let port = after("🔌 Listening on port: ").parse().expect("a port");
        Self { terminal, id: shown_id.replace('-', ""), shown_id, port }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// A stranger dials, and says nothing yet.
    pub(crate) fn is_dialed(&self) -> Stranger {
        Stranger::on(TcpStream::connect(self.address()).expect("the peer picks up"))
    }

    /// The same, with little room for what it has not read yet. What a stranger leaves unread
    /// then soon stands in the peer's outbox, and not in the system.
    pub(crate) fn is_dialed_by_a_narrow_one(&self) -> Stranger {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
        socket.set_recv_buffer_size(4096).expect("a buffer can be small");
        socket.connect(&self.address().into()).expect("the peer picks up");
        Stranger::on(socket.into())
    }

    /// A stranger dials, and shakes hands under this name and id. It listens nowhere.
    #[track_caller]
    pub(crate) fn is_linked_with(&self, name: &str, id: &str) -> Stranger {
        self.shakes_hands(self.is_dialed(), name, id)
    }

    /// A stranger that has dialed shakes hands.
    #[track_caller]
    pub(crate) fn shakes_hands(
        &self,
        mut stranger: Stranger,
        name: &str,
        id: &str,
    ) -> Stranger {
        stranger.says(&format!("p2pchat/1 hello {} {id} 9 {name}", self.id));
        let hello = stranger.hears();
        assert!(hello.starts_with(&format!("p2pchat/1 hello {id} {} ", self.id)), "{hello:?}");
        stranger
    }

    /// Types `/list`, and sees these peers under these names, in this order, and no others.
    #[track_caller]
    pub(crate) fn lists(&mut self, peers: &[(&str, &Peer)]) {
        // The second list shows where the first one ends.
        self.types("/list");
        self.types("/list");
        self.sees("👥 Discovered peers:\n");
        let lines = peers
            .iter()
            .map(|(who, peer)| format!("  - {who} ({}) at {}", peer.shown_id, peer.address()));
        let lines: Vec<_> = lines.collect();
        for line in &lines {
            self.sees_next(line);
        }
        self.sees_next("👥 Discovered peers:");
        for line in &lines {
            self.sees_next(line);
        }
    }

    /// Waits until `text` has been printed so many times since the start, for longer than a
    /// terminal is looked at.
    #[track_caller]
    pub(crate) fn has_shown(&mut self, text: &str, times: usize, patience: Duration) {
        let shown = comes_true(patience, || self.printed().matches(text).count() >= times);
        assert!(shown, "expected {text:?} {times} times within {patience:?}");
    }

    /// Every line printed so far that begins with one of these signs.
    pub(crate) fn lines_with(&mut self, signs: &[&str]) -> Vec<String> {
        let printed = self.printed();
        let lines = printed.lines().filter(|line| signs.iter().any(|s| line.starts_with(s)));
        lines.map(str::to_owned).collect()
    }

    /// Leaves; then everything it has printed is known.
    #[track_caller]
    pub(crate) fn leaves(&mut self) {
        self.types("/quit");
        self.ends_well();
        assert_eq!(self.complained(), "", "a peer that is well does not complain");
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

/// A bare TCP connection to a peer, and what a test says on it.
pub(crate) struct Stranger {
    pub(crate) stream: TcpStream,
    lines: BufReader<TcpStream>,
}

impl Stranger {
    pub(crate) fn on(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout can be set");
        stream.set_write_timeout(Some(PATIENCE)).expect("a timeout can be set");
        stream.set_nodelay(true).expect("it can be quick");
        let lines = BufReader::new(stream.try_clone().expect("a socket can be shared"));
        Self { stream, lines }
    }

    /// A line, with its end.
    pub(crate) fn says(&mut self, line: &str) {
        self.sends(format!("{line}\n").as_bytes());
    }

    pub(crate) fn sends(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).expect("the peer takes it");
    }

    /// The same, if the peer still listens.
    pub(crate) fn tries_to_send(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).is_ok()
    }

    /// Shows that it is there, if the peer still listens: it shall not be lost for its silence.
    pub(crate) fn pings(&mut self) {
        self.tries_to_send(b"ping\n");
    }

    /// The next line, without its end.
    #[track_caller]
    pub(crate) fn hears(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).expect("the peer says something within 10 s");
        line.strip_suffix('\n').expect("a whole line, and no end of the link").to_owned()
    }

    /// The next line that is more than a sign of life.
    #[track_caller]
    pub(crate) fn hears_news(&mut self) -> String {
        loop {
            let line = self.hears();
            if line != "ping" {
                return line;
            }
        }
    }

    /// Whatever is left to hear, up to the end of the link.
    #[track_caller]
    pub(crate) fn hears_the_end(&mut self) -> String {
        let mut rest = String::new();
        loop {
            match self.lines.read_line(&mut rest) {
                Ok(0) => return rest,
                Ok(_) => {}
                Err(error) if is_an_end(&error) => return rest,
                Err(error) => panic!("the peer hangs up within 10 s, but: {error}"),
            }
        }
    }

    pub(crate) fn hangs_up(self) {
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}

/// A link can also end with a reset, if something was left unread.
fn is_an_end(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
    matches!(error.kind(), ConnectionReset | ConnectionAborted | BrokenPipe)
}
