//! The same pattern with one thread per peer: a peer is a thread that reads requests from a
//! channel, its mailbox, and its address is the sending end of that channel.
//!
//! | thread | owns | waits in | ends |
//! |---|---|---|---|
//! | `main` | the addresses, the screen | `Address::ask`, for one conversation | after all others |
//! | `Peer 1` | its connections, its inbox | its mailbox | when no sender is left |
//! | `Peer 2` | the same, of its own | its mailbox | likewise |
//! | `Peer 3` | the same, of its own | its mailbox | likewise |
//!
//! Nothing is shared, so nothing is locked: a peer is changed by its own thread alone, and the
//! compiler checks that (a `Request` is `Send`; the `Rc` of `shared.rs` is not). What it does
//! *not* check is which thread waits for which. Two peers that add each other at once, and each
//! wait for the answer with their own mailbox unread, wait for ever: the request that would free
//! them lies in a mailbox that no thread reads. The test named `..._wait_for_ever` builds this
//! deadlock. The way out is never to wait inside a conversation: a peer sends its request and
//! reads on, and the answer arrives as one more request (`Call::Remember`). The test after it
//! shows that.
//!
//! Put a port in place of the sender and a socket in place of the mailbox: that is the next lab.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
use pattern_in_memory::Inbox;
use pattern_in_memory::event::{Event, EventKind};

const PEERS: [&str; 3] = ["Peer 1", "Peer 2", "Peer 3"];

/// How many requests fit into a mailbox. A mailbox without a bound hides a peer that is too
/// slow, until the memory is full.
pub(crate) const MAILBOX: usize = 32;

/// How long a thread waits for another one.
const PATIENCE: Duration = Duration::from_secs(10);

/// Everything that one peer can know about another: its name, and a way to send it requests.
#[derive(Clone)]
pub(crate) struct Address {
    name: &'static str,
    requests: Sender<Request>,
}

/// One request in a peer's mailbox. It holds the addresses of both ends, so a peer can
/// answer without keeping any address. Kept addresses would be the circle of `Rc` again: two
/// connected peers would hold each other's mailbox open, and their threads would never end.
struct Request {
    to: Address,
    other: Address,
    call: Call,
    /// Goes from request to request as long as a conversation lasts. When its last copy is
    /// dropped, the receiver at the far end knows that the conversation is over.
    report: Sender<Event>,
}

/// A method call as a value. `main` makes the first two calls, peers make the rest.
#[derive(Clone)]
pub(crate) enum Call {
    AddPeer,
    SendMessage(String),
    EstablishConnection,
    Remember,
    ReceiveMessage(String),
}

impl Address {
    /// A mailbox, and the address that leads to it.
    fn open(name: &'static str) -> (Self, Receiver<Request>) {
        let (requests, mailbox) = bounded(MAILBOX);
        (Self { name, requests }, mailbox)
    }

    /// Sends this peer `calls`, and returns the events up to the end of the conversation. Only
    /// `main` may wait like this: it has no mailbox, so no peer can be waiting for *it*.
    pub(crate) fn ask(
        &self,
        other: &Self,
        calls: impl IntoIterator<Item = Call>,
    ) -> Vec<Event> {
        // No bound: a request leads to a few events, and the requests are bounded already. With
        // one, a peer would wait for us to read, in the middle of a conversation.
        let (report, events) = unbounded();
        for call in calls {
            self.send(other, call, &report);
        }
        drop(report); // Our own copy. We wait for the copies that the requests carry.
        std::iter::from_fn(|| events.recv_timeout(PATIENCE).ok()).collect()
    }

    /// Puts a request into this peer's mailbox, or reports that it is full, and never waits: two
    /// peers that wait for room in each other's full mailbox are one more deadlock.
    fn send(&self, other: &Self, call: Call, report: &Sender<Event>) -> bool {
        let (to, other, report) = (self.clone(), other.clone(), report.clone());
        let request = Request { to, other, call, report };
        let Err(returned) = self.requests.try_send(request) else { return true };
        returned.into_inner().tell(EventKind::MailboxFull);
        false
    }
}

impl Request {
    /// Goes on with this conversation at its other end.
    fn forward(&self, call: Call) -> bool {
        self.other.send(&self.to, call, &self.report)
    }

