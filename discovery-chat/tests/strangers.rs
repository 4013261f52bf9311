//! What strangers may try with a socket: forged datagrams, invented peers, and connections kept open.

mod fixture;

use std::io::{ErrorKind, Read};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use fixture::{Fixture, PATIENCE, a_stranger_listens, invented_id, next_dial, port_of};
use scenario::{eventually, statistics};

/// Any program can broadcast a goodbye in Bob's name.
#[test]
fn a_forged_goodbye_ends_nothing() {
    let fixture = Fixture::open();
    let [mut alice, mut bob] = fixture.peers(["Alice", "Bob"]);
    for _ in 0..10 {
        fixture.broadcasts(format!("p2pchat/1 bye {}", bob.id));
    }
    fixture.has_been_heard_by(2);
    bob.types("I am still here");
    alice.sees_next("📨 Bob says: I am still here");
    alice.lists(&[("Bob", &bob)]);
    alice.leaves();
    assert_eq!(alice.lines_with(&["👋", "⚠", "🔁"]), ["👋 Goodbye!"]);
    bob.sees("👋 Alice left\n");
}

/// Nobody proves who it is, so a stranger with Bob's id takes his place. It cannot do
/// so in silence: before its first line stands where it came from.
#[test]
fn a_stranger_with_the_id_of_a_peer_is_told_of() {
    let fixture = Fixture::open();
    let [mut alice, bob] = fixture.peers(["Alice", "Bob"]);
    // In the first 3 s of a link, a second one may be refused, as two crossing dials are.
    let mut stranger = None;
    let begun = Instant::now();
    while stranger.is_none() {
        assert!(begun.elapsed() < PATIENCE, "refused for longer than dials may cross");
        let mut caller = alice.is_dialed();
        caller.says(&format!("p2pchat/1 hello {} {} 9 Bob", alice.id, bob.id));
        match &*caller.hears() {
            "dup" => thread::park_timeout(Duration::from_millis(100)),
            hello => {
                assert!(hello.starts_with(&format!("p2pchat/1 hello {} ", bob.id)), "{hello}");
                stranger = Some(caller);
            }
        }
    }
    stranger.expect("it is linked").says("say 1 I am Bob, believe me");
    alice.sees_next("🔁 Bob reconnected from 127.0.0.1");
    alice.sees_next("📨 Bob says: I am Bob, believe me");
}

/// 5,000 peers are announced that do not exist, at a port where no handshake is answered.
#[test]
fn an_invented_crowd_costs_no_more_than_its_bounds() {
    const DIALS: usize = 32; // Of 64, half of which are kept for other addresses.
    const MOMENT: Duration = Duration::from_millis(300); // Dials take seconds.
    let fixture = Fixture::open();
    let [mut alice, mut bob] = fixture.peers(["Alice", "Bob"]);
    let links = |pid| {
        let threads = statistics::threads(pid).unwrap_or_default();
        threads.iter().filter(|name| *name == "link").count()
    };
    let mut memory = Vec::new();
    for round in 0..3 {
        let silent = a_stranger_listens();
        invents_5000_peers(&fixture, 5000 * round, port_of(&silent));
        if statistics::threads(alice.pid()).is_some() {
            alice.waits_until("as many dials as there may be", |pid| links(pid) == 1 + DIALS);
        }
        // In the midst of it, a real line is soon there.
        for n in 0..10 {
            let begun = Instant::now();
            bob.types(&format!("real line {n}"));
            alice.sees_next(&format!("📨 Bob says: real line {n}"));
            assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
            // A thread that has told how its dial ended is there for a moment more.
            let is_bounded = || links(alice.pid()) <= 1 + DIALS;
            assert!(eventually(MOMENT, is_bounded), "{} links", links(alice.pid()));
        }
        alice.lists(&[("Bob", &bob)]);
        // Now the listener is gone, so all the calls fail, and those that were still to be made.
        drop(silent);
        alice.runs_threads_called("link", 1);
        alice.runs_threads_called("writer", 1);
        memory.extend(statistics::memory_kib(alice.pid()));
    }
    // The first crowd leaves memory that is used again.
    if let [first, .., last] = memory[..] {
        assert!(last <= first + 1024, "memory grew from crowd to crowd, in KiB: {memory:?}");
    }
    alice.leaves();
    assert_eq!(alice.lines_with(&["🔍"]).len(), 1);
    assert_eq!(alice.lines_with(&["👋", "⚠", "🔁"]), ["👋 Goodbye!"]);
}

fn invents_5000_peers(fixture: &Fixture, first: u64, port: u16) {
    let broadcaster = fixture.broadcaster();
    for n in first..first + 5000 {
        broadcaster.sends(format!("p2pchat/1 here {} {port} Nobody", invented_id(n)));
    }
}

