//! What clients may send, and all that they may not; and what they get, as it travels.

use std::sync::Arc;

use capnweb::{Cap, Code, Key, Output, RpcError, Session, Stub, Value};

use super::request::MAX_LINES;
use super::*;
use crate::name::{FileName, Name, RoomName};

/// What a server makes of a call: of this name, with these arguments in JSON.
fn read(target: Exported, method: &str, args: &str) -> Result<Option<Request>, RpcError> {
    let mut session = Session::new(Some(target));
    let push = format!("[\"push\",[\"pipeline\",0,[\"{method}\"],[{args}]]]");
    let outputs = session.receive(&push);
    let [Output::Run { target, path, args, .. }] = &outputs[..] else { panic!("{outputs:?}") };
    Request::read(target.clone(), path, args.as_deref())
}

fn call(method: &str, args: &str) -> Request {
    read(Exported::Chat, method, args).unwrap().unwrap()
}

/// Why it is refused.
fn why(method: &str, args: &str) -> String {
    let error = read(Exported::Chat, method, args).unwrap_err();
    let code = error.code.map_or(error.name, Code::as_str);
    format!("{code}: {}", error.message)
}

/// A file that Alice shares.
fn shared() -> Arc<Shared> {
    Arc::new(Shared { by: ClientId(7), name: name("Alice"), stub: Stub::MAIN })
}

fn name(text: &str) -> Name {
    Name::read(text).unwrap()
}

