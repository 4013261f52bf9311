//! Requests: the calls of a client. Each is one type, read and written here, and used by both
//! sides: the client writes it as a call, and the server reads the call.

use std::sync::Arc;

use capnweb::{Cap, Code, Key, RpcError, Stub, Value, dotted};
use terminal::is_blank;

use super::value::{Exported, Result, Shared, number, spoken, stub, whole};
use crate::name::{FileName, Name, RoomName};

/// The longest message, in bytes.
pub(crate) const MAX_MESSAGE: usize = 4096;

/// The most lines of a message. The longest message fills about as many rows in any case.
pub(super) const MAX_LINES: usize = 50;

/// The largest file that can be shared, in bytes.
pub(crate) const MAX_FILE: u64 = 16 << 20;

/// A request; everything in it has been checked. `C` is the form in which a side holds an object of
/// the client: the server a stub, the client the object itself. `F` is the same for a file of
/// another client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Request<C = Stub, F = Arc<Shared>> {
    /// To join under this name, and to be told everything through `client`.
    Join { username: Name, client: C },
    /// To tell everybody in the room.
    SendMessage { username: Name, text: String },
    /// To be told nothing any more.
    Leave { username: Name },
    /// For the users in the caller's room.
    ListUsers,
    /// For the last notes of the caller's room.
    GetHistory,
    /// For the number of users, in all rooms.
    UserCount,
    /// For the number of notes so far, in all rooms.
    MessageCount,
    /// To tell one user.
    SendPrivate { username: Name, to: Name, text: String },
    /// To be told the notes of this room, instead of the other one.
    EnterRoom { username: Name, room: RoomName },
    /// For the rooms.
    ListRooms,
    /// To have the others in the room see it.
    SetTyping { username: Name, is_typing: bool },
    /// To offer a file of `size` bytes to everybody in the room.
    ShareFile { username: Name, name: FileName, size: u64, file: C },
    /// For a part of a file of another client, from this byte on.
    ReadFile { file: F, offset: u64 },
}

impl<C: Clone, F> Request<C, F> {
    /// The method with its arguments; a property has none.
    pub(crate) fn write(&self) -> (&'static str, Option<Vec<Value<Cap<C>>>>) {
        let user = |name: &Name| name.to_string().into();
        let object = |object: &C| Value::Cap(Cap::Target(object.clone()));
        let (method, args) = match self {
            Self::Join { username, client } => ("join", vec![user(username), object(client)]),
            Self::SendMessage { username, text } => {
                ("sendMessage", vec![user(username), text.as_str().into()])
            }
            Self::Leave { username } => ("leave", vec![user(username)]),
            Self::ListUsers => ("listUsers", vec![]),
            Self::GetHistory => ("getHistory", vec![]),
            Self::UserCount => return ("userCount", None),
            Self::MessageCount => return ("messageCount", None),
            Self::SendPrivate { username, to, text } => {
                ("sendPrivate", vec![user(username), user(to), text.as_str().into()])
            }
            Self::EnterRoom { username, room } => {
                ("enterRoom", vec![user(username), room.to_string().into()])
            }
            Self::ListRooms => ("listRooms", vec![]),
            Self::SetTyping { username, is_typing } => {
                ("setTyping", vec![user(username), (*is_typing).into()])
            }
            Self::ShareFile { username, name, size, file } => {
                let about = [("name", name.to_string().into()), ("size", number(*size))];
                ("shareFile", vec![user(username), Value::object(about), object(file)])
            }
            Self::ReadFile { offset, .. } => ("read", vec![number(*offset)]),
        };
        (method, Some(args))
    }
}

