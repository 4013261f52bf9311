//! The fixture of one test: peers in terminals, and strangers with bare sockets.
//!
//! For programs that are started as `program ID` and take their place from `P2P_HOST` and
//! `P2P_BASE_PORT`; flags are left alone, since a program in another language may have none.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use crate::port_lease::PortLease;
use crate::program::Program;
use crate::story::Story;
use crate::terminal::Terminal;

/// How long a stranger waits for a peer. A test that passes never waits it out.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a peer asks its user.
const PROMPTS: [&str; 2] = ["Send to peer ID: ", "Message: "];

/// The peers of one test.
#[derive(Debug)]
pub struct Fixture {
    /// What happens in all terminals.
    pub story: Story,
    /// The ports that are ours.
    pub ports: PortLease,
    program: Program,
}

impl Fixture {
    /// A fixture of peers that all run the program under test: `own`, or `LAB_PROGRAM`.
    ///
    /// # Panics
    ///
    /// If no ports are free.
    pub fn of(own: &str) -> Self {
        let (story, ports) = (Story::begin(), PortLease::lease());
        Self { story, ports, program: Program::under_test(own) }
    }

    /// Opens a terminal and starts peer `id` in it.
    ///
    /// # Panics
    ///
    /// If it cannot be started.
    #[track_caller]
    pub fn starts(&self, id: u16) -> Terminal {
        self.starts_program(id, &self.program)
    }

    /// Starts peer `id`, and waits until it can be dialed and can be typed into.
    ///
    /// # Panics
    ///
    /// If it does not get that far in time.
    #[track_caller]
    pub fn peer(&self, id: u16) -> Terminal {
        let mut peer = self.starts(id);
        peer.sees(&format!("[PEER {id}] Listening on {}\n", self.ports.port(id)));
        peer.sees("Send to peer ID: ");
        peer
    }

    /// Starts another program as peer `id`.
    ///
    /// # Panics
    ///
    /// If it cannot be started.
    #[track_caller]
    pub fn starts_program(&self, id: u16, program: &Program) -> Terminal {
        let base_port = self.ports.base_port().to_string();
        let place = [("P2P_HOST", "127.0.0.1"), ("P2P_BASE_PORT", base_port.as_str())];
        let title = format!("peer {id}");
        let mut peer = self.story.terminal_with(&title, program, &[&id.to_string()], &place);
        peer.knows_prompts(&PROMPTS);
        peer
    }

    /// Where peer `id` is dialed.
    pub fn address_of(&self, id: u16) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.ports.port(id)).into()
    }

    /// A stranger dials peer `id`, and says nothing yet.
    ///
    /// # Panics
    ///
    /// If nobody listens there.
    pub fn dials(&self, id: u16) -> TcpStream {
        let stream = TcpStream::connect(self.address_of(id)).expect("the peer picks up");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout can be set");
        stream.set_write_timeout(Some(PATIENCE)).expect("a timeout can be set");
        stream
    }

    /// A stranger leaves `message` with peer `id`; returns the stranger's port.
    ///
    /// # Panics
    ///
    /// If nobody takes it.
    pub fn leaves(&self, id: u16, message: impl AsRef<[u8]>) -> u16 {
        let mut stream = self.dials(id);
        stream.write_all(message.as_ref()).expect("the peer takes it");
        stream.local_addr().expect("it has an address").port()
    }

    /// A stranger listens in the place of peer `id`.
    ///
    /// # Panics
    ///
    /// If somebody else does.
    pub fn stranger(&self, id: u16) -> TcpListener {
        TcpListener::bind(self.address_of(id)).expect("the port is leased")
    }
}

/// What a stranger who listens is told: one call, up to its end.
///
/// # Panics
///
/// If nobody calls in time, or the call does not end, or is no text.
pub fn hears(stranger: &TcpListener) -> String {
    let (picked_up, calls) = channel();
    let socket = stranger.try_clone().expect("a socket can be shared");
    // `accept` has no deadline, so a thread waits in it; if nobody calls, it ends with the test.
    let wait = move || drop(picked_up.send(socket.accept()));
    thread::Builder::new()
        .name("stranger".into())
        .spawn(wait)
        .expect("the system has a thread");
    let call = calls.recv_timeout(PATIENCE).expect("somebody calls within 10 s");
    let (mut stream, _) = call.expect("the call can be accepted");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout can be set");
    let mut message = String::new();
    stream.read_to_string(&mut message).expect("the call ends");
    message
}

/// Types the user's answers to the two questions.
///
/// # Panics
///
/// If the second question is not asked.
#[track_caller]
pub fn sends(peer: &mut Terminal, to: &str, message: &str) {
    peer.types(to);
    peer.sees("Message: ");
    peer.types(message);
}

/// Dials `stranger`, who never accepts, until nobody picks up any more. The system picks up for
/// a number of callers (129 on Linux); a system that picks up for ever is left after 300.
///
/// # Panics
///
/// If nobody listens.
pub fn fills_the_queue_of(stranger: &TcpListener) -> Vec<TcpStream> {
    let address = stranger.local_addr().expect("it listens");
    let dial = || TcpStream::connect_timeout(&address, Duration::from_millis(200)).ok();
    std::iter::from_fn(dial).take(300).collect()
}
