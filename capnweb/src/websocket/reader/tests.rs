//! The reading half, on real sockets: what the other side sends, and what the writer is handed.

use std::net::Shutdown;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, never, unbounded};

use super::*;
use crate::websocket::handshake::Socket;
use crate::websocket::limits::{MAX_TEXT, PATIENCE};
use crate::websocket::tests::{LONG, SHORT, connection, frame, head};

const TEXT: u8 = 0x81;
const BEGIN: u8 = 0x01;
const MORE: u8 = 0x00;
const END: u8 = 0x80;
const BINARY: u8 = 0x82;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;

/// A reader, and the other side of its link.
struct Reading {
    theirs: TcpStream,
    incoming: Receiver<Incoming>,
    reader: JoinHandle<()>,
}

impl Reading {
    fn begins() -> Self {
        Self::begins_with(Vec::new())
    }

    fn begins_with(early: Vec<u8>) -> Self {
        let (ours, theirs) = connection();
        let (writer, incoming) = unbounded();
        let socket = Socket::accepted(ours, early).socket;
        let body = move || read(SHORT, socket, &writer);
        let reader = thread::Builder::new().name("reader".into()).spawn(body).unwrap();
        Self { theirs, incoming, reader }
    }

    fn sends(&mut self, bytes: &[u8]) {
        self.theirs.write_all(bytes).unwrap();
    }

    #[track_caller]
    fn hands_over(&self, expected: &Incoming) {
        assert_eq!(self.incoming.recv_timeout(LONG).as_ref(), Ok(expected));
    }

    #[track_caller]
    fn ends(self) {
        let end = self.incoming.recv_timeout(LONG);
        assert_eq!(end, Err(RecvTimeoutError::Disconnected));
        self.reader.join().unwrap();
    }
}

fn text(text: &str) -> Incoming {
    Incoming::Text(text.into())
}

#[test]
fn a_message_comes_whole_however_it_was_cut() {
    let mut reading = Reading::begins();
    reading.sends(&frame(TEXT, b"one"));
    reading.hands_over(&text("one"));
    // Also in the middle of a character, and with a ping in between.
    let wave = "👋".as_bytes();
    reading.sends(&frame(BEGIN, &wave[..1]));
    reading.sends(&frame(PING, b"are you there?"));
    reading.sends(&frame(MORE, b""));
    reading.sends(&frame(END, &wave[1..]));
    reading.hands_over(&Incoming::Frame([b"\x8A\x0E".as_slice(), b"are you there?"].concat()));
    reading.hands_over(&text("👋"));
    for byte in frame(TEXT, b"byte by byte") {
        reading.sends(&[byte]);
    }
    reading.hands_over(&text("byte by byte"));
    let long = "x".repeat(MAX_TEXT);
    reading.sends(&frame(TEXT, long.as_bytes()));
    reading.hands_over(&text(&long));
}

#[test]
fn bytes_that_the_handshake_read_too_far_come_first() {
    let mut reading = Reading::begins_with([frame(TEXT, b"one"), frame(TEXT, b"two")].concat());
    reading.sends(&frame(TEXT, b"three"));
    for expected in ["one", "two", "three"] {
        reading.hands_over(&text(expected));
    }
}

#[test]
fn a_close_is_answered_by_the_writer_and_ends_the_reader() {
    let mut reading = Reading::begins();
    reading.sends(&frame(CLOSE, &1000_u16.to_be_bytes()));
    reading.hands_over(&Incoming::Closed("".into()));
    reading.hands_over(&Incoming::Frame(vec![CLOSE, 2, 3, 232]));
    reading.ends();
}

#[test]
fn a_side_that_hangs_up_without_a_word_is_told_nothing() {
    let mut reading = Reading::begins();
    reading.sends(&frame(TEXT, b"cut off")[..6]);
    reading.theirs.shutdown(Shutdown::Both).unwrap();
    reading.ends();
}

