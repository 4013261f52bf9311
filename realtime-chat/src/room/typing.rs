//! Who is typing. Only changes are told, and only to the others in the room.

use std::collections::BTreeSet;

use super::{ChatRoom, ClientId, Order, User};
use crate::interface::Reply;

/// The clients that are typing.
#[derive(Debug, Default)]
pub(super) struct Typing(pub(super) BTreeSet<ClientId>);

impl ChatRoom {
    /// What a client says of itself.
    pub(super) fn set_typing(&mut self, user: &User, is_typing: bool) -> Reply {
        // LAB:BEGIN typing
        if !is_typing {
            self.stop_typing(user);
        } else if self.typing.0.insert(user.id) {
            self.tell_typing(user, true);
        }
        // LAB:STUB
        //| // Tell the others if it has changed. For now nobody is told.
        //| let _ = (user, is_typing, &self.typing.0);
        // LAB:END typing
        Reply::Nothing
    }

    /// A user that has sent something, goes elsewhere or leaves is not typing any more.
    pub(super) fn stop_typing(&mut self, user: &User) {
        if self.typing.0.remove(&user.id) {
            self.tell_typing(user, false);
        }
    }

    fn tell_typing(&mut self, user: &User, is_typing: bool) {
        // LAB:BEGIN typing
        self.order_all(&user.room, |other| {
            let is_other = other.id != user.id;
            is_other.then(|| Order::Typing(other.stub, user.name.clone(), is_typing))
        });
        // LAB:STUB
        //| // An `Order::Typing` for each other user in the room.
        //| let _ = (user, is_typing, &self.clients, Order::Typing);
        // LAB:END typing
    }
}
