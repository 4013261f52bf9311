//! The npm package `capnweb` calls our peers and is called by them, and neither side can tell that
//! the other one is not its own kind.
//!
//! `just interop` fetches the package and runs these tests. Without the package, they print a
//! notice and do no more.

use std::env;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Once;

use scenario::lab_sheet::Sheet;
use scenario::{Fixture, Program, Terminal};

const SHEET: &str = include_str!("../README.md");
const INSTRUCTIONS: &str = include_str!("../docs/run_instructions.md");

/// Whether the notice of a missing program was printed. It is printed once.
static TOLD: Once = Once::new();

/// One of the programs in `tests/interop/`, if this machine has Node.js and the package. In CI
/// (`CI` is set) the test fails without them, unless `P2P_WITHOUT_NPM` is set, too.
fn npm(program: &str) -> Option<Program> {
    let folder = Path::new("tests").join("interop");
    // `fetch` is an error where Node.js is too old to have it.
    let missing = if !Program::exactly(&["node", "--eval"]).runs_with("fetch") {
        "Node.js 18 or later"
    } else if !folder.join("node_modules").join("capnweb").is_dir() {
        "the npm package capnweb"
    } else {
        let path = folder.join(program);
        return Some(Program::exactly(&["node", path.to_str().expect("a path in UTF-8")]));
    };
    let excused = env::var_os("CI").is_none() || env::var_os("P2P_WITHOUT_NPM").is_some();
    assert!(excused, "{missing} is not here: install Node.js, then type `just interop`");
    TOLD.call_once(|| {
        let notice = format!(
            "\n##########\n# NOTICE: {missing} is not here, so nothing was tried with npm.\n\
             # Install Node.js, then type `just interop`.\n##########\n"
        );
        // Not `eprintln!`, which is not shown of a test that passes.
        let _ = io::stderr().write_all(notice.as_bytes());
    });
    None
}

/// A peer that makes no calls, and may be called at the port of peer 0.
fn serves(fixture: &Fixture, name: &str, program: &Program) -> Terminal {
    let (port, nobody) =
        (fixture.ports.port(0), format!("http://127.0.0.1:{}", fixture.ports.port(31)));
    let args = ["--port", &port.to_string(), "--peer", &nobody, "--wait", "0"];
    let mut peer = fixture.story.terminal(name, program, &args);
    peer.sees(&format!("at http://127.0.0.1:{port}/rpc/batch\n"));
    peer.sees("❌ Could not connect to ");
    peer
}

