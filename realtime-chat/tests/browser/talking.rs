//! Two users talk, in tabs and in a terminal: to everybody, in rooms, privately, with files. What
//! others write stays text.

use std::fs;

use super::tabs::{Browser, quits, saved};

/// What would do harm as HTML.
const HARMFUL: &str =
    r#"<img src=x onerror="window.harmed=1"><script>window.harmed=1</script><b>bold</b>"#;

#[test]
#[ignore = "needs Chromium and Node.js: just browser"]
fn two_tabs_and_a_terminal_meet_in_one_room() {
    let mut browser = Browser::opens();
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
    let mut carol = browser.fixture.starts_client("Carol", &["--name", "Carol"]);
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
    quits(&mut carol);
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
fn text_of_others_stays_text() {
    let mut browser = Browser::opens();
    browser.plays("Alice comes to the page");
    let mut mallory = browser.client("<b onclick=alert(1)>M");
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
    let mut browser = Browser::opens();
    browser.is_joined_by_two();
    browser.plays(
        "Bob types I am still wri
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
    let mut carol = browser.client("Carol");
    browser.plays(
        "Alice enters Rust
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
    quits(&mut carol);
    assert!(!carol.printed().contains("only here"), "a room keeps its words");
    assert!(!carol.printed().contains("psst"), "private words are private");
}

#[test]
#[ignore = "needs Chromium and Node.js: just browser"]
fn a_file_goes_from_tab_to_tab_and_from_terminal_to_tab() {
    let mut browser = Browser::opens();
    // Three whole pieces and a bit.
    let bytes: Vec<u8> = (0..100_001_u32).map(|i| (i % 251).to_le_bytes()[0]).collect();
    let (from_alice, from_carol) = (saved("alice's.bin"), saved("carol's.bin"));
    fs::write(&from_alice, &bytes).expect("it can be written");
    fs::write(&from_carol, &bytes[..70_000]).expect("it can be written");
    browser.is_joined_by_two();
    browser.plays(&format!(
        "Alice shares {}
         Alice reads [You] shares alice's.bin (100.0 kB)
         Bob reads [Alice] shares alice's.bin (100.0 kB)",
        from_alice.display()
    ));
    fs::remove_file(saved("bob's")).ok();
    browser.plays("Bob saves alice's.bin as bob's");
    assert!(fs::read(saved("bob's")).expect("it is there") == bytes, "not the same");

    let mut carol = browser.client("Carol");
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
    quits(&mut carol);
}

#[test]
#[ignore = "needs Chromium and Node.js: just browser"]
fn lines_stay_lines() {
    let mut browser = Browser::opens();
    browser.is_joined_by_two();
    browser.plays(
        "Alice types one
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
fn six_people_have_six_colours() {
    let mut browser = Browser::opens();
    let names = ["Bob", "Carol", "Dave", "Eve", "Frank"];
    let mut others = names.map(|name| browser.client(name));
    browser.plays(
        "Alice comes to the page
         Alice meets people Bob, Carol, Dave, Eve, Frank, Alice (you)
         Alice tells people apart by colours: 6",
    );
    others[1].types("/quit");
    let _grace = browser.client("Grace");
    browser.plays(
        "Alice meets people Bob, Dave, Eve, Frank, Alice (you), Grace
         Alice tells people apart by colours: 6
         Alice is photographed as colours",
    );
}
