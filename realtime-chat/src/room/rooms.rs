//! Rooms within the chat. A note is told and remembered in one room: users in other rooms do not
//! hear it. Entering a room that is not there makes it.

use capnweb::{Code, RpcError};

use super::{ChatRoom, User};
use crate::interface::{Note, Reply, Result};
use crate::name::RoomName;

/// The most rooms that are remembered, with their history. A new one takes the place of an
/// empty one.
pub(super) const MAX_ROOMS: usize = 64;

impl ChatRoom {
    /// Goes to another room. Both rooms are told; the user gets the answer.
    pub(super) fn enter_room(&mut self, user: &User, to: &RoomName) -> Result<Reply> {
        let User { id, name, room: from, .. } = user;
        if from != to {
            self.make_room(to)?;
            let went = self.record(from, Note::system(format!("{name} went to {to}")));
            let came = self.record(to, Note::system(format!("{name} came from {from}")));
            self.stop_typing(user);
            self.notify(to, &came);
            let moved = User { room: to.clone(), came: self.count, ..user.clone() };
            self.clients.entry(*id).and_modify(|client| client.user = Some(moved));
            self.notify(from, &went);
        }
        let (message, users) = (format!("You are in {to} now"), self.users_in(to));
        Ok(Reply::Room { message, users, room: to.to_string() })
    }

    /// The rooms, with how many users are in each; the lobby first.
    pub(super) fn list_rooms(&self) -> Vec<(String, u64)> {
        let mut names = self.rooms.clone();
        names[1..].sort();
        let counted = |room: &RoomName| (room.to_string(), self.users_in(room).len() as u64);
        names.iter().map(counted).collect()
    }

    /// Has this room among those that are remembered. If there are too many, the empty one is
    /// forgotten that was not entered for the longest time.
    pub(super) fn make_room(&mut self, name: &RoomName) -> Result<()> {
        if let Some(at) = self.rooms.iter().position(|room| room == name) {
            if at > 0 {
                self.rooms[at..].rotate_left(1);
            }
            return Ok(());
        }
        if self.rooms.len() == MAX_ROOMS {
            let mut others = self.rooms.iter().skip(1);
            let Some(at) = others.position(|room| self.users_in(room).is_empty()) else {
                let text = format!("there are {MAX_ROOMS} rooms, and somebody is in each");
                return Err(RpcError::new(Code::TooMany, text));
            };
            let empty = self.rooms.remove(at + 1);
            self.history.forget(&empty);
        }
        self.rooms.push(name.clone());
        Ok(())
    }
}
