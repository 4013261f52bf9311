//! The rules, tried with fake time, and the crossing of two dials in every order there is.

mod crossing;
mod scale;

use std::time::Duration;

use super::*;
use crate::event::Failure;

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

    /// A peer dials, in the way of one who has heard our announcement.
    fn asked(&mut self, info: PeerInfo, from: &str) -> (LinkId, Vec<Action>) {
        self.accepted += 1;
        let link = LinkId::Accepted(self.accepted);
        let hello = Hello { to: Some(ME), info };
        (link, self.on(Report::Asked(link, hello, ip(from))))
    }

    /// Whom it dials, if it hears this peer now.
    fn dials(&mut self, info: PeerInfo, from: &str) -> Vec<(LinkId, Callee)> {
        assert_eq!(self.on(Report::Heard(Ok(Announcement::Here(info)), ip(from))), []);
        dials(&self.passes(Duration::from_millis(31)))
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
fn a_peer_that_is_heard_is_dialed_and_listed_once_it_picks_up() {
    let mut alice = Alice::new();
    let out = alice.dials(info(BOB, "Bob"), "10.0.0.7");
    let [(link, Callee::At { to: Some(BOB), address, .. })] = out[..] else {
        panic!("{out:?}")
    };
    assert_eq!(address, "10.0.0.7:8081".parse().unwrap());
    // What was announced may be false. What counts is which peer answers.
    assert_eq!(alice.shows(Report::Typed(Command::List)), ["📭 No peers yet"]);
    let answered = Report::DialAnswered(link, info(BOB, "Robert"), address);
    assert_eq!(alice.shows(answered), ["🔍 Discovered new peer: Robert (10.0.0.7)"]);
    let listed = alice.shows(Report::Typed(Command::List));
    let line = "  - Robert (000000-000000-0002bc) at 10.0.0.7:8081";
    assert_eq!(listed, [format!("👥 Discovered peers:\n{line}")]);
    // Heard again: nothing to do. Announced under another name: nothing to show.
    assert_eq!(alice.dials(info(BOB, "Bobby"), "10.0.0.7"), []);
    assert_eq!(alice.shows(Report::Typed(Command::List)), listed);
}

#[test]
fn no_stranger_can_make_us_dial_outside_of_our_network() {
    for (from, dialed) in [
        ("127.0.0.1", true),
        ("10.1.2.3", true),
        ("172.16.0.1", true),
        ("172.32.0.1", false),
        ("192.168.1.101", true),
        ("169.254.1.1", true),
        ("8.8.8.8", false),
        ("203.0.113.5", false),
        ("100.64.0.1", false),
        ("224.0.0.1", false),
        ("0.0.0.0", false),
        ("255.255.255.255", false),
        ("::1", false),
        ("2001:db8::1", false),
    ] {
        let mut alice = Alice::new();
        assert_eq!(!alice.dials(info(BOB, "Bob"), from).is_empty(), dialed, "{from}");
    }
    let mut alice = Alice::with(Scope::ThisMachine, &[]);
    assert_eq!(alice.dials(info(BOB, "Bob"), "192.168.1.101"), []);
    assert_eq!(alice.dials(info(BOB, "Bob"), "127.0.0.5").len(), 1);
}

#[test]
fn a_peer_that_is_heard_a_thousand_times_a_second_is_dialed_once_in_each_pause() {
    let mut alice = Alice::new();
    let mut at = Vec::new();
    let start = alice.now;
    for _ in 0..20_000 {
        alice.now += Duration::from_millis(1);
        let heard =
            alice.on(Report::Heard(Ok(Announcement::Here(info(BOB, "Bob"))), ip("10.0.0.7")));
        assert_eq!(heard, []);
        for (link, _) in dials(&alice.on(Report::Tick)) {
            at.push(alice.now.duration_since(start).as_secs());
            let why = NoLink::Failed(Failure::Refused);
            assert_eq!(alice.on(Report::NotLinked(link, why)), []);
        }
    }
    assert_eq!(at, [0, 1, 3, 7, 15]);
}

#[test]
fn our_own_announcement_is_no_peer_and_we_are_not_our_own_peer() {
    let mut alice = Alice::new();
    assert_eq!(alice.dials(info(ME, "Alice"), "10.0.0.1"), []);
    let (link, actions) = alice.asked(info(ME, "Alice"), "10.0.0.1");
    assert_eq!(actions, [Action::Answer(link, Answer::Nothing)]);
}

#[test]
fn a_hello_to_another_peer_is_not_answered() {
    let mut alice = Alice::new();
    let link = LinkId::Accepted(1);
    let hello = Hello { to: Some(ANN), info: info(BOB, "Bob") };
    let actions = alice.on(Report::Asked(link, hello, ip("10.0.0.7")));
    assert_eq!(actions, [Action::Answer(link, Answer::Nothing)]);
}

#[test]
fn who_dials_while_being_dialed_is_decided_by_the_ids() {
    for (id, answer) in [(BOB, Answer::Dup), (ANN, Answer::Hello)] {
        let mut alice = Alice::new();
        assert_eq!(alice.dials(info(id, "Peer"), "10.0.0.7").len(), 1);
        let (link, actions) = alice.asked(info(id, "Peer"), "10.0.0.7");
        assert_eq!(actions[0], Action::Answer(link, answer), "{id}");
    }
}

#[test]
fn a_caller_that_only_knows_an_address_takes_no_peers_place() {
    let mut alice = Alice::new();
    let (old, _) = alice.asked(info(BOB, "Bob"), "10.0.0.7");
    alice.now += Duration::from_mins(1);
    let hello = Hello { to: None, info: info(BOB, "Bob") };
    let new = LinkId::Accepted(9);
    let actions = alice.on(Report::Asked(new, hello, ip("10.0.0.66")));
    assert_eq!(actions, [Action::Answer(new, Answer::Dup)]);
    assert_eq!(alice.shows(Report::Got(old, said("still me"))), ["📨 Bob says: still me"]);
}

#[test]
fn a_peer_that_comes_back_takes_its_place_and_everybody_reads_it() {
    let mut alice = Alice::new();
    let (old, _) = alice.asked(info(BOB, "Bob"), "10.0.0.7");
    alice.now += Duration::from_mins(1);
    let (new, actions) = alice.asked(info(BOB, "Bob"), "10.0.0.4");
    assert_eq!(shown(&actions), ["🔁 Bob reconnected from 10.0.0.4"]);
    assert!(actions.contains(&Action::HangUp(old)));
    // What was on its way on the old link is not lost, and its end is no news.
    assert_eq!(alice.shows(Report::Got(old, said("one"))), ["📨 Bob says: one"]);
    assert_eq!(alice.on(Report::HungUp(old, Gone::HungUp)), []);
    assert_eq!(alice.on(Report::Got(old, said("from the grave"))), []);
    assert_eq!(alice.shows(Report::Got(new, said("two"))), ["📨 Bob says: two"]);
    let [.., Action::Say(_, to)] = &alice.says("hi")[..] else { panic!() };
    assert_eq!(to[..], [new]);
    // Whoever takes its place and calls itself otherwise does not hide who was there.
    alice.now += Duration::from_mins(1);
    let (_, actions) = alice.asked(info(BOB, "Carol"), "10.0.0.9");
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
        let (link, _) = alice.asked(info(BOB, "Bob"), "10.0.0.7");
        assert_eq!(alice.shows(Report::HungUp(link, how.clone())), [line]);
        assert_eq!(alice.on(Report::HungUp(link, how)), []);
        assert_eq!(alice.shows(Report::Typed(Command::List)), ["📭 No peers yet"]);
    }
    let mut alice = Alice::new();
    let (link, _) = alice.asked(info(BOB, "Bob"), "10.0.0.7");
    let actions = alice.on(Report::Got(link, Frame::Bye));
    assert_eq!(shown(&actions), ["👋 Bob left"]);
    assert!(actions.contains(&Action::HangUp(link)));
    assert_eq!(alice.on(Report::HungUp(link, Gone::HungUp)), []);
}

