//! The chat as its users see it: the lab sheet's walk-through, every command, and what a hub costs.

mod fixture;

use std::fs;

use fixture::{CLIENT, Fixture, WELCOME, typed};
use scenario::Program;
use serde_json::json;

/// The sheet tells the same story, and is played, too; but the sheet may be reworded, and these
/// lines may not.
#[test]
fn the_walk_through_with_three_terminals() {
    let fixture = Fixture::open();
    let mut server = fixture.server();

    let mut alice = fixture.starts_client("Alice", &[]);
    alice.sees_next("=== Cap'n Web Chat Client ===");
    alice.sees_next("");
    alice.is_asked("Enter your username: ");
    alice.types("Alice");
    for line in [
        "",
        "Connecting to chat server as 'Alice'...",
        "",
        "Welcome to the chat, Alice!",
        "Connected users (1): Alice",
        "",
        "Type messages and press Enter to send.",
        "Type '/quit' to exit, '/users' to list users, '/help' for commands",
        "",
    ] {
        alice.sees_next(line);
    }

    let mut bob = fixture.starts_client("Bob", &[]);
    bob.sees("Enter your username: ");
    bob.types("Bob");
    bob.sees("Welcome to the chat, Bob!\n");
    bob.sees_next("Connected users (2): Alice, Bob");
    bob.sees(WELCOME);
    bob.sees_next("*** Bob joined the chat ***");
    alice.sees_next("*** Bob joined the chat ***");

    alice.types("Hello everyone!");
    alice.sees_next("[You] Hello everyone!");
    bob.sees_next("[Alice] Hello everyone!");
    bob.types("Hi Alice!");
    bob.sees_next("[You] Hi Alice!");
    alice.sees_next("[Bob] Hi Alice!");

    alice.types("/users");
    alice.sees_next("");
    alice.sees_next("Connected users: Alice, Bob");
    alice.sees_next("");
    alice.types("/help");
    for line in [
        "",
        "Commands:",
        "  /users  - List connected users",
        "  /quit   - Leave the chat",
        "  /help   - Show this help",
    ] {
        alice.sees_next(line);
    }
    alice.types("/quit");
    alice.sees("\nLeaving chat...\n");
    alice.ends_well();
    bob.sees_next("*** Alice left the chat ***");
    bob.presses_ctrl_d();
    bob.sees("\nLeaving chat...\n");
    bob.ends_well();
    server.is_killed();
}

#[test]
fn commands_that_do_not_exist_go_to_nobody() {
    let fixture = Fixture::open();
    let _server = fixture.server();
    let [mut alice, mut bob] = ["Alice", "Bob"].map(|name| fixture.client(name));
    alice.sees("*** Bob joined the chat ***\n");
    bob.sees("*** Bob joined the chat ***\n");
    for (line, told) in [
        ("/uesrs", "❌ Unknown command /uesrs: "),
        ("/users all", "❌ Unknown command /users all: "),
        ("/msg Bob", "❌ Type it like this: /msg NAME TEXT"),
        ("/join two words", "❌ the name of a room is one word"),
        ("/save cat", "❌ Type it like this: /save NUMBER"),
        ("/save 1", "❌ There is no file 1 to be saved: "),
        ("/send no/such/file", "❌ Cannot send no/such/file: there is no such file"),
        (
            &"x".repeat(4097),
            "❌ Not sent: a message has at most 4096 bytes, and this one has 4097",
        ),
        (
            &"x".repeat(9999),
            "❌ Not sent: a message has at most 4096 bytes, and this one has 9999",
        ),
    ] {
        alice.types(line);
        alice.sees(told);
        alice.sees("\n");
    }
    alice.types("   ");
    alice.types("//uesrs");
    alice.sees_next("[You] /uesrs");
    bob.sees_next("[Alice] /uesrs");
}

#[test]
fn a_private_message_is_seen_by_two() {
    let fixture = Fixture::open();
    let _server = fixture.server();
    let mut alice = fixture.client("Alice");
    let mut mary = fixture.client("Mary Ann");
    let mut eve = fixture.client("Eve");
    alice.sees("*** Eve joined the chat ***\n");
    mary.sees("*** Eve joined the chat ***\n");
    eve.sees("*** Eve joined the chat ***\n");
    alice.types("/msg Mary Ann psst :wave:");
    alice.sees_next("[You, privately to Mary Ann] psst 👋");
    mary.sees_next("[Alice, privately] psst 👋");
    alice.types("/msg Zoe psst");
    alice.sees("❌ ");
    alice.sees("Zoe");
    alice.types("now aloud: :wave: :no_such_thing:");
    eve.sees_next("[Alice] now aloud: 👋 :no_such_thing:");
}

