//! A visiting card: who a peer says it is, and where it can be dialed.
//!
//! `<id> <tcp port> <name ...>` ends every announcement and every hello. The name is the last
//! field, so it may contain spaces, and nothing ever has to be escaped.

use std::fmt;
use std::str::FromStr;

use crate::name::Name;
use crate::version::number;

/// Tells one peer from another: 72 bits, drawn at random when a peer starts. So a peer that is
/// started again is another peer, even under the same name.
///
/// On screen it stands in groups of six, as on the lab sheet; on the wire it is 18 hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerId(u128);

impl PeerId {
    /// The id with these 72 bits; what is above them is left away.
    ///
    /// ```
    /// use discovery_chat::card::PeerId;
    /// assert_eq!(PeerId::from_bits(0xabc123_def456_789abc).to_string(), "abc123-def456-789abc");
    /// ```
    pub const fn from_bits(bits: u128) -> Self {
        Self(bits & ((1 << 72) - 1))
    }

    /// The same 72 bits.
    pub const fn bits(self) -> u128 {
        self.0
    }

    /// How it is written on the wire.
    pub fn on_the_wire(self) -> String {
        format!("{:018x}", self.0)
    }

    /// Its first group: enough to tell apart two peers of the same name.
    pub fn short(self) -> String {
        self.on_the_wire().chars().take(6).collect()
    }
}

impl fmt::Display for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.on_the_wire();
        write!(f, "{}-{}-{}", &digits[..6], &digits[6..12], &digits[12..])
    }
}

impl FromStr for PeerId {
    type Err = NoCard;

    /// Reads 18 lower-case hex digits: there is one way to write an id.
    fn from_str(text: &str) -> Result<Self, NoCard> {
        let digits = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
        if text.len() != 18 || !text.bytes().all(digits) {
            return Err(NoCard);
        }
        u128::from_str_radix(text, 16).map(Self).map_err(|_| NoCard)
    }
}

/// Who a peer says it is, and where it listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// Tells it apart.
    pub id: PeerId,
    /// The TCP port it can be dialed on. Its address is wherever its words come from.
    pub port: u16,
    /// What it is called.
    pub name: Name,
}

/// What was read is no card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoCard;

impl fmt::Display for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.id.on_the_wire(), self.port, self.name)
    }
}

impl FromStr for Card {
    type Err = NoCard;

    /// Reads a card. The name comes out clean, see [`Name::claimed`].
    ///
    /// ```
    /// use discovery_chat::card::Card;
    /// let card: Card = "abc123def456789abc 8080 Alice B.".parse().unwrap();
    /// assert_eq!((card.port, card.name.to_string().as_str()), (8080, "Alice B."));
    /// assert!("abc123def456789abc 0 Nobody".parse::<Card>().is_err());
    /// ```
    fn from_str(text: &str) -> Result<Self, NoCard> {
        let (id, rest) = text.split_once(' ').ok_or(NoCard)?;
        let (port, name) = rest.split_once(' ').ok_or(NoCard)?;
        let port = number(port).filter(|port| *port > 0).ok_or(NoCard)?;
        Ok(Self { id: id.parse()?, port, name: Name::claimed(name).ok_or(NoCard)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let id = PeerId::from_bits(0x00ff);
        let card = Card { id, port: 1, name: Name::claimed("Zoë 👩‍🚀").unwrap() };
        assert_eq!(card.to_string(), "0000000000000000ff 1 Zoë 👩‍🚀");
        assert_eq!(card.to_string().parse(), Ok(card));
    }

    #[test]
    fn what_is_almost_a_card_is_none() {
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
            assert_eq!(text.parse::<Card>(), Err(NoCard), "{text:?}");
        }
    }

    #[test]
    fn an_id_is_72_bits() {
        assert_eq!(PeerId::from_bits(u128::MAX).on_the_wire(), "f".repeat(18));
    }
}
