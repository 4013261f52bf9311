//! What the programs promise on every system beyond the conversation: threads, help, ports, and an
//! end when the window is closed.

mod fixture;

use std::thread;

use fixture::{ALICE, BOB, Fixture, GREET, Peer, chat, dials};
use scenario::http::batch_head as head;
use scenario::{Program, statistics};

const ALONE: [&str; 3] = ["alice", "ctrl-c", "listener"];

#[test]
fn the_thread_map_is_true() {
    let fixture = Fixture::open();
    let alice = fixture.alice_alone();
    alice.runs_threads(&ALONE);
    let mut one = alice.is_dialed();
    alice.runs_threads(&[&ALONE[..], &["caller"]].concat());
    let two = alice.is_dialed();
    alice.runs_threads(&[&ALONE[..], &["caller", "caller"]].concat());
    // A caller that was answered may stay.
    one.posts(GREET.as_bytes());
    one.hears_reply();
    alice.runs_threads(&[&ALONE[..], &["caller", "caller"]].concat());
    drop(two);
    alice.runs_threads(&[&ALONE[..], &["caller"]].concat());
    drop(one);
    alice.runs_threads(&ALONE);
}

#[test]
fn the_sender_is_there_while_it_looks_and_gone_when_all_is_said() {
    let fixture = Fixture::open();
    let alice = fixture.alice_who_looks();
    let looking = [&ALONE[..], &["sender"]].concat();
    alice.runs_threads(&looking);
    let mut bob = fixture.starts_bob(&[]);
    bob.sees("⏳ Bob is waiting for calls from Alice...\n");
    bob.runs_threads(&["bob", "ctrl-c", "listener"]);
    alice.runs_threads(&ALONE);
}

/// What a connection costs is given back, however it ended.
#[test]
fn a_storm_of_three_hundred_connections_leaves_nothing_behind() {
    let fixture = Fixture::open();
    let alice = fixture.alice_alone();
    alice.still_serves();
    alice.runs_threads(&ALONE);
    let descriptors = statistics::descriptors(alice.pid());
    let mut strangers = Vec::new();
    for n in 0..300 {
        let mut stranger = alice.is_dialed();
        // The caller that was idle for longest may have been hung up on.
        match n % 5 {
            0 => stranger.tries_to_send("POST /rpc/batch HTTP/1.1\r\nHo"),
            1 => stranger.tries_to_send(head(alice.port, GREET.len()) + &GREET[..20]),
            2 => stranger.tries_to_send(head(alice.port, GREET.len()) + GREET),
            3 => stranger.tries_to_send("What is this?\r\n\r\n"),
            _ => true,
        };
        strangers.push(stranger);
    }
    alice.waits_until("many callers at once", |pid| {
        statistics::threads(pid).is_none_or(|threads| threads.len() > 50)
    });
    drop(strangers);
    alice.runs_threads(&ALONE);
    alice.waits_until("as many descriptors as before", |pid| {
        statistics::descriptors(pid) == descriptors
    });
    alice.still_serves();
}

#[test]
fn help_names_every_option_and_its_default() {
    let fixture = Fixture::open();
    for (program, words) in [
        (
            ALICE,
            ["[default: 8080]", "http://127.0.0.1:8081", "Where Bob is", "Ctrl-C ends Alice"],
        ),
        (
            BOB,
            ["[default: 8081]", "http://127.0.0.1:8080", "Where Alice is", "Ctrl-C ends Bob"],
        ),
    ] {
        let mut help =
            fixture.story.terminal("help", &Program::exactly(&[program]), &["--help"]);
        help.ends_well();
        let text = help.printed();
        for word in ["--port <PORT>", "--peer <URL>", "--wait <SECONDS>", "[default: 30]"] {
            assert!(text.contains(word), "{word}: {text}");
        }
        for word in words {
            assert!(text.contains(word), "{word}: {text}");
        }
        assert_eq!(help.complained(), "");
    }
}

#[test]
fn what_makes_no_sense_is_refused_before_anything_starts() {
    let fixture = Fixture::open();
    for (words, complaint) in [
        (&["--prot", "1"][..], "--prot"),
        (&["bob"], "bob"),
        (&["--port"], "--port"),
        (&["--port", "65536"], "65536"),
        (&["--port", "-1"], "-1"),
        (&["--port", "eighty"], "eighty"),
        (&["--wait", "-1"], "-1"),
        (&["--wait", "soon"], "soon"),
        (&["--wait", "86401"], "86401"),
        (&["--peer", "127.0.0.1:8081"], "begins with http://"),
        (&["--peer", "https://127.0.0.1:8081"], "begins with http://"),
        (&["--peer", "http://127.0.0.1:8081/rpc"], "write a host and a port"),
        (&["--peer", "http://"], "write a host and a port"),
    ] {
        let program = Program::exactly(&[ALICE]);
        let mut refused = fixture.story.terminal("refused", &program, words);
        refused.ends_with(2);
        let complained = refused.complained();
        assert!(complained.contains(complaint), "{words:?}: {complained}");
        assert_eq!(refused.printed(), "", "{words:?}");
    }
}

#[test]
fn a_port_that_is_taken_is_named_and_nothing_is_printed() {
    let fixture = Fixture::open();
    let alice = fixture.alice_alone();
    let mut second = fixture.starts_alice(&[]);
    second.ends_with(1);
    let complaint = format!(
        "error: port {} is in use, perhaps by another peer: stop that one, or choose another \
         --port\n",
        alice.port
    );
    assert_eq!(second.complained(), complaint);
    assert_eq!(second.printed(), "");
    alice.still_serves();
}

#[test]
fn port_0_is_any_and_the_real_one_is_told() {
    let fixture = Fixture::open();
    let friend = format!("http://127.0.0.1:{}", fixture.bobs_port());
    let words = ["--port", "0", "--peer", &friend, "--wait", "0"];
    let mut alice = fixture.story.terminal("Alice", &Program::exactly(&[ALICE]), &words);
    alice.sees("🚀 Starting Alice on port ");
    alice.sees("...\n");
    let printed = alice.printed();
    let first = printed.lines().next().unwrap_or_default();
    let port = first.trim_start_matches(|c: char| !c.is_ascii_digit()).trim_end_matches("...");
    let port: u16 = port.parse().expect("a port");
    assert_ne!(port, 0);
    Peer::is_up(alice, port).still_serves();
}

/// The reader of the output has read enough, as `head -1` has.
#[test]
fn alice_ends_when_her_window_is_closed() {
    let fixture = Fixture::open();
    let mut alice = fixture.alice_alone();
    let port = alice.port;
    // She notices when she has something to show.
    let chatting = thread::Builder::new().name("chatting".into()).spawn(move || {
        while let Ok(mut stranger) = dials(port) {
            let body = chat("\"Are you there?\"");
            if stranger.tries_to_send(head(port, body.len()) + &body) {
                let _ = stranger.reads_reply(); // She may end in the middle.
            }
        }
    });
    assert_eq!(alice.closes_window_and_types(""), Some(0));
    chatting.expect("a thread").join().expect("nobody panics");
    assert_eq!(alice.complained(), "");
}
