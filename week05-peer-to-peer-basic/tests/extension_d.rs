//! Extension D, persistent peer discovery: peers find each other without a directory.
//!
//! Most peers here are bare sockets that take a question and give any answer we like.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use scenario::fixture::{hears, sends};
use scenario::stranger::accepts;
use scenario::{Fixture, Stranger, Terminal, eventually, patience};

const WEEK05: &str = env!("CARGO_BIN_EXE_week05");

/// How long a stranger waits for a question.
const PATIENCE: Duration = Duration::from_secs(10);

#[track_caller]
fn discovers(peer: &mut Terminal, id: u16, found: &str) {
    peer.types("discover");
    peer.sees(&format!("[PEER {id}] Discovered peers: {found}\n"));
}

/// A stranger asks peer `id` which peers it knows, in the name of peer `by`. Returns the answer.
#[track_caller]
fn asks(fixture: &Fixture, id: u16, by: u16) -> String {
    let answer = answer_to(fixture, id, &format!("discover {by}\n"));
    answer.unwrap_or_else(|error| panic!("expected an answer to `discover {by}`: {error}"))
}

/// What peer `id` answers to `line`.
fn answer_to(fixture: &Fixture, id: u16, line: &str) -> io::Result<String> {
    let mut stream = Stranger::dials(fixture.address_of(id), patience())?.stream;
    stream.write_all(line.as_bytes())?;
    stream.shutdown(Shutdown::Write)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// `stranger` waits for one question, and gives this answer. Returns the stranger.
fn answers(stranger: TcpListener, answer: String) -> JoinHandle<TcpListener> {
    let reply = move || {
        if let Some(mut stream) = accepts(&stranger, PATIENCE) {
            read_question(&mut stream);
            let _ = stream.write_all(answer.as_bytes());
        }
        stranger
    };
    thread::Builder::new().spawn(reply).expect("a thread")
}

fn read_question(stream: &mut TcpStream) {
    let mut question = String::new();
    let _ = stream.set_read_timeout(Some(PATIENCE));
    let _ = stream.read_to_string(&mut question);
}

/// A question on the wire is answered by one line with all known peers.
///
/// Points: 3
/// Hint: What comes in? | `discover 2` and a line end. `control_line::read` returns the 2.
/// Hint: What goes out? | `peers 1 2 3 4 5` and a line end, on the same connection. Return it from `answer`; the owner writes it.
#[test]
fn a_question_is_answered() {
    let fixture = Fixture::of(WEEK05);
    let _peer1 = fixture.peer(1);
    assert_eq!(asks(&fixture, 1, 2), "peers 1 2 3 4 5\n");
}

/// The peer that asks is remembered.
///
/// Points: 2
/// Hint: How does a peer outside the initial list become known? | It asks, and `read_question` says who it is.
#[test]
fn the_peer_that_asks_is_remembered() {
    let fixture = Fixture::of(WEEK05);
    let _peer1 = fixture.peer(1);
    asks(&fixture, 1, 9);
    assert_eq!(asks(&fixture, 1, 2), "peers 1 2 3 4 5 9\n");
}

/// A peer that asks during a search is remembered, though the search does not find it.
///
/// Points: 1
/// Hint: Which peers does a search forget? | Only those that it has asked: `found_absent`.
#[test]
fn a_peer_that_asks_during_a_search_is_remembered() {
    let fixture = Fixture::of(WEEK05);
    let stranger = fixture.stranger(2);
    let mut peer1 = fixture.peer(1);
    peer1.types("discover");
    let question = accepts(&stranger, patience());
    assert!(question.is_some(), "expected a question to peer 2");
    asks(&fixture, 1, 9);
    drop(question); // The search has no one left to wait for.
    peer1.sees("[PEER 1] Discovered peers: [2]\n");
    assert_eq!(asks(&fixture, 1, 2), "peers 1 2 9\n");
}

/// An ID that no peer can have is not remembered.
///
/// Points: 1
#[test]
fn an_id_that_no_peer_can_have_is_not_remembered() {
    let fixture = Fixture::of(WEEK05);
    let _peer1 = fixture.peer(1);
    asks(&fixture, 1, 65535);
    assert_eq!(asks(&fixture, 1, 2), "peers 1 2 3 4 5\n");
}

/// A line that only resembles a question is none, and does no harm.
///
/// Points: 2
/// Hint: Who asks with `discover me`? | Nobody. `read_question` returns `None` for a line that is not a word, a space, and an id.
#[test]
fn a_line_that_only_resembles_a_question_is_none() {
    let fixture = Fixture::of(WEEK05);
    let _peer1 = fixture.peer(1);
    for line in ["discover\n", "discover me\n", "discover -9\n", "discover 65545\n"] {
        // It fails if the program has ended, and then the next question fails as well.
        let _ = answer_to(&fixture, 1, line);
    }
    assert_eq!(asks(&fixture, 1, 2), "peers 1 2 3 4 5\n");
}

/// A typed message is no question, however similar.
///
/// Points: 1
/// Hint: What does a typed message never have? | A line end.
#[test]
fn a_typed_message_is_no_question() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    fixture.delivers(1, "discover 9");
    peer1.sees("): discover 9\n");
    assert_eq!(asks(&fixture, 1, 2), "peers 1 2 3 4 5\n");
}

