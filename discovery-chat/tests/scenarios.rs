//! The example session of the lab sheet: Alice, then Bob, then Charlie.

mod room;

use room::Room;

#[test]
fn two_peers_find_each_other_and_talk() {
    let room = Room::open();
    let mut alice = room.peer("Alice");
    let mut bob = room.peer("Bob");
    alice.sees_next("🔍 Discovered new peer: Bob (127.0.0.1)");
    bob.sees_next("🔍 Discovered new peer: Alice (127.0.0.1)");

    alice.types("/list");
    alice.sees_next("👥 Discovered peers:");
    alice.sees_next(&format!("  - Bob ({}) at 127.0.0.1:{}", bob.shown_id, bob.port));

    alice.types("Hello Bob!");
    alice.sees_next("📤 Message sent to 1 peer(s)");
    bob.sees_next("📨 Alice says: Hello Bob!");
    bob.types("Hey Alice! Nice to meet you!");
    bob.sees_next("📤 Message sent to 1 peer(s)");
    alice.sees_next("📨 Bob says: Hey Alice! Nice to meet you!");
}
