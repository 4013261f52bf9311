//! The page in a real browser: every tab is one more client, and cannot be told from a terminal.
//!
//! `just browser` fetches what drives the browser, and runs these. Each line that a test types into
//! the driver says whose tab it is and what she does there, or must see; what she reads is written
//! as the terminal client prints it.
#![cfg(target_os = "linux")]

mod fixture;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, thread};

use fixture::{Fixture, Server, typed};
use scenario::{Program, Terminal};

/// What the tests have saved and photographed.
const SCREENSHOTS: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/screenshots");

/// What would do harm as HTML.
const HARMFUL: &str =
    r#"<img src=x onerror="window.harmed=1"><script>window.harmed=1</script><b>bold</b>"#;

/// A browser complains of this by itself, when a server is away; no page can prevent it.
const AWAY: &str = "Failed to load resource: net::ERR_CONNECTION_REFUSED";

/// A browser with tabs. When it is closed, no page may have complained of anything, have asked for
/// anything elsewhere, or have been refused something by its own Content-Security-Policy.
struct Browser {
    terminal: Terminal,
    address: String,
}

impl Browser {
    #[track_caller]
    fn opens_in(fixture: &Fixture) -> Self {
        Self::opens_at(fixture, "127.0.0.1")
    }

    /// The same, and finds the page at this host.
    #[track_caller]
    fn opens_at(fixture: &Fixture, host: &str) -> Self {
        let folder = Path::new("tests").join("browser");
        let missing = !folder.join("node_modules").join("playwright-core").is_dir();
        assert!(!missing, "what drives the browser is not here: type `just browser`");
        fs::create_dir_all(SCREENSHOTS).expect("a folder can be made in target/");
        let driver = folder.join("driver.mjs");
        let driver = Program::exactly(&["node", driver.to_str().expect("a path in UTF-8")]);
        let terminal = fixture.story.terminal("browser", &driver, &[SCREENSHOTS]);
        let address = format!("http://{host}:{}/", fixture.ports.port(0));
        let mut browser = Self { terminal, address };
        browser.waits_for("✅ The browser is open");
        browser
    }

    /// Waits for a line of the driver. The driver has more patience than we, and says so.
    #[track_caller]
    fn waits_for(&mut self, line: &str) {
        while self.terminal.sees_one_of(&[line, "… still at it"]).0 == 1 {}
    }

    /// Types lines, and waits until what each says is so.
    #[track_caller]
    fn plays(&mut self, lines: &str) {
        for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let line = line.replace("the page", &self.address);
            self.terminal.types(&line);
            self.waits_for(&format!("✅ {line}"));
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if !thread::panicking() {
            self.terminal.presses_ctrl_d();
            self.terminal.ends_well();
        }
    }
}

fn saved(name: &str) -> PathBuf {
    Path::new(SCREENSHOTS).join(name)
}

#[test]
#[ignore = "needs Chromium and Node.js: just browser"]
fn two_tabs_and_a_terminal_meet_in_one_room() {
    let fixture = Fixture::open();
    let (_server, mut browser) = (fixture.server(), Browser::opens_in(&fixture));
    browser.plays(
        "Alice opens the page
         Alice sees Nobody is here yet.
         Alice joins as Alice
         Alice reads *** Welcome to the chat, Alice! ***
         Bob opens the page in the dark
         Bob sees One person is here.
         Bob joins as Bob
         Alice reads *** Bob joined the chat ***
         Bob has read once *** Bob joined the chat ***",
    );
    let mut carol = fixture.starts_client("Carol", &["--name", "Carol"]);
    carol.sees("Connected users (3): Alice, Bob, Carol\n");
    browser.plays(
        "Alice reads *** Carol joined the chat ***
         Alice meets people Alice (you), Bob, Carol
         Bob meets people Alice, Bob (you), Carol
         Alice says Hello everyone! :wave:
         Alice reads [You] Hello everyone! 👋
         Bob reads [Alice] Hello everyone! 👋",
    );
    carol.sees("[Alice] Hello everyone! 👋\n");
    carol.types("Hi Alice!");
    browser.plays(
        "Alice reads [Carol] Hi Alice!
         Bob reads [Carol] Hi Alice!
         Bob says I see you both.",
    );
    carol.sees("[Bob] I see you both.\n");
    carol.types("/quit");
    carol.ends_well();
    browser.plays(
        "Alice reads *** Carol left the chat ***
         Bob meets people Alice, Bob (you)
         Alice can be read by everybody
         Bob can be read by everybody
         Alice is photographed as desktop-light
         Bob is photographed as desktop-dark
         Bob presses Leave
         Bob sees One person is here.
         Alice reads *** Bob left the chat ***
         Bob joins as Alice
         Bob sees Username Alice is already taken
         Alice closes
         Bob joins as Bob
         Bob has read once [Alice] Hello everyone! 👋
         Bob meets people Bob (you)",
    );
}

