//! The version: `p2pchat/1` begins every announcement and every link. So a peer of another version
//! is told apart from a program that speaks something else entirely.

use std::fmt::Display;
use std::str::FromStr;

/// The version of the protocol that this program speaks, over UDP and TCP.
pub(crate) const VERSION: u32 = 1;

/// Why a datagram, or the first line of a link, is none of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotOurs {
    /// The bytes of another program.
    Noise,
    /// A peer, but of this other version.
    OtherVersion(u32),
}

/// The words behind `p2pchat/1 `.
pub(crate) fn after_version(text: &str) -> Result<&str, NotOurs> {
    let rest = text.strip_prefix("p2pchat/").ok_or(NotOurs::Noise)?;
    let (version, words) = rest.split_once(' ').ok_or(NotOurs::Noise)?;
    match number(version) {
        Some(VERSION) => Ok(words),
        Some(other) => Err(NotOurs::OtherVersion(other)),
        None => Err(NotOurs::Noise),
    }
}

/// Reads a whole number. Rust also reads "+7" and "007", but there is one way to write a number.
pub(crate) fn number<N: FromStr + Display>(text: &str) -> Option<N> {
    text.parse().ok().filter(|number: &N| number.to_string() == text)
}