/// A program that answers datagrams can be made to flood a third host, whose address a stranger
/// has put on them.
#[test]
fn nothing_is_answered_by_udp() {
    let fixture = Fixture::open();
    let datagrams = fixture.hears_datagrams();
    let alice = fixture.peer("Alice");
    let begun = Instant::now();
    let (broadcaster, listener) = (fixture.broadcaster(), a_stranger_listens());
    let port = port_of(&listener);
    let mut said = vec![
        format!("p2pchat/1 bye {}", alice.id),
        format!("p2pchat/1 here {} {port} Alice", alice.id),
        "p2pchat/2 here".into(),
        "M-SEARCH * HTTP/1.1".into(),
        String::new(),
    ];
    said.extend((0..20).map(|n| format!("p2pchat/1 here {} {port} Eve", invented_id(n))));
    for words in &said {
        broadcaster.sends(words);
    }
    for _ in 0..20 {
        next_dial(&listener, PATIENCE).expect("Alice dials whom she has heard");
    }
    let socket = broadcaster.socket;
    socket.set_read_timeout(Some(Duration::from_millis(300))).expect("a timeout can be set");
    let answer = socket.recv_from(&mut [0; 1024]);
    let silence = matches!(&answer, Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut));
    assert!(silence, "{answer:?}");

    // Nor has she announced herself more often than without them: three times in the first second,
    // and then every 4 s at most.
    datagrams.set_nonblocking(true).expect("it need not wait");
    let mut datagram = [0; 1024];
    let mut announced = 0;
    while let Ok(length) = datagrams.recv(&mut datagram) {
        announced +=
            usize::from(!said.iter().any(|words| words.as_bytes() == &datagram[..length]));
    }
    let most = 3 + begun.elapsed().as_secs() / 4 + 1;
    assert!(announced as u64 <= most, "{announced} announcements in {:?}", begun.elapsed());
}

/// 250 callers begin to say hello, and then say a letter now and then.
#[test]
fn a_crowd_of_slow_callers_is_hung_up_on_and_keeps_nobody_out() {
    let fixture = Fixture::open();
    let mut alice = fixture.peer("Alice");
    let mut crowd: Vec<_> = (0..250).map(|_| alice.is_dialed()).collect();
    for caller in &mut crowd {
        caller.tries_to_send(b"p2pchat/1 he");
        caller.stream.set_nonblocking(true).expect("it need not wait");
    }
    // A caller that says its whole hello gets in past them, and so does a peer that is dialed.
    let eve = alice.is_linked_with("Eve", &invented_id(1));
    alice.sees_next("🔍 Discovered new peer: Eve (127.0.0.1)");
    eve.hangs_up();
    alice.sees_next("👋 Eve left (without saying goodbye)");
    let mut bob = fixture.peer("Bob");
    bob.sees_next("🔍 Discovered new peer: Alice (127.0.0.1)");
    alice.sees_next("🔍 Discovered new peer: Bob (127.0.0.1)");
    let begun = Instant::now();
    // A letter every 200 ms: no single wait is long, and there is no end to them.
    while !crowd.is_empty() {
        crowd.retain_mut(|caller| caller.tries_to_send(b"l") && is_open(&mut caller.stream));
        assert!(begun.elapsed() < Duration::from_secs(8), "the deadline is 2 s");
        thread::park_timeout(Duration::from_millis(200));
    }
    bob.types("Was there a queue?");
    alice.sees_next("📨 Bob says: Was there a queue?");
}

fn is_open(stream: &mut TcpStream) -> bool {
    matches!(stream.read(&mut [0]), Err(error) if error.kind() == ErrorKind::WouldBlock)
}

/// The system lets Alice open 64 files, and a hundred callers want one each.
#[test]
#[cfg(unix)]
fn a_peer_that_may_open_no_more_files_says_so_and_recovers() {
    let fixture = Fixture::open();
    let poor = ["sh", "-c", "ulimit -n 64; exec \"$0\" \"$@\"", fixture::P2P_CHAT];
    let mut alice = fixture::Peer::is_up(fixture.starts_program(
        &scenario::Program::exactly(&poor),
        "Alice",
        &[],
    ));
    let crowd: Vec<_> = (0..100).map(|_| alice.is_dialed()).collect();
    alice.sees("⚠️ No call can be accepted for now: ");
    alice.sees("\n");
    // Eve comes in behind the whole crowd, so it has happened often by then. It is told now and then,
    // not each time.
    let eve = alice.is_linked_with("Eve", &invented_id(1));
    alice.sees("🔍 Discovered new peer: Eve (127.0.0.1)\n");
    assert_eq!(alice.lines_with(&["⚠️ No call can be accepted"]).len(), 1);
    drop(crowd);
    eve.hangs_up();
    alice.runs_threads_called("link", 0);
    let mut bob = fixture.peer("Bob");
    bob.sees_next("🔍 Discovered new peer: Alice (127.0.0.1)");
    alice.sees("🔍 Discovered new peer: Bob (127.0.0.1)\n");
    bob.types("Still there?");
    alice.sees("📨 Bob says: Still there?\n");
    alice.leaves();
}

/// Peers that say goodbye and do not hang up cost no more than a few of them.
#[test]
fn strangers_that_say_goodbye_and_do_not_hang_up_cost_no_more_than_their_bound() {
    let fixture = Fixture::open();
    let mut alice = fixture.peer("Alice");
    let mut stay = Vec::new();
    for n in 0..300 {
        let mut stranger = alice.is_linked_with("Stay", &invented_id(n));
        stranger.says("bye");
        stay.push(stranger);
    }
    alice.sees_times(" left\n", 300); // Several are there at once, so their names have more.
    if let Some(threads) = statistics::threads(alice.pid()) {
        assert!(threads.len() < 5 + 2 * 128, "{} threads", threads.len());
    }
    // And soon they cost nothing.
    alice.runs_threads_called("link", 0);
    drop(stay);
}
