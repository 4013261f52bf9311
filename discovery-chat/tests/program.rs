//! What the lab's own program promises beyond the session: its threads, its help and its flags.

mod fixture;

use fixture::{Fixture, P2P_CHAT};
use scenario::Program;

#[test]
fn the_thread_map_is_true() {
    if Program::is_replaced() {
        return;
    }
    let fixture = Fixture::open();
    let alone = ["ctrl-c", "discovery", "keyboard", "listener", "p2p_chat"];
    let mut alice = fixture.peer("Alice");
    alice.runs_threads(&alone);
    let mut bob = fixture.peer("Bob");
    alice.sees("🔍 Discovered new peer: Bob");
    let linked = [&alone[..], &["link", "writer"]].concat();
    alice.runs_threads(&linked);
    bob.runs_threads(&linked);
    bob.types("/quit");
    bob.ends_well();
    alice.sees("👋 Bob left\n");
    alice.runs_threads(&alone);
}

#[test]
fn commands_do_what_help_says() {
    let fixture = Fixture::open();
    let [mut alice, mut bob] = fixture.peers(["Alice", "Bob"]);
    alice.types("/help");
    for command in ["/list", "/help", "/quit", "//..."] {
        alice.sees(&format!("\n  {command} "));
    }
    alice.sees("\n");
    alice.types("/lsit");
    alice.sees_next(
        "⚠️ Unknown command /lsit: /help lists what there is, and a message that begins with / is \
         typed with two of them",
    );
    alice.types("/list all");
    alice.sees("Unknown command /list all: ");
    alice.sees("\n");
    alice.types("//lsit");
    alice.sees_next("📤 Message sent to 1 peer(s)");
    // The typing error went to nobody.
    bob.sees_next("📨 Alice says: /lsit");
    alice.types("   ");
    alice.types("/list");
    alice.sees_next("👥 Discovered peers:");
}

#[test]
fn where_nobody_is_nothing_pretends_to_be_sent() {
    let fixture = Fixture::open();
    let mut alice = fixture.peer("Alice");
    alice.types("Anybody?");
    alice.sees_next("📭 No peers yet");
    alice.types("/list");
    alice.sees_next("📭 No peers yet");
    alice.types("/quit");
    alice.sees_next("👋 Goodbye!");
    alice.ends_well();
    let printed = alice.printed();
    assert!(!printed.contains("sent"), "{printed}");
}

#[test]
fn plain_is_lines_and_nothing_else() {
    let fixture = Fixture::open();
    let [mut alice, mut bob] = fixture.peers(["Alice", "Bob"]);
    bob.types("hi");
    alice.sees("📨 Bob says: hi\n");
    alice.types("/quit");
    alice.ends_well();
    let printed = alice.printed();
    assert!(!printed.contains(['💬', '\x1b', '\r']), "{printed:?}");
    assert!(!printed.contains("\n\n"), "{printed:?}");
}

#[test]
fn without_plain_there_is_a_prompt_and_no_line_stands_on_it() {
    let fixture = Fixture::open();
    let discovery_port = fixture.discovery_port().to_string();
    let words = ["start", "--local", "--name", "Alice", "--discovery-port", &discovery_port];
    let program = Program::under_test(P2P_CHAT);
    let mut alice = fixture.story.terminal("Alice", &program, &words);
    alice.sees("\n\n💬 ");
    let mut bob = fixture.peer("Bob");
    alice.sees("\n🔍 Discovered new peer: Bob (127.0.0.1)\n\n💬 ");
    bob.sees("🔍 Discovered new peer: Alice (127.0.0.1)\n");
    bob.types("hi");
    alice.sees("\n📨 Bob says: hi\n💬 ");
    alice.presses_ctrl_d();
    alice.sees("\n👋 Goodbye!\n");
    alice.ends_well();
}

#[test]
fn help_teaches() {
    if Program::is_replaced() {
        return;
    }
    let fixture = Fixture::open();
    let program = Program::under_test(P2P_CHAT);
    let mut help = fixture.story.terminal("help", &program, &["--help"]);
    help.ends_well();
    let text = help.printed();
    for word in ["start --local --name Alice", "start --help", "/help"] {
        assert!(text.contains(word), "{text}");
    }
    let mut help = fixture.story.terminal("help", &program, &["start", "--help"]);
    help.ends_well();
    let text = help.printed();
    for option in [
        "--name",
        "--port",
        "--local",
        "--peer",
        "--discovery-port",
        "--broadcast",
        "--bind",
        "--plain",
    ] {
        assert!(text.contains(option), "{option}: {text}");
    }
    assert!(text.contains("Nothing is encrypted"), "{text}");
    let widest = text.lines().map(|line| line.chars().count()).max();
    assert!(widest <= Some(80), "{text}");
}

