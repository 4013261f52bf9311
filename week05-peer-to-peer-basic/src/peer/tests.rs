//! The rules of a peer, tried with events alone: no socket, no thread, no terminal.

use crossbeam_channel::bounded;

use super::*;
use crate::config::{BASE_PORT, HOST, MAX_DIALS};

fn peer() -> Peer {
    Peer::new(1, Neighbourhood { host: HOST, base_port: BASE_PORT })
}

fn types(peer: &mut Peer, line: &str) -> Vec<Action> {
    peer.on_typed(Typed::Line(line.to_owned()), Instant::now())
}

fn returns(peer: &mut Peer, errand: Errand, outcome: Outcome) -> Vec<Action> {
    peer.on_report(Report::Returned(errand, outcome), Instant::now())
}

fn hears(peer: &mut Peer, message: &str) -> Vec<Action> {
    let from = "127.0.0.1:50123".parse().unwrap();
    let event = Event::Received { from, message: message.to_owned() };
    peer.on_report(Report::Happened(event), Instant::now())
}

fn errands(actions: Vec<Action>) -> Vec<Errand> {
    let errand = |action| match action {
        Action::SendOut(errand) => Some(errand),
        _ => None,
    };
    actions.into_iter().filter_map(errand).collect()
}

/// What is shown, as the user reads it.
fn shown(actions: &[Action]) -> Vec<String> {
    let line = |action: &Action| match action {
        Action::Show(event) => Some(event.to_string()),
        _ => None,
    };
    actions.iter().filter_map(line).collect()
}

#[test]
fn nothing_is_asked_until_the_last_answer_has_been_dealt_with() {
    let mut peer = peer();
    assert_eq!(peer.prompt(), Some(ASK_WHOM));
    types(&mut peer, "2");
    assert_eq!(peer.prompt(), Some(ASK_WHAT));
    let mut out = errands(types(&mut peer, "hi"));
    assert_eq!(peer.prompt(), None);
    let actions = returns(&mut peer, out.remove(0), Outcome::Delivered);
    assert_eq!(shown(&actions), ["Sent to peer 2: hi"]);
    assert_eq!(peer.prompt(), Some(ASK_WHOM));
}

#[test]
fn a_broadcast_is_told_in_the_order_of_the_ids_however_it_went() {
    let mut peer = peer();
    types(&mut peer, "broadcast");
    let mut out = errands(types(&mut peer, "hi"));
    assert_eq!(out.iter().map(|errand| errand.to).collect::<Vec<_>>(), [2, 3, 4, 5]);
    while out.len() > 1 {
        let last = out.pop().unwrap();
        let actions = returns(&mut peer, last, Outcome::Failed(Failure::Offline));
        assert!(actions.is_empty(), "not before all are back");
    }
    let actions = returns(&mut peer, out.remove(0), Outcome::Delivered);
    let offline = |id| format!("ERROR: Peer {id} is not online");
    let expected = ["Sent to peer 2: hi".to_owned(), offline(3), offline(4), offline(5)];
    assert_eq!(shown(&actions), expected);
}

#[test]
fn a_flood_of_relays_waits_up_to_a_limit_and_then_each_is_refused_aloud() {
    let mut peer = peer();
    let mut out = Vec::new();
    for _ in 0..MAX_DIALS + MAX_WAITING {
        let actions = hears(&mut peer, "relay 2 hi");
        assert_eq!(shown(&actions).len(), 1, "only the message itself");
        out.extend(errands(actions));
    }
    assert_eq!(out.len(), MAX_DIALS);
    let refused = shown(&hears(&mut peer, "relay 2 hi"));
    let why = "ERROR: Not sent to peer 2: 256 messages wait to be sent already";
    assert_eq!(refused[1..], [why]);
    // One comes home, and the next goes out.
    let next = returns(&mut peer, out.remove(0), Outcome::Delivered);
    assert_eq!(errands(next).len(), 1);
}

#[test]
fn whoever_asks_is_answered_and_remembered_up_to_a_limit() {
    let mut peer = peer();
    for by in 0..1000 {
        let (answer, answers) = bounded(1);
        let actions = peer.on_report(Report::Asked { by, answer }, Instant::now());
        let [Action::Show(_), Action::Answer(answer, known)] = &actions[..] else { panic!() };
        answer.try_send(known.clone()).unwrap();
        assert!(answers.recv().unwrap().len() <= MAX_KNOWN);
    }
    assert_eq!(peer.known.len(), MAX_KNOWN);
}

