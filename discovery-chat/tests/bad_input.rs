//! What arrives at a peer that is no good message, and what its user sees of it: never a panic, a
//! raw byte on the terminal, or words in somebody else's mouth.

mod fixture;

use std::time::Duration;

use fixture::{Fixture, PATIENCE, Peer, a_stranger_listens, invented_id, next_dial, port_of};
use scenario::statistics;

/// The longest message, in bytes.
const MAX_MESSAGE: usize = 4096;

/// Alice, who has just met somebody under this name.
fn alice_meets(name: &str) -> (Fixture, Peer, fixture::Stranger) {
    let fixture = Fixture::open();
    let mut alice = fixture.peer("Alice");
    let stranger = alice.is_linked_with(name, &invented_id(1));
    alice.sees_next(&format!("🔍 Discovered new peer: {name} (127.0.0.1)"));
    (fixture, alice, stranger)
}

/// Alice leaves, and has shown nothing that her terminal would obey.
#[track_caller]
fn shows_text_only(mut alice: Peer) {
    alice.leaves();
    let printed = alice.printed();
    assert!(
        !printed.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\t')),
        "{printed:?}"
    );
}

/// TCP keeps bytes in order, and knows nothing of lines.
#[test]
fn however_lines_are_cut_to_pieces_each_is_shown_once() {
    let (_fixture, mut alice, mut bob) = alice_meets("Bob");
    bob.sends(b"say 1 two in\nsay 2 one segment\n");
    alice.sees_next("📨 Bob says: two in");
    alice.sees_next("📨 Bob says: one segment");
    for byte in "say 3 grüß  dich 👋 \n".as_bytes() {
        bob.sends([*byte]);
    }
    alice.sees_next("📨 Bob says: grüß  dich 👋 ");
    bob.sends(b"say 4 as Windows ends lines\r\nsay 5 the end\r\n");
    alice.sees_next("📨 Bob says: as Windows ends lines");
    alice.sees_next("📨 Bob says: the end");
    bob.sends(b"say 6 half a line");
    bob.hangs_up();
    alice.sees_next("👋 Bob left (without saying goodbye)");
}

/// The longest message there may be, and one that is a byte longer.
#[test]
fn the_longest_message_passes_and_a_longer_one_is_refused() {
    let fixture = Fixture::open();
    let [mut alice, mut bob] = fixture.peers(["Alice", "Bob"]);
    let longest = "x".repeat(MAX_MESSAGE);
    alice.types(&longest);
    alice.sees_next("📤 Message sent to 1 peer(s)");
    bob.sees_next(&format!("📨 Alice says: {longest}"));
    alice.types(&format!("{longest}!"));
    alice.sees_next(
        "⚠️ Not sent: a message has at most 4096 bytes, and this one has 4097. Send it in parts",
    );
    alice.types("short");
    bob.sees_next("📨 Alice says: short");
}

/// A message that is a byte too long for the protocol is no message.
#[test]
fn a_message_that_no_peer_could_send_is_not_shown() {
    let (_fixture, mut alice, mut bob) = alice_meets("Bob");
    bob.says(&format!("say 1 {}", "x".repeat(MAX_MESSAGE)));
    alice.sees_next(&format!("📨 Bob says: {}", "x".repeat(MAX_MESSAGE)));
    bob.says(&format!("say 2 {}", "x".repeat(MAX_MESSAGE + 1)));
    bob.says("say 3 short");
    alice.sees_next("📨 Bob says: short");
}

/// A line without an end is not kept, before or after the hello.
#[test]
fn a_line_without_an_end_is_hung_up_on_and_costs_nothing() {
    let (_fixture, mut alice, mut bob) = alice_meets("Bob");
    let memory = statistics::memory_kib(alice.pid());
    // More than the system keeps for Alice, so that she must hang up to be rid of it.
    let endless = vec![b'x'; 64 << 20];
    assert!(!bob.tries_to_send(&endless), "Alice hangs up");
    alice.sees_next("⚠️ lost Bob (it does not speak the protocol)");
    let mut caller = alice.is_dialed();
    assert!(!caller.tries_to_send(&endless), "Alice hangs up");
    if let Some((before, after)) = memory.zip(statistics::memory_kib(alice.pid())) {
        assert!(after < before + 1024, "from {before} KiB to {after} KiB");
    }
    alice.types("/list");
    alice.sees_next("📭 No peers yet");
}

