//! How peers go: on purpose, by force, or by falling silent; and what is left of them.

mod fixture;

use std::net::{Ipv4Addr, TcpListener};
use std::time::Instant;

use fixture::{
    Fixture, PATIENCE, Peer, SOON, a_stranger_listens, invented_id, next_dial, port_of,
};
use scenario::{Terminal, statistics};

/// A peer that is killed says nothing, and its system hangs up for it.
#[test]
fn a_peer_that_is_killed_is_missed_by_all_at_once() {
    let fixture = Fixture::open();
    let [mut alice, mut bob, mut charlie] = fixture.peers(["Alice", "Bob", "Charlie"]);
    let begun = Instant::now();
    bob.is_killed();
    alice.sees_next("👋 Bob left (without saying goodbye)");
    charlie.sees_next("👋 Bob left (without saying goodbye)");
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    alice.lists(&[("Charlie", &charlie)]);
    charlie.lists(&[("Alice", &alice)]);
    alice.types("Where is he?");
    alice.sees_next("📤 Message sent to 1 peer(s)");
    charlie.sees_next("📨 Alice says: Where is he?");
}

/// As when the address of a machine has changed.
#[test]
#[cfg(target_os = "linux")] // Other systems have one address of loopback.
fn a_peer_whose_address_cannot_be_dialed_any_more_ends_all_the_same() {
    let fixture = Fixture::open();
    let mut alice = fixture.starts("Alice", &["--bind", "127.255.255.255"]);
    alice.sees("🔗 TCP listener started on port ");
    alice.types("/quit");
    alice.sees("👋 Goodbye!");
    alice.ends_well();
}

