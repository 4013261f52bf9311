//! A message to one user, whichever rooms both are in. It is no part of any history: no other user
//! ever sees it. The person who runs the server could.

use std::mem;
use std::sync::Arc;

use capnweb::{Code, RpcError};

use super::{ChatRoom, Client, ClientId, Order, User, emoji};
use crate::interface::{Kind, Note, Notice, Reply};
use crate::name::Name;

/// With how many users a client can write privately, before the first of them is forgotten.
const MAX_PARTNERS: usize = 64;

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

impl ChatRoom {
    /// Refuses a message for a name that somebody else has taken since the sender and its user have
    /// written to each other. If it is sent once more, it is meant for the one who has it now.
    pub(super) fn check_receiver(&mut self, sender: &User, to: &Name) -> Result<(), RpcError> {
        let Some(receiver) = self.find(to).cloned() else { return Ok(()) };
        let known = self.clients.get_mut(&sender.id).map(|client| client.partner(&receiver));
        if known.is_some_and(|known| mem::replace(known, receiver.id) != receiver.id) {
            let text = format!(
                "the {to} that you have written with has left: send it again to tell the one who \
                 has this name now"
            );
            return Err(RpcError::new(Code::NotFound, text));
        }
        self.clients.entry(receiver.id).and_modify(|client| {
            client.partner(sender);
        });
        Ok(())
    }
}

impl Client {
    /// Whom it has written with under this user's name; it is this user, if it was nobody.
    fn partner(&mut self, user: &User) -> &mut ClientId {
        let known = self.partners.iter().position(|(name, _)| name.looks_like(&user.name));
        let index = known.unwrap_or_else(|| {
            self.partners.insert(0, (user.name.clone(), user.id));
            self.partners.truncate(MAX_PARTNERS);
            0
        });
        &mut self.partners[index].1
    }
}
