//! A message to one user, whichever rooms both are in. It is no part of any history: no other user
//! ever sees it. The person who runs the server could.

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

/// A user with whom a client has written privately.
#[derive(Debug)]
pub(super) struct Partner {
    name: Name,
    /// Who has the name now may be somebody else.
    id: ClientId,
    /// Whether the client has written to it, and not only it to the client.
    is_written_to: bool,
}

impl ChatRoom {
    /// Refuses a message for a name that somebody else has taken since the sender and its user have
    /// written to each other. If it is sent once more, it is meant for the one who has it now.
    pub(super) fn check_receiver(
        &mut self,
        sender: &User,
        to: &Name,
        text: &str,
    ) -> Result<(), RpcError> {
        let Some(receiver) = self.find(to).cloned() else { return Ok(()) };
        if let Some(client) = self.clients.get_mut(&sender.id) {
            client.write_to(&receiver, text)?;
        }
        if let Some(client) = self.clients.get_mut(&receiver.id) {
            client.remember(sender, false);
        }
        Ok(())
    }
}

impl Client {
    /// Refuses the text if the receiver's name was another's, until the same text comes again:
    /// another one may have been typed before the refusal of the first could be read.
    fn write_to(&mut self, receiver: &User, text: &str) -> Result<(), RpcError> {
        let partner = self.remember(receiver, true);
        let message = (receiver.id, text.to_owned());
        if partner != receiver.id && self.refused.as_ref() != Some(&message) {
            self.refused = Some(message);
            let text = format!(
                "the {} that you have written with has left: send it again to tell the one who \
                 has this name now",
                self.partners[0].name
            );
            return Err(RpcError::new(Code::NotFound, text));
        }
        self.partners[0].id = receiver.id;
        Ok(())
    }

    /// Whom it has written with under this user's name; it is this user, if it was nobody. Those
    /// to whom it has written come first, so that no crowd that writes to it makes it forget them.
    fn remember(&mut self, user: &User, is_written_to: bool) -> ClientId {
        let known = self.partners.iter().position(|one| one.name.looks_like(&user.name));
        let mut partner = known.map(|index| self.partners.remove(index)).unwrap_or(Partner {
            name: user.name.clone(),
            id: user.id,
            is_written_to,
        });
        partner.is_written_to |= is_written_to;
        let id = partner.id;
        let first = self.partners.iter().position(|one| !one.is_written_to);
        let index =
            if partner.is_written_to { 0 } else { first.unwrap_or(self.partners.len()) };
        self.partners.insert(index, partner);
        self.partners.truncate(MAX_PARTNERS);
        id
    }
}
