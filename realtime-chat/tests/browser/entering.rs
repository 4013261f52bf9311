//! A user opens the page: at another address, through a tunnel, with a token.

use super::fixture::Fixture;
use super::tabs::Browser;

#[test]
#[ignore = "needs Chromium and Node.js: just browser"]
fn a_token_lets_a_tab_in() {
    let mut browser = Browser::opens_with(&["--token", "open-sesame"]);
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
fn a_page_can_come_from_an_ipv6_address() {
    let mut browser = Browser::opens_in(Fixture::open(), "[::1]", &["--host", "::1"]);
    browser.plays(
        "Alice comes to the page
         Alice says it works
         Alice reads [You] it works",
    );
}

#[test]
#[ignore = "needs Chromium and Node.js: just browser"]
fn a_page_can_come_through_a_tunnel() {
    let mut browser = Browser::opens();
    browser.plays(
        "Alice comes through a tunnel to the page
         Alice says it works
         Alice reads [You] it works",
    );
}
