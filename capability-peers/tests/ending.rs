//! Ctrl-C and SIGTERM: Alice ends in order in each of her states, and first shows each message that
//! she has answered.
#![cfg(unix)]

mod fixture;

use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use fixture::{Fixture, GREET, Peer, chat, dials};
use scenario::Terminal;
use scenario::http::batch_head as head;
use scenario::http::is_called;

/// Sooner than Alice gives up on a friend who does not answer, which is after 5 s.
const SOON: Duration = Duration::from_millis(4500);

/// A way to end a program, and what it is called.
type Way = (&'static str, fn(&mut Terminal));

const WAYS: [Way; 2] =
    [("Ctrl-C", Terminal::presses_ctrl_c), ("SIGTERM", Terminal::is_terminated)];

/// Alice ends in order, and her port is free: another Alice can have it at once.
#[track_caller]
fn ends_in_order(fixture: &Fixture, mut alice: Peer, (way, ends): Way) {
    ends(&mut alice);
    alice.sees("👋 Alice shutting down...\n");
    alice.ends_well();
    assert!(alice.printed().ends_with("👋 Alice shutting down...\n"), "{way}");
    assert_eq!(alice.complained(), "", "{way}");
    let mut next = fixture.alice_who_looks();
    next.still_serves();
    next.leaves();
}

#[test]
fn alice_ends_in_order_when_she_is_alone() {
    for way in WAYS {
        let fixture = Fixture::open();
        ends_in_order(&fixture, fixture.alice_alone(), way);
    }
}

#[test]
fn alice_ends_in_order_while_she_looks_for_bob() {
    for way in WAYS {
        let fixture = Fixture::open();
        let alice = fixture.alice_who_looks();
        alice.runs_threads_called("sender", 1);
        ends_in_order(&fixture, alice, way);
    }
}

#[test]
fn alice_ends_in_order_while_bob_lets_her_wait() {
    for way in WAYS {
        let fixture = Fixture::open();
        let mute = fixture.somebody_else_is_bob();
        let mut alice = fixture.alice_who_looks();
        let call = is_called(&mute).expect("Alice calls");
        let begun = Instant::now();
        way.1(&mut alice);
        alice.sees("👋 Alice shutting down...\n");
        alice.ends_well();
        assert!(begun.elapsed() < SOON, "{}: {:?}", way.0, begun.elapsed());
        assert_eq!(alice.complained(), "", "{}", way.0);
        drop(call);
    }
}

#[test]
fn alice_ends_in_order_while_a_caller_is_idle() {
    for way in WAYS {
        let fixture = Fixture::open();
        let alice = fixture.alice_alone();
        let mut idle = alice.is_dialed();
        idle.posts(GREET.as_bytes());
        idle.hears_reply();
        let silent = alice.is_dialed();
        alice.runs_threads_called("caller", 2);
        ends_in_order(&fixture, alice, way);
        assert_eq!(idle.hears_the_end(), b"", "{}", way.0);
        drop(silent);
    }
}

#[test]
fn alice_ends_in_order_while_a_request_is_half_sent() {
    for way in WAYS {
        let fixture = Fixture::open();
        let alice = fixture.alice_alone();
        let mut half_a_head = alice.is_dialed();
        half_a_head.sends("POST /rpc/batch HT");
        let mut half_a_body = alice.is_dialed();
        half_a_body.sends(head(alice.port, GREET.len()));
        half_a_body.sends(&GREET[..10]);
        alice.runs_threads_called("caller", 2);
        ends_in_order(&fixture, alice, way);
        half_a_head.hears_the_end();
        half_a_body.hears_the_end();
    }
}

/// A message that comes before Alice has found Bob is held for a second; the user does not wait.
#[test]
fn a_message_that_was_answered_is_shown_before_alice_ends() {
    for (way, ends) in WAYS {
        let fixture = Fixture::open();
        let mut alice = fixture.alice_who_looks();
        let reply = alice.is_asked_for(chat("\"hello?\"")).text();
        assert!(reply.contains("Thanks for the message #1!"), "{way}: {reply}");
        ends(&mut alice);
        alice.sees("📨 Alice received: hello?\n👋 Alice shutting down...\n");
        alice.ends_well();
    }
}

/// Many tell her something until she is gone.
#[test]
fn every_message_that_was_answered_is_shown_before_alice_ends() {
    const CALLERS: usize = 8;
    let fixture = Fixture::open();
    let mut alice = fixture.alice_alone();
    let port = alice.port;
    let (answer, answered) = channel();
    let callers = (0..CALLERS).map(|caller| {
        let answer = answer.clone();
        let body = move || {
            for number in 0.. {
                let text = format!("message {number} of caller {caller}");
                let is_answered = dials(port).ok().is_some_and(|mut stranger| {
                    let body = chat(&format!("\"{text}\""));
                    stranger.tries_to_send(head(port, body.len()) + &body)
                        && stranger.reads_reply().is_ok_and(|reply| reply.text().contains('#'))
                });
                if !is_answered {
                    return; // She is gone.
                }
                answer.send(text).expect("the test is not over");
            }
        };
        thread::Builder::new().name("caller".into()).spawn(body).expect("a thread")
    });
    let callers: Vec<_> = callers.collect();
    drop(answer);
    let mut texts: Vec<_> = answered.iter().take(20 * CALLERS).collect();
    alice.is_terminated();
    texts.extend(answered); // Until all have noticed.
    alice.sees("👋 Alice shutting down...\n");
    alice.ends_well();
    let printed = alice.printed();
    for text in texts {
        assert!(printed.contains(&format!("received: {text}\n")), "{text} was answered");
    }
    for caller in callers {
        caller.join().expect("nobody panics");
    }
}