/// A caller that begins with anything but a hello is no peer.
#[test]
fn a_caller_that_does_not_say_hello_is_hung_up_on() {
    let fixture = Fixture::open();
    let [mut alice, mut bob] = fixture.peers(["Alice", "Bob"]);
    let (me, other) = (invented_id(1), invented_id(2));
    for first in [
        "say 1 hi".to_owned(),
        "ping".into(),
        "bye".into(),
        "dup".into(),
        String::new(),
        "GET / HTTP/1.1".into(),
        "\0".into(),
        format!("p2pchat/1 here {me} 9 Eve"),
        format!("p2pchat/1 hello {other} {me} 9 Eve"),
        format!("p2pchat/1 hello {} {} 9 Alice", alice.id, alice.id),
        format!("p2pchat/1 hello {} {me} 0 Eve", alice.id),
        format!("p2pchat/1 hello {} {me} -9 Eve", alice.id),
        format!("p2pchat/1 hello {} {me} 65536 Eve", alice.id),
        format!("p2pchat/1 hello {} {}! 9 Eve", alice.id, &me[1..]),
        format!("p2pchat/1 hello {} {me} 9", alice.id),
    ] {
        let mut caller = alice.is_dialed();
        caller.says(&first);
        caller.tries_to_send(b"say 1 hi\n");
        assert_eq!(caller.hears_the_end(), "", "{first:?}");
    }
    let mut caller = alice.is_dialed();
    caller.sends(b"\xff\xfe\n");
    assert_eq!(caller.hears_the_end(), "");
    bob.types("Did somebody knock?");
    alice.sees_next("📨 Bob says: Did somebody knock?");
    alice.lists(&[("Bob", &bob)]);
    shows_text_only(alice);
}

/// On a link, what is no frame is skipped, and so there is room to grow.
#[test]
fn a_line_that_is_no_frame_is_skipped() {
    let (fixture, mut alice, mut bob) = alice_meets("Bob");
    let mut charlie = fixture.peer("Charlie");
    alice.sees_next("🔍 Discovered new peer: Charlie (127.0.0.1)");
    for line in [
        &b""[..],
        b"\0",
        b"\xff\xfe\xfd",
        b"sing la la la",
        b"SAY 1 hi",
        b"say",
        b"say x",
        b"say x hi",
        b"say 0 hi",
        b"say -1 hi",
        b"say 1.5 hi",
        b"say 18446744073709551616 hi",
        b"say 99999999999999999999999999999999999999999999999 hi",
        b"dup",
        b"p2pchat/1 hello - ee0000000000000009 9 Eve",
        b"p2pchat/2 hello",
        b"bye bye",
    ] {
        bob.sends([line, b"\n"].concat());
    }
    bob.says("say 18446744073709551615 That is all");
    alice.sees_next("📨 Bob says: That is all");
    charlie.types("Did I miss something?");
    alice.sees_next("📨 Charlie says: Did I miss something?");
    shows_text_only(alice);
}

/// All peers of a network hear any datagram that is sent to the port, of whichever length.
#[test]
fn noise_does_nothing() {
    let fixture = Fixture::open();
    let [mut alice, mut bob] = fixture.peers(["Alice", "Bob"]);
    // Always the same noise, so that a failure comes again.
    let mut state = 1_u32;
    let mut noise = |length: usize| -> Vec<u8> {
        let next = |_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()[0]
        };
        (0..length).map(next).collect()
    };
    for length in [0, 1, 2, 9, 10, 100, 255, 256, 257, 1_000, 1_472, 10_000, 65_507] {
        fixture.broadcasts(noise(length));
        // And noise that begins well.
        for start in ["p2pchat/1 ", "p2pchat/1 here ", "p2pchat/1 bye "] {
            let mut datagram = noise(length);
            let start = &start.as_bytes()[..start.len().min(length)];
            datagram[..start.len()].copy_from_slice(start);
            fixture.broadcasts(datagram);
        }
    }
    fixture.has_been_heard_by(2);
    bob.types("What a noise");
    alice.sees_next("📨 Bob says: What a noise");
    alice.lists(&[("Bob", &bob)]);
    bob.lists(&[("Alice", &alice)]);
    shows_text_only(alice);
    shows_text_only(bob);
}

