//! The rules, tried with fake time: which links stand, and what is shown.

mod crossing;
mod dialing;
mod receipts;
mod scale;

use std::time::Duration;

use super::*;

const ME: PeerId = PeerId::from_bits(500);
const BOB: PeerId = PeerId::from_bits(700);
const ANN: PeerId = PeerId::from_bits(300);

/// Where each name is found.
const NAMED: &str = "10.0.0.99:8081";

fn info(id: PeerId, name: &str) -> PeerInfo {
    PeerInfo { id, port: 8081, name: Name::claimed(name).unwrap() }
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// An announcement of this peer.
fn heard(info: PeerInfo, from: &str) -> Report {
    Report::Heard(Ok(Announcement::Here(info)), ip(from))
}

fn said(text: &str) -> Frame {
    Frame::Say { seq: 1, text: text.into() }
}

/// A mesh at a moment of its own, and what it does.
struct Alice {
    mesh: Mesh,
    now: Instant,
    accepted: u64,
}

impl Alice {
    fn new() -> Self {
        Self::with(Scope::Lan, &[])
    }

    fn with(scope: Scope, peers: &[String]) -> Self {
        let now = Instant::now();
        Self { mesh: Mesh::new(info(ME, "Alice"), scope, peers, now), now, accepted: 0 }
    }

    /// What is done. A name is found at once.
    fn on(&mut self, report: Report) -> Vec<Action> {
        let mut actions = self.mesh.on(report, self.now);
        let looks_up = |action: &Action| matches!(action, Action::Dial(_, Callee::Name(_)));
        while let Some(place) = actions.iter().position(looks_up) {
            let Action::Dial(link, _) = actions.remove(place) else { unreachable!() };
            let found = Report::LookedUp(link, vec![NAMED.parse().unwrap()]);
            actions.extend(self.mesh.on(found, self.now));
            actions.extend(self.mesh.on(Report::Tick, self.now));
        }
        actions
    }

    fn shows(&mut self, report: Report) -> Vec<String> {
        shown(&self.on(report))
    }

    fn passes(&mut self, time: Duration) -> Vec<Action> {
        self.now += time;
        self.on(Report::Tick)
    }

    /// A peer dials that has heard our announcement.
    fn called(&mut self, info: PeerInfo, from: &str) -> (LinkId, Vec<Action>) {
        self.accepted += 1;
        let link = LinkId::Accepted(self.accepted);
        let hello = Hello { to: Some(ME), info };
        (link, self.on(Report::Called(link, hello, ip(from))))
    }

    /// Whom it dials, if it hears this peer now.
    fn dials(&mut self, info: PeerInfo, from: &str) -> Vec<(LinkId, Callee)> {
        assert_eq!(self.on(heard(info, from)), []);
        dials(&self.passes(Duration::from_millis(31)))
    }

    /// A peer is linked in this way, however that came about.
    fn is_linked(&mut self, link: LinkId, id: PeerId, name: &str) {
        self.mesh.link_up(link, info(id, name), "10.0.0.7:8081".parse().unwrap(), self.now);
        self.mesh.actions.clear();
    }

    fn says(&mut self, text: &str) -> Vec<Action> {
        self.on(Report::Typed(Command::Say(text.into())))
    }
}

fn shown(actions: &[Action]) -> Vec<String> {
    let events = actions.iter().filter_map(|action| match action {
        Action::Show(event) => Some(event.to_string()),
        _ => None,
    });
    events.collect()
}

fn dials(actions: &[Action]) -> Vec<(LinkId, Callee)> {
    let dials = actions.iter().filter_map(|action| match action {
        Action::Dial(link, callee) => Some((*link, callee.clone())),
        _ => None,
    });
    dials.collect()
}

#[test]
fn our_own_announcement_is_no_peer_and_we_are_not_our_own_peer() {
    let mut alice = Alice::new();
    assert_eq!(alice.dials(info(ME, "Alice"), "10.0.0.1"), []);
    let (link, actions) = alice.called(info(ME, "Alice"), "10.0.0.1");
    assert_eq!(actions, [Action::Answer(link, Answer::Nothing)]);
}

#[test]
fn a_hello_to_another_peer_is_not_answered() {
    let mut alice = Alice::new();
    let link = LinkId::Accepted(1);
    let hello = Hello { to: Some(ANN), info: info(BOB, "Bob") };
    let actions = alice.on(Report::Called(link, hello, ip("10.0.0.7")));
    assert_eq!(actions, [Action::Answer(link, Answer::Nothing)]);
}

#[test]
fn who_dials_while_being_dialed_is_decided_by_the_ids() {
    for (id, answer) in [(BOB, Answer::Dup), (ANN, Answer::Hello)] {
        let mut alice = Alice::new();
        assert_eq!(alice.dials(info(id, "Peer"), "10.0.0.7").len(), 1);
        let (link, actions) = alice.called(info(id, "Peer"), "10.0.0.7");
        assert_eq!(actions[0], Action::Answer(link, answer), "{id}");
    }
}

#[test]
fn a_caller_that_only_knows_an_address_takes_no_peers_place() {
    let mut alice = Alice::new();
    let (old, _) = alice.called(info(BOB, "Bob"), "10.0.0.7");
    alice.now += Duration::from_mins(1);
    let hello = Hello { to: None, info: info(BOB, "Bob") };
    let new = LinkId::Accepted(9);
    let actions = alice.on(Report::Called(new, hello, ip("10.0.0.66")));
    assert_eq!(actions, [Action::Answer(new, Answer::Dup)]);
    assert_eq!(alice.shows(Report::Got(old, said("still me"))), ["📨 Bob says: still me"]);
}

#[test]
fn a_peer_that_comes_back_takes_its_place_and_everybody_reads_it() {
    let mut alice = Alice::new();
    let (old, _) = alice.called(info(BOB, "Bob"), "10.0.0.7");
    alice.now += Duration::from_mins(1);
    let (new, actions) = alice.called(info(BOB, "Bob"), "10.0.0.4");
    assert_eq!(shown(&actions), ["🔁 Bob reconnected from 10.0.0.4"]);
    assert!(actions.contains(&Action::HangUp(old)));
    // What was on its way on the old link is not lost, and its end is no news.
    assert_eq!(alice.shows(Report::Got(old, said("one"))), ["📨 Bob says: one"]);
    assert_eq!(alice.on(Report::HungUp(old, Gone::HungUp)), []);
    assert_eq!(alice.on(Report::Got(old, said("from the grave"))), []);
    assert_eq!(alice.shows(Report::Got(new, said("two"))), ["📨 Bob says: two"]);
    let [.., Action::Say(_, to)] = &alice.says("hi")[..] else { panic!() };
    assert_eq!(to[..], [new]);
    // A peer that takes its place under another name does not hide which peer was there.
    alice.now += Duration::from_mins(1);
    let (_, actions) = alice.called(info(BOB, "Carol"), "10.0.0.9");
    assert_eq!(shown(&actions), ["🔁 Bob, now Carol, reconnected from 10.0.0.9"]);
}

#[test]
fn however_a_peer_goes_it_is_told_once() {
    let gone = [
        (Gone::HungUp, "👋 Bob left (without saying goodbye)"),
        (Gone::Silent(Duration::from_secs(6)), "⚠️ lost Bob (no answer for 6 s)"),
        (Gone::NotReading, "⚠️ lost Bob (it does not read what is sent)"),
        (Gone::LineTooLong, "⚠️ lost Bob (it does not speak the protocol)"),
        (Gone::Broken("no route".into()), "⚠️ lost Bob (no route)"),
    ];
    for (how, line) in gone {
        let mut alice = Alice::new();
        let (link, _) = alice.called(info(BOB, "Bob"), "10.0.0.7");
        assert_eq!(alice.shows(Report::HungUp(link, how.clone())), [line]);
        assert_eq!(alice.on(Report::HungUp(link, how)), []);
        assert_eq!(alice.shows(Report::Typed(Command::List)), ["📭 No peers yet"]);
    }
    let mut alice = Alice::new();
    let (link, _) = alice.called(info(BOB, "Bob"), "10.0.0.7");
    let actions = alice.on(Report::Got(link, Frame::Bye));
    assert_eq!(shown(&actions), ["👋 Bob left"]);
    assert!(actions.contains(&Action::HangUp(link)));
    assert_eq!(alice.on(Report::HungUp(link, Gone::HungUp)), []);
}

#[test]
fn messages_are_numbered_and_go_to_all_who_are_there() {
    let mut alice = Alice::new();
    assert_eq!(shown(&alice.says("Anybody?")), ["📭 No peers yet"]);
    let (bob, _) = alice.called(info(BOB, "Bob"), "10.0.0.7");
    let (ann, _) = alice.called(info(ANN, "Ann"), "10.0.0.3");
    for seq in 1..=3 {
        let [Action::Say(frame, to)] = &alice.says("hi")[..] else { panic!() };
        assert_eq!(frame.to_string(), format!("say {seq} hi\n"));
        assert_eq!(to[..], [ann, bob]);
    }
}

#[test]
fn two_of_the_same_name_can_be_told_apart() {
    let mut alice = Alice::new();
    let (bob, _) = alice.called(info(BOB, "Bob"), "10.0.0.7");
    let other = PeerId::from_bits(0x0012_3456 << 48);
    let (second, actions) = alice.called(info(other, "bob"), "10.0.0.8");
    assert_eq!(shown(&actions), ["🔍 Discovered new peer: bob#123456 (10.0.0.8)"]);
    assert_eq!(alice.shows(Report::Got(bob, said("hi"))), ["📨 Bob#000000 says: hi"]);
    assert_eq!(alice.shows(Report::Got(second, said("ho"))), ["📨 bob#123456 says: ho"]);
    let listed = alice.shows(Report::Typed(Command::List)).join("\n");
    assert!(listed.contains("  - Bob#000000 (000000-000000-0002bc) at"), "{listed}");
    // No peer can pass for ourselves, either.
    let (_, actions) = alice.called(info(ANN, "ALICE"), "10.0.0.3");
    assert_eq!(shown(&actions), ["🔍 Discovered new peer: ALICE#00000000000000012 (10.0.0.3)"]);
    // Alone again, the name is enough.
    let _ = alice.on(Report::HungUp(second, Gone::HungUp));
    assert_eq!(alice.shows(Report::Got(bob, said("hi"))), ["📨 Bob says: hi"]);
}

#[test]
fn a_label_has_as_many_digits_as_tell_all_apart_who_look_the_same() {
    let mut alice = Alice::new();
    let like = |first: u128| PeerId::from_bits(0x0036_1489 << 48 | first << 40);
    let (bob, _) = alice.called(info(like(0xab), "José"), "10.0.0.7");
    let (_, actions) = alice.called(info(like(0xac), "Jose\u{301}"), "10.0.0.8");
    assert_eq!(shown(&actions), ["🔍 Discovered new peer: Jose\u{301}#361489ac (10.0.0.8)"]);
    assert_eq!(alice.shows(Report::Got(bob, said("hi"))), ["📨 José#361489ab says: hi"]);
    // One that shares the beginning of our own id cannot pass for us.
    let (_, actions) = alice.called(info(BOB, "Alice"), "10.0.0.3");
    let told = "🔍 Discovered new peer: Alice#0000000000000002 (10.0.0.3)";
    assert_eq!(shown(&actions), [told]);
}

#[test]
fn a_stranger_is_not_heard_before_its_hello() {
    let mut alice = Alice::new();
    for frame in [said("hi"), Frame::Ping, Frame::Bye, Frame::Dup] {
        assert_eq!(alice.on(Report::Got(LinkId::Accepted(1), frame)), []);
    }
    assert_eq!(alice.on(Report::HungUp(LinkId::Accepted(1), Gone::HungUp)), []);
}

#[test]
fn what_would_be_told_again_and_again_is_told_once() {
    let mut alice = Alice::new();
    let other = || Report::Heard(Err(NotOurs::OtherVersion(2)), ip("10.0.0.9"));
    let line = "⚠️ A peer at 10.0.0.9 speaks p2pchat/2, and this program only p2pchat/1: they \
                cannot talk";
    assert_eq!(alice.shows(other()), [line]);
    assert_eq!(alice.on(other()), []);

    let mute = || Report::Announced(Err("no network".into()));
    let told = alice.shows(mute());
    assert!(told[0].contains("no network") && told[0].contains("--broadcast"), "{told:?}");
    assert_eq!(alice.on(mute()), []);
    assert_eq!(alice.shows(Report::Announced(Ok(()))), ["📡 Announcing to the network again"]);
    assert_eq!(alice.on(Report::Announced(Ok(()))), []);
    assert_eq!(alice.shows(mute()).len(), 1);
}

#[test]
fn there_is_room_for_256_and_no_more() {
    let mut alice = Alice::new();
    for n in 1000..1000 + MAX_LINKS as u128 {
        let (link, actions) = alice.called(info(PeerId::from_bits(n), "P"), "10.0.0.7");
        assert_eq!(actions[0], Action::Answer(link, Answer::Hello));
    }
    let (link, actions) = alice.called(info(BOB, "Bob"), "10.0.0.7");
    assert_eq!(actions[0], Action::Answer(link, Answer::Nothing));
    let full = "⚠️ 256 peers are linked, which is all there is room for";
    assert_eq!(shown(&actions), [full]);
    let (link, actions) = alice.called(info(BOB, "Bob"), "10.0.0.7");
    assert_eq!(actions, [Action::Answer(link, Answer::Nothing)]);
    // A peer that is heard now is not dialed: it would only be hung up on.
    assert!(alice.dials(info(BOB, "Bob"), "10.0.0.7").is_empty());
    // One that is in may still come back by another link.
    alice.now += Duration::from_mins(1);
    let (link, actions) = alice.called(info(PeerId::from_bits(1000), "P"), "10.0.0.8");
    assert_eq!(actions[0], Action::Answer(link, Answer::Hello));
}

#[test]
fn of_two_links_that_stand_the_dial_of_the_smaller_id_counts() {
    for (id, ours_counts) in [(BOB, true), (ANN, false)] {
        let mut alice = Alice::new();
        let ours = alice.dials(info(id, "Peer"), "10.0.0.7")[0].0;
        // However it came about: theirs stands already when ours is answered.
        let theirs = LinkId::Accepted(9);
        let address = "10.0.0.7:8081".parse().unwrap();
        alice.is_linked(theirs, id, "Peer");
        let actions = alice.on(Report::DialAnswered(ours, info(id, "Peer"), address));
        let loser = if ours_counts { theirs } else { ours };
        assert_eq!(actions, [Action::HangUp(loser)], "{id}");
        let [Action::Say(_, to)] = &alice.says("hi")[..] else { panic!() };
        assert_eq!(to[..], [if ours_counts { ours } else { theirs }]);
        // A long time later it is no crossing: the peer that answered has decided for the new one.
        alice.now += Duration::from_mins(1);
        let later = LinkId::Dialed(99);
        let accepted = LinkId::Accepted(10);
        alice.is_linked(accepted, id, "Peer");
        alice.now += Duration::from_mins(1);
        let actions = alice.on(Report::DialAnswered(later, info(id, "Peer"), address));
        assert!(actions.contains(&Action::HangUp(accepted)), "{actions:?}");
    }
}

#[test]
fn a_peer_that_was_named_in_two_ways_keeps_one_link() {
    let mut alice = Alice::with(Scope::Lan, &["bob:8081".into(), "10.0.0.7:8081".into()]);
    let out = dials(&alice.on(Report::Tick));
    let address = "10.0.0.7:8081".parse().unwrap();
    let found = alice.shows(Report::DialAnswered(out[0].0, info(BOB, "Bob"), address));
    assert_eq!(found.len(), 1);
    let actions = alice.on(Report::DialAnswered(out[1].0, info(BOB, "Bob"), address));
    assert_eq!(actions, [Action::HangUp(out[1].0)]);
}

#[test]
fn who_is_there_is_listed_by_name() {
    let mut alice = Alice::new();
    for (n, name) in [(900, "Zoe"), (901, "Bob"), (902, "Ann")] {
        let _ = alice.called(info(PeerId::from_bits(n), name), "10.0.0.7");
    }
    let listed = alice.shows(Report::Typed(Command::List)).join("\n");
    let names: Vec<_> = listed.lines().skip(1).map(|line| &line[4..7]).collect();
    assert_eq!(names, ["Ann", "Bob", "Zoe"]);
}
