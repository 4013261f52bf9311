//! A message was not sent, or not answered: it stays until its author takes it away.

use std::process::Command;

use super::fixture::Server;
use super::tabs::Browser;

/// The server answers nothing any more, and is still there.
fn stops_for_a_while(server: &Server) {
    let kill = Command::new("kill").args(["-STOP", &server.pid().to_string()]).status();
    assert!(kill.expect("there is a kill(1)").success());
}

#[test]
#[ignore = "needs Chromium and Node.js: just browser"]
fn a_message_without_an_answer_stays() {
    let mut browser = Browser::opens();
    browser.plays("Alice comes to the page");
    stops_for_a_while(&browser.server);
    browser.plays(
        "Alice says first
         Alice says second
         Alice types a third
         Alice sees first
         Alice sees second",
    );
    browser.loses_the_server(&["Alice"]);
    browser.plays(
        "Alice sees first
         Alice sees second
         Alice has written a third
         Alice can be read by everybody
         Alice is photographed as unsent",
    );
    browser.gets_the_server_back();
    browser.plays(
        "Alice reads *** Connected again, as Alice. ***
         Alice sees first
         Alice has written a third
         Alice comes back as Alicia
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
fn a_refused_message_stays() {
    let options = ["--burst", "3", "--rate", "1"]; // To join costs one, too.
    let mut browser = Browser::opens_with(&options);
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
fn leave_discards_what_was_not_sent() {
    let mut browser = Browser::opens();
    let mut bob = browser.client("Bob");
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
         Alice comes back as Mallory again
         Alice no longer sees not for you
         Alice has written",
    );
    bob.sees("[Mallory] for all\n");
}
