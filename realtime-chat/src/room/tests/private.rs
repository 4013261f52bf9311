//! Messages to one user.

use super::*;

fn tells(chat: &mut Chat, client: ClientId, to: &str, text: &str) -> Vec<String> {
    let args = format!("\"{}\",\"{to}\",\"{text}\"", label(client));
    chat.calls(client, "sendPrivate", &args)
}

#[test]
fn the_recipient_and_the_sender_hear_it_and_nobody_else() {
    let mut chat = Chat::of(&[ALICE, BOB, CAROL]);
    let _ = chat.enters(BOB, "#rust"); // Any room will do.
    assert_eq!(
        tells(&mut chat, ALICE, "Bob", "psst :wave:"),
        [
            "Bob hears Alice, privately to Bob: psst 👋",
            "Alice hears Alice, privately to Bob: psst 👋",
            "Alice gets SentPrivately",
        ]
    );
}

#[test]
fn it_is_neither_remembered_nor_counted() {
    let mut chat = Chat::of(&[ALICE, BOB]);
    let history = chat.calls(BOB, "getHistory", "");
    assert_eq!(tells(&mut chat, ALICE, "Bob", "psst").len(), 3);
    assert_eq!(chat.calls(BOB, "getHistory", ""), history);
    assert_eq!(chat.asks(BOB, Request::MessageCount), ["Bob gets 2"]);
}

#[test]
fn a_name_may_be_written_as_it_comes_but_must_be_somebodys() {
    let mut chat = Chat::of(&[ALICE, BOB]);
    assert_eq!(
        tells(&mut chat, ALICE, "bob", "hi")[0],
        "Bob hears Alice, privately to Bob: hi"
    );
    let nobody = "Alice is refused: not_found: nobody here is called Carol";
    assert_eq!(tells(&mut chat, ALICE, "Carol", "hi"), [nobody]);
    chat.arrives(CAROL);
    assert_eq!(tells(&mut chat, ALICE, "Carol", "hi"), [nobody]);
}

#[test]
fn who_talks_to_itself_hears_it_once() {
    let mut chat = Chat::of(&[ALICE]);
    assert_eq!(
        tells(&mut chat, ALICE, "Alice", "hm"),
        ["Alice hears Alice, privately to Alice: hm", "Alice gets SentPrivately"]
    );
}

#[test]
fn who_takes_the_name_of_another_is_not_taken_for_it() {
    let another = "Alice is refused: not_found: the Bob that you have written with has left: send it again to \
                   tell the one who has this name now";
    for alice_was_first in [true, false] {
        let mut chat = Chat::of(&[ALICE, BOB]);
        let (from, to) = if alice_was_first { (ALICE, "Bob") } else { (BOB, "Alice") };
        assert_eq!(tells(&mut chat, from, to, "psst").len(), 3);
        let _ = chat.hears(BOB, Heard::Gone);
        chat.arrives(CAROL);
        let _ = chat.joins(CAROL, "bob");
        // Not even by writing first does it become the other.
        assert_eq!(chat.calls(CAROL, "sendPrivate", r#""bob","Alice","hi""#).len(), 3);
        assert_eq!(tells(&mut chat, ALICE, "Bob", "hi"), [another]);
        assert_eq!(tells(&mut chat, ALICE, "Bob", "hi").len(), 3, "now it is meant");
        assert_eq!(tells(&mut chat, ALICE, "bob", "hi").len(), 3);
    }
}

#[test]
fn who_leaves_and_comes_back_in_its_session_is_the_same() {
    let mut chat = Chat::of(&[ALICE, BOB]);
    assert_eq!(tells(&mut chat, ALICE, "Bob", "psst").len(), 3);
    let _ = chat.leaves(BOB);
    let _ = chat.joins(BOB, "Bob");
    assert_eq!(tells(&mut chat, ALICE, "Bob", "psst").len(), 3);
}
