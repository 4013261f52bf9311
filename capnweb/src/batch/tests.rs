//! Batches as npm's client sends them, and batches as nobody should.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::thread;

use serde_json::Value as Json;

use super::*;
use crate::error::{Code, RpcError};
use crate::http::MAX_BODY;
use crate::stub::Promise;
use crate::value::{Target, Value};
use crate::wire::{MAX_DEPTH, Message, STACK};

/// Alice of seed 000, and a method for each kind of trouble.
#[derive(Default)]
pub(crate) struct Alice {
    received: AtomicU32,
}

impl Alice {
    pub(crate) fn shared() -> Arc<dyn Target> {
        Arc::new(Self::default())
    }
}

impl Target for Alice {
    fn call(&self, method: &str, mut args: Vec<Value>) -> Result<Value, RpcError> {
        match method {
            "greet" => Ok("Hello! I'm Alice.".into()),
            "chat" => {
                if args.first().and_then(Value::as_str).is_none() {
                    let text = "chat(message): message must be a string";
                    return Err(RpcError::type_error(text));
                }
                let count = self.received.fetch_add(1, SeqCst) + 1;
                Ok(format!("Alice says: Thanks for the message #{count}!").into())
            }
            "get_stats" => {
                let count = self.received.load(SeqCst);
                let name = ("name", "Alice".into());
                Ok(Value::object([name, ("messages_received", count.into())]))
            }
            "echo" if !args.is_empty() => Ok(args.swap_remove(0)),
            "twice" => Ok(vec![args[0].clone(), args.swap_remove(0)].into()),
            "friend" => Ok(Value::object([("bob", Self::shared().into())])),
            _ => Err(RpcError::not_a_function(method)),
        }
    }

    fn property(&self, name: &str) -> Result<Value, RpcError> {
        match name {
            "name" => Ok("Alice".into()),
            "friend" => Ok(Self::shared().into()),
            "list" => Ok(vec![Value::object([("a", Self::shared().into())])].into()),
            "secret" => Err(RpcError::new(Code::PermissionDenied, "ask my mother")),
            _ => Ok(Value::Undefined),
        }
    }
}

/// The reply to these lines.
fn reply(lines: &[&str]) -> String {
    serve(lines.join("\n").as_bytes(), &Alice::shared()).unwrap()
}

/// The answer to one call, which is all that is said.
fn answer(expr: &str) -> String {
    let push = format!("[\"push\",{expr}]");
    let reply = reply(&[&push, "[\"pull\",1]"]);
    let answer = reply.strip_prefix("[\"resolve\",1,").or(reply.strip_prefix("[\"reject\",1,"));
    answer.unwrap_or_else(|| panic!("{reply}")).strip_suffix(']').unwrap().to_owned()
}

fn refusal(body: &[u8]) -> String {
    let refused = serve(body, &Alice::shared()).expect_err("refused");
    assert_eq!(refused.body, Message::Abort(refused.error.clone()).write());
    assert!(!refused.body.contains('\n'));
    refused.error.message
}

