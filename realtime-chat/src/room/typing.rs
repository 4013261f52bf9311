//! Who is typing. Only changes are told, and only to the others in the room.

use std::collections::BTreeSet;

use capnweb::RpcError;

use super::{Action, ClientId, Order, Room};
use crate::interface::Reply;
use crate::name::{Name, RoomName};

/// Those who are typing.
#[derive(Debug, Default)]
pub(super) struct Typing(BTreeSet<ClientId>);

impl Room {
    /// What a client says of itself.
    pub(super) fn set_typing(
        &mut self,
        client: ClientId,
        username: &Name,
        is_typing: bool,
        actions: &mut Vec<Action>,
    ) -> Result<Reply, RpcError> {
        let room = self.user_called(client, username)?.room.clone();
        if !is_typing {
            self.stop_typing(client, username, &room, actions);
        } else if self.typing.0.insert(client) {
            self.tell_typing(client, username, &room, true, actions);
        }
        Ok(Reply::Nothing)
    }

    /// Whoever has sent something, goes elsewhere or leaves is not typing any more.
    pub(super) fn stop_typing(
        &mut self,
        client: ClientId,
        username: &Name,
        room: &RoomName,
        actions: &mut Vec<Action>,
    ) {
        if self.typing.0.remove(&client) {
            self.tell_typing(client, username, room, false, actions);
        }
    }

    fn tell_typing(
        &self,
        client: ClientId,
        username: &Name,
        room: &RoomName,
        is_typing: bool,
        actions: &mut Vec<Action>,
    ) {
        let others = self.users().filter(|(id, user)| *id != client && user.room == *room);
        actions.extend(others.map(|(id, user)| {
            Action::To(id, Order::Typing(user.stub, username.clone(), is_typing))
        }));
    }

    /// How many are typing.
    #[cfg(test)]
    pub(super) fn typing_count(&self) -> usize {
        self.typing.0.len()
    }
}
