//! Extension B: a message that asks to be passed on.
//!
//! ```text
//! relay 2 relay 3 hi            is left with peer 1, who leaves
//! [relayed] relay 3 hi          with peer 2, who leaves
//! [relayed] [relayed] hi        with peer 3, whom it reaches
//! ```
//!
//! The marks in front count the hops, and that is what ends every loop: a message that bears
//! [`MAX_HOPS`] of them goes no further. No peer has to remember what it has relayed.

use crate::Event;
use crate::config::PeerId;
use crate::errand::{Errand, Words};

/// How many peers may relay a message, one after the other.
pub const MAX_HOPS: usize = 8;

/// What becomes of a message that has arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Relay {
    /// It is for us. That it begins with the word is not enough: `relay race tonight?`
    ForUs,
    /// It is passed on.
    Forward(Errand),
    /// It has been passed on often enough.
    Refused(Event),
}

/// Decides whether `message` asks to be relayed.
///
/// ```
/// use week05::extensions::b_relay::{Relay, relay_message};
/// let Relay::Forward(errand) = relay_message("relay 2 relay 3 hi") else { panic!() };
/// assert_eq!((errand.to, errand.words.text()), (2, "[relayed] relay 3 hi"));
/// assert_eq!(relay_message("relay race tonight?"), Relay::ForUs);
/// ```
pub fn relay_message(message: &str) -> Relay {
    /// What every peer that relays a message puts in front of it.
    const MARK: &str = "[relayed] ";

    /// Reads `relay <id> <text>`; nothing else is a request, however similar.
    fn next_stop(text: &str) -> Option<(PeerId, &str)> {
        let (id, text) = text.strip_prefix("relay ")?.split_once(' ')?;
        let is_number = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
        (is_number && !text.is_empty()).then_some(())?;
        Some((id.parse().ok()?, text))
    }

    let mut rest = message;
    let mut hops = 0;
    while let Some(unmarked) = rest.strip_prefix(MARK) {
        rest = unmarked;
        hops += 1;
    }
    let Some((to, text)) = next_stop(rest) else { return Relay::ForUs };
    if hops >= MAX_HOPS {
        return Relay::Refused(Event::RelayEnded { to, hops });
    }
    Relay::Forward(Errand { to, words: Words::Relay(MARK.repeat(hops + 1) + text) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_hop_adds_one_mark_and_takes_one_request() {
        let mut message = "relay 2 relay 3 hi".to_owned();
        let mut stops = Vec::new();
        while let Relay::Forward(errand) = relay_message(&message) {
            stops.push(errand.to);
            errand.words.text().clone_into(&mut message);
        }
        assert_eq!(stops, [2, 3]);
        assert_eq!(message, "[relayed] [relayed] hi");
    }

    #[test]
    fn a_message_that_only_looks_like_a_request_is_for_us() {
        for message in [
            "relay",
            "relay ",
            "relay 3",
            "relay 3 ",
            "relay +3 hi",
            "relay -3 hi",
            "relay  3 hi",
            "relay 65536 hi",
            "relay race tonight?",
            "relayed 3 hi",
            "Relay 3 hi",
            " relay 3 hi",
        ] {
            assert_eq!(relay_message(message), Relay::ForUs, "{message:?}");
        }
    }

    #[test]
    fn the_hop_limit_ends_every_loop() {
        let mut message = "relay 1 ".repeat(100) + "hi";
        let mut hops = 0;
        while let Relay::Forward(errand) = relay_message(&message) {
            errand.words.text().clone_into(&mut message);
            hops += 1;
            assert!(hops <= MAX_HOPS);
        }
        assert_eq!(hops, MAX_HOPS);
        assert_eq!(
            relay_message(&message),
            Relay::Refused(Event::RelayEnded { to: 1, hops: 8 })
        );
    }
}