#[test]
fn what_a_lost_peer_may_have_missed_is_counted() {
    let mut alice = Alice::new();
    let (link, _) = alice.asked(info(BOB, "Bob"), "10.0.0.7");
    let _ = alice.says("one");
    let _ = alice.on(Report::Got(link, Frame::Read(1)));
    let _ = alice.says("two");
    let _ = alice.says("three");
    // Signs of life, and numbers of messages that it was not sent, prove nothing.
    for frame in
        [Frame::Ping, said("hi"), Frame::Read(u64::MAX), Frame::Read(0), Frame::Read(1)]
    {
        let _ = alice.on(Report::Got(link, frame));
    }
    let lost = alice.shows(Report::HungUp(link, Gone::Silent(Duration::from_secs(6))));
    let unsure = "⚠️ 2 message(s) to Bob may not have arrived";
    assert_eq!(lost, ["⚠️ lost Bob (no answer for 6 s)", unsure]);
    // It is told once. One that comes back has been sent nothing yet.
    let (link, _) = alice.asked(info(BOB, "Bob"), "10.0.0.7");
    assert_eq!(alice.shows(Report::HungUp(link, Gone::HungUp)).len(), 1);
    assert_eq!(alice.on(Report::Left), []);
}

#[test]
fn a_goodbye_does_not_prove_that_all_was_read() {
    for (last, unsure) in [(2, None), (1, Some("⚠️ 1 message(s) to Bob may not have arrived"))]
    {
        let mut alice = Alice::new();
        let (link, _) = alice.asked(info(BOB, "Bob"), "10.0.0.7");
        let _ = (alice.says("one"), alice.says("two"));
        let _ = alice.on(Report::Got(link, Frame::Read(last)));
        let gone = alice.shows(Report::Got(link, Frame::Bye));
        let expected: Vec<_> = ["👋 Bob left"].into_iter().chain(unsure).collect();
        assert_eq!(gone, expected);
        // The same if it is we who leave: whoever has not confirmed all by then is named.
        let mut alice = Alice::new();
        let (link, _) = alice.asked(info(BOB, "Bob"), "10.0.0.7");
        let _ = (alice.says("one"), alice.says("two"));
        let _ = alice.on(Report::Got(link, Frame::Read(last)));
        assert_eq!(alice.shows(Report::Left), unsure.into_iter().collect::<Vec<_>>());
    }
}