/// Somebody else takes the name of the user that a private message is meant for.
#[test]
fn a_private_message_does_not_go_to_a_newcomer_unasked() {
    let fixture = Fixture::open();
    let _server = fixture.server();
    let [mut alice, mut bob] = ["Alice", "Bob"].map(|name| fixture.client(name));
    alice.sees("*** Bob joined the chat ***\n");
    alice.types("/join #rust"); // There, nobody tells her who leaves the lobby.
    alice.sees("Connected users (1): Alice\n\n");
    alice.types("/msg Bob one");
    alice.sees("[You, privately to Bob] one\n");
    bob.sees("[Alice, privately] one\n");
    bob.types("/quit");
    bob.ends_well();
    let mut newcomer = fixture.client("bob");
    alice.types("/msg Bob two");
    alice.sees("❌ ");
    alice.sees("send it again to tell the one who has this name now\n");
    alice.types("/msg Bob three"); // Another text than the refused one is refused, too.
    alice.sees("send it again to tell the one who has this name now\n");
    alice.types("/msg Bob three");
    newcomer.sees("[Alice, privately] three\n");
    assert!(!newcomer.printed().contains("two"), "it was meant for Bob");
}

/// npm's package, and the page, can send several lines at once.
#[test]
fn lines_of_a_message_stay_lines_and_pass_for_nobody_elses() {
    let fixture = Fixture::open();
    let history = fixture.path("history");
    let options = ["--history", typed(&history)];
    let mut server = fixture.server_with(&options);
    let mut alice = fixture.client("Alice");
    let mut eve = server.is_joined_by("Eve");
    alice.sees("*** Eve joined the chat ***\n");
    let said = "one\r\n[Bob] two\u{2028}three\u{b}\u{1b}[2J";
    eve.asks("sendMessage", &json!(["Eve", said])).expect("it is sent");
    for line in ["[Eve] one", "    | [Bob] two", "    | three", "    | \u{FFFD}[2J"] {
        alice.sees_next(line);
    }
    eve.asks("sendPrivate", &json!(["Eve", "Alice", "psst\npsst"])).expect("it is sent");
    alice.sees_next("[Eve, privately] psst");
    alice.sees_next("    | psst");
    let kept = "one\n[Bob] two\nthree\n\u{FFFD}[2J";
    let is_kept = |past: serde_json::Value| past.to_string().contains(&json!(kept).to_string());
    assert!(is_kept(eve.asks("getHistory", &json!([])).expect("it is answered")));
    server.is_killed();
    drop(server);
    let server = fixture.server_with(&options);
    let mut eve = server.is_joined_by("Eve");
    assert!(is_kept(eve.asks("getHistory", &json!([])).expect("it is answered")));
    let many = vec!["x"; 51].join("\n");
    let refused = eve.asks("sendMessage", &json!(["Eve", many])).expect_err("it is too much");
    assert!(refused.message.contains("a message has at most 50 lines"), "{}", refused.message);
}

#[test]
fn colons_in_code_and_data_are_no_emoji() {
    let fixture = Fixture::open();
    let _server = fixture.server();
    let mut alice = fixture.client("Alice");
    for line in ["use std::hash::Hash;", "PATH=a:b:c", "2001:db8:1234:5678::1", "{:x:}"] {
        alice.types(line);
        alice.sees_next(&format!("[You] {line}"));
    }
    alice.types(r"\:wave: is how to write (:wave:)!");
    alice.sees_next("[You] :wave: is how to write (👋)!");
}