#[test]
#[ignore = "needs Chromium and Node.js: just browser"]
fn what_others_write_stays_text() {
    let fixture = Fixture::open();
    let (_server, mut browser) = (fixture.server(), Browser::opens_in(&fixture));
    browser.plays("Alice comes to the page");
    let mut mallory = fixture.client("<b onclick=alert(1)>M");
    mallory.types(HARMFUL);
    browser.plays(&format!(
        "Alice reads [<b onclick=alert(1)>M] {HARMFUL}
         Alice reads *** <b onclick=alert(1)>M joined the chat ***
         Alice meets people Alice (you), <b onclick=alert(1)>M
         Alice says {HARMFUL}
         Alice reads [You] {HARMFUL}",
    ));
    mallory.types(&format!("/msg Alice {HARMFUL}"));
    mallory.types("/join #<img>");
    browser.plays(&format!(
        "Alice reads [<b onclick=alert(1)>M, privately] {HARMFUL}
         Alice reads *** <b onclick=alert(1)>M went to #<img> ***
         Alice knows rooms #lobby, 1 person; #<img>, 1 person
         Alice is unharmed
         Alice says &lt;b&gt; &amp;
         Alice reads [You] &lt;b&gt; &amp;",
    ));
}

#[test]
#[ignore = "needs Chromium and Node.js: just browser"]
fn tabs_have_rooms_private_words_and_see_who_is_typing() {
    let fixture = Fixture::open();
    let (_server, mut browser) = (fixture.server(), Browser::opens_in(&fixture));
    browser.plays(
        "Alice comes to the page
         Bob comes to the page
         Alice reads *** Bob joined the chat ***
         Bob types I am still wri
         Alice sees Bob is typing
         Bob hits Enter
         Alice reads [Bob] I am still wri
         Alice no longer sees Bob is typing
         Bob types and again
         Alice sees Bob is typing
         Alice no longer sees Bob is typing
         Bob fills Your message:
         Alice presses Write to Bob privately
         Alice stands on textbox \"Your private message to Bob\"
         Alice says psst
         Alice reads [You, privately to Bob] psst
         Bob reads [Alice, privately] psst
         Bob presses answer
         Bob says yes?
         Alice reads [Bob, privately] yes?
         Alice is photographed as private
         Alice presses Write to everybody",
    );
    let mut carol = fixture.client("Carol");
    browser.plays(
        "Alice fills Name of another room: Rust
         Alice presses Enter
         Alice reads *** You are in #rust now ***
         Alice has not read [Bob] I am still wri
         Bob reads *** Alice went to #rust ***
         Bob meets people Bob (you), Carol
         Bob knows rooms #lobby, 2 people; #rust, 1 person
         Alice reads [Bob, privately] yes?
         Alice says only here
         Alice reads [You] only here
         Bob presses #rust, 1 person
         Bob reads [Alice] only here
         Bob has read once [Alice] only here
         Alice reads *** Bob came from #lobby ***
         Bob says /msg Alice not for all
         Alice reads [Bob, privately] not for all",
    );
    carol.types("meanwhile, in the lobby");
    carol.sees("[You] meanwhile, in the lobby\n");
    browser.plays(
        "Bob presses #lobby, 1 person
         Bob reads [Carol] meanwhile, in the lobby
         Bob has read once [You] I am still wri
         Bob has read once *** Carol joined the chat ***
         Bob has not read [Alice] only here",
    );
    carol.types("/quit");
    carol.ends_well();
    assert!(!carol.printed().contains("only here"), "a room keeps its words");
    assert!(!carol.printed().contains("psst"), "private words are private");
}

#[test]
#[ignore = "needs Chromium and Node.js: just browser"]
fn a_file_goes_from_tab_to_tab_and_from_terminal_to_tab() {
    let fixture = Fixture::open();
    let (_server, mut browser) = (fixture.server(), Browser::opens_in(&fixture));
    // Three whole pieces and a bit.
    let bytes: Vec<u8> = (0..100_001_u32).map(|i| (i % 251).to_le_bytes()[0]).collect();
    let (from_alice, from_carol) = (saved("alice's.bin"), saved("carol's.bin"));
    fs::write(&from_alice, &bytes).expect("it can be written");
    fs::write(&from_carol, &bytes[..70_000]).expect("it can be written");
    browser.plays(&format!(
        "Alice comes to the page
         Bob comes to the page
         Alice reads *** Bob joined the chat ***
         Alice shares {}
         Alice reads [You] shares alice's.bin (100.0 kB)
         Bob reads [Alice] shares alice's.bin (100.0 kB)",
        from_alice.display()
    ));
    fs::remove_file(saved("bob's")).ok();
    browser.plays("Bob saves alice's.bin as bob's");
    assert!(fs::read(saved("bob's")).expect("it is there") == bytes, "not the same");

    let mut carol = fixture.client("Carol");
    carol.types(&format!("/send {}", from_carol.display()));
    fs::remove_file(saved("bob's")).ok();
    browser.plays(
        "Bob saves carol's.bin as bob's
         Bob can be read by everybody
         Bob is photographed as files",
    );
    assert!(fs::read(saved("bob's")).expect("it is there") == bytes[..70_000], "not the same");

    browser.plays(
        "Alice closes
         Bob reads *** Alice left the chat ***
         Bob presses Save alice's.bin
         Bob sees the file left with Alice",
    );
    carol.types("/quit");
    carol.ends_well();
}

