//! A system that has no descriptors left: Alice says so once, serves again, and can be ended.
#![cfg(target_os = "linux")]

mod fixture;

use fixture::{ALICE, Fixture, Peer};
use scenario::{Program, statistics};

/// Alice, alone, in a system that gives her only a few descriptors.
#[track_caller]
fn poor_alice(fixture: &Fixture) -> Peer {
    let (port, bob) = (fixture.alices_port().to_string(), fixture.bobs_port());
    let friend = format!("http://127.0.0.1:{bob}");
    let line = "ulimit -n 40; exec \"$0\" \"$@\"";
    let poor = Program::exactly(&["sh", "-c", line, ALICE]);
    let words = ["--port", &port, "--peer", &friend, "--wait", "0"];
    let terminal = fixture.story.terminal("Alice", &poor, &words);
    let mut alice = Peer::is_up(terminal, fixture.alices_port());
    alice.sees("⏳ Alice is waiting for calls from Bob...\n");
    alice
}

/// A dial takes the last descriptor, and with it what a last dial of ours would need.
#[test]
fn she_ends_although_her_system_has_no_descriptor_left() {
    let fixture = Fixture::open();
    let mut alice = poor_alice(&fixture);
    let crowd: Vec<_> = (0..40).map(|_| alice.is_dialed()).collect();
    alice.waits_until("all descriptors in use", |pid| {
        statistics::descriptors(pid).is_none_or(|count| count >= 38)
    });
    // Until she has made room for the last of them, and waits for one more.
    fixture.a_second_is_spent_in_vain(fixture.bobs_port());
    alice.is_terminated();
    alice.ends_well();
    drop(crowd);
}

/// Her system has no descriptors left, again and again. It is told once, and she serves again.
#[test]
fn a_want_of_descriptors_that_comes_and_goes_is_told_once() {
    let fixture = Fixture::open();
    let mut alice = poor_alice(&fixture);
    for _ in 0..3 {
        let crowd: Vec<_> = (0..100).map(|_| alice.is_dialed()).collect();
        // The first caller had to make room, so the system had nothing left.
        alice.waits_until("all descriptors in use", |pid| {
            statistics::descriptors(pid).is_none_or(|count| count >= 38)
        });
        drop(crowd);
        alice.still_serves();
    }
    alice.is_terminated();
    alice.ends_well();
    alice.saw_times("⚠️ No call can be accepted for now", 1);
}
