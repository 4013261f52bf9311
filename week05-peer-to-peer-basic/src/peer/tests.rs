//! The rules of a peer, tried with reports alone: no socket, no thread, no terminal.

use super::*;
use crate::config::{BASE_PORT, HOST};

fn peer() -> Peer {
    Peer::new(1, AddressPlan { host: HOST, base_port: BASE_PORT })
}

fn types(peer: &mut Peer, line: &str) -> Vec<Action> {
    peer.on_typed(Typed::Line(line.to_owned()), Instant::now())
}

fn comes_back(peer: &mut Peer, dial: Dial, outcome: Outcome) -> Vec<Action> {
    peer.on_dialed(dial, outcome)
}

fn hears(peer: &mut Peer, message: &str, cut: Option<Cut>) -> Vec<Action> {
    let from = "127.0.0.1:50123".parse().unwrap();
    peer.on_called(from, message.as_bytes(), cut)
}

fn dials(actions: Vec<Action>) -> Vec<Dial> {
    let dial = |action| match action {
        Action::Dial(dial) => Some(dial),
        _ => None,
    };
    actions.into_iter().filter_map(dial).collect()
}

/// The lines that the user reads.
fn shown(actions: &[Action]) -> Vec<String> {
    let line = |action: &Action| match action {
        Action::Show(event) => Some(event.to_string()),
        _ => None,
    };
    actions.iter().filter_map(line).collect()
}

fn to(dials: &[Dial]) -> Vec<PeerId> {
    dials.iter().map(|dial| dial.to).collect()
}

#[test]
fn there_is_no_prompt_while_a_message_is_on_its_way() {
    let mut peer = peer();
    assert_eq!(peer.prompt(), Some(ASK_WHOM));
    types(&mut peer, "2");
    assert_eq!(peer.prompt(), Some(ASK_WHAT));
    let mut out = dials(types(&mut peer, "hi"));
    assert_eq!(peer.prompt(), None);
    let actions = comes_back(&mut peer, out.remove(0), Outcome::Delivered);
    assert_eq!(shown(&actions), ["Sent to peer 2: hi"]);
    assert_eq!(peer.prompt(), Some(ASK_WHOM));
}

#[test]
fn for_a_peer_without_a_port_no_message_is_asked() {
    let mut peer = peer();
    let line = "ERROR: Peer 60000 cannot exist: peer IDs go from 0 to 56535";
    assert_eq!(shown(&types(&mut peer, "60000")), [line]);
    assert_eq!(peer.prompt(), Some(ASK_WHOM));
    assert!(types(&mut peer, "56535").is_empty());
    assert_eq!(peer.prompt(), Some(ASK_WHAT));
}

#[test]
fn the_results_of_a_broadcast_are_shown_in_the_order_of_the_ids() {
    let mut peer = peer();
    types(&mut peer, "broadcast");
    let mut out = dials(types(&mut peer, "hi"));
    assert_eq!(to(&out), [2, 3, 4, 5]);
    while out.len() > 1 {
        let last = out.pop().unwrap();
        let actions = comes_back(&mut peer, last, Outcome::Failed(Failure::Offline));
        assert!(actions.is_empty(), "nothing is shown before all results are known");
    }
    let actions = comes_back(&mut peer, out.remove(0), Outcome::Delivered);
    let offline = |id| format!("ERROR: Peer {id} is not online");
    let expected = ["Sent to peer 2: hi".to_owned(), offline(3), offline(4), offline(5)];
    assert_eq!(shown(&actions), expected);
}

#[test]
fn a_peer_that_asks_is_answered_and_remembered_up_to_a_limit() {
    let mut peer = peer();
    for by in 0..1000 {
        let actions = hears(&mut peer, &format!("discover {by}\n"), None);
        let [Action::Show(_), Action::Reply(answer)] = &actions[..] else { panic!() };
        assert!(answer.split_whitespace().count() <= 1 + MAX_KNOWN);
    }
    assert_eq!(peer.known.len(), MAX_KNOWN);
    // The answer fits into the smallest buffer of any system; a thousand ids would not.
    assert!(d_discovery::answer(&peer.known).len() < 2048);
}

