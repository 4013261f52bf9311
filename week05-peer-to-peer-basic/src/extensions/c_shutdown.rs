//! Extension C: graceful shutdown. However the user leaves, the known peers are told.
//!
//! This file holds the goodbye that they get: a control line, `bye 1`. `Owner::close` sees to it
//! that nothing is left behind: it stops the listener, the callers and the senders, and each of them
//! holds an end of the channel on which it reports. When the last one has ended, the channel is
//! closed, and the owner knows.

use std::collections::BTreeSet;

use crate::config::PeerId;
use crate::control_line;
use crate::report::{Dial, Purpose};

/// The word of the control line.
const BYE: &str = "bye";

/// One goodbye to each known peer but `me`.
pub(crate) fn goodbyes(me: PeerId, known: &BTreeSet<PeerId>) -> Vec<Dial> {
    // LAB:BEGIN c
    let others = known.iter().filter(|&&peer| peer != me);
    let dial = |&to| Dial { to, text: control_line::write(BYE, me), purpose: Purpose::Goodbye };
    others.map(dial).collect()
    // LAB:STUB
    //| let _ = (me, known, Purpose::Goodbye, control_line::write);
    //| Vec::new()
    // LAB:END c
}

/// Reads a goodbye. Returns the peer that leaves.
pub(crate) fn read_goodbye(message: &[u8]) -> Option<PeerId> {
    // LAB:BEGIN c
    control_line::read(BYE, message)
    // LAB:STUB
    //| let _ = (message, BYE, control_line::read);
    //| None
    // LAB:END c
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_other_peer_is_told_once() {
        let dials = goodbyes(2, &BTreeSet::from([1, 2, 3]));
        assert_eq!(dials.iter().map(|dial| dial.to).collect::<Vec<_>>(), [1, 3]);
        assert_eq!(read_goodbye(dials[0].text.as_bytes()), Some(2));
        assert_eq!(read_goodbye(b"bye 2"), None, "a user has typed that");
    }
}
