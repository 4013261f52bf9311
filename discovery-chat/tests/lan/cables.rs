//! Cables that are cut, interfaces that go away, and links that fall silent: what users are told,
//! and how soon peers are linked again.

use std::time::{Duration, Instant};

use super::{BACK_AGAIN, CANNOT_ANNOUNCE, alice_and_bob, has_announced, listed, says};
use crate::fixture::Peer;
use crate::hosts::{Hosts, LAN, counted, passes};

const ANNOUNCING_AGAIN: &str = "📡 Announcing to the network again\n";

#[test]
#[ignore = "needs network namespaces: just test-lan"]
fn a_cable_that_is_cut_for_20_seconds_is_noticed_on_both_sides_and_holds_up_no_other_peer() {
    let hosts = Hosts::up(3);
    let mut alice = hosts.peer(1, "Alice", &[]);
    let mut bob = hosts.peer(2, "Bob", &[]);
    let mut carol = hosts.peer(3, "Carol", &[]);
    alice.finds(&[("Bob", "10.77.0.2"), ("Carol", "10.77.0.3")]);
    bob.finds(&[("Alice", "10.77.0.1"), ("Carol", "10.77.0.3")]);
    carol.finds(&[("Alice", "10.77.0.1"), ("Bob", "10.77.0.2")]);
    // All three have just said something: silence counts from here.
    says(&mut carol, "Where is everybody?", &mut [&mut alice, &mut bob]);
    says(&mut alice, "Here.", &mut [&mut bob, &mut carol]);
    says(&mut bob, "Me too.", &mut [&mut alice, &mut carol]);

    hosts.cut(2);
    let cut = Instant::now();
    for line in ["Bob?", "Are you there?"] {
        alice.types(line);
        alice.sees_next("📤 Message sent to 2 peer(s)"); // The loss is not noticed yet.
        carol.sees_next(&format!("📨 Alice says: {line}"));
        bob.types(&format!("{line} says nobody"));
        bob.sees_next("📤 Message sent to 2 peer(s)");
    }
    while cut.elapsed() < Duration::from_secs(4) {
        is_listed_at_once(&mut alice, "👥 Discovered peers:\n");
        is_listed_at_once(&mut bob, "👥 Discovered peers:\n");
        passes(Duration::from_millis(500));
    }
    passes(Duration::from_secs(5).saturating_sub(cut.elapsed()));
    for peer in [&mut alice, &mut bob, &mut carol] {
        assert!(!peer.printed().contains("lost"), "{}", peer.printed());
    }
    alice.sees("⚠️ lost Bob (no answer for 6 s)\n");
    alice.sees_next("⚠️ 2 message(s) to Bob may not have arrived");
    carol.sees_next("⚠️ lost Bob (no answer for 6 s)");
    bob.sees_all(&[
        "⚠️ lost Alice (no answer for 6 s)\n",
        "⚠️ lost Carol (no answer for 6 s)\n",
        " message(s) to Alice may not have arrived\n",
        " message(s) to Carol may not have arrived\n",
    ]);
    assert!(cut.elapsed() < Duration::from_secs(8), "{:?}", cut.elapsed());
    while cut.elapsed() < Duration::from_secs(20) {
        is_listed_at_once(&mut alice, "👥 Discovered peers:\n");
        is_listed_at_once(&mut bob, "📭 No peers yet\n");
        passes(Duration::from_millis(500));
    }
    says(&mut alice, "He is gone.", &mut [&mut carol]);

    hosts.heal(2);
    let healed = Instant::now();
    bob.finds(&[("Alice", "10.77.0.1"), ("Carol", "10.77.0.3")]);
    alice.finds(&[("Bob", "10.77.0.2")]);
    carol.finds(&[("Bob", "10.77.0.2")]);
    assert!(healed.elapsed() < BACK_AGAIN, "{:?}", healed.elapsed());
    says(&mut alice, "Welcome back!", &mut [&mut bob, &mut carol]);
    says(&mut bob, "What did I miss?", &mut [&mut alice, &mut carol]);
    for (mut peer, losses) in [(alice, 1), (bob, 2), (carol, 1)] {
        peer.leaves();
        let printed = peer.printed();
        assert_eq!(printed.matches("⚠️ lost ").count(), losses, "{printed}");
    }
}

#[test]
#[ignore = "needs network namespaces: just test-lan"]
fn a_cable_that_is_cut_for_2_seconds_delays_a_line_and_nothing_more() {
    let hosts = Hosts::up(2);
    let [mut alice, mut bob] = alice_and_bob(&hosts);
    hosts.cut(2);
    passes(Duration::from_secs(1));
    alice.types("Can you hear me?");
    alice.sees_next("📤 Message sent to 1 peer(s)");
    passes(Duration::from_secs(1));
    bob.types("/list");
    bob.sees_next("👥 Discovered peers:"); // And so Alice's line has not come yet.
    bob.sees_next(&listed("Alice", &alice, "10.77.0.1"));
    hosts.heal(2);
    bob.sees_next("📨 Alice says: Can you hear me?");
    bob.types("I can.");
    bob.sees_next("📤 Message sent to 1 peer(s)");
    alice.sees_next("📨 Bob says: I can.");
    // Longer than a silence may be, so that a loss would have been noticed by now.
    passes(Duration::from_secs(7));
    bob.types("/quit");
    alice.sees_next("👋 Bob left");
}