    fn tell(&self, kind: EventKind) {
        // Fails if the receiver is gone, and then no code misses the event.
        let _ = self.report.send(Event { peer: self.to.name.into(), kind });
    }
}

/// The state of a peer, which only its own thread can see and change.
#[derive(Default)]
struct Peer {
    connections: BTreeSet<&'static str>,
    inbox: Inbox,
}

impl Peer {
    fn run(mailbox: Receiver<Request>) {
        let mut peer = Self::default();
        for request in mailbox {
            peer.handle(&request);
        }
    }

    fn handle(&mut self, request: &Request) {
        let other = request.other.name;
        let connected = self.connections.contains(other);
        match request.call.clone() {
            Call::AddPeer if request.to.name == other => request.tell(EventKind::BothEnds),
            Call::AddPeer if connected => {
                request.tell(EventKind::AlreadyConnected(other.into()));
            }
            Call::AddPeer => {
                request.tell(EventKind::Dialing(other.into()));
                request.forward(Call::EstablishConnection); // And the peer reads on.
            }
            Call::EstablishConnection => {
                request.tell(EventKind::Accepted(other.into()));
                self.remember(request);
                if !request.forward(Call::Remember) && !connected {
                    self.connections.remove(other); // One end alone is no connection.
                    request.tell(EventKind::Disconnected(other.into()));
                }
            }
            Call::Remember => self.remember(request),
            Call::SendMessage(message) if connected => {
                request.forward(Call::ReceiveMessage(message));
            }
            Call::SendMessage(_) => request.tell(EventKind::NotConnected(other.into())),
            Call::ReceiveMessage(message) => {
                self.inbox.keep(other, &message);
                request.tell(EventKind::Received { other: other.into(), message });
            }
        }
    }

    /// Two peers that add each other at once hear of one connection twice, and report it once.
    fn remember(&mut self, request: &Request) {
        let other = request.other.name;
        if self.connections.insert(other) {
            request.tell(EventKind::Connected(other.into()));
        }
    }
}

/// Starts a thread for each name, gives their addresses to `story`, and joins the threads.
///
/// No thread has to be told to stop. When `story` ends, the last addresses go, every mailbox
/// closes, and each peer comes to the end of its requests.
pub(crate) fn with_peers<const N: usize, T>(
    names: [&'static str; N],
    story: impl FnOnce([Address; N]) -> T,
) -> T {
    thread::scope(|scope| {
        let start = |name: &'static str| {
            let (address, mailbox) = Address::open(name);
            let builder = thread::Builder::new().name(name.into());
            builder
                .spawn_scoped(scope, || Peer::run(mailbox))
                .expect("a thread can be started");
            address
        };
        story(names.map(start))
    })
}

/// The lab sheet's example, line by line as in `src/demo.rs`.
fn story() -> Vec<Event> {
    with_peers(PEERS, |[peer1, peer2, peer3]| {
        let send = |message: &str| [Call::SendMessage(message.to_owned())];
        [
            peer1.ask(&peer2, [Call::AddPeer]),
            peer1.ask(&peer3, [Call::AddPeer]),
            peer1.ask(&peer2, send("Hello")),
            peer2.ask(&peer1, send("Hi there")),
            peer2.ask(&peer3, send("Try hello")),
        ]
        .concat()
    })
}

fn tell(screen: &mut impl Write) -> io::Result<()> {
    story().iter().try_for_each(|event| writeln!(screen, "{event}"))
}

