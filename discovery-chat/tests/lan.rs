//! Peers on hosts of their own: in one network, in several, in none, and where broadcasts are lost.
#![cfg(target_os = "linux")]

#[path = "lan/cables.rs"]
mod cables;
mod fixture;
mod hosts;

use std::time::{Duration, Instant};

use fixture::{Peer, SOON};
use hosts::{Hosts, LAN, OTHER_LAN, UNREACHABLE, counted};

/// Options of a peer that hears announcements and is not heard: it announces to another port.
const ONLY_HEARS: [&str; 2] = ["--broadcast", "255.255.255.255:9998"];

/// Options of a peer that is heard and hears no announcement.
const ONLY_ANNOUNCES: [&str; 4] =
    ["--broadcast", "255.255.255.255:9999", "--discovery-port", "9998"];

/// The lab promises that peers are linked again this soon after their network is back.
const BACK_AGAIN: Duration = Duration::from_secs(7);

/// The notice that our announcements do not reach the network, up to the reason.
const CANNOT_ANNOUNCE: &str = "⚠️ Cannot announce to the network: ";

#[test]
#[ignore = "needs network namespaces: just test-lan"]
fn peers_on_three_hosts_find_each_other_and_talk() {
    let hosts = Hosts::up(3);
    // These commands are those of the lab sheet, to the letter.
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
        peer.finds(&others.map(|other| all[other]));
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
        peer.leaves();
        let printed = peer.printed();
        let heard = others.map(|other| format!(" says: Hello from {}!", all[other].0));
        assert!(heard.iter().all(|line| printed.matches(line).count() == 1), "{printed}");
        assert_eq!(printed.matches(" says: ").count(), 2, "{printed}");
    }
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
    alice.finds(&[("Bob", "10.77.0.1"), ("Carol", "10.77.0.2")]);
    bob.finds(&[("Alice", "10.77.0.1"), ("Carol", "10.77.0.2")]);
    carol.finds(&[("Alice", "10.77.0.1"), ("Bob", "10.77.0.1")]);
    says(&mut carol, "Now all three.", &mut [&mut alice, &mut bob]);
    for mut peer in [alice, bob, carol] {
        peer.leaves();
        let printed = peer.printed();
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
    alice.leaves();
    bob.sees_next("👋 Alice left");

    let both = ["--broadcast", "10.77.0.255:9999", "--broadcast", "10.78.0.255:9999"];
    let mut alice = hosts.peer(1, "Alice", &both);
    alice.finds(&[("Bob", "10.77.0.2"), ("Carol", "10.78.0.3")]);
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
    // In the other network no program listens at her port.
    let mut dave =
        hosts.peer(2, "Dave", &["--peer", "10.77.0.1:8080", ONLY_HEARS[0], ONLY_HEARS[1]]);
    dave.sees_next(
        "⚠️ No answer from 10.77.0.1:8080 yet (nobody listens there); trying again \
         until there is",
    );
}

#[test]
#[ignore = "needs network namespaces: just test-lan"]
fn a_host_that_gets_another_address_is_found_there() {
    let hosts = Hosts::up(2);
    let [mut alice, mut bob] = alice_and_bob(&hosts);
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
fn no_peer_is_dialed_at_a_public_address() {
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
    // No packet of TCP has reached Eve's host.
    assert_eq!(counted(eve.pid(), "Tcp", "InSegs"), 0);

    hosts.move_to(3, "10.77.0.3");
    alice.finds(&[("Eve", "10.77.0.3")]);
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
        bob.leaves();
        alice.sees_next("👋 Bob left");
        alice.leaves();
    }
}

/// Alice looks a name up, and no name server answers. A peer that calls her meanwhile is let in,
/// whether its id is the smaller one or hers.
#[test]
#[ignore = "needs network namespaces: just test-lan"]
fn a_name_that_is_looked_up_in_vain_holds_up_no_caller() {
    let hosts = Hosts::up(2);
    let options = ["--discovery-port", "9001", "--port", "8080", "--peer", "bob.example:8081"];
    hosts.ip(1, &format!("neigh replace 10.77.0.99 dev eth{LAN} {UNREACHABLE}"));
    let mut alice = hosts.peer_asking("10.77.0.99", 1, "Alice", &options);
    for caller in ["Ann", "Ben", "Cem", "Dana", "Eve", "Finn"] {
        let named = ["--discovery-port", "9002", "--peer", "10.77.0.1:8080"];
        let begun = Instant::now();
        let mut peer = hosts.peer(2, caller, &named);
        peer.sees("🔍 Discovered new peer: Alice (10.77.0.1)\n");
        alice.sees(&format!("🔍 Discovered new peer: {caller} (10.77.0.2)\n"));
        assert!(begun.elapsed() < SOON, "{caller}: {:?}", begun.elapsed());
        peer.leaves();
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
/// there, and each of them is told once that no other host can hear it.
#[track_caller]
fn two_on_a_host_without_a_network_find_each_other(hosts: &Hosts) {
    let mut alice = hosts.peer(1, "Alice", &[]);
    alice.sees(CANNOT_ANNOUNCE);
    alice.sees("--broadcast ");
    let mut bob = hosts.peer(1, "Bob", &[]);
    alice.finds(&[("Bob", "127.0.0.1")]);
    bob.finds(&[("Alice", "127.0.0.1")]);
    says(&mut alice, "Only we two.", &mut [&mut bob]);
    // An announcement that fails in the network is sent to this host, and counted then.
    has_announced(&alice, 6);
    for mut peer in [alice, bob] {
        peer.leaves();
        let printed = peer.printed();
        assert_eq!(printed.matches(CANNOT_ANNOUNCE).count(), 1, "{printed}");
    }
}

/// Alice on host 1 and Bob on host 2, linked.
#[track_caller]
fn alice_and_bob(hosts: &Hosts) -> [Peer; 2] {
    let mut alice = hosts.peer(1, "Alice", &[]);
    let mut bob = hosts.peer(2, "Bob", &[]);
    alice.sees_next("🔍 Discovered new peer: Bob (10.77.0.2)");
    bob.sees_next("🔍 Discovered new peer: Alice (10.77.0.1)");
    [alice, bob]
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
