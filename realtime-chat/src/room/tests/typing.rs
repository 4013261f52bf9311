//! Who is typing.

use super::*;

fn types(chat: &mut Chat, client: ClientId, is_typing: bool) -> Vec<String> {
    let args = format!("\"{}\",{is_typing}", label(client));
    let mut said = chat.calls(client, "setTyping", &args);
    assert_eq!(said.pop().unwrap(), format!("{} gets Nothing", label(client)));
    said
}

const IS: &str = "Bob sees that Alice is typing";
const IS_NOT: &str = "Bob sees that Alice is not typing";

#[test]
fn the_others_in_the_room_see_it_once() {
    let mut chat = Chat::of(&[ALICE, BOB, CAROL]);
    let _ = chat.enters(CAROL, "#rust");
    assert_eq!(types(&mut chat, ALICE, false), [""; 0]);
    assert_eq!(types(&mut chat, ALICE, true), [IS]);
    assert_eq!(types(&mut chat, ALICE, true), [""; 0]);
    assert_eq!(types(&mut chat, ALICE, false), [IS_NOT]);
    assert_eq!(types(&mut chat, ALICE, false), [""; 0]);
}

#[test]
fn a_user_who_sends_moves_or_leaves_is_not_typing_any_more() {
    let mut chat = Chat::of(&[ALICE, BOB]);
    let ends = |chat: &mut Chat, method, args| {
        assert_eq!(types(chat, ALICE, true), [IS]);
        let said = chat.calls(ALICE, method, args);
        let seen = to(BOB, &said).iter().map(|act| (*act).to_owned()).collect::<Vec<_>>();
        assert_eq!(seen[0], "sees that Alice is not typing", "{method}");
        assert_eq!(chat.room.typing.len(), 0, "{method}");
        seen[1..].join("")
    };
    assert_eq!(ends(&mut chat, "sendMessage", r#""Alice","hi""#), "hears Alice: hi");
    let private = "hears Alice, privately to Bob: hi";
    assert_eq!(ends(&mut chat, "sendPrivate", r#""Alice","Bob","hi""#), private);
    let went = "hears System: Alice went to #rust";
    assert_eq!(ends(&mut chat, "enterRoom", r##""Alice","#rust""##), went);
    let _ = chat.enters(ALICE, "#lobby");
    let left = "hears System: Alice left the chat";
    assert_eq!(ends(&mut chat, "leave", r#""Alice""#), left);
    let _ = chat.joins(ALICE, "Alice");
    assert_eq!(types(&mut chat, ALICE, true), [IS]);
    let said = chat.hears(ALICE, Heard::Gone);
    assert_eq!(to(BOB, &said), ["sees that Alice is not typing", left]);
    assert_eq!(chat.room.typing.len(), 0);
}

#[test]
fn what_is_refused_ends_nothing() {
    let mut chat = Chat::of(&[ALICE, BOB]);
    assert_eq!(types(&mut chat, ALICE, true), [IS]);
    assert_eq!(chat.calls(ALICE, "sendPrivate", r#""Alice","Carol","hi""#).len(), 1);
    assert_eq!(chat.enters(ALICE, "#lobby").len(), 1);
    assert_eq!(types(&mut chat, ALICE, true), [""; 0]);
}