#[test]
fn what_npm_was_answered_is_what_we_answer() {
    let alice = Alice::shared();
    let mut batches = 0;
    for line in include_str!("../traces/js-js-batch.jsonl").lines() {
        let recorded: Json = serde_json::from_str(line).unwrap();
        let lines = |side: &str| {
            let lines = recorded[side].as_array().unwrap().iter();
            lines.map(|line| line.as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let parsed = |line: &str| serde_json::from_str::<Json>(line).unwrap();
        let reply = serve(lines("request").join("\n").as_bytes(), &alice).unwrap();
        let reply: Vec<_> = reply.split('\n').map(parsed).collect();
        let theirs: Vec<_> = lines("reply").iter().map(|line| parsed(line)).collect();
        assert_eq!(reply, theirs, "{line}");
        batches += 1;
    }
    assert_eq!(batches, 13);
}

#[test]
fn what_npm_has_asked_is_what_we_ask() {
    let recorded = include_str!("../traces/js-js-batch.jsonl").lines();
    let recorded = recorded.map(|line| serde_json::from_str::<Json>(line).unwrap());
    let requests: Vec<_> = recorded
        .map(|batch| {
            let lines = batch["request"].as_array().unwrap().iter();
            lines.map(|line| line.as_str().unwrap().to_owned()).collect::<Vec<_>>().join("\n")
        })
        .collect();
    let ask = |build: &dyn Fn(&mut Batch) -> Result<Vec<Promise>, RpcError>| {
        let mut batch = Batch::new();
        for promise in build(&mut batch).unwrap() {
            batch.pull(&promise).unwrap();
        }
        batch.body().to_owned()
    };
    let greet = ask(&|batch| Ok(vec![batch.call("greet", vec![])?]));
    assert_eq!(greet, requests[0]);
    let three = ask(&|batch| {
        let (greet, chat) =
            (batch.call("greet", vec![])?, batch.call("chat", vec!["one".into()])?);
        Ok(vec![greet, chat, batch.call("get_stats", vec![])?])
    });
    assert_eq!(three, requests[3]);
    let argument = ask(&|batch| {
        let greet = batch.call("greet", vec![])?;
        Ok(vec![batch.call("chat", vec![greet.into()])?])
    });
    assert_eq!(argument, requests[4]);
    let property = ask(&|batch| Ok(vec![batch.call("get_stats", vec![])?.get("name")]));
    assert_eq!(property, requests[5]);
    let both = ask(&|batch| {
        let name = batch.call("get_stats", vec![])?.get("name");
        Ok(vec![batch.call("chat", vec![name.into()])?])
    });
    assert_eq!(both, requests[6]);
    assert_eq!(ask(&|batch| Ok(vec![batch.get("name")?])), requests[7]);
    let lists = ask(&|batch| {
        let (two, four) = (vec![2.into(), 3.into()].into(), vec![4.into()].into());
        let args = vec![1.into(), two, Value::object([("a", four)])];
        Ok(vec![batch.call("no_such_method", args)?])
    });
    assert_eq!(lists, requests[8]);
    let callback = ask(&|batch| Ok(vec![batch.call("chat", vec![Alice::shared().into()])?]));
    assert_eq!(callback, requests[11]);
    let unpulled = ask(&|batch| {
        batch.call("chat", vec!["unpulled".into()])?;
        Ok(vec![batch.call("get_stats", vec![])?])
    });
    assert_eq!(unpulled, requests[12]);
}

#[test]
fn nothing_asked_nothing_answered() {
    assert_eq!(reply(&[]), "");
    assert_eq!(reply(&[r#"["push",["pipeline",0,["greet"],[]]]"#]), "");
    // A second pull changes nothing.
    let twice = [r#"["push",["pipeline",0,["name"]]]"#, r#"["pull",1]"#, r#"["pull",1]"#];
    assert_eq!(reply(&twice), r#"["resolve",1,"Alice"]"#);
}

#[test]
fn lines_are_parted_by_a_newline_and_nothing_else() {
    let two = "[\"push\",[\"pipeline\",0,[\"name\"]]]\r\n[\"pull\",1]\r";
    assert_eq!(serve(two.as_bytes(), &Alice::shared()).unwrap(), r#"["resolve",1,"Alice"]"#);
    let push = r#"["push",["pipeline",0,["name"]]]"#;
    for body in [
        "\n".to_owned(),
        format!("{push}\n"),
        format!("\n{push}"),
        format!("{push}\n\n[\"pull\",1]"),
        format!("{push}\r\n\r\n[\"pull\",1]"),
        format!("{push}[\"pull\",1]"),
        format!("\u{FEFF}{push}"),
    ] {
        let why = refusal(body.as_bytes());
        assert!(why.starts_with("bad JSON"), "{body:?}: {why}");
    }
    assert_eq!(refusal(b"\xff\xfe"), "the request is not UTF-8");
}

#[test]
fn one_bad_line_and_nobody_is_answered() {
    let good = "[\"push\",[\"pipeline\",0,[\"name\"]]]\n[\"pull\",1]\n";
    let no_entry = "no such entry on exports table:";
    for (line, why) in [
        ("[\"pull\",2]", format!("{no_entry} 2")),
        ("[\"pull\",0]", format!("{no_entry} 0")),
        ("[\"pull\",-1]", format!("{no_entry} -1")),
        ("[\"push\",[\"pipeline\",7,[\"a\"]]]", format!("{no_entry} 7")),
        // Itself.
        ("[\"push\",[\"pipeline\",2,[\"a\"]]]", format!("{no_entry} 2")),
        ("[\"push\",[\"pipeline\",-1,[\"a\"],[]]]", format!("{no_entry} -1")),
        ("[\"push\",[[[\"import\",-1]]]]", format!("{no_entry} -1")),
        ("[\"release\",2,1]", format!("{no_entry} 2")),
        ("[\"release\",-1,1]", format!("{no_entry} -1")),
        ("[\"release\",1,2]", "cannot release 2 references to 1: there are 1".into()),
        ("[\"abort\",[\"error\",\"Error\",\"enough\"]]", "enough".into()),
        ("[\"abort\",\"enough\"]", "enough".into()),
        ("[\"pipe\"]", "this peer takes no pipe".into()),
    ] {
        assert_eq!(refusal(format!("{good}{line}").as_bytes()), why);
    }
    // What is released twice is gone the second time.
    let twice = format!("{good}[\"release\",1,1]\n[\"release\",1,1]");
    assert_eq!(refusal(twice.as_bytes()), format!("{no_entry} 1"));
    let then_pulled = format!("{good}[\"release\",1,1]\n[\"pull\",1]");
    assert_eq!(refusal(then_pulled.as_bytes()), format!("{no_entry} 1"));
    let main = "[\"release\",0,1]\n[\"push\",[\"pipeline\",0,[\"name\"]]]";
    assert_eq!(refusal(main.as_bytes()), format!("{no_entry} 0"));
    // Answers to nothing are no fault.
    let answers =
        format!("{good}[\"resolve\",5,1]\n[\"reject\",-5,[\"error\",\"Error\",\"x\"]]");
    assert_eq!(
        serve(answers.as_bytes(), &Alice::shared()).unwrap(),
        r#"["resolve",1,"Alice"]"#
    );
}

#[test]
fn a_path_leads_where_it_leads_in_javascript() {
    let call = |path: &str, args: &str| answer(&format!("[\"pipeline\",0,[{path}]{args}]"));
    let no_function =
        |name: &str| format!("[\"error\",\"TypeError\",\"'{name}' is not a function.\"]");
    let in_undefined = |name: &str| {
        let text = format!("Cannot read properties of undefined (reading '{name}')");
        format!("[\"error\",\"TypeError\",\"{text}\"]")
    };
    assert_eq!(call("\"friend\",\"greet\"", ",[]"), r#""Hello! I'm Alice.""#);
    assert_eq!(call("\"friend\",\"friend\",\"name\"", ""), r#""Alice""#);
    assert_eq!(call("\"list\",0,\"a\",\"name\"", ""), r#""Alice""#);
    assert_eq!(call("\"list\",\"0\",\"a\"", ""), in_undefined("a"));
    assert_eq!(call("\"list\",1", ""), r#"["undefined"]"#);
    assert_eq!(call("\"friend\"", ""), r#"["export",-1]"#);
    assert_eq!(call("\"nothing\"", ""), r#"["undefined"]"#);
    assert_eq!(call("\"nothing\",\"more\"", ""), in_undefined("more"));
    assert_eq!(call("\"nothing\",\"toString\"", ""), r#"["undefined"]"#);
    assert_eq!(call("\"name\",\"length\"", ""), r#"["undefined"]"#);
    assert_eq!(call("\"name\"", ",[]"), no_function("name"));
    assert_eq!(call("\"list\",0", ",[]"), no_function("list.0"));
    assert_eq!(call("0", ",[]"), no_function("0"));
    assert_eq!(call("", ",[]"), no_function(""));
    for name in ["toString", "constructor", "__proto__", "hasOwnProperty", "toJSON"] {
        assert_eq!(call(&format!("\"{name}\""), ",[]"), no_function(name));
        assert_eq!(call(&format!("\"{name}\""), ""), r#"["undefined"]"#);
        assert_eq!(call(&format!("\"{name}\",\"call\""), ",[]"), in_undefined("call"));
        assert_eq!(call(&format!("\"list\",\"{name}\""), ""), r#"["undefined"]"#);
    }
    let denied = r#"["error","Error","ask my mother",null,{"code":"permission_denied"}]"#;
    assert_eq!(call("\"secret\"", ""), denied);
    assert_eq!(call("\"secret\",\"more\"", ",[]"), denied);
    // An object that is its own friend, as far as a path may be long.
    let friends = vec!["\"friend\""; 63].join(",");
    assert_eq!(call(&format!("{friends},\"name\""), ""), r#""Alice""#);
}

#[test]
fn results_are_used_before_they_are_sent() {
    let pushes = |exprs: &[&str]| {
        let pushes = exprs.iter().map(|expr| format!("[\"push\",{expr}]"));
        let mut lines: Vec<_> = pushes.collect();
        lines.push(format!("[\"pull\",{}]", exprs.len()));
        serve(lines.join("\n").as_bytes(), &Alice::shared()).unwrap()
    };
    let stats = r#"["pipeline",0,["get_stats"],[]]"#;
    let friend = r#"["pipeline",0,["friend"],[]]"#;
    assert_eq!(
        pushes(&[stats, r#"["pipeline",1]"#]).split_once(",{").unwrap().0,
        "[\"resolve\",2"
    );
    for (path, end) in [
        (r#""nothing","toString""#, r#"["resolve",2,["undefined"]]"#),
        (r#""name","toString""#, r#"["resolve",2,["undefined"]]"#),
        (r#""nothing","more""#, "(reading 'more')\"]]"),
    ] {
        let answer = pushes(&[stats, &format!("[\"pipeline\",1,[{path}]]")]);
        assert!(answer.ends_with(end), "{answer}");
    }
    // A method of an object in a result, of the result of that, and the object as an argument.
    let greet = r#"["pipeline",1,["bob","greet"],[]]"#;
    assert_eq!(pushes(&[friend, greet]), r#"["resolve",2,"Hello! I'm Alice."]"#);
    let echo = r#"["pipeline",1,["bob","echo"],[["pipeline",1,["bob"]]]]"#;
    assert_eq!(
        pushes(&[friend, echo, r#"["pipeline",2,["name"]]"#]),
        r#"["resolve",3,"Alice"]"#
    );
    // A result with an object in it is sent twice: two stubs.
    let both = pushes(&[r#"["pipeline",0,["twice"],[["import",0]]]"#]);
    assert_eq!(both, r#"["resolve",1,[[["export",-1],["export",-2]]]]"#);
    // Not a call at all, but a value with calls in it.
    let value = r#"{"a":["pipeline",0,["greet"],[]],"b":[["pipeline",0,["name"]]]}"#;
    assert!(serve(format!("[\"push\",{value}]").as_bytes(), &Alice::shared()).is_err());
    let value = r#"{"a":["pipeline",0,["greet"],[]],"b":[[["pipeline",0,["name"]]]]}"#;
    assert_eq!(pushes(&[value]), r#"["resolve",1,{"a":"Hello! I'm Alice.","b":[["Alice"]]}]"#);
    // What a failure goes into fails the same way, and does not run.
    let nope = r#"["pipeline",0,["nope"],[]]"#;
    let error = r#"["error","TypeError","'nope' is not a function."]"#;
    let chat = r#"["pipeline",0,["chat"],[["pipeline",1]]]"#;
    assert_eq!(pushes(&[nope, chat]), format!("[\"reject\",2,{error}]"));
    assert_eq!(pushes(&[nope, r#"["pipeline",1,["a"]]"#]), format!("[\"reject\",2,{error}]"));
    let count = r#"["pipeline",3,["messages_received"]]"#;
    assert_eq!(pushes(&[nope, chat, stats, count]), "[\"resolve\",4,0]");
    // A call of what is no function.
    assert_eq!(
        pushes(&[stats, r#"["pipeline",1,["name"],[]]"#]),
        r#"["reject",2,["error","TypeError","'name' is not a function."]]"#
    );
}

#[test]
fn a_stub_of_the_caller_comes_back_to_it_and_is_not_called_for_it() {
    let lines = [
        r#"["push",["pipeline",0,["echo"],[["export",-1]]]]"#,
        r#"["pull",1]"#,
        r#"["push",["pipeline",1,["onMessage"],[]]]"#,
        r#"["pull",2]"#,
        r#"["release",1,1]"#,
    ];
    let said = reply(&lines);
    let said: Vec<_> = said.split('\n').collect();
    assert_eq!(said[0], r#"["resolve",1,["import",-1]]"#);
    assert!(said[1].contains("call it directly"), "{}", said[1]);
    // And not given back before its result was.
    assert_eq!(said[2..], [r#"["release",-1,1]"#]);
}

#[test]
fn a_promise_as_an_argument_is_waited_for() {
    let push = r#"["push",["pipeline",0,["chat"],[["promise",-1]]]]"#;
    let stats = r#"["push",["pipeline",0,["get_stats"],[]]]"#;
    let kept =
        reply(&[push, stats, r#"["pull",1]"#, r#"["pull",2]"#, r#"["resolve",-1,"later"]"#]);
    let kept: Vec<_> = kept.split('\n').collect();
    assert_eq!(kept[0], r#"["resolve",2,{"name":"Alice","messages_received":0}]"#);
    assert_eq!(kept[1], r#"["release",-1,1]"#);
    assert_eq!(kept[2], r#"["resolve",1,"Alice says: Thanks for the message #1!"]"#);
    let broken = reply(&[push, r#"["pull",1]"#, r#"["reject",-1,["error","Error","no"]]"#]);
    assert!(broken.ends_with(r#"["reject",1,["error","Error","no"]]"#), "{broken}");
    let forgotten = reply(&[push, r#"["pull",1]"#]);
    let text = "the batch ended before its promises were kept";
    assert!(forgotten.contains(text) && forgotten.contains("[\"reject\",1,"), "{forgotten}");
    // Two that wait for each other.
    let circle = reply(&[push, r#"["pull",1]"#, r#"["resolve",-1,["pipeline",1]]"#]);
    assert!(circle.contains(text), "{circle}");
    assert_eq!(
        refusal(format!("{push}\n[\"resolve\",-1,[\"promise\",-1]]").as_bytes()),
        "a promise of itself"
    );
}

#[test]
fn a_batch_has_limits() {
    let push = "[\"push\",[\"pipeline\",0,[\"name\"]]]\n";
    let full = push.repeat(MAX_MESSAGES);
    assert!(serve(full.trim_end().as_bytes(), &Alice::shared()).is_ok());
    assert_eq!(
        refusal(format!("{full}[\"pull\",1]").as_bytes()),
        "more than 2000 messages in a batch"
    );
    // One long result, asked for again and again.
    let long = format!(r#"["push",["pipeline",0,["echo"],["{}"]]]"#, "x".repeat(1 << 20));
    let ask = |count: usize| {
        let asks =
            (2..count + 2).map(|id| format!("[\"push\",[\"pipeline\",1]]\n[\"pull\",{id}]"));
        let lines: Vec<_> = std::iter::once(long.clone()).chain(asks).collect();
        serve(lines.join("\n").as_bytes(), &Alice::shared())
    };
    assert_eq!(ask(2).unwrap().len(), 2 * ((1 << 20) + 16) + 1);
    let reply = ask(10).unwrap();
    assert!(reply.contains("bytes of results and arguments are kept"));
    assert!(reply.len() < MAX_REPLY);
    // The same, without keeping it.
    let asks = (1..6).map(|id| {
        format!("[\"push\",[\"pipeline\",0,[\"echo\"],[\"{}\"]]]\n[\"pull\",{id}]\n[\"release\",{id},1]", "x".repeat(1 << 20))
    });
    let why = refusal(asks.collect::<Vec<_>>().join("\n").as_bytes());
    assert_eq!(why, format!("more than {MAX_REPLY} bytes in a batch"));
}

#[test]
fn a_client_writes_no_more_than_a_server_takes_and_goes_on_with_no_wrong_number() {
    let call = |batch: &mut Batch, length: usize| {
        let promise = batch.call("echo", vec!["x".repeat(length).into()])?;
        batch.pull(&promise)
    };
    let mut batch = Batch::new();
    call(&mut batch, 1).unwrap();
    call(&mut batch, 0).unwrap();
    let left = MAX_BODY - batch.body().len();
    let mut full = Batch::new();
    let first = call(&mut full, 1).unwrap();
    call(&mut full, left).unwrap();
    assert_eq!(full.body().len(), MAX_BODY);
    let reply = serve(full.body().as_bytes(), &Alice::shared()).unwrap();
    assert_eq!(full.read_reply(&reply).take(first), Ok("x".into()));

    let mut batch = Batch::new();
    let first = call(&mut batch, 1).unwrap();
    let refused = call(&mut batch, MAX_BODY).unwrap_err();
    assert_eq!(refused.message, format!("more than {MAX_BODY} bytes in a batch"));
    // The server would count one call less than we have.
    assert_eq!(call(&mut batch, 1).unwrap_err().code, refused.code);
    let reply = serve(batch.body().as_bytes(), &Alice::shared()).unwrap();
    assert_eq!(batch.read_reply(&reply).take(first), Ok("x".into()));
}

#[test]
fn a_short_request_fills_no_memory_and_no_stack() {
    // Each result holds the one before it, twice: 2^500 in the end.
    let doubled = |method: &str| {
        let mut lines = vec![r#"["push",["pipeline",0,["echo"],["x"]]]"#.to_owned()];
        for id in 1..500 {
            lines.push(format!(r#"["push",["pipeline",0,["{method}"],[["pipeline",{id}]]]]"#));
        }
        lines.push("[\"pull\",500]".into());
        serve(lines.join("\n").as_bytes(), &Alice::shared()).unwrap()
    };
    let reply = doubled("twice");
    assert!(reply.contains("bytes of results") || reply.contains("brackets"), "{reply}");
    assert!(doubled("echo").contains("\"x\""));
    // Each result holds the one before it, once: deeper and deeper.
    let mut lines = vec![r#"["push",["pipeline",0,["name"]]]"#.to_owned()];
    for id in 1..500 {
        lines.push(format!(r#"["push",["pipeline",0,["echo"],[{{"a":["pipeline",{id}]}}]]]"#));
    }
    lines.push("[\"pull\",500]".into());
    let reply = serve(lines.join("\n").as_bytes(), &Alice::shared()).unwrap();
    assert!(reply.contains("more than 64 brackets would be open at once"), "{reply}");
    // A long chain that waits for its first link.
    let mut lines = vec![r#"["push",["pipeline",0,["echo"],[["promise",-1]]]]"#.to_owned()];
    for id in 1..900 {
        lines.push(format!("[\"push\",[\"pipeline\",{id}]]"));
    }
    lines.extend(["[\"pull\",900]".into(), "[\"resolve\",-1,\"x\"]".into()]);
    let reply = serve(lines.join("\n").as_bytes(), &Alice::shared()).unwrap();
    assert!(reply.ends_with("[\"resolve\",900,\"x\"]"), "{reply}");
}

#[test]
fn a_reply_is_read_beside_other_messages() {
    let two = || {
        let mut batch = Batch::new();
        let (greet, name) = (batch.call("greet", vec![]).unwrap(), batch.get("name").unwrap());
        let (greet, name) = (batch.pull(&greet).unwrap(), batch.pull(&name).unwrap());
        (batch, greet, name)
    };
    let ended = Err(RpcError::new(Code::Canceled, "Batch RPC request ended."));
    let (batch, greet, name) = two();
    let mut reply = batch.read_reply(
        "\u{FEFF}[\"release\",-1,1]\r\n[\"push\",[\"pipeline\",-1,[],[1]]]\n[\"resolve\",2,1]",
    );
    // We have never exported -1: what came after it is not believed.
    assert!(matches!(reply.take(greet), Err(error) if error.message.contains("no such entry")));
    assert!(reply.take(name).is_err());

    let (batch, greet, name) = two();
    let mut reply = batch.read_reply("[\"resolve\",2,[[1]]]\n[\"resolve\",7,1]");
    assert_eq!(reply.take(name), Ok(vec![1.into()].into()));
    assert_eq!(reply.take(name), ended);
    assert_eq!(reply.take(greet), ended);

    let mut batch = Batch::new();
    let chat = batch.call("chat", vec![Alice::shared().into()]).unwrap();
    let chat = batch.pull(&chat).unwrap();
    let text = "[\"push\",[\"pipeline\",-1,[\"greet\"],[]]]\n[\"pull\",1]\n[\"release\",-1,1]\n[\"resolve\",1,\"ok\"]\n";
    assert_eq!(batch.read_reply(text).take(chat), Ok("ok".into()));

    let (batch, greet, name) = two();
    let mut reply = batch.read_reply("[\"resolve\",1,\"hi\"]\n\n[\"resolve\",2,1]");
    assert_eq!(reply.take(greet), Ok("hi".into()));
    assert!(matches!(reply.take(name), Err(error) if error.message.starts_with("bad JSON")));

    let (batch, greet, _) = two();
    assert_eq!(batch.read_reply("").take(greet), ended);
    let (batch, greet, name) = two();
    let mut reply = batch.fail(RpcError::plain("RPC request failed: 500"));
    assert_eq!(reply.take(greet), Err(RpcError::plain("RPC request failed: 500")));
    assert!(reply.take(name).is_err());
    let (batch, greet, _) = two();
    let mut reply = batch.read_reply("[\"abort\",\"over\"]");
    assert_eq!(reply.take(greet), Err(RpcError::plain("over")));
    // A call that was not pulled has no answer, and says so.
    let mut batch = Batch::new();
    let chat = batch.call("chat", vec!["x".into()]).unwrap().call;
    assert_eq!(batch.read_reply("").take(chat), ended);
}

#[test]
fn our_batches_are_served_by_us() {
    let mut batch = Batch::new();
    let friend = batch.call("friend", vec![]).unwrap();
    let greet = batch.call_on(friend.clone().get("bob"), "greet", vec![]).unwrap();
    let chat = batch.call("chat", vec![greet.into()]).unwrap();
    let (chat, friend) = (batch.pull(&chat).unwrap(), batch.pull(&friend).unwrap());
    let body = serve(batch.body().as_bytes(), &Alice::shared()).unwrap();
    let mut reply = batch.read_reply(&body);
    assert_eq!(reply.take(chat), Ok("Alice says: Thanks for the message #1!".into()));
    let friend = reply.take(friend).unwrap();
    assert!(matches!(friend.get("bob"), Some(Value::Cap(crate::Cap::Stub(_)))));
    let mut batch = Batch::new();
    for _ in 0..1000 {
        let name = batch.get("name").unwrap();
        batch.pull(&name).unwrap();
    }
    assert!(batch.get("name").unwrap_err().message.contains("2000 messages"));
}

#[test]
fn calls_for_which_there_is_no_time_are_rejected_and_not_run() {
    use std::sync::atomic::{AtomicUsize, Ordering};

    struct Counts(AtomicUsize);
    impl Target for Counts {
        fn call(&self, _: &str, _: Vec<Value>) -> Result<Value, RpcError> {
            self.0.fetch_add(1, Ordering::SeqCst);
            Ok(Value::Null)
        }
    }
    let counts = Arc::new(Counts(AtomicUsize::new(0)));
    let main: Arc<dyn Target> = Arc::clone(&counts) as _;
    let calls =
        (1..=3).map(|n| format!("[\"push\",[\"pipeline\",0,[\"c\"],[]]]\n[\"pull\",{n}]"));
    let body = calls.collect::<Vec<_>>().join("\n");
    let mut left = 2;
    let has_time = || {
        left -= 1;
        left >= 0
    };
    let reply = serve_while(body.as_bytes(), &main, has_time).unwrap();
    let lines: Vec<_> = reply.lines().collect();
    assert_eq!(lines[..2], ["[\"resolve\",1,null]", "[\"resolve\",2,null]"]);
    assert!(lines[2].starts_with("[\"reject\",3,") && lines[2].contains("too_many"), "{reply}");
    assert_eq!(counts.0.load(Ordering::SeqCst), 2);
}

#[test]
fn one_long_error_is_not_kept_a_thousand_times() {
    struct Complains;
    impl Target for Complains {
        fn call(&self, _: &str, _: Vec<Value>) -> Result<Value, RpcError> {
            Err(RpcError::plain("x".repeat(500_000)))
        }
    }
    let main: Arc<dyn Target> = Arc::new(Complains);
    let mut lines = vec!["[\"push\",[\"pipeline\",0,[\"c\"],[]]]".to_owned()];
    // Each of these would hold a copy of the error.
    lines.extend((0..100).map(|_| "[\"push\",[\"pipeline\",1,[\"x\"]]]".to_owned()));
    lines.push("[\"pull\",101]".into());
    let reply = serve(lines.join("\n").as_bytes(), &main).unwrap();
    assert!(reply.len() < 1000, "{} bytes", reply.len());
    assert!(reply.contains("too_many"), "{reply}");
}

#[test]
fn a_long_name_that_is_no_method_is_not_repeated() {
    let error = RpcError::not_a_function(&"ü".repeat(1000));
    assert!(error.message.len() < 120, "{error}");
}

/// A stack that overflows ends the whole process. Half of it is left to the program.
#[test]
fn the_deepest_messages_need_less_than_half_of_a_stack() {
    let nested = |open: &str, levels: usize, close: &str| {
        format!("{}1{}", open.repeat(levels), close.repeat(levels))
    };
    let echo = r#"["pipeline",0,["echo"],["#;
    let deepest = [
        nested("{\"a\":", MAX_DEPTH - 1, "}"),
        nested("[[", (MAX_DEPTH - 1) / 2, "]]"),
        nested(echo, (MAX_DEPTH - 1) / 2, "]]"),
        format!("{echo}{}]]", nested("{\"a\":", MAX_DEPTH - 5, "}")),
    ];
    let serve_all = move || {
        for expr in deepest {
            let body = format!("[\"push\",{expr}]\n[\"pull\",1]");
            assert!(serve(body.as_bytes(), &Alice::shared()).is_ok(), "{expr}");
        }
    };
    let thread = thread::Builder::new().stack_size(STACK / 2).spawn(serve_all).unwrap();
    thread.join().unwrap();
}
