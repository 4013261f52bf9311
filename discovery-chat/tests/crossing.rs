//! Task crossing: two peers dial each other at once, and one link stays, the same on both sides.
//!
//! The peers beside the program have ids that are smaller or larger than any that it can draw.

mod fixture;

use std::net::TcpListener;
use std::time::{Duration, Instant};

use fixture::{Fixture, PATIENCE, Peer, Stranger, a_stranger_listens, next_dial, port_of};
use scenario::eventually;

const SMALLER: &str = "000000000000000001";
const LARGER: &str = "fffffffffffffffffe";

/// Bob announces himself under this id, and Alice dials him. He has not answered yet.
#[track_caller]
fn alice_dials_bob(fixture: &Fixture, id: &str) -> (Peer, Stranger, TcpListener) {
    let alice = fixture.peer("Alice");
    let listener = a_stranger_listens();
    fixture.announces(id, port_of(&listener), "Bob");
    let mut dialed = next_dial(&listener, PATIENCE).expect("Alice dials");
    let hello = bob_hears(&alice, &mut dialed);
    assert!(hello.starts_with(&format!("p2pchat/1 hello {id} ID ")), "{hello}");
    (alice, dialed, listener)
}

/// Bob dials as well, and says hello.
fn bob_dials(alice: &Peer, to: &str, id: &str) -> Stranger {
    let mut call = alice.is_dialed();
    call.says(&format!("p2pchat/1 hello {to} {id} 9 Bob"));
    call
}

/// Bob answers Alice's dial with his hello.
fn bob_answers(alice: &Peer, dialed: &mut Stranger, id: &str) {
    dialed.says(&format!("p2pchat/1 hello {} {id} 9 Bob", alice.id));
}

/// What Bob hears next, with ID in place of Alice's id.
#[track_caller]
fn bob_hears(alice: &Peer, call: &mut Stranger) -> String {
    call.hears().replace(&alice.id, "ID")
}

/// There is one link, and it is this one. Alice has read of Bob once.
#[track_caller]
fn the_link_is(alice: &mut Peer, link: &mut Stranger) {
    alice.types("Which one is it?");
    alice.sees_next("📤 Message sent to 1 peer(s)");
    assert_eq!(link.hears_news(), "say 1 Which one is it?");
    link.says("say 1 This one");
    alice.sees_next("📨 Bob says: This one");
    assert_eq!(alice.lines_with(&["🔍", "👋", "⚠", "🔁"]).len(), 1, "she has read of Bob once");
}

/// The dial of the larger id is answered `dup` and hung up on, if the smaller one is dialing. The
/// link is the one that the smaller id has dialed.
///
/// Points: 3
/// Hint: Who has the smaller id? | `self.me < self.peer`: then our dial is the one that counts.
/// Hint: Which dial of ours? | `self.is_dialed` says that we are dialing this very peer.
#[test]
fn the_dial_of_the_larger_id_is_answered_dup() {
    let fixture = Fixture::open();
    let (mut alice, mut dialed, _listener) = alice_dials_bob(&fixture, LARGER);
    let mut call = bob_dials(&alice, &alice.id, LARGER);
    assert_eq!(bob_hears(&alice, &mut call), "dup");
    assert_eq!(call.hears_the_end(), "");
    bob_answers(&alice, &mut dialed, LARGER);
    alice.sees_next("🔍 Discovered new peer: Bob (127.0.0.1)");
    the_link_is(&mut alice, &mut dialed);
}

/// The dial of the smaller id is answered by a hello, though the larger one is dialing. If the
/// larger one's dial is answered as well, it gives way.
///
/// Points: 3
/// Hint: Which link stands? | `self.standing` holds it, and whether it was `Accepted` or `Dialed`.
/// Hint: When does our dial give way? | If the link that stands was dialed by the smaller id, a moment ago; or if we have dialed that one, too.
#[test]
fn the_dial_of_the_smaller_id_counts() {
    let fixture = Fixture::open();
    let (mut alice, mut dialed, _listener) = alice_dials_bob(&fixture, SMALLER);
    let mut call = bob_dials(&alice, &alice.id, SMALLER);
    let hello = bob_hears(&alice, &mut call);
    assert!(hello.starts_with(&format!("p2pchat/1 hello {SMALLER} ID ")), "{hello}");
    alice.sees_next("🔍 Discovered new peer: Bob (127.0.0.1)");
    bob_answers(&alice, &mut dialed, SMALLER);
    // On a busy machine there is time for a sign of life.
    let rest = dialed.hears_the_end();
    assert!(
        ["", "ping\n"].contains(&&*rest),
        "Alice's own dial gives way, but she says {rest:?}"
    );
    the_link_is(&mut alice, &mut call);
}

