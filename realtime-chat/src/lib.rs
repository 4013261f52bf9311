//! Lab 4, realtime-chat: a hub that calls its clients, in Cap'n Web over WebSocket.
//!
//! | thread | owns | waits in | ends |
//! |---|---|---|---|
//! | `writer`      | a session, a link's writing half      | `select!`, `write`    | with the link               |

pub mod deadline;
pub mod interface;
pub mod link;
pub mod name;
pub mod room;
pub mod writer;
