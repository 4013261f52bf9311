//! Task announce: a peer says by UDP that it is there, and dials the peers that say so.

mod fixture;

use std::net::UdpSocket;
use std::time::Duration;

use fixture::{Fixture, PATIENCE, Peer, a_stranger_listens, invented_id, next_dial, port_of};

/// Longer than a peer waits before it dials.
const MOMENT: Duration = Duration::from_millis(500);

/// The next datagram that `peer` broadcasts, with ID in place of its id.
#[track_caller]
fn next_datagram(peer: &Peer, datagrams: &UdpSocket) -> String {
    let mut datagram = [0; 1024];
    let (length, _) = datagrams.recv_from(&mut datagram).expect("a datagram within 10 s");
    String::from_utf8_lossy(&datagram[..length]).replace(&peer.id, "ID")
}

/// Announces these, of which the peer dials none, and then a peer that it does dial.
#[track_caller]
fn only_the_last_is_dialed(fixture: &Fixture, announcements: impl FnOnce(u16) -> Vec<String>) {
    let ignored = a_stranger_listens();
    let dialed = a_stranger_listens();
    for datagram in announcements(port_of(&ignored)) {
        fixture.broadcasts(datagram);
    }
    fixture.announces(&invented_id(99), port_of(&dialed), "Real");
    next_dial(&dialed, PATIENCE).expect("a real announcement is answered by a dial");
    let dial = next_dial(&ignored, MOMENT);
    assert!(dial.is_none(), "a datagram that is no announcement was dialed");
}

/// A peer announces its version, id, port and name, in one datagram without a line end.
///
/// Points: 3
/// Hint: Where is the form of the datagram? | In the first lines of `src/announce.rs`.
/// Hint: Who writes the id, the port and the name? | `PeerInfo` has a `Display`: `{info}` writes all three.
#[test]
fn a_peer_announces_itself() {
    let fixture = Fixture::open();
    let datagrams = fixture.hears_datagrams();
    let alice = fixture.peer("Alice");
    let expected = format!("p2pchat/1 here ID {} Alice", alice.port);
    assert_eq!(next_datagram(&alice, &datagrams), expected);
}

/// A name of several words is announced whole, and a peer with such a name is dialed.
///
/// Points: 2
/// Hint: How can a name have spaces, without quotes? | It is the last field: all that is left is the name.
#[test]
fn a_name_may_have_several_words() {
    let fixture = Fixture::open();
    let datagrams = fixture.hears_datagrams();
    let alice = fixture.peer("Alice in Chains");
    let expected = format!("p2pchat/1 here ID {} Alice in Chains", alice.port);
    assert_eq!(next_datagram(&alice, &datagrams), expected);
    let listener = a_stranger_listens();
    fixture.announces(&invented_id(1), port_of(&listener), "Bob B. Bob");
    next_dial(&listener, PATIENCE).expect("Bob B. Bob is dialed");
}

/// A peer that announces itself is dialed at the address that the datagram came from and at the
/// port that it names, and the dial names it.
///
/// Points: 3
/// Hint: What does reading end in? | In `Announcement::Here` with a `PeerInfo`; the rules in `mesh.rs` dial.
/// Hint: Who reads the version? | `after_version` in `src/version.rs` returns what stands behind it.
#[test]
fn a_peer_that_announces_itself_is_dialed() {
    let fixture = Fixture::open();
    let alice = fixture.peer("Alice");
    let listener = a_stranger_listens();
    fixture.announces(&invented_id(1), port_of(&listener), "Bob");
    let mut bob = next_dial(&listener, PATIENCE).expect("Bob is dialed");
    let expected = format!("p2pchat/1 hello {} ID {} Alice", invented_id(1), alice.port);
    assert_eq!(bob.hears().replace(&alice.id, "ID"), expected);
}

/// Two peers that announce themselves find each other.
///
/// Points: 2
#[test]
fn two_peers_find_each_other() {
    let fixture = Fixture::open();
    fixture.peers(["Alice", "Bob"]);
}

