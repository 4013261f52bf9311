//! Whom to dial and when, tried with fake time, and in thousands of orders of events.

use std::iter;

use super::*;

const ME: PeerId = PeerId::from_bits(1);

const BOB: PeerId = PeerId::from_bits(2);

fn somewhere() -> SocketAddr {
    "10.0.0.7:8080".parse().unwrap()
}

/// The next dial, and the address that it goes to.
fn next_address(dials: &mut Dials, now: Instant) -> (LinkId, SocketAddr) {
    match dials.take_due(now) {
        Some((link, Callee::At { address, .. })) => (link, address),
        other => panic!("{other:?}"),
    }
}

/// The next dial of `bob:8080`, which is looked up first.
fn next_dial_of_bob(dials: &mut Dials, found: &[SocketAddr], now: Instant) -> LinkId {
    let (link, callee) = dials.take_due(now).unwrap();
    assert_eq!(callee, Callee::Name("bob:8080".into()));
    assert_eq!(dials.take_due(now), None);
    dials.looked_up(link, found.into(), now);
    let (link, callee) = dials.take_due(now).unwrap();
    let patience = PATIENCE / u32::try_from(found.len()).unwrap();
    assert_eq!(callee, Callee::At { to: None, address: found[0], patience });
    link
}

/// When a peer that is left alone may be dialed again.
fn rests_until(dials: &Dials, id: PeerId) -> Instant {
    match dials.known[&Whom::Heard(id)].state {
        State::Waiting(until) => until,
        state => panic!("{state:?}"),
    }
}

#[test]
fn however_often_a_peer_is_heard_it_is_dialed_once_in_each_pause() {
    let start = Instant::now();
    let mut dials = Dials::new(ME, &[], start);
    let mut made = Vec::new();
    for ms in 0..100_000 {
        let now = start + Duration::from_millis(ms);
        dials.heard(BOB, somewhere(), now);
        while let Some((link, _)) = dials.take_due(now) {
            made.push(ms / 1000);
            assert_eq!(dials.failed(link, Failure::Refused, now), None);
        }
    }
    assert_eq!(made, [0, 1, 3, 7, 15, 31, 61, 91]);
}

fn out(dials: &mut Dials, now: Instant) -> Vec<(LinkId, Callee)> {
    iter::from_fn(|| dials.take_due(now)).collect()
}

#[test]
fn a_crowd_of_inventions_costs_no_more_than_its_bounds() {
    let start = Instant::now();
    let mut dials = Dials::new(ME, &[], start);
    for invented in 2..5_002 {
        dials.heard(PeerId::from_bits(invented), somewhere(), start);
    }
    assert_eq!(dials.known.len(), MAX_KNOWN_EACH);
    let now = start + Duration::from_secs(1);
    assert_eq!(out(&mut dials, now).len(), MAX_DIALS_EACH);
    assert_eq!(dials.next_due(), None);
    // A peer that lives elsewhere is not kept waiting by them.
    let real = PeerId::from_bits(9_999);
    dials.heard(real, "10.0.0.8:8080".parse().unwrap(), now);
    let now = now + Duration::from_millis(31);
    assert!(
        matches!(out(&mut dials, now)[..], [(_, Callee::At { to: Some(id), .. })] if id == real)
    );
    // And not by inventions from everywhere, either, as soon as some of them have failed.
    for invented in 10_000..20_000_u32 {
        let from = SocketAddr::from((std::net::Ipv4Addr::from_bits(0x0A01_0000 + invented), 1));
        dials.heard(PeerId::from_bits(invented.into()), from, now);
    }
    assert_eq!(dials.known.len(), MAX_KNOWN);
    let now = now + Duration::from_secs(1);
    let all_out = out(&mut dials, now);
    assert_eq!(dials.out.len(), MAX_DIALS);
    for (link, _) in all_out {
        dials.failed(link, Failure::Refused, now);
    }
    let late = PeerId::from_bits(99_999);
    dials.heard(late, "10.0.0.9:8080".parse().unwrap(), now);
    assert!(dials.known.contains_key(&Whom::Heard(late)));
    assert_eq!(dials.known.len(), MAX_KNOWN);
}