#[test]
#[ignore = "needs Chromium and Node.js: just browser"]
fn tabs_find_the_server_again() {
    let fixture = Fixture::open();
    let history = fixture.path("history");
    let options = ["--history", typed(&history)];
    let (mut server, mut browser) =
        (fixture.server_with(&options), Browser::opens_in(&fixture));
    browser.plays(&format!(
        "Alice may complain of {AWAY}
         Bob may complain of {AWAY}
         Alice comes to the page
         Bob comes to the page
         Alice reads *** Bob joined the chat ***
         Bob says before
         Alice reads [Bob] before
         Carol may complain of {AWAY}
         Carol comes to the page
         Carol fills Name of another room: elsewhere
         Carol presses Enter
         Carol reads *** You are in #elsewhere now ***"
    ));
    server.is_killed();
    browser.plays(
        "Alice sees Connection lost: the server is away. Trying again…
         Bob sees Connection lost: the server is away. Trying again…
         Bob says kept
         Bob sees The server is away. What you have typed is kept until it is back.
         Bob has written kept
         Alice is photographed as away",
    );
    server = fixture.server_with(&options);
    browser.plays(
        "Alice reads *** Connected again, as Alice. ***
         Bob reads *** Connected again, as Bob. ***
         Alice no longer sees Trying again…
         Carol reads *** Connected again, as Carol. ***
         Carol meets people Carol (you)
         Bob hits Enter
         Alice reads [Bob] kept
         Alice says after
         Bob reads [Alice] after
         Alice has read once [Bob] before
         Bob has read once [You] before
         Bob says into the closing link too late
         Bob sees Not confirmed: the connection was lost.
         Bob sees too late
         Bob no longer sees Trying again…
         Bob presses Send again
         Alice reads [Bob] too late
         Bob no longer sees Not confirmed",
    );
    // This time it says goodbye, and why.
    server.presses_ctrl_c();
    server.ends_well();
    browser.plays("Alice sees Connection lost: the server is shutting down. Trying again…");
}

#[test]
#[ignore = "needs Chromium and Node.js: just browser"]
fn a_token_lets_a_tab_in() {
    let fixture = Fixture::open();
    let (_server, mut browser) =
        (fixture.server_with(&["--token", "open-sesame"]), Browser::opens_in(&fixture));
    let refused = "may complain of Failed to load resource: the server responded with a status of \
                   401";
    browser.plays(&format!(
        "Alice {refused}
         Alice opens the page
         Alice sees This server wants a token.
         Alice can be read by everybody
         Alice is photographed as token
         Alice fills Your name: Alice
         Alice fills Token: ein Schlüssel ✓
         Alice presses Join the chat
         Alice sees The server does not accept this token.
         Alice fills Token: open-sesame
         Alice presses Join the chat
         Alice reads *** Welcome to the chat, Alice! ***
         Bob opens the page#token=open-sesame
         Bob sees One person is here.
         Bob joins as Bob
         Alice reads *** Bob joined the chat ***
         Bob says it works
         Alice reads [Bob] it works
         Bob has the address the page"
    ));
}

#[test]
#[ignore = "needs Chromium and Node.js: just browser"]
fn the_keyboard_is_enough() {
    let fixture = Fixture::open();
    let (_server, mut browser) = (fixture.server(), Browser::opens_in(&fixture));
    let mut bob = fixture.client("Bob");
    browser.plays(
        "Alice opens the page
         Alice stands on textbox \"Your name\"
         Alice types Alice
         Alice hits Tab
         Alice stands on button \"Join the chat\"
         Alice hits Enter
         Alice stands on textbox \"Your message\"
         Alice types hello
         Alice hits Enter
         Alice reads [You] hello
         Alice stands on textbox \"Your message\"
         Alice meets people Bob, Alice (you)
         Alice hits Tab
         Alice stands on button \"Send\"
         Alice hits Tab
         Alice hits Tab
         Alice stands on link \"Skip to your message\"
         Alice hits Tab
         Alice stands on button \"Leave\"
         Alice hits Tab
         Alice stands on button \"Write to Bob privately\"
         Alice hits Tab
         Alice stands on button \"#lobby, 2 people\"
         Alice hits Tab
         Alice stands on textbox \"Name of another room\"
         Alice hits Tab
         Alice stands on button \"Enter\"
         Alice hits Tab
         Alice stands on log \"What was said\"
         Alice hits Tab
         Alice stands on button \"File: share one with the room\"
         Alice hits Tab
         Alice stands on textbox \"Your message\"
         Alice hits Shift+Tab
         Alice hits Shift+Tab
         Alice hits Shift+Tab
         Alice hits Shift+Tab
         Alice hits Shift+Tab
         Alice hits Shift+Tab
         Alice stands on button \"Write to Bob privately\"
         Alice hits Enter
         Alice stands on textbox \"Your private message to Bob\"
         Alice types psst
         Alice hits Enter
         Alice reads [You, privately to Bob] psst
         Alice hits Shift+Tab
         Alice hits Shift+Tab
         Alice stands on button \"Write to everybody\"
         Alice hits Enter
         Alice stands on textbox \"Your message\"
         Alice hits Shift+Tab
         Alice hits Shift+Tab
         Alice stands on button \"write again\"
         Alice hits Shift+Tab
         Alice hits Shift+Tab
         Alice hits Shift+Tab
         Alice stands on textbox \"Name of another room\"
         Alice types rust
         Alice hits Enter
         Alice reads *** You are in #rust now ***
         Alice stands on textbox \"Your message\"",
    );
    bob.sees("[Alice, privately] psst\n");
}

