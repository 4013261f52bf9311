//! Task announce: what a peer broadcasts by UDP, so that others can dial it. Pure text.
//!
//! ```text
//! p2pchat/1 here <id> <tcp port> <name ...>
//! p2pchat/1 bye <id>
//! ```
//!
//! One datagram, one announcement, no line end. It is never answered by UDP: a peer that hears a
//! new one dials it. A victim whose address was forged is sent a handshake, and one line only if a
//! program there accepts; `mesh/dials.rs` bounds how often.

use std::fmt;

use crate::peer_info::{PeerId, PeerInfo};
use crate::version::{NotOurs, VERSION, after_version};

/// The longest announcement, in bytes. A longer datagram is ignored, not cut.
pub(crate) const MAX_DATAGRAM: usize = 256;

/// What a peer tells all others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Announcement {
    /// I am here, and can be dialed.
    Here(PeerInfo),
    /// I am leaving. Any program can send that in any peer's name, so it ends no link.
    Bye(PeerId),
}

impl fmt::Display for Announcement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // LAB:BEGIN announce
        match self {
            Self::Here(info) => write!(f, "p2pchat/{VERSION} here {info}"),
            Self::Bye(id) => write!(f, "p2pchat/{VERSION} bye {}", id.on_the_wire()),
        }
        // LAB:STUB
        //| let _ = (self, VERSION, PeerId::on_the_wire);
        //| write!(f, "task announce is not written yet")
        // LAB:END announce
    }
}

impl Announcement {
    /// Reads a datagram, if it is an announcement of this version.
    pub(crate) fn read(datagram: &[u8]) -> Result<Self, NotOurs> {
        // LAB:BEGIN announce
        if datagram.len() > MAX_DATAGRAM {
            return Err(NotOurs::Noise);
        }
        let text = String::from_utf8_lossy(datagram);
        let words = after_version(&text)?;
        let read = match words.split_once(' ') {
            Some(("here", info)) => PeerInfo::read(info).map(Self::Here),
            Some(("bye", id)) => PeerId::read(id).map(Self::Bye),
            _ => None,
        };
        read.ok_or(NotOurs::Noise)
        // LAB:STUB
        //| let _ = (datagram, MAX_DATAGRAM, after_version, PeerInfo::read, PeerId::read);
        //| let _ = (Self::Here, Self::Bye, NotOurs::OtherVersion);
        //| Err(NotOurs::Noise)
        // LAB:END announce
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::{MAX_NAME, Name};

    #[test]
    fn what_is_announced_is_heard() {
        let id = PeerId::from_bits(0xabc);
        // The longest name there can be: each character takes four bytes.
        let name = Name::chosen(&"🚀".repeat(MAX_NAME)).unwrap();
        let here = Announcement::Here(PeerInfo { id, port: 65535, name });
        assert!(here.to_string().len() <= MAX_DATAGRAM);
        for said in [here, Announcement::Bye(id)] {
            assert_eq!(Announcement::read(said.to_string().as_bytes()), Ok(said));
        }
    }

    #[test]
    fn noise_is_noise() {
        let read = Announcement::read(b"M-SEARCH * HTTP/1.1");
        assert_eq!(read, Err(NotOurs::Noise));
        let long = format!("p2pchat/1 here {:018x} 1 {}", 1, "x".repeat(MAX_DATAGRAM));
        for bytes in [
            &b""[..],
            b"p2pchat/1",
            b"p2pchat/1 ",
            b"p2pchat/01 here 000000000000000001 1 x",
            b"p2pchat/1 here",
            b"p2pchat/1 here 000000000000000001 1 ",
            b"p2pchat/1 bye 1",
            b"p2pchat/1 bye 000000000000000001 ",
            b"p2pchat/1 HERE 000000000000000001 1 x",
            b" p2pchat/1 here 000000000000000001 1 x",
            b"p2pchat/4294967296 here",
            b"\xff\xfe\x00",
            long.as_bytes(),
        ] {
            assert_eq!(Announcement::read(bytes), Err(NotOurs::Noise), "{bytes:?}");
        }
        let other = Announcement::read(b"p2pchat/4294967295 whatever");
        assert_eq!(other, Err(NotOurs::OtherVersion(u32::MAX)));
    }
}
