//! Lab 2, week 5: every peer listens and speaks, at the same time, over TCP.
//!
//! The two tasks of the lab sheet are [`listener`] and [`sender`]: accept a call, make a call.
//! `peer` holds the rules, without a socket; [`owner`] carries them out. `examples/peer.rs` is all
//! of it in one short file, and each file here answers a question that the example leaves open.
//!
//! # Thread map
//!
//! One thread decides; every other thread waits for one thing and reports it. (`select!` waits
//! on several channels and takes from one that is ready; `select_biased!` prefers the first.)
//!
//! ```text
//!  keyboard ── line ──────┐             ┌─▶ screen
//!  ctrl-c ── interrupt ───┼─▶  week05 ──┤
//!  listener ── message ───┤  (select!)  └─▶ sender x 8 ─▶ another peer
//!  caller* ── message ────┤                 │
//!  sender ── outcome ─────┘◀────────────────┘
//! ```
//!
//! | thread     | owns                     | waits in          | ends                           |
//! |------------|--------------------------|-------------------|--------------------------------|
//! | `week05`   | the rules, the screen    | `select!`         | when the user leaves (main)    |
//! | `listener` | the socket, slow callers | `accept`, `read`  | when told to, and dialed       |
//! | `caller`   | one slow call (0 to 64)  | `read`            | with its call                  |
//! | `sender`   | one dial at a time       | `recv`, `connect` | when its queues are closed     |
//! | `keyboard` | stdin                    | `read`            | at Ctrl-D, or with the process |
//! | `ctrl-c`   | nothing                  | a signal          | with the process               |
//!
//! The listener, the callers and the senders hold an end of the report channel: when it is closed,
//! all of them have ended, and the owner waits for that. `keyboard` and `ctrl-c` end with the
//! process: nothing in std wakes a read of stdin, and `ctrl-c` belongs to the crate of that name.
//! Neither owns anything that the end of the process does not free.
//!
//! Threads share no state: a value that two of them need is sent from one to the other. There is
//! no lock. What two threads do share is a socket: while a `caller` reads, the listener has a weak
//! handle of the same stream, and hangs up through it.

pub mod arguments;
mod call;
mod command;
pub mod config;
mod control_line;
mod event;
mod extensions {
    //! Extensions A to D, one pure file each. `peer.rs` calls them; none calls another one.
    pub(crate) mod a_registry;
    pub(crate) mod b_relay;
    pub(crate) mod c_shutdown;
    pub(crate) mod d_discovery;
}
pub mod listener;
pub mod owner;
mod peer;
pub mod report;
pub mod sender;
