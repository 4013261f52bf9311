//! Requests made by chance, most of them broken.

use super::*;

/// Xorshift: numbers without a pattern, and the same ones every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides as u64).unwrap()
    }

    fn pick<'a>(&mut self, words: &[&'a [u8]]) -> &'a [u8] {
        words[self.roll(words.len())]
    }
}

/// Pieces of requests, so that chance gets further than the first line.
const WORDS: [&[u8]; 36] = [
    b"GET / HTTP/1.1\r\n",
    b"POST /rpc/batch HTTP/1.1\r\nHost: localhost\r\n",
    b"POST /rpc/batch HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n",
    b"POST /rpc/batch HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"POST /rpc/batch HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"5\r\nhello\r\n",
    b"5\r\nhello\r\n",
    b"0\r\n\r\n",
    b"0\r\n\r\n",
    b"HTTP/1.0\r\n",
    b"Host: localhost\r\n",
    b"Host: evil.example\r\n",
    b"Origin: null\r\n",
    b"Content-Length: 5\r\n",
    b"Content-Length: 9999999999\r\n",
    b"Content-Length: 1048577\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: gzip\r\n",
    b"Connection: close\r\n",
    b"Expect: 100-continue\r\n",
    b"\r\n",
    b"\r\n\r\n",
    b"\n",
    b"\r",
    b" ",
    b"\t",
    b":",
    b";x=y",
    b"0",
    b"f",
    b"ffffffffffffffff\r\n",
    b"hello",
    b"\0",
    b"\xc3\xa4",
    b"\xff",
    b"GET",
];

fn noise(dice: &mut Dice) -> Vec<u8> {
    let mut bytes = Vec::new();
    for _ in 0..=dice.roll(12) {
        bytes.extend_from_slice(dice.pick(&WORDS));
    }
    match dice.roll(20) {
        0 => bytes = bytes.repeat(1 + dice.roll(200)),
        1 => bytes.extend((0..dice.roll(40)).map(|_| b"\r\n\0 :/Gz"[dice.roll(8)])),
        2 => bytes.resize(bytes.len() + dice.roll(2 * MAX_HEAD), b'x'),
        _ => {}
    }
    for _ in 0..dice.roll(3) {
        let spot = dice.roll(bytes.len());
        match dice.roll(3) {
            0 => bytes[spot] = u8::try_from(dice.roll(256)).unwrap(),
            1 => bytes.insert(spot, u8::try_from(dice.roll(256)).unwrap()),
            _ if bytes.len() > 1 => drop(bytes.remove(spot)),
            _ => {}
        }
    }
    bytes
}

/// Cuts bytes into pieces at random, some of them empty.
fn cut<'a>(mut bytes: &'a [u8], dice: &mut Dice) -> Vec<&'a [u8]> {
    let longest = [1, 3, 20, 5000][dice.roll(4)];
    let mut pieces = Vec::new();
    while !bytes.is_empty() {
        let (piece, rest) = bytes.split_at(dice.roll(longest + 1).min(bytes.len()));
        pieces.push(piece);
        bytes = rest;
    }
    pieces
}

#[test]
fn the_verdict_on_any_input_does_not_depend_on_the_pieces() {
    let mut dice = Dice(0x2545_F491_4F6C_DD1D);
    let (mut taken, mut refused, mut waiting) = (0, 0, 0);
    for round in 0..40_000 {
        let bytes = noise(&mut dice);
        let expected = whole(&bytes); // Which also looks at how much is kept.
        let pieces = cut(&bytes, &mut dice);
        assert_eq!(
            verdict(pieces.iter().copied()),
            expected,
            "round {round}: {:?} in {pieces:?}",
            String::from_utf8_lossy(&bytes)
        );
        taken += expected.requests.len();
        refused += usize::from(expected.refusal.is_some());
        waiting += usize::from(expected.stage.is_some_and(|stage| stage != Stage::Idle));
    }
    // The noise is worth something: it comes to all ends.
    assert!(taken > 1000 && refused > 1000 && waiting > 1000, "{taken} {refused} {waiting}");
}
