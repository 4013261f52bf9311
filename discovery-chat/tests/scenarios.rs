//! The key observations of the lab sheet's session, one test for each.

mod fixture;

use fixture::Fixture;

/// Peers find each other without manual configuration.
#[test]
fn automatic_discovery() {
    let fixture = Fixture::open();
    let mut alice = fixture.peer("Alice");
    let mut bob = fixture.peer("Bob");
    alice.sees_next("🔍 Discovered new peer: Bob (127.0.0.1)");
    bob.sees_next("🔍 Discovered new peer: Alice (127.0.0.1)");
    alice.types("/list");
    alice.sees_next("👥 Discovered peers:");
    alice.sees_next(&format!("  - Bob ({}) at 127.0.0.1:{}", bob.shown_id, bob.port));
}

/// Messages go peer to peer, not through a server: two go on talking when the first one is gone.
#[test]
fn direct_communication() {
    let fixture = Fixture::open();
    let [mut alice, mut bob, mut charlie] = fixture.peers(["Alice", "Bob", "Charlie"]);
    alice.is_killed();
    for peer in [&mut bob, &mut charlie] {
        peer.sees_next("👋 Alice left (without saying goodbye)");
    }
    bob.types("Did you hear that?");
    bob.sees_next("📤 Message sent to 1 peer(s)");
    charlie.sees_next("📨 Bob says: Did you hear that?");
}

/// One message reaches all connected peers, in the words in which it was said.
#[test]
fn broadcast_nature() {
    let fixture = Fixture::open();
    let [mut alice, mut bob, mut charlie] = fixture.peers(["Alice", "Bob", "Charlie"]);
    charlie.types("Hello everyone! 👋 Grüße,  with two  spaces");
    charlie.sees_next("📤 Message sent to 2 peer(s)");
    for peer in [&mut alice, &mut bob] {
        peer.sees_next("📨 Charlie says: Hello everyone! 👋 Grüße,  with two  spaces");
    }
}

/// If one peer exits, others continue working; and it may come back, as another one.
#[test]
fn resilient() {
    let fixture = Fixture::open();
    let [mut alice, mut bob, mut charlie] = fixture.peers(["Alice", "Bob", "Charlie"]);
    bob.types("/quit");
    bob.sees_next("👋 Goodbye!");
    bob.ends_well();
    for peer in [&mut alice, &mut charlie] {
        peer.sees_next("👋 Bob left");
    }
    alice.types("Still there?");
    alice.sees_next("📤 Message sent to 1 peer(s)");
    charlie.sees_next("📨 Alice says: Still there?");
    let bob_again = fixture.peer("Bob");
    assert_ne!(bob_again.id, bob.id);
    for peer in [&mut alice, &mut charlie] {
        peer.sees_next("🔍 Discovered new peer: Bob (127.0.0.1)");
    }
}
