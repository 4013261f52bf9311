//! The fixture of one test: its terminals, its ports, and strangers with bare sockets.
//!
//! The peers it starts run as `program ID` and take their address from `P2P_HOST` and
//! `P2P_BASE_PORT`; flags are left alone, since a program in another language may have none.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use crate::port_lease::PortLease;
use crate::program::Program;
use crate::story::Story;
use crate::stranger::{Stranger, accepts};
use crate::terminal::Terminal;
use crate::wait::patience;

/// The prompts of a peer.
const PROMPTS: [&str; 2] = ["Send to peer ID: ", "Message: "];

/// The terminals, the ports and the program of one test.
#[derive(Debug)]
pub struct Fixture {
    /// All its terminals.
    pub story: Story,
    /// Its ports.
    pub ports: PortLease,
    program: Option<Program>,
}

impl Fixture {
    /// A fixture without a program: the test says which ones it starts.
    pub fn open() -> Self {
        let ports = PortLease::lease();
        Self { story: Story::on(&ports), ports, program: None }
    }

    /// A fixture whose peers all run the program under test: `own`, or `LAB_PROGRAM`.
    pub fn of(own: &str) -> Self {
        Self { program: Some(Program::under_test(own)), ..Self::open() }
    }

    /// A fixture for a promise of the lab's own program alone; `None` where another one is judged.
    pub fn of_own(own: &str) -> Option<Self> {
        (!Program::is_replaced()).then(|| Self::of(own))
    }

    /// The program under test.
    pub fn program(&self) -> &Program {
        self.program.as_ref().expect("Fixture::of names a program")
    }

    /// Opens a terminal and starts peer `id` in it.
    #[track_caller]
    pub fn starts(&self, id: u16) -> Terminal {
        self.starts_program(id, self.program())
    }

    /// Starts peer `id`, and waits until it can be dialed and can be typed into.
    #[track_caller]
    pub fn peer(&self, id: u16) -> Terminal {
        let mut peer = self.starts(id);
        // A program of two threads may print these two in either order.
        let listening = format!("[PEER {id}] Listening on {}\n", self.ports.port(id));
        peer.sees_all(&[&listening, "Send to peer ID: "]);
        peer
    }

    /// Starts another program as peer `id`.
    #[track_caller]
    pub fn starts_program(&self, id: u16, program: &Program) -> Terminal {
        let base_port = self.ports.base_port().to_string();
        let address = [("P2P_HOST", "127.0.0.1"), ("P2P_BASE_PORT", base_port.as_str())];
        let title = format!("peer {id}");
        let mut peer = self.story.terminal_with(&title, program, &[&id.to_string()], &address);
        peer.knows_prompts(&PROMPTS);
        peer
    }

    /// The address of peer `id`.
    pub fn address_of(&self, id: u16) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.ports.port(id)).into()
    }

    /// A stranger dials peer `id`, and says nothing yet.
    #[track_caller]
    pub fn dials(&self, id: u16) -> TcpStream {
        Stranger::dials(self.address_of(id), patience()).expect("the peer accepts").stream
    }

    /// A stranger delivers `message` to peer `id`; returns the stranger's port.
    #[track_caller]
    pub fn delivers(&self, id: u16, message: impl AsRef<[u8]>) -> u16 {
        let mut stream = self.dials(id);
        stream.write_all(message.as_ref()).expect("the peer takes it");
        stream.local_addr().expect("it has an address").port()
    }

    /// A stranger listens at the address of peer `id`.
    #[track_caller]
    pub fn stranger(&self, id: u16) -> TcpListener {
        TcpListener::bind(self.address_of(id)).expect("the port is leased")
    }
}

/// The message of the next call to `stranger`, up to its end.
#[track_caller]
pub fn hears(stranger: &TcpListener) -> String {
    let Some(mut call) = accepts(stranger, patience()) else {
        panic!("expected a call from a peer; {:?} later there is none", patience());
    };
    call.set_read_timeout(Some(patience())).expect("a timeout can be set");
    let mut message = String::new();
    call.read_to_string(&mut message).expect("the call ends");
    message
}

/// Types the user's answers to the two prompts.
#[track_caller]
pub fn sends(peer: &mut Terminal, to: &str, message: &str) {
    peer.types(to);
    peer.sees("Message: ");
    peer.types(message);
}

/// Dials `stranger`, which never accepts, until its queue is full: on Linux after 129 callers. On
/// a system whose queues have no end, 300 dials are made.
pub fn fills_the_queue_of(stranger: &TcpListener) -> Vec<TcpStream> {
    let address = stranger.local_addr().expect("it listens");
    let dial = || TcpStream::connect_timeout(&address, Duration::from_millis(200)).ok();
    std::iter::from_fn(dial).take(300).collect()
}
