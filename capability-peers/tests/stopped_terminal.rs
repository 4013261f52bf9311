//! A terminal that is stopped (Ctrl-S, or a pipe that is not read): Alice answers, refuses and ends
//! all the same.
#![cfg(unix)]

mod fixture;

use std::io;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use fixture::{ALICE, Fixture, GREET, GREETING, PATIENCE, chat, comes_true, dials};

/// Sooner than Alice gives up on a friend who does not answer, which is after 5 s.
const SOON: Duration = Duration::from_millis(4500);

/// Alice, whose terminal is stopped: nobody reads what she prints. Dropped, she is killed.
struct Unread(Child);

impl Unread {
    #[track_caller]
    fn starts(fixture: &Fixture) -> Self {
        let port = fixture.alices_port();
        let friend = format!("http://127.0.0.1:{}", fixture.bobs_port());
        let mut alice = Command::new(ALICE);
        alice.args(["--port", &port.to_string(), "--peer", &friend, "--wait", "0"]);
        let alice = alice.stdout(Stdio::piped()).spawn().expect("it can be started");
        assert!(comes_true(|| dials(port).is_ok()), "she never listens");
        Self(alice)
    }
}

impl Drop for Unread {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What is answered to a request on a connection of its own.
#[track_caller]
fn answer_of(port: u16, body: &str) -> String {
    let mut stranger = dials(port).expect("she accepts");
    stranger.posts(body.as_bytes());
    stranger.hears_reply().text()
}

/// As long as a message may be, nearly.
fn long_chat() -> String {
    chat(&format!("\"{}\"", "x".repeat(4000)))
}

/// While her terminal is stopped she refuses messages; but she counts on as if they had not come.
#[test]
fn messages_that_were_refused_confuse_no_numbers() {
    const CALLERS: usize = 8;
    let fixture = Fixture::open();
    let mut alice = Unread::starts(&fixture);
    let port = fixture.alices_port();
    let (refuse, refused) = channel();
    let callers = (0..CALLERS).map(|caller| {
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
                let _ = refuse.send(caller); // Fails when enough of them have come.
            }
            numbers
        };
        thread::Builder::new().name("caller".into()).spawn(body).expect("a thread")
    });
    let callers: Vec<_> = callers.collect();
    // A fast caller is refused often, while a slow one has not been refused at all.
    let mut refusals = [0; CALLERS];
    while refusals.iter().any(|count| *count < 2) {
        let caller = refused.recv_timeout(PATIENCE).expect("each is refused, and says so");
        refusals[caller] += 1;
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

/// A request of 70 kB has 4 MB of messages, if they are all the result of its first call.
#[test]
fn messages_are_refused_in_the_middle_of_a_request() {
    const MESSAGES: usize = 999;
    let fixture = Fixture::open();
    let alice = Unread::starts(&fixture);
    let mut request = vec![format!("[\"push\",\"{}\"]", "x".repeat(4000))];
    for id in 2..MESSAGES + 2 {
        request.push(r#"["push",["pipeline",0,["chat"],[["pipeline",1]]]]"#.to_owned());
        request.push(format!("[\"pull\",{id}]"));
    }
    let answers = answer_of(fixture.alices_port(), &request.join("\n"));
    assert_eq!(answers.lines().count(), MESSAGES);
    let taken = answers.matches("Thanks for the message").count();
    let refused = answers.matches("the terminal does not keep up").count();
    assert!(taken > 0 && taken + refused == MESSAGES, "{taken} taken, {refused} refused");
    // 1 MiB that she keeps, 64 KiB in the pipe, and one more; a pipe may take more elsewhere.
    assert!(taken < MESSAGES / 2, "{taken} taken, {refused} refused");
    drop(alice);
}

/// Nobody reads what she prints, and still she answers, and ends when she is told to.
#[test]
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
