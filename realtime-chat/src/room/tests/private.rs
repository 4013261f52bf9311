//! Messages to one user.

use super::*;

fn tells(chat: &mut Chat, client: ClientId, to: &str, text: &str) -> Vec<String> {
    let args = format!("\"{}\",\"{to}\",\"{text}\"", label(client));
    chat.calls(client, "sendPrivate", &args)
}

/// Bob is gone, and Carol takes his name.
fn carol_is_the_next_bob(chat: &mut Chat) {
    let _ = chat.hears(BOB, Heard::Gone);
    chat.arrives(CAROL);
    let _ = chat.joins(CAROL, "Bob");
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

const ANOTHER: &str = "Alice is refused: not_found: the Bob that you have written with has left: \
                       send it again to tell the one who has this name now";

#[test]
fn who_takes_the_name_of_another_is_not_taken_for_it() {
    for alice_was_first in [true, false] {
        let mut chat = Chat::of(&[ALICE, BOB]);
        let (from, to) = if alice_was_first { (ALICE, "Bob") } else { (BOB, "Alice") };
        assert_eq!(tells(&mut chat, from, to, "psst").len(), 3);
        let _ = chat.hears(BOB, Heard::Gone);
        chat.arrives(CAROL);
        let _ = chat.joins(CAROL, "bob");
        // Not even by writing first does it become the other.
        assert_eq!(chat.calls(CAROL, "sendPrivate", r#""bob","Alice","hi""#).len(), 3);
        assert_eq!(tells(&mut chat, ALICE, "Bob", "hi"), [ANOTHER]);
        assert_eq!(tells(&mut chat, ALICE, "Bob", "hi").len(), 3, "now it is meant");
        assert_eq!(tells(&mut chat, ALICE, "bob", "hi").len(), 3);
    }
}

/// It was typed before the refusal of the first could be read.
#[test]
fn after_a_refusal_another_text_is_refused_too() {
    let mut chat = Chat::of(&[ALICE, BOB]);
    assert_eq!(tells(&mut chat, ALICE, "Bob", "psst").len(), 3);
    carol_is_the_next_bob(&mut chat);
    for text in ["one", "two", "one"] {
        assert_eq!(tells(&mut chat, ALICE, "Bob", text), [ANOTHER], "{text}");
    }
    // Nor is the same text meant for the next one who takes the name.
    let _ = chat.hears(CAROL, Heard::Gone);
    let next = ClientId(4);
    chat.arrives(next);
    let _ = chat.joins(next, "Bob");
    assert_eq!(tells(&mut chat, ALICE, "Bob", "one"), [ANOTHER]);
    assert_eq!(tells(&mut chat, ALICE, "Bob", "one").len(), 3);
    assert_eq!(tells(&mut chat, ALICE, "Bob", "two").len(), 3);
}

#[test]
fn strangers_who_write_push_out_nobody_whom_one_has_written_to() {
    let mut chat = Chat::of(&[ALICE, BOB]);
    assert_eq!(tells(&mut chat, ALICE, "Bob", "psst").len(), 3);
    for number in 0..100 {
        let stranger = ClientId(10 + number);
        chat.arrives(stranger);
        let name = format!("Stranger{number}");
        let _ = chat.joins(stranger, &name);
        let args = format!(r#""{name}","Alice","hi""#);
        assert_eq!(chat.calls(stranger, "sendPrivate", &args).len(), 3);
        let _ = chat.hears(stranger, Heard::Gone);
    }
    carol_is_the_next_bob(&mut chat);
    assert_eq!(tells(&mut chat, ALICE, "Bob", "hi"), [ANOTHER]);
}

#[test]
fn of_many_partners_those_who_were_written_to_last_are_known() {
    let mut chat = Chat::of(&[ALICE, BOB]);
    assert_eq!(tells(&mut chat, ALICE, "Bob", "psst").len(), 3);
    for number in 0..100 {
        let partner = ClientId(10 + number);
        chat.arrives(partner);
        let name = format!("Partner{number}");
        let _ = chat.joins(partner, &name);
        assert_eq!(tells(&mut chat, ALICE, &name, "hi").len(), 3);
        let _ = chat.hears(partner, Heard::Gone);
        assert_eq!(tells(&mut chat, ALICE, "Bob", "psst").len(), 3);
    }
    // There is no room for one more who only writes; but that harms nobody.
    assert_eq!(chat.calls(BOB, "sendPrivate", r#""Bob","Alice","hi""#).len(), 3);
    let _ = chat.hears(BOB, Heard::Gone);
    chat.arrives(CAROL);
    let _ = chat.joins(CAROL, "Carol");
    assert_eq!(chat.calls(CAROL, "sendPrivate", r#""Carol","Alice","hi""#).len(), 3);
    let _ = chat.leaves(CAROL);
    let _ = chat.joins(CAROL, "Bob");
    assert_eq!(tells(&mut chat, ALICE, "Bob", "hi"), [ANOTHER]);
}

#[test]
fn who_has_a_name_once_it_is_written_to_has_it_for_good() {
    let mut chat = Chat::of(&[ALICE, BOB]);
    assert_eq!(tells(&mut chat, BOB, "Alice", "psst").len(), 3);
    carol_is_the_next_bob(&mut chat);
    assert_eq!(tells(&mut chat, ALICE, "Bob", "hi"), [ANOTHER]);
    assert_eq!(tells(&mut chat, ALICE, "Bob", "hi").len(), 3);
    for number in 0..100 {
        let partner = ClientId(10 + number);
        chat.arrives(partner);
        let name = format!("Partner{number}");
        let _ = chat.joins(partner, &name);
        assert_eq!(tells(&mut chat, ALICE, &name, "hi").len(), 3);
    }
    assert_eq!(tells(&mut chat, ALICE, "Bob", "psst").len(), 3);
}

#[test]
fn who_leaves_and_comes_back_in_its_session_is_the_same() {
    let mut chat = Chat::of(&[ALICE, BOB]);
    assert_eq!(tells(&mut chat, ALICE, "Bob", "psst").len(), 3);
    let _ = chat.leaves(BOB);
    let _ = chat.joins(BOB, "Bob");
    assert_eq!(tells(&mut chat, ALICE, "Bob", "psst").len(), 3);
}
