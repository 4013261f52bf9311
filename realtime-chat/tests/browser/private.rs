//! A name passes to another user: no private message goes to the newcomer until its author says so.

use scenario::Terminal;

use super::tabs::{Browser, quits};

/// This user, in a terminal, has written to Alice, in a tab.
#[track_caller]
fn has_asked_alice(browser: &mut Browser, name: &str) -> Terminal {
    let mut user = browser.client(name);
    browser.plays(&format!(
        "Alice comes to the page
         Alice meets people {name}, Alice (you)"
    ));
    user.types("/msg Alice what is the code?");
    browser.plays(&format!("Alice reads [{name}, privately] what is the code?"));
    user
}

/// The server goes away and comes back, and then another user has this name, and writes to Alice first.
#[track_caller]
fn comes_after_a_lost_connection(browser: &mut Browser, name: &str) -> Terminal {
    browser.loses_the_server(&["Alice"]);
    browser.gets_the_server_back();
    let mut newcomer = browser.client(name);
    browser.plays("Alice reads *** Connected again, as Alice. ***");
    newcomer.types("/msg Alice I am new");
    newcomer
}

/// Bob leaves, and another user takes his name.
#[track_caller]
fn passes_on_the_name(browser: &Browser, mut bob: Terminal) -> Terminal {
    quits(&mut bob);
    browser.client("Bob")
}

/// What came to the newcomer before its own "hello" did is no secret.
#[track_caller]
fn has_got_no_secret(browser: &mut Browser, newcomer: &mut Terminal, name: &str) {
    newcomer.types("hello");
    browser.plays(&format!("Alice reads [{name}] hello"));
    assert!(!newcomer.printed().contains("secret"), "it was meant for somebody else");
}

#[test]
#[ignore = "needs Chromium and Node.js: just browser"]
fn a_private_message_reaches_no_newcomer_unasked() {
    let mut browser = Browser::opens();
    let bob = browser.client("Bob");
    browser.plays(
        "Alice comes to the page
         Alice presses Write to Bob privately",
    );
    let mut newcomer = passes_on_the_name(&browser, bob);
    browser.plays(
        "Alice reads *** Bob left the chat ***
         Alice says secret
         Alice sees may be somebody else",
    );
    has_got_no_secret(&mut browser, &mut newcomer, "Bob");
    browser.plays(
        "Alice has written secret
         Alice can be read by everybody
         Alice is photographed as newcomer
         Alice presses Write to whoever is called Bob now
         Alice hits Enter
         Alice reads [You, privately to Bob] secret",
    );
    newcomer.sees("[Alice, privately] secret\n");
}

/// For the server Groß and GROSS are one name, so they are for the page.
#[test]
#[ignore = "needs Chromium and Node.js: just browser"]
fn a_name_in_other_letters_is_the_same_name() {
    let mut browser = Browser::opens();
    let _gross = has_asked_alice(&mut browser, "Groß");
    let mut newcomer = comes_after_a_lost_connection(&mut browser, "GROSS");
    browser.plays(
        "Alice reads [GROSS, privately] I am new
         Alice says /msg GROSS secret
         Alice sees this may be somebody else by now. For GROSS, privately.",
    );
    has_got_no_secret(&mut browser, &mut newcomer, "GROSS");
}

#[test]
#[ignore = "needs Chromium and Node.js: just browser"]
fn a_newcomer_gets_no_private_message_unasked_after_a_lost_connection() {
    let mut browser = Browser::opens();
    let _bob = has_asked_alice(&mut browser, "Bob");
    let mut newcomer = comes_after_a_lost_connection(&mut browser, "bob");
    browser.plays(
        "Alice reads [bob, privately] I am new
         Alice says /msg Bob one secret
         Alice sees this may be somebody else by now. For bob, privately.
         Alice has written
         Alice comes back as Alicia
         Alice presses Discard
         Alice says /msg Bob another secret
         Alice sees this may be somebody else by now. For bob, privately.",
    );
    has_got_no_secret(&mut browser, &mut newcomer, "bob");
    browser.plays(
        "Alice can be read by everybody
         Alice presses Send to whoever is called bob now
         Alice reads [You, privately to bob] another secret
         Alice says /msg Bob a third
         Alice reads [You, privately to bob] a third",
    );
    newcomer.sees("[Alicia, privately] another secret\n");
}

#[test]
#[ignore = "needs Chromium and Node.js: just browser"]
fn the_author_is_asked_once_who_gets_a_private_message() {
    let mut browser = Browser::opens();
    let bob = has_asked_alice(&mut browser, "Bob");
    let newcomer = passes_on_the_name(&browser, bob);
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
    let mut third = passes_on_the_name(&browser, newcomer);
    browser.plays(
        "Alice says /msg Bob another secret
         Alice sees Not sent: the Bob that you have written with has left",
    );
    has_got_no_secret(&mut browser, &mut third, "Bob");
    browser.plays(
        "Alice presses Send to whoever is called Bob now
         Alice reads [You, privately to Bob] another secret",
    );
    third.sees("[Alice, privately] another secret\n");
}

#[test]
#[ignore = "needs Chromium and Node.js: just browser"]
fn an_answer_to_an_old_line_reaches_no_newcomer_unasked() {
    let mut browser = Browser::opens();
    let _bob = has_asked_alice(&mut browser, "Bob");
    browser.loses_the_server(&["Alice"]);
    browser.plays("Alice presses Write to Bob privately");
    browser.gets_the_server_back();
    let mut newcomer = browser.client("Bob");
    browser.plays(
        "Alice reads *** Connected again, as Alice. ***
         Alice says one secret
         Alice sees Bob may be somebody else by now: say first who gets it.
         Alice presses Write to everybody
         Alice presses answer
         Alice says another secret
         Alice sees Bob may be somebody else by now: say first who gets it.",
    );
    has_got_no_secret(&mut browser, &mut newcomer, "Bob");
    browser.plays(
        "Alice presses Write to whoever is called Bob now
         Alice hits Enter
         Alice reads [You, privately to Bob] another secret",
    );
    newcomer.sees("[Alice, privately] another secret\n");
}
