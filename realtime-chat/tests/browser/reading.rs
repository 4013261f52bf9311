//! A user reads the log: it moves only when its reader wants it to, and a screen reader says only
//! what is new.

use std::ops::RangeInclusive;

use scenario::Terminal;

use super::tabs::{Browser, NO_RATE_LIMIT, quits};

/// Types `line 1`, `line 2`, and so on.
#[track_caller]
fn says_lines(client: &mut Terminal, numbers: RangeInclusive<u32>) {
    for number in numbers {
        client.types(&format!("line {number}"));
    }
}

#[test]
#[ignore = "needs Chromium and Node.js: just browser"]
fn a_tab_keeps_500_lines() {
    let mut browser = Browser::opens_with(&NO_RATE_LIMIT);
    let mut bob = browser.client("Bob");
    browser.plays("Alice comes to the page");
    says_lines(&mut bob, 1..=450);
    browser.plays(
        "Alice reads [Bob] line 450
         Alice scrolls up by 500",
    );
    says_lines(&mut bob, 451..=600);
    browser.plays(
        "Alice reads [Bob] line 600
         Alice looks at the same line
         Alice shows at most 500
         Alice reads [Bob] line 101
         Alice has not read [Bob] line 100",
    );
    quits(&mut bob);
}

#[test]
#[ignore = "needs Chromium and Node.js: just browser"]
fn a_reader_stays_in_her_place() {
    let mut browser = Browser::opens_with(&NO_RATE_LIMIT);
    let mut bob = browser.client("Bob");
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
fn a_reader_stays_in_her_place_when_the_server_is_back() {
    let mut browser = Browser::opens_with(&NO_RATE_LIMIT);
    let mut bob = browser.client("Bob");
    browser.plays("Alice comes to the page");
    says_lines(&mut bob, 1..=60);
    browser.plays(
        "Alice reads [Bob] line 60
         Alice scrolls up by 700
         Alice says /join #lobby
         Alice reads *** You are in #lobby now ***
         Alice looks at the same line",
    );
    browser.loses_the_server(&["Alice"]);
    browser.gets_the_server_back();
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
    let mut browser = Browser::opens();
    let mut bob = browser.client("Bob");
    bob.types("before");
    browser.plays(
        "Alice comes to the page
         Alice has not heard before",
    );
    bob.types("meanwhile");
    browser.plays(
        "Alice hears meanwhile
         Alice enters rust
         Alice starts to listen",
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
fn a_gap_in_what_was_missed_is_marked() {
    let mut browser = Browser::opens_with(&NO_RATE_LIMIT);
    let mut bob = browser.client("Bob");
    let gap = "Messages may be missing here";
    bob.types("line 0");
    browser.plays(
        "Alice comes to the page
         Alice reads [Bob] line 0
         Alice enters elsewhere",
    );
    bob.types("line 1");
    bob.sees("[You] line 1\n");
    browser.plays(&format!(
        "Alice presses #lobby, 1 person
         Alice reads [Bob] line 1
         Alice no longer sees {gap}
         Alice enters elsewhere"
    ));
    says_lines(&mut bob, 2..=60);
    bob.sees("[You] line 60\n");
    browser.plays(&format!(
        "Alice presses #lobby, 1 person
         Alice reads [Bob] line 60
         Alice sees {gap}
         Alice has not read [Bob] line 2
         Alice has read once [Bob] line 1",
    ));
}
