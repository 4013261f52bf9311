//! What a peer says about itself: its id, its name, and the port it can be dialed on.
//!
//! `<id> <tcp port> <name ...>` ends every announcement and every hello. The name is the last
//! field, so it may contain spaces, and nothing ever has to be escaped.

use std::fmt;

use crate::name::Name;
use crate::version::number;

/// Tells one peer from another: 72 bits, drawn at random when a peer starts. So a peer that is
/// started again is another peer, even under the same name.
///
/// On screen it stands in groups of six, as on the lab sheet; on the wire it is 18 hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerId(u128);

impl PeerId {
    /// The id with these 72 bits; any higher bits are dropped.
    pub const fn from_bits(bits: u128) -> Self {
        Self(bits & ((1 << 72) - 1))
    }

    #[cfg(test)]
    pub(crate) const fn bits(self) -> u128 {
        self.0
    }

    /// Reads 18 lower-case hex digits: there is one way to write an id.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let is_digit = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
        let is_id = text.len() == 18 && text.bytes().all(is_digit);
        is_id.then(|| u128::from_str_radix(text, 16).ok().map(Self)).flatten()
    }

    pub(crate) fn on_the_wire(self) -> String {
        format!("{:018x}", self.0)
    }

    /// Its first group: enough to tell apart two peers of the same name.
    pub(crate) fn short(self) -> String {
        self.on_the_wire().chars().take(6).collect()
    }
}

impl fmt::Display for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.on_the_wire();
        write!(f, "{}-{}-{}", &digits[..6], &digits[6..12], &digits[12..])
    }
}

/// Who a peer says it is, and where it listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerInfo {
    /// Tells it apart.
    pub id: PeerId,
    /// The TCP port it can be dialed on. Its address is wherever its words come from.
    pub port: u16,
    /// What it is called.
    pub name: Name,
}

impl fmt::Display for PeerInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.id.on_the_wire(), self.port, self.name)
    }
}

impl PeerInfo {
    /// Reads it. The name comes out clean, see [`Name::claimed`].
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (id, rest) = text.split_once(' ')?;
        let (port, name) = rest.split_once(' ')?;
        let port = number(port).filter(|port| *port > 0)?;
        Some(Self { id: PeerId::read(id)?, port, name: Name::claimed(name)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let id = PeerId::from_bits(0x00ff);
        let info = PeerInfo { id, port: 1, name: Name::claimed("Zoë 👩‍🚀").unwrap() };
        assert_eq!(info.to_string(), "0000000000000000ff 1 Zoë 👩‍🚀");
        assert_eq!(PeerInfo::read(&info.to_string()), Some(info));
    }

    #[test]
    fn what_is_almost_right_is_none() {
        for text in [
            "",
            "0000000000000000ff",
            "0000000000000000ff 1",
            "0000000000000000ff 1 ",
            "0000000000000000ff  1 x",
            "0000000000000000ff 65536 x",
            "0000000000000000ff -1 x",
            "0000000000000000ff +1 x",
            "0000000000000000ff 01 x",
            "0000000000000000FF 1 x",
            "+000000000000000ff 1 x",
            "000000000000000ff 1 x",
            "00000000000000000ff 1 x",
            "00000000000000é00 1 x",
        ] {
            assert_eq!(PeerInfo::read(text), None, "{text:?}");
        }
    }

    #[test]
    fn an_id_is_72_bits() {
        assert_eq!(PeerId::from_bits(u128::MAX).on_the_wire(), "f".repeat(18));
    }
}
