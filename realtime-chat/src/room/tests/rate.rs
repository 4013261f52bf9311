//! How much one client may say.

use super::*;

const SLOW: Rate = Rate { burst: 3, per_second: 2 };
const REFUSED: &str =
    "Alice is refused: too_many: slow down: at most 2 messages a second, 3 at once";

#[test]
fn a_burst_and_then_so_many_a_second() {
    let mut chat = Chat::with(SLOW, Vec::new());
    chat.arrives(ALICE);
    let _ = chat.joins(ALICE, "Alice");
    assert_eq!(chat.says(ALICE, "2").len(), 3);
    assert_eq!(chat.says(ALICE, "3").len(), 3);
    assert_eq!(chat.says(ALICE, "4"), [REFUSED]);
    chat.now += Duration::from_nanos(499_999_999);
    assert_eq!(chat.says(ALICE, "4"), [REFUSED]);
    chat.now += Duration::from_nanos(1);
    assert_eq!(chat.says(ALICE, "4").len(), 3);
    assert_eq!(chat.says(ALICE, "5"), [REFUSED]);
    // However long the pause is, there is never more than a burst.
    chat.now += Duration::from_hours(24);
    for _ in 0..3 {
        assert_eq!(chat.says(ALICE, "hi").len(), 3);
    }
    assert_eq!(chat.says(ALICE, "hi"), [REFUSED]);
    // Nothing is lost by asking often: in ten seconds, twenty.
    let mut told = 0;
    for _ in 0..1000 {
        chat.now += Duration::from_millis(10);
        told += usize::from(chat.says(ALICE, "hi") != [REFUSED]);
    }
    assert_eq!(told, 20);
}

#[test]
fn what_others_hear_of_costs_something_and_what_only_reads_does_not() {
    let mut chat = Chat::with(SLOW, Vec::new());
    chat.arrives(ALICE);
    let _ = chat.joins(ALICE, "Alice");
    for _ in 0..2 {
        let _ = chat.says(ALICE, "hi");
    }
    let file = r#""Alice",{"name":"x","size":1},["export",-9]"#;
    for (method, args) in [
        ("sendMessage", r#""Alice","hi""#),
        ("sendPrivate", r#""Alice","Alice","hi""#),
        ("enterRoom", r##""Alice","#rust""##),
        ("shareFile", file),
        ("join", r#""Alice",["export",-8]"#),
    ] {
        assert_eq!(chat.calls(ALICE, method, args).last().unwrap(), REFUSED, "{method}");
    }
    for _ in 0..100 {
        for method in ["listUsers", "getHistory", "listRooms"] {
            assert!(chat.calls(ALICE, method, "")[0].starts_with("Alice gets "), "{method}");
        }
        assert_eq!(chat.asks(ALICE, Request::UserCount), ["Alice gets 1"]);
        assert_eq!(chat.asks(ALICE, Request::MessageCount), ["Alice gets 3"]);
        let why = "Alice is refused: cap_revoked: the file left with Bob";
        let name = Name::read("Bob").unwrap();
        let file = Arc::new(Shared { by: BOB, name, stub: Stub::MAIN });
        assert_eq!(chat.asks(ALICE, Request::ReadFile { file, offset: 0 }), [why]);
    }
    // Typing has a bucket of its own,
    for is_typing in ["true", "false", "true"] {
        let args = format!("\"Alice\",{is_typing}");
        assert_eq!(chat.calls(ALICE, "setTyping", &args), ["Alice gets Nothing"]);
    }
    assert_eq!(chat.calls(ALICE, "setTyping", "\"Alice\",false"), [REFUSED]);
    // and leaving is always possible.
    assert_eq!(to(ALICE, &chat.leaves(ALICE)), ["gets back -1", "gets goodbye Alice"]);
    // What came with a refused call was given back; and nobody gets another bucket by leaving.
    let again = chat.joins(ALICE, "Alice");
    assert_eq!(again, ["Alice gets back -2", REFUSED]);
}

#[test]
fn nobody_pays_for_others() {
    let mut chat = Chat::with(SLOW, Vec::new());
    chat.arrives(ALICE);
    let _ = chat.joins(ALICE, "Alice");
    for _ in 0..10 {
        let _ = chat.says(ALICE, "hi");
    }
    chat.arrives(BOB);
    let _ = chat.joins(BOB, "Bob");
    assert_eq!(chat.says(BOB, "hi").last().unwrap(), "Bob gets sent 5");
}