#[test]
#[ignore = "needs Chromium and Node.js: just browser"]
fn a_phone_has_room_for_everything() {
    let fixture = Fixture::open();
    let (_server, mut browser) = (fixture.server(), Browser::opens_in(&fixture));
    let mut bob = fixture.client(&"M".repeat(32));
    let long = "a".repeat(400);
    bob.types(&long);
    browser.plays(&format!(
        "Alice opens the page on a phone
         Alice has room for everything
         Alice can be read by everybody
         Alice is photographed as phone-entry
         Alice joins as Alice
         Alice reads [{m}] {long}
         Alice says {long}
         Alice reads [You] {long}
         Alice has room for everything
         Alice can be read by everybody
         Alice is photographed as phone
         Alice presses People, rooms
         Alice meets people {m}, Alice (you)
         Alice has room for everything
         Alice can be read by everybody
         Alice is photographed as phone-people
         Alice presses Write to {m} privately
         Alice has room for everything
         Alice says psst
         Alice reads [You, privately to {m}] psst
         Alice has room for everything",
        m = "M".repeat(32),
    ));
}

#[test]
#[ignore = "needs Chromium and Node.js: just browser"]
fn a_phone_has_room_for_what_is_not_sent() {
    let fixture = Fixture::open();
    let (_server, mut browser) = (fixture.server(), Browser::opens_in(&fixture));
    let name = "M".repeat(32);
    let mut bob = fixture.client(&name);
    browser.plays(&format!(
        "Alice opens the page on a phone in the dark
         Alice joins as Alice
         Alice presses People, rooms
         Alice presses Write to {name} privately"
    ));
    bob.types("/quit");
    bob.ends_well();
    browser.plays(&format!(
        "Alice reads *** {name} left the chat ***
         Alice says one⏎two
         Alice sees say first who gets it
         Alice has room for everything
         Alice can be read by everybody
         Alice is photographed as phone-newcomer
         Alice presses Write to whoever is called {name} now
         Alice hits Enter
         Alice sees Not sent: nobody here is called {name}
         Alice says /help
         Alice has room for everything
         Alice can be read by everybody
         Alice is photographed as phone-unsent"
    ));
}

#[test]
#[ignore = "needs Chromium and Node.js: just browser"]
fn a_tab_keeps_500_lines() {
    let fixture = Fixture::open();
    let _server = fixture.server_with(&["--rate", "10000", "--burst", "10000"]);
    let (mut browser, mut bob) = (Browser::opens_in(&fixture), fixture.client("Bob"));
    browser.plays("Alice comes to the page");
    for number in 1..=450 {
        bob.types(&format!("line {number}"));
    }
    browser.plays(
        "Alice reads [Bob] line 450
         Alice scrolls up by 500",
    );
    for number in 451..=600 {
        bob.types(&format!("line {number}"));
    }
    browser.plays(
        "Alice reads [Bob] line 600
         Alice looks at the same line
         Alice shows at most 500
         Alice reads [Bob] line 101
         Alice has not read [Bob] line 100",
    );
    bob.types("/quit");
    bob.ends_well();
}

/// Sends the server a signal by its name.
fn signal(which: &str, server: &Server) {
    let pid = server.pid().to_string();
    let kill = Command::new("kill").args([which, &pid]).status();
    assert!(kill.expect("there is a kill(1)").success());
}

#[test]
#[ignore = "needs Chromium and Node.js: just browser"]
fn what_the_server_has_not_answered_stays() {
    let fixture = Fixture::open();
    let (mut server, mut browser) = (fixture.server(), Browser::opens_in(&fixture));
    browser.plays(&format!(
        "Alice may complain of {AWAY}
         Alice comes to the page"
    ));
    signal("-STOP", &server);
    browser.plays(
        "Alice says first
         Alice says second
         Alice types a third
         Alice sees first
         Alice sees second",
    );
    server.is_killed();
    browser.plays(
        "Alice sees Connection lost
         Alice sees first
         Alice sees second
         Alice has written a third
         Alice can be read by everybody
         Alice is photographed as unsent",
    );
    let _server = fixture.server();
    browser.plays(
        "Alice reads *** Connected again, as Alice. ***
         Alice sees first
         Alice has written a third
         Alice reloads
         Alice joins as Alicia
         Alice reads *** Welcome to the chat, Alicia! ***
         Alice has written a third
         Alice presses the first Send again
         Alice reads [You] first
         Alice sees second
         Alice presses Discard
         Alice no longer sees second
         Alice has written a third",
    );
}