fn main() -> io::Result<()> {
    tell(&mut io::stdout())
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::thread::JoinHandle;

    use crossbeam_channel::{RecvTimeoutError, select};

    use super::*;

    /// Long enough for an answer that is on its way, short enough to wait for one that is not.
    const A_WHILE: Duration = Duration::from_millis(200);

    /// The obvious first design of a peer: it asks, waits for the answer, and only then reads on.
    /// `rescue` is no part of that; it lets the test join a thread that would wait for ever.
    fn run_synchronous(mailbox: &Receiver<Request>, rescue: &Receiver<Infallible>) {
        for request in mailbox {
            let other = request.other.name;
            if let Call::AddPeer = request.call {
                let (answer, answered) = bounded(1);
                request.other.send(&request.to, Call::EstablishConnection, &answer);
                drop(answer); // The request holds the other copy until it has been read.
                request.tell(EventKind::Dialing(other.into()));
                select! {
                    recv(answered) -> _ => {
                        request.tell(EventKind::Connected(other.into()));
                    }
                    recv(rescue) -> _ => return,
                }
            }
        }
    }

    fn start(name: &str, peer: impl FnOnce() + Send + 'static) -> JoinHandle<()> {
        let builder = thread::Builder::new().name(name.to_owned());
        builder.spawn(peer).expect("a thread can be started")
    }

    fn join(threads: [JoinHandle<()>; 2]) {
        in_time(|| threads.map(|thread| thread.join().expect("no peer panics")));
    }

    /// Runs `story` on a thread of its own, so that one that never ends is a failed test, and
    /// not a test that never ends.
    fn in_time<T: Send + 'static>(story: impl FnOnce() -> T + Send + 'static) -> T {
        let (report, told) = bounded(1);
        let thread =
            start("story", move || report.send(story()).expect("the test waits for it"));
        let told = told.recv_timeout(2 * PATIENCE).expect("the story ends, and well");
        thread.join().expect("the story has ended");
        told
    }

    /// Two mailboxes, each with a request to add the other in it before any thread reads: neither
    /// peer can be the quicker one, so what follows needs no luck, and no sleep.
    fn at_once() -> ([Receiver<Request>; 2], Receiver<Event>) {
        let ((alice, mail1), (bob, mail2)) = (Address::open("Alice"), Address::open("Bob"));
        let (report, events) = unbounded();
        alice.send(&bob, Call::AddPeer, &report);
        bob.send(&alice, Call::AddPeer, &report);
        ([mail1, mail2], events)
    }

    #[test]
    fn a_synchronous_peer_connects_while_no_other_peer_asks() {
        let ((alice, mail1), (bob, mail2)) = (Address::open("Alice"), Address::open("Bob"));
        let (rescue, rescued) = bounded(0);
        let other_end = rescued.clone();
        let threads = [
            start("Alice", move || run_synchronous(&mail1, &rescued)),
            start("Bob", move || run_synchronous(&mail2, &other_end)),
        ];
        let events = alice.ask(&bob, [Call::AddPeer]);
        let last = events.last().map(Event::to_string);
        assert_eq!(last.as_deref(), Some("Alice is now connected to Bob"));
        drop((alice, bob, rescue));
        join(threads);
    }

    #[test]
    fn two_peers_that_add_each_other_at_once_and_wait_for_the_answer_wait_for_ever() {
        let (mailboxes, events) = at_once();
        let (rescue, rescued) = bounded(0);
        let threads = mailboxes.clone().map(|mailbox| {
            let rescued = rescued.clone();
            start("synchronous", move || run_synchronous(&mailbox, &rescued))
        });
        for _ in &mailboxes {
            let event = events.recv_timeout(PATIENCE);
            let dialing =
                event.as_ref().is_ok_and(|it| matches!(it.kind, EventKind::Dialing(_)));
            assert!(dialing, "{event:?}");
        }
        // Each has sent its request, and each request lies in a mailbox that no thread reads.
        assert_eq!(mailboxes.each_ref().map(Receiver::len), [1, 1]);
        assert_eq!(events.recv_timeout(A_WHILE), Err(RecvTimeoutError::Timeout));
        drop(rescue);
        join(threads);
    }

    #[test]
    fn two_peers_that_add_each_other_at_once_and_read_on_are_connected() {
        let (mailboxes, events) = at_once();
        let threads = mailboxes.map(|mailbox| start("reads on", || Peer::run(mailbox)));
        let mut told = Vec::new();
        let ended = loop {
            match events.recv_timeout(PATIENCE) {
                Ok(event) => told.push(event.to_string()),
                Err(ended) => break ended,
            }
        };
        assert_eq!(ended, RecvTimeoutError::Disconnected, "still waiting after {told:?}");
        join(threads);
        told.sort(); // Either peer may be first. The events are the same.
        let expected = [
            "Alice accepted connection with Bob",
            "Alice is establishing a connection with Bob",
            "Alice is now connected to Bob",
            "Bob accepted connection with Alice",
            "Bob is establishing a connection with Alice",
            "Bob is now connected to Alice",
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn a_thread_ends_when_its_last_address_is_dropped() {
        let (address, mailbox) = Address::open("Alice");
        let (running, ended) = bounded::<Infallible>(0);
        let thread = start("Alice", move || {
            Peer::run(mailbox);
            drop(running);
        });
        assert_eq!(ended.recv_timeout(A_WHILE), Err(RecvTimeoutError::Timeout));
        drop(address);
        assert_eq!(ended.recv_timeout(PATIENCE), Err(RecvTimeoutError::Disconnected));
        thread.join().expect("no peer panics");
    }

    #[test]
    fn a_full_mailbox_is_reported_and_not_waited_for() {
        let (alice, _unread) = Address::open("Alice");
        let sent = in_time(move || {
            let (report, events) = unbounded();
            let sent = (0..=MAILBOX).filter(|_| alice.send(&alice, Call::Remember, &report));
            (sent.count(), events.try_recv())
        });
        assert_eq!(
            sent,
            (MAILBOX, Ok(Event { peer: "Alice".into(), kind: EventKind::MailboxFull }))
        );
    }

    #[test]
    fn a_connection_that_only_one_end_knows_is_given_up() {
        let ((alice, _unread), (bob, _)) = (Address::open("Alice"), Address::open("Bob"));
        let (report, events) = unbounded();
        while alice.send(&bob, Call::Remember, &report) {}
        let mut peer = Peer::default();
        let call = Call::EstablishConnection;
        peer.handle(&Request { to: bob, other: alice, call, report });
        assert!(peer.connections.is_empty());
        let last = events.try_iter().last().map(|event| event.to_string());
        assert_eq!(last.as_deref(), Some("Bob is no longer connected to Alice"));
    }

    #[test]
    fn a_connection_that_both_ends_know_is_kept() {
        let ((alice, _unread), (bob, _)) = (Address::open("Alice"), Address::open("Bob"));
        let (report, _events) = unbounded();
        let mut peer = Peer::default();
        // Each has dialed the other, and the first call has connected them already.
        let call = Call::Remember;
        peer.handle(&Request {
            to: bob.clone(),
            other: alice.clone(),
            call,
            report: report.clone(),
        });
        while alice.send(&bob, Call::Remember, &report) {}
        let call = Call::EstablishConnection;
        peer.handle(&Request { to: bob, other: alice, call, report });
        assert!(peer.connections.contains("Alice"));
    }

    #[test]
    fn a_peer_that_dials_itself_is_refused() {
        let dials_itself =
            || with_peers(["Alice"], |[alice]| alice.ask(&alice, [Call::AddPeer]));
        let both_ends = Event { peer: "Alice".into(), kind: EventKind::BothEnds };
        assert_eq!(in_time(dials_itself), [both_ends]);
    }

    #[test]
    fn the_thread_map_is_true() {
        let rows = include_str!("mailboxes.rs").lines().filter_map(|line| {
            let (thread, _) = line.strip_prefix("//! | `")?.split_once('`')?;
            Some(thread)
        });
        assert_eq!(rows.collect::<Vec<_>>(), [&["main"], &PEERS[..]].concat());

        let running = in_time(|| {
            with_peers(PEERS, |[peer1, peer2, peer3]| {
                // Each peer has answered, so its thread runs.
                peer1.ask(&peer2, [Call::AddPeer]);
                peer3.ask(&peer1, [Call::AddPeer]);
                scenario::statistics::threads(std::process::id())
            })
        });
        // The test has threads of its own, and only Linux lists the names of threads.
        let missing =
            |name: &&str| running.as_ref().is_some_and(|all| !all.iter().any(|n| n == name));
        assert_eq!(PEERS.iter().copied().find(missing), None, "{running:?}");
    }

    #[test]
    fn it_tells_the_story_of_the_lab_sheet() {
        let sheet = scenario::lab_sheet::block(include_str!("../README.md"), "## Output");
        let screen = in_time(|| {
            let mut screen = Vec::new();
            tell(&mut screen).expect("a `Vec` takes everything");
            screen
        });
        assert_eq!(String::from_utf8_lossy(&screen), sheet);
    }
}