#[test]
fn the_peer_that_waits_for_longest_is_dialed_first() {
    let start = Instant::now();
    let mut dials = Dials::new(ME, &[], start);
    let at = |ms| start + Duration::from_millis(ms);
    dials.heard(PeerId::from_bits(900), somewhere(), at(0));
    dials.heard(PeerId::from_bits(2), somewhere(), at(100));
    let out = out(&mut dials, at(200));
    let [(_, Callee::At { to: Some(first), .. }), _] = out[..] else { panic!("{out:?}") };
    assert_eq!(first.bits(), 900);
}

#[test]
fn forged_goodbyes_put_off_a_dial_once() {
    let start = Instant::now();
    let mut dials = Dials::new(ME, &[], start);
    let mut dialed = None;
    for ms in 0..10_000 {
        let now = start + Duration::from_millis(ms);
        if ms % 100 == 0 {
            dials.heard(BOB, somewhere(), now);
        }
        dials.give_up(BOB, now);
        if dials.take_due(now).is_some() {
            dialed.get_or_insert(ms);
        }
    }
    assert!(dialed.is_some_and(|ms| (1000..1200).contains(&ms)), "{dialed:?}");
}

#[test]
fn a_forged_goodbye_between_two_addresses_of_a_peer_puts_off_the_dial() {
    let mut now = Instant::now();
    let mut dials = Dials::new(ME, &[], now);
    dials.heard(BOB, somewhere(), now);
    dials.heard(BOB, "10.0.0.8:8080".parse().unwrap(), now);
    now += Duration::from_secs(1);
    let (link, _) = next_address(&mut dials, now);
    let silent = Failure::Gone(Gone::Silent(Duration::from_secs(5)));
    assert_eq!(dials.failed(link, silent, now), None);
    dials.give_up(BOB, now);
    assert_eq!(dials.next_due(), None, "no address is known");
    dials.heard(BOB, somewhere(), now);
    assert_eq!(next_address(&mut dials, now + Duration::from_secs(2)).1, somewhere());
}

#[test]
fn a_forged_goodbye_makes_no_pause_shorter() {
    let mut now = Instant::now();
    let mut dials = Dials::new(ME, &[], now);
    for expected in [1, 2, 4, 8, 16, 30] {
        dials.heard(BOB, somewhere(), now);
        now += Duration::from_millis(31);
        let link = dials.take_due(now).unwrap().0;
        dials.failed(link, Failure::Refused, now);
        dials.heard(BOB, somewhere(), now);
        dials.give_up(BOB, now);
        assert_eq!(rests_until(&dials, BOB), now + Duration::from_secs(expected));
        now += Duration::from_secs(expected);
    }
}

#[test]
fn an_address_that_was_named_is_tried_until_it_answers_and_again_when_it_is_lost() {
    let start = Instant::now();
    let mut dials = Dials::new(ME, &["bob:8080".into()], start);
    let mut now = start;
    for (tries, wait) in [1, 2, 4, 8, 16, 30, 30].into_iter().enumerate() {
        let link = next_dial_of_bob(&mut dials, &[somewhere()], now);
        // Told once, and then tried in silence.
        let told = (tries == 0).then(|| Event::NoAnswer("bob:8080".into(), Failure::Refused));
        assert_eq!(dials.failed(link, Failure::Refused, now), told);
        assert_eq!(dials.next_due(), Some(now + Duration::from_secs(wait)));
        now += Duration::from_secs(wait);
    }
    let link = next_dial_of_bob(&mut dials, &[somewhere()], now);
    dials.answered(link, BOB);
    assert_eq!(dials.next_due(), None);
    dials.lost(BOB, Duration::from_mins(1), now);
    assert_eq!(dials.next_due(), Some(now + Duration::from_secs(1)));
}