#[test]
#[ignore = "needs Chromium and Node.js: just browser"]
fn who_leaves_takes_along_what_was_not_sent() {
    let fixture = Fixture::open();
    let (_server, mut browser) = (fixture.server(), Browser::opens_in(&fixture));
    let mut bob = fixture.client("Bob");
    browser.plays(
        "Alice comes to the page
         Alice says /msg Nobody not for you
         Alice sees Not sent: nobody here is called Nobody
         Alice presses Write to Bob privately
         Alice types a draft
         Alice presses Leave
         Alice sees One person is here.
         Alice stands on textbox \"Your name\"
         Alice joins as Mallory
         Alice reads *** Welcome to the chat, Mallory! ***
         Alice no longer sees not for you
         Alice has written
         Alice says for all
         Alice reads [You] for all
         Alice reloads
         Alice joins as Mallory again
         Alice reads *** Welcome to the chat, Mallory again! ***
         Alice no longer sees not for you
         Alice has written",
    );
    bob.sees("[Mallory] for all\n");
}

#[test]
#[ignore = "needs Chromium and Node.js: just browser"]
fn what_the_server_refuses_stays() {
    let fixture = Fixture::open();
    let options = ["--burst", "3", "--rate", "1"]; // To join costs one, too.
    let (_server, mut browser) = (fixture.server_with(&options), Browser::opens_in(&fixture));
    browser.plays(
        "Alice comes to the page
         Alice says one
         Alice says two
         Alice says three
         Alice types four
         Alice sees slow down
         Alice sees three
         Alice has not read [You] three
         Alice has written four
         Alice presses Discard
         Alice no longer sees three
         Alice has written four",
    );
}

#[test]
#[ignore = "needs Chromium and Node.js: just browser"]
fn what_is_meant_for_a_room_is_said_there() {
    let fixture = Fixture::open();
    let (mut server, mut browser) = (fixture.server(), Browser::opens_in(&fixture));
    browser.plays(&format!(
        "Alice may complain of {AWAY}
         Alice comes to the page
         Alice fills Name of another room: rust
         Alice presses Enter
         Alice reads *** You are in #rust now ***"
    ));
    server.is_killed();
    browser.plays(
        "Alice sees Connection lost
         Alice will say as soon as she is back: not for the lobby",
    );
    let _server = fixture.server();
    browser.plays(
        "Alice reads *** Connected again, as Alice. ***
         Alice reads [You] not for the lobby
         Bob comes to the page
         Bob has not read [Alice] not for the lobby
         Bob presses #rust, 1 person
         Bob reads [Alice] not for the lobby",
    );
}

#[test]
#[ignore = "needs Chromium and Node.js: just browser"]
fn keys_of_an_input_method_are_left_to_it() {
    let fixture = Fixture::open();
    let (_server, mut browser) = (fixture.server(), Browser::opens_in(&fixture));
    let mut bob = fixture.client("Bob");
    browser.plays(
        "Alice comes to the page
         Alice presses Write to Bob privately
         Alice composes ひみつ
         Alice hits Escape
         Alice stands on textbox \"Your private message to Bob\"
         Alice composes ひみつ
         Alice hits Enter
         Alice ends the composing with Enter
         Alice ends the composing with Escape
         Alice hits Escape
         Alice stands on textbox \"Your private message to Bob\"
         Alice hits Control+A
         Alice types psst
         Alice hits Enter
         Alice reads [You, privately to Bob] psst",
    );
    bob.sees("[Alice, privately] psst\n");
    bob.types("/quit");
    bob.ends_well();
    assert!(!bob.printed().contains('つ'), "nothing was sent by the way");
}

#[test]
#[ignore = "needs Chromium and Node.js: just browser"]
fn a_private_message_reaches_no_newcomer_unasked() {
    let fixture = Fixture::open();
    let (_server, mut browser) = (fixture.server(), Browser::opens_in(&fixture));
    let mut bob = fixture.client("Bob");
    browser.plays(
        "Alice comes to the page
         Alice presses Write to Bob privately",
    );
    bob.types("/quit");
    bob.ends_well();
    let mut newcomer = fixture.client("Bob");
    browser.plays(
        "Alice reads *** Bob left the chat ***
         Alice says secret
         Alice sees may be somebody else",
    );
    newcomer.types("hello");
    browser.plays(
        "Alice reads [Bob] hello
         Alice has written secret
         Alice can be read by everybody
         Alice is photographed as newcomer",
    );
    assert!(!newcomer.printed().contains("secret"), "it was meant for somebody else");
    browser.plays(
        "Alice presses Write to whoever is called Bob now
         Alice hits Enter
         Alice reads [You, privately to Bob] secret",
    );
    newcomer.sees("[Alice, privately] secret\n");
}

