//! Who is typing. Only changes are told, and only to the others in the room.

use super::{ChatRoom, Order, User};
use crate::interface::Reply;

impl ChatRoom {
    /// A client says whether its user is typing.
    pub(super) fn set_typing(&mut self, user: &User, is_typing: bool) -> Reply {
        // LAB:BEGIN typing
        if !is_typing {
            self.stop_typing(user);
        } else if self.typing.insert(user.id) {
            self.tell_typing(user, true);
        }
        // LAB:STUB
        //| // Tell the others if it has changed. For now nobody is told.
        //| let _ = (user, is_typing, &self.typing);
        // LAB:END typing
        Reply::Nothing
    }

    /// A user that has sent something, goes elsewhere or leaves is not typing any more.
    pub(super) fn stop_typing(&mut self, user: &User) {
        if self.typing.remove(&user.id) {
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
