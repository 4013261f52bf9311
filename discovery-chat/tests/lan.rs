//! Peers on hosts of their own: cables break, interfaces go, and no network is as it should be.
#![cfg(target_os = "linux")]

mod fixture;
mod hosts;

use std::time::{Duration, Instant};

use fixture::{Peer, SOON};
use hosts::{Hosts, LAN, NOBODY, OTHER_LAN, counted, passes};

/// Options of a peer that hears announcements and is not heard: it announces to another port.
const ONLY_HEARS: [&str; 2] = ["--broadcast", "255.255.255.255:9998"];

/// Options of a peer that is heard and hears nobody.
const ONLY_ANNOUNCES: [&str; 4] =
    ["--broadcast", "255.255.255.255:9999", "--discovery-port", "9998"];

/// The promise: peers are linked again this soon after their network is back.
const BACK_AGAIN: Duration = Duration::from_secs(7);

/// The notice that nobody hears our announcements, up to the reason.
const CANNOT_ANNOUNCE: &str = "⚠️ Cannot announce to the network: ";

const ANNOUNCING_AGAIN: &str = "📡 Announcing to the network again\n";

#[test]
#[ignore = "needs network namespaces: just test-lan"]
fn peers_on_three_hosts_find_each_other_and_talk() {
    let hosts = Hosts::up(3);
    // As on the lab sheet, to the letter.
    let mut peers = [
        hosts.starts(1, "Alice", &["--port", "8080"]),
        hosts.starts(2, "Bob", &["--port", "8081"]),
        hosts.starts(3, "Charlie", &["--port", "8082"]),
    ];
    let all = [("Alice", "10.77.0.1"), ("Bob", "10.77.0.2"), ("Charlie", "10.77.0.3")];
    let others = [[1, 2], [0, 2], [0, 1]];
    let lines: Vec<_> = (peers.iter().zip(all))
        .map(|(Peer { shown_id, port, .. }, (name, address))| {
            format!("  - {name} ({shown_id}) at {address}:{port}\n")
        })
        .collect();
    for (peer, others) in peers.iter_mut().zip(others) {
        sees_found(peer, &others.map(|other| all[other]));
        peer.types("/list");
        let [first, second] = others.map(|other| &lines[other]);
        peer.sees(&format!("👥 Discovered peers:\n{first}{second}"));
    }
    for (speaker, (name, _)) in all.iter().enumerate() {
        peers[speaker].types(&format!("Hello from {name}!"));
        peers[speaker].sees("📤 Message sent to 2 peer(s)\n");
        for other in others[speaker] {
            peers[other].sees(&format!("📨 {name} says: Hello from {name}!\n"));
        }
    }
    for (peer, others) in peers.iter_mut().zip(others) {
        let printed = leaves(peer);
        let heard = others.map(|other| format!(" says: Hello from {}!", all[other].0));
        assert!(heard.iter().all(|line| printed.matches(line).count() == 1), "{printed}");
        assert_eq!(printed.matches(" says: ").count(), 2, "{printed}");
    }
}

