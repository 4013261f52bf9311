//! How peers find each other: soon, each one once, and none that is not there.

mod fixture;

use std::net::{Ipv4Addr, TcpListener};
use std::time::{Duration, Instant};

use fixture::{
    Fixture, PATIENCE, Peer, SOON, a_stranger_listens, invented_id, next_dial, port_of,
};

/// The beginnings of the lines that tell of a lost peer, a warning or a second link.
const TROUBLE: [&str; 3] = ["👋", "⚠", "🔁"];

/// Two peers on one machine differ in nothing but their ports.
#[test]
fn two_peers_on_one_machine_list_each_other() {
    let fixture = Fixture::open();
    let [first, second] = [1, 2].map(|n| fixture.ports.port(n).to_string());
    let mut alice = fixture.peer_with("Alice", &["--port", &first]);
    let begun = Instant::now();
    let mut bob = fixture.peer_with("Bob", &["--port", &second]);
    alice.sees_next("🔍 Discovered new peer: Bob (127.0.0.1)");
    bob.sees_next("🔍 Discovered new peer: Alice (127.0.0.1)");
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    assert_eq!([alice.port, bob.port], [1, 2].map(|n| fixture.ports.port(n)));
    alice.lists(&[("Bob", &bob)]);
    bob.lists(&[("Alice", &alice)]);
}

/// Bob comes when Alice has long said that she is here, and will not soon say it again.
#[test]
fn a_peer_that_comes_later_is_found_at_once_and_is_heard() {
    let fixture = Fixture::open();
    let datagrams = fixture.hears_datagrams();
    let mut alice = fixture.peer("Alice");
    let mut datagram = [0; 256];
    for _ in 0..3 {
        let length = datagrams.recv(&mut datagram).expect("Alice announces herself");
        let expected = format!("p2pchat/1 here {} {} Alice", alice.id, alice.port);
        assert_eq!(datagram[..length].escape_ascii().to_string(), expected);
    }
    let begun = Instant::now();
    let mut bob = fixture.peer("Bob");
    bob.sees_next("🔍 Discovered new peer: Alice (127.0.0.1)");
    bob.types("My first line");
    bob.sees_next("📤 Message sent to 1 peer(s)");
    alice.sees_next("🔍 Discovered new peer: Bob (127.0.0.1)");
    alice.sees_next("📨 Bob says: My first line");
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    alice.lists(&[("Bob", &bob)]);
    bob.lists(&[("Alice", &alice)]);
}

/// Three peers have three links, and two dials could have made two of each.
#[test]
fn what_each_of_three_says_is_heard_once_by_the_two_others() {
    let names = ["Alice", "Bob", "Charlie"];
    let fixture = Fixture::open();
    let mut peers = fixture.peers(names);
    for (peer, name) in peers.iter_mut().zip(names) {
        peer.types(&format!("I am {name}"));
    }
    for (peer, name) in peers.iter_mut().zip(names) {
        peer.has_shown("📤 ", 1, PATIENCE);
        peer.has_shown("📨 ", 2, PATIENCE);
        let mut heard = peer.lines_with(&["📨", "📤"]);
        heard.sort();
        let others = names.iter().filter(|other| **other != name);
        let mut expected: Vec<_> =
            others.map(|other| format!("📨 {other} says: I am {other}")).collect();
        expected.push("📤 Message sent to 2 peer(s)".into());
        expected.sort();
        assert_eq!(heard, expected);
    }
    // A second receipt would come before what is said next, on the same link or another one.
    peers[0].types("Good night");
    for peer in &mut peers[1..] {
        peer.has_shown("📨 Alice says: Good night\n", 1, PATIENCE);
        assert_eq!(peer.lines_with(&["📨"]).len(), 3);
    }
}

