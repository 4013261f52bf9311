//! Task 3, two calls in one request: with `--pipeline`, Alice calls `chat` with the name in the
//! answer to `get_stats`, before that answer is there.

mod fixture;

use fixture::{Fixture, Peer};
use scenario::http::is_called;

/// A reply of the stranger that plays Bob.
fn reply(answer: &str) -> String {
    let length = answer.len();
    format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{answer}")
}

/// Alice, started with `--pipeline`, calls a stranger four times. Returns her, and the lines of
/// the fourth request without white space, to which `answer` was the reply.
#[track_caller]
fn calls(fixture: &Fixture, answer: &str) -> (Peer, Vec<String>) {
    let stranger = fixture.somebody_else_is_bob();
    let alice = fixture.starts_alice(&["--wait", "600", "--pipeline"]);
    let mut alice = Peer::is_up(alice, fixture.alices_port());
    let mut request = String::new();
    for answer in [r#"["resolve",1,"hi"]"#; 3].iter().chain([&answer]) {
        let mut call = is_called(&stranger).expect("Alice calls");
        request = call.hears_request();
        call.sends(reply(answer));
    }
    alice.sees("📞 Alice calls Bob.chat(Bob.get_stats().name)...\n");
    let (_, body) = request.split_once("\r\n\r\n").expect("a head and a body");
    (alice, body.lines().map(|line| line.split_whitespace().collect()).collect())
}

const STATS: &str = r#"["push",["pipeline",0,["get_stats"],[]]]"#;
const CHAT: &str = r#"["push",["pipeline",0,["chat"],[["pipeline",1,["name"]]]]]"#;
const THANKS: &str = r#"["resolve",2,"Thanks, Alice"]"#;

/// Both calls go out in one request, `get_stats` first.
///
/// Points: 3
/// Hint: What holds the calls of a request? | The `Batch`. Each `batch.call` adds one, and nothing is sent before `Client::send`.
#[test]
fn both_calls_go_out_in_one_request() {
    let fixture = Fixture::open();
    let (_alice, lines) = calls(&fixture, THANKS);
    let pushes: Vec<_> = lines.iter().filter(|line| line.starts_with("[\"push\",")).collect();
    assert_eq!(pushes.len(), 2, "expected two calls in the fourth request: {lines:?}");
    assert_eq!(pushes[0], STATS);
}

/// The argument of the second call is the name in the answer to the first.
///
/// Points: 3
/// Hint: How is a part of an answer named that is not there? | `batch.call` returns a `Promise`, and `promise.get("name")` is a part of it. `.into()` makes it an argument.
#[test]
fn the_second_call_uses_the_answer_of_the_first() {
    let fixture = Fixture::open();
    let (_alice, lines) = calls(&fixture, THANKS);
    let is_there = lines.iter().any(|line| line == CHAT);
    assert!(is_there, "expected {CHAT} in the fourth request: {lines:?}");
}

/// Only the second answer is asked for.
///
/// Points: 2
/// Hint: What does `pull` do? | It asks for an answer. A call that is not pulled runs all the same.
#[test]
fn only_the_second_answer_is_asked_for() {
    let fixture = Fixture::open();
    let (_alice, lines) = calls(&fixture, THANKS);
    let pulls: Vec<_> = lines.iter().filter(|line| line.starts_with("[\"pull\",")).collect();
    assert_eq!(pulls, [r#"["pull",2]"#], "expected one answer to be asked for: {lines:?}");
}

/// The answer is shown, and so is an error.
///
/// Points: 2
#[test]
fn the_answer_of_the_second_call_is_shown() {
    for (answer, line) in [
        (THANKS, "   ← Thanks, Alice"),
        (r#"["reject",2,["error","Error","too early"]]"#, "   ❌ Error: too early"),
    ] {
        let fixture = Fixture::open();
        let (mut alice, _) = calls(&fixture, answer);
        alice.sees_next(line);
        alice.sees("⏳ Alice is waiting for calls from Bob...\n");
    }
}