#[test]
#[ignore = "needs network namespaces: just test-lan"]
fn a_cable_that_is_cut_for_20_seconds_is_noticed_on_both_sides_and_holds_up_nobody() {
    let hosts = Hosts::up(3);
    let mut alice = hosts.peer(1, "Alice", &[]);
    let mut bob = hosts.peer(2, "Bob", &[]);
    let mut carol = hosts.peer(3, "Carol", &[]);
    sees_found(&mut alice, &[("Bob", "10.77.0.2"), ("Carol", "10.77.0.3")]);
    sees_found(&mut bob, &[("Alice", "10.77.0.1"), ("Carol", "10.77.0.3")]);
    sees_found(&mut carol, &[("Alice", "10.77.0.1"), ("Bob", "10.77.0.2")]);
    // A last sign of life: silence counts from here.
    says(&mut carol, "Where is everybody?", &mut [&mut alice, &mut bob]);
    says(&mut alice, "Here.", &mut [&mut bob, &mut carol]);
    says(&mut bob, "Me too.", &mut [&mut alice, &mut carol]);

    hosts.cut(2);
    let cut = Instant::now();
    for line in ["Bob?", "Are you there?"] {
        alice.types(line);
        alice.sees_next("📤 Message sent to 2 peer(s)"); // Nobody knows yet.
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
    sees_found(&mut bob, &[("Alice", "10.77.0.1"), ("Carol", "10.77.0.3")]);
    sees_found(&mut alice, &[("Bob", "10.77.0.2")]);
    sees_found(&mut carol, &[("Bob", "10.77.0.2")]);
    assert!(healed.elapsed() < BACK_AGAIN, "{:?}", healed.elapsed());
    says(&mut alice, "Welcome back!", &mut [&mut bob, &mut carol]);
    says(&mut bob, "What did I miss?", &mut [&mut alice, &mut carol]);
    for (mut peer, losses) in [(alice, 1), (bob, 2), (carol, 1)] {
        let printed = leaves(&mut peer);
        assert_eq!(printed.matches("⚠️ lost ").count(), losses, "{printed}");
    }
}

#[test]
#[ignore = "needs network namespaces: just test-lan"]
fn a_cable_that_is_cut_for_2_seconds_delays_a_line_and_nothing_more() {
    let hosts = Hosts::up(2);
    let mut alice = hosts.peer(1, "Alice", &[]);
    let mut bob = hosts.peer(2, "Bob", &[]);
    alice.sees_next("🔍 Discovered new peer: Bob (10.77.0.2)");
    bob.sees_next("🔍 Discovered new peer: Alice (10.77.0.1)");
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
    let mut alice = hosts.peer(1, "Alice", &[]);
    let mut bob = hosts.peer(2, "Bob", &[]);
    alice.sees_next("🔍 Discovered new peer: Bob (10.77.0.2)");
    bob.sees_next("🔍 Discovered new peer: Alice (10.77.0.1)");
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
fn without_a_default_route_it_says_so_once_and_finds_peers_on_its_host() {
    let hosts = Hosts::up(2);
    hosts.ip(1, "route del default");
    hosts.ip(2, "route del default");
    two_on_a_host_without_a_network_find_each_other(&hosts);

    let named = ["--broadcast", "10.77.0.255:9999"];
    let mut alice = hosts.peer(1, "Alice", &named);
    let mut bob = hosts.peer(1, "Bob", &named);
    let mut carol = hosts.peer(2, "Carol", &named);
    sees_found(&mut alice, &[("Bob", "10.77.0.1"), ("Carol", "10.77.0.2")]);
    sees_found(&mut bob, &[("Alice", "10.77.0.1"), ("Carol", "10.77.0.2")]);
    sees_found(&mut carol, &[("Alice", "10.77.0.1"), ("Bob", "10.77.0.1")]);
    says(&mut carol, "Now all three.", &mut [&mut alice, &mut bob]);
    for mut peer in [alice, bob, carol] {
        let printed = leaves(&mut peer);
        assert!(!printed.contains(CANNOT_ANNOUNCE), "{printed}");
    }
}

#[test]
#[ignore = "needs network namespaces: just test-lan"]
fn on_a_host_with_no_network_at_all_peers_find_each_other() {
    let hosts = Hosts::without_cables(1);
    two_on_a_host_without_a_network_find_each_other(&hosts);
}

#[test]
#[ignore = "needs network namespaces: just test-lan"]
fn of_two_networks_the_one_with_the_default_route_hears_a_peer_unless_both_are_named() {
    let hosts = a_host_in_two_networks();
    let mut bob = hosts.peer(2, "Bob", &ONLY_HEARS);
    let mut carol = hosts.peer(3, "Carol", &ONLY_HEARS);
    let mut alice = hosts.peer(1, "Alice", &[]);
    bob.sees_next("🔍 Discovered new peer: Alice (10.77.0.1)");
    has_announced(&alice, 3);
    assert_eq!(counted(carol.pid(), "Udp", "InDatagrams"), 0);
    leaves(&mut alice);
    bob.sees_next("👋 Alice left");

    let both = ["--broadcast", "10.77.0.255:9999", "--broadcast", "10.78.0.255:9999"];
    let mut alice = hosts.peer(1, "Alice", &both);
    sees_found(&mut alice, &[("Bob", "10.77.0.2"), ("Carol", "10.78.0.3")]);
    bob.sees_next("🔍 Discovered new peer: Alice (10.77.0.1)");
    carol.sees_next("🔍 Discovered new peer: Alice (10.78.0.1)");
    says(&mut alice, "Hello, you there and you there!", &mut [&mut bob, &mut carol]);
}

#[test]
#[ignore = "needs network namespaces: just test-lan"]
fn of_two_networks_bind_picks_one() {
    let hosts = a_host_in_two_networks();
    let bob = hosts.peer(2, "Bob", &ONLY_HEARS);
    let mut carol = hosts.peer(3, "Carol", &ONLY_HEARS);
    let mut alice = hosts.peer(1, "Alice", &["--port", "8080", "--bind", "10.78.0.1"]);
    alice.sees_next("🔍 Discovered new peer: Carol (10.78.0.3)");
    carol.sees_next("🔍 Discovered new peer: Alice (10.78.0.1)");
    has_announced(&alice, 3);
    assert_eq!(counted(bob.pid(), "Udp", "InDatagrams"), 0);
    // And there is nobody to be dialed in the other one.
    let mut dave =
        hosts.peer(2, "Dave", &["--peer", "10.77.0.1:8080", ONLY_HEARS[0], ONLY_HEARS[1]]);
    dave.sees_next(
        "⚠️ No answer from 10.77.0.1:8080 yet (nobody listens there); trying again \
         until there is",
    );
}

#[test]
#[ignore = "needs network namespaces: just test-lan"]
fn an_interface_that_goes_away_and_comes_back_is_told_once_each() {
    let hosts = Hosts::up(2);
    let mut alice = hosts.peer(1, "Alice", &[]);
    let mut bob = hosts.peer(2, "Bob", &[]);
    sees_found(&mut alice, &[("Bob", "10.77.0.2")]);
    sees_found(&mut bob, &[("Alice", "10.77.0.1")]);
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
    let printed = leaves(&mut alice);
    for notice in [CANNOT_ANNOUNCE, ANNOUNCING_AGAIN] {
        assert_eq!(printed.matches(notice).count(), 1, "{printed}");
    }
}

#[test]
#[ignore = "needs network namespaces: just test-lan"]
fn a_host_that_gets_another_address_is_found_there() {
    let hosts = Hosts::up(2);
    let mut alice = hosts.peer(1, "Alice", &[]);
    let mut bob = hosts.peer(2, "Bob", &[]);
    alice.sees_next("🔍 Discovered new peer: Bob (10.77.0.2)");
    bob.sees_next("🔍 Discovered new peer: Alice (10.77.0.1)");
    hosts.move_to(1, "10.77.0.11");
    bob.sees_next("⚠️ lost Alice (no answer for 6 s)");
    bob.sees_next("🔍 Discovered new peer: Alice (10.77.0.11)");
    bob.types("/list");
    bob.sees_next("👥 Discovered peers:");
    bob.sees_next(&listed("Alice", &alice, "10.77.0.11"));
    alice.sees("⚠️ lost Bob (");
    alice.sees("🔍 Discovered new peer: Bob (10.77.0.2)\n");
    says(&mut alice, "I have moved.", &mut [&mut bob]);
}

#[test]
#[ignore = "needs network namespaces: just test-lan"]
fn where_announcements_do_not_arrive_a_peer_is_named() {
    let hosts = Hosts::up(2);
    let mut bob =
        hosts.peer(2, "Bob", &["--discovery-port", "9002", "--peer", "10.77.0.1:8080"]);
    bob.sees_next(
        "⚠️ No answer from 10.77.0.1:8080 yet (nobody listens there); trying again \
         until there is",
    );
    let mut alice = hosts.peer(1, "Alice", &["--discovery-port", "9001", "--port", "8080"]);
    alice.sees_next("🔍 Discovered new peer: Bob (10.77.0.2)");
    bob.sees_next("🔍 Discovered new peer: Alice (10.77.0.1)");
    says(&mut alice, "How did you find me?", &mut [&mut bob]);
    says(&mut bob, "You were named.", &mut [&mut alice]);
}

#[test]
#[ignore = "needs network namespaces: just test-lan"]
fn nobody_is_dialed_at_a_public_address() {
    let hosts = Hosts::up(3);
    let mut alice = hosts.peer(1, "Alice", &[]);
    hosts.move_to(3, "203.0.113.5");
    let eve = hosts.peer(3, "Eve", &ONLY_ANNOUNCES);
    has_announced(&eve, 1);
    let mut bob = hosts.peer(2, "Bob", &[]);
    alice.sees_next("🔍 Discovered new peer: Bob (10.77.0.2)");
    bob.sees_next("🔍 Discovered new peer: Alice (10.77.0.1)");
    has_announced(&eve, 3);
    says(&mut alice, "There was somebody.", &mut [&mut bob]);
    says(&mut bob, "Not one of us.", &mut [&mut alice]);
    // Not one packet of TCP has reached Eve's host.
    assert_eq!(counted(eve.pid(), "Tcp", "InSegs"), 0);

    hosts.move_to(3, "10.77.0.3");
    sees_found(&mut alice, &[("Eve", "10.77.0.3")]);
    assert!(counted(eve.pid(), "Tcp", "InSegs") > 0);
}

/// The first network lets broadcasts through and nothing else, so each peer is heard at two
/// addresses, and can be dialed at one of them.
#[test]
#[ignore = "needs network namespaces: just test-lan"]
fn where_one_network_carries_only_broadcasts_peers_are_linked_in_the_other() {
    let hosts = Hosts::without_cables(2);
    for (host, lan) in [(1, LAN), (1, OTHER_LAN), (2, LAN), (2, OTHER_LAN)] {
        hosts.plug_in(host, lan);
    }
    hosts.drops_all_but_broadcasts(LAN, [1, 2]);
    let (first, second) = ("10.77.0.255:9999", "10.78.0.255:9999");
    for named in [[first, second], [second, first]] {
        let options = ["--broadcast", named[0], "--broadcast", named[1]];
        let begun = Instant::now();
        let mut alice = hosts.peer(1, "Alice", &options);
        let mut bob = hosts.peer(2, "Bob", &options);
        alice.sees_next("🔍 Discovered new peer: Bob (10.78.0.2)");
        bob.sees_next("🔍 Discovered new peer: Alice (10.78.0.1)");
        assert!(begun.elapsed() < BACK_AGAIN, "{:?} {named:?}", begun.elapsed());
        says(&mut alice, "There is a way.", &mut [&mut bob]);
        leaves(&mut bob);
        alice.sees_next("👋 Bob left");
        leaves(&mut alice);
    }
}

/// Peers that hear each other, and whose dials get no answer for a while.
#[test]
#[ignore = "needs network namespaces: just test-lan"]
fn a_network_that_carries_dials_again_links_peers_as_soon_as_one_that_was_cut() {
    let hosts = Hosts::up(2);
    hosts.drops_all_but_broadcasts(LAN, [1, 2]);
    let mut alice = hosts.peer(1, "Alice", &[]);
    let mut bob = hosts.peer(2, "Bob", &[]);
    passes(Duration::from_secs(40));
    hosts.drops_nothing(LAN, [1, 2]);
    let healed = Instant::now();
    sees_found(&mut alice, &[("Bob", "10.77.0.2")]);
    sees_found(&mut bob, &[("Alice", "10.77.0.1")]);
    assert!(healed.elapsed() < BACK_AGAIN, "{:?}", healed.elapsed());
}

/// A link that is young when its cable is cut says nothing of the peer at its other end.
#[test]
#[ignore = "needs network namespaces: just test-lan"]
fn peers_that_are_cut_off_again_and_again_are_back_as_soon_as_the_first_time() {
    let hosts = Hosts::up(2);
    let mut alice = hosts.peer(1, "Alice", &[]);
    let mut bob = hosts.peer(2, "Bob", &[]);
    sees_found(&mut alice, &[("Bob", "10.77.0.2")]);
    sees_found(&mut bob, &[("Alice", "10.77.0.1")]);
    for cut in 1..=5 {
        hosts.cut(2);
        alice.sees("⚠️ lost Bob (no answer for 6 s)\n");
        bob.sees("⚠️ lost Alice (no answer for 6 s)\n");
        hosts.heal(2);
        let healed = Instant::now();
        sees_found(&mut alice, &[("Bob", "10.77.0.2")]);
        sees_found(&mut bob, &[("Alice", "10.77.0.1")]);
        assert!(healed.elapsed() < BACK_AGAIN, "cut {cut}: {:?}", healed.elapsed());
    }
}

/// Peers that no broadcast brings together again: one has named the other.
#[test]
#[ignore = "needs network namespaces: just test-lan"]
fn a_peer_that_was_named_is_back_as_soon_as_one_that_was_heard() {
    let hosts = Hosts::up(2);
    let mut alice = hosts.peer(1, "Alice", &["--discovery-port", "9001", "--port", "8080"]);
    let mut bob =
        hosts.peer(2, "Bob", &["--discovery-port", "9002", "--peer", "10.77.0.1:8080"]);
    sees_found(&mut alice, &[("Bob", "10.77.0.2")]);
    sees_found(&mut bob, &[("Alice", "10.77.0.1")]);
    hosts.cut(2);
    passes(Duration::from_secs(32));
    hosts.heal(2);
    let healed = Instant::now();
    sees_found(&mut alice, &[("Bob", "10.77.0.2")]);
    sees_found(&mut bob, &[("Alice", "10.77.0.1")]);
    assert!(healed.elapsed() < BACK_AGAIN, "{:?}", healed.elapsed());
}

/// Alice looks a name up, and nobody answers. Whoever calls her meanwhile is let in, whichever id
/// is the smaller one.
#[test]
#[ignore = "needs network namespaces: just test-lan"]
fn a_name_that_is_looked_up_in_vain_holds_up_no_caller() {
    let hosts = Hosts::up(2);
    let options = ["--discovery-port", "9001", "--port", "8080", "--peer", "bob.example:8081"];
    hosts.ip(1, &format!("neigh replace 10.77.0.99 dev eth{LAN} {NOBODY}"));
    let mut alice = hosts.peer_asking("10.77.0.99", 1, "Alice", &options);
    for caller in ["Ann", "Ben", "Cem", "Dana", "Eve", "Finn"] {
        let named = ["--discovery-port", "9002", "--peer", "10.77.0.1:8080"];
        let begun = Instant::now();
        let mut peer = hosts.peer(2, caller, &named);
        peer.sees("🔍 Discovered new peer: Alice (10.77.0.1)\n");
        alice.sees(&format!("🔍 Discovered new peer: {caller} (10.77.0.2)\n"));
        assert!(begun.elapsed() < SOON, "{caller}: {:?}", begun.elapsed());
        leaves(&mut peer);
    }
}

/// Host 1 is in both networks, and its default route leads to the first. Host 2 is in the first
/// network, host 3 in the other one.
fn a_host_in_two_networks() -> Hosts {
    let hosts = Hosts::without_cables(3);
    for (host, lan) in [(1, LAN), (1, OTHER_LAN), (2, LAN), (3, OTHER_LAN)] {
        hosts.plug_in(host, lan);
    }
    hosts
}

/// Alice and Bob are on host 1, from which no announcement goes to a network. They find each other
/// there, and each of them is told once that nobody else can.
#[track_caller]
fn two_on_a_host_without_a_network_find_each_other(hosts: &Hosts) {
    let mut alice = hosts.peer(1, "Alice", &[]);
    alice.sees(CANNOT_ANNOUNCE);
    alice.sees("--broadcast ");
    let mut bob = hosts.peer(1, "Bob", &[]);
    sees_found(&mut alice, &[("Bob", "127.0.0.1")]);
    sees_found(&mut bob, &[("Alice", "127.0.0.1")]);
    says(&mut alice, "Only we two.", &mut [&mut bob]);
    // What cannot go to the network is counted when it goes to this host instead.
    has_announced(&alice, 6);
    for mut peer in [alice, bob] {
        let printed = leaves(&mut peer);
        assert_eq!(printed.matches(CANNOT_ANNOUNCE).count(), 1, "{printed}");
    }
}

/// Waits until all of these are found, in whichever order.
#[track_caller]
fn sees_found(peer: &mut Peer, others: &[(&str, &str)]) {
    let found: Vec<_> = others
        .iter()
        .map(|(name, address)| format!("🔍 Discovered new peer: {name} ({address})\n"))
        .collect();
    peer.sees_all(&found.iter().map(String::as_str).collect::<Vec<_>>());
}

/// Says a line, and waits until it has arrived at all others.
#[track_caller]
fn says(peer: &mut Peer, line: &str, others: &mut [&mut Peer]) {
    peer.types(line);
    peer.sees(&format!("📤 Message sent to {} peer(s)\n", others.len()));
    for other in others {
        other.sees(&format!(" says: {line}\n"));
    }
}

/// Asks who is there: the prompt waits for nobody who is not.
#[track_caller]
fn is_listed_at_once(peer: &mut Peer, answer: &str) {
    let asked = Instant::now();
    peer.types("/list");
    peer.sees(answer);
    assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
}

/// A line of `/list`.
fn listed(name: &str, peer: &Peer, address: &str) -> String {
    format!("  - {name} ({}) at {address}:{}", peer.shown_id, peer.port)
}

/// Waits until the host that a peer runs on has sent so many announcements.
#[track_caller]
fn has_announced(peer: &Peer, times: u64) {
    let enough = |pid| counted(pid, "Udp", "OutDatagrams") >= times;
    peer.waits_until(&format!("{times} announcements"), enough);
}

/// Leaves; returns everything that was on the screen.
#[track_caller]
fn leaves(peer: &mut Peer) -> String {
    peer.types("/quit");
    peer.ends_well();
    peer.printed()
}
