//! The lab sheet's example: three peers, two connections, three messages.

use crate::event::Event;
use crate::peer::Peer;

/// All events of the example, in order.
pub fn story() -> Vec<Event> {
    let [mut peer1, mut peer2, mut peer3] = ["Peer 1", "Peer 2", "Peer 3"].map(Peer::new);

    [
        peer1.add_peer(&mut peer2),
        peer1.add_peer(&mut peer3),
        peer1.send_message(&mut peer2, "Hello"),
        peer2.send_message(&mut peer1, "Hi there"),
        peer2.send_message(&mut peer3, "Try hello"), // These two are not connected.
    ]
    .concat()
}