#[test]
#[ignore = "needs Chromium and Node.js: just browser"]
fn a_newcomer_gets_no_private_message_unasked_after_a_lost_connection() {
    let fixture = Fixture::open();
    let (mut server, mut browser) = (fixture.server(), Browser::opens_in(&fixture));
    let mut bob = fixture.client("Bob");
    browser.plays(&format!(
        "Alice may complain of {AWAY}
         Alice comes to the page"
    ));
    bob.types("/msg Alice what is the code?");
    browser.plays("Alice reads [Bob, privately] what is the code?");
    server.is_killed();
    browser.plays("Alice sees Connection lost");
    let _server = fixture.server();
    let mut newcomer = fixture.client("bob");
    browser.plays("Alice reads *** Connected again, as Alice. ***");
    newcomer.types("/msg Alice I am new");
    browser.plays(
        "Alice reads [bob, privately] I am new
         Alice says /msg Bob one secret
         Alice sees this may be somebody else by now. For bob, privately.
         Alice has written
         Alice reloads
         Alice joins as Alicia
         Alice reads *** Welcome to the chat, Alicia! ***
         Alice presses Discard
         Alice says /msg Bob another secret
         Alice sees this may be somebody else by now. For bob, privately.",
    );
    newcomer.types("hello");
    browser.plays(
        "Alice reads [bob] hello
         Alice can be read by everybody",
    );
    assert!(!newcomer.printed().contains("secret"), "it was meant for somebody else");
    browser.plays(
        "Alice presses Send to whoever is called bob now
         Alice reads [You, privately to bob] another secret
         Alice says /msg Bob a third
         Alice reads [You, privately to bob] a third",
    );
    newcomer.sees("[Alicia, privately] another secret\n");
}

#[test]
#[ignore = "needs Chromium and Node.js: just browser"]
fn who_gets_a_private_message_is_asked_once() {
    let fixture = Fixture::open();
    let (_server, mut browser) = (fixture.server(), Browser::opens_in(&fixture));
    let mut bob = fixture.client("Bob");
    browser.plays("Alice comes to the page");
    bob.types("/msg Alice what is the code?");
    browser.plays("Alice reads [Bob, privately] what is the code?");
    bob.types("/quit");
    bob.ends_well();
    let mut newcomer = fixture.client("Bob");
    browser.plays(
        "Alice has read once *** Bob left the chat ***
         Alice presses answer
         Alice says one secret
         Alice sees Bob may be somebody else by now: say first who gets it.
         Alice presses Write to whoever is called Bob now
         Alice hits Enter
         Alice reads [You, privately to Bob] one secret
         Alice says another
         Alice reads [You, privately to Bob] another",
    );
    newcomer.types("/quit");
    newcomer.ends_well();
    let mut third = fixture.client("Bob");
    browser.plays(
        "Alice says /msg Bob another secret
         Alice sees Not sent: the Bob that you have written with has left",
    );
    third.types("hello");
    browser.plays("Alice reads [Bob] hello");
    assert!(!third.printed().contains("secret"), "it was meant for somebody else");
    browser.plays(
        "Alice presses Send to whoever is called Bob now
         Alice reads [You, privately to Bob] another secret",
    );
    third.sees("[Alice, privately] another secret\n");
}

#[test]
#[ignore = "needs Chromium and Node.js: just browser"]
fn an_answer_to_an_old_line_reaches_no_newcomer_unasked() {
    let fixture = Fixture::open();
    let (mut server, mut browser) = (fixture.server(), Browser::opens_in(&fixture));
    let mut bob = fixture.client("Bob");
    browser.plays(&format!(
        "Alice may complain of {AWAY}
         Alice comes to the page"
    ));
    bob.types("/msg Alice what is the code?");
    browser.plays("Alice reads [Bob, privately] what is the code?");
    server.is_killed();
    browser.plays(
        "Alice sees Connection lost
         Alice presses Write to Bob privately",
    );
    let _server = fixture.server();
    let mut newcomer = fixture.client("Bob");
    browser.plays(
        "Alice reads *** Connected again, as Alice. ***
         Alice says one secret
         Alice sees Bob may be somebody else by now: say first who gets it.
         Alice presses Write to everybody
         Alice presses answer
         Alice says another secret
         Alice sees Bob may be somebody else by now: say first who gets it.",
    );
    newcomer.types("hello");
    browser.plays("Alice reads [Bob] hello");
    assert!(!newcomer.printed().contains("secret"), "it was meant for somebody else");
    browser.plays(
        "Alice presses Write to whoever is called Bob now
         Alice hits Enter
         Alice reads [You, privately to Bob] another secret",
    );
    newcomer.sees("[Alice, privately] another secret\n");
}