#[test]
fn what_makes_no_sense_is_refused_with_status_2() {
    let fixture = Fixture::open();
    let program = Program::under_test(P2P_CHAT);
    for (words, complaint) in [
        (&["start"][..], "--name"),
        (&["start", "--name", ""], "--name"),
        (&["start", "--name", "  "], "a name needs a character that can be seen"),
        (&["start", "--name", "a\u{1b}[2Jb"], "a name cannot contain"),
        (&["start", "--name", "Alice: hi"], "a name cannot contain ':'"),
        (&["start", "--name", "A", "--port", "65536"], "--port"),
        (&["start", "--name", "A", "--peer", "bob"], "such as bob.lan:8081"),
        (&["start", "--name", "A", "--broadcast", "everybody"], "such as 192.168.1.255:9999"),
        (&["start", "--name", "A", "--local", "--bind", "10.0.0.1"], "begins with 127"),
        (&["start", "--name", "A", "--local", "--bind", "10.0.0.1"], "Usage: p2p_chat start"),
        (
            &["start", "--name", "A", "--bind", "127.0.0.2", "--broadcast", "10.0.0.255:9999"],
            "stays on this machine: --broadcast needs another one",
        ),
        (&[], "start"),
    ] {
        let mut refused = fixture.story.terminal("refused", &program, words);
        refused.ends_with(2);
        let complained = refused.complained();
        assert!(complained.contains(complaint), "{words:?}: {complained}");
    }
    let long = "x".repeat(33);
    let mut refused = fixture.story.terminal("refused", &program, &["start", "--name", &long]);
    refused.ends_with(2);
    assert!(refused.complained().contains("at most 32 characters"));
}

#[test]
fn a_peer_that_is_named_is_found_where_nobody_hears_it() {
    // Two fixtures do not hear each other.
    let (here, there) = (Fixture::open(), Fixture::open());
    let mut bob = there.peer("Bob");
    let address = format!("localhost:{}", bob.port);
    let mut alice = here.peer_with("Alice", &["--peer", &address]);
    alice.sees_next("🔍 Discovered new peer: Bob (127.0.0.1)");
    bob.sees_next("🔍 Discovered new peer: Alice (127.0.0.1)");
    bob.types("How did you find me?");
    alice.sees_next("📨 Bob says: How did you find me?");
}

#[test]
fn a_peer_that_is_named_may_come_later_and_its_absence_is_told_once() {
    let fixture = Fixture::open();
    let elsewhere = Fixture::open();
    let port = elsewhere.ports.port(3).to_string();
    let mut alice = fixture.peer_with("Alice", &["--peer", &format!("127.0.0.1:{port}")]);
    alice.sees(&format!("⚠️ No answer from 127.0.0.1:{port} yet ("));
    alice.sees("trying again until there is\n");
    let mut bob = elsewhere.peer_with("Bob", &["--port", &port]);
    alice.sees_next("🔍 Discovered new peer: Bob (127.0.0.1)");
    bob.types("/quit");
    bob.ends_well();
    alice.sees_next("👋 Bob left");
}

#[test]
fn what_is_piped_in_is_delivered_before_the_end() {
    let fixture = Fixture::open();
    let mut bob = fixture.peer("Bob");
    let mut builder = fixture.peer("Builder");
    builder.sees("🔍 Discovered new peer: Bob");
    for line in 1..=1000 {
        builder.types(&format!("line {line}"));
    }
    builder.presses_ctrl_d();
    builder.ends_well();
    bob.sees("🔍 Discovered new peer: Builder (127.0.0.1)\n");
    for line in 1..=1000 {
        bob.sees_next(&format!("📨 Builder says: line {line}"));
    }
    bob.sees_next("👋 Builder left");
}

#[test]
fn with_local_even_a_peer_that_is_named_is_not_dialed_elsewhere() {
    if Program::is_replaced() {
        return;
    }
    let fixture = Fixture::open();
    // An address that belongs to nobody (RFC 5737), should it be dialed after all.
    let mut alice = fixture.peer_with("Alice", &["--peer", "192.0.2.2:8081"]);
    alice.sees_next(
        "⚠️ No answer from 192.0.2.2:8081 yet (it is not on this machine, and --local stays \
         here); trying again until there is",
    );
}

#[test]
fn two_that_name_each_other_get_one_link() {
    let (here, there) = (Fixture::open(), Fixture::open());
    let (at_home, away) = (here.ports.port(1).to_string(), there.ports.port(1).to_string());
    let mut alice =
        here.starts("Alice", &["--port", &at_home, "--peer", &format!("127.0.0.1:{away}")]);
    let mut bob =
        there.starts("Bob", &["--port", &away, "--peer", &format!("127.0.0.1:{at_home}")]);
    alice.sees("🔍 Discovered new peer: Bob (127.0.0.1)\n");
    bob.sees("🔍 Discovered new peer: Alice (127.0.0.1)\n");
    alice.types("once");
    alice.sees_next("📤 Message sent to 1 peer(s)");
    bob.sees_next("📨 Alice says: once");
    alice.types("/quit");
    alice.ends_well();
    bob.sees_next("👋 Alice left");
}

/// Only Linux gives the whole of 127/8 to its loopback.
#[test]
#[cfg(target_os = "linux")]
fn an_address_that_is_bound_is_the_one_that_others_see() {
    let fixture = Fixture::open();
    let mut alice = fixture.peer("Alice");
    let bob = fixture::Peer::is_up(fixture.starts("Bob", &["--bind", "127.0.0.5"]));
    alice.sees_next("🔍 Discovered new peer: Bob (127.0.0.5)");
    alice.types("/list");
    alice.sees_next("👥 Discovered peers:");
    alice.sees_next(&format!("  - Bob ({}) at 127.0.0.5:{}", bob.shown_id, bob.port));
}