/// `discover` asks the known peers with the control line `discover 1`, and shows those that
/// accept.
///
/// Points: 3
/// Hint: How do you ask? | Return a `Dial` with `Purpose::Question(self.until)`; the sender waits for the answer.
/// Hint: When is a search over? | When no peer is left in `unanswered`. Each outcome takes one out.
#[test]
fn discover_asks_the_known_peers() {
    let fixture = Fixture::of(WEEK05);
    let stranger = fixture.stranger(2);
    let mut peer1 = fixture.peer(1);
    peer1.types("discover");
    assert_eq!(hears(&stranger), "discover 1\n");
    peer1.sees("[PEER 1] Discovered peers: [2]\n");
}

/// The search goes on with the peers that others name, until no peer is new.
///
/// Points: 4
/// Hint: What do you do with an answer? | Ask each peer in it that you have not asked yet: `on_outcome` returns those dials.
/// Hint: Is one round enough? | No: 2 knows 11, 11 knows 12, and 12 knows 13.
#[test]
fn the_search_goes_on_until_no_peer_is_new() {
    let fixture = Fixture::of(WEEK05);
    let chain = [(2, "peers 2 11\n"), (11, "peers 12\n"), (12, "peers 13\n")];
    let _chain = chain.map(|(id, answer)| answers(fixture.stranger(id), answer.to_owned()));
    let _last = answers(fixture.stranger(13), "peers 2 13\n".to_owned());
    let mut peer1 = fixture.peer(1);
    discovers(&mut peer1, 1, "[2, 11, 12, 13]");
}

/// No peer is asked twice in one search, even if two others name it.
///
/// Points: 2
/// Hint: How do you know whom you have asked? | Put each id into `asked` when you ask; `insert` says whether it was new.
#[test]
fn no_peer_is_asked_twice() {
    let fixture = Fixture::of(WEEK05);
    let _both = [2, 3].map(|id| answers(fixture.stranger(id), "peers 1 2 3 11\n".to_owned()));
    let named = fixture.stranger(11);
    let mut peer1 = fixture.peer(1);
    discovers(&mut peer1, 1, "[2, 3, 11]");
    assert_eq!(hears(&named), "discover 1\n");
    // A second question may still be on its way, but comes before this.
    sends(&mut peer1, "11", "Hello");
    assert!(hears(&named) == "Hello", "a second call");
}

/// A peer that accepts is online, whatever it answers.
///
/// Points: 2
/// Hint: What does the example answer? | Nothing: it knows no questions. It is online all the same, and names no peers.
#[test]
fn a_peer_that_cannot_answer_counts_as_online() {
    let fixture = Fixture::of(WEEK05);
    let _silent = fixture.stranger(2); // Its system accepts, and no answer comes.
    let rude = "HTTP/1.1 20 Bad Request\r\n\r\n\x1b[2J".to_owned();
    let _rude = answers(fixture.stranger(3), rude);
    let _not_named = fixture.stranger(20);
    let mut peer1 = fixture.peer(1);
    discovers(&mut peer1, 1, "[2, 3]");
}

/// Peers that accept and do not answer cost a search the time of one, not of all four.
///
/// Points: 3
/// Hint: Who waits for an answer? | One of eight sender threads. Return the dials to all peers at once, and do not keep one back until another has answered.
#[test]
fn silent_peers_are_waited_for_at_the_same_time() {
    let fixture = Fixture::of(WEEK05);
    let _first = fixture.stranger(2);
    let mut peer1 = fixture.peer(1);
    let begun = Instant::now();
    discovers(&mut peer1, 1, "[2]");
    let one = begun.elapsed().clamp(Duration::from_millis(400), PATIENCE);
    let _others = [3, 4, 5].map(|id| fixture.stranger(id));
    let begun = Instant::now();
    discovers(&mut peer1, 1, "[2, 3, 4, 5]");
    let took = begun.elapsed();
    assert!(took < 3 * one, "one silent peer took {one:?}, and four took {took:?}");
}

/// What others say is hearsay: a peer that they name is online only if it accepts.
///
/// Points: 2
/// Hint: Whom do you put into `online`? | The peer that has answered, never those that it names.
/// Hint: What if a peer names thousands? | Ask `MAX_ASKED` in one search, and no more.
#[test]
fn a_peer_that_a_liar_names_is_online_only_if_it_accepts() {
    let fixture = Fixture::of(WEEK05);
    // Peer 20 listens, and none of the others that the liar names: Linux gives out no ports there.
    let absent = 61_000 - fixture.ports.base_port();
    let named: Vec<_> = (absent..absent + 4000).map(|id| id.to_string()).collect();
    let _liar = answers(fixture.stranger(2), format!("peers 20 {}\n", named.join(" ")));
    let _peer20 = fixture.stranger(20);
    let begun = Instant::now();
    let mut peer1 = fixture.peer(1);
    peer1.types("discover");
    // This search may take longer than a test waits for one line.
    eventually(PATIENCE, || peer1.printed().contains("Discovered peers: "));
    peer1.sees("[PEER 1] Discovered peers: [2, 20]\n");
    assert!(begun.elapsed() < PATIENCE, "it took {:?}", begun.elapsed());
}

