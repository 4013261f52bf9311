//! Answers: what our calls may come to, read from the values that travel. The server may be any:
//! what is not what was asked for is refused, and every text is cleaned.

use capability_peers::message::clean;
use capnweb::{Cap, RpcError, Stub, Value};
use data_encoding::BASE64_NOPAD;

use crate::interface::whole;

/// What kind of answer a call has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// To `join` and `enterRoom`.
    Room,
    /// To `listUsers`.
    Users,
    /// To `listRooms`.
    Rooms,
    /// To `read`.
    Bytes,
    /// To all others: it does not matter.
    Any,
}

/// What the server has answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Who is in the room, and which one that is; npm's room does not say.
    Room(Vec<String>, Option<String>),
    /// Who is in the room.
    Users(Vec<String>),
    /// The rooms, and how many users are in each.
    Rooms(Vec<(String, u64)>),
    /// A part of a file.
    Bytes(Vec<u8>),
    /// It is done.
    Done,
}

impl Answer {
    /// Reads an answer.
    ///
    /// # Errors
    ///
    /// If it is another one than was expected.
    pub fn read<T>(expected: Expected, value: &Value<Cap<T>>) -> Result<Self, RpcError> {
        let read = match expected {
            Expected::Room => value.get("users").and_then(texts).map(|users| {
                let room = value.get("room").and_then(text);
                Self::Room(users, room)
            }),
            Expected::Users => texts(value).map(Self::Users),
            Expected::Rooms => value.as_array().and_then(|rooms| {
                let rooms = rooms.iter().map(|room| {
                    Some((text(room.get("name")?)?, whole(room.get("userCount")?)?))
                });
                rooms.collect::<Option<_>>().map(Self::Rooms)
            }),
            Expected::Bytes => match value {
                Value::Bytes(base64) => {
                    BASE64_NOPAD.decode(base64.trim_end_matches('=').as_bytes()).ok()
                }
                _ => None,
            }
            .map(Self::Bytes),
            Expected::Any => Some(Self::Done),
        };
        read.ok_or_else(|| RpcError::type_error("the server's answer makes no sense"))
    }
}

fn text<C>(value: &Value<C>) -> Option<String> {
    value.as_str().map(|text| clean(text.as_bytes()))
}

fn texts<C>(value: &Value<C>) -> Option<Vec<String>> {
    value.as_array()?.iter().map(text).collect()
}

/// All stubs in a value. Nothing that we ask for has one in it, but a server may send some.
pub fn stubs<T>(value: &Value<Cap<T>>) -> Vec<Stub> {
    match value {
        Value::Array(items) => items.iter().flat_map(stubs).collect(),
        Value::Object(entries) => entries.iter().flat_map(|(_, value)| stubs(value)).collect(),
        Value::Cap(Cap::Stub(stub)) => vec![*stub],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type V = Value<Cap<()>>;

    fn read(expected: Expected, value: &V) -> Option<Answer> {
        Answer::read(expected, value).ok()
    }

    #[test]
    fn a_room_that_does_not_say_its_name_is_one() {
        let users = Value::Array(vec!["Alice".into(), "B\x1bb".into()]);
        let here = vec!["Alice".to_owned(), "B\u{FFFD}b".to_owned()];
        let joined = V::object([("message", "Hi".into()), ("users", users.clone())]);
        assert_eq!(read(Expected::Room, &joined), Some(Answer::Room(here.clone(), None)));
        let joined = V::object([("room", "#lobby".into()), ("users", users.clone())]);
        let lobby = Some("#lobby".to_owned());
        assert_eq!(read(Expected::Room, &joined), Some(Answer::Room(here.clone(), lobby)));
        assert_eq!(read(Expected::Users, &users), Some(Answer::Users(here)));
    }

    #[test]
    fn bytes_may_be_padded() {
        for base64 in ["aGk", "aGk="] {
            let bytes = V::Bytes(base64.into());
            assert_eq!(read(Expected::Bytes, &bytes), Some(Answer::Bytes(b"hi".to_vec())));
        }
        assert_eq!(read(Expected::Bytes, &V::Bytes("?".into())), None);
    }

    #[test]
    fn what_was_not_expected_makes_no_sense() {
        let rooms = V::Array(vec![V::object([("name", "#a".into()), ("userCount", 1.into())])]);
        assert_eq!(read(Expected::Rooms, &rooms), Some(Answer::Rooms(vec![("#a".into(), 1)])));
        for value in [V::Undefined, 1.into(), "text".into(), V::Array(vec![1.into()])] {
            for expected in [Expected::Room, Expected::Users, Expected::Rooms, Expected::Bytes]
            {
                assert_eq!(read(expected, &value), None, "{expected:?} {value:?}");
            }
            assert_eq!(read(Expected::Any, &value), Some(Answer::Done));
        }
    }
}
