//! More clients than there are connection slots: those in the room are not delayed, and each further
//! one is told that there is none. In a program of its own, since a crowd of clients is busy enough.

mod fixture;

use fixture::{PONG, RawClient, Reply, comes_true, others_are_not_delayed, upgrade};
use serde_json::json;

/// The most connections at once, as the run instructions say.
const MAX_CLIENTS: usize = 768;

#[test]
fn of_a_thousand_connections_some_are_refused_and_later_let_in() {
    others_are_not_delayed(&[], |server| {
        let (mut clients, mut in_the_room, mut refused) = (Vec::new(), 0, 0);
        for number in 0..1000 {
            let mut line = server.is_dialed();
            // A rejected client is told so, for any request.
            line.tries_to_send(upgrade(server.port, "/rpc/ws", ""));
            match line.reads_reply() {
                Ok(Reply { status: 101, .. }) => {
                    let mut client = RawClient::of(line);
                    let name = format!("Guest {number}");
                    client.calls("join", &json!([name, ["export", -1]]));
                    clients.push(client);
                }
                Ok(reply) => {
                    assert_eq!(reply.status, 503, "{}", reply.head);
                    let words = "this peer talks to too many callers; try again soon\n";
                    assert_eq!(reply.text(), words);
                    refused += 1;
                }
                Err(error) => panic!("{number}: {error}"),
            }
            // Ten join at once: all clients are told of each join, and so they are told in one go.
            if number % 10 == 9 {
                for client in clients.iter_mut().skip(in_the_room) {
                    client.hears_answer(1).expect("it may join");
                }
                in_the_room = clients.len();
                // Those who came first must not seem dead.
                for client in &mut clients {
                    client.line.says(PONG, "");
                }
            }
        }
        // One is the probe.
        assert_eq!((clients.len(), refused), (MAX_CLIENTS - 1, 1000 - (MAX_CLIENTS - 1)));
        clients.pop();
        let is_let_in = || {
            let mut line = server.is_dialed();
            line.tries_to_send(upgrade(server.port, "/rpc/ws", ""));
            line.reads_reply().is_ok_and(|reply| reply.status == 101)
        };
        assert!(comes_true(is_let_in), "there is a place again");
    });
}

/// More than there are slots ask for a WebSocket, and nobody waits for an answer first.
#[test]
#[cfg(target_os = "linux")] // Elsewhere a process may have only 256 descriptors.
fn of_a_burst_of_upgrades_each_is_answered() {
    const BURST: usize = 900;
    others_are_not_delayed(&[], |server| {
        let mut burst = Vec::new();
        for _ in 0..BURST {
            let mut line = server.is_dialed();
            line.tries_to_send(upgrade(server.port, "/rpc/ws", ""));
            burst.push(line);
        }
        let replies = burst.iter_mut().map(|line| line.reads_reply().map(|reply| reply.status));
        let statuses: Vec<_> = replies.collect::<Result<_, _>>().expect("each is answered");
        let count = |wanted| statuses.iter().filter(|status| **status == wanted).count();
        // One is the probe.
        assert_eq!((count(101), count(503)), (MAX_CLIENTS - 1, BURST - MAX_CLIENTS + 1));
    });
}
