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