/// Twenty peers start in the same moment, so that each two of them dial each other.
#[test]
fn twenty_that_start_at_once_lose_no_line_and_no_peer() {
    const PEERS: usize = 20;
    const LINES: usize = 50;
    let fixture = Fixture::open();
    let names: Vec<_> = (0..PEERS).map(|n| format!("peer{n:02}")).collect();
    let terminals: Vec<_> = names.iter().map(|name| fixture.starts(name, &[])).collect();
    let mut peers: Vec<_> = terminals.into_iter().map(Peer::is_up).collect();
    // The hard limit for all of it: a machine may have other things to do.
    for peer in &mut peers {
        peer.has_shown("🔍 Discovered new peer: ", PEERS - 1, 2 * PATIENCE);
    }
    for line in 1..=LINES {
        for peer in &mut peers {
            peer.types(&format!("line {line}"));
        }
    }
    let expected: Vec<_> = (1..=LINES).map(|line| line.to_string()).collect();
    for (peer, name) in peers.iter_mut().zip(&names) {
        peer.has_shown("📨 ", (PEERS - 1) * LINES, 3 * PATIENCE);
        for other in names.iter().filter(|other| *other != name) {
            let start = format!("📨 {other} says: line ");
            let heard = peer.lines_with(&[&start]);
            let heard: Vec<_> = heard.iter().map(|line| &line[start.len()..]).collect();
            assert_eq!(heard, expected, "what {name} heard of {other}");
        }
        // It may have read what others typed before it has read its own lines.
        peer.has_shown("📤 Message sent to 19 peer(s)\n", LINES, PATIENCE);
        let sent = peer.lines_with(&["📤"]);
        assert_eq!(sent, vec!["📤 Message sent to 19 peer(s)"; LINES], "{name}");
        assert_eq!(peer.lines_with(&TROUBLE), [""; 0], "{name}");
        assert_eq!(peer.lines_with(&["🔍", "📨"]).len(), (PEERS - 1) * (1 + LINES), "{name}");
    }
}

/// Bob is gone for a moment, and comes back at the same port under the same name.
#[test]
fn a_peer_that_starts_again_is_another_one_and_the_only_one() {
    let fixture = Fixture::open();
    let port = fixture.ports.port(1).to_string();
    let starts_bob = || fixture.peer_with("Bob", &["--port", &port]);
    let mut alice = fixture.peer("Alice");
    let mut bob = starts_bob();
    alice.sees_next("🔍 Discovered new peer: Bob (127.0.0.1)");
    alice.lists(&[("Bob", &bob)]);

    bob.leaves();
    alice.sees_next("👋 Bob left");
    let begun = Instant::now();
    let mut bob = starts_bob();
    alice.sees_next("🔍 Discovered new peer: Bob (127.0.0.1)");
    alice.lists(&[("Bob", &bob)]);
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());

    bob.is_killed();
    alice.sees_next("👋 Bob left (without saying goodbye)");
    let begun = Instant::now();
    let bob = starts_bob();
    alice.sees_next("🔍 Discovered new peer: Bob (127.0.0.1)");
    alice.lists(&[("Bob", &bob)]);
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
}

/// No server hands out names, so two peers may choose the same one.
#[test]
fn two_peers_of_one_name_are_told_apart_by_their_ids() {
    let fixture = Fixture::open();
    let mut alice = fixture.peer("Alice");
    let mut bobs = [fixture.peer("Bob"), fixture.peer("Bob")];
    alice.has_shown("🔍 Discovered new peer: Bob", 2, PATIENCE);
    for bob in &mut bobs {
        // Each of them sees that the other one has its own name.
        bob.has_shown("🔍 Discovered new peer: Bob#", 1, PATIENCE);
        bob.has_shown("🔍 Discovered new peer: Alice (", 1, PATIENCE);
    }
    bobs.sort_by(|one, other| one.id.cmp(&other.id));
    let called = [0, 1].map(|n: usize| format!("Bob#{}", &bobs[n].id[..6]));
    alice.lists(&[(&called[0], &bobs[0]), (&called[1], &bobs[1])]);
    for (bob, called) in bobs.iter_mut().zip(&called) {
        bob.types("Which of us is this?");
        alice.sees_next(&format!("📨 {called} says: Which of us is this?"));
    }
}

