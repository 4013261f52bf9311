//! Lab 4, realtime-chat: a hub that calls its clients, in Cap'n Web over WebSocket.

pub mod interface;
pub mod name;
