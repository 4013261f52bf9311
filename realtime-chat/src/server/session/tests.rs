//! The session handler: each test writes out the messages of the client, and reads ours.

use std::sync::Arc;

use crossbeam_channel::{Receiver, unbounded};

use super::*;
use crate::interface::{Kind, MAX_MESSAGE, Note, Reply};
use crate::name::MAX_NAME;
use capnweb::AnswerId;
use capnweb::websocket::code;

/// A session handler, its link, and its reports.
struct Fixture {
    handler: ClientSession,
    reports: Receiver<Report>,
    link: Link<Exported>,
}

impl Fixture {
    fn begins() -> Self {
        let (report, reports) = unbounded();
        let handler = ClientSession::new(ClientId(7), report);
        Self { handler, reports, link: Link::new(session()) }
    }

    fn receives(&mut self, text: &str) {
        self.link.take_text(text, &mut self.handler);
    }

    fn is_ordered(&mut self, order: Order) {
        self.link.take_order(order, &mut self.handler);
    }

    /// The client asks for something that the room has to answer.
    fn is_asked_for(&mut self, method: &str, args: &str) {
        self.receives(&format!(r#"["push",["pipeline",0,["{method}"],[{args}]]]"#));
    }

    /// The only call that the room hears of.
    #[track_caller]
    fn call(&self) -> (AnswerId, Request) {
        let reports: Vec<_> = self.reports.try_iter().collect();
        match &reports[..] {
            [Report::Heard(ClientId(7), Heard::Called(id, call))] => (*id, call.clone()),
            _ => panic!("{reports:?}"),
        }
    }

    #[track_caller]
    fn sends(&mut self, texts: &[&str]) {
        assert_eq!(self.link.take_said(), texts);
        assert_eq!(self.link.take_close(), None);
    }

    /// The one message that it has to say.
    #[track_caller]
    fn sent(&mut self) -> String {
        let mut said = self.link.take_said();
        assert_eq!(said.len(), 1, "{said:?}");
        said.remove(0)
    }
}

#[test]
fn a_client_with_many_calls_has_to_wait_until_the_room_answers() {
    let mut alice = Fixture::begins();
    let mut calls = Vec::new();
    for _ in 0..MAX_WAITING {
        assert!(!alice.handler.is_busy());
        alice.is_asked_for("listUsers", "");
        calls.push(alice.call().0);
    }
    assert!(alice.handler.is_busy());
    alice.is_ordered(Order::Answer(calls[0], Ok(Reply::Nothing)));
    assert!(!alice.handler.is_busy());
}

#[test]
fn of_calls_that_one_answer_sets_off_the_room_gets_only_so_many() {
    let mut alice = Fixture::begins();
    alice.is_asked_for("listUsers", "");
    let (first, _) = alice.call();
    for _ in 0..=MAX_AT_ONCE {
        alice.is_asked_for("listUsers", r#"["pipeline",1]"#);
    }
    assert!(alice.reports.is_empty(), "they wait for the first one");
    alice.is_ordered(Order::Answer(first, Ok(Reply::Nothing)));
    assert_eq!(alice.reports.try_iter().count(), 64);
    alice.receives(&format!(r#"["pull",{}]"#, MAX_AT_ONCE + 2));
    let refused = alice.sent();
    assert!(refused.contains("more than 64 calls at once"), "{refused}");
}

#[test]
fn what_the_room_need_not_decide_is_answered_here() {
    let mut alice = Fixture::begins();
    alice.receives(r#"["push",["pipeline",0,["nothing"]]]"#);
    alice.is_asked_for("dance", "");
    for id in [1, 2] {
        alice.receives(&format!(r#"["pull",{id}]"#));
    }
    let said = alice.link.take_said();
    let [undefined, error] = &said[..] else { panic!("{said:?}") };
    assert_eq!(undefined, r#"["resolve",1,["undefined"]]"#);
    assert!(error.starts_with(r#"["reject",2,["error","TypeError","#), "{error}");
    assert!(alice.reports.is_empty() && !alice.handler.is_busy());
}

#[test]
fn a_capability_is_kept_until_the_room_gives_it_back() {
    let mut alice = Fixture::begins();
    alice.is_asked_for("join", r#""Alice",["export",-1]"#);
    let (id, call) = alice.call();
    let stub = call.stub().expect("it came with a capability");
    alice.is_ordered(Order::Answer(id, Ok(Reply::Nothing)));
    alice.sends(&[]);
    let note = Notice::new(Arc::new(Note::system("Bob joined the chat".into())));
    alice.is_ordered(Order::Notify(stub, note));
    let told = r#"[{"username":"System","text":"Bob joined the chat","type":"system"}]"#;
    let told = format!(r#"["push",["pipeline",-1,["onMessage"],{told}]]"#);
    alice.sends(&[&told, r#"["release",1,1]"#]);
    alice.is_ordered(Order::Release(stub));
    alice.sends(&[r#"["release",-1,1]"#]);
    // Who cannot be told any more has to go.
    let note = Notice::new(Arc::new(Note::system("Bob left the chat".into())));
    alice.is_ordered(Order::Notify(stub, note));
    assert_eq!(alice.link.take_close(), Some((code::SESSION, "this stub was released".into())));
}

#[test]
fn the_longest_history_is_no_more_than_may_be_kept() {
    let mut alice = Fixture::begins();
    alice.is_asked_for("getHistory", "");
    let (id, _) = alice.call();
    let wales = "\u{1f3f4}\u{e0067}\u{e0062}\u{e0077}\u{e006c}\u{e0073}\u{e007f}";
    let text = wales.repeat(MAX_MESSAGE / ":wales:".len());
    let note = Arc::new(Note { username: "x".repeat(MAX_NAME), text, kind: Kind::Chat });
    alice.is_ordered(Order::Answer(id, Ok(Reply::History(vec![note; 50]))));
    alice.receives(r#"["pull",1]"#);
    let answer = alice.sent();
    assert!(answer.starts_with(r#"["resolve",1,"#), "{answer}");
}

#[test]
fn results_that_nobody_releases_are_kept_only_up_to_a_bound() {
    let mut alice = Fixture::begins();
    let long = "x".repeat(MAX_HELD / 4);
    for _ in 0..5 {
        alice.is_asked_for("listUsers", "");
        let (id, _) = alice.call();
        alice.is_ordered(Order::Answer(id, Ok(Reply::Bytes(long.clone()))));
    }
    alice.receives(r#"["pull",5]"#);
    let too_much = format!("more than {MAX_HELD} bytes of results and arguments are kept");
    let refused = alice.sent();
    assert!(refused.contains(&too_much), "{refused}");
}

#[test]
fn a_breach_ends_the_session_with_its_reason_and_the_end_is_reported() {
    let mut alice = Fixture::begins();
    alice.link.break_off(code::TOO_BIG, "too big", &mut alice.handler);
    assert_eq!(alice.link.take_close(), Some((code::TOO_BIG, "too big".to_owned())));
    assert!(alice.sent().starts_with(r#"["abort","#), "and that before it");
    alice.handler.on_end(End::Broken("too big".into()));
    let reports: Vec<_> = alice.reports.try_iter().collect();
    assert!(matches!(&reports[..], [Report::Heard(ClientId(7), Heard::Gone)]), "{reports:?}");
}