#[test]
fn a_side_that_breaks_the_rules_is_told_which() {
    let unmasked = [TEXT, 2, b'h', b'i'];
    let long_ping = frame(PING, &[0; 126]);
    let claim = |length| [head(TEXT, length), vec![0; 4]].concat();
    let too_long_in_all = [frame(BEGIN, &vec![b'x'; MAX_TEXT]), frame(END, b"x")].concat();
    let within = [frame(BEGIN, b"a"), frame(TEXT, b"b")].concat();
    let half_a_character = [frame(BEGIN, b"\xF0\x9F"), frame(END, b"")].concat();
    for (bytes, expected) in [
        (frame(BINARY, b"x"), code::UNSUPPORTED),
        (frame(BINARY, b""), code::UNSUPPORTED),
        (unmasked.to_vec(), code::PROTOCOL),
        (frame(0xC1, b"reserved bit"), code::PROTOCOL),
        (frame(0x83, b"reserved data"), code::PROTOCOL),
        (frame(0x8B, b"reserved control"), code::PROTOCOL),
        (frame(END, b"of nothing"), code::PROTOCOL),
        (within, code::PROTOCOL),
        (long_ping, code::PROTOCOL),
        (frame(0x09, b"a part of a ping"), code::PROTOCOL),
        (frame(CLOSE, b"x"), code::PROTOCOL),
        (frame(TEXT, b"\xFF"), code::INVALID),
        (frame(TEXT, b"\xED\xA0\x80"), code::INVALID),
        (half_a_character, code::INVALID),
        (claim(100_000_000), code::TOO_BIG),
        (too_long_in_all, code::TOO_BIG),
        (claim(MAX_TEXT + 1), code::TOO_BIG),
        (claim(usize::MAX), code::TOO_BIG),
    ] {
        let shown = bytes[..bytes.len().min(16)].escape_ascii().to_string();
        let mut reading = Reading::begins();
        reading.sends(&bytes);
        match reading.incoming.recv_timeout(LONG) {
            Ok(Incoming::Broken(code, why)) => {
                assert_eq!(code, expected, "{shown}: {why}");
            }
            other => panic!("{shown}: {other:?}"),
        }
        // What it still sends is thrown away, until its time is over.
        let _ = reading.theirs.write_all(&frame(TEXT, b"never heard"));
        reading.ends();
    }
}

/// It may send without a pause, and then there is always more to throw away.
#[test]
fn nothing_is_thrown_away_after_the_deadline() {
    let (ours, mut theirs) = connection();
    theirs.write_all(b"more").unwrap();
    let mut half = ReadHalf::new(ours, Deadline::after(LONG));
    let mut more = [0; 4];
    assert_eq!(half.stream().peek(&mut more).unwrap(), 4, "it has come");
    discard(&mut half, Deadline::after(Duration::ZERO));
    half.timed.wait_until(Deadline::after(SHORT.close));
    half.read_exact(&mut more).unwrap();
}

#[test]
fn a_silent_side_is_given_up_and_a_pong_is_enough_not_to_be() {
    let mut reading = Reading::begins();
    let begun = Instant::now();
    while begun.elapsed() < SHORT.silence * 2 {
        reading.sends(&frame(0x8A, b""));
        let _ = never::<()>().recv_timeout(SHORT.silence / 10);
    }
    let silent_since = Instant::now(); // Before it can know.
    reading.sends(&frame(TEXT, b"still here"));
    reading.hands_over(&text("still here"));
    reading.hands_over(&Incoming::Broken(code::POLICY, "nothing was heard for 10 seconds"));
    assert!(silent_since.elapsed() >= SHORT.silence, "{:?}", silent_since.elapsed());
    reading.ends();
}

#[test]
fn a_message_that_comes_bit_by_bit_is_not_waited_for() {
    let mut reading = Reading::begins();
    let begun = Instant::now();
    for byte in frame(TEXT, &[b'x'; 1000]) {
        let _ = reading.theirs.write_all(&[byte]); // Fails when it is given up.
        let pause = reading.incoming.recv_timeout(SHORT.silence / 10);
        if pause != Err(RecvTimeoutError::Timeout) {
            let expected = Incoming::Broken(code::POLICY, "nothing was heard for 10 seconds");
            assert_eq!(pause, Ok(expected));
            break;
        }
    }
    assert!(begun.elapsed() < SHORT.silence * 5, "{:?}", begun.elapsed());
}

/// The words for a breach are fixed; the limits that they name stand elsewhere.
#[test]
fn the_words_for_a_breach_name_the_limits_as_they_are() {
    let too_long = CapacityError::MessageTooLong { size: MAX_TEXT + 1, max_size: MAX_TEXT };
    let (_, why) = breach(&Error::Capacity(too_long)).unwrap();
    assert!(why.contains(&format!("{} KiB", MAX_TEXT / 1024)), "{why}");
    let (_, why) = breach(&Error::Io(ErrorKind::TimedOut.into())).unwrap();
    assert!(why.contains(&format!("{} seconds", PATIENCE.silence.as_secs())), "{why}");
}
