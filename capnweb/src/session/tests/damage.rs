//! A long test of sessions: conversations that are damaged in every way but one.
//!
//! On any input nothing panics, what comes out can be read, and no table grows beyond its
//! limit. `RPC_DAMAGE=10000000 cargo test -p capnweb damage --release` tries as many as
//! you have time for.

use std::env;

use super::*;
use crate::batch::tests::Alice;
use crate::batch::{MAX_REPLY, serve};
use crate::tests::chance::Chance;

/// How many conversations an ordinary run tries.
const TALKS: u64 = 3000;

/// How a conversation begins, so that there is something to talk about.
const OPENING: [&str; 3] = [
    r#"["push",["pipeline",0,["friend"],[]]]"#,
    r#"["push",["pipeline",0,["echo"],[{"a":[[1,"x"]]}]]]"#,
    r#"["push",["pipeline",0,["echo"],[["export",-1]]]]"#,
];

/// What can be said after that.
const LINES: [&str; 24] = [
    r#"["push",["pipeline",0,["greet"],[]]]"#,
    r#"["push",["pipeline",0,["chat"],["Hi Alice, this is Bob!"]]]"#,
    r#"["push",["pipeline",0,["twice"],[["pipeline",1]]]]"#,
    r#"["push",["pipeline",0,["twice"],[["pipeline",4]]]]"#,
    r#"["push",["pipeline",0,["echo"],[["promise",-2],["pipeline",2,["a",0]]]]]"#,
    r#"["push",["pipeline",0,["echo"],[{"a":[[1,["import",0]]],"b":["import",3]}]]]"#,
    r#"["push",["pipeline",0,["echo"],[["pipeline",0,["friend"],[]]]]]"#,
    r#"["push",["pipeline",1,["bob","greet"],[]]]"#,
    r#"["push",["pipeline",3,["onMessage"],[["export",-1]]]]"#,
    r#"["push",["pipeline",2]]"#,
    r#"["push",["pipeline",0,["echo"],[["date",0],["bigint","1"],["bytes","AQ"],["nan"]]]]"#,
    r#"["push",["pipeline",0,["toString","x"]]]"#,
    r#"["push",{"a":["promise",-1],"b":["error","Error","x"]}]"#,
    r#"["pull",1]"#,
    r#"["pull",2]"#,
    r#"["pull",3]"#,
    r#"["resolve",1,{"a":["export",-3]}]"#,
    r#"["resolve",-1,["pipeline",2]]"#,
    r#"["resolve",-2,["export",-1]]"#,
    r#"["resolve",2,["promise",-4]]"#,
    r#"["resolve",-4,["pipeline",3]]"#,
    r#"["reject",-2,["error","TypeError","no"]]"#,
    r#"["reject",1,["error","bad_request","no",null,{"code":"internal"}]]"#,
    r#"["release",0,0]"#,
];

/// What can only be said once, or at another time, or not at all.
const OTHERS: [&str; 8] = [
    r#"["release",1,1]"#,
    r#"["release",3,1]"#,
    r#"["release",-1,1]"#,
    r#"["push",["pipeline",-1,["greet"],[]]]"#,
    r#"["pull",7]"#,
    r#"["abort",["error","Error","over"]]"#,
    "[[[[[[[[[[[[[[[[",
    r#"["stream",["pipeline",0,["x"],[]]]"#,
];

fn damaged(chance: &mut Chance, bytes: &mut Vec<u8>) {
    let at = chance.below(bytes.len() + 1);
    let to = at + chance.below(bytes.len() - at + 1);
    match chance.below(8) {
        0 => bytes.insert(at, u8::try_from(chance.below(256)).unwrap()),
        1 => bytes.truncate(at),
        2 => drop(bytes.drain(at..to)),
        3 => bytes.extend_from_within(at..to),
        4 => drop(bytes.splice(at..at, chance.one_of(&LINES).bytes())),
        5 => drop(bytes.splice(at..at, [b"[{,:\"-0"[chance.below(7)]; 70])),
        6 => {
            if let Some(digit) = bytes.iter().position(u8::is_ascii_digit) {
                bytes[digit] = b'0' + u8::try_from(chance.below(10)).unwrap();
            }
        }
        _ => {
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1 << chance.below(8);
            }
        }
    }
}

/// A line, as it should be or not.
fn line(chance: &mut Chance) -> Vec<u8> {
    let is_other = chance.below(12) == 0;
    let line = if is_other { chance.one_of(&OTHERS) } else { chance.one_of(&LINES) };
    let mut bytes = line.as_bytes().to_vec();
    if chance.below(12) == 0 {
        for _ in 0..chance.below(4) {
            damaged(chance, &mut bytes);
        }
    }
    bytes
}