/// The lines that `calls.mjs` must print about a peer, ours or npm's.
fn answers_of(name: &str, greeting: &str, thanks: &str) -> String {
    let refused = "TypeError: chat(message): message must be a string";
    let stats = |count| format!(r#"{{"name":"{name}","messages_received":{count}}}"#);
    let wrong: String =
        ["", "null", "42", "list", "object", "date", "bytes", "infinite", "big", "error"]
            .map(|argument| format!("  chat({argument}): {refused}\n"))
            .concat();
    format!(
        r#"one call (requests: 1, answers: 1)
  greet(): "{greeting}"
text (requests: 1, answers: 1)
  chat(...): "{thanks}1!"
an object (requests: 1, answers: 1)
  get_stats(): {one}
properties (requests: 1, answers: 2)
  name: "{name}"
  nothing: undefined
three calls (requests: 1, answers: 3)
  greet(): "{greeting}"
  chat('one'): "{thanks}2!"
  get_stats(): {two}
pipelined argument (requests: 1, answers: 1)
  chat(greet()): "{thanks}3!"
pipelined property (requests: 1, answers: 1)
  get_stats().name: "{name}"
both (requests: 1, answers: 1)
  chat(get_stats().name): "{thanks}4!"
a call that nobody waits for (requests: 1, answers: 1)
  get_stats(): {five}
unknown method (requests: 1, answers: 3)
  nope(): TypeError: 'nope' is not a function.
  name(): TypeError: 'name' is not a function.
  greet(): "{greeting}"
pipelined from an error (requests: 1, answers: 1)
  chat(nope()): TypeError: 'nope' is not a function.
wrong arguments (requests: 1, answers: 10)
{wrong}callbacks (requests: 1, answers: 4)
  chat(function): {refused}
  chat(object): {refused}
  greet(callback): "{greeting}"
  get_stats(): {five}
  given back: ["release",-1,1] ["release",-2,1] ["release",-3,1]
as before (requests: 1, answers: 2)
  chat('goodbye'): "{thanks}6!"
  get_stats(): {six}
"#,
        one = stats(1),
        two = stats(2),
        five = stats(5),
        six = stats(6),
    )
}

/// Lets npm make all its calls to `peer`, and compares each answer, and what the peer shows.
#[track_caller]
fn answers(
    fixture: &Fixture,
    peer: &mut Terminal,
    [name, greeting, thanks]: [&str; 3],
    calls: &Program,
) {
    let url = format!("http://127.0.0.1:{}/rpc/batch", fixture.ports.port(0));
    let mut caller = fixture.story.terminal("npm", calls, &[&url]);
    let expected = answers_of(name, greeting, thanks);
    for line in expected.lines() {
        caller.sees_next(line);
    }
    caller.ends_well();
    assert_eq!(caller.printed(), expected, "it says more than that");
    for message in ["grüß dich 👋, \"Peer\"", "one", greeting, name, "nobody waits", "goodbye"]
    {
        peer.sees(&format!("📨 {name} received: {message}\n"));
    }
}

const ALICE: [&str; 3] = ["Alice", "Hello! I'm Alice.", "Alice says: Thanks for the message #"];
const BOB: [&str; 3] = ["Bob", "Hey there! I'm Bob.", "Bob says: Got your message #"];

#[test]
fn npm_calls_our_alice() {
    let Some(calls) = npm("calls.mjs") else { return };
    let fixture = Fixture::open();
    let program = Program::exactly(&[env!("CARGO_BIN_EXE_alice")]);
    let mut alice = serves(&fixture, "Alice", &program);
    answers(&fixture, &mut alice, ALICE, &calls);
}

#[test]
fn npm_calls_our_bob() {
    let Some(calls) = npm("calls.mjs") else { return };
    let fixture = Fixture::open();
    let program = Program::exactly(&[env!("CARGO_BIN_EXE_bob")]);
    let mut bob = serves(&fixture, "Bob", &program);
    answers(&fixture, &mut bob, BOB, &calls);
}

/// The two tests above demand these answers of us because npm gives them.
#[test]
fn npm_calls_its_own_bob_and_hears_the_same() {
    let (Some(calls), Some(bob)) = (npm("calls.mjs"), npm("bob.mjs")) else { return };
    let fixture = Fixture::open();
    let mut bob = fixture.story.terminal(
        "npm's Bob",
        &bob,
        &["--port", &fixture.ports.port(0).to_string()],
    );
    bob.sees("✅ Bob is running!\n");
    answers(&fixture, &mut bob, BOB, &calls);
}

/// Plays a transcript of ours, with npm in the role of Bob.
#[track_caller]
fn plays(page: &str, heading: &str) {
    let Some(npms_bob) = npm("bob.mjs") else { return };
    let fixture = Fixture::open();
    let ours = Program::exactly(&[env!("CARGO_BIN_EXE_alice")]);
    let sheet = Sheet { page, prompts: &[], first_port: 8080, airy: false };
    sheet.play(heading, &fixture.ports, |title, command| {
        let (program, port, friends_port) =
            match command.strip_prefix("cargo run -p capability-peers --bin ") {
                Some("alice") => (&ours, fixture.ports.port(0), fixture.ports.port(1)),
                Some("bob") => (&npms_bob, fixture.ports.port(1), fixture.ports.port(0)),
                _ => panic!("{title} starts {command:?}"),
            };
        let friend = format!("http://127.0.0.1:{friends_port}");
        fixture.story.terminal(
            title,
            program,
            &["--port", &port.to_string(), "--peer", &friend],
        )
    });
}

#[test]
fn our_alice_and_npms_bob_call_each_other_as_on_the_lab_sheet() {
    plays(SHEET, "## The two terminals");
}

#[test]
fn our_alice_and_npms_bob_call_each_other_if_he_is_first() {
    plays(INSTRUCTIONS, "## One after the other");
}

#[test]
fn our_alice_tells_what_npms_bob_refuses_and_goes_on() {
    let Some(bob) = npm("bob.mjs") else { return };
    let fixture = Fixture::open();
    let port = fixture.ports.port(0).to_string();
    let args = ["--port", &port, "--refuse", "not before breakfast"];
    let mut bob = fixture.story.terminal("npm's Bob", &bob, &args);
    bob.sees("✅ Bob is running!\n");

    let alice = Program::exactly(&[env!("CARGO_BIN_EXE_alice")]);
    let friend = format!("http://127.0.0.1:{port}");
    let args = ["--port", &fixture.ports.port(1).to_string(), "--peer", &friend];
    let mut alice = fixture.story.terminal("Alice", &alice, &args);
    alice.sees("📞 Alice calls Bob.chat('Hi Bob!')...\n");
    alice.sees_next("   ❌ RangeError: not before breakfast");
    alice.sees_next("📞 Alice calls Bob.get_stats()...");
    alice.sees_next("   ← {'name': 'Bob', 'messages_received': 0}");
}
