//! Requests: what a client may ask for, read from its calls.

use capability_peers::message::{MAX_MESSAGE, clean};
use capnweb::{Cap, Code, Key, RpcError, Stub, Value, dotted};

use super::{Exported, FileId, MAX_FILE, whole};
use crate::name::{FileName, Name, RoomName, is_blank};

/// What a client asks for. Everything in it has been checked: it is what it says it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// To be called `username`, and to be told everything through `client`.
    Join {
        /// Who it wants to be.
        username: Name,
        /// What to call.
        client: Stub,
    },
    /// To tell everybody in the room.
    SendMessage {
        /// Who it says it is.
        username: Name,
        /// What it says; at least one visible character, at most [`MAX_MESSAGE`] bytes.
        text: String,
    },
    /// To leave the chat.
    Leave {
        /// Who it says it is.
        username: Name,
    },
    /// Who is in the room.
    ListUsers,
    /// What was said in the room.
    GetHistory,
    /// How many users there are, in all rooms.
    UserCount,
    /// How many notes there have been, in all rooms.
    MessageCount,
    /// To tell one user.
    SendPrivate {
        /// Who it says it is.
        username: Name,
        /// Who is to be told.
        to: Name,
        /// As for a message.
        text: String,
    },
    /// To go to another room.
    EnterRoom {
        /// Who it says it is.
        username: Name,
        /// Where to.
        room: RoomName,
    },
    /// Which rooms there are.
    ListRooms,
    /// That it is typing, or no longer.
    SetTyping {
        /// Who it says it is.
        username: Name,
        /// Whether it is.
        is_typing: bool,
    },
    /// To offer a file to everybody in the room.
    ShareFile {
        /// Who it says it is.
        username: Name,
        /// What the file is called.
        name: FileName,
        /// How long it is, in bytes; at most [`MAX_FILE`].
        size: u64,
        /// What to ask for its bytes.
        file: Stub,
    },
    /// A part of a file of somebody else.
    ReadFile {
        /// Which one.
        file: FileId,
        /// From which byte on.
        offset: u64,
    },
}

impl Call {
    /// Reads what was asked of `target`: a method with `args`, or without them a property. `None`
    /// if it is a property that is not there, and so is undefined.
    ///
    /// # Errors
    ///
    /// What the caller gets instead of an answer.
    pub fn read(
        target: Exported,
        path: &[Key],
        args: Option<&[Value<Cap<Exported>>]>,
    ) -> Result<Option<Self>, RpcError> {
        let name = dotted(path);
        let Some(args) = args else {
            return Ok(match (target, name.as_str()) {
                (Exported::Chat, "userCount") => Some(Self::UserCount),
                (Exported::Chat, "messageCount") => Some(Self::MessageCount),
                _ => None,
            });
        };
        let args = Args { method: &name, args };
        let call = match (target, name.as_str()) {
            (Exported::Chat, "join") => {
                Self::Join { username: args.user(0)?, client: args.stub(1, "client")? }
            }
            (Exported::Chat, "sendMessage") => {
                Self::SendMessage { username: args.user(0)?, text: args.message(1)? }
            }
            (Exported::Chat, "leave") => Self::Leave { username: args.user(0)? },
            (Exported::Chat, "listUsers") => Self::ListUsers,
            (Exported::Chat, "getHistory") => Self::GetHistory,
            (Exported::Chat, "sendPrivate") => Self::SendPrivate {
                username: args.user(0)?,
                to: args.name(1, "to", Name::read)?,
                text: args.message(2)?,
            },
            (Exported::Chat, "enterRoom") => Self::EnterRoom {
                username: args.user(0)?,
                room: args.name(1, "room", RoomName::read)?,
            },
            (Exported::Chat, "listRooms") => Self::ListRooms,
            (Exported::Chat, "setTyping") => Self::SetTyping {
                username: args.user(0)?,
                is_typing: args
                    .get(1)
                    .as_bool()
                    .ok_or_else(|| args.wrong("isTyping", "true or false"))?,
            },
            (Exported::Chat, "shareFile") => Self::ShareFile {
                username: args.user(0)?,
                name: args.file_name(1)?,
                size: args.size(1)?,
                file: args.stub(2, "file")?,
            },
            (Exported::File(file), "read") => Self::ReadFile { file, offset: args.offset(0)? },
            _ => return Err(RpcError::not_a_function(&name)),
        };
        Ok(Some(call))
    }

    /// The capabilities that came with it.
    pub fn stub(&self) -> Option<Stub> {
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

    fn wrong(&self, what: &str, must_be: &str) -> RpcError {
        RpcError::type_error(format!("{}: {what} must be {must_be}", self.method))
    }

    fn refused(&self, why: &str) -> RpcError {
        RpcError::new(Code::BadRequest, format!("{}: {why}", self.method))
    }

    fn text(&self, index: usize, what: &str) -> Result<&str, RpcError> {
        self.get(index).as_str().ok_or_else(|| self.wrong(what, "a string"))
    }

    fn name<N>(
        &self,
        index: usize,
        what: &str,
        read: impl Fn(&str) -> Result<N, String>,
    ) -> Result<N, RpcError> {
        read(self.text(index, what)?).map_err(|why| self.refused(&why))
    }

    fn user(&self, index: usize) -> Result<Name, RpcError> {
        self.name(index, "username", Name::read)
    }

    fn message(&self, index: usize) -> Result<String, RpcError> {
        let text = self.text(index, "text")?;
        // What stands for a character that acts may be longer, and is what everybody is told.
        let shown = clean(text.as_bytes());
        if text.len().max(shown.len()) > MAX_MESSAGE {
            let text = format!("{}: a message has at most {MAX_MESSAGE} bytes", self.method);
            return Err(RpcError::new(Code::TooMany, text));
        }
        if is_blank(text) {
            return Err(self.refused("a message needs some text"));
        }
        Ok(shown)
    }

    fn stub(&self, index: usize, what: &str) -> Result<Stub, RpcError> {
        match self.get(index) {
            Value::Cap(Cap::Stub(stub)) => Ok(*stub),
            _ => Err(self.wrong(what, "something that can be called")),
        }
    }

    fn file_name(&self, index: usize) -> Result<FileName, RpcError> {
        let name = self.get(index).get("name").and_then(Value::as_str);
        let name = name.ok_or_else(|| self.wrong("name", "a string"))?;
        FileName::read(name).map_err(|why| self.refused(&why))
    }

    fn size(&self, index: usize) -> Result<u64, RpcError> {
        let size = self.get(index).get("size").and_then(whole);
        let size = size.ok_or_else(|| self.wrong("size", "a whole number of bytes"))?;
        if size > MAX_FILE {
            let text = format!("{}: a file has at most {} MiB", self.method, MAX_FILE >> 20);
            return Err(RpcError::new(Code::TooMany, text));
        }
        Ok(size)
    }

    fn offset(&self, index: usize) -> Result<u64, RpcError> {
        let offset = whole(self.get(index)).filter(|offset| *offset <= MAX_FILE);
        offset.ok_or_else(|| self.wrong("offset", "a place in the file"))
    }
}
