//! The same pattern with one thread per peer: a peer is whoever empties a mailbox, and its
//! address is the slot where letters go in.
//!
//! | thread | owns | waits in | ends |
//! |---|---|---|---|
//! | `main` | the addresses, the screen | `Address::ask`, for one conversation | after all others |
//! | `Peer 1` | its connections, its inbox | its mailbox | when nobody can write to it |
//! | `Peer 2` | the same, of its own | its mailbox | likewise |
//! | `Peer 3` | the same, of its own | its mailbox | likewise |
//!
//! Nothing is shared, so nothing is locked: a peer is changed by its own thread alone, and the
//! compiler checks that (a `Letter` is `Send`; the `Rc` of `shared.rs` is not). What it does
//! *not* check is who waits for whom. Two peers that add each other at once, and each wait for
//! the answer with their own mailbox unread, wait for ever: the question that would free them
//! lies in the mailbox that nobody empties. The test named `..._wait_for_ever` builds this
//! deadlock. The way out is never to wait inside a conversation: a peer asks and reads on, and
//! the answer arrives as one more letter (`Wish::Remember`). The test after it shows that.
//!
//! Put a port in place of the slot and a socket in place of the mailbox: that is the next lab.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
use pattern_in_memory::{Event, Inbox};

const PEERS: [&str; 3] = ["Peer 1", "Peer 2", "Peer 3"];

/// How many letters fit into a mailbox. A mailbox without a bound hides a peer that is too
/// slow, until the memory is full.
pub(crate) const MAILBOX: usize = 32;

/// How long anybody here waits for somebody else.
const PATIENCE: Duration = Duration::from_secs(10);

/// Everything that one peer can know about another: what it is called, and where to write.
#[derive(Clone)]
pub(crate) struct Address {
    name: &'static str,
    slot: Sender<Letter>,
}

/// What a peer finds in its mailbox. The envelope names both ends, so a peer can answer
/// without keeping any address. Kept addresses would be the circle of `Rc` again: two connected
/// peers would hold each other's mailbox open, and their threads would never end.
struct Letter {
    to: Address,
    other: Address,
    wish: Wish,
    /// Travels with the conversation, from letter to letter. When its last holder lets go of
    /// it, whoever listens at the far end knows that the conversation is over.
    report: Sender<Event>,
}

/// What a letter asks for. The first two come from outside, the rest from peer to peer.
#[derive(Clone)]
pub(crate) enum Wish {
    AddPeer,
    SendMessage(String),
    EstablishConnection,
    Remember,
    ReceiveMessage(String),
}

impl Address {
    /// A mailbox, and the address that leads to it.
    fn open(name: &'static str) -> (Self, Receiver<Letter>) {
        let (slot, mailbox) = bounded(MAILBOX);
        (Self { name, slot }, mailbox)
    }

    /// Asks this peer for something, and returns what happened until the conversation was over.
    /// Only `main` may wait like this: it has no mailbox, so nobody can be waiting for *it*.
    pub(crate) fn ask(
        &self,
        other: &Self,
        wishes: impl IntoIterator<Item = Wish>,
    ) -> Vec<Event> {
        // No bound: a letter leads to a few events, and the letters are bounded already. With
        // one, a peer would wait for us to read, in the middle of a conversation.
        let (report, events) = unbounded();
        for wish in wishes {
            self.post(other, wish, &report);
        }
        drop(report); // Ours. The letters carry copies, and the wait is for those.
        std::iter::from_fn(|| events.recv_timeout(PATIENCE).ok()).collect()
    }

    /// Leaves a letter for this peer, or reports that there was no room, and never waits: two
    /// peers that wait for room in each other's full mailbox are one more deadlock.
    fn post(&self, other: &Self, wish: Wish, report: &Sender<Event>) -> bool {
        let (to, other, report) = (self.clone(), other.clone(), report.clone());
        let letter = Letter { to, other, wish, report };
        let Err(returned) = self.slot.try_send(letter) else { return true };
        returned.into_inner().tell(Event::MailboxFull { peer: self.name.into() });
        false
    }
}

impl Letter {
    /// Goes on with this conversation at its other end.
    fn pass_on(&self, wish: Wish) -> bool {
        self.other.post(&self.to, wish, &self.report)
    }

