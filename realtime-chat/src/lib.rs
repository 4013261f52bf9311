//! Lab 4, realtime-chat: a hub that calls its clients, in Cap'n Web over WebSocket.
//!
//! | thread | owns | waits in | ends |
//! |---|---|---|---|
//! | `chat-server` | the room, the history file            | `select!`             | when the user ends it (main) |
//! | `listener`    | the socket that is dialed             | `accept`              | when woken and told to      |
//! | `caller`      | one connection; a link's reading half | `read`                | with the connection         |
//! | `writer`      | a session, a link's writing half      | `select!`, `write`    | with the link               |
//! | `ctrl-c`      | nothing                               | a signal              | with the process            |

pub mod deadline;
pub mod interface;
pub mod link;
pub mod name;
pub mod room;
pub mod server;
pub mod writer;
