//! What clients may send and do, once they are connected: nothing of it ends the server, nobody
//! else is kept waiting, and nothing is left behind. What comes before is in `routes.rs`.

mod fixture;

use std::thread;
use std::time::{Duration, Instant};

use fixture::{
    BINARY, CLOSE, PATIENCE, PING, PONG, RawClient, Stranger, TEXT, claim, frame,
    others_are_not_delayed,
};
use scenario::statistics;
use serde_json::json;

/// The longest message, in bytes, as the run instructions say.
const MAX_TEXT: usize = 256 * 1024;

#[track_caller]
fn is_closed(line: &mut Stranger, code: u16, why: &str) {
    let (texts, goodbye) = line.hears_the_end();
    assert_eq!(goodbye, Some((code, why.to_owned())), "{texts:?}");
    // In Cap'n Web, too.
    assert!(
        texts.iter().any(|it| it.starts_with("[\"abort\",") && it.contains(why)),
        "{texts:?}"
    );
    // The client hangs up when it has heard that; and then the server does, too, at once.
    line.hangs_up();
    assert_eq!(line.hears(), None);
}

#[test]
fn who_breaks_the_rules_of_websocket_is_told_which_and_has_left() {
    const PROTOCOL: (u16, &str) = (1002, "this is not the WebSocket protocol");
    const NO_UTF8: (u16, &str) = (1007, "text must be UTF-8");
    const TOO_BIG: (u16, &str) = (1009, "a message has at most 256 KiB");
    const NO_TEXT: (u16, &str) = (1003, "messages must be text, not binary");
    others_are_not_delayed(&["--rate", "1000"], |server| {
        let mut witness = server.is_joined_by("Witness");
        let too_long_in_all = [frame(0x01, &vec![b'x'; MAX_TEXT]), frame(0x80, b"x")].concat();
        for (bytes, (code, why)) in [
            (frame(BINARY, b"x"), NO_TEXT),
            (vec![TEXT, 2, b'h', b'i', 0, 0, 0], PROTOCOL), // no mask
            (frame(0xC1, b"x"), PROTOCOL),                  // a reserved bit
            (frame(0x83, b"x"), PROTOCOL),                  // a kind that is not there
            (frame(0x80, b"x"), PROTOCOL),                  // goes on with nothing
            ([frame(0x01, b"a"), frame(TEXT, b"b")].concat(), PROTOCOL),
            (frame(PING, &[0; 126]), PROTOCOL),
            (frame(0x09, b"half a ping"), PROTOCOL),
            (frame(CLOSE, b"x"), PROTOCOL),
            (b"GET / HTTP/1.1\r\n\r\n".to_vec(), PROTOCOL),
            (frame(TEXT, b"\xFF"), NO_UTF8),
            (claim(TEXT, 100_000_000), TOO_BIG),
            (claim(TEXT, u64::MAX), TOO_BIG),
            (too_long_in_all, TOO_BIG),
        ] {
            let mut vandal = server.is_joined_by("Vandal");
            witness.is_told("Vandal joined the chat");
            vandal.line.sends(&bytes);
            is_closed(&mut vandal.line, code, why);
            witness.is_told("Vandal left the chat");
        }
    });
}

#[test]
fn a_frame_of_a_hundred_megabytes_is_not_waited_for() {
    others_are_not_delayed(&[], |server| {
        // A client that stops soon is told why.
        let mut giant = server.opens_socket();
        giant.sends([claim(TEXT, 100_000_000), vec![0; 256 << 10]].concat());
        is_closed(&mut giant, 1009, "a message has at most 256 KiB");
        let mut giants: Vec<_> = (0..3).map(|_| server.opens_socket()).collect();
        let piece = vec![0; 1 << 20];
        for giant in &mut giants {
            giant.sends(claim(TEXT, 100_000_000));
            // It says that it does not want that, and hangs up a moment later.
            let sent = (0..100).take_while(|_| giant.tries_to_send(&piece)).count();
            eprintln!("{sent} MiB were sent before it was noticed");
        }
        for giant in &mut giants {
            let (texts, goodbye) = giant.hears_the_end();
            // The system may have thrown the goodbye away with all that was not read.
            assert!(goodbye.is_none_or(|(code, _)| code == 1009), "{texts:?}");
        }
    });
}

#[test]
fn fragments_and_pings_between_them_make_one_message() {
    others_are_not_delayed(&[], |server| {
        let mut line = server.opens_socket();
        let call = json!(["push", ["pipeline", 0, ["listUsers"], []]]).to_string();
        line.says(0x01, &call[..5]);
        for piece in call.as_bytes()[5..].chunks(1) {
            line.says(PING, "still there?");
            assert_eq!(line.hears(), Some((PONG, b"still there?".to_vec())));
            line.says(0x00, piece);
        }
        line.says(0x80, "");
        line.says(PONG, "nobody has asked");
        line.says(TEXT, "[\"pull\",1]");
        let answer = b"[\"resolve\",1,[[\"Probe\"]]]".to_vec();
        assert_eq!(line.hears(), Some((TEXT, answer)));
        line.says(CLOSE, [3, 232]);
        assert_eq!(line.hears_the_end(), (Vec::new(), Some((1000, String::new()))));
        assert_eq!(line.hears(), None);
    });
}