/// A datagram that is no announcement is not answered by a dial, and does no harm.
///
/// Points: 2
/// Hint: What is no announcement? | Another first word, a field that is missing, a port 0, an id that is not 18 lower-case hex digits. `PeerInfo::read` knows the fields.
#[test]
fn noise_is_not_dialed() {
    let fixture = Fixture::open();
    let _alice = fixture.peer("Alice");
    only_the_last_is_dialed(&fixture, |port| {
        let id = invented_id(1);
        let noise = [
            String::new(),
            "p2pchat/1 here".into(),
            format!("p2pchat/1 here {id} {port}"),
            format!("p2pchat/1 here {id} 0 Bob"),
            format!("p2pchat/1 here {} {port} Bob", id.to_uppercase()),
            format!("p2pchat/1 here {id}0 {port} Bob"),
            format!("p2pchat/1 HERE {id} {port} Bob"),
            format!("p2pchat/1 there {id} {port} Bob"),
            format!("p2pchat/1  here {id} {port} Bob"),
            format!("p2pchat/1 here {id}  {port} Bob"),
            format!(" p2pchat/1 here {id} {port} Bob"),
            format!("p2pchat/01 here {id} {port} Bob"),
            format!("p2pchat here {id} {port} Bob"),
        ];
        noise.into()
    });
}

/// A datagram of 256 bytes is read, and a longer one is not, not even in part.
///
/// Points: 2
/// Hint: Why a limit? | So that a name has an end. `MAX_DATAGRAM` is the limit.
#[test]
fn a_datagram_that_is_too_long_is_not_read() {
    let fixture = Fixture::open();
    let _alice = fixture.peer("Alice");
    let long = |n, port, length| {
        let start = format!("p2pchat/1 here {} {port} ", invented_id(n));
        format!("{start}{}", "x".repeat(length - start.len()))
    };
    only_the_last_is_dialed(&fixture, |port| vec![long(1, port, 257), long(2, port, 4000)]);
    let listener = a_stranger_listens();
    fixture.broadcasts(long(3, port_of(&listener), 256));
    next_dial(&listener, PATIENCE).expect("256 bytes are read");
}

/// A peer of another version is told of, once, and not dialed.
///
/// Points: 2
/// Hint: Which value says so? | `NotOurs::OtherVersion`, which `after_version` returns.
#[test]
fn a_peer_of_another_version_is_told_of_once() {
    let fixture = Fixture::open();
    let mut alice = fixture.peer("Alice");
    only_the_last_is_dialed(&fixture, |port| {
        let other = |version| format!("p2pchat/{version} here {} {port} Bob", invented_id(1));
        vec![other(2), other(3), other(2)]
    });
    alice.sees(
        "⚠️ A peer at 127.0.0.1 speaks p2pchat/2, and this program only p2pchat/1: they cannot talk\n",
    );
    alice.leaves();
    assert_eq!(alice.lines_with(&["⚠"]).len(), 1);
}

/// A peer that leaves announces that, too: version, `bye` and id.
///
/// Points: 2
#[test]
fn a_peer_that_leaves_says_so() {
    let fixture = Fixture::open();
    let mut alice = fixture.peer("Alice");
    let datagrams = fixture.hears_datagrams();
    alice.leaves();
    let mut heard = next_datagram(&alice, &datagrams);
    while heard.contains(" here ") {
        heard = next_datagram(&alice, &datagrams);
    }
    assert_eq!(heard, "p2pchat/1 bye ID");
}

/// A forged goodbye in the name of a linked peer ends no link.
///
/// Points: 1
#[test]
fn a_goodbye_by_udp_ends_no_link() {
    let fixture = Fixture::open();
    let [mut alice, mut bob] = fixture.peers(["Alice", "Bob"]);
    fixture.broadcasts(format!("p2pchat/1 bye {}", bob.id));
    fixture.broadcasts(b"p2pchat/1 bye");
    fixture.has_been_heard_by(2);
    alice.types("Are you there?");
    bob.sees("📨 Alice says: Are you there?\n");
    assert_eq!(alice.lines_with(&["👋", "⚠"]), [""; 0]);
}
