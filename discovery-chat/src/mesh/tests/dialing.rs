//! Dials by the rules: which peers are dialed, when, and when again.

use super::*;
use crate::mesh::dials::PATIENCE;

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
        let heard = alice.on(heard(info(BOB, "Bob"), "10.0.0.7"));
        assert_eq!(heard, []);
        for (link, _) in dials(&alice.on(Report::Tick)) {
            at.push(alice.now.duration_since(start).as_secs());
            let why = Failure::Refused;
            assert_eq!(alice.on(Report::NotLinked(link, why)), []);
        }
    }
    assert_eq!(at, [0, 1, 3, 7, 15]);
}

#[test]
fn a_peer_that_came_when_there_was_no_room_is_dialed_again_when_there_is() {
    let mut alice = Alice::with(Scope::Lan, &["ann.lan:8081".into()]);
    let named = dials(&alice.on(Report::Tick))[0].0;
    let dialed = alice.dials(info(BOB, "Bob"), "10.0.0.7")[0].0;
    for n in 1000..1000 + MAX_LINKS as u128 {
        let _ = alice.called(info(PeerId::from_bits(n), "P"), "10.0.0.7");
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
    assert_eq!(alice.on(heard(info(BOB, "Bob"), "10.0.0.7")), []);
    let again = dials(&alice.passes(Duration::from_millis(31)));
    assert_eq!(again.len(), 2, "{again:?}");
}

#[test]
fn an_address_where_somebody_answers_in_our_own_name_is_dialed_again() {
    let mut alice = Alice::with(Scope::Lan, &["bob.lan:8081".into()]);
    let link = dials(&alice.on(Report::Tick))[0].0;
    let answered = Report::DialAnswered(link, info(ME, "Bob"), NAMED.parse().unwrap());
    assert_eq!(alice.on(answered), [Action::HangUp(link)]);
    assert_eq!(alice.on(Report::HungUp(link, Gone::HungUp)), []);
    assert_eq!(dials(&alice.passes(Duration::from_secs(4))).len(), 1);
}

#[test]
fn a_peer_that_moves_is_dialed_where_it_was_heard_last() {
    let mut alice = Alice::new();
    let link = alice.dials(info(BOB, "Bob"), "10.0.0.7")[0].0;
    let refused = Report::NotLinked(link, Failure::Refused);
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
    assert_eq!(alice.on(Report::NotLinked(link, Failure::Dup)), []);
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
    assert_eq!(alice.on(heard(info(ANN, "Ann"), "127.0.0.1")), []);
    assert_eq!(alice.on(Report::Heard(Ok(Announcement::Bye(ANN)), ip("10.0.0.9"))), []);
    assert_eq!(dials(&alice.passes(Duration::from_millis(31))).len(), 1);
}

#[test]
fn a_machine_that_slept_loses_its_peers_and_finds_them_again() {
    let mut alice = Alice::new();
    let (link, _) = alice.called(info(BOB, "Bob"), "10.0.0.7");
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
    let refused = |link| Report::NotLinked(link, Failure::Refused);
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
    let info = PeerInfo { port, ..info(id, "Caller") };
    (link, alice.on(Report::Called(link, Hello { to: None, info }, ip(from))))
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
        // A peer that is heard meanwhile is dialed.
        let heard = info(PeerId::from_bits(900), "Zoe");
        assert_eq!(alice.dials(heard, "10.0.0.8").len(), 1);
        let why = Failure::System("no name server".into());
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
fn callers_that_come_and_go_put_off_no_dial_of_ours() {
    // A caller that says it listens at the named address puts off the dial once.
    for (from, port, latest) in
        [("10.0.0.7", 8081, 1), ("10.0.0.99", 8082, 1), ("10.0.0.99", 8081, 4)]
    {
        let mut alice = Alice::with(Scope::Lan, &["dave.lan:8081".into()]);
        let link = dials(&alice.on(Report::Tick))[0].0;
        let refused = Report::NotLinked(link, Failure::Refused);
        assert_eq!(alice.shows(refused).len(), 1);
        let start = alice.now;
        let mut dialed = None;
        while dialed.is_none() {
            let (caller, actions) = calls(&mut alice, BOB, from, port);
            assert_eq!(actions[0], Action::Answer(caller, Answer::Hello));
            for _ in 0..5 {
                let out = dials(&alice.passes(Duration::from_millis(100)));
                let after = alice.now.duration_since(start);
                dialed = dialed.or_else(|| (!out.is_empty()).then_some(after));
            }
            assert!(alice.shows(Report::HungUp(caller, Gone::HungUp))[0].contains("left"));
        }
        assert!(dialed <= Some(Duration::from_secs(latest)), "{from} {port}: {dialed:?}");
    }
}

#[test]
fn a_peer_that_is_heard_at_two_addresses_is_dialed_at_the_second_when_the_first_fails() {
    for why in [Failure::NoAnswer, Failure::Refused, Failure::AnotherPeer] {
        let mut alice = Alice::new();
        assert_eq!(alice.on(heard(info(BOB, "Bob"), "10.0.0.7")), []);
        let out = alice.dials(info(BOB, "Bob"), "10.1.0.7");
        let first = "10.0.0.7:8081".parse().unwrap();
        let patience = PATIENCE / 2;
        assert_eq!(out[0].1, Callee::At { to: Some(BOB), address: first, patience });
        assert_eq!(alice.on(Report::NotLinked(out[0].0, why)), []);
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
                assert_eq!(alice.on(heard(info(BOB, "Bob"), "10.0.0.7")), []);
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
            assert_eq!(alice.on(heard(info(BOB, "Bob"), "10.0.0.7")), []);
        }
        if let Some((link, _)) = out.take_if(|(_, since)| alice.now >= *since + PATIENCE) {
            let why = Failure::NoAnswer;
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
    let (link, _) = alice.called(info(BOB, "Bob"), "10.0.0.7");
    assert_eq!(alice.on(Report::Heard(Ok(Announcement::Bye(BOB)), ip("10.0.0.66"))), []);
    assert_eq!(alice.shows(Report::Got(link, said("here"))), ["📨 Bob says: here"]);
    // It only puts off a dial.
    assert_eq!(alice.on(heard(info(ANN, "Ann"), "10.0.0.3")), []);
    assert_eq!(alice.on(Report::Heard(Ok(Announcement::Bye(ANN)), ip("10.0.0.66"))), []);
    assert!(dials(&alice.passes(Duration::from_millis(31))).is_empty());
    assert!(alice.dials(info(ANN, "Ann"), "10.0.0.3").is_empty());
    alice.now += Duration::from_secs(1);
    assert_eq!(alice.dials(info(ANN, "Ann"), "10.0.0.3").len(), 1);
}
