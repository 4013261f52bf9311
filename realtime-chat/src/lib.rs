//! Lab 4, realtime-chat: a hub that calls its clients, in Cap'n Web over WebSocket.
//!
//! `room.rs` is the new idea: a room that knows all clients, and calls each of them through the
//! stub that it was handed. `interface.rs` says what can be called; the crate `capnweb` carries it,
//! in both directions, for as long as the WebSocket is open. The [`server`] runs the room, the
//! [`client`] is one user at a terminal.
//!
//! # Thread maps
//!
//! In both programs, one thread decides; every other thread waits for one thing, and reports it.
//!
//! ```text
//! the server
//!  ctrl-c ── interrupt ──────────────┐
//!  listener ─▶ caller* ─ text ┐      ├─▶  chat-server ┬─▶ screen
//!                             ▼      │     (select!)  └─▶ history file
//!              TCP ◀─────  writer* ──┘         │
//!                             ▲                │
//!                             └─── outbox ◀────┘
//!              (* one for each client; a caller is kept for the next one)
//!
//! the client
//!  ctrl-c ── interrupt ──┐
//!  keyboard ── line ─────┼─────▶  chat-client ──▶ screen
//!                        │         (select!)
//!  reader ── text ──▶  writer ◀─ outbox ◀┘
//!                        │
//!                        └─▶ TCP
//! ```
//!
//! | thread        | owns                                  | waits in              | ends                        |
//! |---------------|---------------------------------------|-----------------------|-----------------------------|
//! | `chat-server` | the room, the history file            | `select!`             | when the user ends it (main) |
//! | `listener`    | the socket that is dialed             | `accept`              | when woken and told to      |
//! | `caller`      | one connection; a link's reading half | `read`, `recv`        | 250 ms after the last one   |
//! | `writer`      | a session, a link's writing half      | `select!`, `write`    | with the link               |
//! | `chat-client` | what the user sees                    | `select!`             | when the user leaves (main) |
//! | `keyboard`    | stdin                                 | `read`                | at Ctrl-D, or with the process |
//! | `reader`      | the link's reading half               | `connect`, `read`     | with the link               |
//! | `ctrl-c`      | nothing                               | a signal              | with the process            |
//!
//! `listener`, `caller` and `writer` are threads of `capnweb`, `keyboard` and `ctrl-c` of
//! `terminal`. These last two end with the process: nothing in std wakes a read of stdin, and
//! neither owns anything that the end of the process does not free. All others are joined (or, like
//! `listener` and `caller`, end a channel that is waited for), but for a `reader` that has not ended
//! a moment after the user leaves: its dial is not answered.
//!
//! Threads send each other what they need; a `caller` with a batch asks the owner itself. Of what they
//! share, only these change: sockets, a counter in `server/routes.rs`, and two atomics of `capnweb`
//! (what a connection does now, and whether the listener closes). There is no lock of ours.

pub mod client;
mod interface;
mod name;
mod room;
pub mod server;
mod token;
