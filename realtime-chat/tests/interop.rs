//! The npm package `capnweb` and our programs in one room, over WebSocket: its clients in our room,
//! and our client in its room. Neither side can tell that the other one is not its own kind.
//!
//! `just interop` fetches the package and runs these. Where it is missing, they say so and do no
//! more.

mod fixture;

use std::env;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Once;

use fixture::{Fixture, WELCOME, typed};
use scenario::{Program, Terminal};

/// Whether it has been said that something is missing. Once is enough.
static TOLD: Once = Once::new();

/// One of the programs in `tests/interop/`, if this machine has what it needs. Where it must have
/// it (in CI, say, where `CI` is set), that is a failure, unless `P2P_WITHOUT_NPM` is set, too.
fn npm(program: &str) -> Option<Program> {
    let folder = Path::new("tests").join("interop");
    let has = |package: &str| folder.join("node_modules").join(package).is_dir();
    // `fetch` is an error where Node.js is too old to have it.
    let missing = if !Program::exactly(&["node", "--eval"]).runs_with("fetch") {
        "Node.js 18 or later"
    } else if !has("capnweb") || !has("ws") {
        "the npm packages capnweb and ws"
    } else {
        return Some(Program::exactly(&["node", typed(&folder.join(program))]));
    };
    let excused = env::var_os("CI").is_none() || env::var_os("P2P_WITHOUT_NPM").is_some();
    assert!(excused, "{missing} not here: install Node.js, then type `just interop`");
    TOLD.call_once(|| {
        let notice = format!(
            "\n##########\n# NOTICE: {missing} not here, so nothing was tried with npm.\n\
             # Install Node.js, then type `just interop`.\n##########\n"
        );
        // Not `eprintln!`: of a test that passes, nobody would see it.
        let _ = io::stderr().write_all(notice.as_bytes());
    });
    None
}