/// Does something with what came out, and looks at it.
fn perform(
    chance: &mut Chance,
    session: &mut Side,
    outputs: Vec<Output<&'static str>>,
    running: &mut Vec<AnswerId>,
) -> bool {
    let mut is_over = false;
    for output in outputs {
        match output {
            Output::Send(text) => {
                Message::read(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
            }
            Output::Run { id, target, path, args } => {
                assert!(!path.iter().any(Key::is_forbidden));
                running.push(id);
                let mut stubs = Vec::new();
                args.iter().flatten().for_each(|arg| {
                    arg.each_cap(&mut |cap| match cap {
                        Cap::Stub(stub) => stubs.push(*stub),
                        Cap::Target(known) => assert_eq!(*known, target),
                        Cap::Promise(_) => panic!("not delivered"),
                    });
                });
                for stub in stubs {
                    // It can be called: it is the session's promise.
                    assert!(session.tell(stub, "x", vec![]).is_ok());
                    let _ = chance.below(3) == 0 && session.keep(stub);
                }
            }
            Output::Answered { .. } => {}
            Output::Ended(_) => is_over = true,
        }
    }
    is_over
}

/// One conversation. Whether it went on to its end.
fn talk(chance: &mut Chance) -> bool {
    let mut session = alice();
    let mut running = Vec::new();
    let mut is_over = false;
    for line in OPENING {
        let outputs = session.receive(line);
        perform(chance, &mut session, outputs, &mut running);
    }
    for _ in 0..chance.below(40) {
        let outputs = match chance.below(6) {
            0 if !running.is_empty() => {
                let id = running.swap_remove(chance.below(running.len()));
                let result = match chance.below(4) {
                    0 => Err(RpcError::new(Code::Internal, "x")),
                    1 => Ok(Value::object([("bob", Value::Cap(Cap::Target("alice")))])),
                    2 => Ok(Stub { id: -1 }.into()),
                    _ => Ok(chance.value(4, &mut |_| Some(Cap::Target("alice")))),
                };
                session.answer(id, result)
            }
            1 => {
                let args = vec![Value::Cap(Cap::Target("alice"))];
                session.call(Stub::MAIN, "x", args).map_or_else(|_| Vec::new(), |it| it.1)
            }
            2 => session.release(Stub { id: -1 }),
            _ => session.receive(&String::from_utf8_lossy(&line(chance))),
        };
        is_over |= perform(chance, &mut session, outputs, &mut running);
        assert!(session.held <= MAX_HELD && session.entries() < 500, "{session:?}");
        if is_over {
            assert_eq!((session.entries(), session.held, session.pending), (1, 0, 0));
        }
    }
    // Everything ends, and then nothing is left that was not kept, sent, or asked for.
    let error = RpcError::new(Code::Canceled, "x");
    let outputs = session.cancel(&error);
    perform(chance, &mut session, outputs, &mut running);
    assert!(
        session.slots.values().all(|slot| matches!(slot.state, State::Done(_))),
        "{session:#?}"
    );
    assert_eq!(session.pending, 0);
    for id in 1..=session.pushed {
        if session.slots.get(&id).is_some_and(|slot| slot.refs > 0) {
            let outputs = session.receive(&format!("[\"release\",{id},1]"));
            perform(chance, &mut session, outputs, &mut running);
        }
    }
    assert!(session.slots.is_empty() && session.held == 0, "{session:?}");
    assert!(
        session.imports.values().all(|import| import.holders == import.kept),
        "{session:?}"
    );
    !is_over
}

#[test]
fn damage_of_every_kind_leaves_the_session_answering_or_over() {
    let talks = env::var("RPC_DAMAGE").ok().and_then(|text| text.parse().ok());
    let mut chance = Chance(0x9E37_79B9_7F4A_7C15);
    let (mut whole, mut answered, talks) = (0_u64, 0_u64, talks.unwrap_or(TALKS));
    let alice = Alice::shared();
    for _ in 0..talks {
        whole += u64::from(talk(&mut chance));
        let opening = OPENING.iter().map(|line| line.as_bytes().to_vec());
        let mut lines: Vec<_> = opening.collect();
        lines.extend((0..chance.below(20)).map(|_| line(&mut chance)));
        match serve(&lines.join(&b'\n'), &alice) {
            Ok(reply) => {
                assert!(reply.len() <= MAX_REPLY);
                answered += u64::from(reply.contains("resolve"));
                for line in reply.lines() {
                    Message::read(line).unwrap_or_else(|error| panic!("{error}: {line}"));
                }
            }
            Err(error) => assert!(Message::read(&Message::Abort(error).write()).is_ok()),
        }
    }
    // A test that only ever sees noise tests nothing.
    assert!(whole > talks / 10 && answered > talks / 10, "{whole} {answered} of {talks}");
}
