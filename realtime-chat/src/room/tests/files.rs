//! Files that are asked from the clients that share them.

use super::*;
use crate::interface::CHUNK;
use crate::room::files::{MAX_ASKED, MAX_READS, MAX_SHARED, READ_PATIENCE};

/// The first file that was shared.
const CAT: usize = 0;

fn shares(chat: &mut Chat, client: ClientId, file: &str, size: u64) -> Vec<String> {
    let stub = chat.new_stub();
    let file = format!("{{\"name\":\"{file}\",\"size\":{size}}},[\"export\",{stub}]");
    chat.calls(client, "shareFile", &format!("\"{}\",{file}", label(client)))
}

fn reads(chat: &mut Chat, client: ClientId, file: usize) -> Vec<String> {
    let file = Arc::clone(&chat.files[file]);
    chat.asks(client, Request::ReadFile { file, offset: 64 })
}

/// Alice shares a cat; Bob is there.
fn with_a_cat() -> Chat {
    let mut chat = Chat::of(&[ALICE, BOB]);
    assert_eq!(shares(&mut chat, ALICE, "cat.png", 12_345).len(), 4);
    chat
}

/// Bob reads, and this is the question to Alice.
fn bob_reads(chat: &mut Chat) -> ReadId {
    assert_eq!(reads(chat, BOB, CAT), ["Alice reads -3 from 64"]);
    chat.asked.unwrap()
}

fn alice_answers(chat: &mut Chat, ask: ReadId, bytes: &str) -> Vec<String> {
    chat.hears(ALICE, Heard::Answered(ask, Ok(bytes.to_owned())))
}

#[test]
fn all_in_the_room_are_offered_a_file_by_its_name() {
    let mut chat = Chat::of(&[ALICE, BOB, CAROL]);
    let _ = chat.enters(CAROL, "#rust");
    let stub = chat.new_stub();
    let args = format!("\"Alice\",{{\"name\":\"cat.png\",\"size\":12345}},[\"export\",{stub}]");
    let (id, call) = chat.call(ALICE, "shareFile", &args);
    let actions = chat.room.on(ALICE, Heard::Called(id, call), chat.now);
    let Action::Record(_, note) = &actions[0] else { panic!("{actions:?}") };
    let Kind::File { name, size: 12_345, content: Some(file) } = &note.kind else {
        panic!("{note:?}")
    };
    assert_eq!((&**name, file.by, &*file.name.to_string()), ("cat.png", ALICE, "Alice"));
    assert_eq!(
        chat.carry_out(&actions),
        [
            "record in #lobby: Alice: shares cat.png (12.3 kB)",
            "Alice hears Alice: shares cat.png (12.3 kB)",
            "Bob hears Alice: shares cat.png (12.3 kB)",
            "Alice gets Shared",
        ]
    );
    assert_eq!(chat.asks(BOB, Request::MessageCount), ["Bob gets 6"]);
}

