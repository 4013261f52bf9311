//! Task 1, the listener: messages of bare sockets, whatever their callers do.
//!
//! Words that must come through are made up by each test, so no program can know them.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use scenario::stranger::is_an_end;
use scenario::{Fixture, Stranger, Terminal, eventually, patience};
use socket2::SockRef;

const WEEK05: &str = env!("CARGO_BIN_EXE_week05");

/// Long enough for a peer to read what is there, and short beside its patience.
const A_MOMENT: Duration = Duration::from_millis(40);

/// A word that no program can know before the test.
fn fresh_word() -> String {
    format!("word{:012}", RandomState::new().build_hasher().finish() % 1_000_000_000_000)
}

/// A stranger leaves a fresh word with peer 1, which must show it, whatever came `before`.
#[track_caller]
fn still_hears(fixture: &Fixture, peer1: &mut Terminal, before: &str) {
    assert!(
        hears_a_word(fixture, peer1),
        "expected the next message to be shown, after {before}"
    );
}

/// Whether peer 1 shows a fresh word that a stranger leaves. A peer that has stopped listening may
/// refuse the call, or break it, or never show the word; all are the same fault.
fn hears_a_word(fixture: &Fixture, peer1: &mut Terminal) -> bool {
    let word = format!("): {}\n", fresh_word());
    let dialed = Stranger::dials(fixture.address_of(1), patience());
    dialed.is_ok_and(|mut stranger| stranger.tries_to_send(&word[3..word.len() - 1]))
        && eventually(patience(), || peer1.printed().contains(&word))
}

/// A message is shown with the address of its caller.
///
/// Points: 4
/// Hint: Where does the address come from? | `accept` returns it, beside the connection. Its port is the caller's end of the connection, not the port that the caller listens on.
/// Hint: Who prints the message? | The owner alone prints. Send it a `Report::Called`: `cut` says why reading failed, and `call` is the open call if the message ends in a line end.
#[test]
fn a_message_is_shown_with_the_address_of_its_caller() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    let word = fresh_word();
    let port = fixture.delivers(1, &word);
    peer1.sees(&format!("[PEER 1] From ('127.0.0.1', {port}): {word}\n"));
}

/// A message is shown as it came, with all its spaces.
///
/// Points: 1
#[test]
fn a_message_is_shown_with_all_its_spaces() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    let message = format!("  {},  two  spaces  ", fresh_word());
    fixture.delivers(1, &message);
    peer1.sees(&format!("): {message}\n"));
}

/// One caller after the other is heard.
///
/// Points: 2
/// Hint: Does your listener hear the first caller alone? | Accept in a loop.
#[test]
fn one_caller_after_the_other_is_heard() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    for before in ["its start", "one caller", "two callers"] {
        still_hears(&fixture, &mut peer1, before);
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
    fixture.delivers(1, &message);
    let is_whole = eventually(patience(), || texts(&mut peer1).contains(&message));
    let shown = texts(&mut peer1).iter().map(String::len).max();
    let length = message.len();
    assert!(is_whole, "expected a message of {length} bytes; the longest shown has {shown:?}");
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
        if stranger.write_all(piece).is_err() {
            break; // The peer has hung up, and has shown a part at most.
        }
        let written = Instant::now();
        peer1.waits_until("a moment to pass", |_| written.elapsed() > A_MOMENT);
    }
    drop(stranger);
    peer1.sees(&format!("): {message}\n"));
}

/// A line end does not end a message.
///
/// Points: 1
/// Hint: What ends a message on this wire? | The end of its call, and nothing else. Do not read lines.
#[test]
fn a_line_end_does_not_end_a_message() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    let word = fresh_word();
    fixture.delivers(1, format!("the first line\nthe second line, {word}"));
    peer1.sees(&format!("the second line, {word}"));
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
    // A listener that waits for one caller after the other has hung up on all of these.
    let is_heard = hears_a_word(&fixture, &mut peer1) && silent.iter().any(is_open);
    assert!(is_heard, "a message had to wait for five silent callers");
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
    let is_end = matches!(&end, Ok(0)) || end.as_ref().is_err_and(reset);
    assert!(is_end, "expected the peer to hang up on a silent caller: {end:?}");
    still_hears(&fixture, &mut peer1, "a silent caller");
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
        let waited = begun.elapsed();
        let is_patient = waited < Duration::from_secs(8);
        assert!(is_patient, "expected the peer to hang up; {waited:?} later it still listens");
    }
    still_hears(&fixture, &mut peer1, "a caller that never ends");
}

/// A message without end does not fill the memory: its caller is hung up on.
///
/// Points: 2
/// Hint: How much do you read from a stranger? | At most `MAX_MESSAGE` bytes. `Call::read_message` returns `Cut::TooLong` then; dropping the call hangs up.
#[test]
fn a_message_without_end_is_cut() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    let endless = vec![b'x'; 64 << 20]; // Ready before the dial: a peer waits for 2 s.
    let mut stranger = fixture.dials(1);
    // The system does not buffer so much, so the write ends only when the peer hangs up.
    let sent = stranger.write_all(&endless);
    let is_end = sent.as_ref().is_err_and(is_an_end);
    assert!(is_end, "expected the peer to hang up before it has read 64 MiB: {sent:?}");
    still_hears(&fixture, &mut peer1, "a message without end");
}

/// Bytes that are no text do not end the listener.
///
/// Points: 3
/// Hint: What does your listener do with bytes that are not UTF-8? | Nothing: it reports bytes, and `peer.rs` makes them text.
#[test]
fn bytes_that_are_no_text_do_not_end_the_listener() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    fixture.delivers(1, b"\xff\xfe caf\xe9");
    still_hears(&fixture, &mut peer1, "bytes that are no text");
}

/// Callers that hang up without a word do no harm.
///
/// Points: 2
/// Hint: What does `read` say of a caller that has gone? | 0 bytes, or an error. The listener goes on after either.
#[test]
fn callers_that_hang_up_without_a_word_do_no_harm() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    for number in 0..50 {
        let dialed = Stranger::dials(fixture.address_of(1), patience());
        let Ok(Stranger { stream, .. }) = dialed else { break }; // The last word tells why.
        if number % 2 == 1 {
            // A caller that crashes hangs up with a reset, and not with an end.
            SockRef::from(&stream).set_linger(Some(Duration::ZERO)).expect("it can be set");
        }
    }
    still_hears(&fixture, &mut peer1, "callers that hang up");
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
            fixture.delivers(1, message); // Each call is closed before the next one begins.
        }
        peer1.sees_times("): message ", four.len());
    }
    let shown = texts(&mut peer1);
    let moved = shown.iter().zip(&messages).find(|(shown, sent)| shown != sent);
    assert_eq!(moved, None, "the first message that is out of order, and the one expected");
}