#[test]
fn a_search_forgets_the_absent_and_keeps_who_made_itself_known_meanwhile() {
    let mut peer = peer();
    let out = errands(types(&mut peer, "discover"));
    let (answer, _answers) = bounded(1);
    peer.on_report(Report::Asked { by: 9, answer }, Instant::now());
    for errand in out {
        let online = errand.to == 3 || errand.to == 4;
        let outcome = if online {
            Outcome::Answered(Vec::new())
        } else {
            Outcome::Failed(Failure::Offline)
        };
        // Peer 4 picks up, and leaves before the search is over.
        if errand.to == 5 {
            peer.on_report(Report::Happened(Event::Left(4)), Instant::now());
        }
        returns(&mut peer, errand, outcome);
    }
    assert_eq!(peer.known, BTreeSet::from([1, 3, 9]));
    assert_eq!(peer.prompt(), Some(ASK_WHOM));
}

#[test]
fn what_is_still_unsent_when_the_user_leaves_is_told() {
    let mut peer = peer();
    let mut out = Vec::new();
    for _ in 0..=MAX_DIALS {
        out.extend(errands(hears(&mut peer, "relay 2 hi")));
    }
    let actions = peer.on_quit(Instant::now());
    let why = "ERROR: Not sent to peer 2: this peer is shutting down";
    assert_eq!(shown(&actions), ["Closing connections...", why]);
    let Some(Action::Close(farewells)) = actions.last() else { panic!("it closes") };
    assert_eq!(farewells.iter().map(|errand| errand.to).collect::<Vec<_>>(), [2, 3, 4, 5]);
    // What is on its way comes home, and is told.
    let actions = returns(&mut peer, out.remove(0), Outcome::Delivered);
    assert_eq!(shown(&actions), ["Sent to peer 2: [relayed] hi"]);
    // And nothing is relayed any more.
    let actions = hears(&mut peer, "relay 3 hi");
    assert_eq!(shown(&actions)[1..], ["ERROR: Not sent to peer 3: this peer is shutting down"]);
    assert!(errands(actions).is_empty());
}

#[test]
fn a_goodbye_in_our_own_name_changes_nothing() {
    let mut peer = peer();
    peer.on_report(Report::Happened(Event::Left(1)), Instant::now());
    assert!(peer.known.contains(&1));
}

#[test]
fn a_broadcast_to_more_peers_than_there_are_senders_reaches_all_of_them() {
    let mut peer = peer();
    for by in 100..300 {
        let (answer, _answers) = bounded(1);
        peer.on_report(Report::Asked { by, answer }, Instant::now());
    }
    types(&mut peer, "broadcast");
    let mut out = errands(types(&mut peer, "hi"));
    assert_eq!(out.len(), MAX_DIALS);
    let mut reached = BTreeSet::new();
    let mut told = Vec::new();
    while let Some(errand) = out.pop() {
        reached.insert(errand.to);
        let actions = returns(&mut peer, errand, Outcome::Delivered);
        told.extend(shown(&actions));
        out.extend(errands(actions));
    }
    assert_eq!(reached.len(), 4 + 200);
    assert_eq!(told.len(), 4 + 200);
    assert_eq!(peer.prompt(), Some(ASK_WHOM));
}

#[test]
fn a_part_of_a_message_is_shown_but_not_relayed() {
    let mut peer = peer();
    let from = "127.0.0.1:50123".parse().unwrap();
    let message = "relay 2 send 100, but only if ".to_owned();
    let report = Report::Happened(Event::ReceivedPart { from, message });
    let actions = peer.on_report(report, Instant::now());
    assert_eq!(shown(&actions), ["From ('127.0.0.1', 50123): relay 2 send 100, but only if "]);
    assert!(errands(actions).is_empty());
}

#[test]
fn what_has_been_sent_when_the_user_leaves_is_told() {
    let mut peer = peer();
    types(&mut peer, "broadcast");
    let mut out = errands(types(&mut peer, "hi"));
    returns(&mut peer, out.remove(0), Outcome::Delivered);
    let lines = shown(&peer.on_quit(Instant::now()));
    assert_eq!(lines, ["Closing connections...", "Sent to peer 2: hi"]);
    // The others are told as they come home.
    let lines = shown(&returns(&mut peer, out.remove(0), Outcome::Failed(Failure::Offline)));
    assert_eq!(lines, ["ERROR: Peer 3 is not online"]);
}
