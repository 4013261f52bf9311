//! The lab sheet's Tests 1 to 3, played on `examples/peer.rs`.

use std::env;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use scenario::fixture::sends;
use scenario::{Fixture, Program, Terminal};

const WEEK05: &str = env!("CARGO_BIN_EXE_week05");

/// The example's program. `cargo test --test example` alone builds the lab's program and not the
/// example, so cargo is called once more; where no cargo runs the tests, an example that was
/// built before is used.
static EXAMPLE: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = Path::new(WEEK05).parent().expect("the program is in a folder");
    if let Some(cargo) = env::var_os("CARGO") {
        let (cargo, target) = (cargo.display().to_string(), folder.parent());
        let target = target.expect("it is in the target folder").display().to_string();
        let mut build = vec![&*cargo, "build", "--package", "week05", "--example", "peer"];
        build.extend(["--target-dir", &target]);
        build.extend(folder.ends_with("release").then_some("--release"));
        // Not by ourselves: no port is tried out while a program is started.
        assert!(Program::exactly(&build).runs_with("--quiet"), "the example cannot be built");
    }
    folder.join("examples").join("peer").with_extension(env::consts::EXE_EXTENSION)
});

fn starts(fixture: &Fixture, id: u16) -> Terminal {
    let example = EXAMPLE.display().to_string();
    let mut peer = fixture.starts_program(id, &Program::exactly(&[&example]));
    // Two threads print, in either order.
    let port = fixture.ports.port(id);
    peer.sees_all(&[&format!("[PEER {id}] Listening on {port}\n"), "Send to peer ID: "]);
    peer
}

#[test]
fn test_1_two_peers_bidirectional_communication() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = starts(&fixture, 1);
    let mut peer2 = starts(&fixture, 2);

    sends(&mut peer2, "1", "Hello from peer 2");
    peer2.sees("[PEER 2] Sent to peer 1: Hello from peer 2\n");
    peer1.sees("[PEER 1] From ('127.0.0.1', ");
    peer1.sees("): Hello from peer 2\n");

    sends(&mut peer1, "2", "Reply from peer 1");
    peer1.sees("[PEER 1] Sent to peer 2: Reply from peer 1\n");
    peer2.sees("[PEER 2] From ('127.0.0.1', ");
    peer2.sees("): Reply from peer 1\n");
}

#[test]
fn test_2_three_peers() {
    let fixture = Fixture::of(WEEK05);
    let mut peers = [1, 2, 3].map(|id| starts(&fixture, id));
    for (from, to) in [(1_usize, 2_usize), (2, 3), (3, 1)] {
        let message = format!("Hello peer {to}, this is {from}");
        sends(&mut peers[from - 1], &to.to_string(), &message);
        peers[from - 1].sees(&format!("[PEER {from}] Sent to peer {to}: {message}\n"));
        peers[to - 1].sees(&format!("[PEER {to}] From ('127.0.0.1', "));
        peers[to - 1].sees(&format!("): {message}\n"));
    }
}

#[test]
fn test_3_peer_offline_during_send() {
    let fixture = Fixture::of(WEEK05);
    let mut peer2 = starts(&fixture, 2);
    sends(&mut peer2, "3", "Will this work?");
    peer2.sees("[PEER 2] ERROR: Peer 3 is not online\n");
    peer2.sees("Send to peer ID: ");
}

/// As in the Python program, whose `input` keeps them.
#[test]
fn spaces_belong_to_the_message_and_not_to_the_id() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = starts(&fixture, 1);
    let mut peer2 = starts(&fixture, 2);
    sends(&mut peer2, " 1 ", "  two  spaces  ");
    peer2.sees("[PEER 2] Sent to peer 1:   two  spaces  \n");
    peer1.sees("):   two  spaces  \n");
}

#[test]
fn it_talks_with_the_labs_own_program() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    let mut peer2 = starts(&fixture, 2);
    sends(&mut peer1, "2", "Hello from the program");
    peer2.sees("): Hello from the program\n");
    sends(&mut peer2, "1", "Hello from the example");
    peer1.sees("): Hello from the example\n");
}
