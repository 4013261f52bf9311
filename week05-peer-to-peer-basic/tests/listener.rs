//! Task 1, the listener: messages of bare sockets, whatever their callers do.
//!
//! Words that must come through are made up by each test, so no program can know them.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use grader::{Fixture, Terminal};

const WEEK05: &str = env!("CARGO_BIN_EXE_week05");

/// Long enough for a peer to read what is there, and short beside its patience.
const A_MOMENT: Duration = Duration::from_millis(40);

/// A word that no program can know before the test.
fn fresh_word() -> String {
    format!("{:016x}", RandomState::new().build_hasher().finish())
}

/// A stranger leaves a fresh word with `peer`, which must show it.
#[track_caller]
fn still_hears(fixture: &Fixture, peer: &mut Terminal, id: u16) {
    let word = fresh_word();
    fixture.leaves(id, &word);
    peer.sees(&format!("): {word}\n"));
}

/// A message is shown with the address of its caller.
///
/// Points: 4
/// Hint: Where does the address come from? | `accept` returns it, beside the connection. Its port is the caller's end of the connection, not the port that the caller listens on.
/// Hint: Who prints the message? | The owner alone prints. Send it a `Report::Called`, with `cut: None` and `call: None`.
#[test]
fn a_message_is_shown_with_the_address_of_its_caller() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    let word = fresh_word();
    let port = fixture.leaves(1, &word);
    peer1.sees(&format!("[PEER 1] From ('127.0.0.1', {port}): {word}\n"));
}

/// One caller after the other is heard.
///
/// Points: 2
/// Hint: Does your listener hear the first caller alone? | Accept in a loop.
#[test]
fn one_caller_after_the_other_is_heard() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    for _ in 0..3 {
        still_hears(&fixture, &mut peer1, 1);
    }
}

/// A long message is shown whole.
///
/// Points: 3
/// Hint: How long is one `read`? | As long as the system likes, and never longer than your buffer.
/// Hint: When does a message end? | When its caller closes the connection. `Call::read_message` reads up to there.
#[test]
fn a_long_message_is_shown_whole() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    let message = fresh_word().repeat(2500);
    fixture.leaves(1, &message);
    peer1.sees(&format!("): {message}\n"));
}

/// A message that comes in many pieces is one message, and no letter of it is broken.
///
/// Points: 2
/// Hint: What if "é" comes in two pieces? | Gather bytes, and make them text when the last one is there.
#[test]
fn a_message_in_many_pieces_is_one_message() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    let mut stranger = fixture.dials(1);
    stranger.set_nodelay(true).expect("small pieces are sent as they are");
    let message = format!("grüß dich 👋 {}", fresh_word());
    // The first pieces end within "ü" and within the hand, and the peer has time to read each.
    for piece in message.as_bytes().chunks(3).take(6).chain([&message.as_bytes()[18..]]) {
        stranger.write_all(piece).expect("the peer takes it");
        let written = Instant::now();
        peer1.waits_until("a moment to pass", |_| written.elapsed() > A_MOMENT);
    }
    drop(stranger);
    peer1.sees(&format!("): {message}\n"));
}

/// A caller that says nothing does not hold up the next caller.
///
/// Points: 3
/// Hint: Which thread waits for a silent caller? | One that no other caller needs: a thread of its own.
/// Hint: How does that thread report? | It has a clone of `report`. Give it the call as well, which moves into the thread.
#[test]
fn silent_callers_do_not_hold_up_the_next_one() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    let silent: Vec<_> = (0..5).map(|_| fixture.dials(1)).collect();
    still_hears(&fixture, &mut peer1, 1);
    // A listener that waits for one caller after the other has hung up on all of these.
    assert!(silent.iter().any(is_open), "the message had to wait for all silent callers");
}

fn is_open(mut stream: &TcpStream) -> bool {
    stream.set_nonblocking(true).expect("it need not wait");
    stream.read(&mut [0]).is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
}