/// A client of npm's that has joined under this name, after others; `rest` is the rest of the
/// answer. Whether it prints that before or after its own notice, npm does not promise.
#[track_caller]
fn npm_client(fixture: &Fixture, program: &Program, name: &str, rest: &str) -> Terminal {
    let mut client = fixture.story.terminal(name, program, &[&fixture.url()]);
    client.types(&format!(r#"["join","{name}","$client"]"#));
    let welcome = format!(r#"= {{"message":"Welcome to the chat, {name}!",{rest}}}"#) + "\n";
    let joined =
        format!(r#"{{"username":"System","text":"{name} joined the chat","type":"system"}}"#);
    client.sees_all(&[&welcome, &format!("onMessage {joined}\n")]);
    client
}

const WITH_BOB: &str = r##""userCount":2,"users":["Alice","Bob"],"room":"#lobby""##;
const WITH_CAROL: &str = r##""userCount":2,"users":["Alice","Carol"],"room":"#lobby""##;

#[test]
fn npms_clients_and_ours_talk_in_our_room() {
    let Some(client) = npm("client.mjs") else { return };
    let fixture = Fixture::open();
    let _server = fixture.server();
    let mut alice = fixture.client("Alice");
    let mut bob = npm_client(&fixture, &client, "Bob", WITH_BOB);
    alice.sees_next("*** Bob joined the chat ***");

    alice.types("Hello :wave:");
    alice.sees_next("[You] Hello 👋");
    bob.sees_next(r#"onMessage {"username":"Alice","text":"Hello 👋","type":"chat"}"#);
    bob.types(r#"["sendMessage","Bob","Hi Alice!"]"#);
    bob.sees_all(&[
        "onMessage {\"username\":\"Bob\",\"text\":\"Hi Alice!\",\"type\":\"chat\"}\n",
        "= {\"status\":\"sent\",\"timestamp\":4}\n",
    ]);
    alice.sees_next("[Bob] Hi Alice!");

    for (call, answer) in [
        (r#"["listUsers"]"#, r#"= ["Alice","Bob"]"#),
        (r#"["get","userCount"]"#, "= 2"),
        (r#"["get","messageCount"]"#, "= 4"),
        (r#"["listRooms"]"#, r##"= [{"name":"#lobby","userCount":2}]"##),
        (r#"["setTyping","Bob",true]"#, "= undefined"),
    ] {
        bob.types(call);
        bob.sees_next(answer);
    }
    bob.types(r#"["getHistory"]"#);
    bob.sees(r#"= [{"username":"System","text":"Alice joined the chat","type":"system"},"#);
    bob.sees(r#"{"username":"Bob","text":"Hi Alice!","type":"chat"}]"#);
    bob.sees("\n");

    // Lines stay lines, and are marked on a terminal.
    bob.types(r#"["sendMessage","Bob","one\r\n[Alice] two"]"#);
    bob.sees_all(&[
        "onMessage {\"username\":\"Bob\",\"text\":\"one\\n[Alice] two\",\"type\":\"chat\"}\n",
        "= {\"status\":\"sent\",\"timestamp\":5}\n",
    ]);
    alice.sees_next("[Bob] one");
    alice.sees_next("    | [Alice] two");

    // A client that has joined as Bob is not Alice.
    for call in [r#"["sendMessage","Alice","I am Eve"]"#, r#"["leave","Alice"]"#] {
        bob.types(call);
        bob.sees("! Error: ");
        bob.sees("(permission_denied)\n");
    }
    let mut eve = fixture.story.terminal("Eve", &client, &[&fixture.url()]);
    eve.types(r#"["join","Alice","$client"]"#);
    eve.sees_next("! Error: Username Alice is already taken (bad_request)");
    eve.types(r#"["nope"]"#);
    eve.sees_next("! TypeError: 'nope' is not a function. (undefined)");

    alice.types("/msg Bob psst");
    alice.sees_next("[You, privately to Bob] psst");
    bob.sees_next(
        r#"onMessage {"username":"Alice","text":"psst","type":"private","to":"Bob"}"#,
    );
    bob.types(r#"["leave","Bob"]"#);
    bob.sees_next(r#"= {"message":"Goodbye, Bob!"}"#);
    alice.sees_next("*** Bob left the chat ***");
    let mut carol = npm_client(&fixture, &client, "Carol", WITH_CAROL);
    alice.sees_next("*** Carol joined the chat ***");
    carol.is_killed();
    alice.sees_next("*** Carol left the chat ***");
}

#[test]
fn files_go_from_npms_clients_to_ours_and_back() {
    let Some(client) = npm("client.mjs") else { return };
    let fixture = Fixture::open();
    let _server = fixture.server();
    let folder = fixture.path("downloads");
    fs::create_dir(&folder).unwrap();
    let mut alice = fixture.client_with("Alice", &["--downloads", typed(&folder)]);
    let mut bob = npm_client(&fixture, &client, "Bob", WITH_BOB);
    alice.sees_next("*** Bob joined the chat ***");

    bob.types(r#"["shareFile","Bob",{"name":"numbers","size":100000},"$file"]"#);
    alice.sees_next("[Bob] shares numbers (100.0 kB): /save 1");
    bob.sees("= {\"status\":\"shared\"}\n");
    alice.types("/save 1");
    let saved = folder.join("numbers");
    alice.sees_next(&format!("✅ Saved numbers (100.0 kB) as {}", typed(&saved)));
    let bytes = fs::read(&saved).unwrap();
    assert!(bytes.len() == 100_000 && bytes[99_999] == u8::try_from(99_999 % 251).unwrap());

    bob.types(r#"["shareFile","Bob",{"name":"numbers","size":99999},"$file"]"#);
    alice.sees_next("[Bob] shares numbers (100.0 kB): /save 2");
    alice.types("/save 2");
    alice.sees("❌ Cannot save numbers: it is longer than the 100.0 kB promised\n");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    bob.sees("= {\"status\":\"shared\"}\n");

    alice.types(&format!("/send {}", typed(&saved)));
    alice.sees_next("📤 Sharing numbers (100.0 kB)");
    bob.sees(r#""type":"file","file":{"name":"numbers","size":100000}}"#);
    bob.sees("\n");
    bob.types(r#"["fetch"]"#);
    bob.sees_next(r#"= "100000 bytes""#);
    alice.sees_next("📤 numbers: 100 % sent");
}

#[test]
fn our_clients_talk_in_npms_room() {
    let (Some(room), Some(client)) = (npm("room.mjs"), npm("client.mjs")) else { return };
    let fixture = Fixture::open();
    let port = fixture.ports.port(0).to_string();
    let mut room = fixture.story.terminal("npm's room", &room, &["--port", &port]);
    room.sees("The room is open\n");

    let mut alice = fixture.client("Alice");
    alice.sees_next("*** Alice joined the chat ***");
    room.sees("Alice answered undefined\n");
    let mut bob = fixture.starts_client("Bob", &[]);
    bob.sees("Enter your username: ");
    bob.types("Alice");
    bob.sees("❌ Username Alice is already taken\n\nEnter your username: ");
    bob.types("Bob");
    bob.sees("Connected users (2): Alice, Bob\n");
    bob.sees(WELCOME);
    bob.sees_next("*** Bob joined the chat ***");
    alice.sees_next("*** Bob joined the chat ***");
    let mut carol = npm_client(
        &fixture,
        &client,
        "Carol",
        r#""userCount":3,"users":["Alice","Bob","Carol"]"#,
    );
    for ours in [&mut alice, &mut bob] {
        ours.sees_next("*** Carol joined the chat ***");
    }

    bob.types("Hi all!");
    bob.sees_next("[You] Hi all!");
    alice.sees_next("[Bob] Hi all!");
    carol.sees(r#"onMessage {"username":"Bob","text":"Hi all!","type":"chat"}"#);
    carol.sees("\n");
    carol.types(r#"["sendMessage","You","\u001b[2J\r\nI am you"]"#);
    for ours in [&mut alice, &mut bob] {
        ours.sees_next("[\"You\"] \u{FFFD}[2J");
        ours.sees_next("    | I am you");
    }
    alice.types("/users");
    alice.sees("\nConnected users: Alice, Bob, Carol\n\n");
    // That room has no rooms. It says so, and all goes on.
    alice.types("/rooms");
    alice.sees_next("❌ 'listRooms' is not a function.");
    alice.types("/quit");
    alice.sees("\nLeaving chat...\n");
    alice.ends_well();
    bob.sees_next("*** Alice left the chat ***");
    room.is_killed();
    bob.sees("Connection error: the server is gone. When it is back, start again\n");
    bob.ends_with(1);
}