#[test]
fn an_address_whose_peer_is_linked_in_another_way_is_dialed_more_and_more_rarely() {
    let mut now = Instant::now();
    let mut dials = Dials::new(ME, &["bob:8080".into()], now);
    for expected in [1, 2, 4, 8, 16, 30, 30] {
        let link = next_dial_of_bob(&mut dials, &[somewhere()], now);
        dials.not_needed(link, now); // It was answered `dup`, which does not say who is there.
        assert_eq!(dials.next_due(), Some(now + Duration::from_secs(expected)));
        now += Duration::from_secs(expected);
    }
}

#[test]
fn a_peer_that_keeps_hanging_up_at_once_is_dialed_more_and_more_rarely() {
    let mut now = Instant::now();
    let mut dials = Dials::new(ME, &[], now);
    for expected in [1, 2, 4, 8, 16, 30, 30] {
        dials.heard(BOB, somewhere(), now);
        now = dials.next_due().unwrap();
        let (link, _) = dials.take_due(now).unwrap();
        dials.answered(link, BOB);
        dials.linked(BOB);
        dials.lost(BOB, Duration::from_millis(1), now);
        let until = rests_until(&dials, BOB);
        assert_eq!(until.duration_since(now), Duration::from_secs(expected));
        now = until;
    }
    let mut dials = Dials::new(ME, &["bob:8080".into()], now);
    for expected in [1, 2, 4, 8, 16, 30, 30] {
        let link = next_dial_of_bob(&mut dials, &[somewhere()], now);
        dials.answered(link, BOB);
        dials.linked(BOB);
        now += Duration::from_secs(3);
        dials.lost(BOB, Duration::from_secs(3), now);
        assert_eq!(dials.next_due(), Some(now + Duration::from_secs(expected)));
        now += Duration::from_secs(expected);
    }
}

#[test]
fn a_link_that_falls_silent_is_no_refusal_however_young_and_however_often() {
    let mut now = Instant::now();
    let mut dials = Dials::new(ME, &[], now);
    for _ in 0..20 {
        dials.heard(BOB, somewhere(), now);
        now = dials.next_due().unwrap();
        let (link, _) = dials.take_due(now).unwrap();
        dials.answered(link, BOB);
        dials.linked(BOB);
        // As soon as the other side can have missed our hello.
        now += Duration::from_secs(5);
        dials.lost(BOB, Duration::from_secs(5), now);
        assert_eq!(rests_until(&dials, BOB), now + Duration::from_secs(1));
    }
}

#[test]
fn a_dial_without_an_answer_is_soon_repeated_and_one_that_is_refused_ever_more_rarely() {
    let no_answer = || Failure::NoAnswer;
    let unreachable = || Failure::System("no route".into());
    let silent = || Failure::Gone(Gone::Silent(PATIENCE));
    let hung_up = || Failure::Gone(Gone::HungUp);
    let story: [(Failure, u64); 14] = [
        (no_answer(), 1),
        (unreachable(), 2),
        (silent(), 4),
        (no_answer(), 4),
        (no_answer(), 4),
        (Failure::Refused, 8),
        (hung_up(), 16),
        (Failure::AnotherPeer, 30),
        (Failure::NotOurs, 30),
        (no_answer(), 4),
        (no_answer(), 4),
        (Failure::OtherVersion(2), 8),
        (Failure::Refused, 16),
        (Failure::Refused, 30),
    ];
    let mut now = Instant::now();
    let mut dials = Dials::new(ME, &["bob:8080".into()], now);
    for (why, pause) in story {
        let link = next_dial_of_bob(&mut dials, &[somewhere()], now);
        let _ = dials.failed(link, why, now);
        assert_eq!(dials.next_due(), Some(now + Duration::from_secs(pause)));
        now += Duration::from_secs(pause);
    }
}

#[test]
fn a_peer_that_is_heard_while_it_is_left_alone_is_dialed_as_soon_as_it_may_be() {
    let start = Instant::now();
    let mut dials = Dials::new(ME, &[], start);
    dials.heard(BOB, somewhere(), start);
    let now = dials.next_due().unwrap();
    let (link, _) = dials.take_due(now).unwrap();
    dials.failed(link, Failure::Refused, now);
    // Not heard again, it is not dialed again.
    assert_eq!(dials.next_due(), None);
    dials.heard(BOB, somewhere(), now + Duration::from_millis(10));
    assert_eq!(dials.next_due(), Some(now + Duration::from_secs(1)));
}