    fn tell(&self, event: Event) {
        let _ = self.report.send(event); // Nobody listens any more: then nobody misses it.
    }
}

/// What only a peer's own thread can see and change.
#[derive(Default)]
struct Peer {
    connections: BTreeSet<&'static str>,
    inbox: Inbox,
}

impl Peer {
    fn run(mailbox: Receiver<Letter>) {
        let mut peer = Self::default();
        for letter in mailbox {
            peer.read(&letter);
        }
    }

    fn read(&mut self, letter: &Letter) {
        let (peer, other) = (letter.to.name, letter.other.name);
        let connected = self.connections.contains(other);
        match letter.wish.clone() {
            Wish::AddPeer if peer == other => {
                letter.tell(Event::BothEnds { peer: peer.into() });
            }
            Wish::AddPeer if connected => {
                letter.tell(Event::AlreadyConnected { peer: peer.into(), other: other.into() });
            }
            Wish::AddPeer => {
                letter.tell(Event::Dialing { peer: peer.into(), other: other.into() });
                letter.pass_on(Wish::EstablishConnection); // And on to the next letter.
            }
            Wish::EstablishConnection => {
                letter.tell(Event::Accepted { peer: peer.into(), other: other.into() });
                self.remember(letter);
                if !letter.pass_on(Wish::Remember) {
                    self.connections.remove(other); // One end alone is no connection.
                    letter.tell(Event::Disconnected { peer: peer.into(), other: other.into() });
                }
            }
            Wish::Remember => self.remember(letter),
            Wish::SendMessage(message) if connected => {
                letter.pass_on(Wish::ReceiveMessage(message));
            }
            Wish::SendMessage(_) => {
                letter.tell(Event::NotConnected { peer: peer.into(), other: other.into() });
            }
            Wish::ReceiveMessage(message) => {
                self.inbox.keep(other, &message);
                letter.tell(Event::Received {
                    peer: peer.into(),
                    other: other.into(),
                    message,
                });
            }
        }
    }

    /// Two who add each other at once hear of one connection twice, and tell it once.
    fn remember(&mut self, letter: &Letter) {
        let (peer, other) = (letter.to.name, letter.other.name);
        if self.connections.insert(other) {
            letter.tell(Event::Connected { peer: peer.into(), other: other.into() });
        }
    }
}