#[test]
fn what_was_said_on_a_link_that_another_one_has_replaced_is_not_forgotten() {
    // Bob's id redials a minute later, or our own dial crosses with his.
    for pause in [Duration::from_mins(1), Duration::ZERO] {
        for (numbers, missing) in [(&[][..], 2), (&[2], 1), (&[1], 1), (&[2, 1], 0)] {
            let mut alice = Alice::new();
            let ours = alice.dials(info(BOB, "Bob"), "10.0.0.7")[0].0;
            let address = "10.0.0.7:8081".parse().unwrap();
            let old = LinkId::Accepted(9);
            let _ = alice.mesh.link_up(old, info(BOB, "Bob"), address, alice.now);
            let _ = alice.says("one");
            alice.now += pause;
            let (new, actions) = if pause.is_zero() {
                (ours, alice.on(Report::DialAnswered(ours, info(BOB, "Bob"), address)))
            } else {
                alice.asked(info(BOB, "Bob"), "10.0.0.7")
            };
            assert!(actions.contains(&Action::HangUp(old)), "{actions:?}");
            let _ = alice.on(Report::HungUp(old, Gone::HungUp));
            let _ = alice.says("two");
            let _ = alice.on(Report::Got(new, Frame::Ping));
            for seq in numbers {
                let _ = alice.on(Report::Got(new, Frame::Read(*seq)));
            }
            let told = alice.shows(Report::HungUp(new, Gone::HungUp));
            let unsure = format!("⚠️ {missing} message(s) to Bob may not have arrived");
            assert_eq!(told.get(1), (missing > 0).then_some(&unsure), "{numbers:?}");
        }
    }
}

