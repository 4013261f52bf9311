//! A user has a phone: everything has room on it, and can be read.

use super::tabs::{Browser, quits};

#[test]
#[ignore = "needs Chromium and Node.js: just browser"]
fn a_phone_has_room_for_everything() {
    let mut browser = Browser::opens();
    let mut bob = browser.client(&"M".repeat(32));
    let long = "a".repeat(400);
    bob.types(&long);
    browser.plays(&format!(
        "Alice opens the page on a phone
         Alice fits the phone in the picture phone-entry
         Alice joins as Alice
         Alice reads [{m}] {long}
         Alice says {long}
         Alice reads [You] {long}
         Alice fits the phone in the picture phone
         Alice presses People, rooms
         Alice meets people {m}, Alice (you)
         Alice fits the phone in the picture phone-people
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
    let mut browser = Browser::opens();
    let name = "M".repeat(32);
    let mut bob = browser.client(&name);
    browser.plays(&format!(
        "Alice opens the page on a phone in the dark
         Alice joins as Alice
         Alice presses People, rooms
         Alice presses Write to {name} privately"
    ));
    quits(&mut bob);
    browser.plays(&format!(
        "Alice reads *** {name} left the chat ***
         Alice says one⏎two
         Alice sees say first who gets it
         Alice fits the phone in the picture phone-newcomer
         Alice presses Write to whoever is called {name} now
         Alice hits Enter
         Alice sees Not sent: nobody here is called {name}
         Alice says /help
         Alice fits the phone in the picture phone-unsent"
    ));
}
