//! The input of the rules, and their output.

use std::sync::Arc;

use capnweb::{AnswerId, Stub};

use crate::interface::{ClientId, Note, Notice, Reply, Request, Result};
use crate::name::{Name, RoomName};

/// The number of a read, which is passed on to the client that shares the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ReadId(pub u64);

/// An event of one client.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Heard {
    /// It is connected, and has not joined.
    Arrived,
    Called(AnswerId, Request),
    /// It answers a read: bytes, as base64.
    Answered(ReadId, Result<String>),
    /// It is gone: it has closed the link, does not read, or has fallen silent.
    Gone,
}

/// An order to the session of one client.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Order {
    /// Answer its call.
    Answer(AnswerId, Result<Reply>),
    /// Call `onMessage` of its capability.
    Notify(Stub, Notice),
    /// Call `onTyping` of its capability.
    Typing(Stub, Name, bool),
    /// Call `read(offset)` of its file.
    Read { read: ReadId, file: Stub, offset: u64 },
    /// Give a capability of its back.
    Release(Stub),
    /// Close its WebSocket, with this code and reason (see [`code`](capnweb::websocket::code)).
    Close(u16, &'static str),
}

/// One step of the output. The steps are carried out in their order.
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
