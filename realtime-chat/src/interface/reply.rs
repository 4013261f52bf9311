//! Replies: what the calls of a client come to.

use std::sync::Arc;

use capnweb::{Cap, Value};

use super::{Exported, Note, number};
use crate::name::{Name, RoomName};

/// What a call has come to.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// It has joined.
    Welcome {
        /// Who it is now.
        username: Name,
        /// Who is in the room, itself included, in the order in which they came.
        users: Vec<Name>,
        /// Where it is.
        room: RoomName,
    },
    /// The message was told to everybody, as this one.
    Sent {
        /// The how-manieth note it is.
        count: u64,
    },
    /// The message was told to one user.
    SentPrivately,
    /// It has left.
    Goodbye {
        /// Who it was.
        username: Name,
    },
    /// Who is in the room.
    Users(Vec<Name>),
    /// What was said in the room.
    History(Vec<Arc<Note>>),
    /// How many there are.
    Number(u64),
    /// It is in another room now.
    Entered {
        /// Where.
        room: RoomName,
        /// Who is there, itself included.
        users: Vec<Name>,
    },
    /// The rooms, and how many users are in each.
    Rooms(Vec<(RoomName, usize)>),
    /// The file was offered to everybody.
    Shared,
    /// A part of a file, as base64.
    Bytes(String),
    /// It is done, and there is nothing to say about it.
    Nothing,
}

impl Reply {
    /// The value that travels.
    pub fn value(&self) -> Value<Cap<Exported>> {
        match self {
            Self::Welcome { username, users, room } => Value::object([
                ("message", format!("Welcome to the chat, {username}!").into()),
                ("userCount", number(users.len() as u64)),
                ("users", names(users)),
                ("room", room.as_str().into()),
            ]),
            Self::Sent { count } => {
                Value::object([("status", "sent".into()), ("timestamp", number(*count))])
            }
            Self::SentPrivately => Value::object([("status", "sent".into())]),
            Self::Goodbye { username } => {
                Value::object([("message", format!("Goodbye, {username}!").into())])
            }
            Self::Users(users) => names(users),
            Self::History(notes) => {
                Value::Array(notes.iter().map(|note| note.value(false)).collect())
            }
            Self::Number(count) => number(*count),
            Self::Entered { room, users } => Value::object([
                ("message", format!("You are in {room} now").into()),
                ("room", room.as_str().into()),
                ("userCount", number(users.len() as u64)),
                ("users", names(users)),
            ]),
            Self::Rooms(rooms) => {
                let room = |(name, users): &(RoomName, usize)| {
                    Value::object([
                        ("name", name.as_str().into()),
                        ("userCount", number(*users as u64)),
                    ])
                };
                Value::Array(rooms.iter().map(room).collect())
            }
            Self::Shared => Value::object([("status", "shared".into())]),
            Self::Bytes(base64) => Value::Bytes(base64.clone()),
            Self::Nothing => Value::Undefined,
        }
    }
}

fn names(names: &[Name]) -> Value<Cap<Exported>> {
    Value::Array(names.iter().map(|name| name.as_str().into()).collect())
}
