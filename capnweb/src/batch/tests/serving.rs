//! Batches that are served: their lines, paths and promises.

use super::*;

#[test]
fn a_batch_without_a_pull_has_an_empty_reply() {
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
fn one_bad_line_fails_the_whole_batch() {
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
