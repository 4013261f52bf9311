//! Extension B: relay, a message that asks to be passed on.
//!
//! ```text
//! relay 2 relay 3 hi            arrives at peer 1, which sends
//! [relayed] relay 3 hi          to peer 2, which sends
//! [relayed] [relayed] hi        to peer 3, which shows it
//! ```
//!
//! The marks in front count the hops, and that ends every loop: a message with [`MAX_HOPS`] of
//! them goes no further. No peer has to remember what it has relayed.

use crate::config::PeerId;
use crate::event::Event;
use crate::report::{Dial, Purpose};

/// How many peers may relay a message, one after the other.
pub(crate) const MAX_HOPS: usize = 8;

/// The mark that a peer puts in front of a message that it relays.
const MARK: &str = "[relayed] ";

/// Whether a message that has arrived is relayed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Relay {
    /// It is for our user. The word alone is no request: `relay race tonight?`
    ForUs,
    Forward(Dial),
    /// It has been relayed too often.
    Refused(Event),
}

/// Decides whether `message` asks to be relayed.
pub(crate) fn relay_message(message: &str) -> Relay {
    // LAB:BEGIN b
    let mut rest = message;
    let mut hops = 0;
    while let Some(unmarked) = rest.strip_prefix(MARK) {
        rest = unmarked;
        hops += 1;
    }
    let Some((to, text)) = read_request(rest) else { return Relay::ForUs };
    if hops >= MAX_HOPS {
        return Relay::Refused(Event::RelayEnded(to, hops));
    }
    Relay::Forward(Dial { to, text: MARK.repeat(hops + 1) + text, purpose: Purpose::Relay })
    // LAB:STUB
    //| use crate::report::Failure;
    //| let _ = (MARK, MAX_HOPS, Purpose::Relay, Relay::Forward, Event::RelayEnded);
    //| if !message.starts_with("relay ") {
    //|     return Relay::ForUs;
    //| }
    //| let to: PeerId = 0;
    //| let why = Failure::Broken("task b is not written yet".into());
    //| Relay::Refused(Event::NotSent(to, why))
    // LAB:END b
}

// LAB:BEGIN b
/// Reads `relay <id> <text>`; nothing else is a request, however similar.
fn read_request(text: &str) -> Option<(PeerId, &str)> {
    let (id, text) = text.strip_prefix("relay ")?.split_once(' ')?;
    let is_number = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    (is_number && !text.is_empty()).then_some(())?;
    Some((id.parse().ok()?, text))
}
// LAB:STUB
// LAB:END b

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_hop_adds_one_mark_and_takes_one_request() {
        let mut message = "relay 2 relay 3 hi".to_owned();
        let mut stops = Vec::new();
        while let Relay::Forward(dial) = relay_message(&message) {
            stops.push(dial.to);
            message = dial.text;
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
        while let Relay::Forward(dial) = relay_message(&message) {
            message = dial.text;
            hops += 1;
            assert!(hops <= MAX_HOPS);
        }
        assert_eq!(hops, MAX_HOPS);
        assert_eq!(relay_message(&message), Relay::Refused(Event::RelayEnded(1, 8)));
    }
}
