//! Extension A, peer list: `list` and `broadcast`.

use std::time::{Duration, Instant};

use grader::Fixture;

const WEEK05: &str = env!("CARGO_BIN_EXE_week05");

#[test]
fn list_shows_the_known_peers() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    peer1.types("list");
    peer1.sees("[PEER 1] Known peers: [1, 2, 3, 4, 5]\n");
    peer1.sees("Send to peer ID: ");
}

#[test]
fn a_broadcast_reaches_every_known_peer_but_its_sender() {
    let fixture = Fixture::of(WEEK05);
    let mut others = [2, 3, 4, 5].map(|id| fixture.peer(id));
    let mut peer1 = fixture.peer(1);
    peer1.types("broadcast");
    peer1.sees("Message: ");
    peer1.types("Hello everybody");
    for (id, other) in (2..).zip(&mut others) {
        peer1.sees(&format!("[PEER 1] Sent to peer {id}: Hello everybody\n"));
        other.sees("): Hello everybody\n");
    }
    peer1.sees("Send to peer ID: ");
    // Peer 1 itself gets nothing, and each of the others gets it once.
    peer1.presses_ctrl_d();
    peer1.never_saw("): Hello everybody");
    for other in &mut others {
        other.presses_ctrl_d();
        other.saw_times("Hello everybody", 1);
    }
}

#[test]
fn each_peer_that_is_down_is_named() {
    let fixture = Fixture::of(WEEK05);
    let mut peer3 = fixture.peer(3);
    let mut peer1 = fixture.peer(1);
    peer1.types("broadcast");
    peer1.sees("Message: ");
    peer1.types("Who is there?");
    peer1.sees("[PEER 1] ERROR: Peer 2 is not online");
    peer1.sees("[PEER 1] Sent to peer 3: Who is there?\n");
    peer1.sees("[PEER 1] ERROR: Peer 4 is not online");
    peer1.sees("[PEER 1] ERROR: Peer 5 is not online");
    peer1.sees("Send to peer ID: ");
    peer3.sees("): Who is there?\n");
}

/// Four strangers whose queues are full do not accept: each costs the sender its patience of
/// 800 ms, and all four together cost no more than that. (On a system whose queues have no end
/// there is nothing to wait for.)
#[test]
fn timeouts_do_not_add_up() {
    let fixture = Fixture::of(WEEK05);
    let strangers = [2, 3, 4, 5].map(|id| fixture.stranger(id));
    let _queues = strangers.each_ref().map(grader::fixture::fills_the_queue_of);
    let mut peer1 = fixture.peer(1);
    peer1.types("broadcast");
    peer1.sees("Message: ");
    let begun = Instant::now();
    peer1.types("Anybody?");
    peer1.sees("Send to peer ID: ");
    let took = begun.elapsed();
    assert!(took < Duration::from_millis(3 * 800), "four patiences of 800 ms took {took:?}");
}
