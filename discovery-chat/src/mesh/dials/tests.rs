//! Whom to dial and when, tried with fake time.

use super::*;

const ME: PeerId = PeerId::from_bits(1);

fn somewhere() -> SocketAddr {
    "10.0.0.7:8080".parse().unwrap()
}

#[test]
fn however_often_a_peer_is_heard_it_is_dialed_once_in_each_pause() {
    let start = Instant::now();
    let mut dials = Dials::new(ME, &[], start);
    let bob = PeerId::from_bits(2);
    let mut made = Vec::new();
    for ms in 0..100_000 {
        let now = start + Duration::from_millis(ms);
        dials.heard(bob, somewhere(), now);
        while let Some((link, _)) = dials.take_due(now) {
            made.push(ms / 1000);
            assert_eq!(dials.failed(link, now), None);
        }
    }
    assert_eq!(made, [0, 1, 3, 7, 15, 31, 61, 91]);
}

fn out(dials: &mut Dials, now: Instant) -> Vec<(LinkId, Callee)> {
    std::iter::from_fn(|| dials.take_due(now)).collect()
}

#[test]
fn a_crowd_of_inventions_costs_no_more_than_its_bounds() {
    let start = Instant::now();
    let mut dials = Dials::new(ME, &[], start);
    for invented in 2..5_002 {
        dials.heard(PeerId::from_bits(invented), somewhere(), start);
    }
    assert_eq!(dials.heard.len(), MAX_KNOWN_EACH);
    let now = start + Duration::from_secs(1);
    assert_eq!(out(&mut dials, now).len(), MAX_DIALS_EACH);
    assert_eq!(dials.next_due(), None);
    // Whoever lives elsewhere is not kept waiting by them.
    let real = PeerId::from_bits(9_999);
    dials.heard(real, "10.0.0.8:8080".parse().unwrap(), now);
    let now = now + Duration::from_millis(31);
    assert!(matches!(out(&mut dials, now)[..], [(_, Callee::Heard(id, _))] if id == real));
    // And not by inventions from everywhere, either, as soon as some of them have failed.
    for invented in 10_000..20_000_u32 {
        let from = SocketAddr::from((std::net::Ipv4Addr::from_bits(0x0A01_0000 + invented), 1));
        dials.heard(PeerId::from_bits(invented.into()), from, now);
    }
    assert_eq!(dials.heard.len(), MAX_KNOWN);
    let now = now + Duration::from_secs(1);
    let all_out = out(&mut dials, now);
    assert_eq!(dials.out.len(), MAX_DIALS);
    for (link, _) in all_out {
        dials.failed(link, now);
    }
    let late = PeerId::from_bits(99_999);
    dials.heard(late, "10.0.0.9:8080".parse().unwrap(), now);
    assert!(dials.heard.contains_key(&late));
    assert_eq!(dials.heard.len(), MAX_KNOWN);
}

#[test]
fn whoever_waits_for_longest_is_dialed_first() {
    let start = Instant::now();
    let mut dials = Dials::new(ME, &[], start);
    let at = |ms| start + Duration::from_millis(ms);
    dials.heard(PeerId::from_bits(900), somewhere(), at(0));
    dials.heard(PeerId::from_bits(2), somewhere(), at(100));
    let ids: Vec<_> = out(&mut dials, at(200)).into_iter().map(|(_, callee)| callee).collect();
    assert!(matches!(ids[..], [Callee::Heard(first, _), _] if first.bits() == 900), "{ids:?}");
}

#[test]
fn forged_goodbyes_put_off_a_dial_once() {
    let start = Instant::now();
    let mut dials = Dials::new(ME, &[], start);
    let bob = PeerId::from_bits(2);
    let mut dialed = None;
    for ms in 0..10_000 {
        let now = start + Duration::from_millis(ms);
        if ms % 100 == 0 {
            dials.heard(bob, somewhere(), now);
        }
        dials.give_up(bob, now);
        if dials.take_due(now).is_some() {
            dialed.get_or_insert(ms);
        }
    }
    assert!(dialed.is_some_and(|ms| (1000..1200).contains(&ms)), "{dialed:?}");
}

#[test]
fn an_address_that_was_named_is_tried_until_it_answers_and_again_when_it_is_lost() {
    let start = Instant::now();
    let mut dials = Dials::new(ME, &["bob:8080".into()], start);
    let mut now = start;
    for (tries, wait) in [1, 2, 4, 8, 16, 30, 30].into_iter().enumerate() {
        let (link, callee) = dials.take_due(now).unwrap();
        assert_eq!(callee, Callee::Named("bob:8080".into()));
        // Told once, and then tried in silence.
        assert_eq!(dials.failed(link, now).is_some(), tries == 0);
        assert_eq!(dials.next_due(), Some(now + Duration::from_secs(wait)));
        now += Duration::from_secs(wait);
    }
    let (link, _) = dials.take_due(now).unwrap();
    let bob = PeerId::from_bits(2);
    dials.answered(link, bob);
    assert_eq!(dials.next_due(), None);
    dials.lost(bob, Duration::from_mins(1), now);
    assert_eq!(dials.next_due(), Some(now + Duration::from_secs(1)));
}

#[test]
fn a_peer_that_keeps_falling_silent_is_dialed_more_and_more_rarely() {
    let mut now = Instant::now();
    let mut dials = Dials::new(ME, &[], now);
    let bob = PeerId::from_bits(2);
    for expected in [1, 2, 4, 8, 16, 30, 30] {
        dials.heard(bob, somewhere(), now);
        now = dials.next_due().unwrap();
        let (link, _) = dials.take_due(now).unwrap();
        dials.answered(link, bob);
        dials.linked(bob);
        dials.lost(bob, Duration::from_millis(1), now);
        let Some(Heard { state: State::Resting(until), .. }) = dials.heard.get(&bob) else {
            panic!("it rests");
        };
        assert_eq!(until.duration_since(now), Duration::from_secs(expected));
        now = *until;
    }
}
