//! Task `handshake`: two peers connect, and both ends know it.

mod dialogue;

use dialogue::{Dialogue, text};

/// A handshake is four lines: the dialer asks, the other peer accepts, and then the other peer
/// and the dialer say that they are connected, in this order.
///
/// Points: 5
/// Hint: Which peer prints each of the four lines? | The dialer the first and the last one, the
/// peer that answers the two between.
/// Hint: Where do the two lines in the middle come from? | `add_peer` calls
/// `other.establish_connection(self)` and puts the events that it returns between its own two.
#[test]
fn a_handshake_is_four_lines_in_order() {
    let (story, [alice, bob]) = Dialogue::of(["Alice", "Bob"]);
    let answer = story.answer(&[format!("connect {alice} {bob}")]);
    answer.is(&[
        format!("{alice} is establishing a connection with {bob}"),
        format!("{bob} accepted connection with {alice}"),
        format!("{bob} is now connected to {alice}"),
        format!("{alice} is now connected to {bob}"),
    ]);
}

/// The peer that dials remembers the connection: it can send a message to the other one.
///
/// Points: 4
/// Hint: `connect` said that the two are connected. What does `send` look at? | The set
/// `connections` of the sender: saying so does not put a name into it.
#[test]
fn the_peer_that_dials_can_send() {
    let (story, [alice, bob]) = Dialogue::of(["Alice", "Bob"]);
    let text = text();
    let steps = [format!("connect {alice} {bob}"), format!("send {alice} {bob} {text}")];
    story.answer(&steps).has(&format!("{bob} received a message from {alice}: {text}"));
}

/// A connection has two ends: the peer that accepts can send a message to the dialer.
///
/// Points: 4
/// Hint: Which of the two peers remembers the other? | Both do: `add_peer` inserts a name at
/// one end, `establish_connection` at the other.
#[test]
fn the_peer_that_accepts_can_send() {
    let (story, [alice, bob]) = Dialogue::of(["Alice", "Bob"]);
    let text = text();
    let steps = [format!("connect {alice} {bob}"), format!("send {bob} {alice} {text}")];
    story.answer(&steps).has(&format!("{alice} received a message from {bob}: {text}"));
}

/// Peers that are connected do not dial again, whichever of the two is asked to.
///
/// Points: 3
/// Hint: When is it too late to find out that there is a connection already? | After `Dialing`
/// has been told and the other peer has been called: ask `is_connected_to` first.
#[test]
fn connected_peers_do_not_dial_again() {
    let (mut story, [alice, bob]) = Dialogue::of(["Alice", "Bob"]);
    story.connect(&alice, &bob);
    let steps = [format!("connect {alice} {bob}"), format!("connect {bob} {alice}")];
    story.answer(&steps).is(&[
        format!("{alice} is already connected to {bob}"),
        format!("{bob} is already connected to {alice}"),
    ]);
}

/// A peer cannot be both ends of a connection.
///
/// Points: 2
/// Hint: Why does a script need this check, and Rust code does not? | The compiler refuses to
/// borrow a peer twice at once; names in a script are compared while the program runs, in
/// `Story::between` of `story.rs`.
#[test]
fn a_peer_does_not_connect_to_itself() {
    let (story, [alice, _]) = Dialogue::of(["Alice", "Bob"]);
    let answer = story.answer(&[format!("connect {alice} {alice}")]);
    answer.is(&[format!("{alice} cannot be both ends of a connection")]);
}

/// A connection joins two peers and no third one: peers with a common friend are strangers.
///
/// Points: 2
/// Hint: How many names does one handshake add, in all? | Two: one at each end.
#[test]
fn a_common_friend_is_no_connection() {
    let (mut story, [alice, bob, carol, fay]) = Dialogue::of(["Alice", "Bob", "Carol", "Fay"]);
    let text = text();
    story.connect(&alice, &fay);
    story.connect(&fay, &bob); // Bob dials Fay, who knows Alice,
    story.connect(&carol, &fay); // and Fay, who knows both, dials Carol.
    let answer = story.answer(&[
        format!("send {alice} {bob} {text}"),
        format!("send {bob} {alice} {text}"),
        format!("send {carol} {bob} {text}"),
        format!("send {fay} {bob} {text}"),
    ]);
    answer.is(&[
        format!("{alice} is not connected to {bob}"),
        format!("{bob} is not connected to {alice}"),
        format!("{carol} is not connected to {bob}"),
        format!("{bob} received a message from {fay}: {text}"),
    ]);
}