/// A datagram that is a byte too long is not cut to one that is just right.
#[test]
fn an_announcement_that_is_too_long_is_not_heard_in_part() {
    const MAX_DATAGRAM: usize = 256;
    let fixture = Fixture::open();
    let _alice = fixture.peer("Alice");
    let [too_long, longest] = [1, 0].map(|longer| {
        let listener = a_stranger_listens();
        let id = invented_id(longer);
        let start = format!("p2pchat/1 here {id} {} ", port_of(&listener));
        let length = MAX_DATAGRAM + usize::try_from(longer).expect("0 or 1");
        fixture.broadcasts(format!("{start}{}", "x".repeat(length - start.len())));
        listener
    });
    next_dial(&longest, PATIENCE).expect("256 bytes are not too long");
    let call = next_dial(&too_long, Duration::from_millis(300));
    assert!(call.is_none(), "257 bytes are");
}

/// A name is what a stranger says it is, and stands on the terminals of all peers.
#[test]
fn a_name_that_acts_or_pretends_is_shown_harmless() {
    let fixture = Fixture::open();
    let mut alice = fixture.peer("Alice");
    let long = "x".repeat(4000);
    for (number, (name, shown)) in [
        ("Bob\x1b[2J", "Bob\u{FFFD}[2J"),
        ("\x1b]0;title\x07Bob", "\u{FFFD}]0;title\u{FFFD}Bob"),
        ("B\x07o\x08b\t\0", "B\u{FFFD}o\u{FFFD}b\u{FFFD}\u{FFFD}"),
        ("Bob\rAlice", "Bob\u{FFFD}Alice"),
        ("\u{202E}boB\u{2066}", "\u{FFFD}boB\u{FFFD}"),
        ("Bob\u{9b}31m\u{2028}x", "Bob\u{FFFD}31m\u{FFFD}x"),
        ("Bob says: pay me", "Bob says\u{FFFD} pay me"),
        ("Bob#abc123", "Bob\u{FFFD}abc123"),
        ("  Bob  ", "Bob"),
        (&long, &long[..32]),
    ]
    .into_iter()
    .enumerate()
    {
        let stranger = alice.is_linked_with(name, &invented_id(number as u64));
        alice.sees_next(&format!("🔍 Discovered new peer: {shown} (127.0.0.1)"));
        stranger.hangs_up();
        alice.sees_next(&format!("👋 {shown} left (without saying goodbye)"));
    }
    shows_text_only(alice);
}

/// A name that cannot be seen is none, and neither is one that is longer than a line.
#[test]
fn a_name_that_nobody_can_see_is_refused() {
    let fixture = Fixture::open();
    let mut alice = fixture.peer("Alice");
    let endless = "x".repeat(10_000);
    for name in ["", " ", "   ", "\u{200B}", "\u{3000}", "\x1b", &endless] {
        let mut caller = alice.is_dialed();
        let hello = format!("p2pchat/1 hello {} {} 9 {name}\n", alice.id, invented_id(1));
        caller.tries_to_send(hello.as_bytes());
        assert_eq!(caller.hears_the_end(), "", "{name:?}");
    }
    alice.types("/list");
    alice.sees_next("📭 No peers yet");
    shows_text_only(alice);
}