#[test]
#[ignore = "needs Chromium and Node.js: just browser"]
fn whoever_reads_stays_in_her_place() {
    let fixture = Fixture::open();
    let _server = fixture.server_with(&["--rate", "10000", "--burst", "10000"]);
    let (mut browser, mut bob) = (Browser::opens_in(&fixture), fixture.client("Bob"));
    browser.plays("Alice comes to the page");
    for number in 1..=60 {
        bob.types(&format!(
            "{} {number}",
            "a line that is broken where it is narrow ".repeat(3)
        ));
    }
    bob.types("the last");
    browser.plays(
        "Alice reads [Bob] the last
         Alice is at the end
         Alice has a window of 1100x400
         Alice is at the end
         Alice presses Write to Bob privately
         Alice is at the end
         Alice says /nonsense
         Alice sees Unknown command /nonsense
         Alice is at the end
         Alice has a window of 400x400
         Alice is at the end
         Alice has a window of 1100x760
         Alice is at the end
         Alice scrolls up by 1500
         Alice has a window of 1100x500
         Alice looks at the same line
         Alice presses Write to everybody
         Alice looks at the same line
         Alice fills Your message: one⏎two⏎three
         Alice looks at the same line",
    );
    bob.types("one more");
    browser.plays(
        "Alice reads [Bob] one more
         Alice looks at the same line
         Alice has a window of 500x500
         Alice looks at the same line
         Alice presses Newer messages ↓
         Alice is at the end
         Alice is taller for a moment and then lower
         Alice is at the end",
    );
}

#[test]
#[ignore = "needs Chromium and Node.js: just browser"]
fn whoever_reads_stays_in_her_place_when_the_server_is_back() {
    let fixture = Fixture::open();
    let options = ["--rate", "10000", "--burst", "10000"];
    let (mut server, mut browser) =
        (fixture.server_with(&options), Browser::opens_in(&fixture));
    let mut bob = fixture.client("Bob");
    browser.plays(&format!(
        "Alice may complain of {AWAY}
         Alice comes to the page"
    ));
    for number in 1..=60 {
        bob.types(&format!("line {number}"));
    }
    browser.plays(
        "Alice reads [Bob] line 60
         Alice scrolls up by 700
         Alice says /join #lobby
         Alice reads *** You are in #lobby now ***
         Alice looks at the same line",
    );
    server.is_killed();
    browser.plays("Alice sees Connection lost");
    let _server = fixture.server();
    browser.plays(
        "Alice reads *** Connected again, as Alice. ***
         Alice looks at the same line
         Alice presses Newer messages ↓
         Alice is at the end
         Alice scrolls up by 300
         Alice says /join rust
         Alice reads *** You are in #rust now ***
         Alice is at the end
         Alice says /join lobby
         Alice reads [Bob] line 60
         Alice is at the end",
    );
}

#[test]
#[ignore = "needs Chromium and Node.js: just browser"]
fn only_what_is_new_is_read_out() {
    let fixture = Fixture::open();
    let (_server, mut browser) = (fixture.server(), Browser::opens_in(&fixture));
    let mut bob = fixture.client("Bob");
    bob.types("before");
    browser.plays(
        "Alice comes to the page
         Alice has not heard before",
    );
    bob.types("meanwhile");
    browser.plays(
        "Alice hears meanwhile
         Alice fills Name of another room: rust
         Alice presses Enter
         Alice reads *** You are in #rust now ***
         Alice is all ears",
    );
    bob.types("missed");
    bob.sees("[You] missed\n");
    browser.plays(
        "Alice presses #lobby, 1 person
         Alice reads *** You are in #lobby now ***
         Alice reads [Bob] missed
         Alice hears You are in #lobby now
         Alice has not heard before
         Alice has not heard meanwhile
         Alice has not heard missed",
    );
    bob.types("now");
    browser.plays("Alice hears Bob: now");
}

#[test]
#[ignore = "needs Chromium and Node.js: just browser"]
fn commands_can_be_typed_here_too() {
    let fixture = Fixture::open();
    let (_server, mut browser) = (fixture.server(), Browser::opens_in(&fixture));
    let mut mary = fixture.client("Mary Ann");
    browser.plays(
        "Alice comes to the page
         Alice meets people Mary Ann, Alice (you)
         Alice says /help
         Alice sees /msg NAME TEXT - Tell one user only
         Alice is photographed as help
         Alice says /users
         Alice reads *** Connected users: Mary Ann, Alice ***
         Alice says /msg Mary Ann psst
         Alice reads [You, privately to Mary Ann] psst
         Alice says /quitt
         Alice sees Unknown command /quitt
         Alice has written /quitt
         Alice says //quit is a command
         Alice reads [You] /quit is a command
         Alice says /join
         Alice sees Type it like this: /join #ROOM
         Alice says /join Rust
         Alice reads *** You are in #rust now ***
         Alice says /rooms
         Alice reads *** Rooms: #lobby (1), #rust (1) ***
         Alice says /save 7
         Alice sees There is no file 7
         Alice says /quit
         Alice sees One person is here.
         Alice has written",
    );
    mary.sees("[Alice, privately] psst\n");
    mary.sees("[Alice] /quit is a command\n");
    mary.sees("*** Alice went to #rust ***\n");
}

