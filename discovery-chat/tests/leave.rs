//! Task leave: a peer that leaves says goodbye, and the others read that it left, said or not.

mod fixture;

use std::time::{Duration, Instant};

use fixture::{Fixture, PATIENCE, SOON, invented_id};
use scenario::Terminal;
use socket2::SockRef;

/// A way to end a program.
type Way = fn(&mut Terminal);

#[track_caller]
fn says_goodbye(leaves: Way) {
    let fixture = Fixture::open();
    let mut alice = fixture.peer("Alice");
    let mut bob = alice.is_linked_with("Bob", &invented_id(1));
    alice.sees_next("🔍 Discovered new peer: Bob (127.0.0.1)");
    leaves(&mut alice);
    assert_eq!(bob.hears_news(), "bye");
    assert_eq!(bob.hears_the_end(), "");
    bob.hangs_up();
    alice.sees("👋 Goodbye!\n");
    alice.ends_well();
}

/// A peer whose user types `/quit` says `bye` on its links, and then hangs up.
///
/// Points: 3
/// Hint: Where does a goodbye go? | Into the outbox of the link, behind all that waits there: `outbox.try_send`.
/// Hint: How does the link end? | When the outbox is dropped, its writer writes what is left and says no more.
#[test]
fn quit_says_goodbye() {
    says_goodbye(|alice| alice.types("/quit"));
}

/// Ctrl-D does the same.
///
/// Points: 1
#[test]
fn ctrl_d_says_goodbye() {
    says_goodbye(Terminal::presses_ctrl_d);
}

/// Ctrl-C does the same.
///
/// Points: 1
#[test]
#[cfg(unix)]
fn ctrl_c_says_goodbye() {
    says_goodbye(Terminal::presses_ctrl_c);
}

/// All that was said before arrives before the goodbye, even at a peer that reads only when the
/// program has ended.
///
/// Points: 3
/// Hint: Why do the last messages get lost? | If a link is hung up on at once, what is on its way is taken back.
/// Hint: How long do you wait? | Until the link has ended (`Report::HungUp`), or for `PATIENCE` if nothing waits to be written.
#[test]
fn what_was_said_arrives_before_the_goodbye() {
    let fixture = Fixture::open();
    let mut alice = fixture.peer("Alice");
    let mut slow = alice.is_linked_with("Slow", &invented_id(1));
    alice.sees_next("🔍 Discovered new peer: Slow (127.0.0.1)");
    for n in 1..=1000 {
        alice.types(&format!("line {n}"));
    }
    alice.presses_ctrl_d();
    alice.ends_well();
    for n in 1..=1000 {
        assert_eq!(slow.hears_news(), format!("say {n} line {n}"));
    }
    assert_eq!(slow.hears_news(), "bye");
}

/// A peer that does not hang up after our goodbye does not keep us.
///
/// Points: 2
/// Hint: Which limit ends the wait? | `PATIENCE`, if all is written; the system delivers it.
#[test]
fn a_peer_that_does_not_hang_up_keeps_nobody() {
    let fixture = Fixture::open();
    let mut alice = fixture.peer("Alice");
    let mut stays = alice.is_linked_with("Stays", &invented_id(1));
    alice.sees_next("🔍 Discovered new peer: Stays (127.0.0.1)");
    let begun = Instant::now();
    alice.types("/quit");
    assert_eq!(stays.hears_news(), "bye");
    alice.ends_well();
    assert!(begun.elapsed() < SOON, "it took {:?}", begun.elapsed());
}

/// A peer that hangs up without a goodbye has left, and the user reads that it did not say so.
///
/// Points: 2
/// Hint: What does the end of a stream look like? | `NoLine::End`: see `src/lines.rs`.
#[test]
fn a_peer_that_hangs_up_without_a_goodbye_has_left() {
    let fixture = Fixture::open();
    let mut alice = fixture.peer("Alice");
    let bob = alice.is_linked_with("Bob", &invented_id(1));
    alice.sees_next("🔍 Discovered new peer: Bob (127.0.0.1)");
    bob.hangs_up();
    alice.sees_next("👋 Bob left (without saying goodbye)");
    alice.types("/list");
    alice.sees_next("📭 No peers yet");
}

/// A peer whose program crashes has left as well: its system may say so by a reset.
///
/// Points: 2
/// Hint: Which errors mean that? | `ConnectionReset`, and what other systems say in its place.
#[test]
fn a_peer_that_crashes_has_left() {
    let fixture = Fixture::open();
    let mut alice = fixture.peer("Alice");
    let bob = alice.is_linked_with("Bob", &invented_id(1));
    alice.sees_next("🔍 Discovered new peer: Bob (127.0.0.1)");
    let reset = SockRef::from(&bob.stream).set_linger(Some(Duration::ZERO));
    reset.expect("a connection can be reset");
    drop(bob);
    alice.sees_next("👋 Bob left (without saying goodbye)");
}

/// A peer that says nothing for 6 s, not even `ping`, is lost, and the user reads why.
///
/// Points: 2
/// Hint: How does silence show? | As an error of the kind `TimedOut`; `patience` is how long we have waited.
#[test]
fn a_peer_that_falls_silent_is_lost() {
    let fixture = Fixture::open();
    let mut alice = fixture.peer("Alice");
    let begun = Instant::now();
    let _mute = alice.is_linked_with("Mute", &invented_id(1));
    alice.sees_next("🔍 Discovered new peer: Mute (127.0.0.1)");
    alice.has_shown("⚠️ lost Mute (no answer for 6 s)\n", 1, PATIENCE);
    assert!(begun.elapsed() >= Duration::from_secs(6), "{:?}", begun.elapsed());
}

/// A peer that sends a line without an end is lost, and the user reads why.
///
/// Points: 1
/// Hint: Which value says so? | `NoLine::TooLong` comes in, `Gone::LineTooLong` goes out.
#[test]
fn a_peer_that_breaks_the_protocol_is_lost() {
    let fixture = Fixture::open();
    let mut alice = fixture.peer("Alice");
    let mut bob = alice.is_linked_with("Bob", &invented_id(1));
    alice.sees_next("🔍 Discovered new peer: Bob (127.0.0.1)");
    bob.tries_to_send(vec![b'x'; 10_000]);
    alice.sees_next("⚠️ lost Bob (it does not speak the protocol)");
}
