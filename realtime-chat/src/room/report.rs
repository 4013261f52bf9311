//! What goes into the rules, and what comes out.

use std::sync::Arc;

use capnweb::{AnswerId, Stub};

use crate::interface::{ClientId, Note, Notice, Reply, Request, Result};
use crate::name::{Name, RoomName};

/// The number of a read that a client was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct AskId(pub u64);

/// What a client does.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Heard {
    /// It is connected, and has not joined.
    Arrived,
    Called(AnswerId, Request),
    /// It answers a read: bytes, as base64.
    Answered(AskId, Result<String>),
    /// It is gone: it has closed the link, does not read, or has fallen silent.
    Gone,
}

/// What one client's session is to do.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Order {
    /// Answer its call.
    Answer(AnswerId, Result<Reply>),
    /// Call `onMessage` of its capability.
    Notify(Stub, Notice),
    /// Call `onTyping` of its capability.
    Typing(Stub, Name, bool),
    /// Call `read(offset)` of its file.
    Read { ask: AskId, file: Stub, offset: u64 },
    /// Give a capability of its back.
    Release(Stub),
    /// Close its WebSocket, with this code and reason (see [`code`](capnweb::websocket::code)).
    Dismiss(u16, &'static str),
}

/// What is to be done, in this order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Action {
    /// By the session of this client.
    To(ClientId, Order),
    /// Append this to the history file, before anybody is told.
    Record(RoomName, Arc<Note>),
}

/// How many messages a client may send.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Rate {
    /// At once, after a pause.
    pub burst: u32,
    /// In the long run, in each second.
    pub per_second: u32,
}
