//! Extension A: a list of known peers, and one message to all of them (`list`, `broadcast`).
//!
//! On the wire a broadcast is nothing new: the same message, once for each peer. What is new is
//! that some of them are down, that each result is shown, and that the waiting times must not
//! add up.

use std::collections::BTreeSet;

use crate::command::Command;
use crate::config::PeerId;
use crate::event::Event;
use crate::report::{Dial, Purpose};

/// Reads a command of this extension; `None` for any other line.
pub(crate) fn read_command(line: &str) -> Option<Command> {
    // LAB:BEGIN a
    match line.trim() {
        "list" => Some(Command::List),
        "broadcast" => Some(Command::Broadcast),
        _ => None,
    }
    // LAB:STUB
    //| // Two words, two commands. For now both lead to `list_peers`, which says what is missing.
    //| let _ = Command::Broadcast;
    //| matches!(line.trim(), "list" | "broadcast").then_some(Command::List)
    // LAB:END a
}

/// The known peers, in order.
pub(crate) fn list_peers(known: &BTreeSet<PeerId>) -> Event {
    // LAB:BEGIN a
    Event::KnownPeers(known.iter().copied().collect())
    // LAB:STUB
    //| let _ = (known, Event::KnownPeers);
    //| let why = crate::report::Failure::Broken("task a is not written yet".into());
    //| Event::NotSent(0, why)
    // LAB:END a
}

/// One dial to each known peer but `me`.
pub(crate) fn broadcast(me: PeerId, known: &BTreeSet<PeerId>, message: &str) -> Vec<Dial> {
    // LAB:BEGIN a
    let others = known.iter().filter(|&&peer| peer != me);
    let dial = |&to| Dial { to, text: message.to_owned(), purpose: Purpose::Message };
    others.map(dial).collect()
    // LAB:STUB
    //| let _ = (me, known, message, Purpose::Message);
    //| Vec::new()
    // LAB:END a
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broadcast_goes_once_to_each_other_peer() {
        let known = BTreeSet::from([3, 1, 2]);
        let to: Vec<_> = broadcast(2, &known, "hi").iter().map(|dial| dial.to).collect();
        assert_eq!(to, [1, 3]);
        assert_eq!(list_peers(&known), Event::KnownPeers(vec![1, 2, 3]));
    }
}
