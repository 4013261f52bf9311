//! Rooms within the chat.

use super::*;
use crate::room::rooms::MAX_ROOMS;

#[test]
fn a_move_is_a_leave_in_one_room_and_a_join_in_the_other() {
    let mut chat = Chat::of(&[ALICE, BOB, CAROL]);
    assert_eq!(chat.enters(CAROL, "#rust").last().unwrap(), "Carol gets entered #rust: Carol");
    assert_eq!(
        chat.enters(ALICE, "#rust"),
        [
            "record in #lobby: System: Alice went to #rust",
            "record in #rust: System: Alice came from #lobby",
            "Carol hears System: Alice came from #lobby",
            "Bob hears System: Alice went to #rust",
            "Alice gets entered #rust: Carol, Alice",
        ]
    );
}

#[test]
fn what_is_said_in_a_room_stays_there() {
    let mut chat = Chat::of(&[ALICE, BOB, CAROL]);
    for client in [ALICE, BOB] {
        let _ = chat.enters(client, "#rust");
    }
    assert_eq!(
        chat.says(ALICE, "hi"),
        [
            "record in #rust: Alice: hi",
            "Alice hears Alice: hi",
            "Bob hears Alice: hi",
            "Alice gets sent 8",
        ]
    );
    assert_eq!(to(BOB, &chat.says(CAROL, "hi")), [""; 0]);
    assert_eq!(chat.calls(BOB, "listUsers", ""), ["Bob gets users: Alice, Bob"]);
    assert_eq!(chat.calls(CAROL, "listUsers", ""), ["Carol gets users: Carol"]);
    let rust = "System: Alice came from #lobby / System: Bob came from #lobby / Alice: hi";
    assert_eq!(chat.calls(BOB, "getHistory", ""), [format!("Bob gets history: {rust}")]);
    // The room that a client was in is told of its leave.
    let left = "hears System: Alice left the chat";
    let said = chat.leaves(ALICE);
    assert_eq!((to(BOB, &said), to(CAROL, &said)), (vec![left], vec![]));
    // And a client that joins begins in the lobby, in which Carol is.
    let said = chat.joins(ALICE, "Alice");
    assert_eq!(said[1], "Alice gets welcome Alice in #lobby: Carol, Alice");
    assert_eq!(to(BOB, &said), [""; 0]);
    // All are counted.
    assert_eq!(chat.asks(BOB, Request::UserCount), ["Bob gets 3"]);
}

#[test]
fn a_room_whose_name_looks_the_same_is_the_same_room() {
    let mut chat = Chat::of(&[ALICE, BOB]);
    let _ = chat.enters(ALICE, "#café");
    let entered = chat.enters(BOB, "#CAFE\u{301}");
    assert_eq!(entered.last().unwrap(), "Bob gets entered #café: Alice, Bob");
    assert_eq!(to(BOB, &chat.says(ALICE, "hi")), ["hears Alice: hi"]);
}

#[test]
fn users_are_listed_in_the_order_in_which_they_came_into_the_room() {
    let mut chat = Chat::of(&[ALICE, BOB, CAROL]);
    let _ = chat.enters(ALICE, "#rust");
    let entered = chat.enters(ALICE, "#lobby");
    assert_eq!(entered.last().unwrap(), "Alice gets entered #lobby: Bob, Carol, Alice");
    // Also if one joins right after another one has come back.
    let mut chat = Chat::of(&[BOB, CAROL]);
    let _ = chat.enters(BOB, "#rust");
    let _ = chat.enters(BOB, "#lobby");
    chat.arrives(ALICE);
    let said = chat.joins(ALICE, "Alice");
    assert_eq!(said[1], "Alice gets welcome Alice in #lobby: Carol, Bob, Alice");
}

#[test]
fn going_where_one_is_tells_nobody() {
    let mut chat = Chat::of(&[ALICE, BOB]);
    assert_eq!(chat.enters(ALICE, "LOBBY"), ["Alice gets entered #lobby: Alice, Bob"]);
}

#[test]
fn a_new_room_takes_the_place_of_the_empty_one_that_was_entered_first() {
    let mut chat = Chat::of(&[ALICE, BOB]);
    let _ = chat.enters(BOB, "#stays");
    for room in 2..MAX_ROOMS {
        let _ = chat.enters(ALICE, &format!("#room{room}"));
    }
    let listed = |chat: &mut Chat| chat.calls(ALICE, "listRooms", "").concat();
    let before = listed(&mut chat);
    assert!(before.starts_with("Alice gets rooms: #lobby 0, #room10 0, #room11 0"), "{before}");
    assert_eq!(before.matches('#').count(), MAX_ROOMS);
    assert!(before.contains("#room63 1") && before.contains("#stays 1"), "{before}");
    // This one was entered again, so the next one has to go.
    for room in ["#room2", "#room63", "#new"] {
        let _ = chat.enters(ALICE, room);
    }
    let after = listed(&mut chat);
    assert_eq!(after.matches('#').count(), MAX_ROOMS);
    assert!(after.contains("#room2 0") && after.contains("#new 1"), "{after}");
    assert!(after.contains("#stays 1") && after.contains("#lobby 0"), "{after}");
    assert!(!after.contains("#room3 "), "{after}");
    // What was said in it is forgotten with it.
    let _ = chat.enters(ALICE, "#room3");
    let history = "Alice gets history: System: Alice came from #new";
    assert_eq!(chat.calls(ALICE, "getHistory", ""), [history]);
}

#[test]
fn when_somebody_is_in_every_room_there_is_no_new_one() {
    let mut chat = Chat::new();
    for client in (0..MAX_ROOMS as u64).map(ClientId) {
        chat.arrives(client);
        let name = format!("N{}", client.0);
        let _ = chat.joins(client, &name);
        if client.0 > 0 {
            let said =
                chat.calls(client, "enterRoom", &format!("\"{name}\",\"r{}\"", client.0));
            assert!(said.last().unwrap().contains(" gets entered "), "{said:?}");
        }
    }
    let why = "too_many: there are 64 rooms, and somebody is in each";
    let said = chat.calls(ALICE, "enterRoom", "\"N1\",\"more\"");
    assert_eq!(said, [format!("Alice is refused: {why}")]);
    // It is where it was, and can go where somebody is.
    assert_eq!(chat.calls(ALICE, "listUsers", ""), ["Alice gets users: N1"]);
    let said = chat.calls(ALICE, "enterRoom", "\"N1\",\"r2\"");
    assert_eq!(said.last().unwrap(), "Alice gets entered #r2: N2, N1");
    let said = chat.calls(ALICE, "enterRoom", "\"N1\",\"more\"");
    assert_eq!(said.last().unwrap(), "Alice gets entered #more: N1");
}

#[test]
fn of_a_long_past_the_rooms_that_were_used_last_are_kept() {
    let past = (0..100).map(|room| {
        (RoomName::read(&format!("r{room}")).unwrap(), Note::system(format!("in {room}")))
    });
    let mut chat = Chat::with(FAST, past.collect());
    chat.arrives(ALICE);
    assert_eq!(chat.asks(ALICE, Request::MessageCount), ["Alice gets 100"]);
    let rooms = chat.calls(ALICE, "listRooms", "").concat();
    assert_eq!(rooms.matches('#').count(), MAX_ROOMS);
    assert!(rooms.contains("#r99 0") && rooms.contains("#r37 0"), "{rooms}");
    assert!(!rooms.contains("#r36 "), "{rooms}");
}