#[test]
fn what_was_read_is_confirmed_on_the_link_that_stands() {
    let mut alice = Alice::new();
    let message = |seq| Frame::Say { seq, text: "hi".into() };
    let (old, _) = alice.asked(info(BOB, "Bob"), "10.0.0.7");
    let _ = (alice.on(Report::Got(old, message(1))), alice.on(Report::Got(old, message(2))));
    // After a moment, in which others may follow. Then nothing is due but an announcement.
    let due = alice.now + CONFIRM_AFTER;
    assert!(alice.mesh.next_due() <= due);
    let early = CONFIRM_AFTER.saturating_sub(Duration::from_millis(1));
    assert_eq!(alice.passes(early), [Action::Announce]);
    assert_eq!(alice.mesh.next_due(), due);
    assert_eq!(alice.passes(Duration::from_millis(1)), [Action::Confirm(old, 2)]);
    assert!(alice.mesh.next_due() > due);
    assert_eq!(alice.on(Report::Leaving), []);
    // Of each link the last one: a number says nothing about another link.
    alice.now += Duration::from_mins(1);
    let (new, _) = alice.asked(info(BOB, "Bob"), "10.0.0.7");
    let _ = (alice.on(Report::Got(old, message(3))), alice.on(Report::Got(new, message(5))));
    let _ = alice.on(Report::HungUp(old, Gone::HungUp));
    let confirmed = [Action::Confirm(new, 3), Action::Confirm(new, 5)];
    assert_eq!(alice.on(Report::Leaving), confirmed);
    // What we say may be an answer.
    let _ = alice.on(Report::Got(new, message(6)));
    assert_eq!(alice.says("hi")[0], Action::Confirm(new, 6));
    // A peer that leaves waits for the answer to its last words.
    let _ = alice.on(Report::Got(new, message(7)));
    let actions = alice.on(Report::Got(new, Frame::Bye));
    assert_eq!(actions[..2], [Action::Confirm(new, 7), Action::HangUp(new)]);
    // Who is gone gets no receipt.
    let (ann, _) = alice.asked(info(ANN, "Ann"), "10.0.0.3");
    let _ = alice.on(Report::Got(ann, message(1)));
    let _ = alice.on(Report::HungUp(ann, Gone::HungUp));
    assert_eq!(alice.on(Report::Leaving), []);
}

#[test]
fn messages_are_numbered_and_go_to_all_who_are_there() {
    let mut alice = Alice::new();
    assert_eq!(shown(&alice.says("Anybody?")), ["📭 No peers yet"]);
    let (bob, _) = alice.asked(info(BOB, "Bob"), "10.0.0.7");
    let (ann, _) = alice.asked(info(ANN, "Ann"), "10.0.0.3");
    for seq in 1..=3 {
        let [Action::Say(frame, to)] = &alice.says("hi")[..] else { panic!() };
        assert_eq!(frame.to_string(), format!("say {seq} hi\n"));
        assert_eq!(to[..], [ann, bob]);
    }
}

#[test]
fn two_of_the_same_name_can_be_told_apart() {
    let mut alice = Alice::new();
    let (bob, _) = alice.asked(info(BOB, "Bob"), "10.0.0.7");
    let other = PeerId::from_bits(0x0012_3456 << 48);
    let (second, actions) = alice.asked(info(other, "bob"), "10.0.0.8");
    assert_eq!(shown(&actions), ["🔍 Discovered new peer: bob#123456 (10.0.0.8)"]);
    assert_eq!(alice.shows(Report::Got(bob, said("hi"))), ["📨 Bob#000000 says: hi"]);
    assert_eq!(alice.shows(Report::Got(second, said("ho"))), ["📨 bob#123456 says: ho"]);
    let listed = alice.shows(Report::Typed(Command::List)).join("\n");
    assert!(listed.contains("  - Bob#000000 (000000-000000-0002bc) at"), "{listed}");
    // No peer can pass for ourselves, either.
    let (_, actions) = alice.asked(info(ANN, "ALICE"), "10.0.0.3");
    assert_eq!(shown(&actions), ["🔍 Discovered new peer: ALICE#00000000000000012 (10.0.0.3)"]);
    // Alone again, the name is enough.
    let _ = alice.on(Report::HungUp(second, Gone::HungUp));
    assert_eq!(alice.shows(Report::Got(bob, said("hi"))), ["📨 Bob says: hi"]);
}

