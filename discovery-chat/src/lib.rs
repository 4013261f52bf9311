//! Lab 5, discovery-chat: peers find each other by UDP and talk by TCP, without a server.
//!
//! `mesh` holds the rules, without a socket; [`owner`] carries them out. `announce` and `frame`
//! are the protocol, `link` is one connection.
//!
//! # Thread map
//!
//! One thread decides; every other thread waits for one thing and reports it.
//!
//! ```text
//!  keyboard ── line ───────────┐               ┌─▶ screen
//!  ctrl-c ── interrupt ────────┤               ├─▶ UDP: announcements
//!  discovery ── announcement ──┼─▶  p2p_chat ──┤
//!  listener ─▶ link* ─ report ─┤   (select!)   ├─▶ link*: dials
//!              link* ─ report ─┘               └─▶ outbox ─▶ writer* ─▶ TCP
//!                                                       (* one for each link)
//! ```
//!
//! | thread      | owns                        | waits in              | ends                           |
//! |-------------|-----------------------------|-----------------------|--------------------------------|
//! | `p2p_chat`  | the rules, the screen       | `select!`             | when the user leaves (main)    |
//! | `discovery` | the UDP receiver            | `recv_from`, 250 ms   | when told to                   |
//! | `listener`  | the socket that is dialed   | `accept`              | when told to, and dialed       |
//! | `link`      | the reading half of a link  | `connect`, `read`     | with the link                  |
//! | `writer`    | the writing half of a link  | an outbox, `write`    | with the outbox                |
//! | `keyboard`  | stdin                       | `read`, or the editor | at Ctrl-D, or with the process |
//! | `screen`    | the printer of the editor   | `recv`, the editor    | with the process               |
//! | `ctrl-c`    | nothing                     | a signal              | with the process               |
//!
//! `keyboard`, `screen` and `ctrl-c` are those of the provided crate `terminal`; `screen` is there
//! only with the line editor, and otherwise the owner writes to the terminal itself.
//!
//! The owner joins discovery, and each `link` its writer, unless the owner had no time for the caller.
//! No thread joins the listener: it cannot be dialed any more if this machine has lost its address, and
//! then it ends with the process. No thread joins a `link`: the owner waits for its last report. A `link`
//! outlives the owner if it dials a peer that does not answer, looks up a name, or has another end that is
//! slow to hang up after our goodbye. The system ends it with the process, and delivers what was said.
//!
//! Threads share sockets and the text of frames, and nothing that changes: a value that two of them
//! need is sent from one to the other. There is no lock.

mod announce;
pub mod arguments;
mod backpressure;
pub mod command;
pub mod config;
pub mod console;
mod dialer;
mod discovery;
pub mod event;
mod farewell;
mod frame;
mod lines;
mod link;
mod listener;
mod mesh;
mod name;
pub mod owner;
pub mod peer_info;
pub mod sockets;
#[cfg(test)]
mod tests;
mod version;
mod writer;
