//! A user has a keyboard only, or an input method, or types the commands of the terminals.

use super::tabs::{Browser, quits};

#[test]
#[ignore = "needs Chromium and Node.js: just browser"]
fn the_keyboard_is_enough() {
    let mut browser = Browser::opens();
    let mut bob = browser.client("Bob");
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
         Alice hits Tab 2 times
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
         Alice hits Shift+Tab 6 times
         Alice stands on button \"Write to Bob privately\"
         Alice hits Enter
         Alice stands on textbox \"Your private message to Bob\"
         Alice types psst
         Alice hits Enter
         Alice reads [You, privately to Bob] psst
         Alice hits Shift+Tab 2 times
         Alice stands on button \"Write to everybody\"
         Alice hits Enter
         Alice stands on textbox \"Your message\"
         Alice hits Shift+Tab 2 times
         Alice stands on button \"write again\"
         Alice hits Shift+Tab 3 times
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
fn keys_of_an_input_method_are_left_to_it() {
    let mut browser = Browser::opens();
    let mut bob = browser.client("Bob");
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
    quits(&mut bob);
    assert!(!bob.printed().contains('つ'), "nothing was sent by the way");
}

#[test]
#[ignore = "needs Chromium and Node.js: just browser"]
fn commands_can_be_typed_here_too() {
    let mut browser = Browser::opens();
    let mut mary = browser.client("Mary Ann");
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
    let mut browser = Browser::opens();
    let mut others = ["Mary", "Mary Ann", "José", "José Luis"].map(|name| browser.client(name));
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