#[test]
fn a_label_has_as_many_digits_as_tell_all_apart_who_look_the_same() {
    let mut alice = Alice::new();
    let like = |first: u128| PeerId::from_bits(0x0036_1489 << 48 | first << 40);
    let (bob, _) = alice.asked(info(like(0xab), "José"), "10.0.0.7");
    let (_, actions) = alice.asked(info(like(0xac), "Jose\u{301}"), "10.0.0.8");
    assert_eq!(shown(&actions), ["🔍 Discovered new peer: Jose\u{301}#361489ac (10.0.0.8)"]);
    assert_eq!(alice.shows(Report::Got(bob, said("hi"))), ["📨 José#361489ab says: hi"]);
    // One that shares the beginning of our own id cannot pass for us.
    let (_, actions) = alice.asked(info(BOB, "Alice"), "10.0.0.3");
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
        let (link, actions) = alice.asked(info(PeerId::from_bits(n), "P"), "10.0.0.7");
        assert_eq!(actions[0], Action::Answer(link, Answer::Hello));
    }
    let (link, actions) = alice.asked(info(BOB, "Bob"), "10.0.0.7");
    assert_eq!(actions[0], Action::Answer(link, Answer::Nothing));
    let full = "⚠️ 256 peers are linked, which is all there is room for";
    assert_eq!(shown(&actions), [full]);
    let (link, actions) = alice.asked(info(BOB, "Bob"), "10.0.0.7");
    assert_eq!(actions, [Action::Answer(link, Answer::Nothing)]);
    // A peer that is heard now is not dialed: it would only be hung up on.
    assert!(alice.dials(info(BOB, "Bob"), "10.0.0.7").is_empty());
    // One that is in may still come back by another link.
    alice.now += Duration::from_mins(1);
    let (link, actions) = alice.asked(info(PeerId::from_bits(1000), "P"), "10.0.0.8");
    assert_eq!(actions[0], Action::Answer(link, Answer::Hello));
}

#[test]
fn a_peer_that_came_when_there_was_no_room_is_dialed_again_when_there_is() {
    let mut alice = Alice::with(Scope::Lan, &["ann.lan:8081".into()]);
    let named = dials(&alice.on(Report::Tick))[0].0;
    let dialed = alice.dials(info(BOB, "Bob"), "10.0.0.7")[0].0;
    for n in 1000..1000 + MAX_LINKS as u128 {
        let _ = alice.asked(info(PeerId::from_bits(n), "P"), "10.0.0.7");
    }
    // Both answer, but others were first.
    let address = "10.0.0.7:8081".parse().unwrap();
    for (link, id) in [(dialed, BOB), (named, ANN)] {
        let actions = alice.on(Report::DialAnswered(link, info(id, "Late"), address));
        assert_eq!(actions, [Action::HangUp(link)]);
        assert_eq!(alice.on(Report::HungUp(link, Gone::HungUp)), []);
    }
    let leaves = LinkId::Accepted(1);
    assert_eq!(alice.shows(Report::HungUp(leaves, Gone::HungUp)).len(), 1);
    alice.now += Duration::from_secs(2);
    assert_eq!(
        alice.on(Report::Heard(Ok(Announcement::Here(info(BOB, "Bob"))), ip("10.0.0.7"))),
        []
    );
    let again = dials(&alice.passes(Duration::from_millis(31)));
    assert_eq!(again.len(), 2, "{again:?}");
}

#[test]
fn of_two_links_that_stand_the_dial_of_the_smaller_id_counts() {
    for (id, ours_counts) in [(BOB, true), (ANN, false)] {
        let mut alice = Alice::new();
        let ours = alice.dials(info(id, "Peer"), "10.0.0.7")[0].0;
        // However it came about: theirs stands already when ours is answered.
        let theirs = LinkId::Accepted(9);
        let address = "10.0.0.7:8081".parse().unwrap();
        let _ = alice.mesh.link_up(theirs, info(id, "Peer"), address, alice.now);
        let actions = alice.on(Report::DialAnswered(ours, info(id, "Peer"), address));
        let loser = if ours_counts { theirs } else { ours };
        assert_eq!(actions, [Action::HangUp(loser)], "{id}");
        let [Action::Say(_, to)] = &alice.says("hi")[..] else { panic!() };
        assert_eq!(to[..], [if ours_counts { ours } else { theirs }]);
        // A long time later it is no crossing: the peer that answered has decided for the new one.
        alice.now += Duration::from_mins(1);
        let later = LinkId::Dialed(99);
        let accepted = LinkId::Accepted(10);
        let _ = alice.mesh.link_up(accepted, info(id, "Peer"), address, alice.now);
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
        let _ = alice.asked(info(PeerId::from_bits(n), name), "10.0.0.7");
    }
    let listed = alice.shows(Report::Typed(Command::List)).join("\n");
    let names: Vec<_> = listed.lines().skip(1).map(|line| &line[4..7]).collect();
    assert_eq!(names, ["Ann", "Bob", "Zoe"]);
}

#[test]
fn a_peer_that_moves_is_dialed_where_it_was_heard_last() {
    let mut alice = Alice::new();
    let link = alice.dials(info(BOB, "Bob"), "10.0.0.7")[0].0;
    let refused = Report::NotLinked(link, NoLink::Failed(Failure::Refused));
    assert_eq!(alice.on(refused), []);
    alice.now += Duration::from_secs(1);
    let out = alice.dials(info(BOB, "Bob"), "10.0.0.8");
    assert!(
        matches!(out[..], [(_, Callee::At { to: Some(BOB), address, .. })] if address.ip() == ip("10.0.0.8"))
    );
}

