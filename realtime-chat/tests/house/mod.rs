//! The house of one test: a chat server in its terminal, on a port that is its alone; strangers
//! with bare sockets; and guests, who join the chat and say in Cap'n Web what they want.
//!
//! | file | idea |
//! |---|---|
//! | `house/mod.rs` | the server, what it has in use, and an onlooker who times it |
//! | `house/stranger.rs` | HTTP and frames, byte by byte |
//! | `house/guest.rs` | calls and notes |
#![allow(dead_code, unused_imports, reason = "each file of tests needs a part of it")]

mod guest;
mod stranger;

pub(crate) use guest::{Guest, Refused};
pub(crate) use stranger::{
    BINARY, CLOSE, PATIENCE, PING, PONG, Reply, Stranger, TEXT, claim, frame, head,
    tells_nothing_of_this_machine, upgrade,
};

use std::ops::{Deref, DerefMut};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use grader::{PortLease, Program, Story, Terminal, statistics};
use serde_json::json;

pub(crate) const SERVER: &str = env!("CARGO_BIN_EXE_chat-server");

/// The longest that anybody may be kept waiting by somebody else. What is promised is 250 ms; but
/// not on a machine that runs all tests at once.
pub(crate) const AT_THE_LATEST: Duration = Duration::from_secs(2);

/// Between two looks at something that nobody announces.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// Between two questions of an onlooker.
const ASK_AGAIN: Duration = Duration::from_millis(10);

/// What the server runs when nobody is there.
pub(crate) const ALONE: [&str; 3] = ["chat-server", "ctrl-c", "listener"];

/// A house.
pub(crate) struct House {
    pub(crate) story: Story,
    pub(crate) ports: PortLease,
}

/// A server that can be dialed, in its terminal.
pub(crate) struct Server {
    terminal: Terminal,
    pub(crate) port: u16,
}

impl House {
    pub(crate) fn open() -> Self {
        Self { story: Story::begin(), ports: PortLease::lease() }
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
            threads: statistics::threads(self.pid()),
            descriptors: statistics::descriptors(self.pid()),
        }
    }

    /// Whatever has happened since, nothing of it is left.
    #[track_caller]
    pub(crate) fn has_as_much_in_use_as(&self, before: &Stock) {
        let wanted = || {
            // The listener looks after those it has turned away when the next one comes.
            drop(Stranger::dials(self.port));
            statistics::threads(self.pid()) == before.threads
                && statistics::descriptors(self.pid()) == before.descriptors
        };
        let now = || (statistics::threads(self.pid()), statistics::descriptors(self.pid()));
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

/// Does something to a server while somebody watches; nobody notices, and nothing is left.
#[track_caller]
pub(crate) fn nobody_else_notices(options: &[&str], attack: impl FnOnce(&Server)) {
    let house = House::open();
    let server = house.server_with(options);
    let before = server.takes_stock();
    let onlooker = server.is_watched();
    attack(&server);
    onlooker.was_not_kept_waiting();
    server.has_as_much_in_use_as(&before);
    server.still_serves();
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
