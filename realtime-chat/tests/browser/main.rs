//! The page in a real browser: every tab is one more client, and cannot be told from a terminal.
//!
//! `just browser` fetches what drives the browser, and runs these. Each line that a test types into
//! the driver says whose tab it is and what she does there, or must see; what she reads is written
//! as the terminal client prints it.
//!
//! | file | what a user does, or what happens |
//! |---|---|
//! | `browser/tabs.rs` | the fixture: a server, and a browser with tabs |
//! | `browser/entering.rs` | opens the page: at another address, through a tunnel, with a token |
//! | `browser/talking.rs` | talks to everybody, in rooms, privately, with files |
//! | `browser/keyboard.rs` | uses no mouse, an input method, the commands of the terminals |
//! | `browser/reading.rs` | reads the log, or has it read out |
//! | `browser/phone.rs` | has a phone |
//! | `browser/reconnecting.rs` | the server goes away and comes back |
//! | `browser/unsent.rs` | a message is not sent, or not answered |
//! | `browser/private.rs` | a name passes to another user |
#![cfg(target_os = "linux")]

mod entering;
#[path = "../fixture/mod.rs"]
mod fixture;
mod keyboard;
mod phone;
mod private;
mod reading;
mod reconnecting;
mod tabs;
mod talking;
mod unsent;