/// A name that only looks like José's gets the same label, and digits that his id does not have,
/// however many of them an invented id shares with his.
#[test]
fn an_impostor_is_told_apart_by_as_many_digits_as_it_takes() {
    let fixture = Fixture::open();
    let [mut alice, mut bob] = fixture.peers(["Alice", "José"]);
    let names = ["José", "Jose\u{301}", "JOS\u{200D}E\u{301}\u{FE0F}"];
    let shared = [6, 11, 17];
    let _impostors: Vec<_> = (names.into_iter().zip(shared))
        .map(|(name, shared)| {
            let own = if bob.id[shared..].starts_with('0') { '1' } else { '0' };
            let id = format!("{}{own}{}", &bob.id[..shared], "0".repeat(17 - shared));
            let stranger = alice.is_linked_with(name, &id);
            let found = format!("🔍 Discovered new peer: {name}#{}", &id[..=shared]);
            alice.sees_next(&format!("{found} (127.0.0.1)"));
            stranger
        })
        .collect();
    bob.types("It is me");
    alice.sees_next(&format!("📨 José#{} says: It is me", bob.id));
    // No peer can be taken for her, either.
    let own = if alice.id[8..].starts_with('0') { '1' } else { '0' };
    let id = format!("{}{own}000000000", &alice.id[..8]);
    let _impostor = alice.is_linked_with("alice", &id);
    alice.sees_next(&format!("🔍 Discovered new peer: alice#{} (127.0.0.1)", &id[..9]));
}

/// Alice's own announcement comes back to her, and another one names her port.
#[test]
fn a_peer_that_hears_of_itself_does_not_talk_to_itself() {
    let fixture = Fixture::open();
    let port = fixture.ports.port(1);
    let address = format!("127.0.0.1:{port}");
    let mut alice =
        fixture.peer_with("Alice", &["--port", &port.to_string(), "--peer", &address]);
    // She dials herself, because she was told to, and notices.
    alice.sees(&format!("⚠️ No answer from {address} yet ("));
    alice.sees("\n");
    let elsewhere = a_stranger_listens();
    let begun = Instant::now();
    // A call that has failed is not repeated within 1 s; this is longer.
    while begun.elapsed() < Duration::from_secs(2) {
        fixture.announces(&invented_id(1), alice.port, "Eve");
        fixture.announces(&alice.id, port_of(&elsewhere), "Alice");
        let call = next_dial(&elsewhere, Duration::from_millis(20));
        assert!(call.is_none(), "she knows her own id, wherever it seems to live");
    }
    fixture.has_been_heard_by(1);
    alice.types("Is somebody there?");
    alice.sees_next("📭 No peers yet");
    alice.types("/list");
    alice.sees_next("📭 No peers yet");
    alice.leaves();
    assert_eq!(alice.lines_with(&["🔍", "📨", "📤", "🔁"]), [""; 0]);
}

/// A stranger listens at an announced address, and is not the announced peer, again and again.
#[test]
fn a_call_that_fails_is_not_repeated_as_often_as_it_is_asked_for() {
    let fixture = Fixture::open();
    let _alice = fixture.peer("Alice");
    let nobody = a_stranger_listens();
    let begun = Instant::now();
    let mut calls = 0;
    // The pauses are 1 s and 2 s, so a third call cannot come before 3 s have passed.
    while begun.elapsed() < Duration::from_millis(2500) {
        fixture.announces(&invented_id(1), port_of(&nobody), "Eve");
        calls += next_dial(&nobody, Duration::from_millis(20)).into_iter().count();
    }
    assert!((1..=2).contains(&calls), "{calls} calls");
}

/// A stranger announces twenty peers that do not exist, all of them at Bob's port.
#[test]
fn invented_peers_at_the_port_of_a_real_one_break_no_link() {
    const INVENTED: usize = 20;
    let fixture = Fixture::open();
    let [mut alice, mut bob] = fixture.peers(["Alice", "Bob"]);
    let says = |n: usize| format!("line {n}");
    for n in 0..INVENTED {
        fixture.announces(&invented_id(n as u64), bob.port, "Mallory");
        bob.types(&says(n));
    }
    // Both have heard them, and have dialed Bob's port.
    fixture.has_been_heard_by(2);
    bob.types(&says(INVENTED));
    alice.sees(&format!("📨 Bob says: {}\n", says(INVENTED)));
    alice.lists(&[("Bob", &bob)]);
    bob.lists(&[("Alice", &alice)]);

    alice.leaves();
    bob.sees("👋 Alice left\n");
    let expected = (0..=INVENTED).map(|n| format!("📨 Bob says: {}", says(n)));
    assert_eq!(alice.lines_with(&["📨"]), expected.collect::<Vec<_>>());
    assert_eq!(alice.lines_with(&["🔍"]).len(), 1);
    assert_eq!(alice.lines_with(&TROUBLE), ["👋 Goodbye!"]);
    bob.leaves();
    assert_eq!(bob.lines_with(&["🔍"]).len(), 1);
    assert_eq!(bob.lines_with(&TROUBLE), ["👋 Alice left", "👋 Goodbye!"]);
}

