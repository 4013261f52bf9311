//! Receipts by the rules: what is confirmed, and what our user is told of the rest.

use super::*;

#[test]
fn what_a_lost_peer_may_have_missed_is_counted() {
    let mut alice = Alice::new();
    let (link, _) = alice.called(info(BOB, "Bob"), "10.0.0.7");
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
    let (link, _) = alice.called(info(BOB, "Bob"), "10.0.0.7");
    assert_eq!(alice.shows(Report::HungUp(link, Gone::HungUp)).len(), 1);
    assert_eq!(alice.on(Report::Left), []);
}

#[test]
fn a_goodbye_does_not_prove_that_all_was_read() {
    for (last, unsure) in [(2, None), (1, Some("⚠️ 1 message(s) to Bob may not have arrived"))]
    {
        let mut alice = Alice::new();
        let (link, _) = alice.called(info(BOB, "Bob"), "10.0.0.7");
        let _ = (alice.says("one"), alice.says("two"));
        let _ = alice.on(Report::Got(link, Frame::Read(last)));
        let gone = alice.shows(Report::Got(link, Frame::Bye));
        let expected: Vec<_> = ["👋 Bob left"].into_iter().chain(unsure).collect();
        assert_eq!(gone, expected);
        // The same if it is we who leave: a peer that has not confirmed all by then is named.
        let mut alice = Alice::new();
        let (link, _) = alice.called(info(BOB, "Bob"), "10.0.0.7");
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
            alice.is_linked(old, BOB, "Bob");
            let _ = alice.says("one");
            alice.now += pause;
            let (new, actions) = if pause.is_zero() {
                (ours, alice.on(Report::DialAnswered(ours, info(BOB, "Bob"), address)))
            } else {
                alice.called(info(BOB, "Bob"), "10.0.0.7")
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
    let (old, _) = alice.called(info(BOB, "Bob"), "10.0.0.7");
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
    let (new, _) = alice.called(info(BOB, "Bob"), "10.0.0.7");
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
    // A peer that is gone gets no receipt.
    let (ann, _) = alice.called(info(ANN, "Ann"), "10.0.0.3");
    let _ = alice.on(Report::Got(ann, message(1)));
    let _ = alice.on(Report::HungUp(ann, Gone::HungUp));
    assert_eq!(alice.on(Report::Leaving), []);
}