/// A peer that a search has found is known from then on.
///
/// Points: 2
/// Hint: Which peers are known after a search? | Those in `online`; `peer.rs` takes them over.
#[test]
fn a_peer_that_was_found_is_known() {
    let fixture = Fixture::of(WEEK05);
    let _two = answers(fixture.stranger(2), "peers 2 11\n".to_owned());
    let _eleven = answers(fixture.stranger(11), "peers 11\n".to_owned());
    let mut peer1 = fixture.peer(1);
    discovers(&mut peer1, 1, "[2, 11]");
    assert_eq!(asks(&fixture, 1, 2), "peers 1 2 11\n");
}

/// A peer that has gone without a word is forgotten, and found again when it is back.
///
/// Points: 3
/// Hint: Which peers are forgotten? | Those that were asked, and did not accept: `found_absent`.
/// Hint: Whom do you ask next time? | `begin` is given the known peers, and the initial list every time.
#[test]
fn a_peer_that_has_gone_is_forgotten_and_found_again() {
    let fixture = Fixture::of(WEEK05);
    let [_peer2, peer3] = [2, 3].map(|id| fixture.stranger(id));
    let mut peer1 = fixture.peer(1);
    discovers(&mut peer1, 1, "[2, 3]");
    drop(peer3);
    // Another test may just start a program, which has a copy of the socket for a moment.
    let is_gone = || TcpStream::connect(fixture.address_of(3)).is_err();
    assert!(eventually(patience(), is_gone), "peer 3 still listens");
    discovers(&mut peer1, 1, "[2]");
    assert_eq!(asks(&fixture, 1, 2), "peers 1 2\n");
    let _peer3 = fixture.stranger(3);
    discovers(&mut peer1, 1, "[2, 3]");
}

/// A peer that is alone finds no peer, and goes on.
///
/// Points: 2
/// Hint: Why does the prompt not come back? | A search whose peers are all offline is over as well. Take each out of `unanswered`, whatever the outcome.
#[test]
fn a_peer_that_is_alone_finds_no_peer() {
    let fixture = Fixture::of(WEEK05);
    let mut peer1 = fixture.peer(1);
    discovers(&mut peer1, 1, "[]");
    peer1.sees("Send to peer ID: ");
    assert_eq!(asks(&fixture, 1, 1), "peers 1\n");
}

/// A peer that was learned is told when we leave.
///
/// Points: 1
/// Hint: Who tells it? | Extension C tells all peers that are known, not only the initial list.
#[test]
fn a_peer_that_was_learned_is_told_when_we_leave() {
    let fixture = Fixture::of(WEEK05);
    let stranger = fixture.stranger(9);
    let mut peer1 = fixture.peer(1);
    asks(&fixture, 1, 9);
    peer1.types("quit");
    assert_eq!(hears(&stranger), "bye 1\n");
}

/// A search that is going on holds up no goodbye.
///
/// Points: 1
/// Hint: Which dials does a peer still make when it leaves? | Messages of its user, and goodbyes. `Senders::take_back` takes the questions out of the queues, and `on_quit` drops them.
#[test]
#[cfg(unix)]
fn a_search_does_not_hold_up_the_goodbyes() {
    let fixture = Fixture::of(WEEK05);
    // The lab's own program dials all of these from the same thread; none of them answers.
    let strangers = [2, 10, 18, 26].map(|id| fixture.stranger(id));
    let mut peer1 = fixture.peer(1);
    for id in [10, 18, 26] {
        asks(&fixture, 1, id);
    }
    peer1.types("discover");
    let question = accepts(&strangers[0], patience());
    assert!(question.is_some(), "expected a question to peer 2");
    peer1.presses_ctrl_c();
    peer1.sees("[PEER 1] Closing connections...\n");
    drop(question); // The thread that waits for its answer is free now.
    assert_eq!(hears(&strangers[0]), "bye 1\n");
    peer1.ends_well();
}

/// Three of our own peers find each other: one leaves, one is killed, and one comes back.
#[test]
fn real_peers_find_each_other() {
    let fixture = Fixture::of(WEEK05);
    let mut peer2 = fixture.peer(2);
    let mut peer7 = fixture.peer(7);
    discovers(&mut peer7, 7, "[2]");
    // Peer 7 has asked peer 2, and so peer 1 learns of it.
    let mut peer1 = fixture.peer(1);
    discovers(&mut peer1, 1, "[2, 7]");
    peer2.types("quit");
    peer2.ends_well();
    peer1.sees("[PEER 1] Peer 2 has left\n");
    peer7.is_killed();
    discovers(&mut peer1, 1, "[]");
    let _peer2 = fixture.peer(2);
    discovers(&mut peer1, 1, "[2]");
}