/// A way to end a program, and what it is called.
type Way = (&'static str, fn(&mut Terminal));

const WAYS: &[Way] = &[
    ("/quit", |terminal| terminal.types("/quit")),
    ("Ctrl-D", Terminal::presses_ctrl_d),
    #[cfg(unix)]
    ("Ctrl-C", Terminal::presses_ctrl_c),
    #[cfg(unix)]
    ("SIGTERM", Terminal::is_terminated),
];

/// Each way to leave is a good one, and leaves the port to the next program.
#[test]
fn however_a_peer_leaves_it_says_goodbye_and_frees_its_port() {
    let fixture = Fixture::open();
    let port = fixture.ports.port(1);
    let mut alice = fixture.peer("Alice");
    for (way, leaves) in WAYS {
        let mut bob = fixture.peer_with("Bob", &["--port", &port.to_string()]);
        alice.sees_next("🔍 Discovered new peer: Bob (127.0.0.1)");
        bob.sees_next("🔍 Discovered new peer: Alice (127.0.0.1)");
        bob.types("I have to go");
        alice.sees_next("📨 Bob says: I have to go");
        alice.types("See you");
        alice.sees_next("📤 Message sent to 1 peer(s)");
        bob.sees("📨 Alice says: See you\n");
        let begun = Instant::now();
        leaves(&mut bob);
        alice.sees_next("👋 Bob left");
        bob.ends_well();
        assert!(begun.elapsed() < SOON, "{way}: {:?}", begun.elapsed());
        assert!(bob.printed().ends_with("\n👋 Goodbye!\n"), "{way}");
        assert_eq!(bob.complained(), "", "{way}");
        TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("the port is free again");
    }
}

/// Sends a signal that no keyboard has.
#[cfg(unix)]
fn is_sent(peer: &Peer, signal: &str) {
    let command = format!("kill -{signal} {}", peer.pid());
    let sent = std::process::Command::new("sh").args(["-c", &command]).status();
    assert!(sent.expect("there is a shell").success(), "{command}");
}

/// A program that is stopped keeps its connections, and says nothing on them.
#[test]
#[cfg(unix)]
fn a_peer_that_stands_still_is_lost_and_found_again() {
    let fixture = Fixture::open();
    let [mut alice, mut bob, mut charlie] = fixture.peers(["Alice", "Bob", "Charlie"]);
    is_sent(&bob, "STOP");
    let stopped = Instant::now();
    charlie.types("Bob is so quiet");
    alice.sees_next("📨 Charlie says: Bob is so quiet");
    alice.types("Let us go on without him");
    alice.sees_next("📤 Message sent to 2 peer(s)");
    charlie.sees("📨 Alice says: Let us go on without him\n");
    assert!(stopped.elapsed() < SOON, "nobody waits for Bob: {:?}", stopped.elapsed());

    alice.sees_next("⚠️ lost Bob (no answer for 6 s)");
    let silent = stopped.elapsed();
    // His last sign of life may have been there for 2 s when he was stopped.
    assert!(silent.as_secs() >= 4, "lost after {silent:?}");
    alice.sees_next("⚠️ 1 message(s) to Bob may not have arrived");
    charlie.sees_next("⚠️ lost Bob (no answer for 6 s)");
    alice.lists(&[("Charlie", &charlie)]);

    is_sent(&bob, "CONT");
    // Up to 6 s to the next announcement, and 1 s in which a lost peer is left alone; the
    // rest is for a busy machine.
    for peer in [&mut alice, &mut charlie] {
        peer.has_shown("🔍 Discovered new peer: Bob (127.0.0.1)\n", 2, 2 * PATIENCE);
    }
    for name in ["Alice", "Charlie"] {
        let found = format!("🔍 Discovered new peer: {name} (");
        bob.has_shown(&found, 2, 2 * PATIENCE);
    }
    alice.lists(&[("Bob", &bob), ("Charlie", &charlie)]);
    bob.types("Here I am again");
    alice.sees_next("📨 Bob says: Here I am again");
}

/// The reader of the output has read enough, as `head -1` has.
#[test]
fn a_peer_whose_window_is_closed_leaves() {
    let fixture = Fixture::open();
    let [mut alice, mut bob] = fixture.peers(["Alice", "Bob"]);
    assert_eq!(bob.closes_window_and_types("/list"), Some(0));
    alice.sees_next("👋 Bob left");
}

/// There is no keyboard at all, or one that has nothing to say.
#[test]
#[cfg(unix)]
fn a_peer_without_a_keyboard_leaves_as_soon_as_it_has_come() {
    let fixture = Fixture::open();
    for input in ["<&-", "</dev/null"] {
        let line = format!("exec \"$0\" \"$@\" {input}");
        let program = scenario::Program::exactly(&["sh", "-c", &line, fixture::P2P_CHAT]);
        let mut alice = Peer::is_up(fixture.starts_program(&program, "Alice", &[]));
        alice.sees_next("👋 Goodbye!");
        alice.ends_well();
        assert_eq!(alice.complained(), "", "{input}");
    }
}

/// What a link costs is given back, in whichever direction it was dialed, and however it ended.
#[test]
fn a_hundred_who_come_and_go_leave_nothing_behind() {
    let fixture = Fixture::open();
    let mut alice = fixture.peer("Alice");
    alice.runs_threads(&["p2p_chat", "keyboard", "discovery", "listener", "ctrl-c"]);
    let descriptors = statistics::descriptors(alice.pid());
    // The first hundred leave memory that is used again.
    a_hundred_come_and_go(&fixture, &mut alice, 0);
    let memory = statistics::memory_kib(alice.pid());
    a_hundred_come_and_go(&fixture, &mut alice, 100);
    alice.runs_threads(&["p2p_chat", "keyboard", "discovery", "listener", "ctrl-c"]);
    alice.waits_until("as many descriptors as before", |pid| {
        statistics::descriptors(pid) == descriptors
    });
    if let Some((before, after)) = memory.zip(statistics::memory_kib(alice.pid())) {
        assert!(after <= before + before / 10, "from {before} KiB to {after} KiB");
    }
    alice.leaves();
    assert_eq!(alice.lines_with(&["🔍"]).len(), 200);
    assert_eq!(alice.lines_with(&["👋 Brief left"]).len(), 200);
}

fn a_hundred_come_and_go(fixture: &Fixture, alice: &mut Peer, first: u64) {
    for n in first..first + 100 {
        let id = invented_id(n);
        let mut stranger = if n % 2 == 0 {
            alice.is_linked_with("Brief", &id)
        } else {
            let listener = a_stranger_listens();
            fixture.announces(&id, port_of(&listener), "Brief");
            let mut stranger = next_dial(&listener, PATIENCE).expect("Alice dials");
            stranger.hears();
            stranger.says(&format!("p2pchat/1 hello {} {id} 9 Brief", alice.id));
            stranger
        };
        alice.sees_next("🔍 Discovered new peer: Brief (127.0.0.1)");
        if n % 3 == 0 {
            stranger.says("bye");
            stranger.hears_the_end();
            alice.sees_next("👋 Brief left");
        } else {
            stranger.hangs_up();
            alice.sees_next("👋 Brief left (without saying goodbye)");
        }
    }
}