#[test]
#[ignore = "needs Chromium and Node.js: just browser"]
fn a_command_finds_the_name_that_is_meant() {
    let fixture = Fixture::open();
    let (_server, mut browser) = (fixture.server(), Browser::opens_in(&fixture));
    let mut others = ["Mary", "Mary Ann", "José", "José Luis"].map(|name| fixture.client(name));
    browser.plays(
        "Alice comes to the page
         Alice meets people Mary, Mary Ann, José, José Luis, Alice (you)",
    );
    let typed = [
        ("mary ann", "Mary Ann"),
        ("Mary\u{a0}Ann", "Mary Ann"),
        ("Mary  Ann", "Mary Ann"),
        ("Mary\u{200e} Ann", "Mary Ann"),
        ("Jose\u{301} Luis", "José Luis"),
        ("MARY", "Mary"),
        ("jose\u{301}", "José"),
    ];
    for (number, (name, meant)) in typed.into_iter().enumerate() {
        browser.plays(&format!(
            "Alice says /msg {name} secret {number}
             Alice reads [You, privately to {meant}] secret {number}"
        ));
    }
    others[1].sees("[Alice, privately] secret 3\n");
    others[3].sees("[Alice, privately] secret 4\n");
    others[0].sees("[Alice, privately] secret 5\n");
    others[2].sees("[Alice, privately] secret 6\n");
}

#[test]
#[ignore = "needs Chromium and Node.js: just browser"]
fn six_people_have_six_colours() {
    let fixture = Fixture::open();
    let (_server, mut browser) = (fixture.server(), Browser::opens_in(&fixture));
    let names = ["Bob", "Carol", "Dave", "Eve", "Frank"];
    let mut others = names.map(|name| fixture.client(name));
    browser.plays(
        "Alice comes to the page
         Alice meets people Bob, Carol, Dave, Eve, Frank, Alice (you)
         Alice tells people apart by colours: 6",
    );
    others[1].types("/quit");
    let _grace = fixture.client("Grace");
    browser.plays(
        "Alice meets people Bob, Dave, Eve, Frank, Alice (you), Grace
         Alice tells people apart by colours: 6
         Alice is photographed as colours",
    );
}

#[test]
#[ignore = "needs Chromium and Node.js: just browser"]
fn a_gap_in_what_was_missed_is_marked() {
    let fixture = Fixture::open();
    let _server = fixture.server_with(&["--rate", "10000", "--burst", "10000"]);
    let (mut browser, mut bob) = (Browser::opens_in(&fixture), fixture.client("Bob"));
    let gap = "Messages may be missing here";
    bob.types("line 0");
    browser.plays(
        "Alice comes to the page
         Alice reads [Bob] line 0
         Alice fills Name of another room: elsewhere
         Alice presses Enter
         Alice reads *** You are in #elsewhere now ***",
    );
    bob.types("line 1");
    bob.sees("[You] line 1\n");
    browser.plays(&format!(
        "Alice presses #lobby, 1 person
         Alice reads [Bob] line 1
         Alice no longer sees {gap}
         Alice fills Name of another room: elsewhere
         Alice presses Enter
         Alice reads *** You are in #elsewhere now ***"
    ));
    for number in 2..=60 {
        bob.types(&format!("line {number}"));
    }
    bob.sees("[You] line 60\n");
    browser.plays(&format!(
        "Alice presses #lobby, 1 person
         Alice reads [Bob] line 60
         Alice sees {gap}
         Alice has not read [Bob] line 2
         Alice has read once [Bob] line 1",
    ));
}

#[test]
#[ignore = "needs Chromium and Node.js: just browser"]
fn lines_stay_lines() {
    let fixture = Fixture::open();
    let (_server, mut browser) = (fixture.server(), Browser::opens_in(&fixture));
    browser.plays(
        "Alice comes to the page
         Bob comes to the page
         Alice types one
         Alice hits Shift+Enter
         Alice types two
         Alice has written one⏎two
         Alice hits Enter
         Alice reads [You] one⏎two
         Bob reads [Alice] one⏎two
         Bob sees one⏎two",
    );
    let lines = vec!["x"; 51].join("⏎");
    browser.plays(&format!(
        "Alice says {lines}
         Alice sees A message has at most 50 lines, and this one has 51.
         Alice has written {lines}"
    ));
}

#[test]
#[ignore = "needs Chromium and Node.js: just browser"]
fn a_page_can_come_from_an_ipv6_address() {
    let fixture = Fixture::open();
    let _server = fixture.server_with(&["--host", "::1"]);
    let mut browser = Browser::opens_at(&fixture, "[::1]");
    browser.plays(
        "Alice comes to the page
         Alice says it works
         Alice reads [You] it works",
    );
}

#[test]
#[ignore = "needs Chromium and Node.js: just browser"]
fn a_page_can_come_through_a_tunnel() {
    let fixture = Fixture::open();
    let (_server, mut browser) = (fixture.server(), Browser::opens_in(&fixture));
    browser.plays(
        "Alice comes through a tunnel to the page
         Alice says it works
         Alice reads [You] it works",
    );
}
