//! What the programs promise beyond the conversation: threads, help, ports, and how they end.

mod fixture;

#[cfg(unix)]
use std::io;
#[cfg(unix)]
use std::process::{Child, Command, Stdio};
#[cfg(unix)]
use std::sync::mpsc::channel;
use std::thread;
#[cfg(unix)]
use std::time::{Duration, Instant};

use fixture::{ALICE, BOB, Fixture, GREET, Peer, Stranger, chat};
#[cfg(unix)]
use fixture::{GREETING, PATIENCE, comes_true};
#[cfg(unix)]
use scenario::Terminal;
use scenario::http::batch_head as head;
use scenario::{Program, statistics};

/// Sooner than Alice gives up on a friend who does not answer, which is after 5 s.
#[cfg(unix)]
const SOON: Duration = Duration::from_millis(4500);

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

/// A way to end a program, and what it is called.
#[cfg(unix)]
type Way = (&'static str, fn(&mut Terminal));

#[cfg(unix)]
const WAYS: [Way; 2] =
    [("Ctrl-C", Terminal::presses_ctrl_c), ("SIGTERM", Terminal::is_terminated)];

/// Alice ends in order, and her port is free: another Alice can have it at once.
#[cfg(unix)]
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
#[cfg(unix)]
fn alice_ends_in_order_when_she_is_alone() {
    for way in WAYS {
        let fixture = Fixture::open();
        ends_in_order(&fixture, fixture.alice_alone(), way);
    }
}

#[test]
#[cfg(unix)]
fn alice_ends_in_order_while_she_looks_for_bob() {
    for way in WAYS {
        let fixture = Fixture::open();
        let alice = fixture.alice_who_looks();
        alice.runs_threads_called("sender", 1);
        ends_in_order(&fixture, alice, way);
    }
}

#[test]
#[cfg(unix)]
fn alice_ends_in_order_while_bob_lets_her_wait() {
    for way in WAYS {
        let fixture = Fixture::open();
        let mute = fixture.somebody_else_is_bob();
        let mut alice = fixture.alice_who_looks();
        let call = Stranger::is_called(&mute).expect("Alice calls");
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
#[cfg(unix)]
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
#[cfg(unix)]
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
#[cfg(unix)]
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
#[cfg(unix)]
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
                let is_answered = Stranger::dials(port).ok().is_some_and(|mut stranger| {
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

/// The reader of the output has read enough, as `head -1` has.
#[test]
fn alice_ends_when_her_window_is_closed() {
    let fixture = Fixture::open();
    let mut alice = fixture.alice_alone();
    let port = alice.port;
    // She notices when she has something to show.
    let chatting = thread::Builder::new().name("chatting".into()).spawn(move || {
        while let Ok(mut stranger) = Stranger::dials(port) {
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

/// Alice, whose terminal is stopped: nobody reads what she prints. Dropped, she is killed.
#[cfg(unix)]
struct Unread(Child);

#[cfg(unix)]
impl Unread {
    #[track_caller]
    fn starts(fixture: &Fixture) -> Self {
        let port = fixture.alices_port();
        let friend = format!("http://127.0.0.1:{}", fixture.bobs_port());
        let mut alice = Command::new(ALICE);
        alice.args(["--port", &port.to_string(), "--peer", &friend, "--wait", "0"]);
        let alice = alice.stdout(Stdio::piped()).spawn().expect("it can be started");
        assert!(comes_true(|| Stranger::dials(port).is_ok()), "she never listens");
        Self(alice)
    }
}

#[cfg(unix)]
impl Drop for Unread {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What is answered to a request on a connection of its own.
#[cfg(unix)]
#[track_caller]
fn answer_of(port: u16, body: &str) -> String {
    let mut stranger = Stranger::dials(port).expect("she accepts");
    stranger.posts(body.as_bytes());
    stranger.hears_reply().text()
}

/// As long as a message may be, nearly.
#[cfg(unix)]
fn long_chat() -> String {
    chat(&format!("\"{}\"", "x".repeat(4000)))
}

/// While her terminal is stopped she refuses messages; but she counts on as if they had not come.
#[test]
#[cfg(unix)]
fn messages_that_were_refused_confuse_no_numbers() {
    const CALLERS: usize = 8;
    let fixture = Fixture::open();
    let mut alice = Unread::starts(&fixture);
    let port = fixture.alices_port();
    let (refuse, refused) = channel();
    let callers = (0..CALLERS).map(|_| {
        let refuse = refuse.clone();
        let body = move || {
            let (mut numbers, mut last_refused) = (Vec::new(), None);
            while last_refused.is_none_or(|since| numbers.len() < since + 3) {
                let answer = answer_of(port, &long_chat());
                if let Some((_, number)) = answer.split_once("message #") {
                    numbers.push(number.to_owned());
                    continue;
                }
                assert!(answer.contains("does not keep up"), "{answer}");
                last_refused = Some(numbers.len());
                let _ = refuse.send(()); // Fails when enough of them have come.
            }
            numbers
        };
        thread::Builder::new().name("caller".into()).spawn(body).expect("a thread")
    });
    let callers: Vec<_> = callers.collect();
    for _ in 0..2 * CALLERS {
        refused.recv_timeout(PATIENCE).expect("she refuses, as her terminal is stopped");
    }
    drop(refused);
    let mut window = alice.0.stdout.take().expect("a pipe");
    let window = thread::Builder::new().spawn(move || io::copy(&mut window, &mut io::sink()));
    let numbers = callers.into_iter().flat_map(|caller| caller.join().expect("no panic"));
    let mut numbers: Vec<_> = numbers.collect();
    let count = numbers.len();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), count, "two messages have one number");
    let stats = answer_of(port, "[\"push\",[\"pipeline\",0,[\"get_stats\"],[]]]\n[\"pull\",1]");
    assert!(stats.contains(&format!("\"messages_received\":{count}}}")), "{count}: {stats}");
    drop(alice);
    window.expect("a thread").join().expect("no panic").expect("it can be read");
}

/// Nobody reads what she prints, and still she answers, and ends when she is told to.
#[test]
#[cfg(unix)]
fn a_terminal_that_stands_still_stops_neither_her_callers_nor_her_end() {
    let fixture = Fixture::open();
    let mut alice = Unread::starts(&fixture);
    let port = fixture.alices_port();
    // More than a pipe takes.
    for _ in 0..60 {
        let thanks = answer_of(port, &long_chat());
        assert!(thanks.contains("Thanks for the message"), "{thanks}");
    }
    // And more than she keeps for later.
    while answer_of(port, &long_chat()).contains("Thanks for the message") {}
    assert_eq!(answer_of(port, GREET), GREETING);
    let pid = alice.0.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().is_ok_and(|s| s.success()));
    let told = Instant::now();
    let mut status = None;
    comes_true(|| {
        status = alice.0.try_wait().expect("she can be waited for");
        status.is_some()
    });
    assert!(told.elapsed() < SOON, "one signal was not enough: {:?}", told.elapsed());
    assert_eq!(status.and_then(|status| status.code()), Some(0));
}

/// Alice, alone, in a system that gives her only a few descriptors.
#[cfg(target_os = "linux")]
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
#[cfg(target_os = "linux")]
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
#[cfg(target_os = "linux")]
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
    alice.saw_times("⚠️ Nobody can be let in for now", 1);
}