#[test]
fn a_storm_of_pings_harms_nobody() {
    others_are_not_delayed(&[], |server| {
        let mut line = server.opens_socket();
        let pings = frame(PING, b"?").repeat(1000);
        for _ in 0..20 {
            line.sends(&pings);
            for _ in 0..1000 {
                let mut heard = line.hears();
                while matches!(heard, Some((PING, _))) {
                    heard = line.hears(); // The server asks, too, now and then.
                }
                assert_eq!(heard, Some((PONG, b"?".to_vec())));
            }
        }
    });
}

/// The other end is there no more, and nothing says so: the cable was cut, or it never reads.
#[test]
fn who_falls_silent_or_does_not_read_is_gone_after_a_while() {
    others_are_not_delayed(&["--rate", "100000", "--burst", "100000"], |server| {
        let mut witness = server.is_joined_by("Witness");
        let mut silent = server.is_joined_by("Silent");
        let begun = Instant::now();
        // Half a message, and then nothing.
        let mut half = server.is_joined_by("Half");
        half.line.sends(claim(TEXT, 10));
        let line = Stranger::dials_with_a_small_buffer(server.port).expect("a line");
        let mut stalled = RawClient::of(line);
        stalled.line.upgrades("");
        stalled.joins("Stalled").expect("it may join");
        witness.is_told("Stalled joined the chat");
        let line = Stranger::dials_with_a_small_buffer(server.port).expect("a line");
        let mut slow = RawClient::of(line);
        slow.line.upgrades("");
        slow.joins("Slow").expect("it may join");
        witness.is_told("Slow joined the chat");
        // Both say that they are there, but read nothing of what they are told. One is told more
        // and more. The other's outbox has room, but what is on its way to it takes too long.
        let long = "x".repeat(4000);
        let mut left = Vec::new();
        let mut told = 0;
        while left.len() < 4 {
            let _ = stalled.line.tries_to_send(frame(PONG, b""));
            let _ = slow.line.tries_to_send(frame(PONG, b""));
            if told < 1300 {
                told += 1;
                witness.asks("sendPrivate", &json!(["Witness", "Slow", long])).ok();
            }
            if !left.contains(&"Stalled left the chat".to_owned()) {
                witness.asks("sendPrivate", &json!(["Witness", "Stalled", long])).ok();
            }
            witness.asks("listUsers", &json!([])).expect("it is answered");
            let notes =
                witness.notes.drain(..).filter_map(|it| it["text"].as_str().map(str::to_owned));
            left.extend(notes.filter(|text| text.ends_with(" left the chat")));
            assert!(begun.elapsed() < 2 * PATIENCE, "{left:?}");
        }
        eprintln!("all were gone after {:?}", begun.elapsed());
        is_closed(&mut silent.line, 1008, "nothing was heard for 10 seconds");
    });
}

#[test]
fn who_rejects_every_call_or_answers_none_or_floods_back_is_no_trouble() {
    others_are_not_delayed(&["--rate", "100000", "--burst", "100000"], |server| {
        let mut mute = server.is_joined_by("Mute");
        let mut rude = server.is_joined_by("Rude");
        let mut loud = server.is_joined_by("Loud");
        let mut speaker = server.is_joined_by("Speaker");
        for number in 0..50 {
            let text = format!("number {number}");
            speaker.asks("sendMessage", &json!(["Speaker", text])).expect("it may");
            rude.is_told(&text);
            // Nobody has asked for an answer, and so nobody reads it; but it is allowed.
            for id in 1..=number + 1 {
                let error = json!(["reject", id, ["error", "Error", "no!"]]);
                rude.line.says(TEXT, error.to_string());
            }
            let calls: Vec<_> = (0..100).map(|_| loud.calls("listUsers", &json!([]))).collect();
            for call in calls {
                loud.hears_answer(call).expect("it is answered");
            }
        }
        mute.is_told("number 49");
        for client in [&mut mute, &mut rude, &mut loud, &mut speaker] {
            client.asks("listUsers", &json!([])).expect("all are still there");
        }
    });
}

