//! One test plays both sides of a session, or sends one side what no honest side would send.

mod damage;
mod room;

use super::*;
use crate::stub::{Promise, Stub};
use crate::wire::MAX_PATH;

type Side = Session<&'static str>;

fn alice() -> Side {
    Session::new(Some("alice"))
}

fn name(text: &str) -> Key {
    text.into()
}

/// The messages to be sent, in their order.
fn sent<T>(outputs: &[Output<T>]) -> Vec<&str> {
    let sent = outputs.iter().filter_map(|output| match output {
        Output::Send(text) => Some(text.as_str()),
        _ => None,
    });
    sent.collect()
}

/// The calls that are to be run: numbers and paths.
fn runs(outputs: &[Output<&'static str>]) -> Vec<(AnswerId, String)> {
    let runs = outputs.iter().filter_map(|output| match output {
        Output::Run { id, target, path, args } => {
            let path = crate::path::dotted(path);
            let brackets = if args.is_some() { "()" } else { "" };
            Some((*id, format!("{target}.{path}{brackets}")))
        }
        _ => None,
    });
    runs.collect()
}

/// The only call that is to be run.
fn run(outputs: &[Output<&'static str>]) -> AnswerId {
    let [(id, _)] = runs(outputs)[..] else { panic!("{outputs:?}") };
    id
}

/// Calls `side` and says which call it is now running.
fn called(side: &mut Side, expr: &str) -> AnswerId {
    run(&side.receive(&format!("[\"push\",{expr}]")))
}

fn why<T: std::fmt::Debug>(outputs: &[Output<T>]) -> &str {
    match outputs {
        [Output::Send(abort), .., Output::Ended(error)] if abort.starts_with("[\"abort\",") => {
            &error.message
        }
        _ => panic!("{outputs:?}"),
    }
}

#[test]
fn calls_start_as_they_come_and_end_as_they_like() {
    let mut alice = alice();
    let one = called(&mut alice, r#"["pipeline",0,["one"],[]]"#);
    let two = called(&mut alice, r#"["pipeline",0,["two"],[]]"#);
    assert_eq!(alice.receive("[\"pull\",1]"), []);
    assert_eq!(alice.receive("[\"pull\",2]"), []);
    assert_eq!(sent(&alice.answer(two, Ok(2.into()))), ["[\"resolve\",2,2]"]);
    assert_eq!(sent(&alice.answer(one, Ok(1.into()))), ["[\"resolve\",1,1]"]);
    // A second answer and a second pull change nothing.
    assert_eq!(alice.answer(one, Ok(3.into())), []);
    assert_eq!(alice.receive("[\"pull\",1]"), []);
    assert_eq!(alice.receive("[\"release\",1,1]"), []);
    assert_eq!(alice.receive("[\"release\",2,0]"), []);
    assert_eq!(alice.receive("[\"release\",2,1]"), []);
    assert_eq!(alice.entries(), 1);
}

#[test]
fn a_call_that_is_not_pulled_runs_and_its_result_stays_until_it_is_released() {
    let mut alice = alice();
    let id = called(&mut alice, r#"["pipeline",0,["one"],[]]"#);
    assert_eq!(alice.answer(id, Ok("x".into())), []);
    assert_eq!(sent(&alice.receive("[\"pull\",1]")), ["[\"resolve\",1,\"x\"]"]);
    // Released while it runs: the answer is of no use, and nothing is left.
    let id = called(&mut alice, r#"["pipeline",0,["one"],[]]"#);
    assert_eq!(alice.receive("[\"pull\",2]"), []);
    assert_eq!(alice.receive("[\"release\",2,1]"), []);
    assert_eq!(alice.answer(id, Ok("x".into())), []);
    assert_eq!(alice.receive("[\"release\",1,1]"), []);
    assert_eq!((alice.entries(), alice.held, alice.pending), (1, 0, 0));
}

#[test]
fn a_call_that_needs_a_result_starts_when_the_result_is_there() {
    let mut alice = alice();
    let one = called(&mut alice, r#"["pipeline",0,["one"],[]]"#);
    let two = called(&mut alice, r#"["pipeline",0,["two"],[]]"#);
    for expr in [
        r#"["pipeline",0,["both"],[["pipeline",2],["pipeline",1,["a"]]]]"#,
        r#"["pipeline",1,["bob","greet"],[]]"#,
        r#"["pipeline",1,["a"]]"#,
    ] {
        assert_eq!(alice.receive(&format!("[\"push\",{expr}]")), []);
    }
    assert_eq!(alice.receive("[\"pull\",5]"), []);
    // The caller releases result 1 before it is there: the calls that wait for it still get it, and
    // no later one does.
    assert_eq!(alice.receive("[\"release\",1,1]"), []);
    let no_entry = "no such entry on exports table: 1";
    assert_eq!(why(&alice.clone().receive("[\"pull\",1]")), no_entry);
    assert_eq!(why(&alice.clone().receive(r#"["push",["pipeline",1]]"#)), no_entry);
    let bob = Value::Cap(Cap::Target("bob"));
    let out = alice.answer(one, Ok(Value::object([("a", "A".into()), ("bob", bob)])));
    assert_eq!(sent(&out), ["[\"resolve\",5,\"A\"]"]);
    let [(greet, ref what)] = runs(&out)[..] else { panic!("{out:?}") };
    assert_eq!(what, "bob.greet()");
    let out = alice.answer(two, Ok("B".into()));
    let [Output::Run { id, args: Some(args), .. }] = &out[..] else { panic!("{out:?}") };
    assert_eq!(args[..], ["B".into(), "A".into()]);
    assert_eq!(alice.answer(*id, Ok(Value::Null)), []);
    assert_eq!(alice.answer(greet, Ok(Value::Null)), []);
    for id in 2..6 {
        assert_eq!(alice.receive(&format!("[\"release\",{id},1]")), []);
    }
    assert_eq!((alice.entries(), alice.held, alice.pending), (1, 0, 0));
}

#[test]
fn calls_that_wait_for_one_result_go_on_in_their_order() {
    let mut alice = alice();
    let one = called(&mut alice, r#"["pipeline",0,["one"],[]]"#);
    for id in 2..6 {
        let _ = alice.receive(r#"["push",["pipeline",1]]"#);
        let _ = alice.receive(&format!("[\"pull\",{id}]"));
    }
    for method in ["a", "b"] {
        let _ = alice
            .receive(&format!("[\"push\",[\"pipeline\",0,[\"{method}\"],[[\"pipeline\",2]]]]"));
    }
    let out = alice.answer(one, Ok(1.into()));
    let resolved = [2, 3, 4, 5].map(|id| format!("[\"resolve\",{id},1]"));
    assert_eq!(sent(&out), resolved);
    let runs: Vec<_> = runs(&out).into_iter().map(|run| run.1).collect();
    assert_eq!(runs, ["alice.a()", "alice.b()"]);
}

#[test]
fn results_in_arguments_are_neither_too_big_nor_too_deep() {
    let mut alice = alice();
    let one = called(&mut alice, r#"["pipeline",0,["one"],[]]"#);
    let two = called(&mut alice, r#"["pipeline",0,["two"],[]]"#);
    let deep = (0..29).fold(Value::Null, |value, _| Value::Array(vec![value]));
    assert_eq!(alice.answer(one, Ok("x".repeat(MAX_HELD / 4).into())), []);
    assert_eq!(alice.answer(two, Ok(deep)), []);
    let refs = vec!["[\"pipeline\",1]"; 1000].join(",");
    for (id, args, why) in [
        (3, refs.as_str(), "bytes of results and arguments"),
        (4, r#"{"a":{"b":["pipeline",2]}}"#, "brackets would be open"),
    ] {
        assert_eq!(alice.receive(&format!("[\"push\",[\"pipeline\",0,[\"x\"],[{args}]]]")), []);
        let said = alice.receive(&format!("[\"pull\",{id}]"));
        assert!(sent(&said)[0].contains(why), "{said:?}");
    }
    called(&mut alice, r#"["pipeline",0,["x"],[["pipeline",1],{"b":["pipeline",2]}]]"#);
}

#[test]
fn a_stub_in_an_argument_is_given_back_at_the_end_of_the_call_unless_it_is_kept() {
    let mut alice = alice();
    let join = r#"["pipeline",0,["join"],["Bob",["export",-1],["export",-1]]]"#;
    let id = called(&mut alice, join);
    assert_eq!(sent(&alice.answer(id, Ok(Value::Null))), ["[\"release\",-1,2]"]);
    let bob = Stub { id: -2 };
    let id = called(&mut alice, r#"["pipeline",0,["join"],["Bob",["export",-2]]]"#);
    assert!(!alice.keep(Stub { id: -1 }) && alice.keep(bob) && alice.keep(bob));
    assert_eq!(alice.answer(id, Ok(Value::Null)), []);
    let told = alice.tell(bob, "onMessage", vec!["hi".into()]).unwrap();
    let push = r#"["push",["pipeline",-2,["onMessage"],["hi"]]]"#;
    assert_eq!(sent(&told), [push, "[\"release\",1,1]"]);
    assert_eq!(alice.release(bob), []);
    assert_eq!(sent(&alice.release(bob)), ["[\"release\",-2,1]"]);
    assert_eq!(alice.release(bob), []);
    let error = alice.tell(bob, "onMessage", vec![]).unwrap_err();
    assert_eq!(error.code, Some(Code::CapRevoked));
    // A stub that was not kept cannot be given back, and the call goes on with it.
    let id = called(&mut alice, r#"["pipeline",0,["x"],[["export",-5]]]"#);
    assert_eq!(alice.release(Stub { id: -5 }), []);
    assert_eq!(sent(&alice.answer(id, Ok(Value::Null))), ["[\"release\",-5,1]"]);
    // A refused call has nothing to keep, and neither has one that cannot start.
    let refused = r#"["push",["pipeline",0,["toString"],[["export",-3]]]]"#;
    assert_eq!(sent(&alice.receive(refused)), ["[\"release\",-3,1]"]);
    // Nor has an answer to nothing.
    let nothing = r#"["resolve",9,["export",-4]]"#;
    assert_eq!(sent(&alice.receive(nothing)), ["[\"release\",-4,1]"]);
    // A stub that is gone cannot be an answer.
    let id = called(&mut alice, r#"["pipeline",0,["x"],[]]"#);
    assert_eq!(alice.answer(id, Ok(bob.into())), []);
    let said = alice.receive("[\"pull\",5]");
    assert!(sent(&said)[0].contains("cap_revoked"), "{said:?}");
}

#[test]
fn an_object_that_is_sent_can_be_called_until_it_is_released() {
    let mut alice = alice();
    let id = called(&mut alice, r#"["pipeline",0,["friend"],[]]"#);
    let bob = || Value::Cap(Cap::Target("bob"));
    assert_eq!(alice.answer(id, Ok(vec![bob(), bob()].into())), []);
    let said = alice.receive("[\"pull\",1]");
    assert_eq!(sent(&said), [r#"["resolve",1,[[["export",-1],["export",-2]]]]"#]);
    assert_eq!(alice.receive("[\"release\",1,1]"), []);
    let said = alice.receive(r#"["push",["pipeline",-1,[],["hi"]]]"#);
    assert_eq!(runs(&said)[0].1, "bob.()");
    assert_eq!(alice.receive("[\"release\",-1,1]"), []);
    let said = alice.receive(r#"["push",["pipeline",-2,["name"]]]"#);
    assert_eq!(runs(&said)[0].1, "bob.name");
    let said = alice.receive(r#"["push",["pipeline",-1,["name"]]]"#);
    assert_eq!(why(&said), "no such entry on exports table: -1");
}

#[test]
fn a_side_without_a_main_object_can_still_be_called_in_vain() {
    let mut nobody: Side = Session::new(None);
    assert_eq!(nobody.receive(r#"["push",["pipeline",0,["greet"],[]]]"#), []);
    let said = nobody.receive("[\"pull\",1]");
    let error = r#"["error","Error","This connection has no main object."]"#;
    assert_eq!(sent(&said), [format!("[\"reject\",1,{error}]")]);
}

#[test]
fn our_calls_are_answered_by_number() {
    let mut bob: Side = Session::new(None);
    let (one, said) = bob.call(Stub::MAIN, "one", vec![]).unwrap();
    assert_eq!(sent(&said), [r#"["push",["pipeline",0,["one"],[]]]"#, "[\"pull\",1]"]);
    let (two, said) = bob.call(&one, "two", vec![one.clone().get("a").get(0).into()]).unwrap();
    let push = r#"["push",["pipeline",1,["two"],[["pipeline",1,["a",0]]]]]"#;
    assert_eq!(sent(&said), [push, "[\"pull\",2]"]);
    assert_eq!(bob.pull(two.call), []);
    let (gone, _) = bob.call(Stub::MAIN, "three", vec![Value::Cap(Cap::Target("me"))]).unwrap();
    assert_eq!(sent(&bob.forget(gone.call)), ["[\"release\",3,1]"]);

    let said = bob.receive(r#"["reject",2,["error","Error","no"]]"#);
    let answered = |call: &Promise, result| Output::Answered { call: call.call, result };
    let release = |id| Output::Send(format!("[\"release\",{id},1]"));
    assert_eq!(said, [release(2), answered(&two, Err(RpcError::plain("no")))]);
    let said = bob.receive(r#"["resolve",1,["export",-1]]"#);
    let stub = Stub { id: -1 };
    assert_eq!(said, [release(1), answered(&one, Ok(stub.into()))]);
    // The stub is ours, until we release it.
    assert!(bob.push(stub, [name("greet")], None).is_ok());
    assert_eq!(sent(&bob.release(stub)), ["[\"release\",-1,1]"]);
    // An answer is ignored if its call has one, or was given up.
    assert_eq!(bob.receive("[\"resolve\",3,1]"), []);
    assert_eq!(bob.receive("[\"resolve\",1,1]"), []);
    // An answer that is here is no promise any more.
    let error = bob.call(&one, "four", vec![]).unwrap_err();
    assert_eq!(error.message, "this answer is here already");
    assert!(bob.call(Stub::MAIN, "four", vec![one.into()]).is_err());
    // An answer with a promise in it comes when the promise does.
    let (five, _) = bob.call(Stub::MAIN, "five", vec![]).unwrap();
    let said =
        bob.receive(&format!("[\"resolve\",{},{{\"a\":[\"promise\",-2]}}]", five.call.0));
    assert_eq!(said, [release(five.call.0)]);
    let said = bob.receive("[\"resolve\",-2,[[]]]");
    let result = Value::object([("a", vec![].into())]);
    assert_eq!(said, [release(-2), answered(&five, Ok(result))]);
}

#[test]
fn a_value_that_cannot_be_sent_is_not_sent() {
    let mut bob: Side = Session::new(None);
    let deep = (0..40).fold(Value::Null, |value, _| Value::Array(vec![value]));
    let error = bob.call(Stub::MAIN, "x", vec![deep.clone()]).unwrap_err();
    assert_eq!(error.message, "more than 64 brackets would be open at once");
    let path = vec![name("a"); MAX_PATH + 1];
    let error = bob.push(Stub::MAIN, path.clone(), None).unwrap_err();
    assert_eq!(error.message, "a path has at most 64 names");
    // Nothing was counted: the next call is the first one.
    let (first, _) = bob.call(Stub::MAIN, "x", vec![]).unwrap();
    assert_eq!(first.call, CallId(1));
    let promise = path.iter().fold(first.clone(), |promise, name| promise.get(name.clone()));
    assert_eq!(bob.call(Stub::MAIN, "x", vec![promise.into()]).unwrap_err(), error);
    // The other side can read each message that goes out, however deep it is.
    let mut alice = alice();
    assert_eq!(alice.receive(r#"["push",1]"#), []);
    let mut value = first.get("a").into();
    for _ in 0..59 {
        value = Value::object([("a", value)]);
        let (_, said) = bob.call(Stub::MAIN, "x", vec![value.clone()]).unwrap();
        assert!(Message::read(sent(&said)[0]).is_ok());
    }
    assert!(bob.call(Stub::MAIN, "x", vec![Value::object([("a", value)])]).is_err());
    let id = called(&mut alice, r#"["pipeline",0,["x"],[]]"#);
    assert_eq!(alice.answer(id, Ok(deep)), []);
    assert!(sent(&alice.receive("[\"pull\",2]"))[0].starts_with("[\"reject\",2,"));
}

#[test]
fn a_broken_session_answers_all_calls_and_does_nothing_more() {
    let mut bob = alice();
    let (call, _) = bob.call(Stub::MAIN, "x", vec![]).unwrap();
    let run = called(&mut bob, r#"["pipeline",0,["x"],[["export",-1]]]"#);
    let out = bob.receive("nonsense");
    assert!(
        matches!(&out[1], Output::Answered { call: it, result: Err(_) } if *it == call.call)
    );
    assert!(why(&out).starts_with("bad JSON"));
    assert_eq!(bob.receive("[\"pull\",1]"), []);
    assert_eq!(bob.answer(run, Ok(Value::Null)), []);
    assert!(!bob.keep(Stub { id: -1 }));
    assert_eq!(bob.call(Stub::MAIN, "x", vec![]).unwrap_err().code, Some(Code::Canceled));
    assert_eq!(bob.abort(RpcError::plain("again")), []);

    // An answer that makes no sense is none.
    for answer in [r#"["import",-99]"#, r#"["pipeline",99,["x"]]"#] {
        let mut bob = alice();
        let (call, _) = bob.call(Stub::MAIN, "x", vec![]).unwrap();
        let out = bob.receive(&format!("[\"resolve\",1,{answer}]"));
        let answered =
            |it: &_| matches!(it, Output::Answered { call: of, .. } if *of == call.call);
        assert_eq!(out.iter().filter(|it| answered(it)).count(), 1, "{out:?}");
        assert!(why(&out).starts_with("no such entry"), "{out:?}");
    }
    // Nor is one that is still a promise.
    let mut bob = alice();
    let (call, _) = bob.call(Stub::MAIN, "x", vec![]).unwrap();
    let _ = bob.receive("[\"resolve\",1,[\"promise\",-2]]");
    let gone = RpcError::plain("gone");
    let answered = Output::Answered { call: call.call, result: Err(gone.clone()) };
    assert_eq!(bob.lost(gone.clone()), [answered, Output::Ended(gone)]);

    // To an abort, nothing is said.
    let mut bob = alice();
    let out = bob.receive(r#"["abort",["error","Error","over"]]"#);
    assert_eq!(out, [Output::Ended(RpcError::plain("over"))]);
    // Nothing is sent over a dead connection, either.
    let mut bob = alice();
    assert_eq!(sent(&bob.lost(RpcError::plain("gone"))), [""; 0]);
}

#[test]
fn a_session_takes_as_much_as_its_limits_say_and_no_more() {
    let mut busy = alice();
    for _ in 0..MAX_PENDING {
        called(&mut busy, r#"["pipeline",0,["x"],[]]"#);
    }
    // One call too many is refused, and the session goes on.
    assert_eq!(busy.receive(r#"["push",["pipeline",0,["x"],[]]]"#), []);
    let said = busy.receive(&format!("[\"pull\",{}]", MAX_PENDING + 1));
    assert!(sent(&said)[0].contains("more than 1024 calls are under way"), "{said:?}");
    let _ = busy.answer(AnswerId(1), Ok(Value::Null));
    called(&mut busy, r#"["pipeline",0,["x"],[]]"#);

    let mut full = alice();
    for _ in 1..MAX_ENTRIES {
        assert_eq!(full.receive("[\"push\",1]"), []);
    }
    assert_eq!(
        why(&full.receive("[\"push\",1]")),
        "more than 16384 results and stubs are in use: release some"
    );

    // As many in one value as a message of a WebSocket can ask for.
    let mut handed_out = alice();
    let objects = vec![r#"["import",0]"#; 20_000].join(",");
    let _ = handed_out.receive(&format!("[\"push\",[[{objects}]]]"));
    let said = handed_out.receive("[\"pull\",1]");
    assert!(sent(&said)[0].starts_with("[\"reject\",1,"), "{} bytes", sent(&said)[0].len());
    assert!(sent(&said)[0].contains("more than 16384 results and stubs are in use"));
    assert_eq!(handed_out.entries(), 2);

    let mut crowded = alice();
    for id in 1..=MAX_ENTRIES {
        let id =
            called(&mut crowded, &format!("[\"pipeline\",0,[\"x\"],[[\"export\",-{id}]]]"));
        assert!(crowded.keep(Stub { id: -id.0 }));
        let _ = crowded.answer(id, Ok(Value::Null));
        let _ = crowded.receive(&format!("[\"release\",{},1]", id.0));
    }
    let said = crowded.receive(r#"["push",["pipeline",0,["x"],[["export",-20000]]]]"#);
    assert_eq!(why(&said), "more than 16384 stubs were sent");

    let mut heavy = alice();
    let long = "x".repeat(MAX_HELD / 4);
    for id in 1..5 {
        let _ = heavy.receive(&format!("[\"push\",\"{long}\"]"));
        let said = heavy.receive(&format!("[\"pull\",{id}]"));
        assert_eq!(sent(&said)[0].starts_with("[\"resolve\""), id < 4);
    }
    assert!(heavy.held <= MAX_HELD);
    // A value that waits weighs as much as a result.
    let _ = heavy.receive("[\"release\",1,1]");
    for id in 5..8 {
        let wait = format!("[\"push\",[[\"{long}\",[\"promise\",-1]]]]");
        let _ = heavy.receive(&wait);
        let said = heavy.receive(&format!("[\"pull\",{id}]"));
        assert_eq!(said.is_empty(), id == 5, "{id}");
    }

    let mut poor = alice().holding_at_most(1000);
    let said = poor.receive(&format!("[\"push\",\"{}\"]", "x".repeat(900)));
    assert_eq!(said, []);
    assert_eq!(poor.receive("[\"push\",\"and another hundred\"]"), []);
    assert_eq!(
        sent(&poor.receive("[\"pull\",2]")),
        [
            r#"["reject",2,["error","Error","more than 1000 bytes of results and arguments are kept",null,{"code":"too_many"}]]"#
        ]
    );

    // One result, put into many calls that are all under way.
    let mut spread = alice().holding_at_most(10_000);
    for _ in 0..20 {
        let _ = spread.receive(r#"["push",["pipeline",0,["x"],[["promise",-1]]]]"#);
    }
    let said = spread.receive(&format!("[\"resolve\",-1,\"{}\"]", "x".repeat(1000)));
    let runs = said.iter().filter(|said| matches!(said, Output::Run { .. })).count();
    assert!((5..10).contains(&runs), "{runs} calls have a copy of it");
    // The name of a method that waits.
    let mut named = alice().holding_at_most(10_000);
    let wait =
        format!("[\"push\",[\"pipeline\",0,[\"{}\"],[[\"promise\",-1]]]]", "x".repeat(1000));
    for id in 1..20 {
        let _ = named.receive(&wait);
        let said = named.receive(&format!("[\"pull\",{id}]"));
        assert_eq!(said.is_empty(), id < 10, "{id}");
    }

    // The other side's calls do not take the place of an answer to ours.
    let mut busy = alice();
    busy.push(Stub::MAIN, [name("x")], None).unwrap();
    for _ in 0..=MAX_PENDING {
        let _ = busy.receive(r#"["push",["pipeline",0,["x"],[]]]"#);
    }
    let said = busy.receive(r#"["resolve",1,"ok"]"#);
    assert!(matches!(&said[..], [_, Output::Answered { result: Ok(_), .. }]), "{said:?}");

    let mut bob: Side = Session::new(None);
    for _ in 0..MAX_PENDING {
        bob.push(Stub::MAIN, [name("x")], None).unwrap();
    }
    let error = bob.push(Stub::MAIN, [name("x")], None).unwrap_err();
    assert_eq!(error.code, Some(Code::TooMany));
}