/// Bob is heard at three addresses: no program listens at the first, and Eve listens at the second.
#[test]
#[cfg(target_os = "linux")] // Other systems have one address of loopback.
fn a_peer_that_is_heard_at_several_addresses_is_dialed_at_each_until_it_answers() {
    let fixture = Fixture::open();
    let mut alice = fixture.peer("Alice");
    let [refused, wrong, right] = [5, 6, 7].map(|n| Ipv4Addr::new(127, 0, 0, n));
    let orders = [[refused, wrong, right], [right, wrong, refused], [wrong, right, refused]];
    for (n, order) in (1..).zip(orders) {
        let bob = TcpListener::bind((right, 0)).expect("a port is free");
        let port = port_of(&bob);
        let other = TcpListener::bind((wrong, port)).expect("the port is free there, too");
        for address in order {
            let broadcaster = fixture::Broadcaster::new(address, fixture.discovery_port());
            broadcaster.sends(format!("p2pchat/1 here {} {port} Bob", invented_id(n)));
        }
        let begun = Instant::now();
        let mut call = loop {
            assert!(begun.elapsed() < SOON, "Bob is not dialed: {order:?}");
            if let Some(mut other) = next_dial(&other, Duration::from_millis(20)) {
                other.says(&format!("p2pchat/1 hello {} {} 9 Eve", alice.id, invented_id(99)));
            }
            if let Some(call) = next_dial(&bob, Duration::from_millis(20)) {
                break call;
            }
        };
        call.says(&format!("p2pchat/1 hello {} {} 9 Bob", alice.id, invented_id(n)));
        alice.sees("🔍 Discovered new peer: Bob (127.0.0.7)\n");
        call.says("bye");
        alice.sees("👋 Bob left\n");
    }
}

/// At the address that Alice's user has named, a program accepts and says nothing. Her dial there
/// must not keep a caller waiting that listens elsewhere.
#[test]
fn a_named_dial_that_gets_no_answer_holds_up_no_caller() {
    let fixture = Fixture::open();
    let silent = a_stranger_listens();
    let address = format!("127.0.0.1:{}", port_of(&silent));
    let mut alice = fixture.peer_with("Alice", &["--peer", &address]);
    let _dialed = next_dial(&silent, PATIENCE).expect("Alice dials");
    for (n, id) in ["000000000000000001", "fffffffffffffffffe"].into_iter().enumerate() {
        let mut caller = alice.is_dialed();
        caller.says(&format!("p2pchat/1 hello - {id} 9 Caller{n}"));
        assert!(caller.hears().starts_with(&format!("p2pchat/1 hello {id} ")));
        alice.sees(&format!("🔍 Discovered new peer: Caller{n} (127.0.0.1)\n"));
    }
}

/// Callers that know no id join and leave while Alice waits for her next dial.
#[test]
fn callers_that_come_and_go_put_off_no_dial_of_ours() {
    let fixture = Fixture::open();
    let port = fixture.ports.port(1);
    let address = format!("127.0.0.1:{port}");
    let mut alice = fixture.peer_with("Alice", &["--peer", &address]);
    alice.sees(&format!("⚠️ No answer from {address} yet ("));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("the port is ours");
    let begun = Instant::now();
    for n in 1.. {
        let mut caller = alice.is_dialed();
        caller.says(&format!("p2pchat/1 hello - {} 9 Caller", invented_id(n)));
        assert!(caller.hears().starts_with("p2pchat/1 hello "), "a caller is let in");
        if next_dial(&listener, Duration::from_millis(500)).is_some() {
            return;
        }
        caller.says("bye");
        // The pauses are 1 s and 2 s.
        assert!(begun.elapsed() < SOON, "Alice does not dial");
    }
}