#[test]
fn a_peer_that_refused_us_for_another_link_is_dialed_again_if_that_one_never_comes() {
    let mut alice = Alice::new();
    let link = alice.dials(info(BOB, "Bob"), "10.0.0.7")[0].0;
    assert_eq!(alice.on(Report::NotLinked(link, NoLink::Dup)), []);
    assert!(alice.dials(info(BOB, "Bob"), "10.0.0.7").is_empty());
    alice.now += Duration::from_secs(1);
    assert_eq!(alice.dials(info(BOB, "Bob"), "10.0.0.7").len(), 1);
}

#[test]
fn a_peer_that_is_lost_at_once_is_not_dialed_at_once() {
    let mut alice = Alice::new();
    let link = alice.dials(info(BOB, "Bob"), "10.0.0.7")[0].0;
    let address = "10.0.0.7:8081".parse().unwrap();
    let _ = alice.on(Report::DialAnswered(link, info(BOB, "Bob"), address));
    let _ = alice.on(Report::HungUp(link, Gone::HungUp));
    assert!(alice.dials(info(BOB, "Bob"), "10.0.0.7").is_empty());
    alice.now += Duration::from_secs(1);
    assert_eq!(alice.dials(info(BOB, "Bob"), "10.0.0.7").len(), 1);
}

#[test]
fn with_local_nothing_is_heeded_that_comes_from_elsewhere() {
    let mut alice = Alice::with(Scope::ThisMachine, &[]);
    assert_eq!(alice.on(Report::Heard(Err(NotOurs::OtherVersion(2)), ip("10.0.0.9"))), []);
    assert_eq!(
        alice.on(Report::Heard(Ok(Announcement::Here(info(ANN, "Ann"))), ip("127.0.0.1"))),
        []
    );
    assert_eq!(alice.on(Report::Heard(Ok(Announcement::Bye(ANN)), ip("10.0.0.9"))), []);
    assert_eq!(dials(&alice.passes(Duration::from_millis(31))).len(), 1);
}

#[test]
fn a_machine_that_slept_loses_its_peers_and_finds_them_again() {
    let mut alice = Alice::new();
    let (link, _) = alice.asked(info(BOB, "Bob"), "10.0.0.7");
    let _ = alice.passes(Duration::from_secs(2));
    // An hour in one step: every timer there is has run out at once.
    let actions = alice.passes(Duration::from_hours(1));
    assert_eq!(actions, [Action::Announce]);
    assert!(alice.mesh.next_due() > alice.now);
    let lost = alice.shows(Report::HungUp(link, Gone::Silent(Duration::from_secs(6))));
    assert_eq!(lost, ["⚠️ lost Bob (no answer for 6 s)"]);
    let out = alice.dials(info(BOB, "Bob"), "10.0.0.7");
    let [(link, Callee::At { address, .. })] = out[..] else { panic!("{out:?}") };
    let found = alice.shows(Report::DialAnswered(link, info(BOB, "Bob"), address));
    assert_eq!(found, ["🔍 Discovered new peer: Bob (10.0.0.7)"]);
}

#[test]
fn an_address_that_was_named_is_told_once_and_tried_again() {
    let mut alice = Alice::with(Scope::Lan, &["bob.lan:8081".into()]);
    let out = dials(&alice.on(Report::Tick));
    let [(link, Callee::At { to: None, .. })] = out[..] else { panic!("{out:?}") };
    let refused = |link| Report::NotLinked(link, NoLink::Failed(Failure::Refused));
    let line = "⚠️ No answer from bob.lan:8081 yet (nobody listens there); trying again until \
                there is";
    assert_eq!(alice.shows(refused(link)), [line]);
    let out = dials(&alice.passes(Duration::from_secs(1)));
    assert_eq!(alice.on(refused(out[0].0)), []);
    let out = dials(&alice.passes(Duration::from_secs(2)));
    let address = "203.0.113.5:8081".parse().unwrap();
    let found = alice.shows(Report::DialAnswered(out[0].0, info(BOB, "Bob"), address));
    assert_eq!(found, ["🔍 Discovered new peer: Bob (203.0.113.5)"]);
    assert!(dials(&alice.passes(Duration::from_mins(10))).is_empty());
}

