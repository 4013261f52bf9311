//! Rooms within the chat. A room is a place where notes are told and remembered: users in other
//! rooms do not hear them. Entering a room that is not there makes it.

use capnweb::{Code, RpcError};

use super::{ChatRoom, User};
use crate::interface::{Note, Reply};
use crate::name::RoomName;

/// The most rooms that are remembered, with what was said there. A new one takes the place of an
/// empty one.
pub(super) const MAX_ROOMS: usize = 64;

/// The rooms that there are: the lobby, and then, at the end, the one that was entered last.
#[derive(Debug)]
pub(super) struct Rooms(Vec<RoomName>);

impl Default for Rooms {
    /// Only the lobby. It is always there.
    fn default() -> Self {
        Self(vec![RoomName::lobby()])
    }
}

impl ChatRoom {
    /// Goes to another room. Both rooms are told; the user gets the answer.
    pub(super) fn enter_room(&mut self, user: &User, to: &RoomName) -> Result<Reply, RpcError> {
        let User { id, name, room: from, .. } = user;
        if from != to {
            self.make_room(to)?;
            let went = self.record(from, Note::system(format!("{name} went to {to}")));
            let came = self.record(to, Note::system(format!("{name} came from {from}")));
            self.stop_typing(user);
            self.notify(to, &came);
            self.arrivals += 1;
            let moved = User { room: to.clone(), came: self.arrivals, ..user.clone() };
            self.clients.entry(*id).and_modify(|client| client.user = Some(moved));
            self.notify(from, &went);
        }
        let (message, users) = (format!("You are in {to} now"), self.users_in(to));
        Ok(Reply::Room { message, users, room: Some(to.to_string()) })
    }

    /// The rooms, with how many users are in each; the lobby first.
    pub(super) fn list_rooms(&self) -> Vec<(String, u64)> {
        let mut names = self.rooms.0.clone();
        names[1..].sort();
        names.iter().map(|name| (name.to_string(), self.how_many_in(name))).collect()
    }

    /// Has this room among those that are remembered. If there are too many, the empty one is
    /// forgotten that was not entered for the longest time.
    pub(super) fn make_room(&mut self, name: &RoomName) -> Result<(), RpcError> {
        if let Some(at) = self.rooms.0.iter().position(|room| room == name) {
            if at > 0 {
                self.rooms.0[at..].rotate_left(1);
            }
            return Ok(());
        }
        if self.rooms.0.len() == MAX_ROOMS {
            let mut others = self.rooms.0.iter().skip(1);
            let Some(at) = others.position(|room| self.how_many_in(room) == 0) else {
                let text = format!("there are {MAX_ROOMS} rooms, and somebody is in each");
                return Err(RpcError::new(Code::TooMany, text));
            };
            let empty = self.rooms.0.remove(at + 1);
            self.history.forget(&empty);
        }
        self.rooms.0.push(name.clone());
        Ok(())
    }

    fn how_many_in(&self, room: &RoomName) -> u64 {
        self.users().filter(|user| user.room == *room).count() as u64
    }
}