/// All of them together ask for more than the room takes in at once.
#[test]
fn many_floods_of_calls_do_not_hold_up_the_room() {
    others_are_not_delayed(&[], |server| {
        let call = json!(["push", ["pipeline", 0, ["listUsers"], []]]).to_string();
        let mut calls = frame(TEXT, call.as_bytes()).repeat(500);
        calls.extend(frame(TEXT, b"[\"pull\",500]"));
        let mut floods: Vec<_> = (0..80).map(|_| server.opens_session()).collect();
        for client in &mut floods {
            client.line.sends(&calls);
        }
        for client in &mut floods {
            client.hears_answer(500).expect("it is answered");
        }
    });
}

/// They do not even read what they are answered; and what the server has not got round to waits
/// with them, and not in its memory.
#[test]
fn a_flood_of_calls_without_a_breath_makes_only_its_sender_wait() {
    const MAX_GROWTH: usize = 32 * 1024; // KiB; less than one of them would send.
    others_are_not_delayed(&[], |server| {
        let before = statistics::memory_kib(server.pid());
        let padding = "x".repeat(8 * 1024);
        let flood = |mut line: Stranger| {
            let begun = Instant::now();
            for id in 1_u64.. {
                let call = json!(["push", ["pipeline", 0, ["getHistory"], [padding]]]);
                let mut calls = frame(TEXT, call.to_string().as_bytes());
                for rest in [json!(["pull", id]), json!(["release", id, 1])] {
                    calls.extend(frame(TEXT, rest.to_string().as_bytes()));
                }
                if begun.elapsed() > Duration::from_secs(3) || !line.tries_to_send(&calls) {
                    return line;
                }
            }
            line
        };
        thread::scope(|scope| {
            let lines = [(); 4].map(|()| server.opens_socket());
            let floods = lines.map(|line| scope.spawn(|| flood(line)));
            // They hang up only after the server has been looked at.
            let lines = floods.map(|flood| flood.join().expect("it ends"));
            let after = statistics::memory_kib(server.pid());
            eprintln!("memory in KiB: {before:?}, and then {after:?}");
            assert!(after <= before.map(|kib| kib + MAX_GROWTH), "{before:?}, {after:?}");
            drop(lines);
        });
    });
}

#[test]
fn ten_thousand_joins_of_one_client_are_refused_and_its_capabilities_given_back() {
    others_are_not_delayed(&[], |server| {
        let mut client = server.opens_session();
        client.joins("Eager").expect("it may join");
        let mut codes = std::collections::BTreeMap::<String, usize>::new();
        let mut released = 0;
        for hundred in 0..100 {
            let ids: Vec<_> = (0..100)
                .map(|n| {
                    let export = json!(["export", -2 - (hundred * 100 + n)]);
                    client.calls("join", &json!(["Eager", export]))
                })
                .collect();
            for id in ids {
                loop {
                    let message = client.next_message().expect("it is answered");
                    if message[0] == "release" && message[1].as_i64().is_some_and(|id| id < -1)
                    {
                        released += 1;
                    }
                    if message[0] == "reject" && message[1] == json!(id) {
                        let code = message[2][4]["code"].as_str().unwrap_or_default();
                        *codes.entry(code.to_owned()).or_default() += 1;
                        client.line.says(TEXT, json!(["release", id, 1]).to_string());
                        break;
                    }
                }
            }
        }
        assert_eq!(codes.values().sum::<usize>(), 10_000, "{codes:?}");
        assert!(
            codes.keys().all(|code| ["bad_request", "too_many"].contains(&&**code)),
            "{codes:?}"
        );
        assert!(codes["too_many"] > 9000, "{codes:?}");
        assert_eq!(released, 10_000, "each capability is given back");
        assert_eq!(client.asks("userCount?", &json!([])).unwrap_err().class, "TypeError");
    });
}

#[test]
fn calls_before_joining_and_of_others_names_are_refused() {
    others_are_not_delayed(&[], |server| {
        let mut bob = server.is_joined_by("Bob");
        let mut stranger = server.opens_session();
        for client in [&mut stranger, &mut bob] {
            for (method, args) in [
                ("sendMessage", json!(["Probe", "hello"])),
                ("leave", json!(["Probe"])),
                ("sendPrivate", json!(["Probe", "Bob", "psst"])),
                ("enterRoom", json!(["Probe", "#rust"])),
                ("setTyping", json!(["Probe", true])),
                ("shareFile", json!(["Probe", {"name": "a", "size": 1}, ["export", -9]])),
            ] {
                let refused = client.asks(method, &args).unwrap_err();
                assert_eq!(refused.code, "permission_denied", "{method}: {refused:?}");
                assert_eq!(refused.message, "you have not joined as Probe", "{method}");
            }
        }
        // Looking is free.
        for method in ["listUsers", "getHistory", "listRooms"] {
            stranger.asks(method, &json!([])).expect("a connected client may look");
        }
        let taken = stranger.joins("PROBE").unwrap_err();
        assert_eq!(taken.code, "bad_request", "{taken:?}");
        assert!(taken.message.contains("already taken"), "{taken:?}");
    });
}

