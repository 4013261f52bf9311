//! A message to one user, whichever rooms both are in. It is no part of any history: no other user
//! ever sees it. The person who runs the server could.

use std::sync::Arc;

use capnweb::{Code, RpcError};

use super::{ChatRoom, Order, User, emoji};
use crate::interface::{Kind, Note, Notice, Reply};
use crate::name::Name;

impl ChatRoom {
    /// Tells `to`, and the sender itself, which sees that it was told.
    pub(super) fn send_private(
        &mut self,
        sender: &User,
        to: &Name,
        text: &str,
    ) -> Result<Reply, RpcError> {
        // LAB:BEGIN private
        let Some(receiver) = self.find(to).cloned() else {
            return Err(RpcError::new(Code::NotFound, format!("nobody here is called {to}")));
        };
        let kind = Kind::Private { to: receiver.name.to_string() };
        let text = emoji::with_emoji(text);
        let note = Note { username: sender.name.to_string(), text, kind };
        let notice = Notice::new(Arc::new(note));
        self.stop_typing(sender);
        self.order(receiver.id, Order::Notify(receiver.stub, notice.clone()));
        if receiver.id != sender.id {
            self.order(sender.id, Order::Notify(sender.stub, notice));
        }
        Ok(Reply::Status("sent"))
        // LAB:STUB
        //| // Tell the receiver, and the sender. For now nobody is told.
        //| let _ = (sender, to, text, emoji::with_emoji, Arc::<Note>::new, Notice::new);
        //| let _ = (Kind::<()>::System, Order::Notify, Reply::Status("sent"), &self.clients);
        //| Err(RpcError::new(Code::Internal, "task private is not written yet"))
        // LAB:END private
    }
}