#[test]
fn what_is_said_in_a_room_stays_there() {
    let fixture = Fixture::open();
    let _server = fixture.server();
    let [mut alice, mut bob] = ["Alice", "Bob"].map(|name| fixture.client(name));
    bob.sees("*** Bob joined the chat ***\n");
    alice.sees("*** Bob joined the chat ***\n");
    alice.types("/join #Rust");
    alice.sees_next("");
    alice.sees_next("You are in #rust now");
    alice.sees_next("Connected users (1): Alice");
    alice.sees_next("");
    bob.sees_next("*** Alice went to #rust ***");
    alice.types("nobody hears me");
    alice.sees_next("[You] nobody hears me");
    alice.types("/rooms");
    alice.sees_next("");
    alice.sees_next("Rooms: #lobby (1), #rust (1)");
    alice.sees_next("");
    bob.types("/join rust");
    bob.sees("Connected users (2): Alice, Bob\n");
    alice.sees_next("*** Bob came from #lobby ***");
    bob.types("hi");
    alice.sees_next("[Bob] hi");
    bob.types("/quit");
    bob.ends_well();
    bob.never_saw("nobody hears me");
}

#[test]
fn a_file_is_sent_and_saved_and_never_overwrites_another() {
    let fixture = Fixture::open();
    let _server = fixture.server();
    let [here, there] = ["here", "there"].map(|name| fixture.path(name));
    fs::create_dir(&here).unwrap();
    fs::create_dir(&there).unwrap();
    let bytes: Vec<u8> =
        (0..1_000_000_u32).flat_map(u32::to_le_bytes).take(1_234_567).collect();
    let cat = here.join("my cat.png");
    fs::write(&cat, &bytes).unwrap();
    fs::write(there.join("my cat.png"), "mine").unwrap();

    let mut alice = fixture.client("Alice");
    let mut bob = fixture.client_with("Bob", &["--downloads", typed(&there)]);
    alice.sees("*** Bob joined the chat ***\n");
    bob.sees("*** Bob joined the chat ***\n");
    alice.types(&format!("/send {}", typed(&cat)));
    alice.sees_next("📤 Sharing my cat.png (1.2 MB)");
    bob.sees_next("[Alice] shares my cat.png (1.2 MB): /save 1");
    for number in 1..=2 {
        bob.types("/save 1");
        for percent in [25, 50, 75] {
            bob.sees_next(&format!("📥 my cat.png: {percent} %"));
        }
        let saved = there.join(format!("my cat ({number}).png"));
        bob.sees_next(&format!("✅ Saved my cat.png (1.2 MB) as {}", typed(&saved)));
        assert!(fs::read(saved).unwrap() == bytes, "it is another file");
        for percent in [25, 50, 75, 100] {
            alice.sees_next(&format!("📤 my cat.png: {percent} % sent"));
        }
    }
    assert_eq!(fs::read(there.join("my cat.png")).unwrap(), b"mine");

    alice.types("/quit");
    alice.ends_well();
    bob.sees_next("*** Alice left the chat ***");
    bob.types("/save 1");
    bob.sees("❌ Cannot save my cat.png: ");
    bob.sees("\n");
    bob.types("/send /dev/zero");
    bob.sees("❌ Cannot send /dev/zero: ");
    assert_eq!(fs::read_dir(&there).unwrap().count(), 3, "nothing stays of what failed");
}

/// The file system of the one who saves has room for less than the file.
#[test]
#[cfg(unix)]
fn a_file_that_cannot_be_saved_is_not_told_as_sent() {
    let fixture = Fixture::open();
    let _server = fixture.server();
    let folder = fixture.path("downloads");
    fs::create_dir(&folder).unwrap();
    let mut alice = fixture.client("Alice");
    let line = "trap '' XFSZ; ulimit -f 20; exec \"$0\" \"$@\"";
    let poor = Program::exactly(&["sh", "-c", line, CLIENT]);
    let url = fixture.url();
    let args = ["--url", &url, "--name", "Bob", "--downloads", typed(&folder)];
    let mut bob = fixture.story.terminal("Bob", &poor, &args);
    bob.sees(WELCOME);
    bob.sees_next("*** Bob joined the chat ***");
    for (number, size) in [(1, 30_000), (2, 300_000)] {
        let path = fixture.path(&format!("cat{number}.png"));
        fs::write(&path, vec![0; size]).unwrap();
        alice.types(&format!("/send {}", typed(&path)));
        bob.sees(&format!(": /save {number}\n"));
        bob.types(&format!("/save {number}"));
        bob.sees(&format!("❌ Cannot save cat{number}.png: File too large"));
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0, "nothing stays of what failed");
    }
    fs::remove_dir(&folder).unwrap();
    bob.types("/save 1");
    bob.sees("❌ Cannot save cat1.png: there is no folder ");
    bob.types("so much for that");
    alice.sees("[Bob] so much for that\n");
    assert!(!alice.printed().contains("100 %"), "nothing is saved");
    // What is saved is told.
    fs::create_dir(&folder).unwrap();
    fs::write(fixture.path("dog.png"), "dog").unwrap();
    fs::write(fixture.path("empty"), "").unwrap();
    for (number, name) in [(3, "dog.png"), (4, "empty")] {
        alice.types(&format!("/send {}", typed(&fixture.path(name))));
        bob.sees(&format!(": /save {number}\n"));
        bob.types(&format!("/save {number}"));
        bob.sees(&format!("✅ Saved {name} "));
        alice.sees(&format!("📤 {name}: 100 % sent\n"));
    }
}

