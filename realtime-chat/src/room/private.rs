//! A message to one user, whichever rooms both are in. It is no part of any history: nobody else
//! ever sees it, except whoever runs the server.

use std::sync::Arc;

use capnweb::{Code, RpcError};

use super::{Action, ClientId, Order, Room, emoji};
use crate::interface::{Kind, Note, Notice, Reply};
use crate::name::Name;

impl Room {
    /// Tells `to`, and the sender itself, which sees that it was told.
    pub(super) fn send_private(
        &mut self,
        client: ClientId,
        username: &Name,
        to: &Name,
        text: &str,
        actions: &mut Vec<Action>,
    ) -> Result<Reply, RpcError> {
        let sender = self.user_called(client, username)?;
        let (own, room) = (sender.stub, sender.room.clone());
        let Some((receiver, user)) = self.find(to) else {
            return Err(RpcError::new(Code::NotFound, format!("nobody here is called {to}")));
        };
        let kind = Kind::Private { to: user.name.to_string() };
        let text = emoji::with_emoji(text);
        let note = Note { username: username.to_string(), text, kind };
        let notice = Notice::new(Arc::new(note));
        let told = Action::To(receiver, Order::Notify(user.stub, notice.clone()));
        self.stop_typing(client, username, &room, actions);
        actions.push(told);
        if receiver != client {
            actions.push(Action::To(client, Order::Notify(own, notice)));
        }
        Ok(Reply::SentPrivately)
    }
}