#[test]
fn the_addresses_at_which_a_peer_was_heard_are_tried_one_after_the_other() {
    let at = |n: u8| SocketAddr::from(([10, 0, 0, n], 8080));
    let mut now = Instant::now();
    let mut dials = Dials::new(ME, &[], now);
    for n in 1..=9 {
        dials.heard(BOB, at(n), now);
        dials.heard(BOB, at(n), now);
    }
    now += Duration::from_secs(1);
    // The first ones that were heard, and all within the patience.
    for n in [1, 2, 3, 4] {
        let (link, callee) = dials.take_due(now).unwrap();
        let expected = Callee::At { to: Some(BOB), address: at(n), patience: PATIENCE / 4 };
        assert_eq!(callee, expected);
        assert_eq!(dials.take_due(now), None);
        dials.failed(link, Failure::AnotherPeer, now);
    }
    assert_eq!(rests_until(&dials, BOB), now + Duration::from_secs(1));
    // One that is heard while another is being tried has its turn. None
    // takes the place of another one, or is a second one of the same machine.
    dials.heard(BOB, at(6), now);
    now += Duration::from_secs(1);
    let (link, callee) = dials.take_due(now).unwrap();
    assert_eq!(callee, Callee::At { to: Some(BOB), address: at(6), patience: PATIENCE });
    dials.heard(BOB, SocketAddr::from(([10, 0, 0, 6], 9)), now);
    dials.heard(BOB, at(1), now);
    dials.failed(link, Failure::Refused, now);
    dials.heard(BOB, at(6), now);
    let (link, callee) = dials.take_due(now).unwrap();
    let patience = PATIENCE / 2;
    assert_eq!(callee, Callee::At { to: Some(BOB), address: at(1), patience });
    dials.failed(link, Failure::Refused, now);
    assert_eq!(rests_until(&dials, BOB), now + Duration::from_secs(2));
}

#[test]
fn after_an_address_that_says_nothing_the_peer_itself_has_time_to_call() {
    let now = Instant::now();
    let mut dials = Dials::new(ME, &["bob:8080".into()], now);
    let silent = Failure::Gone(Gone::Silent(Duration::from_secs(5)));
    let found = [somewhere(), "[::1]:8080".parse().unwrap()];
    let link = next_dial_of_bob(&mut dials, &found, now);
    assert_eq!(dials.failed(link, silent, now), None);
    assert_eq!(dials.next_due(), Some(now + Duration::from_secs(1)));
}

/// The peer that is being dialed calls us, and its call becomes the link.
#[test]
fn a_dial_that_fails_when_there_is_a_link_already_is_not_followed_by_another_one() {
    let now = Instant::now();
    let mut dials = Dials::new(ME, &[], now);
    dials.heard(BOB, somewhere(), now);
    dials.heard(BOB, "10.1.0.7:8080".parse().unwrap(), now);
    let (link, _) = dials.take_due(now + Duration::from_secs(1)).unwrap();
    dials.linked(BOB);
    dials.failed(link, Failure::NoAnswer, now);
    assert_eq!(dials.next_due(), None);
}

#[test]
fn at_however_many_addresses_a_peer_is_heard_four_are_dialed_in_each_pause() {
    let start = Instant::now();
    let mut dials = Dials::new(ME, &[], start);
    let mut made = Vec::new();
    for ms in 0..10_000 {
        let now = start + Duration::from_millis(ms);
        for n in 1..=9 {
            dials.heard(BOB, SocketAddr::from(([10, 0, 0, n], 8080)), now);
        }
        while let Some((link, _)) = dials.take_due(now) {
            made.push(ms / 1000);
            assert!(made.len() < 100, "no pause: {made:?}");
            dials.failed(link, Failure::Refused, now);
            dials.heard(BOB, somewhere(), now);
        }
    }
    assert_eq!(made, [[0; 4], [1; 4], [3; 4], [7; 4]].concat());
}

