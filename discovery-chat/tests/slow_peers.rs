//! Peers that cannot keep up, or that talk without an end: they cost themselves, and nobody else.

mod fixture;

use std::io::{self, Read};
use std::net::{Shutdown, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::thread;
use std::time::{Duration, Instant};

use fixture::{Broadcaster, Fixture, P2P_CHAT, PATIENCE, Peer, Stranger, invented_id};
use scenario::statistics;

/// How long a line may take when a flood comes in beside it. On a machine with nothing else to
/// do it is some milliseconds; a line that waits for the end of the flood never comes.
const SOON: Duration = Duration::from_secs(3);

/// A line of about the longest length: a few hundred of them are more than an outbox holds.
fn long_line(number: usize) -> String {
    format!("{number} {}", "x".repeat(4000))
}

/// Alice says long lines until she has lost so many. Returns how many lines she said.
#[track_caller]
fn talks_until_lost(
    alice: &mut Peer,
    lost: usize,
    notice: &str,
    mut after_each: impl FnMut(),
) -> usize {
    let begun = Instant::now();
    let mut said = 0;
    while alice.lines_with(&[notice]).len() < lost {
        assert!(begun.elapsed() < 3 * PATIENCE, "{said} lines, and not lost");
        said += 1;
        alice.types(&long_line(said));
        alice.sees("📤 Message sent to ");
        after_each();
    }
    said
}

/// A stranger finishes its hello, and then never reads.
#[test]
fn a_peer_that_does_not_read_is_dropped_alone() {
    let fixture = Fixture::open();
    let [mut alice, mut bob] = fixture.peers(["Alice", "Bob"]);
    let stuck = alice.is_dialed_with_a_small_buffer();
    let mut stuck = alice.shakes_hands(stuck, "Stuck", &invented_id(1));
    alice.sees_next("🔍 Discovered new peer: Stuck (127.0.0.1)");
    let lost = "⚠️ lost Stuck (it does not read what is sent)";
    // It says that it is still there: it shall not be lost for its silence.
    let said = talks_until_lost(&mut alice, 1, lost, || stuck.pings());
    alice.types("and on");
    bob.sees("📨 Alice says: and on\n");
    let heard = bob.lines_with(&["📨"]);
    let expected = (1..=said).map(long_line).chain(["and on".into()]);
    let expected: Vec<_> = expected.map(|line| format!("📨 Alice says: {line}")).collect();
    assert_eq!(heard.len(), expected.len());
    assert!(heard == expected, "Bob has heard every line, in order");
    alice.leaves();
    bob.sees("👋 Alice left\n");
    let unsure = alice.lines_with(&["⚠"]);
    assert_eq!(unsure[0], lost);
    assert!(unsure[1].ends_with(" message(s) to Stuck may not have arrived"), "{unsure:?}");
    assert_eq!(unsure.len(), 2);
}

/// Strangers read a byte now and then. What waits for them is kept once for all.
#[test]
fn peers_that_read_a_byte_at_a_time_are_dropped_and_cost_little() {
    const SLOW: u64 = 16;
    let fixture = Fixture::open();
    let [mut alice, _bob] = fixture.peers(["Alice", "Bob"]);
    let slow =
        |n| alice.shakes_hands(alice.is_dialed_with_a_small_buffer(), "Slow", &invented_id(n));
    let mut slow: Vec<_> = (0..SLOW).map(slow).collect();
    alice.sees_times("🔍 Discovered new peer: Slow", slow.len());
    let before = statistics::memory_kib(alice.pid());
    let mut most = before;
    let pid = alice.pid();
    talks_until_lost(&mut alice, slow.len(), "⚠️ lost Slow", || {
        for stranger in &mut slow {
            let _ = stranger.stream.read(&mut [0]);
            stranger.pings();
        }
        most = most.max(statistics::memory_kib(pid));
    });
    let lost = alice.lines_with(&["⚠️ lost"]);
    assert!(lost.iter().all(|l| l.ends_with(" (it does not read what is sent)")), "{lost:?}");
    if let Some((before, most)) = before.zip(most) {
        // An outbox holds 1 MiB of such lines. One outbox for each would be 16 MiB.
        assert!(most < before + 6 * 1024, "from {before} KiB to {most} KiB");
    }
    alice.types("Who is left?");
    alice.sees("📤 Message sent to 1 peer(s)\n");
}

/// A peer that has nothing to say says `ping`; one that says nothing at all is gone.
#[test]
fn a_silent_peer_is_lost_and_one_that_only_pings_is_kept() {
    let fixture = Fixture::open();
    let mut alice = fixture.peer("Alice");
    let mut pinging = alice.is_linked_with("Pinging", &invented_id(1));
    alice.sees_next("🔍 Discovered new peer: Pinging (127.0.0.1)");
    let begun = Instant::now();
    let _mute = alice.is_linked_with("Mute", &invented_id(2));
    alice.sees_next("🔍 Discovered new peer: Mute (127.0.0.1)");
    let mut lost = None;
    // Longer than a silent peer would be kept, so that the other one can be lost, too.
    while lost.is_none() || begun.elapsed() < Duration::from_secs(9) {
        pinging.says("ping");
        thread::park_timeout(Duration::from_millis(300));
        if lost.is_none() && !alice.lines_with(&["⚠️ lost Mute (no answer for 6 s)"]).is_empty()
        {
            lost = Some(begun.elapsed());
        }
        assert!(begun.elapsed() < 2 * PATIENCE, "Mute is still there");
    }
    let lost = lost.expect("Mute was lost");
    assert!(lost >= Duration::from_secs(6), "lost after {lost:?}");
    assert_eq!(alice.lines_with(&["⚠", "👋"]).len(), 1, "Pinging is still there");
    alice.types("You are a good listener");
    assert_eq!(pinging.hears_news(), "say 1 You are a good listener");
}

/// Talks as fast as it is listened to, until it is hung up on, but not for ever.
fn floods(mut stranger: Stranger) {
    let begun = Instant::now();
    for hundred in 0.. {
        let lines =
            (1..=100).map(|n| 100 * hundred + n).map(|n| format!("say {n} flood {n}\n"));
        let lines: String = lines.collect();
        if !stranger.tries_to_send(lines.as_bytes()) || begun.elapsed() > 2 * PATIENCE {
            return;
        }
    }
}

/// Ends a flood. That Alice is gone need not end it: Linux keeps a connection that was full when
/// she hung up, and keeps asking it for room.
fn falls_silent(flood: &TcpStream) {
    let _ = flood.shutdown(Shutdown::Both); // Fails when Alice has ended it.
}

/// Announces peers that do not exist as fast as it can, until it is told to stop.
fn announces_without_an_end(broadcaster: &Broadcaster, stopped: &Receiver<()>) {
    for n in 0.. {
        if stopped.try_recv() != Err(TryRecvError::Empty) {
            return;
        }
        broadcaster.sends(format!("p2pchat/1 here {} 9 Nobody", invented_id(n)));
    }
}

/// Ends a peer as its user would, on any system.
fn is_interrupted(peer: &mut Peer) {
    #[cfg(unix)]
    peer.presses_ctrl_c();
    #[cfg(not(unix))]
    peer.presses_ctrl_d();
}

/// One peer says 100,000 lines and more.
#[test]
fn a_flood_delays_nobody_else_and_not_the_way_out() {
    let fixture = Fixture::open();
    let [mut alice, mut bob] = fixture.peers(["Alice", "Bob"]);
    let flood = alice.is_linked_with("Flood", &invented_id(1));
    let end = flood.stream.try_clone().expect("a socket can be shared");
    // Alice is moved into the scope: if the test fails there, she ends, and so does the flood.
    thread::scope(move |scope| {
        scope.spawn(move || floods(flood));
        alice.sees("📨 Flood says: flood 1000\n");
        for n in 0..10 {
            let begun = Instant::now();
            bob.types(&format!("real line {n}"));
            alice.sees(&format!("📨 Bob says: real line {n}\n"));
            assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
        }
        alice.sees("📨 Flood says: flood 100000\n");
        let begun = Instant::now();
        is_interrupted(&mut alice);
        bob.sees("👋 Alice left\n");
        alice.ends_well();
        assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
        falls_silent(&end);
        // What has arrived before was shown in order, without a gap.
        let flood = alice.lines_with(&["📨 Flood"]);
        for (line, n) in flood.iter().zip(1..) {
            assert_eq!(*line, format!("📨 Flood says: flood {n}"));
        }
    });
}

/// All inputs are full at once, and then the user wants to leave.
#[test]
fn however_much_comes_in_ctrl_c_comes_through() {
    let fixture = Fixture::open();
    let mut alice = fixture.peer("Alice");
    let flood = |n| alice.is_linked_with(&format!("Flood{n}"), &invented_id(n));
    let strangers: Vec<_> = (0..8).map(flood).collect();
    let ends = strangers.iter().map(|flood| flood.stream.try_clone());
    let ends: Vec<_> = ends.collect::<Result<_, _>>().expect("a socket can be shared");
    let broadcaster = fixture.broadcaster();
    let (stop, stopped) = channel();
    thread::scope(move |scope| {
        for flood in strangers {
            scope.spawn(move || floods(flood));
        }
        scope.spawn(move || announces_without_an_end(&broadcaster, &stopped));
        // A hundred lines arrive in one piece, and the next hundred wait behind them.
        let begun: Vec<_> = (0..8).map(|n| format!("📨 Flood{n} says: flood 101\n")).collect();
        alice.sees_all(&begun.iter().map(String::as_str).collect::<Vec<_>>());
        let begun = Instant::now();
        is_interrupted(&mut alice);
        alice.ends_well();
        assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
        drop(stop);
        ends.iter().for_each(falls_silent);
    });
}

/// A peer whose output nobody reads. Dropping it ends it.
struct Blocked(Child);

impl Blocked {
    fn starts(fixture: &Fixture, name: &str) -> Self {
        let mut command = Command::new(P2P_CHAT);
        command.args(fixture.words(name, &[])).stdin(Stdio::piped()).stdout(Stdio::piped());
        Self(command.spawn().expect("it can be started"))
    }

    /// From now on its output is read.
    fn is_released(&mut self) {
        let mut output = self.0.stdout.take().expect("it was not released before");
        let read = move || drop(io::copy(&mut output, &mut io::sink()));
        thread::Builder::new().name("screen".into()).spawn(read).expect("a thread");
    }
}

impl Drop for Blocked {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Bob has pressed Ctrl-S, and his terminal takes no more lines.
#[test]
fn a_peer_whose_terminal_stands_still_is_dropped_alone_and_comes_back() {
    let fixture = Fixture::open();
    let [mut alice, mut charlie] = fixture.peers(["Alice", "Charlie"]);
    let mut bob = Blocked::starts(&fixture, "Bob");
    alice.sees_next("🔍 Discovered new peer: Bob (127.0.0.1)");
    charlie.sees_next("🔍 Discovered new peer: Bob (127.0.0.1)");
    let lost = "⚠️ lost Bob (it does not read what is sent)";
    let said = talks_until_lost(&mut alice, 1, lost, || ());
    charlie.has_shown("📨 Alice says: ", said, PATIENCE); // On a busy machine he is behind.
    let begun = Instant::now();
    alice.types("Are you still there, Charlie?");
    charlie.sees("📨 Alice says: Are you still there, Charlie?\n");
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    assert_eq!(charlie.lines_with(&["📨 Alice"]).len(), said + 1);
    alice.lists(&[("Charlie", &charlie)]);
    assert_eq!(charlie.lines_with(&["👋", "⚠"]), [""; 0], "Charlie lost nobody");

    bob.is_released();
    // Up to 6 s to the next announcement, and a few in which a lost peer is left alone; the
    // rest is for a busy machine.
    alice.has_shown("🔍 Discovered new peer: Bob (127.0.0.1)\n", 2, 3 * PATIENCE);
    alice.types("Welcome back");
    alice.sees("📤 Message sent to 2 peer(s)\n");
}

/// A terminal that stands still must not keep its own user, either.
#[test]
#[cfg(unix)]
fn a_peer_whose_terminal_stands_still_can_be_ended_by_one_signal() {
    for ending in ["-INT", "-TERM", "/quit"] {
        let fixture = Fixture::open();
        let mut alice = fixture.peer("Alice");
        let mut bob = Blocked::starts(&fixture, "Bob");
        alice.sees_next("🔍 Discovered new peer: Bob (127.0.0.1)");
        // More than his pipe takes, and more than he keeps for later.
        for n in 1..=100 {
            alice.types(&long_line(n));
            alice.sees_next("📤 Message sent to 1 peer(s)");
        }
        let begun = Instant::now();
        if ending == "/quit" {
            let keyboard = bob.0.stdin.as_mut().expect("it has a keyboard");
            io::Write::write_all(keyboard, b"/quit\n").expect("it reads");
        } else {
            let pid = bob.0.id().to_string();
            let killed = Command::new("kill").args([ending, &pid]).status();
            assert!(killed.is_ok_and(|status| status.success()));
        }
        alice.sees_next("👋 Bob left");
        let ended = bob.0.wait().expect("it ends");
        assert_eq!(ended.code(), Some(0), "{ending}");
        assert!(begun.elapsed() < SOON, "{ending}: {:?}", begun.elapsed());
    }
}

/// A message is delivered, even if its speaker is gone before it is read.
#[test]
fn a_slow_reader_gets_what_was_piped_in_before_the_end() {
    let fixture = Fixture::open();
    let mut builder = fixture.peer("Builder");
    let mut slow = builder.is_linked_with("Slow", &invented_id(77));
    builder.sees("🔍 Discovered new peer: Slow");
    for n in 1..=2000 {
        builder.types(&format!("line {n}"));
    }
    builder.presses_ctrl_d();
    builder.ends_well();
    // Only now does anybody read.
    for n in 1..=2000 {
        assert_eq!(slow.hears_news(), format!("say {n} line {n}"));
    }
    assert_eq!(slow.hears_news(), "bye");
}
