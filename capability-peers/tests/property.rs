//! Task 1, a property: Alice's name can be read, and used in the next call.

mod fixture;

use fixture::{Fixture, Peer};

/// Reads a property of Alice, in a request of its own.
const NAME: &str = "[\"push\",[\"pipeline\",0,[\"name\"]]]";

/// Alice answers `body` with this one line.
#[track_caller]
fn answers(alice: &Peer, body: &str, answer: &str) {
    let reply = alice.is_asked_for(body).text();
    let shown = body.replace('\n', " ");
    assert_eq!(spaceless(&reply), answer, "expected {answer} as the answer to {shown}");
}

/// A text without white space, which JSON may have or not.
fn spaceless(text: &str) -> String {
    text.split_whitespace().collect()
}

/// The name can be read.
///
/// Points: 3
/// Hint: Who asks for it? | `capnweb` calls `Target::property` when a path comes without an argument list.
/// Hint: What is the name? | `self.role.name`. A `&str` becomes a `Value` with `.into()`.
#[test]
fn the_name_can_be_read() {
    let fixture = Fixture::open();
    let alice = fixture.alice_alone();
    answers(&alice, &format!("{NAME}\n[\"pull\",1]"), r#"["resolve",1,"Alice"]"#);
}

/// A property that is not there is undefined, and no error.
///
/// Points: 2
/// Hint: What does JavaScript answer? | `undefined`, which is `Value::Undefined` and not `Value::Null`.
#[test]
fn a_property_that_is_not_there_is_undefined() {
    let fixture = Fixture::open();
    let alice = fixture.alice_alone();
    for name in ["age", "Name", "names", "greet"] {
        let body = format!("[\"push\",[\"pipeline\",0,[\"{name}\"]]]\n[\"pull\",1]");
        answers(&alice, &body, r#"["resolve",1,["undefined"]]"#);
    }
}

/// The name can be the argument of a call in the same request.
///
/// Points: 1
#[test]
fn the_name_can_be_an_argument_before_it_is_there() {
    let fixture = Fixture::open();
    let mut alice = fixture.alice_alone();
    let chat = "[\"push\",[\"pipeline\",0,[\"chat\"],[[\"pipeline\",1]]]]";
    let reply = alice.is_asked_for(format!("{NAME}\n{chat}\n[\"pull\",2]"));
    alice.sees("📨 Alice received: Alice\n");
    assert!(reply.text().starts_with("[\"resolve\",2,"), "{}", reply.text());
}
