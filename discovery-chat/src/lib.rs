//! Lab 5, discovery-chat: peers that find each other by UDP and talk by TCP, with no hub.
//!
//! What a peer makes of all that happens is in [`mesh`], as pure rules; the [`owner`] carries
//! them out. [`announce`] and [`frame`] are the protocol, [`link`] is one connection.
//!
//! # Thread map
//!
//! One thread decides; every other thread waits for one thing, and reports it.
//!
//! ```text
//!  keyboard ── line ─────────┐               ┌─▶ screen
//!  ctrl-c ── interrupt ──────┤               ├─▶ UDP: announcements
//!  discovery ── heard ───────┼─▶  p2p_chat ──┤
//!  listener ─▶ link* ─ news ─┤   (select!)   ├─▶ link*: dials
//!              link* ─ news ─┘               └─▶ outbox ─▶ writer* ─▶ TCP
//!                                                     (* one for each link)
//! ```
//!
//! | thread      | owns                        | waits in                | ends                        |
//! |-------------|-----------------------------|-------------------------|-----------------------------|
//! | `p2p_chat`  | the rules, the screen       | `select!`               | when the user leaves (main) |
//! | `keyboard`  | stdin                       | `poll`, or the editor   | at Ctrl-D, or when told to  |
//! | `discovery` | the socket that hears       | `recv_from`, 250 ms     | when told to                |
//! | `listener`  | the socket that is dialed   | `accept`                | when woken and told to      |
//! | `link`      | the reading half of a link  | `connect`, `read`       | with the link               |
//! | `writer`    | the writing half of a link  | an outbox, `write`      | with the outbox             |
//! | `screen`    | the printer of the editor   | the line editor         | with the process            |
//! | `ctrl-c`    | nothing                     | a signal                | with the process            |
//!
//! `screen` is there only with the line editor; otherwise the owner itself writes to the terminal.
//!
//! All are joined, but for those that only the process can end: `ctrl-c`, which belongs to the
//! crate of that name; `keyboard` and `screen` that sit in the line editor (or, on Windows, a
//! `keyboard` that waits for a key); and a `link` that dials somebody who does not answer, or
//! whose other end is slow to hang up after our goodbye. They own nothing anybody misses.
//!
//! What is shared is sent. There is no lock.

pub mod announce;
pub mod arguments;
pub mod card;
pub mod command;
pub mod console;
#[cfg(test)]
mod damage;
pub mod deadline;
pub mod dialer;
pub mod discovery;
pub mod editor;
pub mod event;
pub mod farewell;
pub mod frame;
pub mod interrupt;
pub mod keyboard;
pub mod lines;
pub mod link;
pub mod listener;
pub mod mesh;
pub mod message;
pub mod name;
pub mod owner;
pub mod pressure;
pub mod sockets;
pub mod stdout;
pub mod version;
pub mod writer;

pub use event::Event;
pub use mesh::Mesh;
