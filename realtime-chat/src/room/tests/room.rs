//! Who is here: join, send, leave.

use super::*;

#[test]
fn a_client_that_joins_is_answered_first_and_then_all_hear_of_it() {
    let mut chat = Chat::new();
    chat.arrives(ALICE);
    // Nobody is there who could hear it, not even Alice: but it is remembered.
    assert_eq!(
        chat.joins(ALICE, "Alice"),
        [
            "record in #lobby: System: Alice joined the chat",
            "Alice gets welcome Alice in #lobby: Alice"
        ]
    );
    chat.arrives(BOB);
    assert_eq!(
        chat.joins(BOB, "Bob"),
        [
            "record in #lobby: System: Bob joined the chat",
            "Bob gets welcome Bob in #lobby: Alice, Bob",
            "Alice hears System: Bob joined the chat",
            "Bob hears System: Bob joined the chat",
        ]
    );
}

#[test]
fn all_hear_a_message_and_its_sender_is_answered_after_that() {
    let mut chat = Chat::of(&[ALICE, BOB]);
    assert_eq!(
        chat.says(ALICE, "Hello everyone!"),
        [
            "record in #lobby: Alice: Hello everyone!",
            "Alice hears Alice: Hello everyone!",
            "Bob hears Alice: Hello everyone!",
            "Alice gets sent 3",
        ]
    );
}

#[test]
fn a_client_that_leaves_gets_its_capability_back_before_the_answer_and_the_others_hear_of_it() {
    let mut chat = Chat::of(&[ALICE, BOB]);
    assert_eq!(
        chat.leaves(BOB),
        [
            "Bob gets back -2",
            "record in #lobby: System: Bob left the chat",
            "Alice hears System: Bob left the chat",
            "Bob gets goodbye Bob",
        ]
    );
    // It has left, and not gone: it may come again, with another capability.
    assert_eq!(
        to(BOB, &chat.says(BOB, "hi")),
        ["is refused: permission_denied: you have not joined as Bob"]
    );
    assert_eq!(chat.joins(BOB, "Bob")[1], "Bob gets welcome Bob in #lobby: Alice, Bob");
    assert_eq!(to(BOB, &chat.leaves(BOB))[0], "gets back -3");
}

#[test]
fn a_client_that_is_gone_gets_nothing_any_more() {
    let mut chat = Chat::of(&[ALICE, BOB]);
    let (id, call) = chat.call(BOB, "listUsers", "");
    assert_eq!(
        chat.hears(BOB, Heard::Gone),
        [
            "record in #lobby: System: Bob left the chat",
            "Alice hears System: Bob left the chat",
        ]
    );
    // What it has asked before that is heard after it, and by nobody.
    assert_eq!(chat.hears(BOB, Heard::Called(id, call)), [""; 0]);
    assert_eq!(chat.hears(BOB, Heard::Gone), [""; 0]);
    // Nor is anybody there whose arrival was not heard.
    let (id, call) = chat.call(ALICE, "listUsers", "");
    assert_eq!(chat.hears(CAROL, Heard::Called(id, call)), [""; 0]);
}

#[test]
fn a_client_that_does_not_join_is_dropped_after_a_minute() {
    let mut chat = Chat::new();
    assert_eq!(chat.room.next_due(), None);
    chat.arrives(ALICE);
    chat.now += Duration::from_secs(1);
    chat.arrives(BOB);
    assert_eq!(chat.room.next_due(), Some(chat.now + Duration::from_secs(59)));
    assert_eq!(chat.passes(Duration::from_millis(58_999)), [""; 0]);
    let disconnected = "is disconnected: 1008: join within 60 seconds";
    assert!(disconnected.contains(&format!("{} seconds", JOIN_PATIENCE.as_secs())));
    assert_eq!(chat.passes(Duration::from_millis(1)), [format!("Alice {disconnected}")]);
    // Once, and it is as if it were gone.
    assert_eq!(chat.passes(Duration::ZERO), [""; 0]);
    assert_eq!(chat.hears(ALICE, Heard::Gone), [""; 0]);
    // A client that has joined may be silent for as long as it likes, but has to go once it has left.
    assert_eq!(chat.joins(BOB, "Bob").len(), 2);
    assert_eq!(chat.room.next_due(), None);
    assert_eq!(chat.passes(Duration::from_hours(1)), [""; 0]);
    assert_eq!(chat.leaves(BOB).len(), 3);
    assert_eq!(chat.room.next_due(), Some(chat.now + JOIN_PATIENCE));
    assert_eq!(chat.passes(JOIN_PATIENCE), [format!("Bob {disconnected}")]);
    assert_eq!(chat.room.next_due(), None);
}

#[test]
fn a_client_that_arrives_twice_is_still_the_user_that_it_is() {
    let mut chat = Chat::of(&[ALICE]);
    assert_eq!(chat.hears(ALICE, Heard::Arrived), [""; 0]);
    assert_eq!(chat.says(ALICE, "hi").last().unwrap(), "Alice gets sent 2");
}

#[test]
fn a_name_is_taken_for_as_long_as_somebody_has_one_that_looks_like_it() {
    let mut chat = Chat::of(&[ALICE]);
    chat.arrives(BOB);
    for name in ["Alice", "alice", "ALICE", " Alice "] {
        let stub = format!("gets back -{}", chat.stubs + 1);
        let why = format!("is refused: bad_request: Username {} is already taken", name.trim());
        assert_eq!(to(BOB, &chat.joins(BOB, name)), [stub, why]);
    }
    assert_eq!(chat.leaves(ALICE).len(), 3);
    assert_eq!(chat.joins(BOB, "ALICE")[1], "Bob gets welcome ALICE in #lobby: ALICE");
    let _ = chat.hears(BOB, Heard::Gone);
    assert_eq!(chat.joins(ALICE, "Alice")[1], "Alice gets welcome Alice in #lobby: Alice");
}