/// A caller that knows no id, and says that it listens at this port.
fn calls(alice: &mut Alice, id: PeerId, from: &str, port: u16) -> (LinkId, Vec<Action>) {
    alice.accepted += 1;
    let link = LinkId::Accepted(alice.accepted);
    let info = PeerInfo { port, ..info(id, "Guest") };
    (link, alice.on(Report::Asked(link, Hello { to: None, info }, ip(from))))
}

#[test]
fn a_name_that_is_looked_up_in_vain_holds_up_no_caller() {
    for id in [BOB, ANN] {
        let mut alice = Alice::with(Scope::Lan, &["dave.lan:8081".into()]);
        let out = dials(&alice.mesh.on(Report::Tick, alice.now));
        let [(look_up, Callee::Name(_))] = out[..] else { panic!("{out:?}") };
        alice.now += Duration::from_secs(30);
        let (link, actions) = calls(&mut alice, id, "10.0.0.7", 8081);
        assert_eq!(actions[0], Action::Answer(link, Answer::Hello));
        // Nor is anybody else left alone who is heard.
        let heard = info(PeerId::from_bits(900), "Zoe");
        assert_eq!(alice.dials(heard, "10.0.0.8").len(), 1);
        let why = NoLink::Failed(Failure::System("no name server".into()));
        let told = alice.shows(Report::NotLinked(look_up, why));
        assert!(told[0].starts_with("⚠️ No answer from dave.lan:8081 yet (no name server)"));
    }
}

#[test]
fn a_dial_to_a_named_address_holds_up_no_caller_but_the_one_that_listens_there() {
    for (id, from, port, answer) in [
        (BOB, "10.0.0.99", 8081, Answer::Dup),
        (ANN, "10.0.0.99", 8081, Answer::Hello),
        (BOB, "10.0.0.99", 8082, Answer::Hello),
        (BOB, "10.0.0.7", 8081, Answer::Hello),
        (ANN, "10.0.0.7", 8081, Answer::Hello),
    ] {
        let mut alice = Alice::with(Scope::Lan, &["dave.lan:8081".into()]);
        assert_eq!(dials(&alice.on(Report::Tick)).len(), 1);
        let (link, actions) = calls(&mut alice, id, from, port);
        assert_eq!(actions[0], Action::Answer(link, answer), "{id} {from} {port}");
    }
}

#[test]
fn guests_that_come_and_go_put_off_no_dial_of_ours() {
    // A guest that says it listens at the named address puts off the dial once.
    for (from, port, latest) in
        [("10.0.0.7", 8081, 1), ("10.0.0.99", 8082, 1), ("10.0.0.99", 8081, 4)]
    {
        let mut alice = Alice::with(Scope::Lan, &["dave.lan:8081".into()]);
        let link = dials(&alice.on(Report::Tick))[0].0;
        let refused = Report::NotLinked(link, NoLink::Failed(Failure::Refused));
        assert_eq!(alice.shows(refused).len(), 1);
        let start = alice.now;
        let mut dialed = None;
        while dialed.is_none() {
            let (guest, actions) = calls(&mut alice, BOB, from, port);
            assert_eq!(actions[0], Action::Answer(guest, Answer::Hello));
            for _ in 0..5 {
                let out = dials(&alice.passes(Duration::from_millis(100)));
                let after = alice.now.duration_since(start);
                dialed = dialed.or_else(|| (!out.is_empty()).then_some(after));
            }
            assert!(alice.shows(Report::HungUp(guest, Gone::HungUp))[0].contains("left"));
        }
        assert!(dialed <= Some(Duration::from_secs(latest)), "{from} {port}: {dialed:?}");
    }
}