#[test]
fn a_name_with_several_addresses_is_dialed_at_each_and_told_when_none_answers() {
    let found: [SocketAddr; 2] = ["[::1]:8080".parse().unwrap(), somewhere()];
    let now = Instant::now();
    let mut dials = Dials::new(ME, &["bob:8080".into()], now);
    let link = next_dial_of_bob(&mut dials, &found, now);
    assert_eq!(dials.failed(link, Failure::NotOurs, now), None);
    let (link, callee) = dials.take_due(now).unwrap();
    let second = Callee::At { to: None, address: somewhere(), patience: PATIENCE / 2 };
    assert_eq!(callee, second);
    let told = dials.failed(link, Failure::Refused, now);
    assert_eq!(told, Some(Event::NoAnswer("bob:8080".into(), Failure::Refused)));
    // Somewhere else by now, perhaps: it is looked up again.
    let later = now + Duration::from_secs(1);
    next_dial_of_bob(&mut dials, &[somewhere()], later);
}

#[test]
fn names_that_are_looked_up_in_vain_hold_up_no_peer_that_was_heard() {
    let now = Instant::now();
    let names: Vec<_> = (0..200).map(|n| format!("peer{n}:8080")).collect();
    let mut dials = Dials::new(ME, &names, now);
    let looked_up = out(&mut dials, now);
    assert_eq!(looked_up.len(), 200);
    for (link, _) in looked_up.into_iter().take(100) {
        dials.looked_up(link, vec![somewhere()], now);
    }
    dials.heard(BOB, somewhere(), now);
    let now = now + Duration::from_secs(1);
    let out = out(&mut dials, now);
    assert_eq!(out.len(), 100 + 1);
    let is_bob = |callee: &Callee| matches!(callee, Callee::At { to: Some(BOB), .. });
    assert!(out.iter().any(|(_, callee)| is_bob(callee)));
}

#[test]
fn an_address_with_a_crowd_holds_up_no_peer_that_was_heard_at_another_one_too() {
    let now = Instant::now();
    let mut dials = Dials::new(ME, &[], now);
    for invented in 3..100 {
        dials.heard(PeerId::from_bits(invented), somewhere(), now);
    }
    let now = now + Duration::from_secs(1);
    assert_eq!(out(&mut dials, now).len(), MAX_DIALS_EACH);
    // A stranger says that Bob is there, too.
    dials.heard(BOB, "10.0.0.8:8080".parse().unwrap(), now);
    dials.heard(BOB, somewhere(), now);
    let (_, address) = next_address(&mut dials, now + Duration::from_secs(1));
    assert_eq!(address, "10.0.0.8:8080".parse().unwrap());
}

#[test]
fn whatever_happens_in_whatever_order_each_dial_that_is_due_can_be_made() {
    let start = Instant::now();
    for story in 0..5000 {
        let mut dials = Dials::new(ME, &["bob:8080".into()], start);
        let (mut now, mut out) = (start, Vec::new());
        for step in 0..60 {
            let any = |what, below| jitter(ME, (story, step, what), below);
            now += Duration::from_millis(any("time", 800).into());
            let peer = PeerId::from_bits(2 + u128::from(any("peer", 2)));
            let address =
                [somewhere(), "10.0.0.8:80".parse().unwrap()][any("place", 2) as usize];
            let event = any("event", 8);
            let ends = (3..6).contains(&event) && !out.is_empty();
            let ended = ends.then(|| out.remove(any("dial", 9) as usize % out.len()));
            match (event, ended) {
                (0, _) => dials.give_up(peer, now),
                (1, _) => dials.linked(peer),
                (2, _) => dials.lost(peer, Duration::ZERO, now),
                (3, Some((link, _))) => dials.not_needed(link, now),
                (4, Some((link, _))) => drop(dials.failed(link, Failure::Refused, now)),
                (5, Some((link, Callee::Name(_)))) => {
                    dials.looked_up(link, vec![address; 2], now);
                }
                (5, Some((link, _))) => dials.answered(link, peer),
                _ => dials.heard(peer, address, now),
            }
            while dials.next_due().is_some_and(|due| due <= now) {
                out.push(dials.take_due(now).expect("it is due"));
            }
        }
    }
}
