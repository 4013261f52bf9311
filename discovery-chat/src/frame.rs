//! Frames: what two peers say to each other over a link. One line, one frame. Pure text.
//!
//! ```text
//! p2pchat/1 hello <to id, or -> <id> <tcp port> <name ...>     the first line, each way
//! dup                     the peer you dialed has another link to you, or will have in a moment
//! say <seq> <text ...>    a message; seq is 1, 2, 3 ... for each run of the sender
//! ping                    nothing new, but still here
//! ping <seq>              I have read your message <seq>, and those before it on its link
//! bye                     I am leaving
//! ```
//!
//! A frame ends with `\n`, and a `\r` before it is ignored, so you can speak it with `nc`. A peer
//! skips lines that it does not know: there is room to grow.

use std::fmt;

use terminal::clean;

use crate::peer_info::{PeerId, PeerInfo};
use crate::version::{NotOurs, VERSION, after_version, number};

/// The longest message, in bytes of UTF-8.
pub(crate) const MAX_MESSAGE: usize = 4096;

/// The longest frame, in bytes, with its line end. Room for `say`, the longest number, and the
/// longest message.
pub(crate) const MAX_FRAME: usize = 4160;

/// One line of a link, after the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    /// The link is not wanted: there is another one between the same two, or there will be.
    Dup,
    Say {
        seq: u64,
        /// It is clean.
        text: String,
    },
    Ping,
    /// The message of this number was read, with all before it on its link. A `ping` with a number,
    /// which an older program does not know.
    Read(u64),
    Bye,
}

/// The first line each way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hello {
    /// The peer that the speaker means to reach; `None` (`-`) if it only knows an address.
    ///
    /// Without this, a stranger that announces invented ids with Bob's address makes us dial Bob
    /// over and over, and each call would look like a new link between us two.
    pub(crate) to: Option<PeerId>,
    pub(crate) info: PeerInfo,
}

impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dup => writeln!(f, "dup"),
            Self::Say { seq, text } => writeln!(f, "say {seq} {text}"),
            Self::Ping => writeln!(f, "ping"),
            Self::Read(seq) => writeln!(f, "ping {seq}"),
            Self::Bye => writeln!(f, "bye"),
        }
    }
}

impl Frame {
    /// Reads a line, without its line end. `None` if it is no frame: such a line is skipped.
    pub(crate) fn read(line: &[u8]) -> Option<Self> {
        let number = |digits| number(str::from_utf8(digits).ok()?).filter(|seq| *seq > 0);
        let mut words = line.splitn(3, |byte| *byte == b' ');
        match (words.next()?, words.next(), words.next()) {
            (b"dup", None, None) => Some(Self::Dup),
            (b"say", Some(seq), Some(text)) if text.len() <= MAX_MESSAGE => {
                Some(Self::Say { seq: number(seq)?, text: clean(text) })
            }
            (b"ping", None, None) => Some(Self::Ping),
            (b"ping", Some(seq), None) => number(seq).map(Self::Read),
            (b"bye", None, None) => Some(Self::Bye),
            _ => None,
        }
    }
}

impl fmt::Display for Hello {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let to = self.to.map_or_else(|| "-".to_owned(), PeerId::on_the_wire);
        writeln!(f, "p2pchat/{VERSION} hello {to} {}", self.info)
    }
}

impl Hello {
    /// Reads the first line of a link, without its line end.
    pub(crate) fn read(line: &[u8]) -> Result<Self, NotOurs> {
        let text = String::from_utf8_lossy(line);
        let words = after_version(&text)?.strip_prefix("hello ").ok_or(NotOurs::Noise)?;
        let (to, info) = words.split_once(' ').ok_or(NotOurs::Noise)?;
        let to = match to {
            "-" => None,
            id => Some(PeerId::read(id).ok_or(NotOurs::Noise)?),
        };
        Ok(Self { to, info: PeerInfo::read(info).ok_or(NotOurs::Noise)? })
    }

    /// Whether it is said to `me`, or to any peer that answers.
    pub(crate) fn is_for(&self, me: PeerId) -> bool {
        self.to.is_none_or(|to| to == me)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::Name;

    #[test]
    fn what_is_said_is_understood() {
        let longest = "x".repeat(MAX_MESSAGE);
        for frame in [
            Frame::Dup,
            Frame::Ping,
            Frame::Read(u64::MAX),
            Frame::Bye,
            Frame::Say { seq: 1, text: String::new() },
            Frame::Say { seq: u64::MAX, text: longest },
            Frame::Say { seq: 2, text: " say 3 ping ".into() },
        ] {
            let line = frame.to_string();
            assert!(line.len() <= MAX_FRAME);
            let line = line.strip_suffix('\n').expect("a line");
            assert_eq!(Frame::read(line.as_bytes()), Some(frame));
        }
        let info =
            PeerInfo { id: PeerId::from_bits(7), port: 1, name: Name::claimed("A B").unwrap() };
        for (to, is_for_us) in [(None, true), (Some(8), true), (Some(9), false)] {
            let hello = Hello { to: to.map(PeerId::from_bits), info: info.clone() };
            assert_eq!(hello.is_for(PeerId::from_bits(8)), is_for_us);
            let line = hello.to_string();
            assert_eq!(Hello::read(line.trim_end().as_bytes()), Ok(hello));
        }
    }

    #[test]
    fn what_is_almost_a_frame_is_skipped() {
        let too_long = format!("say 1 {}", "x".repeat(MAX_MESSAGE + 1));
        for line in [
            &b""[..],
            b"say",
            b"say ",
            b"say 1",
            b"say x hi",
            b"say 0 hi",
            b"say -1 hi",
            b"say +1 hi",
            b"say 01 hi",
            b"say 18446744073709551616 hi",
            b"say  1 hi",
            b"SAY 1 hi",
            b"ping ",
            b"ping 0",
            b"ping 01",
            b"ping 1 ",
            b"ping one",
            b" ping",
            b"bye now",
            b"dup dup",
            b"p2pchat/1 hello - 000000000000000007 1 A",
            b"\xff\xff",
            b"\0",
            too_long.as_bytes(),
        ] {
            assert_eq!(Frame::read(line), None, "{line:?}");
        }
    }

    #[test]
    fn text_is_cleaned_where_it_enters() {
        let frame = Frame::read(b"say 1 \x1b]0;mine\x07 \xc2\x9b \0 \xff\r\xe2\x80\xae");
        let Some(Frame::Say { text, .. }) = frame else { panic!("{frame:?}") };
        assert_eq!(text, "\u{FFFD}]0;mine\u{FFFD} \u{FFFD} \u{FFFD} \u{FFFD}\u{FFFD}\u{FFFD}");
    }

    #[test]
    fn a_hello_that_is_none_says_why() {
        assert_eq!(
            Hello::read(b"p2pchat/2 hello - 000000000000000007 1 A"),
            Err(NotOurs::OtherVersion(2))
        );
        for line in [
            &b"say 1 hi"[..],
            b"GET / HTTP/1.1",
            b"p2pchat/1 hello 000000000000000007 1 A",
            b"p2pchat/1 hello x 000000000000000007 1 A",
            b"p2pchat/1 hello - 000000000000000007 1  ",
            b"p2pchat/1 here 000000000000000007 1 A",
        ] {
            assert_eq!(Hello::read(line), Err(NotOurs::Noise), "{line:?}");
        }
    }
}