#[test]
fn a_search_forgets_absent_peers_and_keeps_one_that_asks_meanwhile() {
    let mut peer = peer();
    let out = dials(types(&mut peer, "discover"));
    hears(&mut peer, "discover 9\n", None);
    for dial in out {
        let online = dial.to == 3 || dial.to == 4;
        let outcome = if online {
            Outcome::Answered(Vec::new())
        } else {
            Outcome::Failed(Failure::Offline)
        };
        // Peer 4 accepts, and leaves before the search is over.
        if dial.to == 5 {
            hears(&mut peer, "bye 4\n", None);
        }
        comes_back(&mut peer, dial, outcome);
    }
    assert_eq!(peer.known, BTreeSet::from([1, 3, 9]));
    assert_eq!(peer.prompt(), Some(ASK_WHOM));
}

#[test]
fn a_peer_that_starts_and_asks_during_our_search_stays_known() {
    let mut peer = peer();
    let out = dials(types(&mut peer, "discover"));
    assert_eq!(to(&out), [2, 3, 4, 5]);
    for dial in out.into_iter().rev() {
        if dial.to == 2 {
            hears(&mut peer, "discover 3\n", None); // It was down when we dialed it.
        }
        comes_back(&mut peer, dial, Outcome::Failed(Failure::Offline));
    }
    assert_eq!(peer.prompt(), Some(ASK_WHOM));
    assert_eq!(peer.known, BTreeSet::from([1, 3]));
}

#[test]
fn a_peer_that_leaves_says_goodbye_and_relays_no_further_message() {
    let mut peer = peer();
    let relay = dials(hears(&mut peer, "relay 2 hi", None)).remove(0);
    let actions = peer.on_quit(Vec::new());
    assert_eq!(shown(&actions), ["Closing connections..."]);
    assert_eq!(to(&dials(actions)), [2, 3, 4, 5]);
    // The result of a relay that is on its way is still shown.
    let actions = comes_back(&mut peer, relay.clone(), Outcome::Delivered);
    assert_eq!(shown(&actions), ["Sent to peer 2: [relayed] hi"]);
    let actions = comes_back(&mut peer, relay, Outcome::Failed(Failure::Closing));
    assert_eq!(shown(&actions), ["ERROR: Not sent to peer 2: this peer is shutting down"]);
    let actions = hears(&mut peer, "relay 3 hi", None);
    assert_eq!(shown(&actions)[1..], ["ERROR: Not sent to peer 3: this peer is shutting down"]);
    assert!(dials(actions).is_empty());
}

#[test]
fn a_goodbye_in_our_own_name_changes_nothing() {
    let mut peer = peer();
    hears(&mut peer, "bye 1\n", None);
    assert!(peer.known.contains(&1));
}

#[test]
fn a_part_of_a_message_is_shown_but_not_acted_on() {
    for part in ["relay 2 send 100, but only if ", "bye 2\n", "discover 2\n"] {
        let mut peer = peer();
        let actions = hears(&mut peer, part, Some(Cut::TooSlow));
        let lines = shown(&actions);
        assert_eq!(lines[0], format!("From ('127.0.0.1', 50123): {}", clean(part.as_bytes())));
        let cut = format!("cut after {} bytes: it was not finished within 2s", part.len());
        assert!(lines[1].ends_with(&cut), "{lines:?}");
        assert_eq!(actions.len(), 2, "{actions:?}");
        assert!(peer.known.contains(&2));
    }
}

#[test]
fn results_that_were_not_shown_when_the_user_leaves_are_shown_at_the_end() {
    let mut peer = peer();
    types(&mut peer, "broadcast");
    let mut out = dials(types(&mut peer, "hi"));
    comes_back(&mut peer, out.remove(0), Outcome::Delivered);
    peer.on_quit(Vec::new());
    comes_back(&mut peer, out.remove(0), Outcome::Failed(Failure::Offline));
    let lines: Vec<_> = peer.last_results().map(|event| event.to_string()).collect();
    let unfinished = |id| format!("NOTICE: Peer {id} may not have got the message");
    let expected = ["Sent to peer 2: hi".into(), "ERROR: Peer 3 is not online".into()];
    assert_eq!(lines, [&expected[..], &[unfinished(4), unfinished(5)]].concat());
}

#[test]
fn of_what_waits_when_the_user_leaves_the_messages_go_before_the_goodbyes() {
    let mut peer = peer();
    let relay = dials(hears(&mut peer, "relay 2 hi", None)).remove(0);
    let question = dials(types(&mut peer, "discover")).remove(0);
    let message = Dial { to: 9, text: "hi".into(), purpose: Purpose::Message };
    let actions = peer.on_quit(vec![question, relay, message]);
    let lines = shown(&actions);
    assert_eq!(lines[1..], ["ERROR: Not sent to peer 2: this peer is shutting down"]);
    assert_eq!(to(&dials(actions)), [9, 2, 3, 4, 5]);
}
