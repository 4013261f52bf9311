//! What strangers may put into a batch: nothing of it ends a peer, each gets the refusal it
//! deserves, and the next caller is served.

mod fixture;

use fixture::{Fixture, GREET, Peer, chat};

/// A request whose body makes no sense gets one line, which says so, and no call of it is answered.
#[track_caller]
fn is_aborted(alice: &Peer, body: impl AsRef<[u8]>, why: &str) {
    let shown = String::from_utf8_lossy(body.as_ref()).chars().take(100).collect::<String>();
    let reply = alice.is_asked_for(body);
    let text = reply.text();
    assert_eq!(reply.status, 500, "{shown}: {text}");
    assert!(text.starts_with(r#"["abort",["error","Error",""#), "{shown}: {text}");
    assert!(text.contains(why), "{shown}: {why:?} is not in {text}");
    assert!(!text.contains('\n'), "{shown}: {text}");
    alice.still_serves();
}

#[test]
fn a_body_that_is_no_list_of_messages_is_aborted() {
    let fixture = Fixture::open();
    let alice = fixture.alice_alone();
    for body in
        ["{", "[", "[\"push\"", "push", "\"push", "[\"pull\",1]]", "[\"pull\",1],", "\0", "]"]
    {
        is_aborted(&alice, body, "bad JSON");
    }
    // An empty line is no message, either.
    for body in [format!("{GREET}\n"), format!("\n{GREET}"), GREET.replace('\n', "\n\n")] {
        is_aborted(&alice, body, "bad JSON");
    }
    for body in
        ["7", "null", "{}", "\"pull\"", "true", "{\"push\":1}", "[]", "[1]", "[[\"pull\",1]]"]
    {
        is_aborted(&alice, body, "bad RPC message");
    }
    is_aborted(&alice, b"[\"push\",\"\xff\"]", "not UTF-8");
}

#[test]
fn a_message_that_is_unknown_or_not_whole_is_aborted() {
    let fixture = Fixture::open();
    let alice = fixture.alice_alone();
    for body in [
        r#"["shout",1]"#,
        r#"["PUSH",1]"#,
        r#"["push"]"#,
        r#"["pull"]"#,
        r#"["pull","1"]"#,
        r#"["pull",null]"#,
        r#"["resolve",1]"#,
        r#"["release",0]"#,
        r#"["release",0,"1"]"#,
        r#"["abort"]"#,
    ] {
        is_aborted(&alice, body, "bad RPC message");
    }
    for (body, tag) in [
        (r#"["stream",["pipeline",0,["greet"],[]]]"#, "takes no stream"),
        (r#"["pipe"]"#, "takes no pipe"),
        (r#"["push",["remap",0,[],[],[]]]"#, "takes no remap"),
        (r#"["push",["readable",1]]"#, "takes no readable"),
    ] {
        is_aborted(&alice, body, tag);
    }
}

#[test]
fn a_form_that_is_unknown_is_aborted() {
    let fixture = Fixture::open();
    let alice = fixture.alice_alone();
    for form in [
        r#"["shout",1]"#,
        r#"["a","b"]"#,
        "[]",
        "[1]",
        r#"["date","today"]"#,
        r#"["bigint","1.5"]"#,
        r#"["bytes","%"]"#,
        r#"["export",1]"#,
        r#"["export",0]"#,
        r#"["promise",1]"#,
        r#"["pipeline","0",["greet"],[]]"#,
        r#"["pipeline",0,"greet",[]]"#,
        r#"["pipeline",0,["greet"],{}]"#,
        r#"["pipeline",0,[["greet"]],[]]"#,
    ] {
        is_aborted(&alice, format!("[\"push\",{form}]"), "unknown special value");
        // And also where nobody looks at first.
        let deep = format!("[\"push\",[\"pipeline\",0,[\"chat\"],[{{\"a\":[[{form}]]}}]]]");
        is_aborted(&alice, deep, "unknown special value");
    }
}

#[test]
fn sixty_four_brackets_may_be_open_and_no_more() {
    let fixture = Fixture::open();
    let alice = fixture.alice_alone();
    let nested = |depth: usize| {
        // Three are open around the argument.
        chat(&format!("{}1{}", "{\"a\":".repeat(depth - 3), "}".repeat(depth - 3)))
    };
    let reply = alice.is_asked_for(nested(64));
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert!(reply.text().contains("message must be a string"), "{}", reply.text());
    is_aborted(&alice, nested(65), "more than 64 brackets");
    is_aborted(&alice, "[".repeat(1_000_000), "more than 64 brackets");
    is_aborted(&alice, "{\"a\":".repeat(200_000), "more than 64 brackets");
    // In a text they are only text.
    let text = "[".repeat(4000);
    let reply = alice.is_asked_for(chat(&format!("\"{text}\"")));
    assert!(reply.text().starts_with(r#"["resolve",1,"#), "{}", reply.text());
}

#[test]
fn a_number_that_is_out_of_range_is_aborted() {
    let fixture = Fixture::open();
    let alice = fixture.alice_alone();
    for id in ["9007199254740992", "-9007199254740992", "18446744073709551616", "1.5", "1e30"] {
        is_aborted(&alice, format!("[\"pull\",{id}]"), "bad RPC message");
        is_aborted(
            &alice,
            format!("[\"push\",[\"pipeline\",{id},[]]]"),
            "unknown special value",
        );
    }
    is_aborted(&alice, "[\"pull\",1e400]", "bad JSON");
    is_aborted(&alice, "[\"release\",0,-1]", "bad RPC message");
    is_aborted(&alice, "[\"release\",0,0.5]", "bad RPC message");
    let digits = "1".repeat(16_385);
    is_aborted(&alice, chat(&format!("[\"bigint\",\"{digits}\"]")), "unknown special value");
}

#[test]
fn an_id_that_means_nothing_is_aborted() {
    let fixture = Fixture::open();
    let alice = fixture.alice_alone();
    for body in [
        r#"["pull",1]"#,
        r#"["pull",0]"#,
        r#"["pull",-1]"#,
        r#"["push",["pipeline",1,["greet"],[]]]"#,
        r#"["push",["pipeline",-1,["greet"],[]]]"#,
        r#"["push",["import",7]]"#,
        r#"["push",["pipeline",0,["chat"],[["pipeline",9]]]]"#,
        r#"["release",1,1]"#,
        r#"["release",-1,1]"#,
    ] {
        is_aborted(&alice, body, "no such entry on exports table");
        // A call before it has run, but is not answered.
        is_aborted(&alice, format!("{GREET}\n{}", body.replace(",1", ",9")), "no such entry");
    }
    // There is one reference to the main object, and one to a result.
    is_aborted(&alice, r#"["release",0,2]"#, "cannot release 2 references");
    is_aborted(&alice, format!("{GREET}\n[\"release\",1,2]"), "cannot release 2 references");
    is_aborted(&alice, format!("{GREET}\n[\"release\",1,1]\n[\"pull\",1]"), "no such entry");
}

#[test]
fn a_batch_of_too_many_messages_is_aborted() {
    let fixture = Fixture::open();
    let alice = fixture.alice_alone();
    let call = r#"["push",["pipeline",0,["get_stats"],[]]]"#;
    let reply = alice.is_asked_for(vec![call; 2000].join("\n"));
    assert_eq!((reply.status, reply.text().as_str()), (200, ""));
    is_aborted(&alice, vec![call; 2001].join("\n"), "more than 2000 messages");
}

#[test]
fn a_call_that_goes_wrong_is_rejected_and_the_others_of_its_batch_are_answered() {
    let fixture = Fixture::open();
    let alice = fixture.alice_alone();
    let wrong_message = r#"["error","TypeError","chat(message): message must be a string"]"#;
    for (call, error) in [
        (r#"["shout"],[]"#, r#"["error","TypeError","'shout' is not a function."]"#),
        (r#"["name"],[]"#, r#"["error","TypeError","'name' is not a function."]"#),
        (r#"["chat"],[]"#, wrong_message),
        (r#"["chat"],[7]"#, wrong_message),
        (r#"["chat"],[null]"#, wrong_message),
        (r#"["chat"],[[["a"]]]"#, wrong_message),
        (r#"["chat"],[["export",-1]]"#, wrong_message),
    ] {
        let body = format!(
            "[\"push\",[\"pipeline\",0,{call}]]\n[\"push\",[\"pipeline\",0,[\"greet\"],[]]]\n\
             [\"pull\",1]\n[\"pull\",2]"
        );
        let reply = alice.is_asked_for(body);
        assert_eq!(reply.status, 200, "{call}: {}", reply.text());
        let text = reply.text();
        let lines: Vec<_> =
            text.lines().filter(|line| !line.starts_with("[\"release\"")).collect();
        assert_eq!(
            lines,
            [
                format!("[\"reject\",1,{error}]").as_str(),
                r#"["resolve",2,"Hello! I'm Alice."]"#
            ],
            "{call}"
        );
    }
    let stats = "[\"push\",[\"pipeline\",0,[\"get_stats\"],[]]]\n[\"pull\",1]";
    let text = alice.is_asked_for(stats).text();
    assert!(
        text.contains("\"messages_received\":0"),
        "what was refused is not counted: {text}"
    );
}

#[test]
fn a_chat_cannot_reach_through_to_the_terminal() {
    let fixture = Fixture::open();
    let mut alice = fixture.alice_alone();
    for acting in [
        "\\u001b[2J",
        "\\u001b]0;owned\\u0007",
        "\\u009b2J",
        "\\r",
        "\\u0000",
        "\\b\\b\\b",
        "\\u007f",
        "\\u2028",
        "\\u202e",
    ] {
        let reply = alice.is_asked_for(chat(&format!("\"before{acting}after\"")));
        assert!(reply.text().starts_with(r#"["resolve",1,"#), "{acting}: {}", reply.text());
        alice.sees("📨 Alice received: before\u{FFFD}");
        alice.sees("after\n");
    }
    // A line end is kept, but no line passes for one of the program.
    let _ = alice.is_asked_for(chat(r#""before\n📨 Alice received: forged""#));
    alice.sees("📨 Alice received: before\n    | 📨 Alice received: forged\n");
    let printed = alice.printed();
    let acts = |c: char| c.is_control() && c != '\n' || "\u{2028}\u{202e}".contains(c);
    assert!(!printed.contains(acts), "{printed:?}");
    assert!(!printed.contains("\n📨 Alice received: forged"), "{printed:?}");
    // A lone half of a pair is no text at all.
    is_aborted(&alice, chat("\"\\ud800\""), "bad JSON");
}
