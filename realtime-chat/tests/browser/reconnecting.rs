//! The server goes away and comes back: the tabs find it again, in their rooms.

use super::fixture::{Fixture, typed};
use super::tabs::Browser;

#[test]
#[ignore = "needs Chromium and Node.js: just browser"]
fn tabs_find_the_server_again() {
    let fixture = Fixture::open();
    let history = fixture.path("history");
    let options = ["--history", typed(&history)];
    let mut browser = Browser::opens_in(fixture, "127.0.0.1", &options);
    browser.is_joined_by_two();
    browser.plays(
        "Bob says before
         Alice reads [Bob] before
         Carol comes to the page
         Carol enters elsewhere",
    );
    browser.loses_the_server(&["Alice", "Bob", "Carol"]);
    browser.plays(
        "Bob says kept
         Bob sees The server is away. What you have typed is kept until it is back.
         Bob has written kept
         Alice is photographed as away",
    );
    browser.gets_the_server_back();
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
    browser.server.presses_ctrl_c();
    browser.server.ends_well();
    browser.plays("Alice sees Connection lost: the server is shutting down. Trying again…");
}

#[test]
#[ignore = "needs Chromium and Node.js: just browser"]
fn a_message_for_a_room_is_said_there() {
    let mut browser = Browser::opens();
    browser.plays(
        "Alice comes to the page
         Alice enters rust",
    );
    browser.loses_the_server(&["Alice"]);
    browser.plays("Alice will say as soon as she is back: not for the lobby");
    browser.gets_the_server_back();
    browser.plays(
        "Alice reads *** Connected again, as Alice. ***
         Alice reads [You] not for the lobby
         Bob comes to the page
         Bob has not read [Alice] not for the lobby
         Bob presses #rust, 1 person
         Bob reads [Alice] not for the lobby",
    );
}

/// A tab that looks for the server joins by itself. Its user may leave before it has, and the next user
/// of the tab must not have two links.
#[test]
#[ignore = "needs Chromium and Node.js: just browser"]
fn a_user_who_leaves_on_the_way_back_is_out() {
    let mut browser = Browser::opens();
    browser.is_joined_by_two();
    browser.plays(
        "Alice leaves on her way back
         Alice joins as Mallory
         Alice reads *** Welcome to the chat, Mallory! ***
         Bob meets people Bob (you), Mallory
         Bob says /msg Mallory for you
         Alice has read once [Bob, privately] for you",
    );
}