/// A caller that says nothing is hung up on, and the next one is heard.
///
/// Points: 3
/// Hint: For how long may a caller be silent? | For `CALLER_PATIENCE`. `Call::accepted` takes it, and then each read ends in time.
#[test]
fn a_silent_caller_is_hung_up_on() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    let mut silent = fixture.dials(1);
    // A connection ends in one of two ways; a wait that ends after 10 s is neither.
    let end = silent.read(&mut [0]);
    let reset = |error: &std::io::Error| error.kind() == ErrorKind::ConnectionReset;
    assert!(matches!(&end, Ok(0)) || end.as_ref().is_err_and(reset), "no end: {end:?}");
    still_hears(&fixture, &mut peer1, 1);
}

/// A caller that sends a byte now and then, and never ends, is hung up on as well.
///
/// Points: 2
/// Hint: Why does a read timeout not end such a call? | Each read is short. What ends it is a deadline: compute the time left before each read.
#[test]
fn a_caller_that_never_ends_is_hung_up_on() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    let mut slow = fixture.dials(1);
    let begun = Instant::now();
    slow.set_read_timeout(Some(Duration::from_millis(100))).expect("a timeout can be set");
    // One byte every 100 ms: no single read waits long, but the message never ends.
    while !matches!(slow.read(&mut [0]), Ok(0)) && slow.write_all(b".").is_ok() {
        assert!(begun.elapsed() < Duration::from_secs(8), "it is still connected after 8 s");
    }
    still_hears(&fixture, &mut peer1, 1);
}

/// A message without end does not fill the memory: its caller is hung up on.
///
/// Points: 2
/// Hint: How much do you read from a stranger? | At most `MAX_MESSAGE` bytes. `Call::read_message` returns `Cut::TooLong` then; dropping the call hangs up.
#[test]
fn a_message_without_end_is_cut() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    let mut stranger = fixture.dials(1);
    // The system does not buffer so much, so the write ends only when the peer hangs up.
    let endless = stranger.write_all(&vec![b'x'; 64 << 20]);
    assert!(endless.is_err(), "the peer hangs up");
    still_hears(&fixture, &mut peer1, 1);
}

/// Bytes that are no text do not end the listener.
///
/// Points: 3
/// Hint: What does your listener do with bytes that are not UTF-8? | Nothing: it reports bytes, and `peer.rs` makes them text.
#[test]
fn bytes_that_are_no_text_do_not_end_the_listener() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    fixture.leaves(1, b"\xff\xfe caf\xe9");
    still_hears(&fixture, &mut peer1, 1);
}

/// Callers that hang up without a word do no harm.
///
/// Points: 2
/// Hint: What does `read` say of a caller that has gone? | 0 bytes, or an error. The listener goes on after either.
#[test]
fn callers_that_hang_up_without_a_word_do_no_harm() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    for _ in 0..50 {
        drop(fixture.dials(1));
    }
    still_hears(&fixture, &mut peer1, 1);
}

/// The texts that `peer` has shown, in the order of its screen: the rest of each line
/// behind `): `.
fn texts(peer: &mut Terminal) -> Vec<String> {
    let printed = peer.printed();
    let lines = printed.lines().filter(|line| line.contains("] From ('"));
    lines.filter_map(|line| Some(line.split_once("): ")?.1.to_owned())).collect()
}

/// Callers that wait for each other are shown in their order.
///
/// Points: 2
/// Hint: Why do threads mix up the order? | Two threads that have read report in any order. A caller that finishes at once needs no thread: read it in the listener, for a moment.
#[test]
fn callers_that_wait_for_each_other_are_shown_in_their_order() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    let messages: Vec<_> = (0..1000).map(|number| format!("message {number}")).collect();
    // Four at a time: so many calls can wait in any program's queue.
    for four in messages.chunks(4) {
        for message in four {
            fixture.leaves(1, message); // Each call is closed before the next one begins.
        }
        peer1.sees_times("): message ", four.len());
    }
    assert_eq!(texts(&mut peer1), messages);
}