/// What a client gets, as JSON.
fn sent(value: Value<Cap<Exported>>) -> String {
    let mut session = Session::new(Some(Exported::Chat));
    let outputs = session.receive(r#"["push",["pipeline",0,["x"],[]]]"#);
    let [Output::Run { id, .. }] = outputs[..] else { panic!("{outputs:?}") };
    assert_eq!(session.answer(id, Ok(value)), []);
    match &session.receive("[\"pull\",1]")[..] {
        [Output::Send(text)] => {
            let text = text.strip_prefix("[\"resolve\",1,").unwrap();
            text.strip_suffix(']').unwrap().to_owned()
        }
        outputs => panic!("{outputs:?}"),
    }
}

/// A value, as a client has it.
fn received(json: &str) -> Value<Cap<Exported>> {
    let mut session = Session::new(Some(Exported::Chat));
    let outputs = session.receive(&format!("[\"push\",[\"pipeline\",0,[\"x\"],[{json}]]]"));
    match outputs.into_iter().next() {
        Some(Output::Run { args: Some(mut args), .. }) => args.remove(0),
        output => panic!("{output:?}"),
    }
}

fn read_note(value: &Value<Cap<Exported>>) -> Option<Note<Stub>> {
    Note::read(value, Some)
}

#[test]
fn every_call_is_read_as_what_it_is() {
    let username = name("Alice");
    let text = || "hi".to_owned();
    for (method, args, expected) in [
        (
            "sendMessage",
            r#""Alice","hi""#,
            Request::SendMessage { username: username.clone(), text: text() },
        ),
        ("leave", r#"" Alice ""#, Request::Leave { username: username.clone() }),
        ("listUsers", "", Request::ListUsers),
        ("getHistory", "", Request::GetHistory),
        ("listRooms", "", Request::ListRooms),
        (
            "sendPrivate",
            r#""Alice","Bob","hi""#,
            Request::SendPrivate { username: username.clone(), to: name("Bob"), text: text() },
        ),
        (
            "enterRoom",
            r#""Alice","Rust""#,
            Request::EnterRoom {
                username: username.clone(),
                room: RoomName::read("#rust").unwrap(),
            },
        ),
        (
            "setTyping",
            r#""Alice",true"#,
            Request::SetTyping { username: username.clone(), is_typing: true },
        ),
        (
            "setTyping",
            r#""Alice",false"#,
            Request::SetTyping { username: username.clone(), is_typing: false },
        ),
        // What is too much is not looked at.
        ("leave", r#""Alice",1,{}"#, Request::Leave { username: username.clone() }),
    ] {
        let call = call(method, args);
        assert_eq!(call.stub(), None);
        assert_eq!(call, expected);
    }
    let read = read(Exported::File(shared()), "read", "32768").unwrap().unwrap();
    assert_eq!(read, Request::ReadFile { file: shared(), offset: 32_768 });
}

#[test]
fn what_comes_with_a_call_is_known() {
    let join = call("join", r#""Alice",["export",-1]"#);
    let Request::Join { username, client } = &join else { panic!("{join:?}") };
    assert_eq!((username, join.stub()), (&self::name("Alice"), Some(*client)));
    let args = r#""Alice",{"name":"cat.png","size":16777216},["export",-1]"#;
    let share = call("shareFile", args);
    let Request::ShareFile { username, name, size, file } = &share else { panic!("{share:?}") };
    assert_eq!((&*username.to_string(), &*name.to_string()), ("Alice", "cat.png"));
    assert_eq!(*size, MAX_FILE);
    assert_eq!(share.stub(), Some(*file));
}

#[test]
fn there_are_two_properties_and_no_others() {
    let property = |target, path: &[Key]| Request::read(target, path, None);
    let chat = |name: &str| property(Exported::Chat, &[name.into()]);
    assert_eq!(chat("userCount"), Ok(Some(Request::UserCount)));
    assert_eq!(chat("messageCount"), Ok(Some(Request::MessageCount)));
    for name in ["join", "users", ""] {
        assert_eq!(chat(name), Ok(None), "{name}");
    }
    assert_eq!(property(Exported::Chat, &[]), Ok(None));
    assert_eq!(property(Exported::Chat, &["userCount".into(), "x".into()]), Ok(None));
    assert_eq!(property(Exported::File(shared()), &["userCount".into()]), Ok(None));
}

#[test]
fn what_is_no_method_is_none() {
    for method in ["nope", "userCount", "Join", "read", "onMessage"] {
        assert_eq!(why(method, ""), format!("TypeError: '{method}' is not a function."));
    }
    let error = read(Exported::File(shared()), "join", "\"Alice\"").unwrap_err();
    assert_eq!(error.message, "'join' is not a function.");
    let args: &[Value<_>] = &[];
    let path = ["join".into(), "call".into()];
    let error = Request::read(Exported::Chat, &path, Some(args)).unwrap_err();
    assert_eq!(error.message, "'join.call' is not a function.");
    let error = Request::read(Exported::Chat, &[], Some(args)).unwrap_err();
    assert_eq!(error.message, "'' is not a function.");
}

#[test]
fn every_call_that_names_a_user_names_it_by_a_string() {
    for method in
        ["join", "sendMessage", "leave", "sendPrivate", "enterRoom", "setTyping", "shareFile"]
    {
        for args in
            ["", "null", "7", "[[\"Alice\"]]", "{\"name\":\"Alice\"}", "[\"export\",-1]"]
        {
            let must = "TypeError: {}: username must be a string".replace("{}", method);
            assert_eq!(why(method, args), must, "{args}");
        }
        let expected = format!("bad_request: {method}: a name cannot contain '['");
        assert_eq!(why(method, "\"[Bob]\""), expected);
    }
}

#[test]
fn a_wrong_argument_is_refused_in_words() {
    let stub = "[\"export\",-1]";
    let file = |file: &str| format!("\"Alice\",{file},{stub}");
    for (method, args, words) in [
        ("join", "\"Alice\"", "TypeError: join: client must be something that can be called"),
        (
            "join",
            "\"Alice\",{}",
            "TypeError: join: client must be something that can be called",
        ),
        ("sendMessage", "\"Alice\"", "TypeError: sendMessage: text must be a string"),
        ("sendMessage", "\"Alice\",7", "TypeError: sendMessage: text must be a string"),
        ("sendPrivate", "\"Alice\",7,\"hi\"", "TypeError: sendPrivate: to must be a string"),
        ("sendPrivate", "\"Alice\",\"Bob\"", "TypeError: sendPrivate: text must be a string"),
        (
            "sendPrivate",
            "\"Alice\",\"\",\"hi\"",
            "bad_request: sendPrivate: a name needs a character that can be seen",
        ),
        ("enterRoom", "\"Alice\"", "TypeError: enterRoom: room must be a string"),
        (
            "enterRoom",
            "\"Alice\",\"a b\"",
            "bad_request: enterRoom: the name of a room is one word",
        ),
        ("setTyping", "\"Alice\"", "TypeError: setTyping: isTyping must be true or false"),
        ("setTyping", "\"Alice\",1", "TypeError: setTyping: isTyping must be true or false"),
        ("shareFile", &file("null"), "TypeError: shareFile: name must be a string"),
        ("shareFile", &file("\"cat.png\""), "TypeError: shareFile: name must be a string"),
        (
            "shareFile",
            &file("{\"name\":\"../x\",\"size\":1}"),
            "bad_request: shareFile: the name of a file cannot contain '/'",
        ),
        (
            "shareFile",
            &file("{\"name\":\"x\"}"),
            "TypeError: shareFile: size must be a whole number of bytes",
        ),
        (
            "shareFile",
            &file("{\"name\":\"x\",\"size\":-1}"),
            "TypeError: shareFile: size must be a whole number of bytes",
        ),
        (
            "shareFile",
            &file("{\"name\":\"x\",\"size\":16777217}"),
            "too_many: shareFile: a file has at most 16 MiB",
        ),
        (
            "shareFile",
            "\"Alice\",{\"name\":\"x\",\"size\":1}",
            "TypeError: shareFile: file must be something that can be called",
        ),
    ] {
        assert_eq!(why(method, args), words);
    }
    for offset in ["", "-1", "0.5", "16777217", "\"0\"", "[\"nan\"]", "[\"inf\"]", "null"] {
        let error = read(Exported::File(shared()), "read", offset).unwrap_err();
        assert_eq!(error.message, "read: offset must be a place in the file", "{offset}");
    }
}

#[test]
fn a_message_has_something_to_read_and_an_end() {
    for (method, to) in [("sendMessage", ""), ("sendPrivate", "\"Bob\",")] {
        let args = |text: &str| format!("\"Alice\",{to}\"{text}\"");
        for blank in ["", " ", "\\n\\t", "\u{200B}\u{3164}\u{FE0F}"] {
            let words = format!("bad_request: {method}: a message needs some text");
            assert_eq!(why(method, &args(blank)), words, "{blank:?}");
        }
        let read = |text: &str| match call(method, &args(text)) {
            Request::SendMessage { text, .. } | Request::SendPrivate { text, .. } => text,
            call => panic!("{call:?}"),
        };
        let most = "ä".repeat(MAX_MESSAGE / 2);
        assert_eq!(read(&most), most);
        let words = format!("too_many: {method}: a message has at most 4096 bytes");
        assert_eq!(why(method, &args(&format!("{most}x"))), words);
        // One byte each, and three when it is shown: 50 of those would be too much of a history.
        let acting = "\\u0007".repeat(MAX_MESSAGE / 3);
        assert_eq!(read(&acting).len(), MAX_MESSAGE / 3 * 3);
        assert_eq!(why(method, &args(&format!("{acting}\\u0007"))), words);
        // Spaces are the sender's; what would act on a terminal is shown instead.
        assert_eq!(read("  hi  👩‍💻 "), "  hi  👩‍💻 ");
        assert_eq!(read("a\\tb\\u001b[2J\u{202E}"), "a\tb\u{FFFD}[2J\u{FFFD}");
        // Lines stay lines, whichever system and program has ended them.
        for end in ["\\n", "\\r\\n", "\\r", "\\u000b", "\\f", "\u{85}", "\u{2028}", "\u{2029}"]
        {
            assert_eq!(read(&format!("one{end}{end}two{end}")), "one\n\ntwo\n", "{end}");
        }
        let most = vec!["x"; MAX_LINES].join("\\n");
        assert_eq!(read(&format!("{most}\\n")).lines().count(), MAX_LINES);
        let words = format!("too_many: {method}: a message has at most 50 lines");
        assert_eq!(why(method, &args(&format!("{most}\\n\\r\\nx"))), words);
    }
}

#[test]
fn whole_numbers_are_whole_and_can_be_counted_to() {
    for (number, expected) in [
        (0.0, Some(0)),
        (-0.0, Some(0)),
        (1.0, Some(1)),
        (9_007_199_254_740_991.0, Some(9_007_199_254_740_991)),
        (9_007_199_254_740_992.0, None),
        (0.5, None),
        (-1.0, None),
        (1e300, None),
        (f64::NAN, None),
        (f64::INFINITY, None),
        (f64::NEG_INFINITY, None),
    ] {
        assert_eq!(whole(&Value::<()>::Number(number)), expected, "{number}");
    }
    assert_eq!(whole(&Value::<()>::from("1")), None);
}

#[test]
fn every_reply_travels_as_npms_room_sends_it() {
    let users = || vec!["Alice".to_owned(), "Bob".to_owned()];
    let note = Note::system("hi".into());
    // Of a file, history has only the name.
    let kind = Kind::File { name: "x".into(), size: 1, content: Some(shared()) };
    let file = Note { username: "Alice".into(), text: "y".into(), kind };
    let message = || "Welcome to the chat, Bob!".to_owned();
    for (reply, json) in [
        (
            Reply::Room { message: message(), users: users(), room: "#lobby".into() },
            r##"{"message":"Welcome to the chat, Bob!","userCount":2,"users":[["Alice","Bob"]],"room":"#lobby"}"##,
        ),
        (Reply::Sent { count: 3 }, r#"{"status":"sent","timestamp":3}"#),
        (Reply::Status("sent"), r#"{"status":"sent"}"#),
        (Reply::Message("Goodbye, Bob!".into()), r#"{"message":"Goodbye, Bob!"}"#),
        (Reply::Users(users()), r#"[["Alice","Bob"]]"#),
        (
            Reply::History(vec![Arc::new(note), Arc::new(file)]),
            r#"[[{"username":"System","text":"hi","type":"system"},{"username":"Alice","text":"y","type":"file","file":{"name":"x","size":1}}]]"#,
        ),
        (Reply::Number(2), "2"),
        (Reply::Rooms(vec![("#lobby".into(), 2)]), r##"[[{"name":"#lobby","userCount":2}]]"##),
        (Reply::Status("shared"), r#"{"status":"shared"}"#),
        (Reply::Bytes("AQID".into()), r#"["bytes","AQID"]"#),
        (Reply::Nothing, r#"["undefined"]"#),
    ] {
        assert_eq!(sent(reply.write()), json);
    }
}

/// Only what a user says has lines: nobody makes a second one of a name, or of what the chat says.
#[test]
fn the_lines_of_a_note_are_read_as_lines() {
    let note = |kind: &str, text: &str| {
        let json =
            format!(r#"{{"username":"B\nb","text":"{text}","type":"{kind}","to":"A\nl"}}"#);
        read_note(&received(&json)).unwrap()
    };
    for kind in ["chat", "private"] {
        let note = note(kind, r"one\r\ntwo\u2028\u001b[2J");
        assert_eq!((&*note.username, &*note.text), ("B\u{FFFD}b", "one\ntwo\n\u{FFFD}[2J"));
        let Kind::Private { to } = note.kind else { continue };
        assert_eq!(to, "A\u{FFFD}l");
    }
    assert_eq!(note("system", r"one\r\ntwo").text, "one\u{FFFD}\u{FFFD}two");
}

#[test]
fn a_note_is_written_once_for_all_unless_there_is_a_file_in_it() {
    let note = |kind| Note { username: "Alice".into(), text: "hi".into(), kind };
    let is_written = |kind| Notice::new(Arc::new(note(kind))).written.is_some();
    let file = |content| Kind::File { name: "cat.png".into(), size: 9, content };
    assert!(is_written(Kind::Chat) && is_written(Kind::Private { to: "Bob".into() }));
    assert!(is_written(file(None)) && !is_written(file(Some(shared()))));
}

#[test]
fn a_note_is_read_as_it_was_written() {
    let note = |kind| Note { username: "Alice".into(), text: "hi".into(), kind };
    let file = |content| Kind::File { name: "cat.png".into(), size: 12_345, content };
    let rest = r#""username":"Alice","text":"hi","type""#;
    for (kind, json) in [
        (Kind::Chat, r#":"chat"}"#),
        (Kind::System, r#":"system"}"#),
        (Kind::Private { to: "Bob".into() }, r#":"private","to":"Bob"}"#),
        (file(None), r#":"file","file":{"name":"cat.png","size":12345}}"#),
    ] {
        let json = format!("{{{rest}{json}");
        assert_eq!(sent(note(kind.clone()).write(true)), json);
        let read = read_note(&received(&json)).unwrap();
        assert_eq!((&*read.username, &*read.text), ("Alice", "hi"));
        let word = kind.word();
        match (read.kind, kind) {
            (Kind::Chat, Kind::Chat) | (Kind::System, Kind::System) => {}
            (Kind::Private { to }, Kind::Private { .. }) => assert_eq!(to, "Bob"),
            (Kind::File { name, size, content: None }, Kind::File { .. }) => {
                assert_eq!((&*name, size), ("cat.png", 12_345));
            }
            (read, _) => panic!("{word}: {read:?}"),
        }
    }
    // The file itself goes along when it is offered, and not when it is history.
    let offered = note(file(Some(shared())));
    let json = sent(offered.write(true));
    assert!(json.ends_with(r#""size":12345,"content":["export",-1]}}"#), "{json}");
    let Some(Kind::File { content, .. }) = read_note(&received(&json)).map(|note| note.kind)
    else {
        panic!("{json}")
    };
    assert!(content.is_some());
    assert!(sent(offered.write(false)).ends_with(r#""size":12345}}"#));
}

#[test]
fn what_a_server_tells_need_not_be_a_note() {
    for json in [
        "null",
        "7",
        "{}",
        r#"{"username":"Alice","text":"hi"}"#,
        r#"{"username":"Alice","text":"hi","type":"shout"}"#,
        r#"{"username":"Alice","text":"hi","type":7}"#,
        r#"{"text":"hi","type":"chat"}"#,
        r#"{"username":"Alice","type":"chat"}"#,
        r#"{"username":7,"text":"hi","type":"chat"}"#,
        r#"{"username":"Alice","text":"hi","type":"private"}"#,
        r#"{"username":"Alice","text":"hi","type":"file"}"#,
        r#"{"username":"Alice","text":"hi","type":"file","file":{"size":1}}"#,
        r#"{"username":"Alice","text":"hi","type":"file","file":{"name":"x"}}"#,
        r#"{"username":"Alice","text":"hi","type":"file","file":{"name":"x","size":0.5}}"#,
    ] {
        assert_eq!(read_note(&received(json)), None, "{json}");
    }
    let long = |text: &str| format!(r#"{{"username":"Alice","text":"{text}","type":"chat"}}"#);
    assert!(read_note(&received(&long(&"x".repeat(4 * MAX_MESSAGE)))).is_some());
    assert_eq!(read_note(&received(&long(&"x".repeat(4 * MAX_MESSAGE + 1)))), None);
    let lines = |count| ["x"; 51][..count].join("\\n");
    assert!(read_note(&received(&long(&lines(50)))).is_some());
    assert_eq!(read_note(&received(&long(&lines(51)))), None, "they would fill the terminal");
}

#[test]
fn what_a_server_tells_does_nothing_to_a_terminal() {
    let note = r#"{"username":"A\u001b[2J","text":"\u0007","type":"private","to":"\u202e"}"#;
    let note = read_note(&received(note)).unwrap();
    assert_eq!((&*note.username, &*note.text), ("A\u{FFFD}[2J", "\u{FFFD}"));
    assert_eq!(note.kind, Kind::Private { to: "\u{FFFD}".into() });
    let file = r#"{"username":"A","text":"","type":"file","file":{"name":"\u0000","size":1}}"#;
    let Some(Kind::File { name, .. }) = read_note(&received(file)).map(|note| note.kind) else {
        panic!()
    };
    assert_eq!(name, "\u{FFFD}");
}

/// Both sides use one type, so what one side writes is what the other one reads.
#[test]
fn every_request_is_read_as_it_was_written() {
    let (username, text) = (name("Alice"), || "hi".to_owned());
    let (file, room) = (FileName::read("cat.png").unwrap(), RoomName::read("#rust").unwrap());
    let file = || file.clone();
    let requests: Vec<Request<&str>> = vec![
        Request::Join { username: username.clone(), client: "object" },
        Request::SendMessage { username: username.clone(), text: text() },
        Request::Leave { username: username.clone() },
        Request::ListUsers,
        Request::GetHistory,
        Request::UserCount,
        Request::MessageCount,
        Request::SendPrivate { username: username.clone(), to: name("Bob"), text: text() },
        Request::EnterRoom { username: username.clone(), room },
        Request::ListRooms,
        Request::SetTyping { username: username.clone(), is_typing: true },
        Request::ShareFile { username, name: file(), size: 12_345, file: "object" },
        Request::ReadFile { file: shared(), offset: 32_768 },
    ];
    for request in requests {
        let mut client = Session::new(Some("nothing"));
        let is_read = matches!(request, Request::ReadFile { .. });
        let target = if is_read { Exported::File(shared()) } else { Exported::Chat };
        let mut server = Session::new(Some(target));
        let (method, args) = request.write();
        let (_, said) = client.push(Stub::MAIN, [method.into()], args).unwrap();
        let [Output::Send(push)] = &said[..] else { panic!("{said:?}") };
        let outputs = server.receive(push);
        let [Output::Run { target, path, args, .. }] = &outputs[..] else { panic!("{push}") };
        let read = Request::read(target.clone(), path, args.as_deref()).unwrap().unwrap();
        let shown = |debug: String| {
            let stub = read.stub().map_or_else(String::new, |stub| format!("{stub:?}"));
            debug.replace(&stub, "\"object\"")
        };
        if read.stub().is_some() {
            assert_eq!(shown(format!("{read:?}")), format!("{request:?}"));
        } else {
            assert_eq!(format!("{read:?}"), format!("{request:?}"));
        }
    }
}

#[test]
fn a_reply_is_read_as_what_was_asked_for_and_cleaned() {
    let users = vec!["Alice".to_owned(), "B\u{FFFD}b".to_owned()];
    let me = || name("Alice");
    let join: Request<(), ()> = Request::Join { username: me(), client: () };
    let enter = Request::EnterRoom { username: me(), room: RoomName::lobby() };
    let leave = Request::Leave { username: me() };
    let file = Request::ReadFile { file: (), offset: 0 };
    let read =
        |request: &Request<(), ()>, json: &str| Reply::read(request, received(json)).ok();
    let room = |message: &str, room: &str| {
        let (message, room) = (message.to_owned(), room.to_owned());
        Some(Reply::Room { message, users: users.clone(), room })
    };
    let here = r#""users":[["Alice","B\u001bb"]]"#;
    let json = format!(r#"{{"message":"Hi",{here}}}"#);
    assert_eq!(read(&join, &json), room("Hi", "another room"));
    let json = format!(r##"{{"room":"#lobby",{here}}}"##);
    assert_eq!(read(&enter, &json), room("", "#lobby"));
    let list = r#"[["Alice","B\u001bb"]]"#;
    assert_eq!(read(&Request::ListUsers, list), Some(Reply::Users(users.clone())));
    let rooms = r##"[[{"name":"#a","userCount":1}]]"##;
    let expected = Some(Reply::Rooms(vec![("#a".into(), 1)]));
    assert_eq!(read(&Request::ListRooms, rooms), expected);
    assert_eq!(read(&file, r#"["bytes","aGk"]"#), Some(Reply::Bytes("aGk".into())));
    for json in [r#"["undefined"]"#, "1", r#""text""#, "[[1]]"] {
        for request in [&join, &enter, &Request::ListUsers, &Request::ListRooms, &file] {
            assert_eq!(read(request, json), None, "{request:?} {json}");
        }
        assert_eq!(read(&leave, json), Some(Reply::Nothing));
    }
}

#[test]
fn a_size_and_a_reason_are_shortened_for_people() {
    assert_eq!(Size(12_345).to_string(), "12.3 kB");
    assert_eq!(repeated("gone for good\n", 8), "gone for…");
    assert_eq!(repeated("\x1b[2J", 8), "\u{FFFD}[2J");
}