impl Request {
    /// Reads what was asked of `target`: a method with `args`, or without them a property. `None`
    /// if there is no such property. An error is what the caller gets instead of an answer.
    pub(crate) fn read(
        target: Exported,
        path: &[Key],
        args: Option<&[Value<Cap<Exported>>]>,
    ) -> Result<Option<Self>> {
        let name = dotted(path);
        let Some(args) = args else {
            return Ok(match (target, name.as_str()) {
                (Exported::Chat, "userCount") => Some(Self::UserCount),
                (Exported::Chat, "messageCount") => Some(Self::MessageCount),
                _ => None,
            });
        };
        let args = Args { method: &name, args };
        let request = match (target, name.as_str()) {
            (Exported::Chat, "join") => {
                Self::Join { username: args.user()?, client: args.stub(1, "client")? }
            }
            (Exported::Chat, "sendMessage") => {
                Self::SendMessage { username: args.user()?, text: args.message(1)? }
            }
            (Exported::Chat, "leave") => Self::Leave { username: args.user()? },
            (Exported::Chat, "listUsers") => Self::ListUsers,
            (Exported::Chat, "getHistory") => Self::GetHistory,
            (Exported::Chat, "sendPrivate") => Self::SendPrivate {
                username: args.user()?,
                to: args.parse("to", args.get(1).as_str(), Name::read)?,
                text: args.message(2)?,
            },
            (Exported::Chat, "enterRoom") => Self::EnterRoom {
                username: args.user()?,
                room: args.parse("room", args.get(1).as_str(), RoomName::read)?,
            },
            (Exported::Chat, "listRooms") => Self::ListRooms,
            (Exported::Chat, "setTyping") => Self::SetTyping {
                username: args.user()?,
                is_typing: args.must_be("true or false", "isTyping", args.get(1).as_bool())?,
            },
            (Exported::Chat, "shareFile") => {
                let username = args.user()?;
                let name = args.get(1).get("name").and_then(Value::as_str);
                let name = args.parse("name", name, FileName::read)?;
                let (size, file) = (args.size(1)?, args.stub(2, "file")?);
                Self::ShareFile { username, name, size, file }
            }
            (Exported::File(file), "read") => {
                let offset = whole(args.get(0)).filter(|offset| *offset <= MAX_FILE);
                let offset = args.must_be("a place in the file", "offset", offset)?;
                Self::ReadFile { file, offset }
            }
            _ => return Err(RpcError::not_a_function(&name)),
        };
        Ok(Some(request))
    }

    /// The capability that came with it.
    pub(crate) fn stub(&self) -> Option<Stub> {
        match self {
            Self::Join { client, .. } => Some(*client),
            Self::ShareFile { file, .. } => Some(*file),
            _ => None,
        }
    }
}

/// The arguments of one call.
struct Args<'a> {
    method: &'a str,
    args: &'a [Value<Cap<Exported>>],
}

impl Args<'_> {
    fn get(&self, index: usize) -> &Value<Cap<Exported>> {
        self.args.get(index).unwrap_or(&Value::Undefined)
    }

    fn must_be<V>(&self, kind: &str, what: &str, value: Option<V>) -> Result<V> {
        let method = self.method;
        value.ok_or_else(|| RpcError::type_error(format!("{method}: {what} must be {kind}")))
    }

    fn refused(&self, code: Code, why: &str) -> RpcError {
        RpcError::new(code, format!("{}: {why}", self.method))
    }

    fn parse<N>(
        &self,
        what: &str,
        value: Option<&str>,
        read: impl Fn(&str) -> Result<N, String>,
    ) -> Result<N> {
        let name = self.must_be("a string", what, value)?;
        read(name).map_err(|why| self.refused(Code::BadRequest, &why))
    }

    fn user(&self) -> Result<Name> {
        self.parse("username", self.get(0).as_str(), Name::read)
    }

    fn message(&self, index: usize) -> Result<String> {
        let text = self.must_be("a string", "text", self.get(index).as_str())?;
        // Everybody is told the clean text, and U+FFFD may be longer than what it stands for.
        let shown = spoken(text);
        if text.len().max(shown.len()) > MAX_MESSAGE {
            let why = format!("a message has at most {MAX_MESSAGE} bytes");
            return Err(self.refused(Code::TooMany, &why));
        }
        if is_blank(text) {
            return Err(self.refused(Code::BadRequest, "a message needs some text"));
        }
        if shown.lines().count() > MAX_LINES {
            let why = format!("a message has at most {MAX_LINES} lines");
            return Err(self.refused(Code::TooMany, &why));
        }
        Ok(shown)
    }

    fn stub(&self, index: usize, what: &str) -> Result<Stub> {
        self.must_be("something that can be called", what, stub(self.get(index)))
    }

    fn size(&self, index: usize) -> Result<u64> {
        let size = self.get(index).get("size").and_then(whole);
        let size = self.must_be("a whole number of bytes", "size", size)?;
        if size > MAX_FILE {
            let why = format!("a file has at most {} MiB", MAX_FILE >> 20);
            return Err(self.refused(Code::TooMany, &why));
        }
        Ok(size)
    }
}
