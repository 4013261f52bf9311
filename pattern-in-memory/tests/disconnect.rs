//! Task `disconnect`: two peers close their connection, and both ends know it.

mod dialogue;

use dialogue::{Dialogue, text};

/// A disconnect is three lines: a peer closes the connection, the other one says that it is no
/// longer connected, and then the first one says so.
///
/// Points: 5
/// Hint: Which peer says last that the connection is gone? | The one that hung up, as in the
/// handshake: it waits for the other end.
#[test]
fn a_disconnect_is_three_lines_in_order() {
    let (mut story, [alice, bob]) = Dialogue::of(["Alice", "Bob"]);
    story.connect(&bob, &alice);
    story.answer(&[format!("disconnect {bob} {alice}")]).is(&[
        format!("{bob} is closing the connection with {alice}"),
        format!("{alice} is no longer connected to {bob}"),
        format!("{bob} is no longer connected to {alice}"),
    ]);
}

/// The peer that hangs up forgets the other one: it can no longer send to it.
///
/// Points: 4
/// Hint: The lines are right. Which set still has a name in it? | `self.connections`: take the
/// name of the other peer out.
#[test]
fn the_peer_that_hangs_up_forgets() {
    let (mut story, [alice, bob]) = Dialogue::of(["Alice", "Bob"]);
    story.connect(&alice, &bob);
    let steps = [format!("disconnect {alice} {bob}"), format!("send {alice} {bob} {}", text())];
    let answer = story.answer(&steps);
    answer.has(&format!("{alice} is no longer connected to {bob}"));
    answer.has(&format!("{alice} is not connected to {bob}"));
}

/// The other end forgets as well: it can no longer send to the peer that hung up.
///
/// Points: 4
/// Hint: Half of a connection is left. How can that be? | You removed a name at one end only;
/// the other end is `other.connections`, and `other` is a `&mut Peer`.
#[test]
fn the_other_end_forgets_as_well() {
    let (mut story, [alice, bob]) = Dialogue::of(["Alice", "Bob"]);
    story.connect(&alice, &bob);
    let steps = [format!("disconnect {alice} {bob}"), format!("send {bob} {alice} {}", text())];
    let answer = story.answer(&steps);
    answer.has(&format!("{alice} is no longer connected to {bob}"));
    answer.has(&format!("{bob} is not connected to {alice}"));
}

/// Peers that are not connected have nothing to close, and the program says so.
///
/// Points: 4
/// Hint: Which check does `send_message` make first? | `cannot_talk_to`: it returns the event
/// to answer with, if there is one.
#[test]
fn strangers_have_nothing_to_close() {
    let (story, [alice, bob]) = Dialogue::of(["Alice", "Bob"]);
    let answer = story.answer(&[format!("disconnect {alice} {bob}")]);
    answer.is(&[format!("{alice} is not connected to {bob}")]);
}

/// A disconnect closes one connection, and no other one.
///
/// Points: 3
/// Hint: How many names go, in all? | Two: one at each end. `clear` takes all of them.
#[test]
fn other_connections_stay() {
    let (mut story, [alice, bob, carol]) = Dialogue::of(["Alice", "Bob", "Carol"]);
    story.connect(&alice, &bob);
    story.connect(&alice, &carol);
    let text = text();
    let steps = [format!("disconnect {alice} {bob}"), format!("send {alice} {carol} {text}")];
    let answer = story.answer(&steps);
    answer.has(&format!("{alice} is no longer connected to {bob}"));
    answer.has(&format!("{carol} received a message from {alice}: {text}"));
}