#[test]
fn what_makes_no_sense_in_the_session_ends_it() {
    others_are_not_delayed(&["--rate", "1000"], |server| {
        let mut witness = server.is_joined_by("Witness");
        for (message, why) in [
            (r#"["pull",99]"#, "no such entry on exports table"),
            (r#"["release",99,1]"#, "no such entry on exports table"),
            (r#"["push",["pipeline",99,["x"],[]]]"#, "no such entry on exports table"),
            (r#"["push",["pipeline",-99,["x"],[]]]"#, "no such entry on exports table"),
            (r#"["push",["import",-7]]"#, "no such entry on exports table"),
            ("", "bad JSON"),
            ("{", "bad JSON"),
            ("7", "bad RPC message"),
            (r#"["shout"]"#, "bad RPC message"),
            (r#"["push",["shout",1]]"#, "unknown special value"),
            (r#"["stream",1]"#, "takes no stream"),
            (r#"["abort",["error","Error","enough"]]"#, ""),
        ] {
            let mut client = server.is_joined_by("Confused");
            witness.is_told("Confused joined the chat");
            client.line.says(TEXT, message);
            let (texts, goodbye) = client.line.hears_the_end();
            let (code, reason) = goodbye.expect("it is told why");
            assert_eq!(code, 3000, "{message}: {reason}");
            assert!(reason.contains(why), "{message}: {reason}");
            let aborts = texts.iter().filter(|text| text.starts_with("[\"abort\"")).count();
            assert_eq!(aborts, usize::from(!why.is_empty()), "{message}: {texts:?}");
            drop(client); // It need not wait for that.
            witness.is_told("Confused left the chat");
        }
        // Answers that nobody waits for are no harm: npm sends them, too.
        let mut client = server.is_joined_by("Confused");
        client.line.says(TEXT, r#"["resolve",99,1]"#);
        client.asks("listUsers", &json!([])).expect("it is still there");
    });
}

#[test]
fn names_and_texts_that_nobody_could_show_are_refused() {
    others_are_not_delayed(&["--rate", "1000"], |server| {
        let mut client = server.opens_session();
        for name in [
            "",
            " ",
            "\u{200B}",
            "a\nb",
            "a\u{1B}[2J",
            "a\0",
            "a\u{202E}b",
            "a,b",
            "a[b",
            "#a",
            "System",
            "you",
            &"x".repeat(33),
            &"x".repeat(5000),
        ] {
            let refused = client.joins(name).unwrap_err();
            assert_eq!(refused.code, "bad_request", "{name:?}: {refused:?}");
            assert!(!refused.message.contains(char::is_control), "{name:?}: {refused:?}");
        }
        for name in [json!(7), json!(null), json!([["a"]]), json!(["undefined"])] {
            let refused = client.asks("join", &json!([name, ["export", -1]])).unwrap_err();
            assert_eq!(refused.message, "join: username must be a string", "{refused:?}");
        }
        let refused = client.asks("join", &json!(["Alice"])).unwrap_err();
        assert_eq!(refused.message, "join: client must be something that can be called");
        client.joins("Alice").expect("this is a name");
        for (text, code) in [
            (String::new(), "bad_request"),
            (" \n ".to_owned(), "bad_request"),
            ("x".repeat(4097), "too_many"),
            ("x".repeat(200_000), "too_many"),
        ] {
            let refused = client.asks("sendMessage", &json!(["Alice", text])).unwrap_err();
            assert_eq!(refused.code, code, "{} bytes: {refused:?}", text.len());
        }
        client.asks("sendMessage", &json!(["Alice", "a\u{1B}[2Jb\nc"])).expect("it is cleaned");
        client.is_told("a\u{FFFD}[2Jb\nc");
        client.asks("sendMessage", &json!(["Alice", "x".repeat(4096)])).expect("it fits");
        // A mebibyte is no message at all.
        client.calls += 1;
        let call =
            json!(["push", ["pipeline", 0, ["sendMessage"], ["Alice", "x".repeat(1 << 20)]]]);
        client.line.tries_to_send(frame(TEXT, call.to_string().as_bytes()));
        let (_, goodbye) = client.line.hears_the_end();
        assert!(goodbye.is_none_or(|(code, _)| code == 1009));
    });
}

#[test]
fn more_messages_than_the_rate_are_refused_in_words() {
    others_are_not_delayed(&[], |server| {
        let mut client = server.is_joined_by("Fast");
        let refused = (0..30)
            .filter_map(|n| client.asks("sendMessage", &json!(["Fast", n.to_string()])).err());
        let refused: Vec<_> = refused.collect();
        assert!(refused.len() >= 5, "{}", refused.len());
        for refused in refused {
            assert_eq!(refused.code, "too_many");
            assert_eq!(refused.message, "slow down: at most 5 messages a second, 20 at once");
        }
    });
}