#[test]
fn a_size_is_said_in_three_or_four_digits() {
    for (size, words) in [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (1049, "1.0 kB"),
        (1050, "1.1 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (1 << 24, "16.8 MB"),
    ] {
        let mut chat = Chat::of(&[ALICE]);
        let said = shares(&mut chat, ALICE, "x", size);
        assert_eq!(said[0], format!("record in #lobby: Alice: shares x ({words})"));
    }
}

#[test]
fn a_read_is_passed_on_and_answered_once() {
    let mut chat = with_a_cat();
    let ask = bob_reads(&mut chat);
    assert_eq!(alice_answers(&mut chat, ask, "AQID"), ["Bob gets bytes AQID"]);
    assert_eq!(alice_answers(&mut chat, ask, "AQID"), [""; 0]);
    assert_eq!(chat.room.next_due(), None);
    // From any room, and also of one's own.
    let _ = chat.enters(BOB, "#rust");
    let ask = bob_reads(&mut chat);
    assert_eq!(alice_answers(&mut chat, ask, ""), ["Bob gets bytes "]);
    assert_eq!(reads(&mut chat, ALICE, CAT), ["Alice reads -3 from 64"]);
    let ask = chat.asked.unwrap();
    assert_eq!(alice_answers(&mut chat, ask, "AQ"), ["Alice gets bytes AQ"]);
}

#[test]
fn only_who_was_asked_can_answer() {
    let mut chat = with_a_cat();
    let ask = bob_reads(&mut chat);
    assert_eq!(chat.hears(BOB, Heard::Answered(ask, Ok("AQ".into()))), [""; 0]);
    assert_eq!(alice_answers(&mut chat, ReadId(ask.0 + 1), "AQ"), [""; 0]);
    assert_eq!(alice_answers(&mut chat, ask, "AQID"), ["Bob gets bytes AQID"]);
}

#[test]
fn a_piece_is_no_longer_than_it_may_be() {
    let mut chat = with_a_cat();
    let most = data_encoding::BASE64_NOPAD.encode(&vec![0; CHUNK]);
    let ask = bob_reads(&mut chat);
    assert_eq!(alice_answers(&mut chat, ask, &most), [format!("Bob gets bytes {most}")]);
    let ask = bob_reads(&mut chat);
    let more = data_encoding::BASE64_NOPAD.encode(&vec![0; CHUNK + 1]);
    let why = "Bob is refused: internal: Alice has sent more than 32768 bytes at once";
    assert_eq!(alice_answers(&mut chat, ask, &more), [why]);
}

#[test]
fn what_goes_wrong_over_there_is_told_fit_for_a_terminal() {
    let mut chat = with_a_cat();
    for (error, told) in [
        (RpcError::plain("no\x1b[2Jcat"), "internal: Alice cannot read it: no\u{FFFD}[2Jcat"),
        (RpcError::new(Code::NotFound, "moved"), "not_found: Alice cannot read it: moved"),
    ] {
        let ask = bob_reads(&mut chat);
        let said = chat.hears(ALICE, Heard::Answered(ask, Err(error)));
        assert_eq!(said, [format!("Bob is refused: {told}")]);
    }
    let ask = bob_reads(&mut chat);
    let long = RpcError::plain("ä".repeat(5000));
    let said = chat.hears(ALICE, Heard::Answered(ask, Err(long)));
    let told = "ä".repeat(100);
    assert_eq!(said, [format!("Bob is refused: internal: Alice cannot read it: {told}…")]);
}

#[test]
fn nobody_waits_longer_than_ten_seconds() {
    let mut chat = with_a_cat();
    let first = bob_reads(&mut chat);
    chat.now += Duration::from_secs(1);
    let second = bob_reads(&mut chat);
    assert_eq!(chat.room.next_due(), Some(chat.now + Duration::from_secs(9)));
    assert_eq!(chat.passes(Duration::from_millis(8999)), [""; 0]);
    let why = "Bob is refused: internal: Alice does not answer";
    assert_eq!(chat.passes(Duration::from_millis(1)), [why]);
    // The other one has a second left.
    assert_eq!(alice_answers(&mut chat, first, "AQID"), [""; 0]);
    assert_eq!(chat.passes(Duration::from_millis(999)), [""; 0]);
    assert_eq!(alice_answers(&mut chat, second, "AQID"), ["Bob gets bytes AQID"]);
    assert_eq!(chat.passes(READ_PATIENCE), [""; 0]);
    assert_eq!(chat.room.next_due(), None);
}

#[test]
fn a_file_leaves_with_the_client_that_shares_it() {
    let revoked = "Bob is refused: cap_revoked: the file left with Alice";
    // It leaves,
    let mut chat = with_a_cat();
    let ask = bob_reads(&mut chat);
    assert_eq!(
        chat.leaves(ALICE),
        [
            "Alice gets back -1",
            "Alice gets back -3",
            "record in #lobby: System: Alice left the chat",
            revoked,
            "Bob hears System: Alice left the chat",
            "Alice gets goodbye Alice",
        ]
    );
    assert_eq!(alice_answers(&mut chat, ask, "AQID"), [""; 0]);
    assert_eq!(reads(&mut chat, BOB, CAT), [revoked]);
    // or is gone.
    let mut chat = with_a_cat();
    let _ = bob_reads(&mut chat);
    let left = "hears System: Alice left the chat";
    let said = chat.hears(ALICE, Heard::Gone);
    assert_eq!(to(BOB, &said), [&revoked["Bob ".len()..], left]);
    assert_eq!(reads(&mut chat, BOB, CAT), [revoked]);
    assert_eq!(chat.passes(READ_PATIENCE), [""; 0]);
    assert_eq!(file_counts(&chat.room), (0, 0));
    // Another Alice, who joins, has nothing to do with it.
    chat.arrives(CAROL);
    let _ = chat.joins(CAROL, "Alice");
    assert_eq!(reads(&mut chat, BOB, CAT), [revoked]);
}

#[test]
fn a_file_of_a_long_time_ago_is_gone_too() {
    let mut chat = with_a_cat();
    let _ = chat.leaves(ALICE);
    for _ in 0..20 {
        let _ = chat.joins(ALICE, "Alice");
        for _ in 0..MAX_SHARED {
            let _ = shares(&mut chat, ALICE, "cat.png", 1);
        }
        let _ = chat.leaves(ALICE);
    }
    let why = "Bob is refused: cap_revoked: the file left with";
    assert_eq!(reads(&mut chat, BOB, CAT), [format!("{why} Alice")]);
    assert_eq!(reads(&mut chat, BOB, 20 * MAX_SHARED), [format!("{why} Alice")]);
}

#[test]
fn who_reads_may_go_or_leave_meanwhile() {
    let mut chat = with_a_cat();
    // A client that leaves is still there, and answered.
    let ask = bob_reads(&mut chat);
    let _ = chat.leaves(BOB);
    assert_eq!(alice_answers(&mut chat, ask, "AQID"), ["Bob gets bytes AQID"]);
    let ask = bob_reads(&mut chat);
    assert_eq!(chat.hears(BOB, Heard::Gone), [""; 0]);
    assert_eq!(file_counts(&chat.room), (1, 0));
    assert_eq!(alice_answers(&mut chat, ask, "AQID"), [""; 0]);
    assert_eq!(chat.passes(READ_PATIENCE), [""; 0]);
}

#[test]
fn who_is_disconnected_while_it_reads_gets_no_answer() {
    let mut chat = with_a_cat();
    let _ = chat.leaves(BOB);
    chat.now += JOIN_PATIENCE.saturating_sub(Duration::from_secs(5));
    let ask = bob_reads(&mut chat);
    let said = chat.passes(Duration::from_secs(5));
    assert_eq!(said, ["Bob is disconnected: 1008: join within 60 seconds"]);
    assert_eq!(alice_answers(&mut chat, ask, "AQID"), [""; 0]);
}

#[test]
fn one_client_shares_so_many_files_and_no_more() {
    let mut chat = Chat::of(&[ALICE, BOB]);
    for _ in 0..MAX_SHARED {
        assert_eq!(shares(&mut chat, ALICE, "x", 1).len(), 4);
    }
    let back = format!("Alice gets back -{}", chat.stubs + 1);
    let why = "Alice is refused: too_many: you share 16 files already; they go when you leave";
    assert_eq!(shares(&mut chat, ALICE, "x", 1), [back.as_str(), why]);
    assert_eq!(shares(&mut chat, BOB, "x", 1).len(), 4);
    assert_eq!(to(ALICE, &chat.leaves(ALICE)).len(), 1 + MAX_SHARED + 1);
    let _ = chat.joins(ALICE, "Alice");
    assert_eq!(shares(&mut chat, ALICE, "x", 1).len(), 4);
}

#[test]
fn so_many_reads_of_one_client_wait_and_no_more() {
    let mut chat = with_a_cat();
    let mut ask = ReadId(0);
    for _ in 0..MAX_READS {
        ask = bob_reads(&mut chat);
    }
    let why = "Bob is refused: too_many: 8 reads of yours are waiting already";
    assert_eq!(reads(&mut chat, BOB, CAT), [why]);
    assert_eq!(reads(&mut chat, ALICE, CAT), ["Alice reads -3 from 64"]);
    assert_eq!(alice_answers(&mut chat, ask, "AQID"), ["Bob gets bytes AQID"]);
    let _ = bob_reads(&mut chat);
}

#[test]
fn who_never_answers_is_asked_so_often_and_no_more() {
    let mut chat = with_a_cat();
    for _ in 0..MAX_ASKED / MAX_READS {
        for _ in 0..MAX_READS {
            let _ = bob_reads(&mut chat);
        }
        assert_eq!(chat.passes(READ_PATIENCE).len(), MAX_READS);
    }
    let why = "Bob is refused: too_many: Alice has 256 reads to answer; try again later";
    assert_eq!(reads(&mut chat, BOB, CAT), [why]);
    // Leaving and coming again does not help: its session still has these questions.
    let _ = chat.leaves(ALICE);
    let _ = chat.joins(ALICE, "Alice");
    let _ = shares(&mut chat, ALICE, "cat.png", 1);
    assert_eq!(reads(&mut chat, BOB, 1), [why]);
    // A late answer is of no use to anybody, but it is one.
    let ask = chat.asked.unwrap();
    assert_eq!(alice_answers(&mut chat, ask, "AQID"), [""; 0]);
    let read = format!("Alice reads -{} from 64", chat.stubs);
    assert_eq!(reads(&mut chat, BOB, 1), [read]);
    assert_eq!(reads(&mut chat, BOB, 1), [why]);
}