#[test]
#[ignore = "needs network namespaces: just test-lan"]
fn a_line_on_a_link_that_has_become_one_way_is_not_lost_in_silence() {
    let hosts = Hosts::up(2);
    let [mut alice, mut bob] = alice_and_bob(&hosts);
    says(&mut alice, "This is read.", &mut [&mut bob]);
    passes(Duration::from_millis(500)); // Nothing is on its way any more.
    // A wrong neighbour entry: Bob's next ping arrives at Alice, and nothing arrives at Bob.
    hosts.ip(1, &format!("neigh replace 10.77.0.2 lladdr 02:00:00:00:00:99 dev eth{LAN}"));
    alice.types("Can you hear me?");
    alice.sees_next("📤 Message sent to 1 peer(s)");
    bob.sees_next("⚠️ lost Alice (no answer for 6 s)");
    alice.sees("⚠️ 1 message(s) to Bob may not have arrived\n");
    assert!(!bob.printed().contains("Can you hear me?"), "{}", bob.printed());
}

#[test]
#[ignore = "needs network namespaces: just test-lan"]
fn an_interface_that_goes_away_and_comes_back_is_told_once_each() {
    let hosts = Hosts::up(2);
    let [mut alice, mut bob] = alice_and_bob(&hosts);
    has_announced(&alice, 3);

    hosts.unplug(1, LAN);
    let before = counted(alice.pid(), "Udp", "OutDatagrams");
    alice.sees_all(&["⚠️ lost Bob (no answer for 6 s)\n", CANNOT_ANNOUNCE]);
    bob.sees_next("⚠️ lost Alice (no answer for 6 s)");
    has_announced(&alice, before + 2); // To this host alone.
    alice.types("Is anybody there?");
    alice.sees("📭 No peers yet\n");

    hosts.plug_in(1, LAN);
    alice.sees_all(&[ANNOUNCING_AGAIN, "🔍 Discovered new peer: Bob (10.77.0.2)\n"]);
    bob.sees_next("🔍 Discovered new peer: Alice (10.77.0.1)");
    says(&mut alice, "Here I am again.", &mut [&mut bob]);
    alice.leaves();
    let printed = alice.printed();
    for notice in [CANNOT_ANNOUNCE, ANNOUNCING_AGAIN] {
        assert_eq!(printed.matches(notice).count(), 1, "{printed}");
    }
}

/// The two hear each other, and their dials get no answer for a while.
#[test]
#[ignore = "needs network namespaces: just test-lan"]
fn a_network_that_carries_dials_again_links_peers_as_soon_as_one_that_was_cut() {
    let hosts = Hosts::up(2);
    hosts.drops_all_but_broadcasts(LAN, [1, 2]);
    let mut alice = hosts.peer(1, "Alice", &[]);
    let mut bob = hosts.peer(2, "Bob", &[]);
    passes(Duration::from_secs(40));
    hosts.drops_nothing(LAN, [1, 2]);
    are_back(&mut alice, &mut bob);
}

/// A link that is young when its cable is cut says nothing of the peer at its other end.
#[test]
#[ignore = "needs network namespaces: just test-lan"]
fn peers_that_are_cut_off_again_and_again_are_back_as_soon_as_the_first_time() {
    let hosts = Hosts::up(2);
    let [mut alice, mut bob] = alice_and_bob(&hosts);
    for _ in 0..5 {
        hosts.cut(2);
        alice.sees("⚠️ lost Bob (no answer for 6 s)\n");
        bob.sees("⚠️ lost Alice (no answer for 6 s)\n");
        hosts.heal(2);
        are_back(&mut alice, &mut bob);
    }
}

/// No broadcast brings the two together again: Bob has named Alice.
#[test]
#[ignore = "needs network namespaces: just test-lan"]
fn a_peer_that_was_named_is_back_as_soon_as_one_that_was_heard() {
    let hosts = Hosts::up(2);
    let mut alice = hosts.peer(1, "Alice", &["--discovery-port", "9001", "--port", "8080"]);
    let mut bob =
        hosts.peer(2, "Bob", &["--discovery-port", "9002", "--peer", "10.77.0.1:8080"]);
    alice.finds(&[("Bob", "10.77.0.2")]);
    bob.finds(&[("Alice", "10.77.0.1")]);
    hosts.cut(2);
    passes(Duration::from_secs(32));
    hosts.heal(2);
    are_back(&mut alice, &mut bob);
}

/// Types `/list`, and is answered without waiting for a peer that is gone.
#[track_caller]
fn is_listed_at_once(peer: &mut Peer, answer: &str) {
    let asked = Instant::now();
    peer.types("/list");
    peer.sees(answer);
    assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
}

/// Waits until Alice and Bob, whose network is back, are linked again, and checks how soon.
#[track_caller]
fn are_back(alice: &mut Peer, bob: &mut Peer) {
    let healed = Instant::now();
    alice.finds(&[("Bob", "10.77.0.2")]);
    bob.finds(&[("Alice", "10.77.0.1")]);
    assert!(healed.elapsed() < BACK_AGAIN, "{:?}", healed.elapsed());
}
