//! Rooms within the chat. A room is a place where notes are told and remembered: whoever is in
//! another one does not hear them. Entering a room that is not there makes it.

use capnweb::{Code, RpcError};

use super::{Action, ClientId, Room, Who};
use crate::interface::{Note, Reply};
use crate::name::{Name, RoomName};

/// The most rooms that are remembered, with what was said there. A new one takes the place of an
/// empty one.
pub const MAX_ROOMS: usize = 64;

/// The rooms that there are: the lobby, and then, at the end, the one that was entered last.
#[derive(Debug)]
pub(super) struct Rooms(Vec<RoomName>);

impl Rooms {
    /// Only the lobby. It is always there.
    pub(super) fn new() -> Self {
        Self(vec![RoomName::lobby()])
    }
}

impl Room {
    /// Goes to another room. Both rooms are told; whoever goes gets the answer.
    pub(super) fn enter_room(
        &mut self,
        client: ClientId,
        username: &Name,
        to: RoomName,
        actions: &mut Vec<Action>,
    ) -> Result<Reply, RpcError> {
        let from = self.user_called(client, username)?.room.clone();
        if from != to {
            self.make_room(&to)?;
            let went = Note::system(format!("{username} went to {to}"));
            let went = self.record(&from, went, actions);
            let came = Note::system(format!("{username} came from {from}"));
            let came = self.record(&to, came, actions);
            self.stop_typing(client, username, &from, actions);
            self.notify(&to, &came, actions);
            self.arrivals += 1;
            let arrivals = self.arrivals;
            self.clients.entry(client).and_modify(|client| {
                if let Who::User(user) = &mut client.who {
                    (user.room, user.came) = (to.clone(), arrivals);
                }
            });
            self.notify(&from, &went, actions);
        }
        Ok(Reply::Entered { users: self.users_in(&to), room: to })
    }

    /// The rooms, with how many users are in each; the lobby first.
    pub(super) fn list_rooms(&self) -> Vec<(RoomName, usize)> {
        let mut names = self.rooms.0.clone();
        names[1..].sort();
        names.into_iter().map(|name| (name.clone(), self.how_many_in(&name))).collect()
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

    fn how_many_in(&self, room: &RoomName) -> usize {
        self.users().filter(|(_, user)| user.room == *room).count()
    }
}