#[test]
fn a_name_that_is_composed_of_other_characters_is_taken_and_told_like_the_same() {
    let mut chat = Chat::of(&[ALICE]);
    chat.arrives(BOB);
    chat.arrives(CAROL);
    let _ = chat.joins(BOB, "José");
    for same in ["Jose\u{301}", "JOSE\u{301}", "Jos\u{200D}e\u{301}"] {
        let why = format!("is refused: bad_request: Username {same} is already taken");
        assert_eq!(to(CAROL, &chat.joins(CAROL, same))[1], why);
        let told = chat.calls(ALICE, "sendPrivate", &format!("\"Alice\",\"{same}\",\"hi\""));
        assert_eq!(told[0], "Bob hears Alice, privately to José: hi");
    }
}

#[test]
fn one_connection_is_one_user() {
    let mut chat = Chat::of(&[ALICE, BOB]);
    for name in ["Alice", "Bob", "Carol"] {
        let stub = format!("Alice gets back -{}", chat.stubs + 1);
        let why = "Alice is refused: bad_request: you are here as Alice already";
        assert_eq!(chat.joins(ALICE, name), [stub.as_str(), why]);
    }
    // What it came with still serves.
    assert_eq!(to(ALICE, &chat.says(BOB, "hi")), ["hears Bob: hi"]);
    assert_eq!(to(ALICE, &chat.leaves(ALICE))[0], "gets back -1");
}

#[test]
fn only_who_has_joined_as_alice_does_anything_as_alice() {
    let mut chat = Chat::of(&[ALICE, BOB]);
    chat.arrives(CAROL);
    for (who, username) in [(BOB, "Alice"), (CAROL, "Alice"), (CAROL, "Carol"), (BOB, "bob")] {
        for (method, args) in [
            ("sendMessage", "\"hi\""),
            ("sendPrivate", "\"Bob\",\"hi\""),
            ("enterRoom", "\"#rust\""),
            ("setTyping", "true"),
            ("leave", "0"),
        ] {
            let why =
                format!("is refused: permission_denied: you have not joined as {username}");
            let said = chat.calls(who, method, &format!("\"{username}\",{args}"));
            assert_eq!(said, [format!("{} {why}", label(who))], "{method}");
        }
        let stub = chat.new_stub();
        let args = format!("\"{username}\",{{\"name\":\"x\",\"size\":1}},[\"export\",{stub}]");
        let said = chat.calls(who, "shareFile", &args);
        let why = format!("is refused: permission_denied: you have not joined as {username}");
        assert_eq!(to(who, &said), [format!("gets back {stub}"), why]);
        assert_eq!(said.len(), 2);
    }
    assert_eq!(chat.asks(ALICE, Request::MessageCount), ["Alice gets 2"]);
    assert_eq!(chat.calls(BOB, "listUsers", ""), ["Bob gets users: Alice, Bob"]);
}

#[test]
fn anybody_may_look_around_before_joining() {
    let mut chat = Chat::of(&[ALICE, BOB]);
    let _ = chat.says(ALICE, "hi");
    let _ = chat.enters(BOB, "#rust");
    chat.arrives(CAROL);
    for (method, answer) in [
        ("listUsers", "users: Alice"),
        ("listRooms", "rooms: #lobby 1, #rust 1"),
        (
            "getHistory",
            "history: System: Alice joined the chat / System: Bob joined the chat / Alice: hi / \
             System: Bob went to #rust",
        ),
    ] {
        assert_eq!(chat.calls(CAROL, method, ""), [format!("Carol gets {answer}")]);
    }
    assert_eq!(chat.asks(CAROL, Request::UserCount), ["Carol gets 2"]);
    assert_eq!(chat.asks(CAROL, Request::MessageCount), ["Carol gets 5"]);
}

#[test]
fn what_was_said_before_is_there_again_and_is_counted() {
    let past =
        |room: &str, text: &str| (RoomName::read(room).unwrap(), Note::system(text.to_owned()));
    let past = vec![past("#lobby", "one"), past("#rust", "two"), past("#lobby", "three")];
    let mut chat = Chat::with(FAST, past);
    chat.arrives(ALICE);
    assert_eq!(chat.asks(ALICE, Request::MessageCount), ["Alice gets 3"]);
    let _ = chat.joins(ALICE, "Alice");
    let lobby = "history: System: one / System: three / System: Alice joined the chat";
    assert_eq!(chat.calls(ALICE, "getHistory", ""), [format!("Alice gets {lobby}")]);
    assert_eq!(chat.calls(ALICE, "listRooms", ""), ["Alice gets rooms: #lobby 1, #rust 0"]);
    let _ = chat.enters(ALICE, "rust");
    let rust = "history: System: two / System: Alice came from #lobby";
    assert_eq!(chat.calls(ALICE, "getHistory", ""), [format!("Alice gets {rust}")]);
    assert_eq!(chat.says(ALICE, "hi").last().unwrap(), "Alice gets sent 7");
}

#[test]
fn an_emoji_is_put_in_for_all() {
    let mut chat = Chat::of(&[ALICE]);
    let said = chat.says(ALICE, "hi :wave:");
    assert_eq!(said[..2], ["record in #lobby: Alice: hi 👋", "Alice hears Alice: hi 👋"]);
}