/// Our own user is told, and not corrected.
#[test]
fn a_name_that_could_not_be_shown_cannot_be_chosen() {
    let fixture = Fixture::open();
    for name in ["", "  ", "A\x1b[2J", "A\x07", "A\rB", "A\nB", "\u{202E}A", &"x".repeat(33)] {
        let mut alice = fixture.starts(name, &[]);
        alice.ends_with(2);
        assert_eq!(alice.printed(), "", "{name:?}");
        let complaint = alice.complained();
        assert!(complaint.contains("a name "), "{name:?}: {complaint}");
    }
}

/// Text that would move the cursor, or end the line, and begin another one's.
#[test]
fn text_that_acts_is_shown_and_does_nothing() {
    let (_fixture, mut alice, mut bob) = alice_meets("Bob");
    for (said, shown) in [
        (&b"\x1b[2J\x1b[H"[..], "\u{FFFD}[2J\u{FFFD}[H"),
        (b"\x1b]0;title\x07", "\u{FFFD}]0;title\u{FFFD}"),
        ("\u{9b}2J\u{9d}0;title\u{9c}".as_bytes(), "\u{FFFD}2J\u{FFFD}0;title\u{FFFD}"),
        (b"\x9b2J", "\u{FFFD}2J"),
        ("hi\r📨 Eve says: pay me".as_bytes(), "hi\u{FFFD}📨 Eve says: pay me"),
        ("hi\u{2028}📨 Eve says: pay me".as_bytes(), "hi\u{FFFD}📨 Eve says: pay me"),
        ("hi\u{85}📨 Eve says: pay me".as_bytes(), "hi\u{FFFD}📨 Eve says: pay me"),
        (b"hi\x0b\x0c\x08\t\0", "hi\u{FFFD}\u{FFFD}\u{FFFD}\t\u{FFFD}"),
        ("\u{202E}em yap".as_bytes(), "\u{FFFD}em yap"),
        (b"caf\xe9", "caf\u{FFFD}"),
    ] {
        bob.sends([b"say 1 ", said, b"\n"].concat());
        alice.sees_next(&format!("📨 Bob says: {shown}"));
    }
    // A line end is one: what stands behind it is a frame of its own, and no line of Eve's.
    bob.sends("say 2 hi\n📨 Eve says: pay me\nsay 3 ho\n".as_bytes());
    alice.sees_next("📨 Bob says: hi");
    alice.sees_next("📨 Bob says: ho");
    shows_text_only(alice);
}

/// A peer does not send such text, either, although its user pastes it.
#[test]
fn text_that_acts_is_not_sent() {
    let (_fixture, mut alice, mut bob) = alice_meets("Bob");
    alice.types_bytes(b"\x1b[2J\xff caf\xc3\xa9\x07\n");
    assert_eq!(bob.hears_news(), "say 1 \u{FFFD}[2J\u{FFFD} café\u{FFFD}");
    alice.sees_next("📤 Message sent to 1 peer(s)");
    alice.types_bytes(b"/\x1b[2J\n");
    alice.sees("⚠️ Unknown command /\u{FFFD}[2J: ");
    shows_text_only(alice);
}

/// A peer of another version, heard by UDP and by TCP.
#[test]
fn a_peer_of_another_version_is_told_of_once_and_left_alone() {
    let fixture = Fixture::open();
    let mut alice = fixture.peer("Alice");
    let listener = a_stranger_listens();
    let (id, port) = (invented_id(1), port_of(&listener));
    fixture.broadcasts(format!("p2pchat/2 here {id} {port} Future"));
    alice.sees_next(
        "⚠️ A peer at 127.0.0.1 speaks p2pchat/2, and this program only p2pchat/1: they cannot \
         talk",
    );
    for _ in 0..3 {
        fixture.broadcasts(format!("p2pchat/2 here {id} {port} Future"));
        let mut caller = alice.is_dialed();
        caller.says(&format!("p2pchat/2 hello {} {id} {port} Future", alice.id));
        assert_eq!(caller.hears_the_end(), "");
    }
    fixture.has_been_heard_by(1);
    assert!(next_dial(&listener, Duration::from_millis(300)).is_none());
    alice.leaves();
    assert_eq!(alice.lines_with(&["⚠"]).len(), 1);
}