/// A second call within a moment of the first is answered `dup`, however the ids compare. After 3 s it is
/// a peer that comes back: its link takes the place of the first, and the user reads of it.
///
/// Points: 3
/// Hint: How long is a moment? | `CROSSING`; the age of the link that stands is beside it.
#[test]
fn a_second_call_is_a_crossing_at_first_and_a_return_later() {
    let fixture = Fixture::open();
    let mut alice = fixture.peer("Alice");
    for id in [SMALLER, LARGER] {
        let begun = Instant::now();
        let mut first = alice.is_linked_with("Bob", id);
        alice.sees_next("🔍 Discovered new peer: Bob (127.0.0.1)");
        let mut second = bob_dials(&alice, &alice.id, id);
        assert_eq!(bob_hears(&alice, &mut second), "dup");
        let mut answer = String::new();
        let comes_back = || {
            first.pings();
            second = bob_dials(&alice, &alice.id, id);
            answer = bob_hears(&alice, &mut second);
            answer != "dup"
        };
        assert!(eventually(PATIENCE, comes_back), "Bob may never come back");
        assert!(answer.starts_with("p2pchat/1 hello "), "{answer}");
        assert!(begun.elapsed() > Duration::from_millis(2500), "{:?}", begun.elapsed());
        alice.sees_next("🔁 Bob reconnected from 127.0.0.1");
        first.hears_the_end();
        second.says("bye");
        alice.sees_next("👋 Bob left");
    }
}

/// A caller that knows no id (`-`) takes the place of no link, however old that is, and of no dial to
/// a peer that was heard.
///
/// Points: 2
/// Hint: Which calls are these? | Those that `is_dup_of_unknown` is asked about: of a peer that was named by `--peer`.
#[test]
fn a_caller_that_knows_no_id_takes_no_links_place() {
    for id in [SMALLER, LARGER] {
        let fixture = Fixture::open();
        let (mut alice, mut dialed, _listener) = alice_dials_bob(&fixture, id);
        let mut call = bob_dials(&alice, "-", id);
        assert_eq!(bob_hears(&alice, &mut call), "dup");
        bob_answers(&alice, &mut dialed, id);
        alice.sees_next("🔍 Discovered new peer: Bob (127.0.0.1)");
        the_link_is(&mut alice, &mut dialed);
    }
    let fixture = Fixture::open();
    let mut alice = fixture.peer("Alice");
    let mut link = alice.is_linked_with("Bob", SMALLER);
    alice.sees_next("🔍 Discovered new peer: Bob (127.0.0.1)");
    let takes_its_place = || {
        let mut call = bob_dials(&alice, "-", SMALLER);
        let answer = bob_hears(&alice, &mut call);
        link.pings();
        answer != "dup" || call.hears_the_end() != ""
    };
    // Longer than a crossing lasts.
    assert!(!eventually(Duration::from_millis(3500), takes_its_place));
    the_link_is(&mut alice, &mut link);
}

/// While we dial an address that our user has named, a caller that knows no id and listens there is
/// answered `dup` if its id is larger, since our dial is on its way to it; and a hello if it is
/// smaller.
///
/// Points: 2
/// Hint: Where do you see that we dial its address? | `we_dial_its_address` says so. Which peer is there, nobody knows yet.
#[test]
fn two_that_name_each_other_agree_as_well() {
    let fixture = Fixture::open();
    let listener = a_stranger_listens();
    let address = format!("127.0.0.1:{}", port_of(&listener));
    let mut alice = fixture.peer_with("Alice", &["--peer", &address]);
    let mut dialed = next_dial(&listener, PATIENCE).expect("Alice dials");
    assert!(dialed.hears().starts_with("p2pchat/1 hello - "));
    let listens_there = |id| {
        let mut call = alice.is_dialed();
        call.says(&format!("p2pchat/1 hello - {id} {} Bob", port_of(&listener)));
        call
    };
    assert_eq!(bob_hears(&alice, &mut listens_there(LARGER)), "dup");
    let mut other = listens_there(SMALLER);
    assert!(other.hears().starts_with(&format!("p2pchat/1 hello {SMALLER} ")));
    alice.sees_next("🔍 Discovered new peer: Bob (127.0.0.1)");
    bob_answers(&alice, &mut dialed, LARGER);
    alice.sees("🔍 Discovered new peer: Bob#ffffff (127.0.0.1)\n");
}

/// Peers that start together get one link for each pair, and nothing is told twice.
#[test]
fn peers_that_start_together_get_one_link_each() {
    const NAMES: [&str; 6] = ["Ann", "Bob", "Cem", "Dana", "Eve", "Finn"];
    let fixture = Fixture::open();
    let terminals = NAMES.map(|name| fixture.starts(name, &[]));
    let mut peers = terminals.map(Peer::is_up);
    for peer in &mut peers {
        peer.sees_times("🔍 Discovered new peer: ", NAMES.len() - 1);
    }
    for peer in &mut peers {
        peer.types("Hello everybody");
    }
    for peer in &mut peers {
        peer.sees_times(" says: Hello everybody\n", NAMES.len() - 1);
        assert_eq!(peer.lines_with(&["🔍"]).len(), NAMES.len() - 1);
        assert_eq!(peer.lines_with(&["👋", "⚠", "🔁"]), [""; 0]);
    }
}
