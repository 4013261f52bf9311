//! Replies: the results of requests. Each is one type, written by the server and read by the client.

use std::sync::Arc;

use capnweb::{Cap, RpcError, Value};

use super::note::Note;
use super::request::Request;
use super::value::{Exported, Result, bytes, number, text, whole};

/// The result of a request.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Reply {
    /// Joined, or in another room: `users` are there, in the order in which they came.
    Room { message: String, users: Vec<String>, room: String },
    /// Everybody was told. `count` is the message's position among all notes, from 1.
    Sent { count: u64 },
    /// Done: `sent` or `shared`.
    Status(&'static str),
    /// A goodbye.
    Message(String),
    /// The users in the room.
    Users(Vec<String>),
    /// The last notes of the room, oldest first.
    History(Vec<Arc<Note>>),
    /// How many there are.
    Number(u64),
    /// The rooms, and how many users are in each.
    Rooms(Vec<(String, u64)>),
    /// A part of a file, as base64.
    Bytes(String),
    /// Done, and there is nothing to say.
    Nothing,
}

impl Reply {
    /// The value that travels.
    pub(crate) fn write(&self) -> Value<Cap<Exported>> {
        match self {
            Self::Room { message, users, room } => Value::object([
                ("message", message.as_str().into()),
                ("userCount", number(users.len() as u64)),
                ("users", list(users)),
                ("room", room.as_str().into()),
            ]),
            Self::Sent { count } => {
                Value::object([("status", "sent".into()), ("timestamp", number(*count))])
            }
            Self::Status(status) => Value::object([("status", (*status).into())]),
            Self::Message(message) => Value::object([("message", message.as_str().into())]),
            Self::Users(users) => list(users),
            Self::History(notes) => {
                Value::Array(notes.iter().map(|note| note.write(false)).collect())
            }
            Self::Number(count) => number(*count),
            Self::Rooms(rooms) => {
                let room = |(name, users): &(String, u64)| {
                    Value::object([
                        ("name", name.as_str().into()),
                        ("userCount", number(*users)),
                    ])
                };
                Value::Array(rooms.iter().map(room).collect())
            }
            Self::Bytes(base64) => Value::Bytes(base64.clone()),
            Self::Nothing => Value::Undefined,
        }
    }

    /// Reads the answer to `request`, cleaned. It may come from any server, so one that is not
    /// what was asked for is refused; one that says nothing new is not even looked at.
    pub(crate) fn read<C, F, T>(request: &Request<C, F>, value: Value<Cap<T>>) -> Result<Self> {
        let read = match request {
            Request::Join { .. } | Request::EnterRoom { .. } => {
                value.get("users").and_then(texts).map(|users| {
                    let message = value.get("message").and_then(text).unwrap_or_default();
                    // npm's room does not say which room it is.
                    let room = value.get("room").and_then(text);
                    let room = room.unwrap_or_else(|| "another room".into());
                    Self::Room { message, users, room }
                })
            }
            Request::ListUsers => texts(&value).map(Self::Users),
            Request::ListRooms => value.as_array().and_then(|rooms| {
                let rooms = rooms.iter().map(|room| {
                    Some((text(room.get("name")?)?, whole(room.get("userCount")?)?))
                });
                rooms.collect::<Option<_>>().map(Self::Rooms)
            }),
            Request::ReadFile { .. } => bytes(value).map(Self::Bytes),
            _ => Some(Self::Nothing),
        };
        read.ok_or_else(|| RpcError::type_error("the server's answer makes no sense"))
    }
}

fn list<C>(texts: &[String]) -> Value<C> {
    Value::Array(texts.iter().map(|text| text.as_str().into()).collect())
}

fn texts<C>(value: &Value<C>) -> Option<Vec<String>> {
    value.as_array()?.iter().map(text).collect()
}
