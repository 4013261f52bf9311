//! A long test of the parsers: lines and datagrams, damaged at random.
//!
//! Whatever comes in, nothing panics, what comes out is harmless, and what is written again is
//! read as the same. `P2P_DAMAGE=100000000 cargo test -p discovery-chat damage --release` tries
//! as many as you have time for.

use std::env;

use terminal::Typed;

use crate::announce::{Announcement, MAX_DATAGRAM};
use crate::command::Command;
use crate::frame::{Frame, Hello, MAX_FRAME, MAX_MESSAGE};
use crate::lines::Lines;
use crate::name::MAX_NAME;
use crate::peer_info::PeerInfo;

/// How many inputs an ordinary run tries.
const INPUTS: u64 = 20_000;

/// What inputs are made of.
const SEEDS: [&[u8]; 14] = [
    b"p2pchat/1 hello abc123def456789abc 000000000000000001 8080 Alice\n",
    b"p2pchat/1 hello - 000000000000000001 65535 \xf0\x9f\x9a\x80 \xe2\x80\x8d\n",
    b"p2pchat/1 here abc123def456789abc 8080 Alice in Chains",
    b"p2pchat/1 bye abc123def456789abc",
    b"p2pchat/2 here",
    b"say 1 hello\r\n",
    b"say 18446744073709551615 \xff\xfe\n",
    b"say 7 \x1b[2J\x1b]0;title\x07\n",
    b"say 8 \xc2\x9b31m \xe2\x80\xae \xe2\x80\xa8\n",
    b"ping\nping 7\nbye\n",
    b"dup\n",
    b"\n\r\n\0\n",
    b"/list\n//x\n/quit\n",
    b"99999999999999999999999999999999 - -1 +1 01 0x1\n",
];

/// Numbers that look like chance, always the same ones (xorshift64, Marsaglia 2003).
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound.max(1) as u64).unwrap_or(0)
    }

    fn byte(&mut self) -> u8 {
        u8::try_from(self.below(256)).unwrap_or(0)
    }

    fn damaged(&mut self, bytes: &mut Vec<u8>) {
        let at = self.below(bytes.len() + 1);
        let to = at + self.below(bytes.len() - at.min(bytes.len()) + 1);
        match self.below(8) {
            0 => bytes.insert(at, self.byte()),
            1 => bytes.truncate(at),
            2 => drop(bytes.drain(at..to.min(bytes.len()))),
            3 => bytes.extend_from_within(at..to.min(bytes.len())),
            4 => {
                let other = SEEDS[self.below(SEEDS.len())];
                bytes.splice(at..at, other.iter().copied());
            }
            5 => bytes.splice(at..at, vec![self.byte(); self.below(5000)]).for_each(drop),
            6 => bytes
                .splice(at..at, [b' ', b'\n', b'\r', 0][..self.below(5)].to_vec())
                .for_each(drop),
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << self.below(8);
                }
            }
        }
    }
}

fn is_harmless(text: &str) {
    assert!(text.chars().all(terminal::is_harmless), "{text:?}");
}

fn is_peer_info(info: &PeerInfo) {
    let name = info.name.to_string();
    is_harmless(&name);
    assert!(!name.contains([':', '#', '\t']) && !name.trim().is_empty(), "{name:?}");
    assert!(name.chars().count() <= MAX_NAME && info.port > 0);
}

fn try_line(line: &[u8]) {
    if let Some(frame) = Frame::read(line) {
        if let Frame::Say { text, seq } = &frame {
            is_harmless(text);
            assert!(*seq > 0);
        }
        let again = frame.to_string();
        // U+FFFD takes three bytes where there may have been one: such a text can be too long
        // to be said again.
        if again.len() <= line.len() + 1 {
            assert_eq!(Frame::read(again.trim_end_matches('\n').as_bytes()), Some(frame));
        }
    }
    if let Ok(hello) = Hello::read(line) {
        is_peer_info(&hello.info);
        let again = hello.to_string();
        assert_eq!(Hello::read(again.trim_end_matches('\n').as_bytes()), Ok(hello));
    }
}

#[test]
fn damage_of_every_kind_does_no_harm() {
    let inputs = env::var("P2P_DAMAGE").ok().and_then(|text| text.parse().ok());
    let mut chance = Chance(0x9E37_79B9_7F4A_7C15);
    let (mut lines_read, mut understood) = (0_u64, 0_u64);
    for _ in 0..inputs.unwrap_or(INPUTS) {
        let mut bytes = SEEDS[chance.below(SEEDS.len())].to_vec();
        for _ in 0..chance.below(6) {
            chance.damaged(&mut bytes);
        }
        let mut lines = Lines::of(&bytes[..]);
        while let Ok(line) = lines.next_line() {
            assert!(line.len() < MAX_FRAME && !line.contains(&b'\n'));
            lines_read += 1;
            understood += u64::from(Frame::read(line).is_some());
            try_line(line);
        }
        match Announcement::read(&bytes) {
            Ok(Announcement::Here(info)) => {
                is_peer_info(&info);
                assert!(bytes.len() <= MAX_DATAGRAM);
            }
            Ok(Announcement::Bye(_)) | Err(_) => {}
        }
        if let Command::Say(text) | Command::Unknown(text) =
            Command::of(Typed::Line(terminal::clean(&bytes)))
        {
            is_harmless(&text);
            assert!(text.len() <= MAX_MESSAGE);
        }
    }
    // A test that only ever sees noise tests nothing.
    assert!(understood > lines_read / 20, "{understood} of {lines_read}");
}
