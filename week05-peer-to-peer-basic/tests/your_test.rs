//! Your test: one scenario of a broadcast. It passes on the right program, and fails on each program
//! with one of the mistakes that `docs/exercises.md` names.

use scenario::Fixture;

const WEEK05: &str = env!("CARGO_BIN_EXE_week05");

#[test]
fn your_test() {
    // LAB:BEGIN t
    use scenario::fixture::{hears, sends};

    let fixture = Fixture::of(WEEK05);
    // Peer 3 is down, and those behind it are to hear the message all the same.
    let others = [1, 4, 5].map(|id| fixture.stranger(id));
    let mut peer2 = fixture.peer(2);
    peer2.types("broadcast");
    peer2.sees("Message: ");
    peer2.types("  Is  anybody there? ");
    for (id, other) in [1, 4, 5].into_iter().zip(&others) {
        assert_eq!(hears(other), "  Is  anybody there? ", "peer {id}");
    }
    peer2.sees("Send to peer ID: ");
    // The next line is shown after everything that the broadcast has led to.
    sends(&mut peer2, "1", "Good night");
    peer2.sees("[PEER 2] Sent to peer 1: Good night\n");
    let to_itself = "Sent to peer 2";
    assert!(!peer2.printed().contains(to_itself), "never expected {to_itself:?}");
    // LAB:STUB
    //| let fixture = Fixture::of(WEEK05);
    //| let _peer2 = fixture.peer(2);
    //| panic!("task t is not written yet")
    // LAB:END t
}
