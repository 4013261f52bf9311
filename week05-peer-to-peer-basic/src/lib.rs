//! Lab 2, week 5: every peer listens and speaks, at the same time, over TCP.
//!
//! The two tasks of the lab sheet are [`listener`] and [`sender`]: accept a call, make a call.
//! What a peer makes of it all is in [`peer`], as pure rules; the [`owner`] carries them out.
//!
//! # Thread map
//!
//! One thread decides; every other thread waits for one thing, and reports it.
//!
//! ```text
//!  keyboard ── line ───────┐              ┌─▶ screen
//!  ctrl-c ── interrupt ────┼─▶  week05  ──┤
//!  listener* ── message ───┤   (select!)  └─▶ sender* ─▶ dials another peer
//!  sender* ── outcome ─────┘                  (* as many as there are calls)
//! ```
//!
//! | thread     | owns                  | waits in          | ends                        |
//! |------------|-----------------------|-------------------|-----------------------------|
//! | `week05`   | the rules, the screen | `select!`         | when the user leaves (main) |
//! | `listener` | one call at a time    | `accept`, `read`  | when woken and told to      |
//! | `sender`   | one call at a time    | `connect`, `read` | after a second without work |
//! | `keyboard` | stdin                 | `poll`            | at Ctrl-D, or when told to  |
//! | `ctrl-c`   | nothing               | a signal          | with the process            |
//!
//! There are 1 to 65 listeners and 0 to 64 senders. A listener that has answered a call also
//! waits for its turn when it is crowded, and for the owner when the caller asks a question.
//!
//! All but the last are joined; `ctrl-c` belongs to the crate of that name, and owns nothing.
//! (On Windows a keyboard that waits for a key is left to the end of the process as well.)
//!
//! What is shared is sent. The one lock is in [`door`], which says why.

pub mod arguments;
pub mod call;
pub mod command;
pub mod config;
pub mod console;
pub mod crew;
pub mod door;
pub mod errand;
pub mod event;
pub mod extensions;
pub mod keyboard;
pub mod listener;
pub mod message;
pub mod outbox;
pub mod owner;
pub mod peer;
pub mod sender;

pub use event::Event;
pub use peer::Peer;
