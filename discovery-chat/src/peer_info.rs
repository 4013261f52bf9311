//! What a peer says about itself: its id, its name, and the port it can be dialed on.
//!
//! `<id> <tcp port> <name ...>` ends every announcement and every hello. The name is the last
//! field, so it may contain spaces, and nothing ever has to be escaped.

use std::fmt;

use crate::name::Name;
use crate::version::number;

/// How many digits of an id stand together on screen.
const GROUP: usize = 6;

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

    /// Reads 18 lower-case hex digits. Rust also reads "+f" and "F", but there is one way to write
    /// an id.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let id = Self::from_bits(u128::from_str_radix(text, 16).ok()?);
        (id.on_the_wire() == text).then_some(id)
    }

    pub(crate) fn on_the_wire(self) -> String {
        format!("{:018x}", self.0)
    }

    /// The shortest beginning of this id that none of the `others` shares, but no less than [`GROUP`]
    /// digits; `None` if there are no others.
    pub(crate) fn unique_prefix(self, others: impl Iterator<Item = Self>) -> Option<String> {
        let digits = self.on_the_wire();
        let shared = others.map(|other| {
            let pairs = digits.bytes().zip(other.on_the_wire().into_bytes());
            pairs.take_while(|(digit, other)| digit == other).count()
        });
        let needed = shared.max()? + 1;
        Some(digits.chars().take(needed.max(GROUP)).collect())
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
    /// The id, by which peers are told apart.
    pub id: PeerId,
    /// The TCP port it can be dialed on. Its IP address is the one that it speaks from.
    pub port: u16,
    /// The name, which other peers may have too.
    pub name: Name,
}

impl fmt::Display for PeerInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.id.on_the_wire(), self.port, self.name)
    }
}

impl PeerInfo {
    /// Reads the three fields. The name comes out clean, see [`Name::claimed`].
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
            "1000000000000000000 1 x",
            "00000000000000é00 1 x",
        ] {
            assert_eq!(PeerInfo::read(text), None, "{text:?}");
        }
    }

    #[test]
    fn an_id_has_as_many_digits_as_tell_it_from_others() {
        let told = |id: u128, others: &[u128]| {
            let others = others.iter().map(|bits| PeerId::from_bits(*bits));
            PeerId::from_bits(id).unique_prefix(others)
        };
        let bob = 0x0036_1489_abcd_ef01_2345_u128;
        assert_eq!(told(bob, &[]), None);
        for (others, digits) in [
            ([0, bob + (1 << 48)], "361489"),
            ([bob + (1 << 44), 0], "361489a"),
            ([bob + (1 << 44), bob + 1], "361489abcdef012345"),
        ] {
            assert_eq!(told(bob, &others).as_deref(), Some(digits));
        }
    }

    #[test]
    fn an_id_is_72_bits() {
        assert_eq!(PeerId::from_bits(u128::MAX).on_the_wire(), "f".repeat(18));
    }
}