#[test]
fn a_peer_that_is_heard_at_two_addresses_is_dialed_at_the_second_when_the_first_fails() {
    for why in [Failure::NoAnswer(PATIENCE), Failure::Refused, Failure::AnotherPeer] {
        let mut alice = Alice::new();
        let announcement = || Ok(Announcement::Here(info(BOB, "Bob")));
        assert_eq!(alice.on(Report::Heard(announcement(), ip("10.0.0.7"))), []);
        let out = alice.dials(info(BOB, "Bob"), "10.1.0.7");
        let first = "10.0.0.7:8081".parse().unwrap();
        let patience = PATIENCE / 2;
        assert_eq!(out[0].1, Callee::At { to: Some(BOB), address: first, patience });
        assert_eq!(alice.on(Report::NotLinked(out[0].0, NoLink::Failed(why))), []);
        let out = dials(&alice.on(Report::Tick));
        let [(link, Callee::At { to: Some(BOB), address, .. })] = out[..] else {
            panic!("{out:?}")
        };
        let answered = Report::DialAnswered(link, info(BOB, "Bob"), address);
        assert_eq!(alice.shows(answered), ["🔍 Discovered new peer: Bob (10.1.0.7)"]);
    }
}

/// A cable is cut as soon as there is a link, and mended as soon as the loss is noticed. The peer
/// announces itself at once, when it is still left alone, and then six seconds later.
#[test]
fn after_however_many_short_cuts_a_peer_is_back_within_seven_seconds() {
    let mut alice = Alice::new();
    let mut healed = alice.now;
    for cut in 0..20 {
        let mut dial = None;
        while dial.is_none() {
            let since = alice.now.duration_since(healed);
            assert!(since <= Duration::from_secs(7), "apart for {since:?} after {cut} cuts");
            if since.as_millis().is_multiple_of(6000) {
                let heard = Ok(Announcement::Here(info(BOB, "Bob")));
                assert_eq!(alice.on(Report::Heard(heard, ip("10.0.0.7"))), []);
            }
            dial = dials(&alice.passes(Duration::from_millis(1))).pop();
        }
        let Some((link, Callee::At { address, .. })) = dial else { panic!("{dial:?}") };
        let answered = Report::DialAnswered(link, info(BOB, "Bob"), address);
        assert_eq!(alice.shows(answered).len(), 1);
        alice.now += Duration::from_secs(6);
        let lost = Report::HungUp(link, Gone::Silent(Duration::from_secs(6)));
        assert_eq!(alice.shows(lost), ["⚠️ lost Bob (no answer for 6 s)"]);
        healed = alice.now;
    }
}

/// The same where its announcements arrive and its answers do not, for a minute.
#[test]
fn a_peer_that_could_be_heard_and_not_reached_is_back_within_seven_seconds() {
    let mut alice = Alice::new();
    let start = alice.now;
    let healed = start + Duration::from_mins(1);
    let mut out: Option<(LinkId, Instant)> = None;
    loop {
        let ms = alice.now.duration_since(start).as_millis();
        if ms.is_multiple_of(6000) {
            let heard = Ok(Announcement::Here(info(BOB, "Bob")));
            assert_eq!(alice.on(Report::Heard(heard, ip("10.0.0.7"))), []);
        }
        if let Some((link, _)) = out.take_if(|(_, since)| alice.now >= *since + PATIENCE) {
            let why = NoLink::Failed(Failure::NoAnswer(PATIENCE));
            assert_eq!(alice.on(Report::NotLinked(link, why)), []);
        }
        if let Some((link, _)) = dials(&alice.passes(Duration::from_millis(1))).pop() {
            out = Some((link, alice.now));
            if alice.now >= healed {
                break;
            }
        }
    }
    let apart = alice.now.duration_since(healed);
    assert!(apart <= Duration::from_secs(7), "{apart:?}");
}

#[test]
fn a_goodbye_from_a_stranger_ends_nothing() {
    let mut alice = Alice::new();
    let (link, _) = alice.asked(info(BOB, "Bob"), "10.0.0.7");
    assert_eq!(alice.on(Report::Heard(Ok(Announcement::Bye(BOB)), ip("10.0.0.66"))), []);
    assert_eq!(alice.shows(Report::Got(link, said("here"))), ["📨 Bob says: here"]);
    // It only puts off a dial.
    assert_eq!(
        alice.on(Report::Heard(Ok(Announcement::Here(info(ANN, "Ann"))), ip("10.0.0.3"))),
        []
    );
    assert_eq!(alice.on(Report::Heard(Ok(Announcement::Bye(ANN)), ip("10.0.0.66"))), []);
    assert!(dials(&alice.passes(Duration::from_millis(31))).is_empty());
    assert!(alice.dials(info(ANN, "Ann"), "10.0.0.3").is_empty());
    alice.now += Duration::from_secs(1);
    assert_eq!(alice.dials(info(ANN, "Ann"), "10.0.0.3").len(), 1);
}
