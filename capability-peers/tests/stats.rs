//! Task 2, the statistics: Alice counts her messages, and tells how many there were.

mod fixture;

use fixture::{Fixture, Peer, Stranger, chat};

/// A batch that asks for the statistics.
const STATS: &str = "[\"push\",[\"pipeline\",0,[\"get_stats\"],[]]]\n[\"pull\",1]";

/// Alice says that she has had so many messages. JSON may have white space or not, and the two
/// entries may come in either order.
#[track_caller]
fn has_received(alice: &Peer, count: u32, after: &str) {
    let reply = alice.is_asked_for(STATS).text();
    let stats: String = reply.split_whitespace().collect();
    let (name, received) = (r#""name":"Alice""#, format!(r#""messages_received":{count}"#));
    let is_right = [format!("{name},{received}"), format!("{received},{name}")]
        .iter()
        .any(|entries| stats == format!("[\"resolve\",1,{{{entries}}}]"));
    assert!(is_right, "expected {received} {after}, but get_stats() is {reply}");
}

/// The statistics are an object with two entries: `name` and `messages_received`.
///
/// Points: 3
/// Hint: How is an object made? | `Value::object([("name", ...), ("messages_received", ...)])`. A `u32` becomes a `Value` with `.into()`.
#[test]
fn the_statistics_have_a_name_and_a_count() {
    let fixture = Fixture::open();
    let alice = fixture.alice_alone();
    has_received(&alice, 0, "at the start");
}

/// Each message is counted, and its answer has its number.
///
/// Points: 3
/// Hint: Which thread counts? | Each caller's own. `fetch_add` adds one and returns the number from before, in one step.
#[test]
fn each_message_is_counted_and_numbered() {
    let fixture = Fixture::open();
    let alice = fixture.alice_alone();
    for count in 1..=3 {
        let reply = alice.is_asked_for(chat("\"hi\"")).text();
        let number = format!("Thanks for the message #{count}!");
        assert!(reply.contains(&number), "expected {number:?}, but chat() is {reply}");
        has_received(&alice, count, "after as many messages");
    }
}

/// Calls that are no message, or are refused, are not counted.
///
/// Points: 2
/// Hint: What if the message is a number? | Then `chat` ends early with an error. Count after all that can go wrong.
#[test]
fn what_is_no_message_is_not_counted() {
    let fixture = Fixture::open();
    let alice = fixture.alice_alone();
    has_received(&alice, 0, "at the start");
    for refused in ["7", "null", &format!("\"{}\"", "x".repeat(5000))] {
        let reply = alice.is_asked_for(chat(refused)).text();
        assert!(reply.starts_with("[\"reject\",1,"), "{reply}");
        has_received(&alice, 0, "after a call that was refused");
    }
    alice.still_serves();
    has_received(&alice, 0, "after a greeting");
}

/// Messages of many callers at once are all counted, and no two have the same number.
///
/// Points: 2
#[test]
fn many_callers_at_once_are_all_counted() {
    let fixture = Fixture::open();
    let alice = fixture.alice_alone();
    let mut callers: Vec<_> = (0..20).map(|_| alice.is_dialed()).collect();
    for caller in &mut callers {
        caller.posts(chat("\"hi\"").as_bytes());
    }
    let number = |caller: &mut Stranger| caller.hears_reply().text();
    let mut numbers: Vec<_> = callers.iter_mut().map(number).collect();
    numbers.sort();
    numbers.dedup();
    assert_eq!(numbers.len(), 20, "expected as many numbers as messages: {numbers:?}");
    has_received(&alice, 20, "after 20 callers at once");
}