#[test]
fn a_name_that_is_taken_or_none_is_asked_for_again() {
    let fixture = Fixture::open();
    let _server = fixture.server();
    let mut alice = fixture.client("Alice");
    let mut bob = fixture.starts_client("Bob", &[]);
    bob.sees("Enter your username: ");
    bob.types("B[o]b");
    bob.sees_next("❌ a name cannot contain '['");
    bob.sees_next("");
    bob.is_asked("Enter your username: ");
    bob.types("alice");
    bob.sees("Connecting to chat server as 'alice'...\n\n");
    bob.sees_next("❌ Username alice is already taken");
    bob.sees_next("");
    bob.is_asked("Enter your username: ");
    bob.types("Bob");
    bob.sees("Connected users (2): Alice, Bob\n");
    alice.sees("*** Bob joined the chat ***\n");

    let mut eve = fixture.starts_client("Eve", &["--name", "Bob"]);
    eve.sees("❌ Username Bob is already taken\n");
    eve.ends_with(1);
}

/// Keyboards and systems differ in how they write an `é`: as one character, or as two.
#[test]
fn names_and_rooms_that_look_the_same_are_the_same() {
    let fixture = Fixture::open();
    let _server = fixture.server();
    let [mut alice, mut jose] = ["Alice", "José"].map(|name| fixture.client(name));
    let mut eve = fixture.starts_client("Eve", &["--name", "Jose\u{301}"]);
    eve.sees("❌ Username Jose\u{301} is already taken\n");
    eve.ends_with(1);
    alice.types("/msg Jose\u{301} psst");
    jose.sees("[Alice, privately] psst\n");
    alice.types("/join #café");
    alice.sees("You are in #café now\n");
    jose.types("/join #Cafe\u{301}");
    jose.sees("You are in #café now\nConnected users (2): Alice, José\n");
    alice.types("/rooms");
    alice.sees("Rooms: #lobby (0), #café (2)\n");
}

#[test]
fn a_server_with_a_token_lets_in_who_has_it() {
    let fixture = Fixture::open();
    let _server = fixture.server_with(&["--token", "s3cret"]);
    for options in [&["--name", "Alice"][..], &["--name", "Alice", "--token", "secret"]] {
        let mut alice = fixture.starts_client("Alice", options);
        alice.sees(
            "Connection error: the server wants a token that is right. Give it with --token\n",
        );
        alice.ends_with(1);
    }
    fixture.client_with("Alice", &["--token", "s3cret"]);
    let environment = [("CHAT_TOKEN", "s3cret")];
    let url = fixture.url();
    let args = ["--url", &url, "--name", "Bob"];
    let program = Program::exactly(&[CLIENT]);
    let mut bob = fixture.story.terminal_with("Bob", &program, &args, &environment);
    bob.sees(WELCOME);
}

/// This is what a hub costs: when it stops, all stop.
#[test]
fn when_the_server_is_killed_all_clients_are_alone() {
    let fixture = Fixture::open();
    let mut server = fixture.server();
    let mut clients = ["Alice", "Bob"].map(|name| fixture.client(name));
    server.is_killed();
    for client in &mut clients {
        client.sees("Connection error: the server is gone. When it is back, start again\n");
        client.ends_with(1);
    }
}

#[test]
#[cfg(unix)]
fn a_server_that_is_stopped_says_goodbye() {
    let fixture = Fixture::open();
    let mut server = fixture.server();
    let mut alice = fixture.client("Alice");
    server.presses_ctrl_c();
    alice.sees("Connection error: the server has hung up: the server is shutting down\n");
    alice.ends_with(1);
    server.ends_well();
}