/// Starts a thread for each name, lends their addresses to `story`, and joins the threads.
///
/// Nobody has to be told to stop. When `story` ends, the last addresses go, every mailbox
/// closes, and each peer comes to the end of its letters.
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
        let hears = |message: &str| [Wish::SendMessage(message.to_owned())];
        [
            peer1.ask(&peer2, [Wish::AddPeer]),
            peer1.ask(&peer3, [Wish::AddPeer]),
            peer1.ask(&peer2, hears("Hello")),
            peer2.ask(&peer1, hears("Hi there")),
            peer2.ask(&peer3, hears("Try hello")),
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

    /// A peer as one writes it first: it asks, waits for the answer, and only then reads on.
    /// `rescue` is no part of that; it lets the test join a thread that would wait for ever.
    fn run_synchronous(mailbox: &Receiver<Letter>, rescue: &Receiver<Infallible>) {
        for letter in mailbox {
            let (peer, other) = (letter.to.name, letter.other.name);
            if let Wish::AddPeer = letter.wish {
                let (answer, answered) = bounded(1);
                letter.other.post(&letter.to, Wish::EstablishConnection, &answer);
                drop(answer); // The question holds the other one until it has been read.
                letter.tell(Event::Dialing { peer: peer.into(), other: other.into() });
                select! {
                    recv(answered) -> _ => {
                        letter.tell(Event::Connected { peer: peer.into(), other: other.into() });
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
        let thread = start("story", move || report.send(story()).expect("it is waited for"));
        let told = told.recv_timeout(2 * PATIENCE).expect("the story ends, and well");
        thread.join().expect("the story has ended");
        told
    }

    /// Two mailboxes in which a wish to add the other lies before anybody reads: neither peer
    /// can be the quicker one, so what follows needs no luck, and no sleep.
    fn at_once() -> ([Receiver<Letter>; 2], Receiver<Event>) {
        let ((alice, mail1), (bob, mail2)) = (Address::open("Alice"), Address::open("Bob"));
        let (report, events) = unbounded();
        alice.post(&bob, Wish::AddPeer, &report);
        bob.post(&alice, Wish::AddPeer, &report);
        ([mail1, mail2], events)
    }

    #[test]
    fn a_synchronous_peer_connects_while_it_is_the_only_one_that_asks() {
        let ((alice, mail1), (bob, mail2)) = (Address::open("Alice"), Address::open("Bob"));
        let (rescue, rescued) = bounded(0);
        let other_end = rescued.clone();
        let threads = [
            start("Alice", move || run_synchronous(&mail1, &rescued)),
            start("Bob", move || run_synchronous(&mail2, &other_end)),
        ];
        let events = alice.ask(&bob, [Wish::AddPeer]);
        let connected = Event::Connected { peer: "Alice".into(), other: "Bob".into() };
        assert_eq!(events.last(), Some(&connected));
        drop((alice, bob, rescue));
        join(threads);
    }

    #[test]
    fn two_that_add_each_other_at_once_and_wait_for_the_answer_wait_for_ever() {
        let (mailboxes, events) = at_once();
        let (rescue, rescued) = bounded(0);
        let threads = mailboxes.clone().map(|mailbox| {
            let rescued = rescued.clone();
            start("synchronous", move || run_synchronous(&mailbox, &rescued))
        });
        for _ in &mailboxes {
            let event = events.recv_timeout(PATIENCE);
            assert!(matches!(event, Ok(Event::Dialing { .. })), "{event:?}");
        }
        // Each has asked, and each question lies unread where nobody reads on.
        assert_eq!(mailboxes.each_ref().map(Receiver::len), [1, 1]);
        assert_eq!(events.recv_timeout(A_WHILE), Err(RecvTimeoutError::Timeout));
        drop(rescue);
        join(threads);
    }

    #[test]
    fn two_that_add_each_other_at_once_and_read_on_are_connected() {
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
        told.sort(); // Who is first is open now. What happens is not.
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
    fn a_thread_ends_when_nobody_keeps_its_address() {
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
        let posted = in_time(move || {
            let (report, events) = unbounded();
            let posted = (0..=MAILBOX).filter(|_| alice.post(&alice, Wish::Remember, &report));
            (posted.count(), events.try_recv())
        });
        assert_eq!(posted, (MAILBOX, Ok(Event::MailboxFull { peer: "Alice".into() })));
    }

    #[test]
    fn a_connection_that_only_one_end_knows_is_given_up() {
        let ((alice, _unread), (bob, _)) = (Address::open("Alice"), Address::open("Bob"));
        let (report, events) = unbounded();
        while alice.post(&bob, Wish::Remember, &report) {}
        let mut peer = Peer::default();
        let wish = Wish::EstablishConnection;
        peer.read(&Letter { to: bob, other: alice, wish, report });
        assert!(peer.connections.is_empty());
        let given_up = Event::Disconnected { peer: "Bob".into(), other: "Alice".into() };
        assert_eq!(events.try_iter().last(), Some(given_up));
    }

    #[test]
    fn a_peer_that_dials_itself_is_told_so() {
        let dials_itself =
            || with_peers(["Alice"], |[alice]| alice.ask(&alice, [Wish::AddPeer]));
        assert_eq!(in_time(dials_itself), [Event::BothEnds { peer: "Alice".into() }]);
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
                // An answer from each, so that each is there.
                peer1.ask(&peer2, [Wish::AddPeer]);
                peer3.ask(&peer1, [Wish::AddPeer]);
                grader::statistics::threads(std::process::id())
            })
        });
        // The test has threads of its own, and only Linux tells the names of any.
        let missing =
            |name: &&str| running.as_ref().is_some_and(|all| !all.iter().any(|n| n == name));
        assert_eq!(PEERS.iter().copied().find(missing), None, "{running:?}");
    }

    #[test]
    fn it_tells_the_story_of_the_lab_sheet() {
        let sheet = grader::lab_sheet::block(include_str!("../README.md"), "## Output");
        let screen = in_time(|| {
            let mut screen = Vec::new();
            tell(&mut screen).expect("a `Vec` takes everything");
            screen
        });
        assert_eq!(String::from_utf8_lossy(&screen), sheet);
    }
}
