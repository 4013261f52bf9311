//! Task `broadcast`: one message to all connected peers, and the inboxes that keep it.

mod dialogue;

use dialogue::{Answer, Dialogue, random, text};

/// How many messages an inbox keeps, in the number of the lab sheet.
const INBOX: u64 = 64;

fn received(other: &str, sender: &str, text: &str) -> String {
    format!("{other} received a message from {sender}: {text}")
}

/// Demands that no line of the answer has `words` in it.
#[track_caller]
fn lacks(answer: &Answer, words: &str) {
    let wrong = answer.lines.iter().find(|line| line.contains(words));
    assert!(wrong.is_none(), "expected no line with {words:?} in it{answer}");
}

/// A broadcast reaches every peer that the sender is connected to.
///
/// Points: 3
/// Hint: How does one message become several calls? | Call `send_message` for each connected
/// peer, and return the events of all calls.
#[test]
fn a_broadcast_reaches_every_connected_peer() {
    let (mut story, [alice, bob, carol, dave]) =
        Dialogue::of(["Alice", "Bob", "Carol", "Dave"]);
    let text = text();
    for other in [&bob, &carol, &dave] {
        story.connect(&alice, other);
    }
    let answer = story.answer(&[format!("broadcast {alice} {text}")]);
    for other in [&bob, &carol, &dave] {
        answer.has(&received(other, &alice, &text));
    }
}

/// A peer that is not connected does not stop a broadcast: the peers behind it get the message.
///
/// Points: 3
/// Hint: The first stranger ends the loop. Which iterator method goes on? | `filter` skips a
/// peer, `take_while` ends at it; in a `for` loop these are `continue` and `break`.
#[test]
fn a_stranger_does_not_stop_a_broadcast() {
    let (mut story, [alice, _sam, bob]) = Dialogue::of(["Alice", "Sam", "Bob"]);
    let text = text();
    story.connect(&alice, &bob);
    let answer = story.answer(&[format!("broadcast {alice} {text}")]);
    answer.has(&received(&bob, &alice, &text));
}

/// A broadcast says nothing to a peer that is not connected, and nothing about it.
///
/// Points: 3
/// Hint: `others` has all peers of the story in it. Which of them are meant? | Those for which
/// `self.is_connected_to(other)` is true; do not even try the others.
#[test]
fn a_broadcast_leaves_strangers_alone() {
    let (mut story, [alice, bob, sam]) = Dialogue::of(["Alice", "Bob", "Sam"]);
    let text = text();
    story.connect(&alice, &bob);
    let answer = story.answer(&[format!("broadcast {alice} {text}")]);
    answer.has(&received(&bob, &alice, &text));
    lacks(&answer, &sam);
}

/// A broadcast does not come back to its sender.
///
/// Points: 2
/// Hint: Is the sender one of `others`? | No: `Story::broadcast` takes it out of the list. So
/// nothing in `broadcast_message` speaks of the sender but the event `ConnectedToNobody`.
#[test]
fn a_broadcast_does_not_come_back() {
    let (mut story, [alice, bob]) = Dialogue::of(["Alice", "Bob"]);
    let text = text();
    story.connect(&alice, &bob);
    let answer = story.answer(&[format!("broadcast {alice} {text}")]);
    answer.has(&received(&bob, &alice, &text));
    lacks(&answer, &format!("{alice} received"));
}

/// The peers receive a broadcast in the order in which the script introduced them.
///
/// Points: 2
/// Hint: Which list do you go through? | `others`, which is in the order of the script; the set
/// `connections` is sorted by name.
#[test]
fn a_broadcast_goes_in_the_order_of_the_script() {
    let (mut story, [alice, dave, bob, carol]) =
        Dialogue::of(["Alice", "Dave", "Bob", "Carol"]);
    let text = text();
    for other in [&carol, &dave, &bob] {
        story.connect(&alice, other);
    }
    let answer = story.answer(&[format!("broadcast {alice} {text}")]);
    let expected = [&dave, &bob, &carol].map(|other| received(other, &alice, &text));
    let lines: Vec<_> = answer.lines.iter().filter(|line| expected.contains(line)).collect();
    assert!(
        lines == expected.iter().collect::<Vec<_>>(),
        "expected in this order: {expected:#?}{answer}"
    );
}

/// A peer without connections says that it broadcasts to nobody.
///
/// Points: 2
/// Hint: The loop has nothing to do, and the user sees nothing. What helps? | Ask whether
/// `connections` is empty before the loop; the event is `ConnectedToNobody`.
#[test]
fn a_broadcast_to_nobody_says_so() {
    let (mut story, [alice, bob, carol]) = Dialogue::of(["Alice", "Bob", "Carol"]);
    story.connect(&bob, &carol);
    let answer = story.answer(&[format!("broadcast {alice} {}", text())]);
    answer.is(&[format!("{alice} is connected to nobody")]);
}

/// A broadcast is kept in the inbox of each peer that received it.
///
/// Points: 2
/// Hint: The line says "received", and the inbox is empty. Which method did you not call? |
/// `receive_message`, which `send_message` calls: it keeps the message and returns the event.
#[test]
fn a_broadcast_is_kept_in_the_inbox() {
    let (mut story, [alice, bob]) = Dialogue::of(["Alice", "Bob"]);
    let text = text();
    story.connect(&alice, &bob);
    let answer = story.answer(&[format!("broadcast {alice} {text}"), format!("inbox {bob}")]);
    answer.has(&format!("{bob} has a message from {alice}: {text}"));
}

/// Reading an inbox takes no message out of it: it can be read again.
///
/// Points: 2
/// Hint: What does `inbox` need of the peer, `&self` or `&mut self`? | `&self`: the events are
/// copies of the messages, and `drain` is not for readers.
#[test]
fn an_inbox_can_be_read_twice() {
    let (mut story, [alice, bob]) = Dialogue::of(["Alice", "Bob"]);
    let text = text();
    story.connect(&alice, &bob);
    let inbox = format!("inbox {bob}");
    let answer = story.answer(&[format!("broadcast {alice} {text}"), inbox.clone(), inbox]);
    let kept = format!("{bob} has a message from {alice}: {text}");
    let times = answer.lines.iter().filter(|line| **line == kept).count();
    assert!(times == 2, "expected this line twice:\n  {kept}{answer}");
}

/// An inbox that is full says how many messages it has forgotten.
///
/// Points: 1
/// Hint: Where is an old message dropped? | In `Inbox::keep` of `inbox.rs`; the line that
/// drops it stands beside the one that counts it, in `forgotten`.
#[test]
fn a_full_inbox_counts_what_it_forgot() {
    let (mut story, [alice, bob]) = Dialogue::of(["Alice", "Bob"]);
    let forgotten = 1 + random(8);
    story.connect(&alice, &bob);
    for number in 1..=INBOX + forgotten {
        story.types(&format!("broadcast {alice} no. {number}"));
    }
    let answer = story.answer(&[format!("inbox {bob}")]);
    answer.has(&format!("{bob} keeps the newest 64 messages; forgotten: {forgotten}"));
    answer.has(&format!("{bob} has a message from {alice}: no. {}", forgotten + 1));
}
